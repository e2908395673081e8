/*
 * Every request on real files: what it does, and what it answers when it cannot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/plugins/sftp/sftpbench.h"

static const struct attrs none;
static struct sftpbench *b;

#define P(name) sftpbench_path(b, name)
#define ASK(...) sftpbench_ask(b, __VA_ARGS__)
#define STATUS(...) sftpbench_status(b, sftpbench_ask(b, __VA_ARGS__))

struct name {
	char bytes[64];
	size_t len;
};

static void
begin(void)
{
	b = sftpbench_new("");
	sftpbench_init(b);
}

static void
finish(void)
{
	sftpbench_free(b);
}

static void
make(const char *name, const char *text)
{
	FILE *f = fopen(P(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static int
holds(const char *name, const char *text)
{
	char buf[4096];
	FILE *f = fopen(P(name), "r");
	size_t n;

	if (f == NULL)
		return 0;
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return n == strlen(text) && memcmp(buf, text, n) == 0;
}

static int
there(const char *name)
{
	struct stat st;

	return lstat(P(name), &st) == 0;
}

static struct name
handle_in(struct reply r)
{
	struct name h = { { 0 }, 0 };
	struct text t = cur_string(&r.c);

	CU_ASSERT_FATAL(r.type == FXP_HANDLE && r.id == b->id && !r.c.bad && t.len <= sizeof(h.bytes));
	memcpy(h.bytes, t.data, t.len);
	h.len = t.len;
	return h;
}

static struct name
open_as(const char *name, uint32_t flags)
{
	return handle_in(ASK(FXP_OPEN, "sua", P(name), flags, &none));
}

static int
closed(struct name h)
{
	return STATUS(FXP_CLOSE, "S", h.bytes, h.len);
}

static int
data_is(struct reply r, const char *text)
{
	struct text t = cur_string(&r.c);

	return r.type == FXP_DATA && r.id == b->id && t.len == strlen(text) &&
	       memcmp(t.data, text, t.len) == 0;
}

static struct reply
read_at(struct name h, uint64_t off, uint32_t len)
{
	return ASK(FXP_READ, "Squ", h.bytes, h.len, off, len);
}

static int
write_at(struct name h, uint64_t off, const char *text)
{
	return STATUS(FXP_WRITE, "SqS", h.bytes, h.len, off, text, strlen(text));
}

/* ---- files ---- */

static void
test_open(void)
{
	struct attrs private = { .flags = ATTR_PERMISSIONS, .permissions = 0100600 };
	struct stat st;
	struct name h;

	begin();
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("x"), FXF_READ, &none), FX_NO_SUCH_FILE);
	h = handle_in(ASK(FXP_OPEN, "sua", P("x"), FXF_WRITE | FXF_CREAT | FXF_EXCL, &private));
	CU_ASSERT(stat(P("x"), &st) == 0 && (st.st_mode & 07777) == 0600);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("x"), FXF_WRITE | FXF_CREAT | FXF_EXCL, &none), FX_FAILURE);
	/* The umask counts where the client names no mode. */
	h = open_as("y", FXF_READ | FXF_WRITE | FXF_CREAT);
	CU_ASSERT(stat(P("y"), &st) == 0 && (st.st_mode & 07777) == 0644);
	CU_ASSERT_EQUAL(write_at(h, 0, "hello"), FX_OK);
	CU_ASSERT(data_is(read_at(h, 1, 3), "ell"));
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	/* Relative names begin at the start directory. */
	h = handle_in(ASK(FXP_OPEN, "sua", "y", FXF_WRITE | FXF_TRUNC, &none));
	CU_ASSERT(holds("y", ""));
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", "", FXF_READ, &none), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("y/z"), FXF_READ, &none), FX_NO_SUCH_FILE);
	finish();
}

