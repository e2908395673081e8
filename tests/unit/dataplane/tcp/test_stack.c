/*
 * Tables, limits and timers of a stack with many connections.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_stack.h"
#include "dataplane/tcp/tcp_wire.h"
#include "tests/lib/suite.h"

#define BLOCKS 64u

static struct {
	struct pool pool;
	void *pool_mem, *mem;
	struct tcp_stack *stack;
	struct tcp_seg_out last;
	uint32_t emitted, accepted, closed;
	uint32_t segments, payload; /* of what was emitted */
	uint32_t drops[REASON_MAX];
	struct tcp *t;
	int emit_result;
} h;

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct tcp_seg_out one;
	uint32_t off = 0;
	int r;

	(void)owner;
	h.last = *o;
	h.emitted++;
	do {
		off = tcp_cut(o, off, &one);
		h.segments++;
		h.payload += one.len;
	} while (off != 0);
	r = h.emit_result;
	if (r > 0)
		h.emit_result = -R_NET_TX_FULL; /* and then no more */
	return r;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner;
	(void)now;
	h.accepted++;
	h.t = t;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)t;
	(void)reason;
	(void)now;
	if (events & TCP_EV_CLOSED)
		h.closed++;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	h.drops[reason]++;
}

static void
start(uint32_t conns, uint32_t half, uint32_t tw)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	static const uint8_t secret[32] = { 1, 2, 3, [16] = 4 };
	struct tcp_config c;

	memset(&h, 0, sizeof(h));
	tcp_config_default(&c, 1500);
	c.conn_max = conns;
	c.half_open_max = half;
	c.timewait_max = tw;
	h.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	h.mem = aligned_alloc(64, tcp_stack_size(&c));
	memset(h.mem, 0, tcp_stack_size(&c));
	pool_init(&h.pool, h.pool_mem, BLOCKS);
	h.stack = tcp_stack_init(h.mem, &c, &ops, &h.pool, NULL, secret);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h.stack);
	tcp_listen(h.stack, 22);
}

static void
stop(void)
{
	CU_ASSERT_EQUAL(h.pool.free_count, BLOCKS);
	free(h.pool_mem);
	free(h.mem);
}

static struct tcp_tuple
tuple(uint32_t n)
{
	struct tcp_tuple t = { .local_port = 22, .remote_port = (uint16_t)(1024 + n % 60000) };

	t.local.b[15] = 1;
	t.remote.b[15] = 2;
	t.remote.b[14] = (uint8_t)(n / 60000);
	return t;
}

static void
input(uint32_t n, uint8_t flags, uint32_t seq, uint32_t ack, uint64_t now)
{
	struct tcp_seg seg = { .tuple = tuple(n), .seq = seq, .ack = ack, .flags = flags, .window = 1000 };

	tcp_input(h.stack, &seg, now);
}

static void
handshake(uint32_t n, uint64_t now)
{
	input(n, TCP_SYN, 100, 0, now);
	input(n, TCP_ACK, 101, h.last.seq + 1, now);
}

static void
test_config(void)
{
	struct tcp_config c;
	struct tcp_ops ops = { 0 };
	uint8_t secret[32] = { 0 };

	tcp_config_default(&c, 1500);
	CU_ASSERT_EQUAL(c.mss4, 1460);
	CU_ASSERT_EQUAL(c.mss6, 1440);
	c.rcv_buf = 10;
	CU_ASSERT_PTR_NULL(tcp_stack_init(NULL, &c, &ops, NULL, NULL, secret));
	tcp_config_default(&c, 1500);
	c.conn_max = 0;
	CU_ASSERT_PTR_NULL(tcp_stack_init(NULL, &c, &ops, NULL, NULL, secret));
	tcp_config_default(&c, 1500);
	CU_ASSERT_STRING_EQUAL(c.cc, "cubic");
	c.cc = "cubit";
	CU_ASSERT_PTR_NULL(tcp_stack_init(NULL, &c, &ops, NULL, NULL, secret));
}

static uint32_t
answered(const uint8_t local[16])
{
	struct tcp_seg seg = { .tuple = tuple(0), .seq = 1, .flags = TCP_SYN, .window = 1000 };

	memcpy(seg.tuple.local.b, local, 16);
	seg.tuple.remote_port = (uint16_t)(5000 + h.emitted);
	tcp_input(h.stack, &seg, 1000000);
	return h.last.flags;
}

