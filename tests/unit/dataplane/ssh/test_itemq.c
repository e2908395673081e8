#include <stdlib.h>

#include "dataplane/ssh/itemq.h"
#include "tests/lib/suite.h"

#define BLOCKS 64

/* The model: every byte with its item's kind and argument, item edges marked. */
struct model {
	struct { uint8_t kind, byte; uint32_t arg; } at[200000];
	size_t first, end;
};

static uint64_t seed = 3;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static struct model model;
static uint8_t buf[ITEMQ_ITEM_MAX * 2];

static bool
put_some(struct itemq *q, struct pool *p)
{
	static const uint32_t sizes[] = { 1, 3, 9, 2040, 2041, 5000 };
	uint32_t len = 1 + rnd(sizes[rnd(6)]);
	uint8_t kind = (uint8_t)(1 + rnd(2));
	uint32_t arg = rnd(2);

	for (uint32_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rnd(256);
	if (!itemq_put(q, p, kind, arg, view_of(buf, len), kind == 1))
		return false;
	for (uint32_t i = 0; i < len; i++) {
		model.at[model.end].kind = kind;
		model.at[model.end].arg = arg;
		model.at[model.end++].byte = buf[i];
	}
	return true;
}

static void
take_some(struct itemq *q, struct pool *p)
{
	const struct item *it = itemq_front(q, p);
	uint32_t len;

	if (it == NULL) {
		CU_ASSERT_EQUAL(model.first, model.end);
		return;
	}
	CU_ASSERT_EQUAL(it->kind, model.at[model.first].kind);
	CU_ASSERT_EQUAL(it->arg, model.at[model.first].arg);
	len = 1 + rnd(it->len);
	itemq_copy(q, buf, len);
	for (uint32_t i = 0; i < len; i++) {
		CU_ASSERT_EQUAL(model.at[model.first].kind, it->kind);
		CU_ASSERT_EQUAL(model.at[model.first].arg, it->arg);
		CU_ASSERT_EQUAL(model.at[model.first++].byte, buf[i]);
	}
	itemq_take(q, p, len);
}

static void
test_random(void)
{
	void *mem = aligned_alloc(64, pool_size(BLOCKS));
	struct pool p;
	struct itemq q;

	pool_init(&p, mem, BLOCKS);
	for (int round = 0; round < 200; round++) {
		bool full = false;

		itemq_init(&q, round & 1);
		model.first = model.end = 0;
		for (int i = 0; i < 400 && model.end < 190000; i++) {
			if (rnd(5) < (unsigned)(round % 4 + 1))
				full |= !put_some(&q, &p);
			else
				take_some(&q, &p);
		}
		(void)full;
		if (round % 3 == 0)
			itemq_clear(&q, &p);
		else
			while (q.count > 0)
				take_some(&q, &p);
		CU_ASSERT_EQUAL(p.free_count, BLOCKS);
		CU_ASSERT_EQUAL(q.f.blocks, 0);
	}
	free(mem);
}

/* Writing byte by byte costs one header, not one per byte. */
static void
test_grow(void)
{
	void *mem = aligned_alloc(64, pool_size(BLOCKS));
	struct pool p;
	struct itemq q;

	pool_init(&p, mem, BLOCKS);
	itemq_init(&q, true);
	for (unsigned i = 0; i < 2 * ITEMQ_ITEM_MAX; i++)
		CU_ASSERT_FATAL(itemq_put(&q, &p, 1, 0, view_of("x", 1), true));
	CU_ASSERT_EQUAL(q.count, 2);
	CU_ASSERT_EQUAL(q.f.len, 2 * (ITEMQ_ITEM_MAX + ITEMQ_HEAD));
	CU_ASSERT_EQUAL(itemq_front(&q, &p)->len, ITEMQ_ITEM_MAX);
	itemq_clear(&q, &p);
	CU_ASSERT_EQUAL(p.free_count, BLOCKS);
	free(mem);
}

/* Items without bytes keep their place and their count. */
static void
test_empty_items(void)
{
	void *mem = aligned_alloc(64, pool_size(BLOCKS));
	const struct view none = { NULL, 0 };
	struct pool p;
	struct itemq q;

	pool_init(&p, mem, BLOCKS);
	itemq_init(&q, false);
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT(itemq_put(&q, &p, 2, i, none, false));
	for (uint32_t i = 0; i < 1000; i++) {
		const struct item *it = itemq_front(&q, &p);

		CU_ASSERT_EQUAL(it->arg, i);
		CU_ASSERT_EQUAL(it->len, 0);
		itemq_take(&q, &p, 0);
	}
	CU_ASSERT_PTR_NULL(itemq_front(&q, &p));
	CU_ASSERT_EQUAL(p.free_count, BLOCKS);
	free(mem);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "random against a model", test_random },
		{ "neighbours grow together", test_grow },
		{ "items without bytes", test_empty_items },
		CU_TEST_INFO_NULL,
	};

	return suite_run("itemq", tests);
}
