/*
 * Key encapsulation against published results.
 *
 * ML-KEM: many runs whose outcomes are hashed together, as Go's crypto/mlkem does
 * (TestAccumulated; its hashes for ML-KEM-768). Those for ML-KEM-1024 were made by the
 * same procedure; several independent implementations agree on them. The long runs are
 * part of the full form.
 * sntrup761: the first known answer of the NIST submission, round 3, by the hash of its
 * text (PQClean, crypto_kem/sntrup761/META.yml, nistkat-sha256), with NIST's generator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/cipher/ref.h"
#include "drivers/pk/kem/keccak.h"
#include "drivers/pk/kem/kem.h"
#include "drivers/pk/kem/mlkem_poly.h"
#include "drivers/pk/kem/sntrup_poly.h"
#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"

static bool
is_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char text[2 * 64 + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return strcmp(text, hex) == 0;
}

/* ---- the sponge: FIPS 202, examples of NIST for messages of 0 and 1600 bits ---- */

static void
test_keccak(void)
{
	uint8_t a3[200], out[64];
	struct keccak k;

	memset(a3, 0xa3, sizeof(a3));
	sha3_256(out, "", 0);
	CU_ASSERT(is_hex(out, 32, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"));
	sha3_256(out, a3, sizeof(a3));
	CU_ASSERT(is_hex(out, 32, "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787"));
	sha3_512(out, "", 0, NULL, 0);
	CU_ASSERT(is_hex(out, 64,
	    "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
	    "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26"));
	sha3_512(out, a3, 77, a3 + 77, sizeof(a3) - 77);
	CU_ASSERT(is_hex(out, 64,
	    "e76dfad22084a8b1467fcf2ffa58361bec7628edf5f3fdc0e4805dc48caeeca8"
	    "1b7c13c30adf52a3659584739a2df46be589c51ca1a4a8416df6545a1ce8ba00"));
	shake256(out, 32, "", 0, NULL, 0);
	CU_ASSERT(is_hex(out, 32, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"));
	/* in pieces of every length, over the edges of blocks */
	for (size_t piece = 1; piece <= 200; piece++) {
		uint8_t whole[400], parts[400];

		shake256(whole, sizeof(whole), a3, sizeof(a3), NULL, 0);
		keccak_start(&k, SHAKE256_RATE);
		for (size_t at = 0; at < sizeof(a3); at += piece)
			keccak_absorb(&k, a3 + at, at + piece < sizeof(a3) ? piece : sizeof(a3) - at);
		keccak_turn(&k, KECCAK_SHAKE);
		for (size_t at = 0; at < sizeof(parts); at += piece)
			keccak_squeeze(&k, parts + at, at + piece < sizeof(parts) ? piece : sizeof(parts) - at);
		CU_ASSERT_EQUAL(memcmp(whole, parts, sizeof(whole)), 0);
	}
}

/* ---- ML-KEM ---- */

struct set {
	const struct mlkem *m;
	const struct pk_kem *kem;
	unsigned rounds;
	const char *hash;
};

static const struct set sets[] = {
	{ &mlkem768, &pk_mlkem768, 100, "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415" },
	{ &mlkem1024, &pk_mlkem1024, 100, "800018fec3e2723f73f1d657fe239b4d5d8782efaade297e8cd448e54cc2ac00" },
	{ &mlkem768, &pk_mlkem768, 10000, "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc" },
	{ &mlkem1024, &pk_mlkem1024, 10000, "f1a3925c9cf8538bb104c56efb2f5ecb74cc3df25087460b73f6c873e96bcb6a" },
};

/* One stream gives d, z, m and a ciphertext of nobody; ek, c, K and the secret of that
 * ciphertext are absorbed. */
static void
one_round(const struct set *s, struct keccak *stream, struct keccak *all)
{
	uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX], cipher[PK_KEM_CIPHER_MAX];
	uint8_t seed[64], random[32], shared[32], again[32];

	keccak_squeeze(stream, seed, sizeof(seed));
	mlkem_pair(s->m, pub, priv, seed, seed + 32);
	keccak_absorb(all, pub, s->kem->public_size);
	keccak_squeeze(stream, random, sizeof(random));
	CU_ASSERT_EQUAL_FATAL(mlkem_encapsulate(s->m, cipher, shared, pub, random), 0);
	keccak_absorb(all, cipher, s->kem->cipher_size);
	keccak_absorb(all, shared, sizeof(shared));
	mlkem_decapsulate(s->m, again, priv, cipher);
	CU_ASSERT_EQUAL(memcmp(shared, again, sizeof(shared)), 0);
	keccak_squeeze(stream, cipher, s->kem->cipher_size);
	mlkem_decapsulate(s->m, again, priv, cipher);
	keccak_absorb(all, again, sizeof(again));
}

static void
test_mlkem(void)
{
	const char *form = getenv("FORM");
	bool full = form != NULL && strcmp(form, "full") == 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct keccak stream, all;
		uint8_t out[32];

		if (sets[i].rounds > 100 && !full)
			continue;
		keccak_start(&stream, SHAKE128_RATE);
		keccak_turn(&stream, KECCAK_SHAKE);
		keccak_start(&all, SHAKE128_RATE);
		for (unsigned n = 0; n < sets[i].rounds; n++)
			one_round(&sets[i], &stream, &all);
		keccak_turn(&all, KECCAK_SHAKE);
		keccak_squeeze(&all, out, sizeof(out));
		CU_ASSERT(is_hex(out, sizeof(out), sets[i].hash));
	}
}

/* FIPS 203 section 7.2: a key with a number of q or more at any place is refused. */
static void
test_modulus_check(void)
{
	uint8_t pub[MLKEM768_PUBLIC_SIZE], priv[MLKEM768_PRIVATE_SIZE], cipher[MLKEM768_CIPHER_SIZE], shared[32];
	static const uint8_t seed[64], random[32];

	mlkem_pair(&mlkem768, pub, priv, seed, seed + 32);
	for (unsigned i = 0; i < 3 * MLKEM_N; i++) {
		unsigned at = i / 2 * 3, value = i % 2 != 0 ? 4095 : MLKEM_Q;
		uint8_t kept[3];

		memcpy(kept, pub + at, sizeof(kept));
		if (i % 2 == 0) {
			pub[at] = (uint8_t)value;
			pub[at + 1] = (uint8_t)((pub[at + 1] & 0xf0) | value >> 8);
		} else {
			pub[at + 1] = (uint8_t)((pub[at + 1] & 0x0f) | (value & 15) << 4);
			pub[at + 2] = (uint8_t)(value >> 4);
		}
		CU_ASSERT_EQUAL(mlkem_encapsulate(&mlkem768, cipher, shared, pub, random), -1);
		memcpy(pub + at, kept, sizeof(kept));
	}
	CU_ASSERT_EQUAL(mlkem_encapsulate(&mlkem768, cipher, shared, pub, random), 0);
}

/* Without a division, for every number and every width: against its definition. */
static void
test_compress(void)
{
	static const unsigned widths[] = { 1, 4, 5, 10, 11 };

	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		unsigned d = widths[w], half = MLKEM_Q / 2;

		for (unsigned x = 0; x < MLKEM_Q; x++) {
			unsigned expected = ((x << d) + half) / MLKEM_Q % (1u << d);
			struct poly p = { { (int16_t)x } };
			uint8_t out[32 * 11];

			poly_compress(out, &p, d);
			CU_ASSERT_EQUAL((out[0] | out[1] << 8) & ((1u << d) - 1), expected);
		}
	}
}

/* ---- sntrup761 ---- */

/* NIST's AES-256 generator of its known answers: SP 800-90A CTR_DRBG without a
 * derivation function. */
struct drbg {
	struct ref_aes aes;
	uint8_t v[16];
};

static void
drbg_block(struct drbg *g, uint8_t out[16])
{
	for (int i = 15; i >= 0 && ++g->v[i] == 0; i--)
		;
	ref_aes_block(&g->aes, out, g->v);
}

static void
drbg_update(struct drbg *g, const uint8_t *input)
{
	uint8_t t[48];

	for (int i = 0; i < 3; i++)
		drbg_block(g, t + 16 * i);
	for (int i = 0; i < 48 && input != NULL; i++)
		t[i] ^= input[i];
	ref_aes_key(&g->aes, t, 32);
	memcpy(g->v, t + 32, 16);
}

static void
drbg_start(struct drbg *g, const uint8_t seed[48])
{
	static const uint8_t zero[32];

	ref_aes_key(&g->aes, zero, sizeof(zero));
	memset(g->v, 0, sizeof(g->v));
	drbg_update(g, seed);
}

static int
drbg_fill(void *ctx, void *out, uint32_t len)
{
	uint8_t block[16], *p = out;

	for (uint32_t n; len > 0; len -= n, p += n) {
		drbg_block(ctx, block);
		n = len < 16 ? len : 16;
		memcpy(p, block, n);
	}
	drbg_update(ctx, NULL);
	return 0;
}

static void
say(char **at, const char *name, const uint8_t *bytes, size_t len)
{
	*at += sprintf(*at, "%s = ", name);
	for (size_t i = 0; i < len; i++)
		*at += sprintf(*at, "%02X", bytes[i]);
	*at += sprintf(*at, "\n");
}

static void
test_sntrup_answer(void)
{
	static char text[2 * (48 + SNTRUP761_PUBLIC_SIZE + SNTRUP761_PRIVATE_SIZE + SNTRUP761_CIPHER_SIZE + 32) + 64];
	uint8_t pub[SNTRUP761_PUBLIC_SIZE], priv[SNTRUP761_PRIVATE_SIZE], cipher[SNTRUP761_CIPHER_SIZE];
	uint8_t seed[48], shared[32], again[32], hash[32];
	struct drbg g;
	struct kem_random random = { drbg_fill, &g };
	char *at = text;

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	drbg_start(&g, seed);
	drbg_fill(&g, seed, sizeof(seed));
	drbg_start(&g, seed);
	CU_ASSERT_EQUAL(sntrup761_pair(pub, priv, &random), 0);
	CU_ASSERT_EQUAL(sntrup761_encapsulate(cipher, shared, pub, &random), 0);
	CU_ASSERT_EQUAL(sntrup761_decapsulate(again, priv, cipher), 0);
	CU_ASSERT_EQUAL(memcmp(shared, again, sizeof(shared)), 0);
	at += sprintf(at, "count = 0\n");
	say(&at, "seed", seed, sizeof(seed));
	say(&at, "pk", pub, sizeof(pub));
	say(&at, "sk", priv, sizeof(priv));
	say(&at, "ct", cipher, sizeof(cipher));
	say(&at, "ss", shared, sizeof(shared));
	CU_ASSERT_EQUAL(pk_sha256(hash, text, (size_t)(at - text)), 0);
	CU_ASSERT(is_hex(hash, sizeof(hash), "afc42c3a5b10f4ef69654250097ebda9b9564570f4086744b24a6daf2bd1f89a"));
}

static void
test_sntrup_reduction(void)
{
	bool good = true;

	for (int32_t x = -16383; x < 16384; x++)
		good = good && sntrup_modulo_3(x) == (x % 3 + 4) % 3 - 1;
	CU_ASSERT_TRUE(good);
	for (int32_t x = -(1 << 27); x < 1 << 27; x += 37) {
		int32_t r = (x % SNTRUP_Q + SNTRUP_Q) % SNTRUP_Q;

		good = good && sntrup_modulo_q(x) == (r > SNTRUP_Q / 2 ? r - SNTRUP_Q : r);
	}
	CU_ASSERT_TRUE(good);
}

/* Not every polynomial has an inverse modulo 3; where there is one, it is one. */
static void
test_sntrup_inverse(void)
{
	static const int8_t one[SNTRUP_P] = { 1 };
	int8_t zero[SNTRUP_P] = { 0 }, a[SNTRUP_P], inverse[SNTRUP_P];
	int16_t q[SNTRUP_P];

	CU_ASSERT_EQUAL(sntrup_inverse_3(inverse, zero), -1);
	for (int i = 0; i < SNTRUP_P; i++)
		a[i] = (int8_t)(i * i * 5 % 7 % 3 - 1);
	CU_ASSERT_EQUAL_FATAL(sntrup_inverse_3(inverse, a), 0);
	sntrup_multiply_3(inverse, inverse, a);
	CU_ASSERT_EQUAL(memcmp(inverse, one, sizeof(one)), 0);
	sntrup_inverse_of_3a(q, a);
	sntrup_multiply(q, q, a);
	for (int i = 0; i < SNTRUP_P; i++)
		CU_ASSERT_EQUAL(sntrup_modulo_q(3 * q[i]), one[i]);
}

/* ---- both, with the kernel's randomness ---- */

static void
test_both_sides(void)
{
	static const struct pk_kem *const kems[] = { &pk_mlkem768, &pk_mlkem1024, &pk_sntrup761 };
	uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX], cipher[PK_KEM_CIPHER_MAX];
	uint8_t shared[32], again[32], first[32];

	for (size_t i = 0; i < sizeof(kems) / sizeof(kems[0]); i++) {
		const struct pk_kem *k = kems[i];

		CU_ASSERT_EQUAL(k->pair(pub, priv), 0);
		memset(first, 0, sizeof(first));
		for (int round = 0; round < 20; round++) {
			CU_ASSERT_EQUAL(k->encapsulate(cipher, shared, pub), 0);
			CU_ASSERT_EQUAL(k->decapsulate(again, priv, cipher), 0);
			CU_ASSERT_EQUAL(memcmp(shared, again, sizeof(shared)), 0);
			CU_ASSERT_NOT_EQUAL(memcmp(shared, first, sizeof(first)), 0);
			memcpy(first, shared, sizeof(first));
			/* one bit of the ciphertext: another secret, the same each time */
			cipher[(size_t)round * 50] ^= 1;
			CU_ASSERT_EQUAL(k->decapsulate(again, priv, cipher), 0);
			CU_ASSERT_NOT_EQUAL(memcmp(shared, again, sizeof(shared)), 0);
			CU_ASSERT_EQUAL(k->decapsulate(shared, priv, cipher), 0);
			CU_ASSERT_EQUAL(memcmp(shared, again, sizeof(shared)), 0);
		}
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "SHA-3 and SHAKE", test_keccak },
		{ "ML-KEM: published results", test_mlkem },
		{ "ML-KEM: modulus check", test_modulus_check },
		{ "ML-KEM: compression", test_compress },
		{ "sntrup761: published result", test_sntrup_answer },
		{ "sntrup761: reductions", test_sntrup_reduction },
		{ "sntrup761: inverses", test_sntrup_inverse },
		{ "both sides agree", test_both_sides },
		CU_TEST_INFO_NULL,
	};

	return suite_run("kem", tests);
}