/* Which addresses a port is open at. */
static void
test_listen_at(void)
{
	static const uint8_t a4[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, b4[16] = { [10] = 0xff, 0xff, 10, 0, 0, 2 };
	static const uint8_t a6[16] = { 0xfd, [15] = 1 }, b6[16] = { 0xfd, [15] = 2 };
	static const uint8_t all4[16] = { [10] = 0xff, 0xff }, all6[16];
	const uint32_t open = TCP_SYN | TCP_ACK, shut = TCP_RST | TCP_ACK;
	struct tcp_addr at;

	start(16, 16, 4);
	CU_ASSERT(answered(a4) == open && answered(b6) == open);
	tcp_unlisten(h.stack, 22);
	CU_ASSERT(answered(a4) == shut && answered(a6) == shut);
	memcpy(at.b, a4, 16);
	CU_ASSERT_EQUAL(tcp_listen_at(h.stack, &at, 22), 0);
	CU_ASSERT_EQUAL(tcp_listen_at(h.stack, &at, 22), 0);
	CU_ASSERT_EQUAL(h.stack->listener_count, 1);
	CU_ASSERT(answered(a4) == open && answered(b4) == shut && answered(a6) == shut);
	memcpy(at.b, all6, 16);
	CU_ASSERT_EQUAL(tcp_listen_at(h.stack, &at, 22), 0);
	CU_ASSERT(answered(a6) == open && answered(b6) == open && answered(b4) == shut);
	memcpy(at.b, all4, 16);
	CU_ASSERT_EQUAL(tcp_listen_at(h.stack, &at, 22), 0);
	CU_ASSERT_EQUAL(answered(b4), open);
	tcp_unlisten(h.stack, 22);
	CU_ASSERT_EQUAL(h.stack->listener_count, 0);
	for (uint16_t port = 1; port <= TCP_LISTEN_MAX; port++)
		CU_ASSERT_EQUAL(tcp_listen(h.stack, port), 0);
	CU_ASSERT_EQUAL(tcp_listen(h.stack, 99), -R_LIMIT);
	tcp_wipe(h.stack);
	stop();
}

static void
via_input(uint8_t flags, uint32_t seq, uint32_t ack, uint8_t via)
{
	struct tcp_seg seg = { .tuple = tuple(1), .seq = seq, .ack = ack, .flags = flags, .window = 1000,
		.via = via, .data = (const uint8_t *)"x", .data_len = (flags & TCP_PSH) != 0 };

	tcp_input(h.stack, &seg, 1000000);
}

/* Answers go back the way that the last segment in the window came. */
static void
test_via(void)
{
	uint32_t iss;

	start(16, 16, 4);
	via_input(TCP_SYN, 100, 0, 7);
	CU_ASSERT(h.last.via == 7 && h.last.flags == (TCP_SYN | TCP_ACK));
	iss = h.last.seq;
	via_input(TCP_ACK, 101, iss + 1, 7);
	via_input(TCP_ACK | TCP_PSH, 101, iss + 1, 8);
	CU_ASSERT_EQUAL(tcp_put(h.t, "yes", 3), 0);
	tcp_poll(h.stack, 1000001);
	CU_ASSERT_EQUAL(h.last.via, 8);
	via_input(TCP_ACK | TCP_PSH, 101 + (1u << 30), iss + 1, 9); /* outside the window */
	CU_ASSERT_EQUAL(h.last.via, 8);
	via_input(TCP_RST, 150, iss + 1, 9); /* challenged: RFC 5961 section 3.2 */
	CU_ASSERT_EQUAL(tcp_put(h.t, "yes", 3), 0);
	tcp_poll(h.stack, 1000002);
	CU_ASSERT_EQUAL(h.last.via, 8);
	tcp_abort(h.t, R_KILLED, 1000003);
	CU_ASSERT_EQUAL(h.last.via, 8);
	via_input(TCP_ACK, 5, 6, 3); /* no connection any more */
	CU_ASSERT(h.last.via == 3 && h.last.flags == TCP_RST);
	stop();
}

static void
test_many(void)
{
	struct tcp_stats st;
	struct tcp_tuple t;

	start(3000, 16, 16);
	for (uint32_t i = 0; i < 3000; i++)
		handshake(i, 1000);
	CU_ASSERT_EQUAL(h.accepted, 3000);
	handshake(3000, 1000);
	CU_ASSERT_EQUAL(h.accepted, 3000);
	CU_ASSERT(h.drops[R_TCP_CONN_MAX] > 0);
	for (uint32_t i = 0; i < 3000; i++) {
		t = tuple(i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(tcp_table_find(h.stack, &t));
		CU_ASSERT(tcp_tuple_eq(tcp_tuple(tcp_table_find(h.stack, &t)), &t));
	}
	for (uint32_t i = 0; i < 3000; i += 2) {
		t = tuple(i);
		tcp_abort(tcp_table_find(h.stack, &t), 0, 1000);
		CU_ASSERT_PTR_NULL(tcp_table_find(h.stack, &t));
	}
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.conn_open, 1500);
	for (uint32_t i = 0; i < 3000; i += 2)
		handshake(i, 2000);
	CU_ASSERT_EQUAL(h.accepted, 4500);
	stop();
}

/* A flood pushes out its oldest; the newest still gets through. */
static void
test_half_open(void)
{
	struct tcp_stats st;

	start(64, 8, 8);
	for (uint32_t i = 0; i < 100; i++)
		input(i, TCP_SYN, 100, 0, 1000);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 8);
	CU_ASSERT_EQUAL(st.conn_open, 8);
	CU_ASSERT_EQUAL(h.drops[R_TCP_BACKLOG], 92);
	input(99, TCP_ACK, 101, h.last.seq + 1, 1000);
	CU_ASSERT_EQUAL(h.accepted, 1);
	/* At most two more answers to each, then they are forgotten. */
	h.emitted = 0;
	for (uint64_t now = 1000; tcp_next(h.stack, now) != UINT64_MAX; now = tcp_next(h.stack, now))
		tcp_poll(h.stack, now);
	CU_ASSERT_EQUAL(h.emitted, 2 * 7);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 0);
	CU_ASSERT_EQUAL(st.conn_open, 1);
	CU_ASSERT_EQUAL(h.closed, 0);
	stop();
}

