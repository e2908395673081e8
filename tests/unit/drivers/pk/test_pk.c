/* Signatures and hashes against published vectors and against misuse. */
#include <stdlib.h>
#include <string.h>

#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static unsigned refused;

static void
test_start(void)
{
	CU_ASSERT_EQUAL(pk_start(), 0);
	CU_ASSERT_EQUAL(pk_start(), 0);
}

/* ---- Ed25519 ---- */

static void
ed25519_case(const struct vector *v)
{
	const struct pk_public key = { .type = PK_ED25519, .key = vector_get(v, "public") };
	struct view message = vector_get(v, "message"), sig = vector_get(v, "signature");
	uint8_t out[PK_SIGNATURE_MAX];
	struct pk_signer *s;
	size_t len;

	if (!vector_has(v, "seed")) {
		refused++;
		if (pk_verify(&key, PK_SHA512, sig, message.data, message.len) != -1)
			CU_FAIL(v->name);
		return;
	}
	s = pk_signer_ed25519(vector_get(v, "seed").data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	if (!view_eq(pk_signer_public(s)->key, key.key) ||
	    pk_signer_sign(s, PK_SHA512, out, &len, message.data, message.len) != 0 ||
	    !view_eq(view_of(out, len), sig) ||
	    pk_verify(&key, PK_SHA512, sig, message.data, message.len) != 0)
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

/* ---- ECDSA ---- */

static enum pk_type curve;
static enum pk_hash curve_hash;

/* Signing is not repeatable: what it makes verifies, and twice it differs. */
static void
sign_again(const struct vector *v, const struct pk_public *key, struct view message)
{
	const struct pk_private private = {
		.type = curve, .secret = vector_get(v, "private"), .key = key->key
	};
	struct pk_private wrong = private;
	struct pk_signer *s = pk_signer_new(&private);
	uint8_t sig[2][PK_SIGNATURE_MAX];
	size_t len[2];

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_TRUE(view_eq(pk_signer_public(s)->key, key->key));
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(pk_signer_sign(s, curve_hash, sig[i], &len[i], message.data, message.len), 0);
		CU_ASSERT_EQUAL(
		    pk_verify(key, curve_hash, view_of(sig[i], len[i]), message.data, message.len), 0);
	}
	CU_ASSERT_FALSE(view_eq(view_of(sig[0], len[0]), view_of(sig[1], len[1])));
	pk_signer_free(s);
	/* a scalar that does not make the point */
	wrong.secret.len--;
	CU_ASSERT_PTR_NULL(pk_signer_new(&wrong));
	wrong.secret.len = 0;
	CU_ASSERT_PTR_NULL(pk_signer_new(&wrong));
}

static void
ecdsa_case(const struct vector *v)
{
	const struct pk_public key = { .type = curve, .key = vector_get(v, "public") };
	struct view message = vector_get(v, "message");
	bool good = vector_has(v, "good");
	int r = pk_verify(&key, curve_hash, vector_get(v, "signature"), message.data, message.len);

	refused += !good;
	if (r != (good ? 0 : -1))
		CU_FAIL(v->name);
	if (vector_has(v, "private"))
		sign_again(v, &key, message);
}

static void
test_ecdsa(void)
{
	static const struct {
		enum pk_type type;
		enum pk_hash hash;
		const char *vectors;
	} curves[] = {
		{ PK_P256, PK_SHA256, "tests/vector/ecdsa_p256.txt" },
		{ PK_P384, PK_SHA384, "tests/vector/ecdsa_p384.txt" },
		{ PK_P521, PK_SHA512, "tests/vector/ecdsa_p521.txt" },
	};

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		curve = curves[i].type;
		curve_hash = curves[i].hash;
		refused = 0;
		CU_ASSERT(vector_each(curves[i].vectors, ecdsa_case) >= 70);
		CU_ASSERT(refused >= 50);
	}
}

/* ---- RSA ---- */

static void
rsa_case(const struct vector *v)
{
	const struct pk_public key = {
		.type = PK_RSA, .key = vector_get(v, "modulus"), .exponent = vector_get(v, "exponent")
	};
	enum pk_hash hash = vector_get(v, "sha512").data[0] != 0 ? PK_SHA512 : PK_SHA256;
	enum pk_hash other = hash == PK_SHA512 ? PK_SHA256 : PK_SHA512;
	struct view message = vector_get(v, "message"), sig = vector_get(v, "signature");
	bool good = vector_has(v, "good");

	refused += !good;
	if (pk_verify(&key, hash, sig, message.data, message.len) != (good ? 0 : -1))
		CU_FAIL(v->name);
	if (pk_verify(&key, other, sig, message.data, message.len) != -1)
		CU_FAIL(v->name);
}

static void
test_rsa(void)
{
	refused = 0;
	CU_ASSERT(vector_each("tests/vector/rsa.txt", rsa_case) >= 100);
	CU_ASSERT(refused >= 80);
}

