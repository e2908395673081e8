/*
 * A capture as console makes it: the supervisor and the worker are this program, the
 * client has the other end of a socket pair. And the blocks of pcapng, by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "control/console/capture.h"
#include "control/console/pcapng.h"
#include "control/log.h"
#include "control/role.h"
#include "tests/lib/suite.h"

/* ---- pcapng ---- */

static uint32_t
at32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Type and both lengths of the block at p; its length. */
static uint32_t
block(const uint8_t *p, uint32_t type)
{
	uint32_t len = at32(p + 4);

	CU_ASSERT_EQUAL(at32(p), type);
	CU_ASSERT_TRUE_FATAL(len >= 12 && len % 4 == 0 && at32(p + len - 4) == len);
	return len;
}

static void
test_blocks(void)
{
	static uint8_t buf[2 * PCAPNG_BLOCK_MAX];
	struct pcapng_frame f = { .interface = 3, .ns = 0x0000000500000007ull, .len = 100, .out = true,
		.kept = view_str("abcde") };
	struct pcapng_stats s = { .interface = 3, .received = 9, .dropped = 2, .delivered = 7, .comment = "c" };
	char longest[600];
	size_t n;

	n = pcapng_section(buf, "app", "note");
	CU_ASSERT_EQUAL(block(buf, 0x0a0d0d0a), n);
	CU_ASSERT_EQUAL(at32(buf + 8), 0x1a2b3c4d);
	CU_ASSERT_EQUAL(at32(buf + 12), 1); /* version 1.0 */
	CU_ASSERT_EQUAL(memcmp(buf + 24, "\4\0\3\0app\0\1\0\4\0note\0\0\0\0", 20), 0);
	n = pcapng_interface(buf, "w", "", 65535);
	CU_ASSERT_EQUAL(block(buf, 1), n);
	CU_ASSERT_TRUE(at32(buf + 8) == 1 && at32(buf + 12) == 65535);
	CU_ASSERT_EQUAL(memcmp(buf + 16, "\2\0\1\0w\0\0\0\11\0\1\0\11\0\0\0\0\0\0\0", 20), 0);
	n = pcapng_frame(buf, &f);
	CU_ASSERT_EQUAL(block(buf, 6), n);
	CU_ASSERT_TRUE(at32(buf + 8) == 3 && at32(buf + 12) == 5 && at32(buf + 16) == 7);
	CU_ASSERT_TRUE(at32(buf + 20) == 5 && at32(buf + 24) == 100);
	CU_ASSERT_EQUAL(memcmp(buf + 28, "abcde\0\0\0\2\0\4\0\2\0\0\0\0\0\0\0", 20), 0);
	n = pcapng_stats(buf, &s);
	CU_ASSERT_EQUAL(block(buf, 5), n);
	/* Texts are cut. */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_TRUE(pcapng_section(buf, longest, longest) <= PCAPNG_BLOCK_MAX);
	CU_ASSERT_TRUE(pcapng_interface(buf, longest, longest, 1) <= PCAPNG_BLOCK_MAX);
	s.comment = longest;
	CU_ASSERT_TRUE(pcapng_stats(buf, &s) <= PCAPNG_BLOCK_MAX);
}

/* ---- a capture ---- */

static struct console c;
static struct meter *meter;
static int client, sup;
static struct region own, peer;
static struct ring_out out;
static uint32_t arena_end[CAPTURE_RING];
static int ring_fd;
static uint8_t buf[MSG_MAX];
static uint8_t file[4u << 20];
static size_t file_len;

static void
late(void *ctx)
{
	*(bool *)ctx = true;
	loop_stop(c.loop);
}

/* The loop, for a moment. */
static void
turn(void)
{
	bool done = false;

	(void)loop_after(c.loop, 5, late, &done);
	(void)loop_run(c.loop, NULL, NULL);
	CU_ASSERT_TRUE(done);
}

