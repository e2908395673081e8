#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_reasm.h"
#include "dataplane/tcp/tcp_seq.h"
#include "tests/lib/suite.h"

#define BLOCKS 2048u
#define SPAN 40000u

static struct pool pool;
static void *mem;
static uint8_t text[SPAN];

static void
start(struct tcp_reasm *r)
{
	if (mem == NULL)
		mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&pool, mem, BLOCKS);
	memset(r, 0, sizeof(*r));
	for (uint32_t i = 0; i < SPAN; i++)
		text[i] = (uint8_t)(i ^ i >> 8);
}

static uint32_t
add(struct tcp_reasm *r, uint32_t base, uint32_t off, uint32_t len)
{
	bool full;

	return tcp_reasm_add(r, &pool, base + off, text + off, len, BLOCKS, &full);
}

/* Takes everything contiguous from base + off; checks it; returns how much. */
static uint32_t
drain(struct tcp_reasm *r, uint32_t base, uint32_t off)
{
	uint32_t from = off;
	const uint8_t *at;
	size_t len;

	while ((at = tcp_reasm_next(r, &pool, base + off, &len)) != NULL) {
		CU_ASSERT_EQUAL(memcmp(at, text + off, len), 0);
		off += (uint32_t)len;
	}
	return off - from;
}

static void
test_gap(void)
{
	struct tcp_reasm r;
	uint32_t base = 0xfffffff0u; /* over the end of the sequence space */

	start(&r);
	CU_ASSERT_EQUAL(add(&r, base, 100, 50), 50);
	CU_ASSERT_EQUAL(add(&r, base, 100, 50), 0);
	CU_ASSERT_EQUAL(add(&r, base, 200, 50), 50);
	CU_ASSERT_EQUAL(r.count, 2);
	CU_ASSERT_EQUAL(add(&r, base, 140, 70), 50); /* bridges both */
	CU_ASSERT_EQUAL(drain(&r, base, 0), 0);
	CU_ASSERT_EQUAL(drain(&r, base, 100), 150);
	CU_ASSERT_EQUAL(r.count, 0);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
}

static void
test_packs(void)
{
	struct tcp_reasm r;

	start(&r);
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(add(&r, 5, 100 + i, 1), 1);
	CU_ASSERT_EQUAL(r.count, 1);
	CU_ASSERT_EQUAL(tcp_reasm_blocks(&r), 2);
	tcp_reasm_clear(&r, &pool);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
}

static void
test_caps(void)
{
	struct tcp_reasm r;
	uint32_t kept = 0;
	bool full = false;

	start(&r);
	for (uint32_t i = 0; i < 2 * TCP_RUN_MAX; i++)
		kept += add(&r, 5, 10 + 2 * i, 1);
	CU_ASSERT_EQUAL(kept, TCP_RUN_MAX);
	CU_ASSERT_EQUAL(r.count, TCP_RUN_MAX);
	CU_ASSERT_EQUAL(tcp_reasm_blocks(&r), TCP_RUN_MAX + TCP_RUN_MAX / TCP_RUN_LEAF);
	tcp_reasm_clear(&r, &pool);
	CU_ASSERT_EQUAL(tcp_reasm_add(&r, &pool, 5, text, 3 * POOL_DATA, 3, &full), 0);
	CU_ASSERT(full);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
	while (pool_get(&pool) != NULL)
		;
	CU_ASSERT_EQUAL(tcp_reasm_add(&r, &pool, 5, text, 1, 3, &full), 0);
	CU_ASSERT(full);
}

static void
test_sack_order(void)
{
	struct tcp_reasm r;
	struct tcp_range s[4];

	start(&r);
	add(&r, 0, 100, 10);
	add(&r, 0, 200, 10);
	add(&r, 0, 300, 10);
	add(&r, 0, 190, 10); /* touches the second: one block, the newest */
	CU_ASSERT_EQUAL(tcp_reasm_sack(&r, s, 4), 3);
	CU_ASSERT(s[0].start == 190 && s[0].end == 210);
	CU_ASSERT(s[1].start == 300 && s[1].end == 310);
	CU_ASSERT(s[2].start == 100 && s[2].end == 110);
	add(&r, 0, 100, 10); /* again: the newest, though nothing is new */
	CU_ASSERT_EQUAL(tcp_reasm_sack(&r, s, 2), 2);
	CU_ASSERT_EQUAL(s[0].start, 100);
	tcp_reasm_clear(&r, &pool);
	CU_ASSERT_EQUAL(tcp_reasm_sack(&r, s, 4), 0);
}

/* Random pieces, against a map of bytes. */
static void
test_random(void)
{
	static bool have[SPAN];
	unsigned x = 42;

	for (int round = 0; round < 60; round++) {
		struct tcp_reasm r;
		uint32_t base = x * 2654435761u;
		uint32_t next = 0;

		start(&r);
		memset(have, 0, sizeof(have));
		while (next < SPAN) {
			uint32_t off, len, fresh = 0, run = 0;

			x = x * 1103515245u + 12345u;
			off = next + (x >> 8) % 12000;
			len = 1 + (x >> 4) % 1500;
			if ((x >> 28) < 3)
				off = next;
			if (off >= SPAN)
				off = SPAN - 1;
			if (len > SPAN - off)
				len = SPAN - off;
			for (uint32_t i = off; i < off + len; i++)
				fresh += !have[i];
			if (r.count + 3u > TCP_RUN_MAX && off != next)
				continue;
			CU_ASSERT_EQUAL(add(&r, base, off, len), fresh);
			memset(have + off, true, len);
			while (next + run < SPAN && have[next + run])
				run++;
			if (off <= next) {
				CU_ASSERT_EQUAL(drain(&r, base, next), run);
				next += run;
			}
		}
		CU_ASSERT_EQUAL(r.count, 0);
		CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
	}
	free(mem);
	mem = NULL;
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "gaps are filled and joined", test_gap },
		{ "what continues a run is packed", test_packs },
		{ "runs and blocks are capped", test_caps },
		{ "SACK blocks: newest first", test_sack_order },
		{ "random pieces come out exact", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_reasm", tests);
}