static void
test_read_write(void)
{
	struct name h;
	struct reply r;

	begin();
	make("x", "0123456789");
	h = open_as("x", FXF_READ);
	CU_ASSERT(data_is(read_at(h, 0, 4), "0123"));
	CU_ASSERT(data_is(read_at(h, 8, 100), "89"));
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 10, 1)), FX_EOF);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, UINT64_C(1) << 40, 1)), FX_EOF);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, UINT64_MAX, 1)), FX_BAD_MESSAGE);
	CU_ASSERT(data_is(read_at(h, 3, 0), ""));
	CU_ASSERT_EQUAL(write_at(h, 0, "x"), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	h = open_as("x", FXF_WRITE);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 0, 1)), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(write_at(h, 9, "abc"), FX_OK);
	CU_ASSERT_EQUAL(write_at(h, 2, ""), FX_OK);
	CU_ASSERT(holds("x", "012345678abc"));
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	h = open_as("x", FXF_WRITE | FXF_APPEND);
	CU_ASSERT_EQUAL(write_at(h, 0, "!"), FX_OK);
	CU_ASSERT(holds("x", "012345678abc!"));
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sS", "fsync@openssh.com", h.bytes, h.len), FX_OK);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	/* More than fits one reply is answered in part. */
	CU_ASSERT_EQUAL(truncate(P("x"), 1 << 20), 0);
	h = open_as("x", FXF_READ);
	r = read_at(h, 0, 1 << 20);
	CU_ASSERT(r.type == FXP_DATA && cur_string(&r.c).len == SFTP_DATA_MAX);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	finish();
}

/* What would make the host wait for somebody is not opened. */
static void
test_no_waiting(void)
{
	struct name h;

	begin();
	CU_ASSERT_EQUAL_FATAL(mkfifo(P("fifo"), 0600), 0);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("fifo"), FXF_READ, &none), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("fifo"), FXF_WRITE, &none), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("fifo"), FXF_READ | FXF_WRITE, &none), FX_FAILURE);
	CU_ASSERT_EQUAL(b->s.handles.count, 0);
	h = handle_in(ASK(FXP_OPEN, "sua", "/dev/null", FXF_READ | FXF_WRITE, &none));
	CU_ASSERT_EQUAL(write_at(h, 0, "gone"), FX_OK);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 0, 5)), FX_EOF);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	/* A directory can be named by an open, but not read as a file. */
	h = handle_in(ASK(FXP_OPEN, "sua", P("."), FXF_READ, &none));
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 0, 5)), FX_FAILURE);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	finish();
}

static void
test_handles(void)
{
	struct name h, other, again;

	begin();
	make("x", "text");
	h = open_as("x", FXF_READ);
	other = open_as("x", FXF_READ);
	CU_ASSERT_NOT_EQUAL(memcmp(h.bytes, other.bytes, h.len), 0);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(closed(h), FX_FAILURE);
	/* The place is used again, under another name. */
	again = open_as("x", FXF_READ);
	CU_ASSERT_NOT_EQUAL(memcmp(h.bytes, again.bytes, h.len), 0);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 0, 1)), FX_FAILURE);
	CU_ASSERT(data_is(read_at(again, 0, 4), "text"));
	CU_ASSERT_EQUAL(STATUS(FXP_READDIR, "S", again.bytes, again.len), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_CLOSE, "S", "", (size_t)0), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_CLOSE, "S", again.bytes, again.len - 1), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_CLOSE, "S", "\377\377\377\377\0\0\0\0", (size_t)8), FX_FAILURE);
	CU_ASSERT_EQUAL(closed(again), FX_OK);
	CU_ASSERT_EQUAL(closed(other), FX_OK);
	CU_ASSERT_EQUAL(b->s.handles.count, 0);
	finish();
}

static void
test_handle_limit(void)
{
	struct name h[3];
	struct reply r;
	int i;

	b = sftpbench_new("MaxHandles 3\n");
	sftpbench_init(b);
	make("x", "");
	for (i = 0; i < 3; i++)
		h[i] = open_as("x", FXF_READ);
	r = ASK(FXP_OPEN, "sua", P("x"), FXF_READ, &none);
	CU_ASSERT(r.type == FXP_STATUS && cur_u32(&r.c) == FX_FAILURE);
	CU_ASSERT_EQUAL(cur_string(&r.c).len, strlen("Too many open handles (MaxHandles 3)"));
	CU_ASSERT_EQUAL(STATUS(FXP_OPENDIR, "s", b->dir), FX_FAILURE);
	/* Told once. */
	CU_ASSERT_STRING_EQUAL(b->log, "Too many open handles (MaxHandles 3)\n");
	CU_ASSERT_EQUAL(closed(h[1]), FX_OK);
	h[1] = open_as("x", FXF_READ);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(closed(h[i]), FX_OK);
	finish();
}

