/*
 * The stream: packets however they are cut, what is no packet, what bounds a session
 * in both directions; and errors of the files as status codes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/memfiles.h"
#include "tests/lib/suite.h"
#include "tests/unit/plugins/sftp/sftpbench.h"

static const struct attrs none;
static struct memfiles *m;
static struct sftpbench *b;

static void
begin(const char *config)
{
	m = memfiles_new();
	b = sftpbench_on(&memfiles, m, config);
}

static void
finish(void)
{
	sftpbench_free(b);
	CU_ASSERT_EQUAL(memfiles_opened(m), 0);
	memfiles_free(m);
}

static const uint8_t init[] = { 0, 0, 0, 5, FXP_INIT, 0, 0, 0, 3 };

/* ---- INIT ---- */

static void
test_version(void)
{
	static const char *const want[][2] = { { "posix-rename@openssh.com", "1" },
		{ "statvfs@openssh.com", "2" }, { "fstatvfs@openssh.com", "2" },
		{ "hardlink@openssh.com", "1" }, { "fsync@openssh.com", "1" },
		{ "lsetstat@openssh.com", "1" }, { "limits@openssh.com", "1" },
		{ "expand-path@openssh.com", "1" }, { "copy-data", "1" }, { "home-directory", "1" },
		{ "users-groups-by-id@openssh.com", "1" } };
	/* A later version, and an extension of the client's. */
	static const uint8_t six[] = { 0, 0, 0, 15, FXP_INIT, 0, 0, 0, 6, 0, 0, 0, 1, 'x', 0, 0, 0, 1, 'y' };
	struct reply r;
	struct text t;
	size_t i;

	begin("");
	CU_ASSERT_EQUAL(sftpbench_feed(b, six, sizeof(six)), sizeof(six));
	r = sftpbench_reply(b);
	CU_ASSERT(r.type == FXP_VERSION && r.id == 3);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		t = cur_string(&r.c);
		CU_ASSERT(t.len == strlen(want[i][0]) && memcmp(t.data, want[i][0], t.len) == 0);
		t = cur_string(&r.c);
		CU_ASSERT(t.len == 1 && t.data[0] == (uint8_t)want[i][1][0]);
	}
	CU_ASSERT(!r.c.bad && cur_left(&r.c) == 0);
	CU_ASSERT_FALSE(b->s.failed);
	finish();
	/* What is not allowed is not offered. */
	begin("Subsystem sftp -R -P limits,statvfs");
	sftpbench_feed(b, init, sizeof(init));
	r = sftpbench_reply(b);
	t = cur_string(&r.c);
	CU_ASSERT(t.len == 20 && memcmp(t.data, "fstatvfs@openssh.com", 20) == 0);
	cur_string(&r.c);
	t = cur_string(&r.c);
	CU_ASSERT(t.len == 23 && memcmp(t.data, "expand-path@openssh.com", 23) == 0);
	finish();
}

/* ---- what is no request ---- */

/* It is over after this, with this text and, with `status`, an answer before. */
static void
lost(const void *bytes, size_t len, const char *text, int status)
{
	struct reply r;

	b->sent_len = 0;
	CU_ASSERT_EQUAL(sftpbench_feed(b, bytes, len), len);
	CU_ASSERT_TRUE(b->s.failed);
	CU_ASSERT_STRING_EQUAL(b->s.fail_text, text);
	r = sftpbench_reply(b);
	CU_ASSERT_EQUAL(r.type, status ? FXP_STATUS : 0);
	if (status) {
		CU_ASSERT_EQUAL(r.id, 0x01020304);
		CU_ASSERT_EQUAL(cur_u32(&r.c), FX_BAD_MESSAGE);
	}
	/* Nothing is read behind it. */
	CU_ASSERT_EQUAL(sftpbench_feed(b, init, sizeof(init)), sizeof(init));
	CU_ASSERT_EQUAL(b->sent_len, 0);
	CU_ASSERT_TRUE(session_done(&b->s));
	finish();
}

