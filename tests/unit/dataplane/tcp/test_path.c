/*
 * What is remembered of the paths to destinations: how many, for how long, which goes.
 */
#include "dataplane/tcp/tcp_path.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_stack.h"
#include "tests/lib/suite.h"

#define ENTRIES 4u
#define PEERS 40u
#define BLOCKS 64u
#define MTU 1000u
#define PEER_ISS 77u

static struct {
	struct tcp_stack *stack;
	struct pool pool;
	void *mem, *pool_mem;
	struct tcp *t;
	uint32_t seq;        /* behind our SYN */
	uint64_t now;
} s;

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	(void)owner;
	if (o->flags & TCP_SYN)
		s.seq = o->seq + 1;
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner, (void)now;
	s.t = t;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner, (void)t, (void)events, (void)reason, (void)now;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner, (void)reason;
}

static void
start(void)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	static const uint8_t secret[32] = { 5 };
	struct tcp_config c;

	memset(&s, 0, sizeof(s));
	s.now = 1000000000;
	tcp_config_default(&c, 1500);
	c.conn_max = 4;
	c.timewait_max = 4;
	c.path_entries = ENTRIES;
	s.mem = aligned_alloc(64, tcp_stack_size(&c));
	memset(s.mem, 0, tcp_stack_size(&c));
	s.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&s.pool, s.pool_mem, BLOCKS);
	s.stack = tcp_stack_init(s.mem, &c, &ops, &s.pool, NULL, secret);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.stack);
	tcp_listen(s.stack, 22);
}

static void
stop(void)
{
	free(s.mem);
	free(s.pool_mem);
}

static struct tcp_tuple
tuple(uint32_t peer)
{
	struct tcp_tuple t = { .local_port = 22, .remote_port = 40000 };

	memset(t.local.b + 10, 0xff, 2);
	memset(t.remote.b + 10, 0xff, 2);
	t.local.b[15] = 1;
	t.remote.b[14] = (uint8_t)(peer >> 8);
	t.remote.b[15] = (uint8_t)peer;
	return t;
}

/* A connection from this peer, and the path's MTU that it begins with. */
static uint32_t
join(uint32_t peer)
{
	static const uint8_t mss[4] = { 2, 4, 1460 >> 8, 1460 & 0xff };
	struct tcp_seg seg = { .tuple = tuple(peer), .seq = PEER_ISS, .flags = TCP_SYN, .window = 60000,
		.options = mss, .options_len = sizeof(mss) };

	s.t = NULL;
	tcp_input(s.stack, &seg, s.now);
	seg.seq++;
	seg.ack = s.seq;
	seg.flags = TCP_ACK;
	seg.options_len = 0;
	tcp_input(s.stack, &seg, s.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.t);
	return s.t->mss + tcp_path_overhead(s.t);
}

static void
leave(void)
{
	tcp_abort(s.t, 0, s.now);
}

static void
learn(uint32_t peer)
{
	static const uint8_t data[1460];
	struct tcp_icmp e = { .tuple = tuple(peer), .mtu = MTU, .size = 1500 };

	(void)join(peer);
	CU_ASSERT_EQUAL(tcp_put(s.t, data, sizeof(data)), 0);
	tcp_poll(s.stack, s.now);
	e.seq = s.seq;
	tcp_icmp_too_big(s.stack, &e, s.now);
	CU_ASSERT_EQUAL(s.t->mss + tcp_path_overhead(s.t), MTU);
	leave();
}

static uint32_t
remembered(void)
{
	uint32_t n = 0;

	for (uint32_t peer = 2; peer < 2 + PEERS; peer++) {
		n += join(peer) == MTU;
		leave();
	}
	return n;
}

static void
test_bounded(void)
{
	struct tcp_stats st;

	start();
	for (uint32_t peer = 2; peer < 2 + PEERS; peer++) {
		learn(peer);
		CU_ASSERT_EQUAL(join(peer), MTU); /* the newest is always there */
		leave();
		s.now += 20000000;
	}
	CU_ASSERT_EQUAL(remembered(), ENTRIES);
	/* The oldest went: the last ones are there. */
	for (uint32_t peer = 2 + PEERS - ENTRIES; peer < 2 + PEERS; peer++) {
		CU_ASSERT_EQUAL(join(peer), MTU);
		leave();
	}
	tcp_get_stats(s.stack, &st);
	CU_ASSERT_EQUAL(st.path.taken, PEERS);
	CU_ASSERT_EQUAL(st.path.cached, PEERS + 2 * ENTRIES);
	CU_ASSERT_EQUAL(s.pool.free_count, BLOCKS);
	stop();
}

static void
test_age(void)
{
	start();
	learn(2);
	learn(2); /* once more: a place is not taken twice */
	CU_ASSERT_EQUAL(remembered(), 1);
	s.now += 570000000;
	CU_ASSERT_EQUAL(remembered(), 1);
	s.now += 60000000;
	CU_ASSERT_EQUAL(remembered(), 0);
	stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "so many destinations, the oldest goes", test_bounded },
		{ "for so long", test_age },
		CU_TEST_INFO_NULL,
	};

	return suite_run("path", tests);
}
