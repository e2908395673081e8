/*
 * Settings of single connections: sets that are shared, given back and refused; and what
 * closed connections leave behind.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_send.h"
#include "tests/lib/suite.h"

#define BLOCKS 64u
#define SETS 3u
#define PORT 22u

static struct {
	struct pool pool;
	void *pool_mem, *mem;
	struct tcp_stack *stack;
	struct tcp_seg_out last;
	uint32_t closed;
	uint32_t drops[REASON_MAX];
} h;

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	(void)owner;
	h.last = *o;
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner;
	(void)t;
	(void)now;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)t;
	(void)reason;
	(void)now;
	h.closed += (events & TCP_EV_CLOSED) != 0;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	h.drops[reason]++;
}

static void
start(void)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	static const uint8_t secret[32] = { 5 };
	struct tcp_config c;

	memset(&h, 0, sizeof(h));
	tcp_config_default(&c, 1500);
	c.conn_max = 8;
	c.own_max = SETS;
	h.mem = aligned_alloc(64, tcp_stack_size(&c));
	memset(h.mem, 0, tcp_stack_size(&c));
	h.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&h.pool, h.pool_mem, BLOCKS);
	h.stack = tcp_stack_init(h.mem, &c, &ops, &h.pool, NULL, secret);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h.stack);
}

static void
stop(void)
{
	CU_ASSERT_EQUAL(h.pool.free_count, h.pool.count);
	free(h.mem);
	free(h.pool_mem);
}

static struct tcp *
connect_with(uint16_t port, const struct tcp_own *o)
{
	struct tcp_tuple t = { .local_port = port, .remote_port = PORT };

	t.local.b[10] = t.local.b[11] = t.remote.b[10] = t.remote.b[11] = 0xff;
	t.local.b[15] = 1;
	t.remote.b[15] = 2;
	return tcp_connect_own(h.stack, &t, o, NULL, 1000);
}

static uint32_t
users(void)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < SETS; i++)
		n += h.stack->own[i].users;
	return n;
}

/* Equal sets are one; the last user leaves a place for another. */
static void
test_shared(void)
{
	struct tcp_own a, b, d;
	struct tcp *t[4];

	start();
	tcp_own_init(&a);
	tcp_own_init(&b);
	tcp_own_init(&d);
	a.dscp = 1;
	b.dscp = 2;
	d.dscp = 3;
	t[0] = connect_with(1000, &a);
	t[1] = connect_with(1001, &a);
	t[2] = connect_with(1002, &b);
	CU_ASSERT(t[0] != NULL && t[1] != NULL && t[2] != NULL);
	CU_ASSERT_EQUAL(t[0]->own, t[1]->own);
	CU_ASSERT_NOT_EQUAL(t[0]->own, t[2]->own);
	CU_ASSERT_EQUAL(users(), 3);
	CU_ASSERT_PTR_NULL(connect_with(1003, &d));
	CU_ASSERT_EQUAL(h.drops[R_TCP_OWN], 1);
	CU_ASSERT_EQUAL(tcp_set_own(t[0], &d, 1000), -R_TCP_OWN);
	CU_ASSERT_EQUAL(tcp_get_own(t[0])->dscp, 1);
	CU_ASSERT_EQUAL(tcp_set_own(t[0], &b, 1000), 0);
	tcp_abort(t[1], 0, 1000);
	t[3] = connect_with(1003, &d);
	CU_ASSERT_PTR_NOT_NULL(t[3]);
	CU_ASSERT_EQUAL(h.last.traffic, 3 << 2);
	for (int i = 0; i < 4; i++)
		if (i != 1)
			tcp_abort(t[i], 0, 1000);
	CU_ASSERT_EQUAL(users(), 0);
	stop();
}

/* None of its own is no set. */
static void
test_none(void)
{
	struct tcp_own o;
	struct tcp *t;

	start();
	tcp_own_init(&o);
	t = connect_with(1000, &o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->own, 0);
	CU_ASSERT_EQUAL(h.last.traffic, 0);
	CU_ASSERT_EQUAL(h.last.hop_limit, 0);
	tcp_abort(t, 0, 1000);
	stop();
}

static void
test_values(void)
{
	static const struct {
		size_t off;
		uint32_t min, max;
	} rows[] = {
#define ROW(field, min, max) { offsetof(struct tcp_own, field), min, max }
		ROW(keepalive, 0, 1), ROW(keep_idle_ms, 1, TCP_MS_MAX), ROW(keep_interval_ms, 1, TCP_MS_MAX),
		ROW(keep_count, 1, 255), ROW(user_timeout_ms, 0, TCP_MS_MAX), ROW(syn_retries, 0, 255),
		ROW(linger_ms, 0, TCP_MS_MAX), ROW(nagle, 0, 1), ROW(mss, TCP_MSS_MIN, 65535),
		ROW(rcv_buf, TCP_BUF_MIN, TCP_BUF_MAX), ROW(snd_buf, TCP_BUF_MIN, TCP_BUF_MAX),
		ROW(hop_limit, 1, 255), ROW(dscp, 0, 63), ROW(congestion, 0, 1),
#undef ROW
	};
	struct tcp_own none;
	struct tcp *t;

	CU_ASSERT_EQUAL(sizeof(rows) / sizeof(rows[0]), sizeof(none) / sizeof(uint32_t));
	start();
	tcp_own_init(&none);
	t = connect_with(1000, &none);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp_own o = none;
		uint32_t *v = (uint32_t *)(void *)((uint8_t *)&o + rows[i].off);

		*v = rows[i].min;
		CU_ASSERT_EQUAL(tcp_set_own(t, &o, 1000), 0);
		*v = rows[i].max;
		CU_ASSERT_EQUAL(tcp_set_own(t, &o, 1000), 0);
		*v = rows[i].max + 1;
		CU_ASSERT_EQUAL(tcp_set_own(t, &o, 1000), -R_LIMIT);
		*v = rows[i].min - 1;
		CU_ASSERT_EQUAL(tcp_set_own(t, &o, 1000), rows[i].min > 0 ? -R_LIMIT : 0); /* TCP_HOST */
	}
	tcp_abort(t, 0, 1000);
	CU_ASSERT_EQUAL(users(), 0);
	stop();
}

/* What a port says goes with it. */
static void
test_listeners(void)
{
	static const struct tcp_addr at = { .b = { [10] = 0xff, [11] = 0xff, [15] = 1 } };
	struct tcp_own a;

	start();
	tcp_own_init(&a);
	a.dscp = 1;
	CU_ASSERT_EQUAL(tcp_listen_own(h.stack, PORT, &a), -R_LIMIT);
	CU_ASSERT_EQUAL(users(), 0);
	CU_ASSERT_EQUAL(tcp_listen(h.stack, PORT), 0);
	CU_ASSERT_EQUAL(tcp_listen_at(h.stack, &at, PORT), 0);
	CU_ASSERT_EQUAL(tcp_listen_own(h.stack, PORT, &a), 0);
	CU_ASSERT_EQUAL(users(), 2);
	a.dscp = 2;
	CU_ASSERT_EQUAL(tcp_listen_own(h.stack, PORT, &a), 0);
	CU_ASSERT_EQUAL(users(), 2);
	tcp_unlisten(h.stack, PORT);
	CU_ASSERT_EQUAL(users(), 0);
	stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "equal sets are shared", test_shared },
		{ "no settings are no set", test_none },
		{ "every value's bounds", test_values },
		{ "listeners", test_listeners },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_own", tests);
}
