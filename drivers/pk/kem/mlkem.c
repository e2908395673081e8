/* ML-KEM, FIPS 203 sections 5 to 7. */
#include "drivers/pk/kem/kem.h"
#include "drivers/pk/kem/keccak.h"
#include "drivers/pk/kem/mlkem_poly.h"

#include <stdbool.h>
#include <string.h>

#include "drivers/pk/pk.h"

#define K_MAX 4u
#define CIPHER_MAX MLKEM1024_CIPHER_SIZE

/* Section 8, table 2; eta 1 and eta 2 are 2 in both sets. */
struct mlkem {
	unsigned k;
	unsigned du, dv;
};

const struct mlkem mlkem768 = { .k = 3, .du = 10, .dv = 4 };
const struct mlkem mlkem1024 = { .k = 4, .du = 11, .dv = 5 };

/* Where things lie in keys and ciphertexts. */
static size_t vector_size(const struct mlkem *m) { return m->k * (size_t)POLY_BYTES; }
static size_t public_size(const struct mlkem *m) { return vector_size(m) + 32; }
static size_t u_size(const struct mlkem *m) { return 32u * (size_t)m->du * m->k; }
static size_t cipher_size(const struct mlkem *m) { return u_size(m) + 32u * (size_t)m->dv; }

_Static_assert(MLKEM768_PUBLIC_SIZE == 3 * POLY_BYTES + 32 && MLKEM1024_PUBLIC_SIZE == 4 * POLY_BYTES + 32, "ek");
_Static_assert(MLKEM768_PRIVATE_SIZE == 2 * 3 * POLY_BYTES + 96 && MLKEM1024_PRIVATE_SIZE == 2 * 4 * POLY_BYTES + 96,
    "dk");
_Static_assert(MLKEM768_CIPHER_SIZE == 32 * (10 * 3 + 4) && MLKEM1024_CIPHER_SIZE == 32 * (11 * 4 + 5), "c");

/* sum += one row of the matrix times v: entry (i, j) is made of rho, j, i; the
 * transposed matrix has them the other way round. */
static void
add_row(struct poly *sum, const struct mlkem *m, const uint8_t rho[32], unsigned row, bool transposed,
    const struct poly *v)
{
	struct poly entry;

	for (unsigned j = 0; j < m->k; j++) {
		if (transposed)
			poly_uniform(&entry, rho, (uint8_t)row, (uint8_t)j);
		else
			poly_uniform(&entry, rho, (uint8_t)j, (uint8_t)row);
		poly_multiply(sum, &entry, &v[j]);
	}
}

/* ---- the component scheme, K-PKE ---- */

/* Algorithm 13 from step 3 on; seeds: rho, sigma. */
static void
pke_pair(const struct mlkem *m, uint8_t *pub, uint8_t *priv, const uint8_t seeds[64])
{
	struct poly s[K_MAX], t, e;

	for (unsigned i = 0; i < m->k; i++) {
		poly_noise(&s[i], seeds + 32, (uint8_t)i);
		poly_ntt(&s[i]);
		poly_encode(priv + i * POLY_BYTES, &s[i]);
	}
	for (unsigned i = 0; i < m->k; i++) {
		memset(&t, 0, sizeof(t));
		add_row(&t, m, seeds, i, false, s);
		poly_scale(&t);
		poly_noise(&e, seeds + 32, (uint8_t)(m->k + i));
		poly_ntt(&e);
		poly_add(&t, &e);
		poly_encode(pub + i * POLY_BYTES, &t);
	}
	memcpy(pub + vector_size(m), seeds, 32);
	pk_wipe(s, sizeof(s));
	pk_wipe(&e, sizeof(e));
}