/* The whole life of a small file; how many tasks it took. */
static unsigned
small_file(void)
{
	struct attrs mode = { .flags = ATTR_PERMISSIONS | ATTR_ACMODTIME, .permissions = 0600, .mtime = 5 };
	struct name h;
	struct stat st;

	b->ran = 0;
	h = open_as("small", FXF_WRITE | FXF_CREAT | FXF_TRUNC);
	CU_ASSERT_EQUAL(write_at(h, 0, "text"), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_FSETSTAT, "Sa", h.bytes, h.len, &mode), FX_OK);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(ASK(FXP_STAT, "s", P("small")).type, FXP_ATTRS);
	h = open_as("small", FXF_READ);
	CU_ASSERT(data_is(read_at(h, 0, 100), "text"));
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT(stat(P("small"), &st) == 0 && st.st_mode == (S_IFREG | 0600) && st.st_mtime == 5);
	return b->ran;
}

/* On a file system of this machine it needs none, once that is known: for a second, so
 * again after a machine that stood still. */
static void
test_prompt(void)
{
	unsigned tries = 0;
	struct name h;
	int here;

	begin();
	h = open_as("first", FXF_WRITE | FXF_CREAT);
	here = b->s.handles.place[0]->wait != FILES_WAIT_ANY;
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	while (small_file() > 0 && here && tries < 20)
		tries++;
	CU_ASSERT(tries < 20);
	/* What leads through a link is looked at by a task. */
	CU_ASSERT_EQUAL_FATAL(symlink("small", P("soft")), 0);
	b->ran = 0;
	h = open_as("soft", FXF_WRITE | FXF_CREAT);
	CU_ASSERT_EQUAL(b->ran, 1);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("small"), FXF_WRITE | FXF_CREAT | FXF_EXCL, &none), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("no/such"), FXF_WRITE | FXF_CREAT, &none), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_STAT, "s", P("nothing")), FX_NO_SUCH_FILE);
	finish();
}

/* ---- attributes ---- */

static struct attrs
attrs_in(struct reply r)
{
	struct attrs a;

	CU_ASSERT(r.type == FXP_ATTRS && r.id == b->id);
	attrs_get(&r.c, &a);
	CU_ASSERT(!r.c.bad && cur_left(&r.c) == 0);
	return a;
}

static void
test_stat(void)
{
	struct attrs a;
	struct name h;

	begin();
	make("x", "12345");
	CU_ASSERT_EQUAL_FATAL(symlink("x", P("link")), 0);
	CU_ASSERT_EQUAL_FATAL(symlink("nowhere", P("dead")), 0);
	a = attrs_in(ASK(FXP_STAT, "s", P("link")));
	CU_ASSERT(a.size == 5 && S_ISREG(a.permissions) && a.uid == getuid() && a.gid == getgid());
	CU_ASSERT_EQUAL(a.flags, ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME);
	a = attrs_in(ASK(FXP_LSTAT, "s", P("link")));
	CU_ASSERT(a.size == 1 && S_ISLNK(a.permissions));
	CU_ASSERT_EQUAL(STATUS(FXP_STAT, "s", P("dead")), FX_NO_SUCH_FILE);
	attrs_in(ASK(FXP_LSTAT, "s", P("dead")));
	h = open_as("x", FXF_READ);
	a = attrs_in(ASK(FXP_FSTAT, "S", h.bytes, h.len));
	CU_ASSERT_EQUAL(a.size, 5);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_FSTAT, "S", h.bytes, h.len), FX_FAILURE);
	finish();
}

