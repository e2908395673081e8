/*
 * Root: every request within a directory, and the ways out of it: "..", links, names of
 * the machine, and somebody who renames meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/plugins/sftp/sftpbench.h"

#define RACES 1500

static const struct attrs none;
static struct files rooted;
static struct posix_files posix;
static struct sftpbench *b;
static char base[PATH_MAX]; /* base/root is "/"; base/out/secret is not for anybody */

#define ASK(...) sftpbench_ask(b, __VA_ARGS__)
#define STATUS(...) sftpbench_status(b, sftpbench_ask(b, __VA_ARGS__))

static const char *
at(const char *name)
{
	static char path[8][2 * PATH_MAX];
	static unsigned turn;
	char *to = path[turn++ % 8];

	snprintf(to, sizeof(path[0]), "%s/%s", base, name);
	return to;
}

static void
make(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static int
holds(const char *name, const char *text)
{
	char buf[256] = "";
	int fd = open(at(name), O_RDONLY), same;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	same = n >= 0 && strcmp(buf, text) == 0;
	close(fd);
	return same;
}

static void
begin(void)
{
	/* In memory, where it is tried without a task first (prompt.c). */
	char memory[] = "/dev/shm/postern-sftp-XXXXXX", disk[] = "/tmp/postern-sftp-XXXXXX", *made;
	char far[2 * PATH_MAX];

	made = mkdtemp(memory);
	if (made == NULL)
		made = mkdtemp(disk);
	CU_ASSERT_FATAL(made != NULL && realpath(made, base) != NULL);
	CU_ASSERT_FATAL(mkdir(at("root"), 0755) == 0 && mkdir(at("out"), 0755) == 0 && mkdir(at("root/d"), 0755) == 0);
	make("out/secret", "outside");
	CU_ASSERT_EQUAL(chmod(at("out/secret"), 0600), 0);
	make("root/d/file", "inside");
	CU_ASSERT_EQUAL(symlink(at("out"), at("root/absolute")), 0);
	CU_ASSERT_EQUAL(symlink("../out", at("root/up")), 0);
	snprintf(far, sizeof(far), "../../../../../../../..%s", at("out"));
	CU_ASSERT_EQUAL(symlink(far, at("root/d/far")), 0);
	CU_ASSERT_EQUAL(symlink("/d/file", at("root/self")), 0);
	files_rooted(&rooted);
	posix = (struct posix_files){ .umask = 022, .root = files_root(at("root")) };
	CU_ASSERT_FATAL(posix.root >= 0);
	b = sftpbench_on(&rooted, &posix, "");
	strcpy(b->s.start, "/");
	strcpy(b->s.home, "/");
	sftpbench_init(b);
}

static int
take_away(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void
finish(void)
{
	sftpbench_free(b);
	close(posix.root);
	nftw(base, take_away, 16, FTW_DEPTH | FTW_PHYS);
}

/* A reply to REALPATH, READLINK and the like. */
static int
names(struct reply r, const char *text)
{
	struct text t;

	if (r.type != FXP_NAME || cur_u32(&r.c) != 1)
		return 0;
	t = cur_string(&r.c);
	return t.len == strlen(text) && memcmp(t.data, text, t.len) == 0;
}

/* ---- within ---- */

static int
opens(const char *path, uint32_t flags, const char *text)
{
	struct reply r = ASK(FXP_OPEN, "sua", path, flags, &none);
	struct text handle = cur_string(&r.c);
	uint8_t h[64];
	size_t len = handle.len;
	int ok;

	if (r.type != FXP_HANDLE || len > sizeof(h))
		return 0;
	memcpy(h, handle.data, len);
	if (flags & FXF_WRITE) {
		ok = STATUS(FXP_WRITE, "SqS", h, len, (uint64_t)0, text, strlen(text)) == FX_OK;
	} else {
		r = ASK(FXP_READ, "Squ", h, len, (uint64_t)0, (uint32_t)100);
		handle = cur_string(&r.c);
		ok = r.type == FXP_DATA && handle.len == strlen(text) && memcmp(handle.data, text, handle.len) == 0;
	}
	return STATUS(FXP_CLOSE, "S", h, len) == FX_OK && ok;
}

static void
test_within(void)
{
	struct attrs mode = { .flags = ATTR_PERMISSIONS, .permissions = 0640 };
	struct attrs all = { .flags = ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME,
		.size = 3, .uid = getuid(), .gid = getgid(), .permissions = 0600, .atime = 5, .mtime = 6 };
	struct stat st;

	begin();
	CU_ASSERT_TRUE(opens("/d/file", FXF_READ, "inside"));
	CU_ASSERT_TRUE(opens("/self", FXF_READ, "inside"));
	CU_ASSERT_TRUE(opens("/../../d/../self", FXF_READ, "inside"));
	CU_ASSERT_TRUE(opens("/new", FXF_WRITE | FXF_CREAT, "text"));
	CU_ASSERT_TRUE(opens("/../top", FXF_WRITE | FXF_CREAT | FXF_EXCL, "text"));
	CU_ASSERT(holds("root/new", "text") && holds("root/top", "text"));
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", "/m/", &none), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", "/new", "/m/new"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", "/top", "/m/new"), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sss", "posix-rename@openssh.com", "/top", "/m/new"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", "/m/new", "/two"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", "/two", &all), FX_OK);
	CU_ASSERT_EQUAL(lstat(at("root/m/new"), &st), 0);
	CU_ASSERT(st.st_size == 3 && (st.st_mode & 07777) == 0600 && st.st_atime == 5 && st.st_mtime == 6);
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", "/self", &mode), FX_OK);
	CU_ASSERT(lstat(at("root/d/file"), &st) == 0 && (st.st_mode & 07777) == 0640);
	CU_ASSERT_EQUAL(STATUS(FXP_SYMLINK, "ss", "/m", "/to"), FX_OK);
	CU_ASSERT_TRUE(opens("/to/new", FXF_READ, "tex"));
	CU_ASSERT_TRUE(names(ASK(FXP_READLINK, "s", "/to"), "/m"));
	CU_ASSERT_EQUAL(ASK(FXP_STAT, "s", "/to/new").type, FXP_ATTRS);
	CU_ASSERT_EQUAL(ASK(FXP_LSTAT, "s", "/absolute").type, FXP_ATTRS);
	CU_ASSERT_EQUAL(ASK(FXP_EXTENDED, "ss", "statvfs@openssh.com", "/to").type, FXP_EXTENDED_REPLY);
	CU_ASSERT_EQUAL(ASK(FXP_OPENDIR, "s", "/..").type, FXP_HANDLE);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", "/to"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", "/m/new"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RMDIR, "s", "/m"), FX_OK);
	CU_ASSERT_EQUAL(lstat(at("root/m"), &st), -1);
	finish();
}

