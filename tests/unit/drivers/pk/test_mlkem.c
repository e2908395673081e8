/*
 * Our ML-KEM against published results (files in tests/vector), and against the library's
 * where it has one: the same keys, ciphertexts and secrets from the same randomness, each
 * side's ciphertexts opened by the other, forged ones alike.
 */
#include <stdio.h>
#include <string.h>

#include "drivers/pk/kem/kem.h"
#include "drivers/pk/openssl.h"
#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

static const struct set {
	const char *name;
	const struct mlkem *m;
	enum openssl_mlkem library;
	const struct pk_kem *kem;
} sets[] = {
	{ "ML-KEM-768", &mlkem768, OPENSSL_MLKEM768, &pk_mlkem768 },
	{ "ML-KEM-1024", &mlkem1024, OPENSSL_MLKEM1024, &pk_mlkem1024 },
};

/* ---- vectors ---- */

static const struct set *set;
static unsigned seen[3];

static bool
same(const struct vector *v, const char *field, const void *got, size_t len)
{
	return view_eq(vector_get(v, field), view_of(got, len));
}

static void
keygen(const struct vector *v)
{
	uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX];

	mlkem_pair(set->m, pub, priv, vector_get(v, "d").data, vector_get(v, "z").data);
	if (!same(v, "ek", pub, set->kem->public_size) || !same(v, "dk", priv, set->kem->private_size))
		CU_FAIL(v->name);
	seen[0]++;
}

static void
encaps(const struct vector *v)
{
	uint8_t cipher[PK_KEM_CIPHER_MAX], shared[PK_KEM_SHARED];

	CU_ASSERT_EQUAL(
	    mlkem_encapsulate(set->m, cipher, shared, vector_get(v, "ek").data, vector_get(v, "m").data), 0);
	if (!same(v, "c", cipher, set->kem->cipher_size) || !same(v, "k", shared, sizeof(shared)))
		CU_FAIL(v->name);
	seen[1]++;
}

static void
decaps(const struct vector *v)
{
	uint8_t shared[PK_KEM_SHARED];

	mlkem_decapsulate(set->m, shared, vector_get(v, "dk").data, vector_get(v, "c").data);
	if (!same(v, "k", shared, sizeof(shared)))
		CU_FAIL(v->name);
	seen[2]++;
}

static void
one_vector(const struct vector *v)
{
	if (vector_has(v, "d"))
		keygen(v);
	else if (vector_has(v, "m"))
		encaps(v);
	else
		decaps(v);
}

static void
test_vectors(void)
{
	static const char *const files[] = { "tests/vector/mlkem768.txt", "tests/vector/mlkem1024.txt" };

	for (size_t i = 0; i < 2; i++) {
		memset(seen, 0, sizeof(seen));
		set = &sets[i];
		CU_ASSERT(vector_each(files[i], one_vector) >= 8);
		CU_ASSERT(seen[0] >= 2 && seen[1] >= 2 && seen[2] >= 4);
	}
}

/* ---- the library ---- */

struct both {
	uint8_t pub[2][PK_KEM_PUBLIC_MAX], priv[2][PK_KEM_PRIVATE_MAX], cipher[2][PK_KEM_CIPHER_MAX];
	uint8_t shared[4][PK_KEM_SHARED];
};

/* Every way through both, by 0 (ours) and 1 (the library's). */
static void
against_library(const struct set *s)
{
	static struct both b;
	const struct pk_kem *kem = s->kem;
	uint8_t seed[64], random[32];

	CU_ASSERT(openssl_random(seed, sizeof(seed)) == 0 && openssl_random(random, sizeof(random)) == 0);
	mlkem_pair(s->m, b.pub[0], b.priv[0], seed, seed + 32);
	CU_ASSERT_EQUAL(openssl_mlkem_pair(s->library, b.pub[1], b.priv[1], seed), 0);
	CU_ASSERT_EQUAL(memcmp(b.pub[0], b.pub[1], kem->public_size), 0);
	CU_ASSERT_EQUAL(memcmp(b.priv[0], b.priv[1], kem->private_size), 0);
	CU_ASSERT_EQUAL(mlkem_encapsulate(s->m, b.cipher[0], b.shared[0], b.pub[0], random), 0);
	CU_ASSERT_EQUAL(openssl_mlkem_encapsulate(s->library, b.cipher[1], b.shared[1], b.pub[0], random), 0);
	CU_ASSERT_EQUAL(memcmp(b.cipher[0], b.cipher[1], kem->cipher_size), 0);
	CU_ASSERT_EQUAL(memcmp(b.shared[0], b.shared[1], PK_KEM_SHARED), 0);
	for (int forged = 0; forged < 2; forged++) {
		b.cipher[0][random[0] % kem->cipher_size] ^= (uint8_t)(forged << random[1] % 8);
		mlkem_decapsulate(s->m, b.shared[2], b.priv[0], b.cipher[0]);
		CU_ASSERT_EQUAL(openssl_mlkem_decapsulate(s->library, b.shared[3], b.priv[0], b.cipher[0]), 0);
		CU_ASSERT_EQUAL(memcmp(b.shared[2], b.shared[3], PK_KEM_SHARED), 0);
		CU_ASSERT_EQUAL(memcmp(b.shared[2], b.shared[0], PK_KEM_SHARED) == 0, forged == 0);
	}
	/* a number that is no residue (FIPS 203 section 7.2) */
	b.pub[0][0] = 0xff;
	b.pub[0][1] |= 0x0f;
	CU_ASSERT_EQUAL(mlkem_encapsulate(s->m, b.cipher[0], b.shared[0], b.pub[0], random), -1);
	CU_ASSERT_EQUAL(openssl_mlkem_encapsulate(s->library, b.cipher[1], b.shared[1], b.pub[0], random), -1);
}

static void
test_library(void)
{
	if (!openssl_mlkem_there()) {
		printf("skipped: this libcrypto has no ML-KEM ... ");
		return;
	}
	for (size_t i = 0; i < 2; i++)
		for (int n = 0; n < 50; n++)
			against_library(&sets[i]);
}

/* What is offered, whichever it is, goes together with ours. */
static void
test_offered(void)
{
	static struct both b;

	for (size_t i = 0; i < 2; i++) {
		const struct set *s = &sets[i];
		uint8_t random[32] = { 1 };

		CU_ASSERT_EQUAL(s->kem->pair(b.pub[0], b.priv[0]), 0);
		CU_ASSERT_EQUAL(s->kem->encapsulate(b.cipher[0], b.shared[0], b.pub[0]), 0);
		mlkem_decapsulate(s->m, b.shared[1], b.priv[0], b.cipher[0]);
		CU_ASSERT_EQUAL(memcmp(b.shared[0], b.shared[1], PK_KEM_SHARED), 0);
		CU_ASSERT_EQUAL(mlkem_encapsulate(s->m, b.cipher[1], b.shared[2], b.pub[0], random), 0);
		CU_ASSERT_EQUAL(s->kem->decapsulate(b.shared[3], b.priv[0], b.cipher[1]), 0);
		CU_ASSERT_EQUAL(memcmp(b.shared[2], b.shared[3], PK_KEM_SHARED), 0);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "published results", test_vectors },
		{ "against the library", test_library },
		{ "what is offered", test_offered },
		CU_TEST_INFO_NULL,
	};

	return suite_run("ML-KEM", tests);
}
