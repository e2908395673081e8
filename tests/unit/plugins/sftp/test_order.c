/*
 * Requests in flight: replies in any order, results as if requests were done one after
 * the other; and the same on real threads.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/memfiles.h"
#include "tests/lib/suite.h"
#include "tests/unit/plugins/sftp/sftpbench.h"

static const struct attrs none;
static struct memfiles *m;
static struct sftpbench *b;
static uint64_t seed, clock_ms;

static uint32_t
any(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static uint64_t
now_ms(void)
{
	return clock_ms;
}

static void
begin(const char *config, enum files_wait wait)
{
	m = memfiles_new();
	m->wait = wait;
	b = sftpbench_on(&memfiles, m, config);
	b->s.clock = now_ms;
	sftpbench_init(b);
	b->hold = 1;
}

static void
finish(void)
{
	sftpbench_free(b);
	CU_ASSERT_EQUAL(memfiles_opened(m), 0);
	memfiles_free(m);
}

static void
send(size_t len)
{
	CU_ASSERT_EQUAL(sftpbench_feed(b, b->packet, len), len);
}

/* A handle that is open before anything is held. */
static void
open_now(const char *path, uint32_t flags, char to[HANDLE_SIZE])
{
	struct reply r;
	struct text t;

	b->hold = 0;
	r = sftpbench_ask(b, FXP_OPEN, "sua", path, flags, &none);
	b->hold = 1;
	CU_ASSERT_EQUAL_FATAL(r.type, FXP_HANDLE);
	t = cur_string(&r.c);
	memcpy(to, t.data, HANDLE_SIZE);
}

static uint32_t
next_id(void)
{
	return sftpbench_reply(b).id;
}

/* ---- by hand ---- */

static void
test_as_they_finish(void)
{
	unsigned i;

	begin("", FILES_WAIT_ANY);
	for (i = 0; i < 8; i++)
		send(sftpbench_build(b, FXP_STAT, "s", "file"));
	CU_ASSERT_EQUAL(b->tasks, 8);
	for (i = 8; i-- > 0;) {
		sftpbench_run(b, i);
		CU_ASSERT_EQUAL(next_id(), i + 1);
		CU_ASSERT_EQUAL(b->sent_len, 0);
	}
	/* What needs nothing of them is answered past them. */
	send(sftpbench_build(b, FXP_STAT, "s", "file"));
	send(sftpbench_build(b, FXP_EXTENDED, "s", "limits@openssh.com"));
	CU_ASSERT_EQUAL(next_id(), 10);
	finish();
}

static void
test_close_waits(void)
{
	char h[HANDLE_SIZE];
	struct reply r;
	unsigned i;

	begin("", FILES_WAIT_ANY);
	open_now("/home/new", FXF_WRITE | FXF_CREAT, h);
	b->sent_len = 0;
	for (i = 0; i < 3; i++)
		send(sftpbench_build(b, FXP_WRITE, "SqS", h, sizeof(h), (uint64_t)i * 2, "ab", (size_t)2));
	send(sftpbench_build(b, FXP_CLOSE, "S", h, sizeof(h)));
	send(sftpbench_build(b, FXP_STAT, "s", "/home/new"));
	/* Closed is closed, even while it waits. */
	send(sftpbench_build(b, FXP_FSTAT, "S", h, sizeof(h)));
	r = sftpbench_reply(b);
	CU_ASSERT(r.id == b->id && r.type == FXP_STATUS && cur_u32(&r.c) == FX_FAILURE);
	CU_ASSERT_EQUAL(b->tasks, 1);
	sftpbench_run(b, 0);
	CU_ASSERT_EQUAL(b->tasks, 1); /* the two other writes, together */
	sftpbench_run(b, 0);
	CU_ASSERT_EQUAL(m->node[4].size, 6);
	CU_ASSERT_EQUAL(b->tasks, 1);
	sftpbench_run(b, 0);
	CU_ASSERT_EQUAL(b->tasks, 1);
	sftpbench_run(b, 0);
	for (i = 2; i <= 6; i++)
		CU_ASSERT_EQUAL(next_id(), i);
	finish();
}