static void
test_setstat(void)
{
	struct attrs a = { .flags = ATTR_SIZE | ATTR_PERMISSIONS | ATTR_ACMODTIME | ATTR_UIDGID,
		.size = 3,
		.permissions = 04640,
		.atime = 1000000000,
		.mtime = 3000000000u,
		.uid = getuid(),
		.gid = getgid() };
	struct attrs link = { .flags = ATTR_ACMODTIME, .atime = 5, .mtime = 6 };
	struct stat st;
	struct name h;

	begin();
	make("x", "12345");
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", P("x"), &a), FX_OK);
	CU_ASSERT(stat(P("x"), &st) == 0 && st.st_size == 3 && (st.st_mode & 07777) == 04640);
	CU_ASSERT(st.st_atime == 1000000000 && st.st_mtime == 3000000000);
	h = open_as("x", FXF_WRITE);
	a.permissions = 0600;
	a.size = 100;
	CU_ASSERT_EQUAL(STATUS(FXP_FSETSTAT, "Sa", h.bytes, h.len, &a), FX_OK);
	CU_ASSERT(stat(P("x"), &st) == 0 && st.st_size == 100 && (st.st_mode & 07777) == 0600);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", P("no"), &a), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", P("x"), &none), FX_OK);
	/* The link itself, not what it names. */
	CU_ASSERT_EQUAL_FATAL(symlink("x", P("link")), 0);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ssa", "lsetstat@openssh.com", P("link"), &link), FX_OK);
	CU_ASSERT(lstat(P("link"), &st) == 0 && st.st_mtime == 6);
	CU_ASSERT(stat(P("link"), &st) == 0 && st.st_mtime == 3000000000);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ssa", "lsetstat@openssh.com", P("x"), &a), FX_BAD_MESSAGE);
	finish();
}

static void
test_statvfs(void)
{
	struct statvfs v;
	struct name h;
	struct reply r;
	int i;

	begin();
	CU_ASSERT_EQUAL_FATAL(statvfs(b->dir, &v), 0);
	h = handle_in(ASK(FXP_OPENDIR, "s", b->dir));
	for (i = 0; i < 2; i++) {
		r = i == 0 ? ASK(FXP_EXTENDED, "ss", "statvfs@openssh.com", b->dir)
			   : ASK(FXP_EXTENDED, "sS", "fstatvfs@openssh.com", h.bytes, h.len);
		CU_ASSERT_EQUAL(r.type, FXP_EXTENDED_REPLY);
		CU_ASSERT_EQUAL(cur_left(&r.c), 11 * 8);
		CU_ASSERT_EQUAL(cur_u64(&r.c), v.f_bsize);
		CU_ASSERT_EQUAL(cur_u64(&r.c), v.f_frsize);
		CU_ASSERT_EQUAL(cur_u64(&r.c), v.f_blocks);
	}
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ss", "statvfs@openssh.com", P("no")), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	finish();
}

/* ---- names ---- */

static void
test_rename(void)
{
	begin();
	make("a", "a");
	make("b", "b");
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("a"), P("b")), FX_FAILURE);
	CU_ASSERT(holds("a", "a") && holds("b", "b"));
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("a"), P("c")), FX_OK);
	CU_ASSERT(!there("a") && holds("c", "a"));
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("a"), P("d")), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sss", "posix-rename@openssh.com", P("c"), P("b")), FX_OK);
	CU_ASSERT(!there("c") && holds("b", "a"));
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", P("dir"), &none), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("dir"), P("folder")), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("folder"), P("b")), FX_FAILURE);
	CU_ASSERT(there("folder"));
	finish();
}

static void
test_links(void)
{
	struct reply r;
	struct text t;
	struct stat st;
	char to[64];

	begin();
	make("x", "x");
	/* Target first. */
	CU_ASSERT_EQUAL(STATUS(FXP_SYMLINK, "ss", "x", P("link")), FX_OK);
	CU_ASSERT_EQUAL(readlink(P("link"), to, sizeof(to)), 1);
	r = ASK(FXP_READLINK, "s", P("link"));
	CU_ASSERT(r.type == FXP_NAME && cur_u32(&r.c) == 1);
	t = cur_string(&r.c);
	CU_ASSERT(t.len == 1 && t.data[0] == 'x');
	CU_ASSERT_EQUAL(STATUS(FXP_SYMLINK, "ss", "x", P("link")), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_READLINK, "s", P("x")), FX_BAD_MESSAGE);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", P("x"), P("hard")), FX_OK);
	CU_ASSERT(stat(P("x"), &st) == 0 && st.st_nlink == 2);
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", P("x"), P("hard")), FX_FAILURE);
	CU_ASSERT_EQUAL_FATAL(symlink("loop", P("loop")), 0);
	CU_ASSERT_EQUAL(STATUS(FXP_STAT, "s", P("loop")), FX_NO_SUCH_FILE);
	finish();
}

