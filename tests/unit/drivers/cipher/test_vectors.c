/* The plain reference against published vectors. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/cipher/ref.h"
#include "drivers/cipher/umac.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

#define TEXT_MAX 256

static void
aes_case(const struct vector *v)
{
	struct ref_aes aes;
	uint8_t out[16];

	ref_aes_key(&aes, vector_get(v, "key").data, vector_get(v, "key").len);
	ref_aes_block(&aes, out, vector_get(v, "text").data);
	if (memcmp(out, vector_get(v, "cipher").data, sizeof(out)) != 0)
		CU_FAIL(v->name);
}

static void
test_aes(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/aes.txt", aes_case), 4);
}

static void
gcm_case(const struct vector *v)
{
	struct view text = vector_get(v, "text"), cipher = vector_get(v, "cipher"),
		    aad = vector_get(v, "aad");
	const uint8_t *iv = vector_get(v, "iv").data;
	struct ref_gcm gcm;
	uint8_t out[TEXT_MAX], tag[16];

	CU_ASSERT_FATAL(text.len <= sizeof(out) && text.len == cipher.len);
	ref_gcm_key(&gcm, vector_get(v, "key").data, vector_get(v, "key").len);
	ref_gcm_crypt(&gcm, iv, out, text.data, text.len);
	ref_gcm_tag(&gcm, iv, tag, aad.data, aad.len, out, text.len);
	if (memcmp(out, cipher.data, cipher.len) != 0 || memcmp(tag, vector_get(v, "tag").data, 16) != 0)
		CU_FAIL(v->name);
	ref_gcm_crypt(&gcm, iv, out, out, text.len);
	if (memcmp(out, text.data, text.len) != 0)
		CU_FAIL(v->name);
}

static void
test_gcm(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/aes128_gcm.txt", gcm_case), 8);
	CU_ASSERT_EQUAL(vector_each("tests/vector/aes256_gcm.txt", gcm_case), 4);
}

static void
ctr_case(const struct vector *v)
{
	struct view text = vector_get(v, "text"), cipher = vector_get(v, "cipher");
	struct ref_aes aes;
	uint8_t out[TEXT_MAX];

	CU_ASSERT_FATAL(text.len <= sizeof(out) && text.len == cipher.len);
	ref_aes_key(&aes, vector_get(v, "key").data, vector_get(v, "key").len);
	ref_ctr_crypt(&aes, vector_get(v, "counter").data, out, text.data, text.len);
	if (memcmp(out, cipher.data, cipher.len) != 0)
		CU_FAIL(v->name);
}

static void
test_ctr(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/aes_ctr.txt", ctr_case), 15);
}

static bool
is(const uint8_t *got, struct view expected)
{
	return memcmp(got, expected.data, expected.len) == 0;
}

static void
sha2_case(const struct vector *v)
{
	struct view text = vector_get(v, "text"), digest = vector_get(v, "digest");
	uint8_t out[REF_HASH_MAX];
	struct ref_hash h;

	ref_hash_start(&h, digest.len);
	ref_hash_add(&h, text.data, text.len / 3);
	ref_hash_add(&h, text.data + text.len / 3, text.len - text.len / 3);
	ref_hash_end(&h, out);
	if (!is(out, digest))
		CU_FAIL(v->name);
}

static void
hmac_case(const struct vector *v)
{
	struct view key = vector_get(v, "key"), text = vector_get(v, "text");
	uint8_t out[REF_HASH_MAX];
	struct ref_hmac m;

	ref_hmac_key(&m, 32, key.data, key.len);
	ref_hmac(&m, text.data, 3, text.data + 3, text.len - 3, out);
	if (!is(out, vector_get(v, "tag256")))
		CU_FAIL(v->name);
	ref_hmac_key(&m, 64, key.data, key.len);
	ref_hmac(&m, text.data, 0, text.data, text.len, out);
	if (!is(out, vector_get(v, "tag512")))
		CU_FAIL(v->name);
}

static void
test_sha2(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/sha2.txt", sha2_case), 25);
	CU_ASSERT_EQUAL(vector_each("tests/vector/hmac_sha2.txt", hmac_case), 6);
}

static void
chacha_case(const struct vector *v)
{
	const uint8_t *key = vector_get(v, "key").data, *nonce = vector_get(v, "nonce").data;
	struct view stream = vector_get(v, "stream");
	uint8_t out[64], zero[64] = { 0 };
	uint64_t counter;

	memcpy(&counter, vector_get(v, "counter").data, sizeof(counter)); /* little endian */
	ref_chacha_block(key, counter, nonce, out);
	if (!is(out, stream))
		CU_FAIL(v->name);
	ref_chacha_crypt(key, counter, nonce, out, zero, sizeof(out));
	if (!is(out, stream))
		CU_FAIL(v->name);
}

static void
poly_case(const struct vector *v)
{
	struct view text = vector_get(v, "text");
	uint8_t tag[16];

	ref_poly1305(vector_get(v, "key").data, text.data, text.len, tag);
	if (!is(tag, vector_get(v, "tag")))
		CU_FAIL(v->name);
}

static void
test_chacha(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/chacha20.txt", chacha_case), 6);
	CU_ASSERT_EQUAL(vector_each("tests/vector/poly1305.txt", poly_case), 15);
}

/* The driver that engines share has the two lengths that SSH knows, and takes the nonce
 * as a number. */
static void
umac_driver(const struct vector *v, const uint8_t *text, size_t len)
{
	static const char *const names[] = { "tag64", "tag128" };

	for (size_t i = 0; i < 2; i++) {
		size_t tag_len = UMAC_SHORT << i;
		struct umac *u = umac_new(vector_get(v, "key").data, tag_len);
		uint8_t tag[UMAC_LONG], expected[UMAC_LONG];
		const uint8_t nonce[UMAC_NONCE] = { 0, 0, 0, 0, 0x66, 0x67, 0x68, 0x69 };

		CU_ASSERT_PTR_NOT_NULL_FATAL(u);
		umac_tag(u, 0x66676869, text, len, tag);
		ref_umac(vector_get(v, "key").data, nonce, text, len, expected, tag_len);
		CU_ASSERT_EQUAL(memcmp(tag, expected, tag_len), 0);
		CU_ASSERT_NOT_EQUAL(memcmp(tag, vector_get(v, names[i]).data, tag_len), 0);
		umac_free(u);
	}
	umac_free(NULL);
}

static void
umac_case(const struct vector *v)
{
	static const struct {
		const char *name;
		size_t len;
	} tags[] = { { "tag32", 4 }, { "tag64", 8 }, { "tag96", 12 }, { "tag128", 16 } };
	struct view part = vector_get(v, "part"), times = vector_get(v, "times");
	struct cur c = cur_view(times);
	size_t len = part.len * cur_u32(&c);
	uint8_t *text = malloc(len + 1), tag[16];

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < len; i++)
		text[i] = part.data[i % part.len];
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		ref_umac(vector_get(v, "key").data, vector_get(v, "nonce").data, text, len, tag, tags[i].len);
		if (!is(tag, vector_get(v, tags[i].name)))
			CU_FAIL(v->name);
	}
	umac_driver(v, text, len);
	free(text);
}

static void
test_umac(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/umac.txt", umac_case), 7);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "AES", test_aes },
		{ "AES-GCM", test_gcm },
		{ "AES in counter mode", test_ctr },
		{ "SHA-2 and HMAC", test_sha2 },
		{ "ChaCha20 and Poly1305", test_chacha },
		{ "UMAC", test_umac },
		CU_TEST_INFO_NULL,
	};

	return suite_run("cipher vectors", tests);
}