static void
setup(void)
{
	int pair[2], fd, i;

	memset(&c, 0, sizeof(c));
	c.loop = loop_new();
	CU_ASSERT_EQUAL_FATAL(meter_create(&meter, &fd, 1), 0);
	close(fd);
	c.meter[1] = meter;
	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		c.client[i].console = &c;
		c.client[i].fd = -1;
	}
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	client = pair[0];
	c.client[0].fd = pair[1];
	c.client[0].uid = 42;
	CU_ASSERT_EQUAL_FATAL(msg_pair(pair), 0);
	sup = pair[0];
	CU_ASSERT_EQUAL_FATAL(dup2(pair[1], ROLE_SUPERVISOR_FD), ROLE_SUPERVISOR_FD);
	close(pair[1]);
	file_len = 0;
}

static void
teardown(void)
{
	client_close(&c.client[0]);
	loop_free(c.loop);
	meter_detach(meter);
	region_close(&own);
	region_close(&peer);
	if (ring_fd >= 0)
		close(ring_fd);
	ring_fd = -1;
	close(client);
	close(sup);
	(void)dup2(STDERR_FILENO, ROLE_SUPERVISOR_FD);
}

static void
request(const char *text)
{
	request_take(&c, &c.client[0], text, strlen(text));
}

static bool
heard(struct msg *m, uint16_t type)
{
	return msg_recv(sup, m, buf) == 1 && m->type == type;
}

static void
answer(uint32_t tag, uint32_t leg, uint32_t reason, int fd)
{
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CAPTURE_IS, .tag = tag, .fds = { fd }, .fd_count = fd >= 0 };

	put_u32(&w, leg);
	put_u32(&w, reason);
	m.body = put_view(&w);
	capture_is(&c, &m);
}

/* Asked for, and the worker's side made. */
static void
begin(const char *text)
{
	struct capture_ask ask;
	struct msg m;
	struct cur b;

	request(text);
	CU_ASSERT_TRUE_FATAL(heard(&m, MSG_CAPTURE));
	CU_ASSERT_EQUAL_FATAL(m.fd_count, 2);
	b = cur_view(m.body);
	CU_ASSERT_EQUAL(cur_u32(&b), 42);
	CU_ASSERT_EQUAL(cur_u32(&b), 0);
	CU_ASSERT_EQUAL(cur_u32(&b), 1); /* the worker */
	CU_ASSERT_TRUE(capture_ask_get(&b, &ask) == 0 && cur_done(&b));
	CU_ASSERT_EQUAL_FATAL(region_create(&own, "worker", CAPTURE_RING, CAPTURE_ARENA), 0);
	CU_ASSERT_EQUAL_FATAL(region_attach(&peer, m.fds[0], CAPTURE_READ_RING, CAPTURE_READ_ARENA), 0);
	CU_ASSERT_EQUAL(bell_adopt(m.fds[1]), 0);
	ring_fd = msg_take_fd(&m, 1);
	ring_out_init(&out, &own, &peer, arena_end, false);
	msg_drop_fds(&m);
	answer(m.tag, 5, R_NONE, own.fd);
}

static bool
frame(uint16_t op, size_t len)
{
	static uint8_t bytes[CAPTURE_SNAP_MAX + 64];
	struct link_entry e = { .op = op, .arg = { 1000, len | CAPTURE_OUT, 1, 0 } };

	return ring_send(&out, &e, view_of(bytes, len));
}

static void
take(void)
{
	ssize_t n;

	while ((n = recv(client, file + file_len, sizeof(file) - file_len, MSG_DONTWAIT)) > 0)
		file_len += (size_t)n;
}

/* Blocks of a type in what came, behind the first line. */
static uint32_t
blocks(uint32_t type)
{
	const uint8_t *p = memchr(file, '\n', file_len);
	uint32_t n = 0;

	for (p = p != NULL ? p + 1 : file + file_len; p + 12 <= file + file_len; p += at32(p + 4))
		n += at32(p) == type;
	CU_ASSERT_TRUE(p == file + file_len);
	return n;
}

