/*
 * Peers that go silent, or never read: what ends a connection that makes no progress,
 * and when. Two stacks, a wire of fixed delay, virtual time; times, sizes and who is
 * silent follow from a seed.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_wire.h"
#include "tests/lib/suite.h"

#define CONNS 4u
#define BLOCKS 1024u
#define FRAMES 1024u
#define FRAME_MAX 1600u
#define ROUNDS 40u
#define SLACK_US 3000u       /* clocks of milliseconds */

struct node {
	uint32_t id;
	struct tcp_stack *stack;
	struct pool pool;
	void *mem, *pool_mem;
	struct tcp *t[CONNS];
	int reason[CONNS];
	uint64_t ended_at[CONNS];
	uint32_t count;
	bool silent;         /* what it sends is lost */
};

struct frame {
	uint64_t at;
	uint32_t to, len;
	uint16_t port;       /* the opener's */
	uint8_t data[FRAME_MAX];
};

static struct node node[2];
static struct frame queue[FRAMES];
static uint32_t head, tail;
static uint64_t now, delay;
static struct rng rng;

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct node *n = owner;
	struct frame *f = &queue[tail % FRAMES];
	int len;

	if (n->silent || tail - head == FRAMES)
		return 0;
	len = tcp_seg_build(o, f->data, sizeof(f->data));
	CU_ASSERT(len > 0);
	f->at = now + delay;
	f->to = 1 - n->id;
	f->len = (uint32_t)len;
	f->port = n->id == 0 ? o->tuple.local_port : o->tuple.remote_port;
	tail++;
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t at)
{
	struct node *n = owner;

	(void)at;
	n->t[n->count++] = t;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t at)
{
	struct node *n = owner;

	if (!(events & TCP_EV_CLOSED))
		return;
	for (uint32_t i = 0; i < n->count; i++) {
		if (n->t[i] != t)
			continue;
		n->t[i] = NULL;
		n->reason[i] = reason;
		n->ended_at[i] = at;
	}
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	(void)reason;
}

static struct tcp_tuple
ends(uint32_t id, uint16_t port)
{
	struct tcp_tuple t = sim_tuple(id, true);

	if (id == 0)
		t.local_port = port;
	else
		t.remote_port = port;
	return t;
}

static void
node_open(uint32_t id, const struct tcp_config *c)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	uint8_t secret[32] = { (uint8_t)rng_next(&rng), (uint8_t)id };
	struct node *n = &node[id];

	memset(n, 0, sizeof(*n));
	n->id = id;
	n->mem = aligned_alloc(64, tcp_stack_size(c));
	n->pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	memset(n->mem, 0, tcp_stack_size(c));
	pool_init(&n->pool, n->pool_mem, BLOCKS);
	n->stack = tcp_stack_init(n->mem, c, &ops, &n->pool, n, secret);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n->stack);
	(void)tcp_listen(n->stack, SIM_PORT);
}

static void
node_close(struct node *n)
{
	struct tcp_stats st;

	tcp_get_stats(n->stack, &st);
	sim_count_stats(&st);
	CU_ASSERT_EQUAL(st.conn_open, 0);
	CU_ASSERT_EQUAL(n->pool.free_count, n->pool.count);
	free(n->mem);
	free(n->pool_mem);
}

static void
deliver(void)
{
	while (head != tail && queue[head % FRAMES].at <= now) {
		const struct frame *f = &queue[head++ % FRAMES];
		struct tcp_tuple t = ends(f->to, f->port);
		struct tcp_seg seg = { .tuple = t };

		CU_ASSERT_EQUAL(tcp_seg_parse(&seg, f->data, f->len, t.local.b, t.remote.b), 0);
		tcp_input(node[f->to].stack, &seg, now);
	}
}

static void
run_to(uint64_t end)
{
	for (;;) {
		uint64_t next = head != tail ? queue[head % FRAMES].at : UINT64_MAX;

		for (int i = 0; i < 2; i++)
			if (tcp_next(node[i].stack, now) < next)
				next = tcp_next(node[i].stack, now);
		if (next > end)
			break;
		now = next > now ? next : now;
		deliver();
		for (int i = 0; i < 2; i++)
			(void)tcp_poll(node[i].stack, now);
	}
	now = end;
}

static void
write_some(struct tcp *t, uint32_t bytes)
{
	static const uint8_t zeros[1u << 16];

	CU_ASSERT_EQUAL(tcp_put(t, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros)), 0);
}