/* Behind something that hangs only what concerns the same file waits for long. */
static void
test_hanging(void)
{
	char h[HANDLE_SIZE], other[HANDLE_SIZE];
	unsigned before;

	begin("", FILES_WAIT_ANY);
	b->hold = 0;
	sftpbench_ask(b, FXP_MKDIR, "sa", "/home/d", &none);
	open_now("/home/d/slow", FXF_WRITE | FXF_CREAT, h);
	open_now("/home/file", FXF_READ, other);
	b->sent_len = 0;
	send(sftpbench_build(b, FXP_WRITE, "SqS", h, sizeof(h), UINT64_C(0), "ab", (size_t)2));
	send(sftpbench_build(b, FXP_STAT, "s", "/home/./file"));
	send(sftpbench_build(b, FXP_STAT, "s", "/home//d/slow"));
	send(sftpbench_build(b, FXP_STAT, "s", "/home/d"));
	send(sftpbench_build(b, FXP_STAT, "s", "/home/link/../d"));
	send(sftpbench_build(b, FXP_READ, "Squ", other, sizeof(other), UINT64_C(0), 5u));
	send(sftpbench_build(b, FXP_CLOSE, "S", h, sizeof(h)));
	/* Another open file is none of this; a name could lead to it. */
	CU_ASSERT_EQUAL(b->tasks, 2);
	CU_ASSERT_TRUE(b->ticking);
	clock_ms += JOB_LATE_MS;
	b->ticking = 0;
	session_tick(&b->s);
	CU_ASSERT_EQUAL(b->tasks, 3);
	before = b->ran;
	sftpbench_run(b, 2);
	CU_ASSERT_EQUAL(next_id(), 5);
	/* Nor do others wait for those that wait for it. */
	send(sftpbench_build(b, FXP_STAT, "s", "/home/link"));
	CU_ASSERT_EQUAL(b->tasks, 3);
	sftpbench_run_all(b);
	CU_ASSERT_EQUAL(b->ran - before, 8);
	CU_ASSERT_EQUAL(b->s.count, 0);
	finish();
}

static void
test_handles_come_free(void)
{
	char h[2][HANDLE_SIZE];
	struct reply r;

	begin("MaxHandles 2", FILES_WAIT_ANY);
	open_now("/home/file", FXF_READ | FXF_WRITE, h[0]);
	open_now("/home/file", FXF_READ, h[1]);
	b->sent_len = 0;
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/file", FXF_READ, &none));
	r = sftpbench_reply(b);
	CU_ASSERT(r.type == FXP_STATUS && cur_u32(&r.c) == FX_FAILURE);
	/* Asked for before: one will be free. Then there is none for the last. */
	send(sftpbench_build(b, FXP_CLOSE, "S", h[0], sizeof(h[0])));
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/file", FXF_READ, &none));
	send(sftpbench_build(b, FXP_OPENDIR, "s", "/home"));
	sftpbench_run_all(b);
	CU_ASSERT_EQUAL(sftpbench_reply(b).type, FXP_STATUS);
	CU_ASSERT_EQUAL(sftpbench_reply(b).type, FXP_HANDLE);
	r = sftpbench_reply(b);
	CU_ASSERT(r.type == FXP_STATUS && r.id == b->id && cur_u32(&r.c) == FX_FAILURE);
	/* One that fails gives its handle back. */
	b->hold = 0;
	sftpbench_ask(b, FXP_CLOSE, "S", h[1], sizeof(h[1]));
	b->hold = 1;
	b->sent_len = 0;
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/nothing", FXF_READ, &none));
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/file", FXF_READ, &none));
	sftpbench_run_all(b);
	CU_ASSERT_EQUAL(sftpbench_reply(b).type, FXP_STATUS);
	CU_ASSERT_EQUAL(sftpbench_reply(b).type, FXP_HANDLE);
	finish();
}

