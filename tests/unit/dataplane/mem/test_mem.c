#include <stdlib.h>
#include <string.h>

#include "dataplane/mem/fifo.h"
#include "dataplane/mem/siphash.h"
#include "dataplane/mem/vec.h"
#include "tests/lib/suite.h"

#define BLOCKS 8u

static uint8_t mem[BLOCKS * POOL_BLOCK] __attribute__((aligned(64)));
static struct pool pool;
static uint8_t text[BLOCKS * POOL_BLOCK];

static void
start(struct fifo *f, bool wipe)
{
	pool_init(&pool, mem, BLOCKS);
	fifo_init(f, wipe);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 251);
}

static void
test_pool(void)
{
	struct block *b[BLOCKS];

	CU_ASSERT_EQUAL(sizeof(struct block), POOL_BLOCK);
	pool_init(&pool, mem, BLOCKS);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		b[i] = pool_get(&pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b[i]);
		memset(b[i]->data, (int)i, sizeof(b[i]->data));
		CU_ASSERT_EQUAL(pool.free_count, BLOCKS - 1 - i);
	}
	CU_ASSERT_PTR_NULL(pool_get(&pool));
	for (uint32_t i = 0; i < BLOCKS; i++)
		CU_ASSERT_EQUAL(b[i]->data[POOL_DATA - 1], i);
	pool_put(&pool, NULL);
	CU_ASSERT_EQUAL(pool.free_count, 0);
	pool_put(&pool, b[3]);
	CU_ASSERT_PTR_EQUAL(pool_get(&pool), b[3]);
	for (uint32_t i = 0; i < BLOCKS; i++)
		pool_put(&pool, b[i]);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
}

static void
test_put_all_or_nothing(void)
{
	struct fifo f;

	start(&f, false);
	CU_ASSERT(fifo_fits(&f, &pool, BLOCKS * POOL_DATA));
	CU_ASSERT_FALSE(fifo_fits(&f, &pool, BLOCKS * POOL_DATA + 1));
	CU_ASSERT_FALSE(fifo_put(&f, &pool, text, BLOCKS * POOL_DATA + 1));
	CU_ASSERT_EQUAL(f.len, 0);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
	CU_ASSERT(fifo_put(&f, &pool, text, BLOCKS * POOL_DATA));
	CU_ASSERT_EQUAL(f.blocks, BLOCKS);
	CU_ASSERT(fifo_put(&f, &pool, text, 0));
	CU_ASSERT_FALSE(fifo_put(&f, &pool, text, 1));
	fifo_clear(&f, &pool);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
	CU_ASSERT_EQUAL(f.len, 0);
}

static void
test_charge_is_whole_blocks(void)
{
	struct fifo f;

	start(&f, false);
	CU_ASSERT(fifo_put(&f, &pool, text, 1));
	CU_ASSERT_EQUAL(f.blocks, 1);
	CU_ASSERT(fifo_put(&f, &pool, text, POOL_DATA - 1));
	CU_ASSERT_EQUAL(f.blocks, 1);
	CU_ASSERT(fifo_put(&f, &pool, text, 1));
	CU_ASSERT_EQUAL(f.blocks, 2);
	fifo_take(&f, &pool, POOL_DATA);
	CU_ASSERT_EQUAL(f.blocks, 1);
	CU_ASSERT_EQUAL(f.len, 1);
	fifo_take(&f, &pool, 100);
	CU_ASSERT_EQUAL(f.blocks, 0);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
	fifo_clear(&f, &pool);
}

static void
test_copy_and_views(void)
{
	struct fifo f;
	uint8_t out[3 * POOL_DATA];
	const uint8_t *at;
	size_t len, off = 0;

	start(&f, false);
	CU_ASSERT(fifo_put(&f, &pool, text, 3 * POOL_DATA));
	fifo_take(&f, &pool, 10);
	CU_ASSERT_EQUAL(fifo_copy(&f, 0, out, sizeof(out)), 3 * POOL_DATA - 10);
	CU_ASSERT_EQUAL(memcmp(out, text + 10, 3 * POOL_DATA - 10), 0);
	CU_ASSERT_EQUAL(fifo_copy(&f, POOL_DATA, out, 5), 5);
	CU_ASSERT_EQUAL(memcmp(out, text + 10 + POOL_DATA, 5), 0);
	CU_ASSERT_EQUAL(fifo_copy(&f, f.len, out, 5), 0);
	while ((at = fifo_view(&f, &len)) != NULL) {
		CU_ASSERT_EQUAL(memcmp(at, text + 10 + off, len), 0);
		off += len;
		fifo_take(&f, &pool, len);
	}
	CU_ASSERT_EQUAL(off, 3 * POOL_DATA - 10);
	CU_ASSERT_EQUAL(len, 0);
	fifo_clear(&f, &pool);
}