/* Both ends at rest: connected, some bytes there and back. */
static void
begin(const struct tcp_config *c, const struct tcp_own *own, uint32_t count)
{
	head = tail = 0;
	now = rng_next(&rng) >> 24;
	delay = 100 + rng_below(&rng, 100000);
	node_open(0, c);
	node_open(1, c);
	for (uint32_t i = 0; i < count; i++) {
		struct tcp_tuple t = ends(0, (uint16_t)(40000 + i));

		node[0].t[node[0].count++] = tcp_connect_own(node[0].stack, &t, own, NULL, now);
	}
	run_to(now + 4 * delay + 100000);
	for (uint32_t i = 0; i < count; i++) {
		write_some(node[0].t[i], 1 + rng_below(&rng, 3000));
		tcp_hold(node[1].t[i], rng_below(&rng, 2));
		write_some(node[1].t[i], 1 + rng_below(&rng, 3000));
	}
	run_to(now + 20 * delay + 500000);
	for (uint32_t i = 0; i < count; i++)
		tcp_take(node[1].t[i], tcp_readable(node[1].t[i]));
	run_to(now + 20 * delay + 500000);
}

/* What is left is given up; nothing stays. */
static void
end(void)
{
	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < node[i].count; k++)
			if (node[i].t[k] != NULL)
				tcp_abort(node[i].t[k], 0, now);
		node[i].count = 0;
	}
	run_to(now + 1000000000ull);
	node_close(&node[0]);
	node_close(&node[1]);
}

static void
expect(uint32_t i, int reason, uint64_t from, uint64_t to)
{
	CU_ASSERT_EQUAL(node[0].reason[i], reason);
	CU_ASSERT(node[0].ended_at[i] + SLACK_US >= from);
	CU_ASSERT(node[0].ended_at[i] <= to + SLACK_US);
	if (node[0].reason[i] != reason || node[0].ended_at[i] > to + SLACK_US)
		printf("\n%s at %" PRIu64 ", expected %" PRIu64 " to %" PRIu64 "\n",
		    reason_name(node[0].reason[i]), node[0].ended_at[i], from, to);
}

/* A peer that is gone: idle, all probes, and not before. One that answers stays. */
static void
keepalive(struct tcp_config *c, struct tcp_own *own)
{
	uint64_t idle, probes, from;

	own->keepalive = 1;
	own->keep_idle_ms = 1000 + rng_below(&rng, 100000);
	own->keep_interval_ms = 200 + rng_below(&rng, 10000);
	own->keep_count = 1 + rng_below(&rng, 9);
	/* The timer of a probe runs on when it is answered. */
	idle = (own->keep_idle_ms > own->keep_interval_ms ? own->keep_idle_ms : own->keep_interval_ms) * 1000ull;
	probes = own->keep_interval_ms * 1000ull * own->keep_count;
	begin(c, own, 1);
	run_to(now + 5 * idle);
	CU_ASSERT_PTR_NOT_NULL(node[0].t[0]);
	node[rng_below(&rng, 2)].silent = true;
	from = now;
	run_to(now + idle + probes + 2 * delay + 2 * SLACK_US);
	expect(0, R_TCP_KEEPALIVE, from + probes - 2 * delay, from + idle + probes + 2 * delay);
}

static void
user_timeout(struct tcp_config *c, struct tcp_own *own)
{
	uint64_t limit, from;

	own->user_timeout_ms = 500 + rng_below(&rng, 600000);
	limit = own->user_timeout_ms * 1000ull;
	c->retries = 1 + rng_below(&rng, 20);
	begin(c, own, 1);
	node[rng_below(&rng, 2)].silent = true;
	from = now;
	write_some(node[0].t[0], 1 + rng_below(&rng, 5000));
	run_to(now + limit + 2 * SLACK_US);
	expect(0, R_TCP_USER_TIMEOUT, from + limit, from + limit);
}

/* The peer answers each probe and never reads. */
static void
persist(struct tcp_config *c, struct tcp_own *own)
{
	uint64_t limit, from;

	c->rcv_buf = 4096 + rng_below(&rng, 30000);
	c->persist_ms = 1000 + rng_below(&rng, 300000);
	limit = c->persist_ms * 1000ull;
	begin(c, own, 1);
	from = now;
	write_some(node[0].t[0], 1u << 16);
	run_to(now + 2 * limit + 70000000);
	expect(0, R_TCP_PERSIST, from + limit, from + 2 * limit + 62000000);
}

/* Others take all blocks of our end but `leave`, or give them back. */
static struct block *others;

static void
others_take(uint32_t leave)
{
	while (node[0].pool.free_count > leave) {
		struct block *b = pool_get(&node[0].pool);

		b->next = others;
		others = b;
	}
}

static void
others_give(void)
{
	while (others != NULL) {
		struct block *b = others;

		others = b->next;
		pool_put(&node[0].pool, b);
	}
}