/* Nothing is taken beyond the bounds; what waits goes on when there are tasks. */
static void
test_bounds(void)
{
	static uint8_t stream[600 * 64];
	size_t len = 0, n, took;
	char h[HANDLE_SIZE];

	begin("MaxRequests 300\nMaxBuffered 256", FILES_WAIT_ANY);
	open_now("/home/file", FXF_READ, h);
	b->sent_len = 0;
	for (n = 0; n < 600; n++) {
		size_t one = sftpbench_build(b, FXP_STAT, "s", "/home/file");

		memcpy(stream + len, b->packet, one);
		len += one;
	}
	took = session_input(&b->s, stream, len);
	CU_ASSERT(b->s.held >= 256 * 1024 && b->s.count < 300 && took == len / 600 * b->s.count);
	CU_ASSERT_EQUAL(session_input(&b->s, stream + took, len - took), 0);
	CU_ASSERT_EQUAL(b->tasks, JOB_TASKS);
	b->s.options.buffered = SIZE_MAX;
	took += session_input(&b->s, stream + took, len - took);
	CU_ASSERT(b->s.count == 300 && took == len / 2 && !session_wants(&b->s));
	while (took < len || b->s.count > 0) {
		/* Now and then there is none to be had. */
		b->refuse = any(4) == 0;
		if (b->tasks > 0)
			sftpbench_run(b, any(b->tasks));
		b->refuse = 0;
		if (b->ticking) {
			b->ticking = 0;
			session_tick(&b->s);
		}
		took += session_input(&b->s, stream + took, len - took);
		CU_ASSERT(b->s.count <= 300 && b->s.tasks <= JOB_TASKS);
	}
	for (n = 0; sftpbench_reply(b).type == FXP_ATTRS; n++)
		;
	CU_ASSERT_EQUAL(n, 600);
	finish();
}

static void
read_now(const char *h, uint64_t off)
{
	b->hold = 0;
	CU_ASSERT_EQUAL(sftpbench_ask(b, FXP_READ, "Squ", h, (size_t)HANDLE_SIZE, off, 1000u).type, FXP_DATA);
	b->hold = 1;
}

static void
test_ahead(void)
{
	struct attrs size = { .flags = ATTR_SIZE, .size = 60000 };
	char h[HANDLE_SIZE];

	begin("", FILES_WAIT_ANY);
	open_now("/home/file", FXF_READ | FXF_WRITE, h);
	b->hold = 0;
	sftpbench_ask(b, FXP_SETSTAT, "sa", "/home/file", &size);
	read_now(h, 0);
	read_now(h, 5000);
	read_now(h, 6000);
	CU_ASSERT_EQUAL(m->ahead_len, 0);
	read_now(h, 7000);
	CU_ASSERT(m->ahead_off == 8000 && m->ahead_len == SESSION_AHEAD);
	m->ahead_len = 0;
	read_now(h, 8000);
	CU_ASSERT_EQUAL(m->ahead_len, 0);
	/* A seek and a write end it. */
	read_now(h, 20000);
	read_now(h, 21000);
	sftpbench_build(b, FXP_WRITE, "SqS", h, sizeof(h), UINT64_C(22000), "x", (size_t)1);
	sftpbench_feed(b, b->packet, 4 + load_u32(b->packet));
	sftpbench_run_all(b);
	read_now(h, 22000);
	CU_ASSERT_EQUAL(m->ahead_len, 0);
	read_now(h, 23000);
	read_now(h, 24000);
	CU_ASSERT(m->ahead_off == 25000 && m->ahead_len == SESSION_AHEAD);
	finish();
}