static void
test_lost(void)
{
	static const uint8_t empty[] = { 0, 0, 0, 0, 1 };
	static const uint8_t big[] = { 0, 4, 0, 1, FXP_WRITE, 1, 2, 3, 4 };
	static const uint8_t huge[] = { 255, 255, 255, 255, FXP_STAT, 1, 2, 3, 4, 0, 0 };
	static const uint8_t banner[] = "This account is currently not available.\n";
	static const uint8_t no_id[] = { 0, 0, 0, 4, FXP_STAT, 1, 2, 3 };
	static const uint8_t no_version[] = { 0, 0, 0, 4, FXP_INIT, 0, 0, 3 };
	static const uint8_t request[] = { 0, 0, 0, 9, FXP_STAT, 1, 2, 3, 4, 0, 0, 0, 0 };

	begin("");
	sftpbench_init(b);
	lost(empty, sizeof(empty), "a packet of 0 bytes; 1 to 262144 are allowed", 0);
	begin("");
	sftpbench_init(b);
	lost(big, sizeof(big), "a packet of 262145 bytes; 1 to 262144 are allowed", 1);
	begin("");
	sftpbench_init(b);
	lost(huge, sizeof(huge), "a packet of 4294967295 bytes; 1 to 262144 are allowed", 1);
	begin("");
	b->s.said_init = 1;
	sftpbench_feed(b, banner, 4);
	CU_ASSERT_FALSE(b->s.failed);
	sftpbench_feed(b, banner + 4, sizeof(banner) - 4);
	CU_ASSERT_TRUE(b->s.failed);
	finish();
	begin("");
	sftpbench_init(b);
	lost(no_id, sizeof(no_id), "a request without an id", 0);
	begin("");
	lost(no_version, sizeof(no_version), "an INIT without a version", 0);
	begin("");
	lost(request, sizeof(request), "a request before INIT", 0);
}

/* Framing holds: each is answered, and the session goes on. */
static void
test_refused(void)
{
	static char long_path[PATH_MAX + 1];

	memset(long_path, 'x', sizeof(long_path) - 1);
	begin("");
	sftpbench_init(b);
	CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_ask(b, 99, "s", "x")), FX_OP_UNSUPPORTED);
	CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_ask(b, FXP_STATUS, "us", 0u, "x")), FX_OP_UNSUPPORTED);
	CU_ASSERT_EQUAL(
	    sftpbench_status(b, sftpbench_ask(b, FXP_EXTENDED, "s", "x@example.org")), FX_OP_UNSUPPORTED);
	CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_ask(b, FXP_EXTENDED, "u", 1000u)), FX_BAD_MESSAGE);
	CU_ASSERT_EQUAL(
	    sftpbench_status(b, sftpbench_ask(b, FXP_STAT, "S", "/ho\0me", (size_t)6)), FX_BAD_MESSAGE);
	CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_ask(b, FXP_STAT, "s", long_path)), FX_BAD_MESSAGE);
	long_path[PATH_MAX - 1] = '\0';
	CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_ask(b, FXP_STAT, "s", long_path)), FX_BAD_MESSAGE);
	CU_ASSERT_EQUAL(
	    sftpbench_ask(b, FXP_STAT, "ssu", "file", "more than there should be", 1u).type, FXP_ATTRS);
	CU_ASSERT_FALSE(b->s.failed);
	finish();
}

