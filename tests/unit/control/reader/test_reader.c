#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/log.h"
#include "control/reader/reader.h"
#include "tests/lib/suite.h"

/*
 * Runs as anybody: the account is this process's own uid. As root, where every
 * file of root would be well owned, the account is another one.
 */
static char top[64], home[80]; /* owner.home is home */
static struct reader_owner owner;
static uid_t stranger;
static char why[READER_LINE_MAX];

static const char *
at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static void
give(const char *name, mode_t mode)
{
	CU_ASSERT_EQUAL_FATAL(chmod(at(name), mode), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(lchown(at(name), owner.uid, 0), 0);
}

static void
make_dir(const char *name, mode_t mode)
{
	CU_ASSERT(mkdir(at(name), 0700) == 0 || errno == EEXIST);
	give(name, mode);
}

static void
make_file(const char *name, mode_t mode)
{
	int fd;

	unlink(at(name));
	fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "key\n", 4), 4);
	close(fd);
	give(name, mode);
}

static bool
opens(const char *name, bool strict)
{
	int fd = reader_open(at(name), &owner, strict, why);

	if (fd >= 0) {
		char text[8];

		CU_ASSERT_EQUAL(read(fd, text, sizeof text), 4);
		CU_ASSERT_EQUAL(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		CU_ASSERT_STRING_EQUAL(why, "");
		close(fd);
	}
	return fd >= 0;
}

/* ---- patterns ---- */

static const struct {
	const char *pattern;
	const char *path; /* NULL: refused */
} patterns[] = {
	{ ".ssh/authorized_keys", "/home/al/.ssh/authorized_keys" },
	{ "/etc/keys/%u", "/etc/keys/alice" },
	{ "%h/x%%y", "/home/al/x%y" },
	{ "/k/%U/%u%u", "/k/1234/alicealice" },
	{ "%u", "/home/al/alice" },
	{ "/a/%x", NULL },
	{ "/a/%", NULL },
};

static void
test_patterns(void)
{
	struct reader_owner o = { .name = "alice", .uid = 1234, .home = "/home/al" };
	char out[READER_PATH_MAX], longest[READER_PATH_MAX];

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		int r = reader_expand(out, patterns[i].pattern, &o);

		CU_ASSERT_EQUAL(r, patterns[i].path != NULL ? 0 : -1);
		if (r == 0)
			CU_ASSERT_STRING_EQUAL(out, patterns[i].path);
	}
	memset(longest, 'a', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	CU_ASSERT_EQUAL(reader_expand(out, longest, &o), -1);
	o.home = "relative";
	CU_ASSERT_EQUAL(reader_expand(out, "x", &o), -1);
}

/* ---- modes and owners ---- */

static void
test_modes(void)
{
	static const struct {
		mode_t file, dir, home;
		bool good;
	} cases[] = {
		{ 0600, 0700, 0755, true },
		{ 0644, 0755, 0755, true },
		{ 0444, 0755, 0711, true },
		{ 0620, 0700, 0755, false },
		{ 0602, 0700, 0755, false },
		{ 0666, 0700, 0755, false },
		{ 0600, 0770, 0755, false },
		{ 0600, 0702, 0755, false },
		{ 0600, 0700, 0775, false },
		{ 0600, 0700, 0757, false },
		{ 0600, 01777, 0755, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make_file("home/.ssh/keys", cases[i].file);
		give("home/.ssh", cases[i].dir);
		give("home", cases[i].home);
		CU_ASSERT_EQUAL(opens("home/.ssh/keys", true), cases[i].good);
		CU_ASSERT_EQUAL(why[0] == '\0', cases[i].good);
		if (!cases[i].good)
			CU_ASSERT_PTR_NOT_NULL(strstr(why, "bad ownership or modes"));
		/* without StrictModes nobody asks */
		CU_ASSERT(opens("home/.ssh/keys", false));
		give("home", 0755);
		give("home/.ssh", 0700);
	}
}

static void
test_owners(void)
{
	uid_t own = owner.uid;

	make_file("home/.ssh/keys", 0600);
	CU_ASSERT(opens("home/.ssh/keys", true));
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(at("home/.ssh/keys"), stranger, 0), 0);
		CU_ASSERT_FALSE(opens("home/.ssh/keys", true));
		CU_ASSERT_EQUAL(chown(at("home/.ssh/keys"), 0, 0), 0);
		CU_ASSERT(opens("home/.ssh/keys", true));
		CU_ASSERT_EQUAL(chown(at("home/.ssh"), stranger, 0), 0);
		CU_ASSERT_FALSE(opens("home/.ssh/keys", true));
		CU_ASSERT_EQUAL(chown(at("home/.ssh"), own, 0), 0);
	}
	/* all of it belongs to somebody else than the account */
	make_file("home/.ssh/keys", 0600);
	owner.uid = stranger;
	CU_ASSERT_FALSE(opens("home/.ssh/keys", true));
	CU_ASSERT(opens("home/.ssh/keys", false));
	owner.uid = own;
}

/* Above the home directory nothing is judged; outside of it everything is. */
static void
test_outside(void)
{
	make_dir("keys", 0755);
	make_file("keys/alice", 0600);
	CU_ASSERT_FALSE(opens("keys/alice", true));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "directory"));
	CU_ASSERT(opens("keys/alice", false));
	make_file("home/.ssh/keys", 0600);
	CU_ASSERT_EQUAL(chmod(top, 0777), 0);
	CU_ASSERT(opens("home/.ssh/keys", true));
	CU_ASSERT_EQUAL(chmod(top, 0755), 0);
}

