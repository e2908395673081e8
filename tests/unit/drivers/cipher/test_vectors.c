/* The plain reference against published vectors. */
#include <string.h>

#include "drivers/cipher/ref.h"
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
	CU_ASSERT_EQUAL(vector_each("tests/vector/aes128.txt", aes_case), 2);
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
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "AES-128", test_aes },
		{ "AES-128-GCM", test_gcm },
		CU_TEST_INFO_NULL,
	};

	return suite_run("cipher vectors", tests);
}