static void
test_realpath(void)
{
	static const struct {
		const char *path;
		const char *is; /* NULL: a status */
	} rows[] = {
		{ "/", "/" }, { "", "/" }, { ".", "/" }, { "/../..", "/" }, { "/d/..//./d/file", "/d/file" },
		{ "/self", "/d/file" }, { "/up", "/out" }, { "/up/x", NULL }, { "/d/far", NULL },
		{ "/d/far/secret", NULL }, { "/absolute", NULL }, { "/d/new", "/d/new" }, { "/d/new/", "/d/new" },
		{ "/no/new", NULL }, { "/d/file/..", NULL }, { "/loop", NULL },
	};
	size_t i;

	begin();
	CU_ASSERT_EQUAL(symlink("loop", at("root/loop")), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply r = ASK(FXP_REALPATH, "s", rows[i].path);

		CU_ASSERT_TRUE(rows[i].is == NULL ? r.type == FXP_STATUS : names(r, rows[i].is));
	}
	CU_ASSERT_TRUE(names(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~/d"), "/d"));
	CU_ASSERT_TRUE(names(ASK(FXP_EXTENDED, "ss", "home-directory", ""), "/"));
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ss", "home-directory", "root"), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~root"), FX_NO_SUCH_FILE);
	finish();
}

