/* Every engine against every other: same bytes, same refusals, same counter. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "drivers/rng/rng.h"
#include "tests/lib/suite.h"

#define TAG 16u
#define LEN_MAX 35000u
#define ENGINES 3u

static const struct cipher_engine *engines[8];
static size_t engine_count;
static struct rng rng;

/* A buffer of exactly the record's size, so that a sanitizer sees one byte too
 * much. */
static uint8_t *
record(uint32_t len)
{
	uint8_t *p = malloc(4 + len + TAG);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	rng_fill(&rng, p + 4, len + TAG);
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	return p;
}

static void
keys(uint8_t key[16], uint8_t iv[12])
{
	rng_fill(&rng, key, 16);
	rng_fill(&rng, iv, 12);
}

static uint32_t
random_len(uint32_t max)
{
	uint32_t n;

	rng_fill(&rng, &n, sizeof(n));
	return n % (max + 1);
}

static void
test_all_built(void)
{
	static const char *const names[] = { "ipsecmb", "openssl", "ref" };
	const char *why;

	engine_count = cipher_engines(SUITE_AES128_GCM, engines, 8);
	CU_ASSERT_EQUAL_FATAL(engine_count, ENGINES);
	for (size_t i = 0; i < ENGINES; i++) {
		CU_ASSERT_STRING_EQUAL(engines[i]->name, names[i]);
		CU_ASSERT_EQUAL(cipher_start(names[i], &why), 0);
		CU_ASSERT_PTR_EQUAL(cipher_engine_for(SUITE_AES128_GCM), engines[i]);
	}
	CU_ASSERT_EQUAL(cipher_start("nonsense", &why), -1);
	CU_ASSERT_EQUAL(cipher_start(NULL, &why), 0);
	CU_ASSERT_PTR_EQUAL(cipher_engine_for(SUITE_AES128_GCM), engines[0]);
	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_NONE));
	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_COUNT));
}

