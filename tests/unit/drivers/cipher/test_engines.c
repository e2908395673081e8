/* Every engine against every other, for every suite: same bytes, same refusals,
 * same counters. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/chacha_block.h"
#include "drivers/cipher/ref.h"
#include "drivers/cipher/select.h"
#include "drivers/rng/rng.h"
#include "tests/lib/suite.h"

#define LEN_MAX 35000u
#define ENGINES 3u
#define REF 2u /* in the list of a suite */

static const struct cipher_engine *engines[SUITE_COUNT][8];
static struct rng rng;

struct keys {
	uint8_t key[64], iv[16], mac[64];
};

static struct keys
keys(void)
{
	struct keys k;

	rng_fill(&rng, &k, sizeof(k));
	return k;
}

static int
init(const struct cipher_engine *e, struct cipher_ctx *c, const struct keys *k)
{
	return e->init(e, c, k->key, k->iv, k->mac);
}

/* A buffer of exactly the record's size, so that a sanitizer sees one byte too
 * much. */
static uint8_t *
record(const struct cipher_engine *e, uint32_t len)
{
	uint8_t *p = malloc(4 + len + e->tag_len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	rng_fill(&rng, p + 4, len + e->tag_len);
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	return p;
}

static uint32_t
random_len(uint32_t max)
{
	uint32_t n;

	rng_fill(&rng, &n, sizeof(n));
	return n % (max + 1);
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* What every suite's engines are put through. */
static void
each(void (*test)(const struct cipher_engine *const list[ENGINES]))
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++)
		test(engines[suite]);
}

static void
test_all_built(void)
{
	static const char *const names[] = { "ipsecmb", "openssl", "ref" };
	const char *why;

	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++)
		CU_ASSERT_EQUAL_FATAL(cipher_engines(suite, engines[suite], 8), ENGINES);
	for (size_t i = 0; i < ENGINES; i++) {
		CU_ASSERT_EQUAL(cipher_start(names[i], &why), 0);
		for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
			CU_ASSERT_STRING_EQUAL(engines[suite][i]->name, names[i]);
			CU_ASSERT_PTR_EQUAL(cipher_engine_for(suite), engines[suite][i]);
		}
	}
	CU_ASSERT_EQUAL(cipher_start("nonsense", &why), -1);
	CU_ASSERT_EQUAL(cipher_start(NULL, &why), 0);
	CU_ASSERT_PTR_EQUAL(cipher_engine_for(SUITE_AES128_GCM), engines[SUITE_AES128_GCM][0]);
	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_NONE));
	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_COUNT));
}

/* One sealed by a, opened by b, apart and in place; contexts run on. */
static void
pair_run(const struct cipher_engine *a, const struct cipher_engine *b, uint32_t count, uint32_t max)
{
	static struct cipher_ctx ca, cb;
	const struct keys k = keys();

	CU_ASSERT_EQUAL_FATAL(init(a, &ca, &k), 0);
	CU_ASSERT_EQUAL_FATAL(init(b, &cb, &k), 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = i < 40 ? i : random_len(max);
		uint8_t *plain = record(a, len), *sealed = record(a, len);
		bool in_place = i & 1;

		if (in_place)
			memcpy(sealed, plain, 4 + len);
		CU_ASSERT_EQUAL(a->seal(&ca, i, sealed, in_place ? sealed : plain, len), 0);
		CU_ASSERT_EQUAL(b->length(&cb, i, sealed), len);
		CU_ASSERT_EQUAL(b->length(&cb, i, sealed), len);
		CU_ASSERT_EQUAL(b->open(&cb, i, sealed, len), 0);
		CU_ASSERT_EQUAL(memcmp(sealed, plain, 4 + len), 0);
		free(plain);
		free(sealed);
	}
	a->fini(&ca);
	b->fini(&cb);
}

static void
pairs(const struct cipher_engine *const list[ENGINES])
{
	for (size_t i = 0; i < ENGINES; i++)
		for (size_t j = 0; j < ENGINES; j++)
			pair_run(list[i], list[j], 50, 1024);
	pair_run(list[0], list[1], 150, LEN_MAX);
	pair_run(list[1], list[0], 150, LEN_MAX);
	pair_run(list[0], list[REF], 42, LEN_MAX);
}