static void
test_remove(void)
{
	struct attrs closed_dir = { .flags = ATTR_PERMISSIONS, .permissions = 0700 };
	struct stat st;

	begin();
	make("x", "x");
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("x")), FX_OK);
	CU_ASSERT_FALSE(there("x"));
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("x")), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", P("d"), &closed_dir), FX_OK);
	CU_ASSERT(stat(P("d"), &st) == 0 && (st.st_mode & 07777) == 0700);
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", P("d"), &none), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("d")), FX_FAILURE);
	make("d/x", "");
	CU_ASSERT_EQUAL(STATUS(FXP_RMDIR, "s", P("d")), FX_FAILURE);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("d/x")), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RMDIR, "s", P("d")), FX_OK);
	CU_ASSERT_EQUAL(STATUS(FXP_RMDIR, "s", P("d")), FX_NO_SUCH_FILE);
	finish();
}

static int
name_is(struct reply r, const char *want)
{
	uint32_t count = cur_u32(&r.c);
	struct text t = cur_string(&r.c), longer = cur_string(&r.c);

	if (r.type != FXP_NAME || count != 1 || cur_u32(&r.c) != 0 || r.c.bad || cur_left(&r.c) != 0)
		return 0;
	return t.len == strlen(want) && memcmp(t.data, want, t.len) == 0 && longer.len == t.len;
}

static void
test_paths(void)
{
	char long_name[300];

	begin();
	make("x", "");
	CU_ASSERT_EQUAL_FATAL(mkdir(P("d"), 0700), 0);
	CU_ASSERT_EQUAL_FATAL(symlink("d", P("link")), 0);
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", "."), b->dir));
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", ""), b->dir));
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", "/"), "/"));
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", "link/../x"), P("x")));
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", "link/new/"), P("d/new")));
	CU_ASSERT(name_is(ASK(FXP_REALPATH, "s", "/nothing"), "/nothing"));
	CU_ASSERT_EQUAL(STATUS(FXP_REALPATH, "s", "no/new"), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(STATUS(FXP_REALPATH, "s", "no/.."), FX_NO_SUCH_FILE);
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~"), b->dir));
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~/x"), P("x")));
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", "x"), P("x")));
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", ""), b->dir));
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~root/a"), "/root/a") ||
		  getuid() != 0);
	CU_ASSERT_EQUAL(
	    STATUS(FXP_EXTENDED, "ss", "expand-path@openssh.com", "~no.such.user"), FX_NO_SUCH_FILE);
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "home-directory", "tester"), b->dir));
	CU_ASSERT(name_is(ASK(FXP_EXTENDED, "ss", "home-directory", ""), b->dir));
	CU_ASSERT_EQUAL(STATUS(FXP_EXTENDED, "ss", "home-directory", "no.such.user"), FX_NO_SUCH_FILE);
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CU_ASSERT_EQUAL(STATUS(FXP_STAT, "s", long_name), FX_BAD_MESSAGE);
	finish();
}

/* ---- directories ---- */

static void
test_readdir(void)
{
	struct name h;
	struct reply r;
	uint32_t count, seen = 0, batches = 0, lines = 0;
	char name[32];
	int i;

	begin();
	for (i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		make(name, "");
	}
	CU_ASSERT_EQUAL(STATUS(FXP_OPENDIR, "s", P("file1")), FX_NO_SUCH_FILE);
	h = handle_in(ASK(FXP_OPENDIR, "s", b->dir));
	for (;;) {
		r = ASK(FXP_READDIR, "S", h.bytes, h.len);
		if (r.type != FXP_NAME)
			break;
		batches++;
		count = cur_u32(&r.c);
		CU_ASSERT(count > 0 && count <= SESSION_NAMES);
		for (; count > 0; count--, seen++) {
			struct text n = cur_string(&r.c), line = cur_string(&r.c);
			struct attrs a;

			attrs_get(&r.c, &a);
			CU_ASSERT(
			    line.len > n.len && memcmp(line.data + line.len - n.len, n.data, n.len) == 0);
			lines += line.data[0] == (S_ISDIR(a.permissions) ? 'd' : '-');
		}
		CU_ASSERT(!r.c.bad && cur_left(&r.c) == 0);
	}
	CU_ASSERT_EQUAL(sftpbench_status(b, r), FX_EOF);
	CU_ASSERT_EQUAL(STATUS(FXP_READDIR, "S", h.bytes, h.len), FX_EOF);
	CU_ASSERT_EQUAL(seen, 252);
	CU_ASSERT_EQUAL(lines, 252);
	CU_ASSERT_EQUAL(batches, 3);
	CU_ASSERT_EQUAL(sftpbench_status(b, read_at(h, 0, 1)), FX_FAILURE);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	finish();
}