/* Every request by its row, cut at every byte: BAD_MESSAGE. */
static void
test_cut(void)
{
	struct attrs all = { .flags = ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME };
	int op;
	size_t len, body, cut, tried = 0;

	begin("");
	sftpbench_init(b);
	for (op = 0; op < OP_COUNT; op++) {
		const struct request_row *row = &request_rows[op];
		struct out o = { b->packet, 9, 1000, 0 };
		const char *what;

		store_u32(b->packet + 5, ++b->id);
		b->packet[4] = row->type;
		if (row->extension != NULL)
			out_text(&o, row->extension);
		body = o.len;
		for (what = row->body; *what != '\0'; what++) {
			if (strchr("pthd", *what) != NULL)
				out_text(&o, "12345678");
			else if (*what == 'a')
				attrs_put(&o, &all);
			else
				out_u64(&o, 0), o.len -= *what == 'u' ? 4 : 0;
		}
		len = o.len;
		for (cut = body; cut < len; cut++, tried++) {
			store_u32(b->packet, (uint32_t)(cut - 4));
			b->sent_len = 0;
			sftpbench_feed(b, b->packet, cut);
			CU_ASSERT_EQUAL(sftpbench_status(b, sftpbench_reply(b)), FX_BAD_MESSAGE);
		}
	}
	CU_ASSERT(tried > 500);
	CU_ASSERT_FALSE(b->s.failed);
	finish();
}

/* ---- cut anywhere ---- */

/* A stream of INIT and four requests, the file that they name being open already. */
static size_t
some_requests(uint8_t *to)
{
	static const char h[HANDLE_SIZE];
	size_t len = 0, n;
	int i;

	memcpy(to, init, sizeof(init));
	len += sizeof(init);
	for (i = 0; i < 4; i++) {
		if (i == 0)
			n = sftpbench_build(b, FXP_STAT, "s", "file");
		else if (i == 1)
			n = sftpbench_build(
			    b, FXP_WRITE, "SqS", h, sizeof(h), UINT64_C(13), "abcdef", (size_t)6);
		else if (i == 2)
			n = sftpbench_build(b, FXP_EXTENDED, "s", "limits@openssh.com");
		else
			n = sftpbench_build(b, FXP_READ, "Squ", h, sizeof(h), UINT64_C(10), 100u);
		memcpy(to + len, b->packet, n);
		len += n;
	}
	return len;
}

static void
begin_open(enum files_wait wait)
{
	begin("");
	m->wait = wait;
	sftpbench_init(b);
	CU_ASSERT_EQUAL(
	    sftpbench_ask(b, FXP_OPEN, "sua", "file", FXF_READ | FXF_WRITE, &none).type, FXP_HANDLE);
	b->sent_len = 0;
}

/* What was sent, by request: replies leave as they are ready. */
static size_t
in_order(uint8_t *to)
{
	size_t len = 0, at, size;
	uint32_t id;

	for (id = 0; id < 10; id++)
		for (at = 0; at < b->sent_len; at += size) {
			size = 4 + load_u32(b->sent + at);
			if ((b->sent[at + 4] == FXP_VERSION ? 0 : load_u32(b->sent + at + 5)) != id)
				continue;
			memcpy(to + len, b->sent + at, size);
			len += size;
		}
	CU_ASSERT_EQUAL(len, b->sent_len);
	return len;
}

static void
test_every_cut(void)
{
	static uint8_t stream[1024], whole[4096], got[4096];
	size_t len, whole_len, first, second;

	begin_open(FILES_WAIT_NOTHING);
	len = some_requests(stream);
	sftpbench_feed(b, stream, len);
	whole_len = in_order(whole);
	CU_ASSERT_FATAL(whole_len > 300 && whole_len < sizeof(whole));
	CU_ASSERT_EQUAL(m->node[2].size, 19);
	finish();
	for (first = 1; first < len; first += 1)
		for (second = first; second < len; second += 7) {
			begin_open(second % 2 ? FILES_WAIT_ANY : FILES_WAIT_NOTHING);
			sftpbench_feed(b, stream, first);
			sftpbench_feed(b, stream + first, second - first);
			sftpbench_feed(b, stream + second, len - second);
			CU_ASSERT_FALSE(session_inside(&b->s));
			CU_ASSERT_EQUAL(in_order(got), whole_len);
			CU_ASSERT_EQUAL(memcmp(got, whole, whole_len), 0);
			finish();
		}
	begin("");
	sftpbench_feed(b, stream, len - 1);
	CU_ASSERT_TRUE(session_inside(&b->s));
	finish();
}

