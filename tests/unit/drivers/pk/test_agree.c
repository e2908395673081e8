/* Key agreement against published vectors and against shares that are none. */
#include <stdio.h>
#include <string.h>

#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static unsigned refused;

static const struct method {
	const char *name, *vectors;
	size_t field;
	int (*pair)(uint8_t *pub, uint8_t *priv);
	int (*shared)(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
} curves[] = {
	{ "P-256", "tests/vector/ecdh_p256.txt", PK_P256_SIZE, pk_p256_pair, pk_p256_shared },
	{ "P-384", "tests/vector/ecdh_p384.txt", PK_P384_SIZE, pk_p384_pair, pk_p384_shared },
	{ "P-521", "tests/vector/ecdh_p521.txt", PK_P521_SIZE, pk_p521_pair, pk_p521_shared },
}, *curve;

/* ---- X25519 ---- */

static void
x25519_case(const struct vector *v)
{
	static const uint8_t zero[32];
	uint8_t out[32];
	int r;

	memset(out, 0x55, sizeof(out));
	/* the public half is not looked at */
	r = pk_x25519_shared(out, vector_get(v, "scalar").data, zero, vector_get(v, "u").data);
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
	refused = 0;
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
		CU_ASSERT_EQUAL_FATAL(pk_x25519_shared(next, k, u, u), 0);
		memcpy(u, k, 32);
		memcpy(k, next, 32);
	}
	CU_ASSERT_EQUAL(memcmp(k, expected, 32), 0);
}

/* ---- both sides come to the same, and no two pairs are alike ---- */

static void
pairs(const struct method *m, size_t size)
{
	uint8_t pub[2][PK_POINT_MAX] = { { 0 } }, priv[2][PK_SECRET_MAX] = { { 0 } };
	uint8_t shared[2][PK_SECRET_MAX] = { { 0 } };

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(m->pair(pub[i], priv[i]), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(priv[0], priv[1], size), 0);
	CU_ASSERT_EQUAL(m->shared(shared[0], priv[0], pub[0], pub[1]), 0);
	CU_ASSERT_EQUAL(m->shared(shared[1], priv[1], pub[1], pub[0]), 0);
	CU_ASSERT(pk_equal(shared[0], shared[1], size));
}

static void
test_pairs(void)
{
	const struct method x25519 = { .pair = pk_x25519_pair, .shared = pk_x25519_shared };

	for (int round = 0; round < 10; round++) {
		pairs(&x25519, PK_X25519_SIZE);
		for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			pairs(&curves[i], curves[i].field);
	}
}

/* ---- NIST curves ---- */

static int
derive(uint8_t *out, const struct vector *v)
{
	struct view priv = vector_get(v, "private"), peer = vector_get(v, "peer");
	uint8_t whole[PK_POINT_MAX] = { 0 };

	/* Shorter forms are refused by their length, before; here by their first byte. */
	CU_ASSERT_EQUAL_FATAL(priv.len, curve->field);
	CU_ASSERT_FATAL(peer.len <= PK_POINT_SIZE(curve->field));
	memcpy(whole, peer.data, peer.len);
	memset(out, 0x55, PK_SECRET_MAX);
	return curve->shared(out, priv.data, NULL, whole);
}

static void
curve_case(const struct vector *v)
{
	static const uint8_t zero[PK_SECRET_MAX];
	uint8_t out[PK_SECRET_MAX];
	struct view expected = vector_has(v, "shared") ? vector_get(v, "shared") : view_of(NULL, 0);
	int r = derive(out, v);

	if (expected.len > 0) {
		if (r != 0 || !view_eq(view_of(out, curve->field), expected))
			CU_FAIL(v->name);
		return;
	}
	refused++;
	if (r != -1 || memcmp(out, zero, curve->field) != 0)
		CU_FAIL(v->name);
}

static void
test_curves(void)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		curve = &curves[i];
		refused = 0;
		CU_ASSERT(vector_each(curve->vectors, curve_case) >= 60);
		CU_ASSERT(refused >= 20);
	}
}

/* A point of another curve, or one bit of a good one changed. */
static void
test_no_points(void)
{
	uint8_t pub[PK_POINT_MAX], other[PK_POINT_MAX] = { 4 }, priv[PK_SECRET_MAX], out[PK_SECRET_MAX];

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		const struct method *m = &curves[i];

		CU_ASSERT_EQUAL(m->pair(pub, priv), 0);
		for (unsigned bit = 0; bit < 8 * PK_POINT_SIZE(m->field); bit += bit < 8 ? 1 : 7) {
			pub[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CU_ASSERT_EQUAL(m->shared(out, priv, pub, pub), -1);
			pub[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		CU_ASSERT_EQUAL(m->shared(out, priv, pub, pub), 0);
		CU_ASSERT_EQUAL(curves[(i + 1) % 3].pair(other, out), 0);
		CU_ASSERT_EQUAL(m->shared(out, priv, pub, other), -1);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "X25519 vectors", test_x25519 },
		{ "X25519 iterated", test_x25519_iterated },
		{ "pairs", test_pairs },
		{ "NIST curves' vectors", test_curves },
		{ "what is no point", test_no_points },
		CU_TEST_INFO_NULL,
	};

	return suite_run("pk: agreement", tests);
}
