#include "drivers/cipher/select.h"

#include <stdbool.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/answers.h"
#include "drivers/cipher/library.h"
#include "drivers/cipher/tag.h"

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

#define RECORD_MAX (4 + ANSWER_LONG + CIPHER_TAG_MAX)

static uint32_t
aligned(const struct cipher_engine *e, uint32_t len)
{
	return e->align_skips_length ? len : len - 4;
}

static void
answer_text(uint8_t *record, uint32_t len)
{
	length_write(record, len);
	for (uint32_t i = 0; i < len; i++)
		record[4 + i] = (uint8_t)(7 * i + 3);
}

static int
answer_keys(const struct cipher_engine *e, struct cipher_ctx *c)
{
	static const uint8_t gcm_iv[12] = {
		0xa1,
		0xa2,
		0xa3,
		0xa4,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
	};
	static const uint8_t ctr_iv[16] = {
		0xa1,
		0xa2,
		0xa3,
		0xa4,
		0xa5,
		0xa6,
		0xa7,
		0xa8,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
	};
	uint8_t key[64], mac[64];

	for (unsigned i = 0; i < 64; i++) {
		key[i] = (uint8_t)(16 + i);
		mac[i] = (uint8_t)(128 + i);
	}
	return e->init(e, c, key, e->iv_len == sizeof(gcm_iv) ? gcm_iv : ctr_iv, mac);
}

static bool
seals(const struct cipher_engine *e, const struct cipher_answer *a, struct cipher_ctx *c)
{
	uint8_t record[RECORD_MAX];
	uint32_t len = aligned(e, ANSWER_SHORT);
	bool good;

	if (answer_keys(e, c) != 0)
		return false;
	answer_text(record, len);
	good = e->seal(c, ANSWER_SEQ, record, record, len) == 0 &&
	       memcmp(record, a->first, 4 + len + e->tag_len) == 0;
	len = aligned(e, ANSWER_LONG);
	answer_text(record, len);
	good = good && e->seal(c, ANSWER_SEQ + 1, record, record, len) == 0 &&
	       memcmp(record + 4 + len, a->second_tag, e->tag_len) == 0;
	e->fini(c);
	return good;
}

/* The first record opened, with one byte changed unless `flip` is beyond it. */
static bool
opens_one(const struct cipher_engine *e, const struct cipher_answer *a, struct cipher_ctx *c, uint32_t flip)
{
	static const uint8_t zero[ANSWER_SHORT];
	uint8_t text[4 + ANSWER_SHORT], record[4 + ANSWER_SHORT + CIPHER_TAG_MAX];
	uint32_t len = aligned(e, ANSWER_SHORT);
	bool whole = flip >= 4 + len + e->tag_len;
	bool good;
	int r;

	if (answer_keys(e, c) != 0)
		return false;
	answer_text(text, len);
	memcpy(record, a->first, sizeof(record));
	good = e->length(c, ANSWER_SEQ, record) == len;
	if (!whole)
		record[flip] ^= 1;
	r = e->open(c, ANSWER_SEQ, record, len);
	good = good && (whole ? r == 0 && memcmp(record, text, 4 + len) == 0
			      : r == -1 && memcmp(record + 4, zero, len) == 0);
	e->fini(c);
	return good;
}

/* The record is opened to the text, refused when its length or its tag differ,
 * and then leaves none of the text behind. */
static bool
opens(const struct cipher_engine *e, const struct cipher_answer *a, struct cipher_ctx *c)
{
	uint32_t last = 4 + aligned(e, ANSWER_SHORT) + e->tag_len - 1;

	return opens_one(e, a, c, UINT32_MAX) && opens_one(e, a, c, 3) && opens_one(e, a, c, last);
}

/* A suite without known answers is not served. */
static bool
answers_right(const struct cipher_engine *e)
{
	struct cipher_ctx c;

	for (size_t i = 0; i < CIPHER_ANSWERS; i++)
		if (cipher_answers[i].suite == e->suite)
			return seals(e, &cipher_answers[i], &c) && opens(e, &cipher_answers[i], &c);
	return false;
}

static bool
library_start(const struct cipher_library *l)
{
	return (l->start == NULL || l->start() == 0) && (l->thread_start == NULL || l->thread_start() == 0);
}

static void
start_libraries(void)
{
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (libraries[i] == NULL || asked[i])
			continue;
		asked[i] = true;
		usable[i] = library_start(libraries[i]);
	}
}

int
cipher_thread_start(void)
{
	for (size_t i = 0; i < LIBRARY_COUNT; i++)
		if (usable[i] && libraries[i]->thread_start != NULL && libraries[i]->thread_start() != 0)
			return -1;
	return 0;
}

/* Rows of the usable libraries in the order of preference; NULL at the end. */
static const struct cipher_engine *
row_next(size_t *at)
{
	size_t left = *at;

	(*at)++;
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (!usable[i])
			continue;
		for (const struct cipher_rows *p = libraries[i]->parts; p->count > 0; p++) {
			if (left < p->count)
				return &p->row[left];
			left -= p->count;
		}
	}
	return NULL;
}

int
cipher_start(const char *prefer, const char **why)
{
	const struct cipher_engine *e;
	size_t at = 0;

	start_libraries();
	memset(chosen, 0, sizeof(chosen));
	while ((e = row_next(&at)) != NULL) {
		if (chosen[e->suite] != NULL || (prefer != NULL && strcmp(prefer, e->name) != 0))
			continue;
		if (answers_right(e))
			chosen[e->suite] = e;
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
	const struct cipher_engine *e;
	size_t at = 0, count = 0;

	start_libraries();
	while (count < max && (e = row_next(&at)) != NULL)
		if (e->suite == suite)
			list[count++] = e;
	return count;
}
