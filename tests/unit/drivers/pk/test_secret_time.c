/*
 * Time and memory access that do not depend on secrets: these are marked as undefined
 * for valgrind's memcheck, which then tells each branch and each address that depends on
 * them. The program starts itself again under valgrind; where that is missing, or under a
 * sanitizer, which it cannot run together with, it says so and does nothing, unless
 * SECRET_TIME=must.
 *
 * What is public by its nature is marked as defined again: results when they are there;
 * of ML-KEM's keys the seed of the matrix, of sntrup761's whether a try has given one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/cipher/tag.h"
#include "drivers/pk/kem/keccak.h"
#include "drivers/pk/kem/kem.h"
#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#define MEMCHECK 0
#elif __has_include(<valgrind/memcheck.h>)
#define MEMCHECK 1
#include <valgrind/memcheck.h>
#else
#define MEMCHECK 0
#endif

#ifndef SANITIZED
#define SANITIZED false
#endif

#if !MEMCHECK
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0u
#define VALGRIND_MAKE_MEM_UNDEFINED(p, len) ((void)(p), (void)(len))
#define VALGRIND_MAKE_MEM_DEFINED(p, len) ((void)(p), (void)(len))
#endif

#define SECRET(p, len) VALGRIND_MAKE_MEM_UNDEFINED(p, len)
#define PUBLIC(p, len) VALGRIND_MAKE_MEM_DEFINED(p, len)

static unsigned
told_since(unsigned before)
{
	return (unsigned)VALGRIND_COUNT_ERRORS - before;
}

/* ---- ML-KEM ---- */

static const struct set {
	const struct mlkem *m;
	uint16_t public_size, private_size, cipher_size;
} sets[] = {
	{ &mlkem768, MLKEM768_PUBLIC_SIZE, MLKEM768_PRIVATE_SIZE, MLKEM768_CIPHER_SIZE },
	{ &mlkem1024, MLKEM1024_PUBLIC_SIZE, MLKEM1024_PRIVATE_SIZE, MLKEM1024_CIPHER_SIZE },
};

static uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX], cipher[PK_KEM_CIPHER_MAX], shared[2][32];

/* A pair; what is secret of the private key is marked: not the public key in it. */
static void
mlkem_keys(const struct set *s, uint8_t fill)
{
	uint8_t seed[64];
	size_t secret = s->private_size - s->public_size - 64u;

	memset(seed, fill, sizeof(seed));
	mlkem_pair(s->m, pub, priv, seed, seed + 32);
	SECRET(priv, secret);
	SECRET(priv + s->private_size - 32, 32);
}

static void
test_mlkem_pair(void)
{
	for (size_t i = 0; i < 2; i++) {
		unsigned before = VALGRIND_COUNT_ERRORS;
		uint8_t seeds[64], z[32];

		memset(seeds, 3, sizeof(seeds));
		memset(z, 4, sizeof(z));
		SECRET(seeds + 32, 32);
		SECRET(z, sizeof(z));
		mlkem_pair_expanded(sets[i].m, pub, priv, seeds, z);
		PUBLIC(pub, sizeof(pub));
		PUBLIC(priv, sizeof(priv));
		CU_ASSERT_EQUAL(told_since(before), 0);
	}
}

static void
test_mlkem_encapsulate(void)
{
	for (size_t i = 0; i < 2; i++) {
		unsigned before = VALGRIND_COUNT_ERRORS;
		uint8_t random[32] = { 5 };

		mlkem_keys(&sets[i], 1);
		SECRET(random, sizeof(random));
		(void)mlkem_encapsulate(sets[i].m, cipher, shared[0], pub, random);
		PUBLIC(cipher, sizeof(cipher));
		PUBLIC(shared[0], 32);
		CU_ASSERT_EQUAL(told_since(before), 0);
	}
}

/* A good ciphertext and a forged one. */
static void
test_mlkem_decapsulate(void)
{
	for (size_t i = 0; i < 4; i++) {
		const struct set *s = &sets[i / 2];
		unsigned before = VALGRIND_COUNT_ERRORS;
		uint8_t random[32] = { 6 };

		mlkem_keys(s, 2);
		CU_ASSERT_EQUAL(mlkem_encapsulate(s->m, cipher, shared[0], pub, random), 0);
		cipher[7] ^= (uint8_t)(i % 2);
		mlkem_decapsulate(s->m, shared[1], priv, cipher);
		PUBLIC(shared[1], 32);
		CU_ASSERT_EQUAL(told_since(before), 0);
		CU_ASSERT_EQUAL(memcmp(shared[0], shared[1], 32) == 0, i % 2 == 0);
	}
}

/* ---- sntrup761 ---- */

static unsigned fills;

/* Repeatable, and marked. */
static int
secret_fill(void *ctx, void *out, uint32_t len)
{
	uint8_t seed[5] = { 7, (uint8_t)fills, (uint8_t)(fills >> 8) };

	(void)ctx;
	fills++;
	shake256(out, len, seed, sizeof(seed), NULL, 0);
	SECRET(out, len);
	return 0;
}

static const struct kem_random secret_random = { secret_fill, NULL };