/* One of many sources: an IPv6 /64 or an IPv4 address. */
static void
input_from(uint32_t source, bool v4, uint16_t port, uint8_t flags, uint32_t ack)
{
	struct tcp_seg seg = { .tuple = tuple(0), .seq = (flags & TCP_SYN) ? 100 : 101, .ack = ack,
	    .flags = flags, .window = 1000 };
	uint8_t *b = seg.tuple.remote.b;

	seg.tuple.remote_port = port;
	if (v4)
		memset(b + 10, 0xff, 2);
	else
		b[12] = (uint8_t)port; /* its hosts */
	for (uint32_t i = 0; i < 3; i++)
		b[(v4 ? 13u : 5u) + i] = (uint8_t)(source >> (8 * (2 - i)));
	tcp_input(h.stack, &seg, 1000);
}

/* RFC 4987 section 3.3: one source takes its own places alone. */
static void
test_sources(void)
{
	struct tcp_stats st;

	start(256, 256, 8);
	for (uint16_t i = 0; i < 100; i++)
		input_from(7, false, (uint16_t)(1000 + i), TCP_SYN, 0);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 64);
	CU_ASSERT_EQUAL(h.drops[R_TCP_SOURCE], 36);
	for (uint16_t i = 0; i < 100; i++)
		input_from(7, true, (uint16_t)(1000 + i), TCP_SYN, 0);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 128);
	CU_ASSERT_EQUAL(h.drops[R_TCP_SOURCE], 72);
	for (uint32_t i = 0; i < 100; i++)
		input_from(100 + i, i % 2, 1000, TCP_SYN, 0);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 228);
	CU_ASSERT_EQUAL(h.drops[R_TCP_SOURCE], 72);
	CU_ASSERT_EQUAL(h.drops[R_TCP_BACKLOG], 0);
	input_from(100, false, 1000, TCP_RST, 0);
	for (uint64_t now = 1000; tcp_next(h.stack, now) != UINT64_MAX; now = tcp_next(h.stack, now))
		tcp_poll(h.stack, now);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 0);
	/* All are forgotten by their cells, too. */
	for (uint16_t i = 0; i < 64; i++)
		input_from(7, false, (uint16_t)(1000 + i), TCP_SYN, 0);
	CU_ASSERT_EQUAL(h.drops[R_TCP_SOURCE], 72);
	stop();
}

#define FLOOD 3000u

/* A flood of many sources: the table stays as it is at the threshold, whoever
 * answers gets through, and nobody guesses a cookie. */