static void
test_stream(void)
{
	struct msg m;
	struct cur b;

	setup();
	begin("{\"verb\":\"capture\",\"op\":\"start\",\"which\":\"192.0.2.0/24\",\"seconds\":5}");
	take();
	CU_ASSERT_TRUE(file_len > 10 && memcmp(file, "{\"ok\":true", 10) == 0);
	CU_ASSERT_TRUE(blocks(0x0a0d0d0a) == 1 && blocks(1) == 1 && blocks(6) == 0);
	/* It sleeps; frames come, the bell wakes it. */
	CU_ASSERT_TRUE(frame(LINK_UP_FRAME, 60) && frame(LINK_UP_FRAME, 1514));
	CU_ASSERT_TRUE(ring_armed(&peer));
	bell_ring(ring_fd);
	turn();
	take();
	CU_ASSERT_EQUAL(blocks(6), 2);
	/* The client has enough: the supervisor hears it; the last frames and the
	 * statistics come yet. */
	CU_ASSERT_EQUAL(shutdown(client, SHUT_WR), 0);
	turn();
	CU_ASSERT_TRUE_FATAL(heard(&m, MSG_CAPTURE_STOP));
	b = cur_view(m.body);
	CU_ASSERT_EQUAL(cur_u32(&b), 5);
	CU_ASSERT_TRUE(frame(LINK_UP_FRAME, 60) && frame(LINK_UP_FRAME_END, 0));
	bell_ring(ring_fd);
	turn();
	take();
	CU_ASSERT_TRUE(blocks(6) == 3 && blocks(5) == 1);
	CU_ASSERT_EQUAL(c.client[0].fd, -1);
	teardown();
}

static bool
has(const char *text)
{
	return memmem(file, file_len, text, strlen(text)) != NULL;
}

/* Lines in place of a file; a frame among them is none of it. */
static void
test_trace(void)
{
	struct link_entry e = { .op = LINK_UP_TRACE, .conn = 3, .gen = 17, .msg = 94, .seq = 12, .chan = 1,
		.serial = TRACE_SERIAL(4, 1033), .arg = { 1000, 1060 | CAPTURE_OUT, 1, 0 } };

	setup();
	begin("{\"verb\":\"trace\",\"op\":\"on\",\"which\":\"192.0.2.0/24\"}");
	CU_ASSERT_EQUAL(c.client[0].stream->ask.kind, CAPTURE_RECORDS);
	CU_ASSERT_TRUE(ring_send(&out, &e, view_of(NULL, 0)));
	e.msg = 255;
	e.serial = UINT32_MAX; /* no phase, and no length of any payload */
	e.chan = LINK_CHAN_NONE;
	e.arg[1] = UINT64_MAX;
	CU_ASSERT_TRUE(ring_send(&out, &e, view_of(NULL, 0)));
	bell_ring(ring_fd);
	turn();
	take();
	CU_ASSERT_TRUE(has("{\"time_ns\":1000,\"session\":\"3-17\",\"direction\":\"out\",\"seq\":12,\"phase\":\"open\","
	    "\"message\":94,\"name\":\"CHANNEL_DATA\",\"payload\":1033,\"wire\":1060,\"channel\":1}\n"));
	CU_ASSERT_TRUE(has("\"phase\":\"?\",\"message\":255,\"name\":\"?\""));
	request("{\"verb\":\"trace\",\"op\":\"off\",\"which\":\"3-17\"}");
	take();
	CU_ASSERT_TRUE(has("no such trace"));
	CU_ASSERT_TRUE(frame(LINK_UP_FRAME, 60));
	bell_ring(ring_fd);
	turn();
	take();
	CU_ASSERT_TRUE(has("{\"records\":2,\"missed\":0}\n"));
	CU_ASSERT_EQUAL(c.client[0].fd, -1);
	teardown();
}