/* The same while the pool is nearly empty (RFC 6429), and for ever while it is not. */
static void
persist_low(struct tcp_config *c, struct tcp_own *own)
{
	uint64_t limit, from;

	c->rcv_buf = 4096 + rng_below(&rng, 30000);
	c->persist_ms = 0;
	c->persist_low_ms = 1000 + rng_below(&rng, 300000);
	limit = c->persist_low_ms * 1000ull;
	begin(c, own, 1);
	from = now;
	write_some(node[0].t[0], 1u << 16);
	run_to(now + 3 * limit + 200000000);
	CU_ASSERT_PTR_NOT_NULL(node[0].t[0]);
	others_take(BLOCKS / 10);
	if (rng_below(&rng, 2)) { /* it has waited for so long already: the next probe is the last */
		from = now;
		run_to(now + 62000000);
		expect(0, R_TCP_PERSIST, from, from + 60000000);
		others_give();
		return;
	}
	others_give();
	run_to(now + 3 * limit + 200000000);
	CU_ASSERT_PTR_NOT_NULL(node[0].t[0]);
}

/* Peers that have logged in, shut their windows and answer every probe, until there are
 * no blocks left: those that have waited longest go, until there are enough again, and
 * the one that takes what it is sent stays. */
static void
hoarders(struct tcp_config *c, struct tcp_own *own)
{
	uint32_t mover = rng_below(&rng, CONNS);
	uint64_t from;

	c->rcv_buf = 4096 + rng_below(&rng, 20000);
	c->persist_low_ms = 0;
	c->shed_idle_us = 1000000 + rng_below(&rng, 60000000);
	begin(c, own, CONNS);
	for (uint32_t i = 0; i < CONNS; i++)
		if (i != mover)
			write_some(node[0].t[i], 1u << 16);
	run_to(now + 20 * delay + 500000);
	others_take(BLOCKS / 20);
	from = now;
	for (uint64_t until = now + 3 * c->shed_idle_us + 100000000; now < until;) {
		tcp_take(node[1].t[mover], tcp_readable(node[1].t[mover]));
		if (tcp_room(node[0].t[mover]) > 0)
			write_some(node[0].t[mover], 1 + rng_below(&rng, tcp_room(node[0].t[mover]) < 2000 ?
			    (uint32_t)tcp_room(node[0].t[mover]) : 2000));
		run_to(now + c->shed_idle_us / 4);
		if (node[0].t[mover] == NULL)
			break;
	}
	CU_ASSERT_PTR_NOT_NULL(node[0].t[mover]);
	CU_ASSERT_EQUAL(tcp_get_load(node[0].stack).level[TCP_RES_BLOCKS] == TCP_SHEDDING, 0);
	for (uint32_t i = 0, left = 0; i < CONNS; i++) {
		if (i == mover)
			continue;
		left += node[0].t[i] != NULL;
		if (node[0].t[i] == NULL)
			expect(i, R_TCP_EVICTED, from, now);
		CU_ASSERT(left < CONNS - 1);
	}
	others_give();
}

static void
linger(struct tcp_config *c, struct tcp_own *own)
{
	uint64_t limit, from;

	own->linger_ms = 100 + rng_below(&rng, 20000);
	limit = own->linger_ms * 1000ull;
	begin(c, own, 1);
	node[1].silent = true;
	from = now;
	write_some(node[0].t[0], 1 + rng_below(&rng, 5000));
	tcp_close(node[0].t[0], now);
	run_to(now + limit + 2 * SLACK_US);
	expect(0, R_TCP_LINGER, from + limit, from + limit);
}

static void
orphans(struct tcp_config *c, struct tcp_own *own)
{
	uint32_t most = 1 + rng_below(&rng, CONNS - 1);
	uint64_t from;

	c->orphan_max = most;
	begin(c, own, CONNS);
	node[1].silent = true;
	from = now;
	for (uint32_t i = 0; i < CONNS; i++)
		tcp_close(node[0].t[i], now);
	run_to(now + 1000);
	for (uint32_t i = 0; i + most < CONNS; i++)
		expect(i, R_TCP_ORPHAN, from, from);
	for (uint32_t i = CONNS - most; i < CONNS; i++)
		CU_ASSERT_PTR_NOT_NULL(node[0].t[i]);
}

void
test_life(void)
{
	static void (*const kinds[])(struct tcp_config *, struct tcp_own *) = { keepalive, user_timeout,
		persist, persist_low, hoarders, linger, orphans };

	for (uint32_t i = 0; i < ROUNDS * sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct tcp_config c;
		struct tcp_own own;

		rng.s = i * 0x2545f4914f6cdd1du + 7;
		tcp_config_default(&c, 1500);
		c.conn_max = 8;
		c.half_open_max = 4;
		c.timewait_max = 8;
		c.run_segs = 1;
		tcp_own_init(&own);
		kinds[i % (sizeof(kinds) / sizeof(kinds[0]))](&c, &own);
		end();
	}
}