static void
test_cookies(void)
{
	struct tcp_stats st;
	uint32_t x = 1;

	start(2000, 1024, 8);
	for (uint32_t i = 0; i < FLOOD; i++)
		input_from(i, i % 2, 1000, TCP_SYN, 0);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.half_open, 768);
	CU_ASSERT_EQUAL(st.conn_open, 768);
	CU_ASSERT_EQUAL(st.guard.cookies_out, FLOOD - 768);
	CU_ASSERT_EQUAL(h.drops[R_TCP_BACKLOG] + h.drops[R_TCP_SOURCE], 0);
	CU_ASSERT_EQUAL(h.emitted, FLOOD);
	for (uint32_t i = 0; i < 100000; i++) {
		x = x * 1664525u + 1013904223u;
		input_from(FLOOD + i, i % 2, 1000, TCP_ACK, x);
	}
	CU_ASSERT_EQUAL(h.accepted, 0);
	CU_ASSERT_EQUAL(h.drops[R_TCP_COOKIE_BAD], 100000);
	CU_ASSERT_EQUAL(h.emitted, FLOOD);
	input_from(FLOOD, false, 1000, TCP_SYN, 0);
	input_from(FLOOD, false, 1000, TCP_ACK, h.last.seq + 1);
	CU_ASSERT_EQUAL(h.accepted, 1);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.guard.cookies_in, 1);
	CU_ASSERT_EQUAL(st.half_open, 768);
	stop();
}

#define CHALLENGED 1500u

/* Forged resets to every connection in one instant: how many are answered. */
static uint32_t
challenge_all(uint64_t now)
{
	struct tcp_stats before, after;

	tcp_get_stats(h.stack, &before);
	for (uint32_t i = 0; i < CHALLENGED; i++)
		input(i, TCP_RST, 200, 0, now);
	tcp_get_stats(h.stack, &after);
	return (uint32_t)(after.guard.challenges - before.guard.challenges);
}

/* RFC 5961 section 7. The limit of all connections is another one each time
 * (CVE-2016-5696), so that what is left of it tells nothing. */
static void
test_challenges(void)
{
	uint32_t seen[8];
	uint32_t sum = 0, same = 0;

	start(CHALLENGED, 16, 16);
	for (uint32_t i = 0; i < CHALLENGED; i++)
		handshake(i, 1000);
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t now = 10000000ull * (i + 1);

		seen[i] = challenge_all(now);
		CU_ASSERT(seen[i] > 500 && seen[i] <= 1500);
		for (uint32_t j = 0; j < i; j++)
			same += seen[j] == seen[i];
		sum += seen[i];
		/* The same connections ask again: their own limit holds. */
		CU_ASSERT_EQUAL(h.drops[R_TCP_CHALLENGE_RATE], 0);
		CU_ASSERT(challenge_all(now + 100000) <= CHALLENGED - seen[i]);
		CU_ASSERT(h.drops[R_TCP_CHALLENGE_RATE] >= seen[i]);
		h.drops[R_TCP_CHALLENGE_RATE] = 0;
	}
	CU_ASSERT(same <= 1);
	CU_ASSERT(sum > 8 * 700 && sum < 8 * 1300);
	CU_ASSERT(h.drops[R_TCP_CHALLENGE_CAP] > 0);
	CU_ASSERT_EQUAL(h.drops[R_TCP_RST_IN], 0);
	for (uint32_t i = 0; i < CHALLENGED; i++) {
		struct tcp_tuple t = tuple(i);

		tcp_abort(tcp_table_find(h.stack, &t), 0, 1000);
	}
	stop();
}

static void
close_first(uint32_t n, uint64_t now)
{
	handshake(n, now);
	tcp_close(h.t, now);
	tcp_poll(h.stack, now);
	CU_ASSERT(h.last.flags & TCP_FIN);
	input(n, TCP_ACK | TCP_FIN, 101, h.last.seq + 1, now);
}

static void
test_timewait_cap(void)
{
	struct tcp_stats st;
	struct tcp_tuple t;
	uint64_t now;

	start(16, 8, 4);
	for (uint32_t i = 0; i < 10; i++)
		close_first(i, 1000 + i);
	CU_ASSERT_EQUAL(h.closed, 10);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.timewait, 4);
	CU_ASSERT_EQUAL(h.drops[R_TCP_TIMEWAIT_MAX], 6);
	CU_ASSERT_EQUAL(st.conn_open, 0);
	t = tuple(5);
	CU_ASSERT_FALSE(tcp_tw_find(h.stack, &t));
	t = tuple(6);
	CU_ASSERT(tcp_tw_find(h.stack, &t));
	now = tcp_next(h.stack, 2000);
	CU_ASSERT(now >= 60000000 && now < 60003000);
	tcp_poll(h.stack, now + 10000);
	tcp_get_stats(h.stack, &st);
	CU_ASSERT_EQUAL(st.timewait, 0);
	CU_ASSERT_EQUAL(tcp_next(h.stack, now + 10000), UINT64_MAX);
	stop();
}