static void
test_pairs(void)
{
	each(pairs);
}

/* The same records from all: seq and counters run on. */
static void
same(const struct cipher_engine *const list[ENGINES], const struct keys *k, uint32_t seq, unsigned count,
    uint32_t len_max)
{
	static struct cipher_ctx ctx[ENGINES];

	for (size_t e = 0; e < ENGINES; e++)
		CU_ASSERT_EQUAL_FATAL(init(list[e], &ctx[e], k), 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = random_len(len_max);
		uint8_t *plain = record(list[0], len), *first = record(list[0], len);

		CU_ASSERT_EQUAL(list[0]->seal(&ctx[0], seq + i, first, plain, len), 0);
		for (size_t e = 1; e < ENGINES; e++) {
			uint8_t *other = record(list[0], len);

			CU_ASSERT_EQUAL(list[e]->seal(&ctx[e], seq + i, other, plain, len), 0);
			CU_ASSERT_EQUAL(memcmp(first, other, 4 + len + list[0]->tag_len), 0);
			free(other);
		}
		free(plain);
		free(first);
	}
	for (size_t e = 0; e < ENGINES; e++)
		list[e]->fini(&ctx[e]);
}

static void
same_bytes(const struct cipher_engine *const list[ENGINES])
{
	const struct keys k = keys();

	same(list, &k, 0xfffffff0, 40, 1024);
}

static void
test_same_bytes(void)
{
	each(same_bytes);
}

/* A counter of 128 bits that wraps in its low word, its low half, or as a whole,
 * at every block of a record. */
static void
carries(const struct cipher_engine *const list[ENGINES])
{
	static const unsigned ones[] = { 4, 8, 12, 16 };

	if (list[0]->iv_len != 16)
		return;
	for (unsigned i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		for (unsigned before = 0; before < 40; before++) {
			struct keys k = keys();

			memset(k.iv + 16 - ones[i], 0xff, ones[i]);
			k.iv[15] = (uint8_t)(0xff - before);
			same(list, &k, 0, 2, 20 * 16 + before);
		}
	}
}

static void
test_carries(void)
{
	each(carries);
}

/* The longest record: one byte more than a library takes would not be noticed by
 * comparing two of its own results. */
static void
longest(const struct cipher_engine *const list[ENGINES])
{
	static struct cipher_ctx ctx[2];
	const struct keys k = keys();
	uint32_t len = CIPHER_LEN_MAX;
	uint8_t *a = record(list[0], len), *b = record(list[0], len + 1);

	memcpy(b, a, 4 + len);
	for (unsigned e = 0; e < 2; e++)
		CU_ASSERT_EQUAL_FATAL(init(list[e], &ctx[e], &k), 0);
	CU_ASSERT_EQUAL(list[0]->seal(&ctx[0], 7, a, a, len), 0);
	CU_ASSERT_EQUAL(list[1]->seal(&ctx[1], 7, b, b, len), 0);
	CU_ASSERT_EQUAL(memcmp(a, b, 4 + len + list[0]->tag_len), 0);
	for (unsigned e = 0; e < 2; e++) {
		CU_ASSERT_EQUAL(list[e]->seal(&ctx[e], 8, b, b, len + 1), -1);
		CU_ASSERT_EQUAL(list[e]->open(&ctx[e], 8, b, len + 1), -1);
		list[e]->fini(&ctx[e]);
	}
	free(a);
	free(b);
}

static void
test_longest(void)
{
	each(longest);
}