/* The peer is gone: what was taken and changes something is done; all is closed. */
static void
test_gone(void)
{
	char h[HANDLE_SIZE];

	begin("", FILES_WAIT_ANY);
	open_now("/home/new", FXF_WRITE | FXF_CREAT, h);
	send(sftpbench_build(b, FXP_WRITE, "SqS", h, sizeof(h), UINT64_C(0), "ab", (size_t)2));
	send(sftpbench_build(b, FXP_WRITE, "SqS", h, sizeof(h), UINT64_C(2), "cd", (size_t)2));
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/file", FXF_READ, &none));
	send(sftpbench_build(b, FXP_OPEN, "sua", "/home/two", FXF_WRITE | FXF_CREAT, &none));
	send(sftpbench_build(b, FXP_REMOVE, "s", "/home/file"));
	session_end(&b->s);
	CU_ASSERT_FALSE(session_idle(&b->s));
	sftpbench_run_all(b);
	CU_ASSERT_TRUE(session_idle(&b->s));
	CU_ASSERT_EQUAL(memfiles_opened(m), 0);
	CU_ASSERT_EQUAL(m->node[4].size, 4);
	CU_ASSERT_STRING_EQUAL(m->node[2].path, "");
	finish();
}

/* ---- a model ---- */

#define SCRIPT 60u
#define OPENED 4u
#define REPLIES 65536u

/* One request of a script: what is asked does not depend on answers. */
static size_t
some_request(char h[OPENED][HANDLE_SIZE])
{
	static const char *const paths[] = { "/home/file", "/home/link", "/home/a", "/home/b", "/home/d",
		"/home/d/x", "/home/d/../a", "relative" };
	struct attrs size = { .flags = ATTR_SIZE | ATTR_PERMISSIONS, .size = any(40), .permissions = any(512) };
	const char *p = paths[any(8)], *q = paths[any(8)], *handle = h[any(OPENED)];
	const char *text = "abcdefghijklmnop";
	uint64_t off = any(30);

	switch (any(18)) {
	case 0:
		return sftpbench_build(b, FXP_STAT, "s", p);
	case 1:
		return sftpbench_build(b, FXP_LSTAT, "s", p);
	case 2:
		return sftpbench_build(b, FXP_SETSTAT, "sa", p, &size);
	case 3:
		return sftpbench_build(b, FXP_FSETSTAT, "Sa", handle, (size_t)HANDLE_SIZE, &size);
	case 4:
		return sftpbench_build(b, FXP_REMOVE, "s", p);
	case 5:
		return sftpbench_build(b, FXP_MKDIR, "sa", p, &none);
	case 6:
		return sftpbench_build(b, FXP_RMDIR, "s", p);
	case 7:
		return sftpbench_build(b, FXP_RENAME, "ss", p, q);
	case 8:
		return sftpbench_build(b, FXP_EXTENDED, "sss", "posix-rename@openssh.com", p, q);
	case 9:
		return sftpbench_build(b, FXP_SYMLINK, "ss", p, q);
	case 10:
		return sftpbench_build(b, FXP_READLINK, "s", p);
	case 11:
		return sftpbench_build(b, FXP_OPEN, "sua", p, any(64), &none);
	case 12:
		return sftpbench_build(b, FXP_FSTAT, "S", handle, (size_t)HANDLE_SIZE);
	case 13:
		return sftpbench_build(b, FXP_CLOSE, "S", handle, (size_t)HANDLE_SIZE);
	case 14:
	case 15:
		return sftpbench_build(b, FXP_READ, "Squ", handle, (size_t)HANDLE_SIZE, off, 1 + any(20));
	default:
		return sftpbench_build(
		    b, FXP_WRITE, "SqS", handle, (size_t)HANDLE_SIZE, off, text + any(8), (size_t)any(8));
	}
}