/* ---- bounds ---- */

#define ASKED 400u

/* Reads of 32 KiB, ASKED of them, answered to somebody who takes little at a time. */
static void
test_backpressure(void)
{
	struct attrs size = { .flags = ATTR_SIZE, .size = 65536 };
	static uint8_t stream[ASKED * 64];
	size_t len = 0, took = 0, n, most = 0, turns = 0;
	uint64_t i, got = 0;
	struct reply r;

	begin("");
	sftpbench_init(b);
	sftpbench_ask(b, FXP_SETSTAT, "sa", "file", &size);
	for (i = 0; i < 65536; i += 4)
		store_u32(m->node[2].data + i, (uint32_t)i);
	CU_ASSERT_EQUAL(sftpbench_ask(b, FXP_OPEN, "sua", "file", FXF_READ, &none).type, FXP_HANDLE);
	b->id = 100;
	for (i = 0; i < ASKED; i++) {
		n = sftpbench_build(
		    b, FXP_READ, "Squ", "\0\0\0\0\0\0\0\0", (size_t)8, i * 80 % 32768 / 4 * 4, 32768u);
		memcpy(stream + len, b->packet, n);
		len += n;
	}
	b->room = 0;
	b->sent_len = 0;
	while ((took < len || session_unsent(&b->s) > 0) && turns++ < 100000) {
		took += session_input(&b->s, stream + took, len - took);
		if (session_unsent(&b->s) > most)
			most = session_unsent(&b->s);
		b->room += 40000;
		session_flush(&b->s);
		for (; b->sent_len >= 4 && b->sent_len >= 4 + load_u32(b->sent); got++) {
			r = sftpbench_reply(b);
			CU_ASSERT(r.type == FXP_DATA && r.id == 101 + got);
			CU_ASSERT(cur_u32(&r.c) == 32768 && cur_u32(&r.c) == got * 80 % 32768 / 4 * 4);
		}
	}
	CU_ASSERT_EQUAL(got, ASKED);
	CU_ASSERT(most >= SESSION_OUT_MARK && most <= SESSION_OUT_MARK + 32768 + 13);
	/* Not even requests without an answer of size get through while replies wait. */
	b->room = 0;
	for (took = 0; took < len; took += n) {
		n = session_input(&b->s, stream, len);
		if (n == 0)
			break;
	}
	CU_ASSERT(took < len);
	CU_ASSERT_FALSE(session_wants(&b->s));
	b->closed = 1;
	session_flush(&b->s);
	CU_ASSERT_EQUAL(session_input(&b->s, stream, len), len);
	CU_ASSERT_TRUE(session_done(&b->s));
	finish();
}

/* One call does a slice, whatever there is to do. */
static void
test_slice(void)
{
	static uint8_t stream[2000 * 32];
	size_t len = 0, n, took, calls = 0;
	uint64_t before;

	begin("");
	sftpbench_init(b);
	CU_ASSERT_EQUAL(sftpbench_ask(b, FXP_OPEN, "sua", "file", FXF_READ, &none).type, FXP_HANDLE);
	for (n = 0; n < 2000; n++) {
		size_t one = sftpbench_build(b, FXP_FSTAT, "S", "\0\0\0\0\0\0\0\0", (size_t)8);

		memcpy(stream + len, b->packet, one);
		len += one;
	}
	for (took = 0; took < len; took += n, calls++) {
		before = m->calls;
		n = session_input(&b->s, stream + took, len - took);
		CU_ASSERT(n > 0 && m->calls - before <= SESSION_SLICE / SESSION_REQUEST_COST);
		session_flush(&b->s);
	}
	CU_ASSERT_EQUAL(calls, 4);
	finish();
}