/* One record of that size by every engine that is asked, from the same keys. */
static void
one_size(const struct cipher_engine *const list[ENGINES], const struct keys *k, uint32_t len, bool ref)
{
	static uint8_t plain[4 + LEN_MAX], first[4 + LEN_MAX + CIPHER_TAG_MAX], other[sizeof(first)];
	static struct cipher_ctx ctx;
	size_t size = 4 + (size_t)len + list[0]->tag_len;

	plain[0] = plain[1] = 0;
	plain[2] = (uint8_t)(len >> 8);
	plain[3] = (uint8_t)len;
	for (uint32_t i = 0; i < len; i++)
		plain[4 + i] = (uint8_t)(i * 7 + len);
	for (size_t e = 0; e < (ref ? ENGINES : REF); e++) {
		uint8_t *to = e == 0 ? first : other;

		CU_ASSERT_EQUAL_FATAL(init(list[e], &ctx, k), 0);
		CU_ASSERT_EQUAL(list[e]->seal(&ctx, len, to, plain, len), 0);
		list[e]->fini(&ctx);
		CU_ASSERT(e == 0 || memcmp(first, other, size) == 0);
	}
	for (size_t e = 0; e < REF; e++) {
		memcpy(other, first, size);
		CU_ASSERT_EQUAL_FATAL(init(list[e], &ctx, k), 0);
		CU_ASSERT_EQUAL(list[e]->open(&ctx, len, other, len), 0);
		list[e]->fini(&ctx);
		CU_ASSERT_EQUAL(memcmp(plain, other, 4 + (size_t)len), 0);
	}
}

/* Every size from 0 to the limit in the full form, those of whole blocks, which records
 * have, against the reference too; in the short one every size of some blocks, and others
 * with a stride that meets every remainder. */
static void
sizes(const struct cipher_engine *const list[ENGINES])
{
	const char *form = getenv("FORM");
	bool full = form != NULL && strcmp(form, "full") == 0;
	const struct keys k = keys();

	for (uint32_t len = 0; len <= LEN_MAX; len += full || len < 600 ? 1 : 211)
		one_size(list, &k, len, len < 600 || len % 8 == 0);
	one_size(list, &k, LEN_MAX, true);
}

static void
test_sizes(void)
{
	each(sizes);
}

/* Seal `count` records from a counter and compare the last with one record
 * sealed from the counter that is expected there. */
static void
counter_case(const struct cipher_engine *e, const uint8_t *from, uint32_t count, const uint8_t *expected)
{
	static struct cipher_ctx c;
	struct keys k = keys();
	uint8_t *plain = record(e, 32), *run = record(e, 32), *single = record(e, 32);

	memcpy(k.iv, from, 12);
	init(e, &c, &k);
	for (uint32_t i = 0; i <= count; i++)
		e->seal(&c, i, run, plain, 32);
	e->fini(&c);
	memcpy(k.iv, expected, 12);
	init(e, &c, &k);
	e->seal(&c, 0, single, plain, 32);
	e->fini(&c);
	CU_ASSERT_EQUAL(memcmp(run, single, 4 + 32 + e->tag_len), 0);
	free(plain);
	free(run);
	free(single);
}

/* RFC 5647 section 7.1: the counter is 64 bits and carries through all of them;
 * the fixed field in front never changes. */
static void
test_invocations(void)
{
	static const uint16_t suites[] = { SUITE_AES128_GCM, SUITE_AES256_GCM };
	static const struct {
		uint8_t from[12], to[12];
		uint32_t count;
	} cases[] = {
		{ { 1, 2, 3, 4 }, { 1, 2, 3, 4, [11] = 1 }, 1 },
		{ { 1, 2, 3, 4, [11] = 0xff }, { 1, 2, 3, 4, [10] = 1 }, 1 },
		{ { 1, 2, 3, 4, [8] = 0xff, 0xff, 0xff, 0xff }, { 1, 2, 3, 4, [7] = 1 }, 1 },
		{ { 1, 2, 3, 4, [8] = 0xff, 0xff, 0xff, 0xfe }, { 1, 2, 3, 4, [7] = 1, [11] = 1 }, 3 },
		{ { 9, 8, 7, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 9, 8, 7, 6 }, 1 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		    { 0xff, 0xff, 0xff, 0xff }, 1 },
		{ { 0 }, { [10] = 1, [11] = 0x2c }, 300 },
	};

	for (unsigned s = 0; s < sizeof(suites) / sizeof(suites[0]); s++)
		for (size_t e = 0; e < ENGINES; e++)
			for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
				counter_case(
				    engines[suites[s]][e], cases[i].from, cases[i].count, cases[i].to);
}