/* Timers of many connections fire in order of time, each when it is due. */
static void
test_timers(void)
{
	unsigned x = 7;
	uint64_t now = 1000, due[200];
	struct tcp *t[200];
	uint32_t fired = 0;

	start(256, 16, 16);
	for (uint32_t i = 0; i < 200; i++) {
		handshake(i, 1000);
		t[i] = h.t;
		tcp_poll(h.stack, 1000);
	}
	for (int round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 200; i++) {
			x = x * 1103515245u + 12345u;
			due[i] = now + 1 + (x >> 8) % 100000;
			tcp_timer_set(t[i], TCP_T_ACK, due[i]);
		}
		for (uint32_t i = 0; i < 200; i += 3)
			tcp_timer_stop(t[i], TCP_T_ACK);
		while (tcp_timer_next(h.stack) != UINT64_MAX) {
			uint64_t at = tcp_timer_next(h.stack);
			struct tcp *d;

			CU_ASSERT(at >= now);
			now = at;
			while ((d = tcp_timer_due(h.stack, now)) != NULL) {
				CU_ASSERT_EQUAL(d->due[TCP_T_ACK], now);
				tcp_timer_stop(d, TCP_T_ACK);
				fired++;
			}
		}
	}
	CU_ASSERT_EQUAL(fired, 20 * 133);
	stop();
}

static void
test_isn(void)
{
	struct tcp_tuple a = tuple(1), b = tuple(2);
	uint32_t first, other;

	start(4, 4, 4);
	first = tcp_isn(h.stack, &a, 4000);
	CU_ASSERT_EQUAL(tcp_isn(h.stack, &a, 8000), first + 1000); /* a clock of 4 us */
	CU_ASSERT_NOT_EQUAL(tcp_isn(h.stack, &b, 4000), first);
	CU_ASSERT_NOT_EQUAL(tcp_ts_offset(h.stack, &a), tcp_ts_offset(h.stack, &b));
	h.stack->isn_key[0] ^= 1; /* another start of the process */
	other = tcp_isn(h.stack, &a, 4000);
	CU_ASSERT_NOT_EQUAL(other, first);
	stop();
}

/* No packet to be had: the same bytes are tried again, none is skipped. */
static void
test_no_packet(void)
{
	uint32_t seq;

	start(4, 4, 4);
	handshake(1, 1000);
	tcp_poll(h.stack, 1000);
	h.emit_result = -R_NET_NO_PKT;
	CU_ASSERT_EQUAL(tcp_put(h.t, "hello", 5), 0);
	tcp_poll(h.stack, 2000);
	seq = h.last.seq;
	CU_ASSERT_EQUAL(tcp_next(h.stack, 2000), 2000);
	h.emit_result = 0;
	tcp_poll(h.stack, 2000);
	CU_ASSERT_EQUAL(h.last.seq, seq);
	CU_ASSERT_EQUAL(h.last.len, 5);
	CU_ASSERT(tcp_next(h.stack, 2000) > 2000);
	tcp_abort(h.t, 0, 3000);
	stop();
}

/* What is ready together leaves together: in full segments, in one run. */
static void
test_together(void)
{
	uint8_t small[37] = { 0 };
	uint32_t puts = 100, bytes = puts * sizeof(small);
	struct tcp_info info;

	start(4, 4, 4);
	handshake(1, 1000);
	input(1, TCP_ACK, 101, h.last.seq + 1, 1000);
	tcp_poll(h.stack, 1000);
	h.t->snd_wnd = h.t->max_wnd = 65535;
	h.emitted = h.segments = h.payload = 0;
	tcp_get_info(h.t, 1000, &info);
	for (uint32_t i = 0; i < puts; i++)
		CU_ASSERT_EQUAL(tcp_put(h.t, small, sizeof(small)), 0);
	CU_ASSERT_EQUAL(tcp_poll(h.stack, 2000), (bytes + info.mss - 1) / info.mss);
	CU_ASSERT_EQUAL(h.payload, bytes);
	CU_ASSERT_EQUAL(h.segments, (bytes + info.mss - 1) / info.mss);
	CU_ASSERT_EQUAL(h.emitted, 1);
	CU_ASSERT(h.last.flags & TCP_PSH);
	CU_ASSERT_EQUAL(h.last.len, bytes);
	tcp_abort(h.t, 0, 3000);
	stop();
}