/* Replies by id, one each; what names a handle only says so. */
static size_t
collect(uint8_t *to, uint32_t first)
{
	struct reply r[SCRIPT];
	unsigned seen[SCRIPT] = { 0 };
	size_t len = 0, at, i;
	uint32_t size;

	memset(r, 0, sizeof(r));
	for (at = 0; at < b->sent_len; at += 4 + size) {
		size = load_u32(b->sent + at);
		i = load_u32(b->sent + at + 5) - first;
		CU_ASSERT_FATAL(i < SCRIPT);
		seen[i]++;
		r[i].type = b->sent[at + 4];
		r[i].c = (struct cur){ b->sent + at + 9, b->sent + at + 4 + size, 0 };
	}
	for (i = 0; i < SCRIPT; i++) {
		CU_ASSERT_EQUAL(seen[i], 1);
		to[len++] = r[i].type;
		if (r[i].type == FXP_HANDLE || r[i].c.at == NULL)
			continue;
		memcpy(to + len, r[i].c.at, cur_left(&r[i].c));
		len += cur_left(&r[i].c);
	}
	return len;
}

/* The script of this seed: `shuffled`, in flight together and finished in any order; or
 * one after the other, as OpenSSH's server does it. */
static size_t
play(uint64_t script, int shuffled, uint8_t *to, unsigned *most)
{
	char h[OPENED][HANDLE_SIZE];
	uint64_t order = script * 31 + 7, keep;
	uint32_t first;
	unsigned i;

	begin("", script % 3 == 0 ? FILES_WAIT_DISK : FILES_WAIT_ANY);
	m->cold = script % 2;
	open_now("/home/file", FXF_READ, h[0]);
	open_now("/home/file", FXF_READ | FXF_WRITE, h[1]);
	open_now("/home/a", FXF_READ | FXF_WRITE | FXF_CREAT, h[2]);
	open_now("/home/b", FXF_WRITE | FXF_CREAT, h[3]);
	b->sent_len = 0;
	b->hold = shuffled;
	seed = script;
	first = b->id + 1;
	for (i = 0; i < SCRIPT; i++) {
		send(some_request(h));
		keep = seed;
		seed = order;
		*most = b->s.count > *most ? b->s.count : *most;
		while (shuffled && b->tasks > 0 && any(script % 13 + 2) == 0)
			sftpbench_run(b, any(b->tasks));
		order = seed;
		seed = keep;
	}
	seed = order;
	while (b->tasks > 0)
		sftpbench_run(b, any(b->tasks));
	CU_ASSERT_TRUE(session_done(&b->s));
	return collect(to, first);
}

static void
test_model(void)
{
	static uint8_t one[REPLIES], other[REPLIES];
	uint64_t script;
	unsigned most = 0, bad = 0;
	size_t len;

	for (script = 1; script <= 2000 && bad < 3; script++) {
		len = play(script, 0, one, &most);
		finish();
		if (play(script, 1, other, &most) != len || memcmp(one, other, len) != 0) {
			printf("script %u\n", (unsigned)script);
			bad++;
		}
		finish();
	}
	CU_ASSERT_EQUAL(bad, 0);
	/* They were in flight indeed. */
	CU_ASSERT(most > SCRIPT / 2);
}

/* ---- threads ---- */

#define THREADS 4u
#define QUEUE 64u

static struct {
	pthread_mutex_t lock;
	pthread_cond_t there;
	struct job *given[QUEUE];
	unsigned given_count;
	struct job *done[QUEUE];
	unsigned done_count;
	int stop;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .there = PTHREAD_COND_INITIALIZER };

static void *
worker(void *arg)
{
	struct job *j;

	(void)arg;
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		while (pool.given_count == 0 && !pool.stop)
			pthread_cond_wait(&pool.there, &pool.lock);
		if (pool.given_count == 0)
			break;
		j = pool.given[--pool.given_count];
		pthread_mutex_unlock(&pool.lock);
		session_work(j);
		pthread_mutex_lock(&pool.lock);
		pool.done[pool.done_count++] = j;
		pthread_cond_broadcast(&pool.there);
	}
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