/* A link is followed, and what it leads to is judged. */
static void
test_links(void)
{
	make_dir("home/real", 0700);
	make_dir("open", 0777);
	make_file("home/real/keys", 0600);
	make_file("open/keys", 0600);
	CU_ASSERT_EQUAL(symlink("../real/keys", at("home/.ssh/good")), 0);
	CU_ASSERT_EQUAL(symlink("../../open/keys", at("home/.ssh/bad")), 0);
	CU_ASSERT_EQUAL(symlink("real", at("home/dirlink")), 0);
	CU_ASSERT_EQUAL(symlink("loop", at("home/loop")), 0);
	CU_ASSERT(opens("home/.ssh/good", true));
	CU_ASSERT(opens("home/dirlink/keys", true));
	CU_ASSERT_FALSE(opens("home/.ssh/bad", true));
	CU_ASSERT_FALSE(opens("home/loop", true));
	CU_ASSERT(why[0] != '\0');
	/* a home directory that is itself reached by a link */
	CU_ASSERT_EQUAL(symlink("home", at("homelink")), 0);
	snprintf(home, sizeof home, "%s/homelink", top);
	make_file("home/.ssh/keys", 0600);
	CU_ASSERT(opens("home/.ssh/keys", true));
	CU_ASSERT(opens("homelink/.ssh/keys", true));
	snprintf(home, sizeof home, "%s/home", top);
}

static void
test_kinds(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CU_ASSERT_FALSE(opens("home/.ssh/none", true));
	CU_ASSERT_STRING_EQUAL(why, "");
	CU_ASSERT_FALSE(opens("home/none/none", true));
	CU_ASSERT_STRING_EQUAL(why, "");
	CU_ASSERT_EQUAL(mkfifo(at("home/.ssh/fifo"), 0600), 0);
	CU_ASSERT_FALSE(opens("home/.ssh/fifo", false));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not a regular file"));
	make_dir("home/.ssh/dir", 0700);
	CU_ASSERT_FALSE(opens("home/.ssh/dir", false));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not a regular file"));
	snprintf(name.sun_path, sizeof name.sun_path, "%.100s", at("home/.ssh/s"));
	CU_ASSERT_EQUAL(bind(s, (struct sockaddr *)&name, sizeof name), 0);
	CU_ASSERT_FALSE(opens("home/.ssh/s", false));
	CU_ASSERT_EQUAL(reader_open("/dev/null", &owner, false, why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not a regular file"));
	close(s);
}

/* ---- identity ---- */

static void
test_identity(void)
{
	if (geteuid() != 0) {
		printf("(not root: only one's own identity can be taken) ");
		CU_ASSERT_EQUAL(reader_become("self", geteuid(), getegid()), 0);
		reader_return();
		CU_ASSERT_EQUAL(reader_become("root", 0, 0), -1);
		return;
	}
	make_file("home/secret", 0600);
	CU_ASSERT_EQUAL(chown(at("home/secret"), 0, 0), 0);
	CU_ASSERT(opens("home/secret", false));
	CU_ASSERT_EQUAL(reader_become("nobody", stranger, 65534), 0);
	CU_ASSERT_FALSE(opens("home/secret", false));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, strerror(EACCES)));
	reader_return();
	CU_ASSERT(opens("home/secret", false));
}

/* ---- facts ---- */

static void
test_facts(void)
{
	struct reader_facts f;

	unlink(at("nologin"));
	reader_facts(&f, "no-such-account", 1000, "x", at("nologin"), 20000);
	CU_ASSERT(!f.locked && !f.expired && !f.nologin);
	reader_facts(&f, "no-such-account", 1000, "!x", at("nologin"), 20000);
	CU_ASSERT(f.locked);
	reader_facts(&f, "no-such-account", 1000, "*", at("nologin"), 20000);
	CU_ASSERT_FALSE(f.locked);
	make_file("nologin", 0644);
	reader_facts(&f, "no-such-account", 1000, "x", at("nologin"), 20000);
	CU_ASSERT(f.nologin);
	CU_ASSERT_STRING_EQUAL(f.text, "key\n");
	reader_facts(&f, "no-such-account", 0, "x", at("nologin"), 20000);
	CU_ASSERT_FALSE(f.nologin);
	unlink(at("nologin"));
}

static int
begin(void)
{
	log_start("test", open("/dev/null", O_WRONLY));
	snprintf(top, sizeof top, "/tmp/postern-reader-XXXXXX");
	if (mkdtemp(top) == NULL || chmod(top, 0755) != 0)
		return -1;
	snprintf(home, sizeof home, "%s/home", top);
	owner =
	    (struct reader_owner){ .name = "alice", .uid = geteuid() == 0 ? 61234 : geteuid(), .home = home };
	stranger = owner.uid + 1;
	if (mkdir(home, 0755) != 0 || mkdir(at("home/.ssh"), 0700) != 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	return chown(home, owner.uid, 0) != 0 || chown(at("home/.ssh"), owner.uid, 0) != 0 ? -1 : 0;
}

static int
finish(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "patterns", test_patterns },
		{ "modes", test_modes },
		{ "owners", test_owners },
		{ "outside the home directory", test_outside },
		{ "links", test_links },
		{ "kinds of file", test_kinds },
		{ "identity", test_identity },
		{ "facts", test_facts },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("reader", begin, finish, tests);
}