/* ---- out ---- */

/* Each request that takes a path, on what would be a way out. */
static void
try_all(const char *path)
{
	struct attrs all = { .flags = ATTR_SIZE | ATTR_PERMISSIONS | ATTR_ACMODTIME, .permissions = 0777 };
	struct attrs mode = { .flags = ATTR_PERMISSIONS, .permissions = 0777 };
	uint8_t type;

	for (type = FXP_OPEN; type <= FXP_SYMLINK; type++) {
		switch (type) {
		case FXP_LSTAT:
		case FXP_STAT:
		case FXP_OPENDIR:
		case FXP_READLINK:
		case FXP_REALPATH:
		case FXP_REMOVE:
		case FXP_RMDIR:
			CU_ASSERT(STATUS(type, "s", path) > FX_EOF);
			break;
		case FXP_OPEN:
			CU_ASSERT(STATUS(type, "sua", path, FXF_READ, &none) > FX_EOF);
			CU_ASSERT(STATUS(type, "sua", path, FXF_WRITE | FXF_TRUNC, &none) > FX_EOF);
			CU_ASSERT(STATUS(type, "sua", path, FXF_WRITE | FXF_CREAT | FXF_TRUNC, &none) > FX_EOF);
			break;
		case FXP_SETSTAT:
		case FXP_MKDIR:
			CU_ASSERT(STATUS(type, "sa", path, &all) > FX_EOF);
			break;
		case FXP_RENAME:
			CU_ASSERT(STATUS(type, "ss", path, "/got") > FX_EOF);
			CU_ASSERT(STATUS(type, "ss", "/d/file", path) > FX_EOF);
			break;
		case FXP_SYMLINK:
			CU_ASSERT(STATUS(type, "ss", "x", path) > FX_EOF);
			break;
		default:
			break;
		}
	}
	CU_ASSERT(STATUS(FXP_EXTENDED, "ss", "statvfs@openssh.com", path) > FX_EOF);
	CU_ASSERT(STATUS(FXP_EXTENDED, "sss", "posix-rename@openssh.com", path, "/got") > FX_EOF);
	CU_ASSERT(STATUS(FXP_EXTENDED, "sss", "posix-rename@openssh.com", "/d/file", path) > FX_EOF);
	CU_ASSERT(STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", path, "/got") > FX_EOF);
	CU_ASSERT(STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", "/d/file", path) > FX_EOF);
	CU_ASSERT(STATUS(FXP_EXTENDED, "ssa", "lsetstat@openssh.com", path, &mode) > FX_EOF);
}

static void
test_ways_out(void)
{
	static const char *const ways[] = { "/../out/secret", "/absolute/secret", "/up/secret",
		"/d/../../out/secret", "/d/far/secret", "/d/../up/secret", "../../out/secret", "/up/../out/secret",
		"/up/secret/", "/absolute/new" };
	char through[2 * PATH_MAX];
	struct stat st;
	size_t i;

	begin();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		try_all(ways[i]);
	try_all(at("out/secret"));
	snprintf(through, sizeof(through), "/proc/self/root%s", at("out/secret"));
	try_all(through);
	/* A link itself may be removed, renamed and linked; where it leads stays. */
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", "/absolute", "/d/absolute"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", "/up/"), FX_OK);
	CU_ASSERT(STATUS(FXP_REMOVE, "s", "/..") > FX_EOF && STATUS(FXP_RMDIR, "s", "/") > FX_EOF);
	CU_ASSERT(STATUS(FXP_RENAME, "ss", "/d", "/d/..") > FX_EOF && STATUS(FXP_MKDIR, "sa", "/..", &none) > FX_EOF);
	CU_ASSERT_TRUE(holds("out/secret", "outside"));
	CU_ASSERT(lstat(at("out/secret"), &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_nlink == 1 &&
		  st.st_mtime > 1000);
	CU_ASSERT(lstat(at("out/new"), &st) != 0 && lstat(at("root/got"), &st) != 0);
	CU_ASSERT_TRUE(holds("root/d/file", "inside"));
	/* Where a link out ends in the root's own names, it is used. */
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", "/out", &none), FX_OK);
	CU_ASSERT_EQUAL(symlink("../out", at("root/up")), 0);
	CU_ASSERT_TRUE(opens("/up/new", FXF_WRITE | FXF_CREAT, "text"));
	CU_ASSERT_TRUE(holds("root/out/new", "text"));
	finish();
}

static void
test_no_root(void)
{
	begin();
	CU_ASSERT_EQUAL(files_root(at("none")), -ENOENT);
	CU_ASSERT_EQUAL(files_root(at("out/secret")), -ENOTDIR);
	finish();
}

/* ---- races ---- */

static atomic_int stop;

/* A folder and a link out of the root change places; another folder moves up and down. */
static void *
rename_around(void *arg)
{
	char swap[PATH_MAX + 16], up[PATH_MAX + 16], deep[PATH_MAX + 16], high[PATH_MAX + 16];

	snprintf(swap, sizeof(swap), "%s/root/swap", base);
	snprintf(up, sizeof(up), "%s/root/up", base);
	snprintf(deep, sizeof(deep), "%s/root/d/e/f", base);
	snprintf(high, sizeof(high), "%s/root/f", base);
	while (!atomic_load(&stop)) {
		renameat2(AT_FDCWD, swap, AT_FDCWD, up, RENAME_EXCHANGE);
		rename(deep, high);
		rename(high, deep);
	}
	return arg;
}

static void
test_races(void)
{
	pthread_t other;
	struct stat st;
	int i, inside = 0;

	begin();
	CU_ASSERT(mkdir(at("root/swap"), 0755) == 0 && mkdir(at("root/d/e"), 0755) == 0 &&
		  mkdir(at("root/d/e/f"), 0755) == 0);
	make("root/swap/secret", "inside");
	atomic_store(&stop, 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, rename_around, NULL), 0);
	for (i = 0; i < RACES; i++) {
		CU_ASSERT_FALSE(opens("/swap/secret", FXF_READ, "outside"));
		CU_ASSERT_FALSE(opens("/d/e/f/../../../../out/secret", FXF_READ, "outside"));
		CU_ASSERT_FALSE(opens("/f/../../out/secret", FXF_READ, "outside"));
		inside += opens("/swap/secret", FXF_READ, "inside");
		inside += opens("/swap/made", FXF_WRITE | FXF_CREAT | FXF_EXCL, "x");
		STATUS(FXP_REMOVE, "s", "/swap/made");
		STATUS(FXP_MKDIR, "sa", "/swap/folder", &none);
		CU_ASSERT(access(at("out/folder"), F_OK) != 0);
		STATUS(FXP_RMDIR, "s", "/swap/folder");
		STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", "/swap/secret", "/got");
		CU_ASSERT(lstat(at("out/secret"), &st) == 0 && st.st_nlink == 1);
		STATUS(FXP_REMOVE, "s", "/got");
		CU_ASSERT_FALSE(names(ASK(FXP_REALPATH, "s", "/swap/secret"), at("out/secret")));
	}
	atomic_store(&stop, 1);
	pthread_join(other, NULL);
	CU_ASSERT(inside > 0);
	CU_ASSERT_TRUE(holds("out/secret", "outside"));
	CU_ASSERT(lstat(at("out/made"), &st) != 0 && lstat(at("out/folder"), &st) != 0 && lstat(at("out/secret"), &st) == 0 &&
		  st.st_nlink == 1);
	finish();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every request within", test_within },
		{ "realpath and homes", test_realpath },
		{ "ways out", test_ways_out },
		{ "no root", test_no_root },
		{ "races of renames", test_races },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sftp root", tests);
}