/* Making a pair tells that a try had no inverse: one branch for each try. */
static void
test_sntrup_pair(void)
{
	unsigned before = VALGRIND_COUNT_ERRORS, told;

	fills = 0;
	CU_ASSERT_EQUAL(sntrup761_pair(pub, priv, &secret_random), 0);
	told = told_since(before);
	PUBLIC(pub, sizeof(pub));
	PUBLIC(priv, sizeof(priv));
	printf("%u of %u tries ... ", told, fills - 2);
	CU_ASSERT(told <= fills - 2);
}

static void
test_sntrup_encapsulate(void)
{
	unsigned before = VALGRIND_COUNT_ERRORS;

	(void)sntrup761_encapsulate(cipher, shared[0], pub, &secret_random);
	PUBLIC(cipher, sizeof(cipher));
	PUBLIC(shared[0], 32);
	CU_ASSERT_EQUAL(told_since(before), 0);
}

/* All of the private key but the public one in it. */
static void
test_sntrup_decapsulate(void)
{
	for (int forged = 0; forged < 2; forged++) {
		unsigned before = VALGRIND_COUNT_ERRORS;

		cipher[11] ^= (uint8_t)forged;
		SECRET(priv, SNTRUP761_PRIVATE_SIZE);
		PUBLIC(priv + 2 * 191, SNTRUP761_PUBLIC_SIZE);
		(void)sntrup761_decapsulate(shared[1], priv, cipher);
		PUBLIC(shared[1], 32);
		PUBLIC(priv, sizeof(priv));
		CU_ASSERT_EQUAL(told_since(before), 0);
		CU_ASSERT_EQUAL(memcmp(shared[0], shared[1], 32) == 0, forged == 0);
	}
}

/* ---- compares ---- */

static void
test_compares(void)
{
	static const size_t lens[] = { 8, 16, 32, 64 };
	uint8_t a[64], b[64];

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (size_t differ = 0; differ <= lens[i]; differ++) {
			unsigned before = VALGRIND_COUNT_ERRORS;
			int same[2];

			memset(a, 9, sizeof(a));
			memset(b, 9, sizeof(b));
			if (differ < lens[i])
				b[differ] ^= 1;
			SECRET(a, sizeof(a));
			SECRET(b, sizeof(b));
			same[0] = pk_equal(a, b, lens[i]);
			same[1] = tag_equal(a, b, lens[i]);
			PUBLIC(same, sizeof(same));
			CU_ASSERT_EQUAL(told_since(before), 0);
			CU_ASSERT(same[0] == (differ == lens[i]) && same[1] == same[0]);
		}
	}
}

/* ---- what must be found ---- */

/* Ends at the first difference, as no compare of secrets may. */
static __attribute__((noinline)) int
leaky_compare(const volatile uint8_t *a, const volatile uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

static __attribute__((noinline)) uint8_t
leaky_table(const uint8_t *secret)
{
	static const volatile uint8_t table[256] = { 1, 2, 3 };

	return table[*secret];
}

static void
test_leaks_are_found(void)
{
	unsigned before = VALGRIND_COUNT_ERRORS;
	uint8_t a[16] = { 1 }, b[16] = { 1 }, looked_up;
	int same;

	SECRET(a, sizeof(a));
	same = leaky_compare(a, b, sizeof(a));
	PUBLIC(&same, sizeof(same));
	CU_ASSERT(told_since(before) > 0);
	before = VALGRIND_COUNT_ERRORS;
	looked_up = leaky_table(a);
	PUBLIC(&looked_up, sizeof(looked_up));
	CU_ASSERT(told_since(before) > 0);
	CU_ASSERT(same == 1 && looked_up == 2);
}

/* ---- start ---- */

static int
skip(const char *why, bool excused)
{
	const char *must = getenv("SECRET_TIME");

	printf("skipped: %s\n", why);
	return !excused && must != NULL && strcmp(must, "must") == 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "leaks are found", test_leaks_are_found },
		{ "ML-KEM: a pair", test_mlkem_pair },
		{ "ML-KEM: encapsulation", test_mlkem_encapsulate },
		{ "ML-KEM: decapsulation", test_mlkem_decapsulate },
		{ "sntrup761: a pair", test_sntrup_pair },
		{ "sntrup761: encapsulation", test_sntrup_encapsulate },
		{ "sntrup761: decapsulation", test_sntrup_decapsulate },
		{ "compares", test_compares },
		CU_TEST_INFO_NULL,
	};
	const char *log = getenv("SECRET_TIME_LOG");
	char to[512];

	(void)argc;
	if (SANITIZED)
		return skip("not together with a sanitizer", true);
	if (!MEMCHECK)
		return skip("built without valgrind/memcheck.h", false);
	if (RUNNING_ON_VALGRIND == 0) {
		snprintf(to, sizeof(to), "--log-file=%s", log != NULL ? log : "/dev/null");
		execlp("valgrind", "valgrind", "--error-limit=no", to, argv[0], (char *)NULL);
		return skip("no valgrind", false);
	}
	if (pk_start() != 0)
		return 1;
	return suite_run("time does not depend on secrets", tests);
}