/* A refused record uses its part of the counter up like a good one. */
static void
refusal(const struct cipher_engine *const list[ENGINES])
{
	static struct cipher_ctx seal, open;

	for (size_t i = 0; i < ENGINES; i++) {
		const struct cipher_engine *e = list[i];
		uint8_t *a = record(e, 64), *b = record(e, 64);
		const struct keys k = keys();

		init(e, &seal, &k);
		init(e, &open, &k);
		e->seal(&seal, 0, a, a, 64);
		e->seal(&seal, 1, b, b, 64);
		a[10] ^= 1;
		CU_ASSERT_EQUAL(e->open(&open, 0, a, 64), -1);
		CU_ASSERT_EQUAL(e->open(&open, 1, b, 64), 0);
		e->fini(&seal);
		e->fini(&open);
		free(a);
		free(b);
	}
}

static void
test_refusal(void)
{
	each(refusal);
}

/* Every single byte changed: refused, and nothing of the text is left. Another
 * sequence number: refused where it is part of the MAC or the nonce. */
static void
tamper(const struct cipher_engine *const list[ENGINES])
{
	enum { LEN = 60 };
	static struct cipher_ctx c;
	const struct keys k = keys();
	uint8_t *sealed = record(list[0], LEN), *copy = record(list[0], LEN);
	unsigned size = 4 + LEN + list[0]->tag_len;

	init(list[0], &c, &k);
	list[0]->seal(&c, 5, sealed, sealed, LEN);
	list[0]->fini(&c);
	for (size_t e = 0; e < ENGINES; e++) {
		for (unsigned at = 0; at <= size; at++) {
			memcpy(copy, sealed, size);
			if (at < size)
				copy[at] ^= (uint8_t)(1u << at % 8);
			else if (list[e]->iv_len == 12)
				break;
			init(list[e], &c, &k);
			CU_ASSERT_EQUAL(list[e]->open(&c, at < size ? 5 : 6, copy, LEN), -1);
			CU_ASSERT(all_zero(copy + 4, LEN));
			list[e]->fini(&c);
		}
	}
	free(sealed);
	free(copy);
}

static void
test_tamper(void)
{
	each(tamper);
}

static void
wipes(const struct cipher_engine *const list[ENGINES])
{
	static struct cipher_ctx c;
	const struct keys k = keys();

	for (size_t e = 0; e < ENGINES; e++) {
		init(list[e], &c, &k);
		list[e]->fini(&c);
		CU_ASSERT(all_zero(c.bytes, sizeof(c.bytes)));
	}
}

static void
test_fini_wipes(void)
{
	each(wipes);
}

/* Our own block function, which IPsec-MB's ChaCha20 needs for block 0. */
static void
test_block_pair(void)
{
	uint8_t key[64], once[32], length[4], block[64];
	uint8_t nonce[8] = { 0 };

	for (unsigned i = 0; i < 300; i++) {
		rng_fill(&rng, key, sizeof(key));
		rng_fill(&rng, nonce + 4, 4);
		chacha_block_pair(
		    key, (uint32_t)nonce[4] << 24 | nonce[5] << 16 | nonce[6] << 8 | nonce[7], once, length);
		ref_chacha_block(key, 0, nonce, block);
		CU_ASSERT_EQUAL(memcmp(once, block, sizeof(once)), 0);
		ref_chacha_block(key + 32, 0, nonce, block);
		CU_ASSERT_EQUAL(memcmp(length, block, sizeof(length)), 0);
	}
}

/* A library may keep something per thread: engines work in one that started. */
static void *
in_thread(void *arg)
{
	int *r = arg;

	*r = cipher_thread_start();
	if (*r == 0)
		each(same_bytes);
	return NULL;
}

static void
test_threads(void)
{
	pthread_t t;
	int r = -1;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, in_thread, &r), 0);
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_EQUAL(cipher_thread_start(), 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all are built in and selectable", test_all_built },
		{ "pairs on random sizes", test_pairs },
		{ "same bytes", test_same_bytes },
		{ "carries of a counter of 128 bits", test_carries },
		{ "every size", test_sizes },
		{ "the longest record", test_longest },
		{ "invocation counter", test_invocations },
		{ "counter after a refusal", test_refusal },
		{ "each byte tampered with", test_tamper },
		{ "fini wipes", test_fini_wipes },
		{ "ChaCha20 block 0", test_block_pair },
		{ "threads", test_threads },
		CU_TEST_INFO_NULL,
	};

	rng_fixed(&rng, 5647);
	return suite_run("cipher engines", tests);
}