/* Algorithm 14; the public key was checked, or is our own. */
static void
pke_encrypt(const struct mlkem *m, uint8_t *cipher, const uint8_t *pub, const uint8_t message[32],
    const uint8_t r[32])
{
	const uint8_t *rho = pub + vector_size(m);
	struct poly y[K_MAX], sum, other;

	for (unsigned i = 0; i < m->k; i++) {
		poly_noise(&y[i], r, (uint8_t)i);
		poly_ntt(&y[i]);
	}
	for (unsigned i = 0; i < m->k; i++) {
		memset(&sum, 0, sizeof(sum));
		add_row(&sum, m, rho, i, true, y);
		poly_ntt_back(&sum);
		poly_noise(&other, r, (uint8_t)(m->k + i));
		poly_add(&sum, &other);
		poly_compress(cipher + 32u * m->du * i, &sum, m->du);
	}
	memset(&sum, 0, sizeof(sum));
	for (unsigned i = 0; i < m->k; i++) {
		(void)poly_decode(&other, pub + i * POLY_BYTES);
		poly_multiply(&sum, &other, &y[i]);
	}
	poly_ntt_back(&sum);
	poly_noise(&other, r, (uint8_t)(2 * m->k));
	poly_add(&sum, &other);
	poly_decompress(&other, message, 1);
	poly_add(&sum, &other);
	poly_compress(cipher + u_size(m), &sum, m->dv);
	pk_wipe(y, sizeof(y));
	pk_wipe(&sum, sizeof(sum));
	pk_wipe(&other, sizeof(other));
}

/* Algorithm 15. */
static void
pke_decrypt(const struct mlkem *m, uint8_t message[32], const uint8_t *priv, const uint8_t *cipher)
{
	struct poly u, s, sum, v;

	memset(&sum, 0, sizeof(sum));
	for (unsigned i = 0; i < m->k; i++) {
		poly_decompress(&u, cipher + 32u * m->du * i, m->du);
		poly_ntt(&u);
		(void)poly_decode(&s, priv + i * POLY_BYTES);
		poly_multiply(&sum, &s, &u);
	}
	poly_ntt_back(&sum);
	poly_decompress(&v, cipher + u_size(m), m->dv);
	poly_subtract(&v, &sum);
	poly_compress(message, &v, 1);
	pk_wipe(&s, sizeof(s));
	pk_wipe(&sum, sizeof(sum));
	pk_wipe(&v, sizeof(v));
}

/* ---- the key encapsulation ---- */

/* The private key is the component scheme's, the public key, its hash, z. */
void
mlkem_pair_expanded(
    const struct mlkem *m, uint8_t *pub, uint8_t *priv, const uint8_t seeds[64], const uint8_t z[32])
{
	uint8_t *p = priv + vector_size(m);

	pke_pair(m, pub, priv, seeds);
	memcpy(p, pub, public_size(m));
	p += public_size(m);
	sha3_256(p, pub, public_size(m));
	memcpy(p + 32, z, 32);
}

void
mlkem_pair(const struct mlkem *m, uint8_t *pub, uint8_t *priv, const uint8_t d[32], const uint8_t z[32])
{
	const uint8_t k = (uint8_t)m->k;
	uint8_t seeds[64];

	sha3_512(seeds, d, 32, &k, 1);
	mlkem_pair_expanded(m, pub, priv, seeds, z);
	pk_wipe(seeds, sizeof(seeds));
}

int
mlkem_encapsulate(const struct mlkem *m, uint8_t *cipher, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *pub,
    const uint8_t random[32])
{
	struct poly checked;
	uint8_t hash[32], both[64]; /* K, r */

	for (unsigned i = 0; i < m->k; i++)
		if (poly_decode(&checked, pub + i * POLY_BYTES) != 0)
			return -1;
	sha3_256(hash, pub, public_size(m));
	sha3_512(both, random, 32, hash, sizeof(hash));
	pke_encrypt(m, cipher, pub, random, both + 32);
	memcpy(shared, both, KEM_SHARED_SIZE);
	pk_wipe(both, sizeof(both));
	return 0;
}

void
mlkem_decapsulate(
    const struct mlkem *m, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *priv, const uint8_t *cipher)
{
	const uint8_t *pub = priv + vector_size(m), *hash = pub + public_size(m), *z = hash + 32;
	uint8_t message[32], both[64], rejected[32], again[CIPHER_MAX];
	uint8_t keep;

	pke_decrypt(m, message, priv, cipher);
	sha3_512(both, message, sizeof(message), hash, 32);
	shake256(rejected, sizeof(rejected), z, 32, cipher, cipher_size(m));
	pke_encrypt(m, again, pub, message, both + 32);
	keep = (uint8_t)-pk_equal(cipher, again, cipher_size(m));
	for (size_t i = 0; i < KEM_SHARED_SIZE; i++)
		shared[i] = (uint8_t)((both[i] & keep) | (rejected[i] & ~keep));
	pk_wipe(message, sizeof(message));
	pk_wipe(both, sizeof(both));
	pk_wipe(rejected, sizeof(rejected));
	pk_wipe(again, sizeof(again));
}