/* A place stays right while bytes are put behind it and taken before it. */
static void
test_cursor(void)
{
	struct fifo f;
	struct fifo_pos pos;
	size_t put = 0, got = 0, taken = 0;
	unsigned x = 1;

	start(&f, false);
	CU_ASSERT(fifo_put(&f, &pool, text, 1));
	put = 1;
	pos = fifo_seek(&f, 0);
	for (int i = 0; i < 4000; i++) {
		size_t len = (x = x * 1103515245u + 12345u) >> 16 & 0x3ff;
		const uint8_t *at;

		if (put + len <= sizeof(text) && fifo_put(&f, &pool, text + put, len))
			put += len;
		len = x >> 20 & 0x3ff;
		at = fifo_read(&f, &pos, &len);
		CU_ASSERT(at == NULL ? len == 0 && got == put : memcmp(at, text + got, len) == 0);
		got += len;
		/* One byte before the cursor stays. */
		if (got > taken + 1) {
			fifo_take(&f, &pool, got - taken - 1);
			taken = got - 1;
		}
	}
	CU_ASSERT(put > sizeof(text) - 1024);
	CU_ASSERT_EQUAL(got, put);
	pos = fifo_seek(&f, f.len);
	put = 1;
	CU_ASSERT_PTR_NULL(fifo_read(&f, &pos, &put));
	fifo_clear(&f, &pool);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
}

static void
test_wipe(void)
{
	struct fifo f;
	size_t left = 0;

	start(&f, true);
	memset(mem, 0, sizeof(mem));
	memset(text, 0xa5, sizeof(text));
	CU_ASSERT(fifo_put(&f, &pool, text, 3 * POOL_DATA + 5));
	fifo_take(&f, &pool, POOL_DATA + 100);
	fifo_clear(&f, &pool);
	CU_ASSERT(f.wipe);
	for (size_t i = 0; i < sizeof(mem); i++)
		left += mem[i] == 0xa5;
	/* Links between free blocks may look like anything. */
	CU_ASSERT(left < BLOCKS * sizeof(void *));
}

#define PER 7u

/* Against a plain array; leaf by leaf, from the front, the middle and the end. */
static void
test_vec(void)
{
	static uint32_t home[PER], plain[PER * VEC_LEAVES];
	uint32_t count = 0, most = 0, x = 7;
	struct vec v;
	bool same = true;

	pool_init(&pool, mem, BLOCKS);
	vec_init(&v, &pool, home, sizeof(home[0]), PER);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t kind, at;

		x = x * 1103515245u + 12345u;
		kind = (x >> 8) % 16;
		at = count > 0 ? (x >> 12) % count : 0;
		if (kind < 10 - (i / 2000) % 2 * 4) {
			if (vec_room(&v) == 0 && !vec_grow(&v))
				continue;
			vec_insert(&v, at);
			memmove(plain + at + 1, plain + at, (count++ - at) * sizeof(plain[0]));
			plain[at] = i;
			*(uint32_t *)vec_at(&v, at, sizeof(home[0]), PER) = i;
		} else if (kind < 15 && count > 0) {
			vec_remove(&v, at);
			memmove(plain + at, plain + at + 1, (--count - at) * sizeof(plain[0]));
		} else if (count > 0) {
			if (x >> 31)
				vec_pack(&v);
			vec_drop(&v, at / 4 + 1);
			count -= at / 4 + 1;
			memmove(plain, plain + at / 4 + 1, count * sizeof(plain[0]));
		}
		for (uint32_t k = 0; k < count; k++)
			same &= *(uint32_t *)vec_at(&v, k, sizeof(home[0]), PER) == plain[k];
		CU_ASSERT_FATAL(same && v.count == count);
		CU_ASSERT_FATAL(pool.free_count + vec_blocks(&v) == BLOCKS);
		most = count > most ? count : most;
	}
	CU_ASSERT(most > 4 * PER);
	vec_fini(&v);
	CU_ASSERT(v.count == 0 && pool.free_count == BLOCKS);
	for (uint32_t i = 0; i <= BLOCKS; i++)
		CU_ASSERT_EQUAL(vec_grow(&v), i < BLOCKS + 1 && i < VEC_LEAVES);
	vec_fini(&v);
	CU_ASSERT_EQUAL(pool.free_count, BLOCKS);
}

/* Appendix A of the SipHash paper: key and message 00 01 02 .. */
static void
test_siphash(void)
{
	uint8_t key[16], in[15];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		in[i] = i;
	CU_ASSERT_EQUAL(siphash24(key, in, 15), 0xa129ca6149be45e5u);
	CU_ASSERT_EQUAL(siphash24(key, in, 0), 0x726fdb47dd0e0e31u);
	CU_ASSERT_EQUAL(siphash24(key, in, 8), 0x93f5f5799a932462u);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a pool gives every block once", test_pool },
		{ "put is all or nothing", test_put_all_or_nothing },
		{ "blocks are charged whole", test_charge_is_whole_blocks },
		{ "copy, view and take agree", test_copy_and_views },
		{ "a cursor survives put and take", test_cursor },
		{ "a fifo that wipes leaves nothing", test_wipe },
		{ "an array in blocks is an array", test_vec },
		{ "SipHash-2-4 vectors", test_siphash },
		CU_TEST_INFO_NULL,
	};

	return suite_run("mem", tests);
}
