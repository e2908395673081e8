/* What exchanges in prime fields may cost: buckets, the queue, sources. */
#include <stdio.h>
#include <string.h>

#include "control/cost.h"
#include "control/kex/pool.h"
#include "tests/lib/suite.h"

static struct cost k;
static const struct cost_limits limits = { .burst = 100, .rate = 50, .source_burst = 20, .source_rate = 10 };

#define T 100000u /* when tests begin: all buckets are full by then */

static void
begin_full(void)
{
	cost_init(&k, &limits, 7);
	k.begun = true;
	k.bucket.left = 100000;
}

static struct cost_ticket
ticket(const char *address, uint32_t tokens)
{
	return (struct cost_ticket){ .key = cost_key(address), .tokens = tokens };
}

static unsigned
ask_many(const char *address, unsigned count, uint64_t now)
{
	static struct cost_ticket t[16384]; /* those that wait stay where they are */
	static unsigned used;
	unsigned go = 0;

	for (unsigned i = 0; i < count; i++) {
		struct cost_ticket *one = &t[used++ % 16384];

		*one = ticket(address, 1);
		go += cost_ask(&k, one, T + now) == COST_GO;
	}
	return go;
}

static void
test_prices(void)
{
	CU_ASSERT_EQUAL(cost_tokens(2048), 1);
	CU_ASSERT_EQUAL(cost_tokens(3072), 3);
	CU_ASSERT_EQUAL(cost_tokens(4096), 4);
	CU_ASSERT_EQUAL(cost_tokens(6144), 9);
	CU_ASSERT_EQUAL(cost_tokens(8192), 16);
	/* the largest fits into all buckets, from the beginning on */
	CU_ASSERT(COST_GATE_RATE / COST_GATES_MAX >= 16 && COST_GATE_BURST / COST_GATES_MAX >= 16 &&
		  COST_GATE_SOURCE_RATE >= 16 && COST_GATE_SOURCE_BURST >= 16);
}

/* Sources are addresses, or the first half of IPv6's. */
static void
test_keys(void)
{
	CU_ASSERT_EQUAL(cost_key("192.0.2.1"), cost_key("192.0.2.1"));
	CU_ASSERT_NOT_EQUAL(cost_key("192.0.2.1"), cost_key("192.0.2.2"));
	CU_ASSERT_EQUAL(cost_key("2001:db8::1"), cost_key("2001:db8::ffff:1:2:3"));
	CU_ASSERT_NOT_EQUAL(cost_key("2001:db8::1"), cost_key("2001:db8:0:1::1"));
	CU_ASSERT_NOT_EQUAL(cost_key("0.0.0.0"), 0);
	CU_ASSERT_NOT_EQUAL(cost_key("::"), 0);
	CU_ASSERT_NOT_EQUAL(cost_key("nonsense"), 0);
}

/* One source has its burst, then its rate; another is not concerned. */
static void
test_source(void)
{
	struct cost_ticket *t;

	begin_full();
	CU_ASSERT_EQUAL(ask_many("192.0.2.1", 20, 1000), 20);
	CU_ASSERT_EQUAL(ask_many("192.0.2.1", 5, 1000), 0);
	CU_ASSERT_EQUAL(k.waiting, 5);
	CU_ASSERT_EQUAL(ask_many("192.0.2.2", 20, 1000), 20);
	CU_ASSERT_PTR_NULL(cost_next(&k, T + 1099));
	t = cost_next(&k, T + 1100);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT(!t->queued && t->key == cost_key("192.0.2.1"));
	CU_ASSERT_PTR_NULL(cost_next(&k, T + 1100));
	for (int i = 0; i < 4; i++)
		CU_ASSERT_PTR_NOT_NULL(cost_next(&k, T + 2000));
	CU_ASSERT_EQUAL(k.waiting, 0);
	CU_ASSERT(k.counts.exchanges == 45 && k.counts.waited == 5 && k.counts.refused == 0);
	CU_ASSERT_EQUAL(ask_many("192.0.2.1", 21, 100000), 20);
}

/* A new process gives what a second gives, to each and to all. */
static void
test_beginning(void)
{
	char address[] = "192.0.2.1";

	cost_init(&k, &limits, 7);
	for (; address[8] <= '5'; address[8]++)
		CU_ASSERT_EQUAL(ask_many(address, 10, 0), 10);
	CU_ASSERT_EQUAL(k.bucket.left, 0);
	CU_ASSERT_EQUAL(ask_many("192.0.2.9", 1, 0), 0);
	cost_init(&k, &limits, 7);
	CU_ASSERT_EQUAL(ask_many("192.0.2.1", 11, 0), 10);
	CU_ASSERT_EQUAL(ask_many("192.0.2.2", 16, 500), 15);
}