/* Give what the session gave; take back one or more of what is done. */
static void
pump(void)
{
	struct job *done[QUEUE];
	unsigned i, n;

	pthread_mutex_lock(&pool.lock);
	for (i = 0; i < b->tasks; i++)
		pool.given[pool.given_count++] = b->task[i];
	b->tasks = 0;
	pthread_cond_broadcast(&pool.there);
	while (pool.done_count == 0)
		pthread_cond_wait(&pool.there, &pool.lock);
	n = pool.done_count;
	memcpy(done, pool.done, n * sizeof(done[0]));
	pool.done_count = 0;
	pthread_mutex_unlock(&pool.lock);
	for (i = 0; i < n; i++)
		session_finished(&b->s, done[i]);
	session_flush(&b->s);
	if (b->ticking) {
		b->ticking = 0;
		session_tick(&b->s);
	}
}

static void
ask(size_t len)
{
	size_t took = 0;

	while ((took += session_input(&b->s, b->packet + took, len - took)) < len)
		pump();
	session_flush(&b->s);
}

#define FILES 6u
#define WRITES 40u

/* Files written, read back and renamed at once, on threads; each byte where it belongs. */
static void
test_threads(void)
{
	static char bulk[8192];
	char name[16], h[FILES][HANDLE_SIZE];
	pthread_t thread[THREADS];
	unsigned i, k, dir = 0, data = 0, ok = 0;
	struct reply r;

	pool.stop = 0;
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, worker, NULL);
	b = sftpbench_new("");
	sftpbench_init(b);
	b->hold = 1;
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		open_now(name, FXF_READ | FXF_WRITE | FXF_CREAT, h[i]);
	}
	/* As on a file system that may wait for anybody. */
	for (i = 0; i < FILES; i++) {
		b->s.handles.place[i]->wait = FILES_WAIT_ANY;
		b->s.handles.place[i]->uncached = 1;
	}
	b->sent_len = 0;
	for (k = 0; k < WRITES; k++)
		for (i = 0; i < FILES; i++) {
			memset(bulk, (int)('a' + (i + k) % 26), sizeof(bulk));
			ask(sftpbench_build(b, FXP_WRITE, "SqS", h[i], sizeof(h[i]),
			    (uint64_t)k * sizeof(bulk), bulk, sizeof(bulk)));
			ask(sftpbench_build(b, FXP_READ, "Squ", h[i], sizeof(h[i]),
			    (uint64_t)k * sizeof(bulk), (uint32_t)sizeof(bulk)));
			if (k % 8 == i)
				ask(sftpbench_build(b, FXP_EXTENDED, "s", "limits@openssh.com"));
			if (k % 10 == i)
				ask(sftpbench_build(b, FXP_OPENDIR, "s", "."));
		}
	for (i = 0; i < FILES; i++)
		ask(sftpbench_build(b, FXP_CLOSE, "S", h[i], sizeof(h[i])));
	while (b->s.count > 0)
		pump();
	while ((r = sftpbench_reply(b)).type != 0) {
		dir += r.type == FXP_HANDLE;
		ok += r.type == FXP_STATUS && cur_u32(&r.c) == FX_OK;
		if (r.type == FXP_DATA) {
			struct text t = cur_string(&r.c);

			CU_ASSERT(t.len == sizeof(bulk) && t.data[0] == t.data[t.len - 1]);
			data++;
		}
	}
	CU_ASSERT_EQUAL(data, FILES * WRITES);
	CU_ASSERT_EQUAL(ok, FILES * WRITES + FILES);
	CU_ASSERT(dir > 10);
	/* The directories are still open. */
	session_end(&b->s);
	while (!session_idle(&b->s))
		pump();
	CU_ASSERT_EQUAL(b->s.handles.count, 0);
	pthread_mutex_lock(&pool.lock);
	pool.stop = 1;
	pthread_cond_broadcast(&pool.there);
	pthread_mutex_unlock(&pool.lock);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	sftpbench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "replies as they are ready", test_as_they_finish },
		{ "a close does not overtake", test_close_waits },
		{ "what hangs holds up its own", test_hanging },
		{ "handles that come free", test_handles_come_free },
		{ "bounds", test_bounds },
		{ "read-ahead", test_ahead },
		{ "the peer is gone", test_gone },
		{ "results as one after the other", test_model },
		{ "on threads", test_threads },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sftp order", tests);
}
