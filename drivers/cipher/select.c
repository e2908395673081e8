#include "drivers/cipher/select.h"

#include <stdbool.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/library.h"

/* In the order of preference. */
static const struct cipher_library *const libraries[] = {
	&cipher_library_ipsecmb,
	&cipher_library_openssl,
	&cipher_library_ref,
};

#define LIBRARY_COUNT (sizeof(libraries) / sizeof(libraries[0]))

static bool asked[LIBRARY_COUNT];
static bool usable[LIBRARY_COUNT];
static const struct cipher_engine *chosen[SUITE_COUNT];

/*
 * Known answers: two records under one key, text byte i is 7 i + 3 (mod 256).
 * The first is given whole; the second is long enough for the widest code path
 * of an engine and given by its tag, which covers every byte before it. The
 * counter wraps between the two: the fixed field must not change.
 */
#define SHORT_LEN 48u
#define LONG_LEN 1040u
#define TAG_LEN 16u

struct answer {
	uint16_t suite;
	uint8_t key[16];
	uint8_t iv[12];
	uint8_t first[SHORT_LEN + TAG_LEN];
	uint8_t second_tag[TAG_LEN];
};

static const struct answer answers[] = {
	{
		.suite = SUITE_AES128_GCM,
		.key = {
			0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
		},
		.iv = {
			0xa1, 0xa2, 0xa3, 0xa4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		},
		.first = {
			0x8e, 0xaa, 0x31, 0x50, 0x46, 0xd1, 0x2e, 0x79, 0x79, 0xdb, 0x6c, 0x5b, 0x67, 0xce, 0xbc, 0xc2,
			0x6d, 0x37, 0xd2, 0x09, 0x5e, 0xf4, 0x4b, 0x43, 0xeb, 0x04, 0x0b, 0x3e, 0xcc, 0x5c, 0x42, 0x9c,
			0x4d, 0x45, 0xd9, 0x57, 0xf0, 0xb2, 0xe3, 0x65, 0x41, 0x60, 0x68, 0xfe, 0x91, 0xae, 0x31, 0x95,
			0xfe, 0x72, 0xe8, 0x6f, 0xbc, 0xe7, 0x71, 0x96, 0x2f, 0xfb, 0xb2, 0x7d, 0x4f, 0xe8, 0x71, 0xc0,
		},
		.second_tag = {
			0x77, 0xbc, 0xb6, 0x42, 0x27, 0x2d, 0x3e, 0x18, 0x60, 0xf9, 0x7a, 0xb0, 0x09, 0x5c, 0x39, 0xe5,
		},
	},
};

#define ANSWER_COUNT (sizeof(answers) / sizeof(answers[0]))

static void
answer_text(uint8_t *record, uint32_t len)
{
	record[0] = (uint8_t)(len >> 24);
	record[1] = (uint8_t)(len >> 16);
	record[2] = (uint8_t)(len >> 8);
	record[3] = (uint8_t)len;
	for (uint32_t i = 0; i < len; i++)
		record[4 + i] = (uint8_t)(7 * i + 3);
}

static bool
seals(const struct cipher_engine *e, const struct answer *a, struct cipher_ctx *c)
{
	uint8_t record[4 + LONG_LEN + TAG_LEN];
	bool good;

	if (e->init(c, a->key, a->iv, NULL) != 0)
		return false;
	answer_text(record, SHORT_LEN);
	good = e->seal(c, 0, record, record, SHORT_LEN) == 0 &&
	       memcmp(record + 4, a->first, sizeof(a->first)) == 0;
	answer_text(record, LONG_LEN);
	good = good && e->seal(c, 1, record, record, LONG_LEN) == 0 &&
	       memcmp(record + 4 + LONG_LEN, a->second_tag, TAG_LEN) == 0;
	e->fini(c);
	return good;
}

/* The record is opened to the text, refused when its tag or its associated data
 * differ, and then leaves none of the text behind. */
static bool
opens(const struct cipher_engine *e, const struct answer *a, struct cipher_ctx *c)
{
	static const uint8_t zero[SHORT_LEN];
	static const uint32_t flips[] = { 3, 4 + SHORT_LEN + TAG_LEN - 1 };
	uint8_t text[4 + SHORT_LEN], record[4 + SHORT_LEN + TAG_LEN];
	bool good = true;

	answer_text(text, SHORT_LEN);
	for (unsigned i = 0; i <= sizeof(flips) / sizeof(flips[0]) && good; i++) {
		bool tampered = i < sizeof(flips) / sizeof(flips[0]);
		int r;

		if (e->init(c, a->key, a->iv, NULL) != 0)
			return false;
		memcpy(record, text, 4);
		memcpy(record + 4, a->first, sizeof(a->first));
		if (tampered)
			record[flips[i]] ^= 1;
		r = e->open(c, 0, record, SHORT_LEN);
		good = tampered ? r == -1 && memcmp(record + 4, zero, SHORT_LEN) == 0
				: r == 0 && memcmp(record, text, sizeof(text)) == 0;
		e->fini(c);
	}
	return good;
}

/* A suite without known answers is not served. */
static bool
answers_right(const struct cipher_engine *e)
{
	struct cipher_ctx c;

	for (size_t i = 0; i < ANSWER_COUNT; i++)
		if (answers[i].suite == e->suite)
			return seals(e, &answers[i], &c) && opens(e, &answers[i], &c);
	return false;
}

static void
start_libraries(void)
{
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (libraries[i] == NULL || asked[i])
			continue;
		asked[i] = true;
		usable[i] = libraries[i]->start == NULL || libraries[i]->start() == 0;
	}
}

int
cipher_start(const char *prefer, const char **why)
{
	start_libraries();
	memset(chosen, 0, sizeof(chosen));
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (!usable[i])
			continue;
		for (size_t r = 0; r < libraries[i]->count; r++) {
			const struct cipher_engine *e = &libraries[i]->rows[r];

			if (chosen[e->suite] != NULL || (prefer != NULL && strcmp(prefer, e->name) != 0))
				continue;
			if (answers_right(e))
				chosen[e->suite] = e;
		}
	}
	for (unsigned suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		if (chosen[suite] != NULL)
			continue;
		*why = prefer != NULL ? "the cipher engine asked for is not there or gives wrong answers"
				      : "no cipher engine gives the known answers";
		return -1;
	}
	return 0;
}

const struct cipher_engine *
cipher_engine_for(uint16_t suite)
{
	return suite < SUITE_COUNT ? chosen[suite] : NULL;
}

size_t
cipher_engines(uint16_t suite, const struct cipher_engine **list, size_t max)
{
	size_t count = 0;

	start_libraries();
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (!usable[i])
			continue;
		for (size_t r = 0; r < libraries[i]->count && count < max; r++)
			if (libraries[i]->rows[r].suite == suite)
				list[count++] = &libraries[i]->rows[r];
	}
	return count;
}
