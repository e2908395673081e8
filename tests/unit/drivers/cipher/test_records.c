/* Every engine against records that were sealed elsewhere. */
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

#define ENGINES 3u

static uint8_t plain[4 + CIPHER_LEN_MAX], record[4 + CIPHER_LEN_MAX + CIPHER_TAG_MAX];
static unsigned suites_seen;

static uint32_t
number(const struct vector *v, const char *name)
{
	struct cur c = cur_view(vector_get(v, name));

	return cur_u32(&c);
}

static int
init(const struct cipher_engine *e, struct cipher_ctx *c, const struct vector *v)
{
	CU_ASSERT_FATAL(vector_get(v, "key").len == e->key_len && vector_get(v, "iv").len == e->iv_len &&
			vector_get(v, "mac").len == e->mac_len);
	return e->init(e, c, vector_get(v, "key").data, vector_get(v, "iv").data, vector_get(v, "mac").data);
}

static bool
engine_right(const struct cipher_engine *e, const struct vector *v, uint32_t len)
{
	static struct cipher_ctx c;
	struct view head = vector_get(v, "head"), tail = vector_get(v, "tail");
	size_t size = 4 + (size_t)len + e->tag_len;
	uint32_t seq = number(v, "seq");
	bool good;

	if (init(e, &c, v) != 0)
		return false;
	good = e->seal(&c, seq, record, plain, len) == 0 &&
	       memcmp(record, head.data, head.len < size ? head.len : size) == 0 && tail.len <= size &&
	       memcmp(record + size - tail.len, tail.data, tail.len) == 0;
	e->fini(&c);
	if (!good || init(e, &c, v) != 0)
		return false;
	good = e->length(&c, seq, record) == len && e->open(&c, seq, record, len) == 0 &&
	       memcmp(record, plain, 4 + (size_t)len) == 0;
	e->fini(&c);
	return good;
}

static void
record_case(const struct vector *v)
{
	uint16_t suite = vector_get(v, "suite").data[0];
	uint32_t len = number(v, "len");
	struct put w = put_of(plain, 4);
	const struct cipher_engine *list[8];

	CU_ASSERT_FATAL(len <= CIPHER_LEN_MAX);
	CU_ASSERT_EQUAL_FATAL(cipher_engines(suite, list, 8), ENGINES);
	put_u32(&w, len);
	for (uint32_t i = 0; i < len; i++)
		plain[4 + i] = (uint8_t)(7 * i + 3);
	for (size_t i = 0; i < ENGINES; i++)
		if (!engine_right(list[i], v, len))
			CU_FAIL(v->name);
	suites_seen |= 1u << suite;
}

/* All suites but those of GCM, whose vectors are their own. */
static void
test_records(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/records.txt", record_case), 154);
	CU_ASSERT_EQUAL(suites_seen,
	    (1u << SUITE_COUNT) - 1 - (1u << SUITE_NONE | 1u << SUITE_AES128_GCM | 1u << SUITE_AES256_GCM));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "sealed records", test_records },
		CU_TEST_INFO_NULL,
	};

	return suite_run("cipher records", tests);
}