/* ---- extensions ---- */

static int
copy(struct name from, uint64_t from_off, uint64_t len, struct name to, uint64_t to_off)
{
	return STATUS(FXP_EXTENDED, "sSqqSq", "copy-data", from.bytes, from.len, from_off, len, to.bytes,
	    to.len, to_off);
}

static void
test_copy(void)
{
	struct name from, to, same;
	struct stat st;

	begin();
	make("x", "0123456789");
	from = open_as("x", FXF_READ);
	to = open_as("y", FXF_WRITE | FXF_CREAT);
	CU_ASSERT_EQUAL(copy(from, 0, 0, to, 0), FX_OK);
	CU_ASSERT(holds("y", "0123456789"));
	CU_ASSERT_EQUAL(copy(from, 2, 3, to, 9), FX_OK);
	CU_ASSERT(holds("y", "012345678234"));
	CU_ASSERT_EQUAL(copy(from, 8, 3, to, 0), FX_EOF);
	CU_ASSERT(holds("y", "892345678234"));
	/* The same file under another handle, or another name. */
	same = open_as("x", FXF_WRITE);
	CU_ASSERT_EQUAL(copy(from, 0, 0, same, 5), FX_FAILURE);
	CU_ASSERT_EQUAL(closed(same), FX_OK);
	CU_ASSERT_EQUAL_FATAL(link(P("x"), P("hard")), 0);
	same = open_as("hard", FXF_WRITE);
	CU_ASSERT_EQUAL(copy(from, 0, 0, same, 5), FX_FAILURE);
	CU_ASSERT_EQUAL(closed(same), FX_OK);
	CU_ASSERT_EQUAL(copy(from, 0, 0, from, 5), FX_FAILURE);
	CU_ASSERT(holds("x", "0123456789"));
	CU_ASSERT_EQUAL(copy(to, 0, 0, from, 5), FX_NO_SUCH_FILE);
	CU_ASSERT_EQUAL(copy(from, 0, 0, same, 0), FX_FAILURE);
	/* A long one goes on in slices. */
	CU_ASSERT_EQUAL_FATAL(truncate(P("x"), 5 << 20), 0);
	CU_ASSERT_EQUAL(copy(from, 0, 0, to, 0), FX_OK);
	CU_ASSERT(stat(P("y"), &st) == 0 && st.st_size == 5 << 20);
	CU_ASSERT_EQUAL(closed(from), FX_OK);
	CU_ASSERT_EQUAL(closed(to), FX_OK);
	finish();
}

static void
test_limits(void)
{
	struct reply r;

	begin();
	r = ASK(FXP_EXTENDED, "s", "limits@openssh.com");
	CU_ASSERT_EQUAL(r.type, FXP_EXTENDED_REPLY);
	CU_ASSERT_EQUAL(cur_u64(&r.c), 262144);
	CU_ASSERT_EQUAL(cur_u64(&r.c), 261120);
	CU_ASSERT_EQUAL(cur_u64(&r.c), 261120);
	CU_ASSERT_EQUAL(cur_u64(&r.c), 256);
	CU_ASSERT_EQUAL(cur_left(&r.c), 0);
	finish();
}

static void
test_names(void)
{
	static const uint8_t ids[] = { 0, 0, 0, 0, 0xfe, 0xdc, 0xba, 0x98 };
	struct reply r;
	struct text list, t;
	struct cur c;

	begin();
	r = ASK(FXP_EXTENDED, "sSS", "users-groups-by-id@openssh.com", ids, sizeof(ids), ids, (size_t)4);
	CU_ASSERT_EQUAL(r.type, FXP_EXTENDED_REPLY);
	list = cur_string(&r.c);
	c = (struct cur){ list.data, list.data + list.len, 0 };
	t = cur_string(&c);
	CU_ASSERT(t.len == 4 && memcmp(t.data, "root", 4) == 0);
	CU_ASSERT(cur_string(&c).len == 0 && !c.bad && cur_left(&c) == 0);
	list = cur_string(&r.c);
	CU_ASSERT(list.len == 8 && memcmp(list.data + 4, "root", 4) == 0);
	CU_ASSERT(!r.c.bad && cur_left(&r.c) == 0);
	CU_ASSERT_EQUAL(
	    STATUS(FXP_EXTENDED, "sSS", "users-groups-by-id@openssh.com", ids, (size_t)5, ids, (size_t)4),
	    FX_BAD_MESSAGE);
	finish();
}

