/* Public-key operations against the RFCs' vectors and against misuse. */
#include <string.h>

#include "drivers/pk/pk.h"
#include "drivers/rng/rng.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static unsigned refused;

static void
test_start(void)
{
	CU_ASSERT_EQUAL(pk_start(), 0);
	CU_ASSERT_EQUAL(pk_start(), 0);
}

static void
x25519_case(const struct vector *v)
{
	static const uint8_t zero[32];
	uint8_t out[32];
	int r;

	memset(out, 0x55, sizeof(out));
	r = pk_x25519_shared(out, vector_get(v, "scalar").data, vector_get(v, "u").data);
	if (vector_has(v, "out")) {
		if (r != 0 || memcmp(out, vector_get(v, "out").data, 32) != 0)
			CU_FAIL(v->name);
		return;
	}
	refused++;
	if (r != -1 || memcmp(out, zero, 32) != 0)
		CU_FAIL(v->name);
}

static void
test_x25519(void)
{
	CU_ASSERT(vector_each("tests/vector/x25519.txt", x25519_case) >= 18);
	CU_ASSERT(refused >= 14);
}

/* RFC 7748 section 5.2: the result after a thousand iterations. */
static void
test_x25519_iterated(void)
{
	static const uint8_t expected[32] = { 0x68, 0x4c, 0xf5, 0x9b, 0xa8, 0x33, 0x09, 0x55, 0x28, 0x00,
		0xef, 0x56, 0x6f, 0x2f, 0x4d, 0x3c, 0x1c, 0x38, 0x87, 0xc4, 0x93, 0x60, 0xe3, 0x87, 0x5f,
		0x2e, 0xb9, 0x4d, 0x99, 0x53, 0x2c, 0x51 };
	uint8_t k[32] = { 9 }, u[32] = { 9 }, next[32];

	for (int i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL_FATAL(pk_x25519_shared(next, k, u), 0);
		memcpy(u, k, 32);
		memcpy(k, next, 32);
	}
	CU_ASSERT_EQUAL(memcmp(k, expected, 32), 0);
}

static void
test_x25519_pairs(void)
{
	uint8_t pub[2][32], priv[2][32], shared[2][32];

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pk_x25519_pair(pub[i], priv[i]), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(priv[0], priv[1], 32), 0);
	CU_ASSERT_EQUAL(pk_x25519_shared(shared[0], priv[0], pub[1]), 0);
	CU_ASSERT_EQUAL(pk_x25519_shared(shared[1], priv[1], pub[0]), 0);
	CU_ASSERT(pk_equal(shared[0], shared[1], 32));
}

static void
ed25519_case(const struct vector *v)
{
	struct view message = vector_get(v, "message");
	const uint8_t *sig = vector_get(v, "signature").data, *pub = vector_get(v, "public").data;
	struct pk_signer *s;
	uint8_t out[64];

	if (!vector_has(v, "seed")) {
		refused++;
		if (pk_ed25519_verify(pub, sig, message.data, message.len) != -1)
			CU_FAIL(v->name);
		return;
	}
	s = pk_signer_new(vector_get(v, "seed").data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	pk_signer_public(s, out);
	if (memcmp(out, pub, 32) != 0 || pk_signer_sign(s, out, message.data, message.len) != 0 ||
	    memcmp(out, sig, 64) != 0 || pk_ed25519_verify(pub, sig, message.data, message.len) != 0)
		CU_FAIL(v->name);
	pk_signer_free(s);
}

static void
test_ed25519(void)
{
	refused = 0;
	CU_ASSERT(vector_each("tests/vector/ed25519.txt", ed25519_case) >= 14);
	CU_ASSERT(refused >= 10);
}

/* Each bit of signature, key and message counts. */
static void
test_ed25519_bits(void)
{
	uint8_t seed[32] = { 3 }, pub[32], sig[64], message[20] = "a message to sign";
	struct pk_signer *s = pk_signer_new(seed);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	pk_signer_public(s, pub);
	CU_ASSERT_EQUAL(pk_signer_sign(s, sig, message, sizeof(message)), 0);
	for (unsigned bit = 0; bit < 8 * (64 + 32 + sizeof(message)); bit++) {
		uint8_t *at = bit < 512   ? sig + bit / 8
			      : bit < 768 ? pub + bit / 8 - 64
					  : message + bit / 8 - 96;

		*at ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(pk_ed25519_verify(pub, sig, message, sizeof(message)), -1);
		*at ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_EQUAL(pk_ed25519_verify(pub, sig, message, sizeof(message)), 0);
	pk_signer_free(s);
}

/* FIPS 180-4's example "abc". */
static void
test_hashes(void)
{
	static const uint8_t abc256[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10,
		0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	static const uint8_t abc512_head[8] = { 0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba };
	const struct pk_part parts[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
	uint8_t out[64];

	CU_ASSERT_EQUAL(pk_sha256(out, "abc", 3), 0);
	CU_ASSERT_EQUAL(memcmp(out, abc256, 32), 0);
	memset(out, 0, sizeof(out));
	CU_ASSERT_EQUAL(pk_sha256_parts(out, parts, 3), 0);
	CU_ASSERT_EQUAL(memcmp(out, abc256, 32), 0);
	CU_ASSERT_EQUAL(pk_sha512(out, "abc", 3), 0);
	CU_ASSERT_EQUAL(memcmp(out, abc512_head, 8), 0);
}

static void
test_small(void)
{
	uint8_t a[16] = { 1 }, b[16] = { 1 };

	CU_ASSERT(pk_equal(a, b, sizeof(a)));
	b[15] = 1;
	CU_ASSERT(!pk_equal(a, b, sizeof(a)));
	pk_wipe(b, sizeof(b));
	CU_ASSERT_EQUAL(b[0] | b[15], 0);
	pk_signer_free(NULL);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "start", test_start },
		{ "X25519 vectors", test_x25519 },
		{ "X25519 iterated", test_x25519_iterated },
		{ "X25519 pairs", test_x25519_pairs },
		{ "Ed25519 vectors", test_ed25519 },
		{ "Ed25519 each bit", test_ed25519_bits },
		{ "hashes", test_hashes },
		{ "equal and wipe", test_small },
		CU_TEST_INFO_NULL,
	};

	return suite_run("pk", tests);
}