/* Packets run out in a run: what is left goes out by the next poll, with the FIN. */
static void
test_part(void)
{
	static uint8_t data[5 * TCP_MSS_DEFAULT6];
	uint32_t seq, before;

	start(4, 4, 4);
	handshake(1, 1000);
	tcp_poll(h.stack, 1000);
	h.t->snd_wnd = h.t->max_wnd = 65535;
	CU_ASSERT_EQUAL(h.t->mss, TCP_MSS_DEFAULT6);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, sizeof(data)), 0);
	tcp_shutdown(h.t, 2000);
	h.emit_result = 2 * TCP_MSS_DEFAULT6;
	h.emitted = 0;
	seq = h.t->snd_nxt;
	before = h.t->segs_out;
	tcp_poll(h.stack, 2000);
	CU_ASSERT_EQUAL(h.emitted, 2);
	CU_ASSERT_EQUAL(h.t->snd_nxt, seq + 2 * TCP_MSS_DEFAULT6);
	CU_ASSERT_EQUAL(h.t->segs_out, before + 2);
	CU_ASSERT_EQUAL(tcp_next(h.stack, 2000), 2000);
	h.emit_result = 0;
	tcp_poll(h.stack, 2000);
	CU_ASSERT_EQUAL(h.last.seq, seq + 2 * TCP_MSS_DEFAULT6);
	CU_ASSERT_EQUAL(h.last.len, 3 * TCP_MSS_DEFAULT6);
	CU_ASSERT_EQUAL(h.t->segs_out, before + 5);
	CU_ASSERT(h.last.flags & TCP_FIN);
	CU_ASSERT_EQUAL(h.t->snd_nxt, seq + 5 * TCP_MSS_DEFAULT6 + 1);
	tcp_abort(h.t, 0, 3000);
	stop();
}

static void
test_room(void)
{
	static uint8_t data[1 << 20];
	struct tcp_info info;
	size_t room;

	start(4, 4, 4);
	handshake(1, 1000);
	CU_ASSERT_EQUAL(tcp_room(h.t), 64 << 10);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, (64 << 10) + 1), -R_LIMIT);
	CU_ASSERT_EQUAL(tcp_set_snd_buf(h.t, 2047), -R_LIMIT);
	CU_ASSERT_EQUAL(tcp_set_snd_buf(h.t, 1 << 20), 0);
	room = tcp_room(h.t);
	CU_ASSERT(room > 0 && room <= BLOCKS * POOL_DATA);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, room + 1), -R_TCP_NO_BLOCK);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, room), 0);
	CU_ASSERT_EQUAL(tcp_room(h.t), 0);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, 1 << 20), -R_LIMIT);
	tcp_get_info(h.t, 1000, &info);
	CU_ASSERT(info.blocks > 0);
	tcp_close(h.t, 1000);
	CU_ASSERT_EQUAL(tcp_put(h.t, data, 1), -R_LIMIT);
	tcp_abort(h.t, 0, 1000);
	stop();
}

static void
test_wipe(void)
{
	const uint8_t *mem;
	uint32_t found = 0;

	start(4, 4, 4);
	handshake(1, 1000);
	tcp_put(h.t, "SECRETSECRET", 12);
	tcp_wipe(h.stack);
	mem = h.pool_mem;
	for (size_t i = 0; i < 2 * POOL_BLOCK; i++)
		found += memcmp(mem + i, "SECRET", 6) == 0;
	CU_ASSERT_EQUAL(found, 0);
	stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "addresses that are listened at", test_listen_at },
		{ "answers go back the way", test_via },
		{ "a configuration that makes no sense", test_config },
		{ "thousands of connections, found and freed", test_many },
		{ "half-open limit and SYN-ACK retries", test_half_open },
		{ "one source takes its own places alone", test_sources },
		{ "SYN cookies under pressure", test_cookies },
		{ "challenge ACKs of all connections are limited, nobody knows how", test_challenges },
		{ "TIME-WAIT gives up its oldest and ends", test_timewait_cap },
		{ "timers fire when due", test_timers },
		{ "initial sequence numbers", test_isn },
		{ "no packet: tried again", test_no_packet },
		{ "what is ready together leaves together", test_together },
		{ "packets run out in a run", test_part },
		{ "room in the send buffer", test_room },
		{ "wipe", test_wipe },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_stack", tests);
}