/* ---- restrictions ---- */

static void
test_read_only(void)
{
	struct attrs mode = { .flags = ATTR_PERMISSIONS, .permissions = 0777 };
	struct name h;
	struct stat st;

	b = sftpbench_new("Subsystem other -u 077\nSubsystem sftp -R\n");
	sftpbench_init(b);
	make("x", "text");
	chmod(P("x"), 0644);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("x"), FXF_WRITE, &none), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("x"), FXF_READ | FXF_TRUNC, &none), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_OPEN, "sua", P("y"), FXF_READ | FXF_CREAT, &none), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_SETSTAT, "sa", P("x"), &mode), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(
	    STATUS(FXP_EXTENDED, "ssa", "lsetstat@openssh.com", P("x"), &mode), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("x")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", P("d"), &none), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_RMDIR, "s", P("d")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_RENAME, "ss", P("x"), P("y")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(
	    STATUS(FXP_EXTENDED, "sss", "posix-rename@openssh.com", P("x"), P("y")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(
	    STATUS(FXP_EXTENDED, "sss", "hardlink@openssh.com", P("x"), P("y")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_SYMLINK, "ss", "x", P("y")), FX_PERMISSION_DENIED);
	h = open_as("x", FXF_READ);
	CU_ASSERT(data_is(read_at(h, 0, 10), "text"));
	CU_ASSERT_EQUAL(write_at(h, 0, "y"), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_FSETSTAT, "Sa", h.bytes, h.len, &mode), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(copy(h, 0, 0, h, 0), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(closed(h), FX_OK);
	CU_ASSERT(holds("x", "text") && !there("y") && !there("d"));
	CU_ASSERT(stat(P("x"), &st) == 0 && (st.st_mode & 07777) == 0644);
	finish();
}

static void
test_allowed(void)
{
	struct stat st;

	b = sftpbench_new("Subsystem sftp -P remove,rmdir -u 027\n");
	sftpbench_init(b);
	make("x", "text");
	CU_ASSERT_EQUAL(STATUS(FXP_REMOVE, "s", P("x")), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(STATUS(FXP_MKDIR, "sa", P("d"), &none), FX_OK);
	CU_ASSERT(stat(P("d"), &st) == 0 && (st.st_mode & 07777) == 0750);
	finish();
	b = sftpbench_new("Subsystem sftp -p stat,limits -l DEBUG\n");
	sftpbench_init(b);
	attrs_in(ASK(FXP_STAT, "s", b->dir));
	CU_ASSERT_EQUAL(STATUS(FXP_LSTAT, "s", b->dir), FX_PERMISSION_DENIED);
	CU_ASSERT_EQUAL(ASK(FXP_EXTENDED, "s", "limits@openssh.com").type, FXP_EXTENDED_REPLY);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->log, "request 2: lstat\nrequest 2: Not allowed here\n"));
	finish();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "open", test_open },
		{ "read and write", test_read_write },
		{ "nothing to wait for", test_no_waiting },
		{ "small files at once", test_prompt },
		{ "handles", test_handles },
		{ "as many handles as there may be", test_handle_limit },
		{ "stat", test_stat },
		{ "setstat", test_setstat },
		{ "statvfs", test_statvfs },
		{ "rename", test_rename },
		{ "links", test_links },
		{ "remove, mkdir, rmdir", test_remove },
		{ "realpath, expand-path, home-directory", test_paths },
		{ "readdir", test_readdir },
		{ "copy-data", test_copy },
		{ "limits", test_limits },
		{ "users-groups-by-id", test_names },
		{ "read only", test_read_only },
		{ "allowed and denied requests", test_allowed },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sftp requests", tests);
}