/* Sizes and parts that are told from the number alone. */
static void
test_rsa_form(void)
{
	static uint8_t n[PK_KEY_MAX + 1];
	uint8_t e[6] = { 1, 0, 1, 0, 0, 1 };
	struct pk_public key = { PK_RSA, view_of(n, 256), view_of(e, 3) };

	memset(n, 0xff, sizeof(n));
	CU_ASSERT_EQUAL(pk_public_bits(&key), 2048);
	key.key.len = PK_RSA_BITS_MIN / 8;
	CU_ASSERT_EQUAL(pk_public_bits(&key), 1024);
	n[0] = 0x7f;
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	key.key.len = PK_KEY_MAX;
	CU_ASSERT_EQUAL(pk_public_bits(&key), 16383);
	n[0] = 0x80;
	CU_ASSERT_EQUAL(pk_public_bits(&key), 16384);
	key.key.len = PK_KEY_MAX + 1;
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	key.key.len = 256;
	n[255] = 0xfe; /* even */
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	n[255] = 0xff;
	n[0] = 0; /* a leading zero */
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	n[0] = 0xff;
	key.exponent = view_of(e, 1); /* 1 */
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	key.exponent = view_of(e, 2); /* even */
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	key.exponent = view_of(e, 6); /* too long */
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
	key.exponent = view_of(NULL, 0);
	CU_ASSERT_EQUAL(pk_public_bits(&key), 0);
}

/* ---- every type ---- */

/* Each bit of signature, key and message counts. */
static void
each_bit(struct pk_signer *s, enum pk_hash hash, unsigned stride)
{
	struct pk_public key = *pk_signer_public(s);
	uint8_t bytes[3][PK_SIGNATURE_MAX] = { "a message to sign" };
	uint8_t *message = bytes[0], *sig = bytes[1], *public = bytes[2];
	size_t lens[3] = { 18 };

	CU_ASSERT_EQUAL(pk_signer_sign(s, hash, sig, &lens[1], message, lens[0]), 0);
	lens[2] = key.key.len;
	memcpy(public, key.key.data, key.key.len);
	key.key.data = public;
	CU_ASSERT_EQUAL(pk_verify(&key, hash, view_of(sig, lens[1]), message, lens[0]), 0);
	for (int part = 0; part < 3; part++) {
		for (unsigned bit = 0; bit < 8 * lens[part]; bit += stride) {
			bytes[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
			CU_ASSERT_EQUAL(pk_verify(&key, hash, view_of(sig, lens[1]), message, lens[0]), -1);
			bytes[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	for (size_t len = 0; len <= lens[1]; len += len + 8 < lens[1] ? 7 : 1)
		CU_ASSERT_EQUAL(
		    pk_verify(&key, hash, view_of(sig, len), message, lens[0]), len == lens[1] ? 0 : -1);
	CU_ASSERT_EQUAL(pk_verify(&key, hash, view_of(sig, lens[1] + 1), message, lens[0]), -1);
}

static void
test_each_bit(void)
{
	static const uint8_t seed[32] = { 3 }, one[] = { 1 };
	static const uint8_t base[] = { 4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
		0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
		0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e,
		0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
		0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
	const struct pk_private p256 = {
		.type = PK_P256, .secret = view_of(one, sizeof(one)), .key = view_of(base, sizeof(base))
	};
	struct pk_signer *s = pk_signer_ed25519(seed);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	each_bit(s, PK_SHA512, 1);
	pk_signer_free(s);
	s = pk_signer_new(&p256);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	each_bit(s, PK_SHA256, 1);
	pk_signer_free(s);
}

/* A key of one type under the name of another. */
static void
test_types(void)
{
	static const uint8_t bytes[PK_KEY_MAX] = { 4 };
	static const size_t sizes[] = { 0, 1, 31, 32, 33, 64, 65, 66, 96, 97, 98, 132, 133, 134, 2048 };

	for (unsigned type = 0; type <= PK_TYPE_COUNT; type++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			const struct pk_public key = { .type = type, .key = view_of(bytes, sizes[i]) };
			bool fits =
			    (type == PK_ED25519 && sizes[i] == 32) || (type == PK_P256 && sizes[i] == 65) ||
			    (type == PK_P384 && sizes[i] == 97) || (type == PK_P521 && sizes[i] == 133);

			CU_ASSERT_EQUAL(pk_public_bits(&key) != 0, fits);
			CU_ASSERT_EQUAL(pk_verify(&key, PK_SHA256, view_of(bytes, 64), "", 0), -1);
		}
	}
}

/* ---- the rest ---- */

/* FIPS 180-4's example "abc". */
static void
test_hashes(void)
{
	static const uint8_t abc256[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10,
		0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	static const uint8_t heads[PK_HASH_COUNT][8] = {
		[PK_SHA256] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea },
		[PK_SHA384] = { 0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3, 0x5e, 0x8b },
		[PK_SHA512] = { 0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba },
	};
	static const size_t sizes[PK_HASH_COUNT] = { 32, 48, 64 };
	const struct pk_part parts[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
	uint8_t out[PK_HASH_MAX + 1];

	CU_ASSERT_EQUAL(pk_sha256(out, "abc", 3), 0);
	CU_ASSERT_EQUAL(memcmp(out, abc256, 32), 0);
	for (int hash = 0; hash < PK_HASH_COUNT; hash++) {
		memset(out, 0x55, sizeof(out));
		CU_ASSERT_EQUAL(pk_hash_size(hash), sizes[hash]);
		CU_ASSERT_EQUAL(pk_hash_parts(hash, out, parts, 3), 0);
		CU_ASSERT_EQUAL(memcmp(out, heads[hash], 8), 0);
		CU_ASSERT_EQUAL(out[sizes[hash]], 0x55);
	}
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
		{ "Ed25519 vectors", test_ed25519 },
		{ "ECDSA vectors", test_ecdsa },
		{ "RSA vectors", test_rsa },
		{ "RSA keys that are none", test_rsa_form },
		{ "each bit", test_each_bit },
		{ "types and lengths", test_types },
		{ "hashes", test_hashes },
		{ "equal and wipe", test_small },
		CU_TEST_INFO_NULL,
	};

	return suite_run("pk", tests);
}