/* One sealed by a, opened by b, apart and in place; contexts run on. */
static void
pair_run(const struct cipher_engine *a, const struct cipher_engine *b, uint32_t count, uint32_t max)
{
	static struct cipher_ctx ca, cb;
	uint8_t key[16], iv[12];

	keys(key, iv);
	CU_ASSERT_EQUAL_FATAL(a->init(&ca, key, iv, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(b->init(&cb, key, iv, NULL), 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = i < 64 ? i : random_len(max);
		uint8_t *plain = record(len), *sealed = record(len);
		bool in_place = i & 1;

		if (in_place)
			memcpy(sealed, plain, 4 + len);
		CU_ASSERT_EQUAL(a->seal(&ca, i, sealed, in_place ? sealed : plain, len), 0);
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
test_pairs(void)
{
	for (size_t i = 0; i < engine_count; i++)
		for (size_t j = 0; j < engine_count; j++)
			pair_run(engines[i], engines[j], 120, 4096);
	pair_run(engines[0], engines[1], 200, LEN_MAX);
	pair_run(engines[1], engines[0], 200, LEN_MAX);
	pair_run(engines[0], engines[2], 70, LEN_MAX);
}

static void
test_same_bytes(void)
{
	static struct cipher_ctx ctx[8];
	uint8_t key[16], iv[12];

	keys(key, iv);
	for (size_t e = 0; e < engine_count; e++)
		CU_ASSERT_EQUAL_FATAL(engines[e]->init(&ctx[e], key, iv, NULL), 0);
	for (uint32_t i = 0; i < 150; i++) {
		uint32_t len = random_len(2048);
		uint8_t *plain = record(len), *first = record(len);

		engines[0]->seal(&ctx[0], i, first, plain, len);
		for (size_t e = 1; e < engine_count; e++) {
			uint8_t *other = record(len);

			engines[e]->seal(&ctx[e], i, other, plain, len);
			CU_ASSERT_EQUAL(memcmp(first, other, 4 + len + TAG), 0);
			free(other);
		}
		free(plain);
		free(first);
	}
	for (size_t e = 0; e < engine_count; e++)
		engines[e]->fini(&ctx[e]);
}

/* Seal `count` records from a counter and compare the last with one record
 * sealed from the counter that is expected there. */
static void
counter_case(
    const struct cipher_engine *e, const uint8_t from[12], uint32_t count, const uint8_t expected[12])
{
	static struct cipher_ctx c;
	uint8_t key[16] = { 7 }, unused[12];
	uint8_t *plain = record(32), *run = record(32), *single = record(32);

	rng_fill(&rng, unused, sizeof(unused));
	e->init(&c, key, from, NULL);
	for (uint32_t i = 0; i <= count; i++)
		e->seal(&c, i, run, plain, 32);
	e->fini(&c);
	e->init(&c, key, expected, NULL);
	e->seal(&c, 0, single, plain, 32);
	e->fini(&c);
	CU_ASSERT_EQUAL(memcmp(run, single, 4 + 32 + TAG), 0);
	free(plain);
	free(run);
	free(single);
}

/* RFC 5647 section 7.1: the counter is 64 bits and carries through all of them;
 * the fixed field in front never changes. */
static void
test_counter(void)
{
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

	for (size_t e = 0; e < engine_count; e++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			counter_case(engines[e], cases[i].from, cases[i].count, cases[i].to);
}

/* A refused record uses its invocation up like a good one. */
static void
test_counter_after_refusal(void)
{
	static struct cipher_ctx seal, open;
	uint8_t key[16], iv[12];

	for (size_t e = 0; e < engine_count; e++) {
		uint8_t *a = record(64), *b = record(64);

		keys(key, iv);
		engines[e]->init(&seal, key, iv, NULL);
		engines[e]->init(&open, key, iv, NULL);
		engines[e]->seal(&seal, 0, a, a, 64);
		engines[e]->seal(&seal, 1, b, b, 64);
		a[10] ^= 1;
		CU_ASSERT_EQUAL(engines[e]->open(&open, 0, a, 64), -1);
		CU_ASSERT_EQUAL(engines[e]->open(&open, 1, b, 64), 0);
		engines[e]->fini(&seal);
		engines[e]->fini(&open);
		free(a);
		free(b);
	}
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Every single byte changed: refused, and nothing of the text is left. */
static void
test_tamper(void)
{
	enum { LEN = 80 };
	static struct cipher_ctx c;
	uint8_t key[16], iv[12];
	uint8_t *sealed = record(LEN), *copy = record(LEN);

	keys(key, iv);
	engines[0]->init(&c, key, iv, NULL);
	engines[0]->seal(&c, 0, sealed, sealed, LEN);
	engines[0]->fini(&c);
	for (size_t e = 0; e < engine_count; e++) {
		for (unsigned at = 0; at < 4 + LEN + TAG; at++) {
			memcpy(copy, sealed, 4 + LEN + TAG);
			copy[at] ^= (uint8_t)(1u << at % 8);
			engines[e]->init(&c, key, iv, NULL);
			CU_ASSERT_EQUAL(engines[e]->open(&c, 0, copy, LEN), -1);
			CU_ASSERT(all_zero(copy + 4, LEN));
			engines[e]->fini(&c);
		}
	}
	free(sealed);
	free(copy);
}

static void
test_fini_wipes(void)
{
	static struct cipher_ctx c;
	uint8_t key[16], iv[12];

	for (size_t e = 0; e < engine_count; e++) {
		keys(key, iv);
		engines[e]->init(&c, key, iv, NULL);
		engines[e]->fini(&c);
		CU_ASSERT(all_zero(c.bytes, sizeof(c.bytes)));
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all are built in and selectable", test_all_built },
		{ "pairs on random sizes", test_pairs },
		{ "same bytes", test_same_bytes },
		{ "invocation counter", test_counter },
		{ "counter after a refusal", test_counter_after_refusal },
		{ "each byte tampered with", test_tamper },
		{ "fini wipes", test_fini_wipes },
		CU_TEST_INFO_NULL,
	};

	rng_fixed(&rng, 5647);
	return suite_run("cipher engines", tests);
}