/* More than the client takes: nothing grows, nothing is lost that is in the ring. */
static void
test_slow(void)
{
	uint32_t sent = 0;

	setup();
	begin("{\"verb\":\"capture\",\"op\":\"start\"}");
	for (int i = 0; i < 2000; i++) {
		while (frame(LINK_UP_FRAME, 1500))
			sent++;
		bell_ring(ring_fd);
		if (i % 100 == 0)
			turn();
	}
	CU_ASSERT_TRUE(sent > 2000 && sent < 2 * CAPTURE_RING);
	while (file_len + (1u << 20) < sizeof(file)) {
		size_t before = file_len;

		take();
		turn();
		if (file_len == before)
			break;
	}
	CU_ASSERT_TRUE(file_len > 3u << 20);
	/* It goes without a word: that is a stop too. */
	shutdown(client, SHUT_RDWR);
	close(client);
	turn();
	turn();
	CU_ASSERT_EQUAL(c.client[0].fd, -1);
	CU_ASSERT_PTR_NULL(c.client[0].stream);
	client = dup(sup);
	teardown();
}

static void
test_refused(void)
{
	struct msg m;

	setup();
	request("{\"verb\":\"capture\",\"op\":\"start\",\"which\":\"nonsense\"}");
	CU_ASSERT_PTR_NULL(c.client[0].stream);
	/* of a worker that there is not */
	request("{\"verb\":\"capture\",\"op\":\"start\",\"which\":\"7-1\"}");
	CU_ASSERT_PTR_NULL(c.client[0].stream);
	request("{\"verb\":\"capture\",\"op\":\"start\"}");
	CU_ASSERT_TRUE_FATAL(heard(&m, MSG_CAPTURE));
	msg_drop_fds(&m);
	answer(m.tag, 6, R_LIMIT, -1);
	CU_ASSERT_PTR_NULL(c.client[0].stream);
	take();
	CU_ASSERT_PTR_NOT_NULL(memmem(file, file_len, "a limit of this service", 23));
	CU_ASSERT_TRUE(c.client[0].fd >= 0);
	/* An answer that nobody waits for any more is stopped. */
	answer(99, 8, R_NONE, -1);
	CU_ASSERT_TRUE(heard(&m, MSG_CAPTURE_STOP));
	request("{\"verb\":\"capture\",\"op\":\"status\"}");
	request("{\"verb\":\"capture\",\"op\":\"stop\",\"which\":\"4\"}");
	take();
	CU_ASSERT_PTR_NOT_NULL(memmem(file, file_len, "\"captures\":[]", 13));
	CU_ASSERT_PTR_NOT_NULL(memmem(file, file_len, "no such capture", 15));
	teardown();
}

/* A worker that breaks the rules ends its leg, and with it the file, whole. */
static void
test_hostile(void)
{
	static const struct link_entry wild[] = {
		{ .op = LINK_UP_FRAME, .off = CAPTURE_ARENA, .len = 1 },
		{ .op = LINK_UP_FRAME, .off = 0, .len = CAPTURE_SNAP_MAX + 1 },
		{ .op = LINK_UP_FRAME, .off = 1, .len = UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		setup();
		begin("{\"verb\":\"capture\",\"op\":\"start\"}");
		CU_ASSERT_TRUE(frame(LINK_UP_FRAME, 60));
		region_entries(&own)[1] = wild[i];
		__atomic_store_n(&region_header(&own)->head, 2u, __ATOMIC_RELEASE);
		bell_ring(ring_fd);
		turn();
		take();
		CU_ASSERT_TRUE(blocks(6) == 1 && blocks(5) == 1);
		CU_ASSERT_EQUAL(c.client[0].fd, -1);
		teardown();
	}
	setup();
	begin("{\"verb\":\"capture\",\"op\":\"start\"}");
	__atomic_store_n(&region_header(&own)->head, 1u << 30, __ATOMIC_RELEASE);
	bell_ring(ring_fd);
	turn();
	CU_ASSERT_EQUAL(c.client[0].fd, -1);
	teardown();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "blocks", test_blocks },
		{ "stream", test_stream },
		{ "a trace", test_trace },
		{ "a client that is slow, and goes", test_slow },
		{ "refused", test_refused },
		{ "a worker that lies", test_hostile },
		CU_TEST_INFO_NULL,
	};

	/* The number is taken before anything else has it. */
	(void)dup2(STDERR_FILENO, ROLE_SUPERVISOR_FD);
	ring_fd = -1;
	return suite_run("console capture", tests);
}