/* A write that the files take in pieces; and one that finds no space in the middle. */
static void
test_short_writes(void)
{
	static char bulk[100000];
	struct reply r;
	struct text t;

	begin("");
	sftpbench_init(b);
	m->write_max = 1000;
	CU_ASSERT_EQUAL(
	    sftpbench_ask(b, FXP_OPEN, "sua", "new", FXF_WRITE | FXF_CREAT, &none).type, FXP_HANDLE);
	memset(bulk, 'b', sizeof(bulk));
	r = sftpbench_ask(
	    b, FXP_WRITE, "SqS", "\0\0\0\0\0\0\0\0", (size_t)8, UINT64_C(0), bulk, (size_t)60000);
	CU_ASSERT_EQUAL(sftpbench_status(b, r), FX_OK);
	CU_ASSERT_EQUAL(m->node[4].size, 60000);
	r = sftpbench_ask(
	    b, FXP_WRITE, "SqS", "\0\0\0\0\0\0\0\0", (size_t)8, UINT64_C(60000), bulk, sizeof(bulk));
	CU_ASSERT_EQUAL(cur_u32(&r.c), FX_FAILURE);
	t = cur_string(&r.c);
	CU_ASSERT(t.len == 23 && memcmp(t.data, "No space left on device", 23) == 0);
	finish();
}

/* ---- errors ---- */

static int stat_error;

static int
failing_stat(void *ctx, const char *path, int follow, struct stat *st, int wait)
{
	(void)wait;
	(void)ctx;
	(void)path;
	(void)follow;
	memset(st, 0, sizeof(*st));
	return -stat_error;
}

static void
test_errors(void)
{
	static const struct {
		int error;
		enum fx code;
		const char *text;
	} rows[] = {
		{ ENOENT, FX_NO_SUCH_FILE, "No such file or directory" },
		{ ENOTDIR, FX_NO_SUCH_FILE, "Not a directory" },
		{ ELOOP, FX_NO_SUCH_FILE, "Too many levels of symbolic links" },
		{ EBADF, FX_NO_SUCH_FILE, "Bad file descriptor" },
		{ EPERM, FX_PERMISSION_DENIED, "Operation not permitted" },
		{ EACCES, FX_PERMISSION_DENIED, "Permission denied" },
		{ EFAULT, FX_PERMISSION_DENIED, "Bad address" },
		{ ENAMETOOLONG, FX_BAD_MESSAGE, "File name too long" },
		{ EINVAL, FX_BAD_MESSAGE, "Invalid argument" },
		{ ENOSYS, FX_OP_UNSUPPORTED, "Function not implemented" },
		{ EIO, FX_FAILURE, "Input/output error" },
		{ EEXIST, FX_FAILURE, "File exists" },
		{ ENOTEMPTY, FX_FAILURE, "Directory not empty" },
		{ ENOSPC, FX_FAILURE, "No space left on device" },
		{ EDQUOT, FX_FAILURE, "Disk quota exceeded" },
		{ EROFS, FX_FAILURE, "Read-only file system" },
		{ EAGAIN, FX_FAILURE, "Resource temporarily unavailable" },
		{ EMFILE, FX_FAILURE, "Too many open files" },
	};
	struct files failing = memfiles;
	struct reply r;
	struct text t;
	size_t i;

	failing.stat = failing_stat;
	m = memfiles_new();
	b = sftpbench_on(&failing, m, "");
	sftpbench_init(b);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stat_error = rows[i].error;
		r = sftpbench_ask(b, FXP_STAT, "s", "x");
		CU_ASSERT_EQUAL(r.type, FXP_STATUS);
		CU_ASSERT_EQUAL(cur_u32(&r.c), rows[i].code);
		t = cur_string(&r.c);
		CU_ASSERT(t.len == strlen(rows[i].text) && memcmp(t.data, rows[i].text, t.len) == 0);
	}
	finish();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "version and extensions", test_version },
		{ "framing lost", test_lost },
		{ "refused, and on", test_refused },
		{ "every request cut short", test_cut },
		{ "the stream cut anywhere", test_every_cut },
		{ "back-pressure", test_backpressure },
		{ "slices", test_slice },
		{ "short writes, no space", test_short_writes },
		{ "errors as status codes", test_errors },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sftp stream", tests);
}