/* The queue of one source ends where others may still wait, and the whole one ends. */
static void
test_queue_ends(void)
{
	unsigned sources = 0;

	begin_full();
	ask_many("192.0.2.1", 20 + COST_WAITING_SOURCE, 0);
	CU_ASSERT_EQUAL(k.counts.refused, 0);
	ask_many("192.0.2.1", 3, 0);
	CU_ASSERT_EQUAL(k.counts.refused, 3);
	CU_ASSERT_EQUAL(ask_many("192.0.2.2", 1, 0), 1);
	for (char last = 'a'; k.waiting < COST_WAITING_MAX && last <= 'f'; last++)
		for (char first = '1'; first <= '9'; first++, sources++) {
			char address[] = "2001:db8:0:xy::";

			address[11] = first;
			address[12] = last;
			ask_many(address, COST_WAITING_SOURCE + 20, 0);
		}
	CU_ASSERT(sources > 5);
	CU_ASSERT_EQUAL(k.waiting, COST_WAITING_MAX);
	k.counts.refused = 0;
	CU_ASSERT_EQUAL(ask_many("192.0.2.77", 1, 0), 0);
	CU_ASSERT_EQUAL(k.counts.refused, 1);
}

/* Who waits for the common tokens is not passed by smaller ones. */
static void
test_order(void)
{
	struct cost_ticket large = ticket("192.0.2.50", 16), small = ticket("192.0.2.51", 1);
	char address[] = "192.0.2.1";

	begin_full();
	for (; address[8] <= '5'; address[8]++)
		CU_ASSERT_EQUAL(ask_many(address, 19, 0), 19);
	CU_ASSERT_EQUAL(cost_ask(&k, &large, T + 0), COST_WAIT); /* 5 are left */
	CU_ASSERT_EQUAL(cost_ask(&k, &small, T + 0), COST_WAIT);
	CU_ASSERT_PTR_NULL(cost_next(&k, T + 200));
	CU_ASSERT_PTR_EQUAL(cost_next(&k, T + 220), &large);
	CU_ASSERT_PTR_EQUAL(cost_next(&k, T + 240), &small);
	/* one that leaves makes way */
	large = ticket("192.0.2.50", 4);
	small = ticket("192.0.2.51", 1);
	k.bucket = (struct cost_bucket){ 0, T + 240 };
	CU_ASSERT_EQUAL(cost_ask(&k, &large, T + 240), COST_WAIT);
	CU_ASSERT_EQUAL(cost_ask(&k, &small, T + 260), COST_WAIT);
	cost_leave(&k, &large);
	cost_leave(&k, &large);
	CU_ASSERT_PTR_EQUAL(cost_next(&k, T + 260), &small);
	CU_ASSERT_EQUAL(k.waiting, 0);
}

/* More sources than places: each has its burst, all together no more than theirs, and
 * nothing is lost of those that wait. */
static void
test_many_sources(void)
{
	unsigned go = 0;

	begin_full();
	for (unsigned i = 0; i < 5000; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.0.%u.%u", i / 250, i % 250);
		go += ask_many(address, 1, 0);
	}
	CU_ASSERT_EQUAL(go, 100);
	CU_ASSERT_EQUAL(k.waiting, COST_WAITING_MAX);
	go = 0;
	for (uint64_t now = 0; now < 60000; now += 20)
		go += cost_next(&k, T + now) != NULL;
	CU_ASSERT_EQUAL(go, COST_WAITING_MAX);
	CU_ASSERT_EQUAL(k.waiting, 0);
}

/* Prepared pairs: different ones, good ones, each once, wiped when taken. */
static void
test_pool(void)
{
	static struct kex_pool p;
	static const uint8_t zero[PK_X25519_SIZE];
	uint8_t pub[2][PK_X25519_SIZE], priv[2][PK_X25519_SIZE], shared[2][PK_X25519_SIZE];
	unsigned n = 0;

	CU_ASSERT_FALSE(pool_take(NULL, pub[0], priv[0]));
	CU_ASSERT_FALSE(pool_take(&p, pub[0], priv[0]));
	while (pool_fill(&p))
		n++;
	CU_ASSERT(n == KEX_POOL_MAX && p.count == KEX_POOL_MAX);
	for (; n > 0; n -= 2) {
		CU_ASSERT(pool_take(&p, pub[0], priv[0]) && pool_take(&p, pub[1], priv[1]));
		CU_ASSERT_EQUAL(memcmp(p.pair[n - 1].priv, zero, sizeof(zero)), 0);
		CU_ASSERT_EQUAL(memcmp(p.pair[n - 2].priv, zero, sizeof(zero)), 0);
		CU_ASSERT_NOT_EQUAL(memcmp(priv[0], priv[1], sizeof(priv[0])), 0);
		CU_ASSERT_EQUAL(pk_x25519_shared(shared[0], priv[0], pub[0], pub[1]), 0);
		CU_ASSERT_EQUAL(pk_x25519_shared(shared[1], priv[1], pub[1], pub[0]), 0);
		CU_ASSERT_EQUAL(memcmp(shared[0], shared[1], sizeof(shared[0])), 0);
	}
	CU_ASSERT_FALSE(pool_take(&p, pub[0], priv[0]));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "prices", test_prices },
		{ "sources", test_keys },
		{ "burst and rate of a source", test_source },
		{ "the beginning", test_beginning },
		{ "the queue ends", test_queue_ends },
		{ "order of the queue", test_order },
		{ "more sources than places", test_many_sources },
		{ "prepared pairs", test_pool },
		CU_TEST_INFO_NULL,
	};

	return suite_run("cost of exchanges", tests);
}
