/*
 * sntrup761: Streamlined NTRU Prime with p = 761, q = 4591, w = 286 (round 3
 * submission, section 3). Hash_b(x) is the first half of SHA-512(b, x).
 */
#include "drivers/pk/kem/kem.h"
#include "drivers/pk/kem/sntrup_poly.h"

#include <string.h>

#include "drivers/pk/pk.h"

#define HASH_SIZE 32u

/* What each hash is of. */
enum { HASH_REJECTED, HASH_SESSION, HASH_CONFIRM, HASH_INPUT, HASH_PUBLIC };

/* A private key: f, 1/g, the public key, rho (which stands for the input of what is
 * rejected), the hash of the public key. */
#define AT_INVERSE SNTRUP_SMALL_SIZE
#define AT_PUBLIC (2 * SNTRUP_SMALL_SIZE)
#define AT_RHO (AT_PUBLIC + SNTRUP_Q_SIZE)
#define AT_HASH (AT_RHO + SNTRUP_SMALL_SIZE)

_Static_assert(AT_HASH + HASH_SIZE == SNTRUP761_PRIVATE_SIZE, "private key");
_Static_assert(SNTRUP_Q_SIZE == SNTRUP761_PUBLIC_SIZE, "public key");
_Static_assert(SNTRUP_ROUNDED_SIZE + HASH_SIZE == SNTRUP761_CIPHER_SIZE, "ciphertext");

static int
hash(uint8_t out[HASH_SIZE], uint8_t what, const void *a, size_t a_len, const void *b, size_t b_len)
{
	const struct pk_part parts[] = { { &what, 1 }, { a, a_len }, { b, b_len } };
	uint8_t whole[64];
	int r = pk_hash_parts(PK_SHA512, whole, parts, sizeof(parts) / sizeof(parts[0]));

	memcpy(out, whole, HASH_SIZE);
	pk_wipe(whole, sizeof(whole));
	return r;
}

/* ---- random polynomials ---- */

/* Knuth, The Art of Computer Programming volume 3, algorithm 5.2.2 M: which pairs are
 * compared follows from the length alone. */
static void
sort(uint32_t *x, unsigned len)
{
	unsigned top = 1;

	while (2 * top < len)
		top *= 2;
	for (unsigned p = top; p > 0; p /= 2) {
		unsigned d = p, r = 0;

		for (unsigned q = top;; q /= 2) {
			for (unsigned i = 0; i + d < len; i++) {
				uint32_t less, t;

				if ((i & p) != r)
					continue;
				less = (uint32_t)(((uint64_t)x[i + d] - x[i]) >> 32);
				t = less & (x[i] ^ x[i + d]);
				x[i] ^= t;
				x[i + d] ^= t;
			}
			if (q == p)
				break;
			d = q - p;
			r = p;
		}
	}
}

static int
random_words(uint32_t word[SNTRUP_P], const struct kem_random *random)
{
	uint8_t bytes[4 * SNTRUP_P];
	int r = random->fill(random->ctx, bytes, sizeof(bytes));

	for (int i = 0; r == 0 && i < SNTRUP_P; i++) {
		const uint8_t *b = bytes + 4 * i;

		word[i] = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	}
	pk_wipe(bytes, sizeof(bytes));
	return r;
}

/* W coefficients of -1 or 1 and zeros otherwise, in the order that sorting random
 * words with the coefficient in the low two bits brings. */
static int
random_short(int8_t out[SNTRUP_P], const struct kem_random *random)
{
	uint32_t word[SNTRUP_P];
	int r = random_words(word, random);

	if (r == 0) {
		for (int i = 0; i < SNTRUP_P; i++)
			word[i] = i < SNTRUP_W ? word[i] & ~1u : (word[i] & ~3u) | 1;
		sort(word, SNTRUP_P);
		for (int i = 0; i < SNTRUP_P; i++)
			out[i] = (int8_t)((int)(word[i] & 3) - 1);
	}
	pk_wipe(word, sizeof(word));
	return r;
}

static int
random_small(int8_t out[SNTRUP_P], const struct kem_random *random)
{
	uint32_t word[SNTRUP_P];
	int r = random_words(word, random);

	for (int i = 0; r == 0 && i < SNTRUP_P; i++)
		out[i] = (int8_t)((int)((word[i] & 0x3fffffff) * 3 >> 30) - 1);
	pk_wipe(word, sizeof(word));
	return r;
}

/* ---- the key pair ---- */

static int
make_pair(uint8_t *pub, uint8_t *priv, const struct kem_random *random)
{
	int8_t f[SNTRUP_P], g[SNTRUP_P], inverse[SNTRUP_P];
	int16_t h[SNTRUP_P];
	int r;

	do
		r = random_small(g, random);
	while (r == 0 && sntrup_inverse_3(inverse, g) != 0);
	if (r == 0)
		r = random_short(f, random);
	if (r == 0) {
		sntrup_inverse_of_3a(h, f);
		sntrup_multiply(h, h, g);
		sntrup_put_q(pub, h);
		sntrup_put_small(priv, f);
		sntrup_put_small(priv + AT_INVERSE, inverse);
	}
	pk_wipe(f, sizeof(f));
	pk_wipe(g, sizeof(g));
	pk_wipe(inverse, sizeof(inverse));
	return r;
}

int
sntrup761_pair(uint8_t *pub, uint8_t *priv, const struct kem_random *random)
{
	if (make_pair(pub, priv, random) != 0)
		return -1;
	memcpy(priv + AT_PUBLIC, pub, SNTRUP_Q_SIZE);
	if (random->fill(random->ctx, priv + AT_RHO, SNTRUP_SMALL_SIZE) != 0)
		return -1;
	return hash(priv + AT_HASH, HASH_PUBLIC, pub, SNTRUP_Q_SIZE, NULL, 0);
}

/* ---- encapsulation ---- */

/* The ciphertext of an input: h r rounded to multiples of 3, and a confirmation. */
static int
hide(uint8_t *cipher, const uint8_t *pub, const int8_t r[SNTRUP_P], const uint8_t code[SNTRUP_SMALL_SIZE],
    const uint8_t pub_hash[HASH_SIZE])
{
	uint8_t input_hash[HASH_SIZE];
	int16_t h[SNTRUP_P];
	int status;

	sntrup_take_q(h, pub);
	sntrup_multiply(h, h, r);
	for (int i = 0; i < SNTRUP_P; i++)
		h[i] = (int16_t)(h[i] - sntrup_modulo_3(h[i]));
	sntrup_put_rounded(cipher, h);
	status = hash(input_hash, HASH_INPUT, code, SNTRUP_SMALL_SIZE, NULL, 0);
	if (status == 0)
		status = hash(cipher + SNTRUP_ROUNDED_SIZE, HASH_CONFIRM, input_hash, HASH_SIZE, pub_hash, HASH_SIZE);
	pk_wipe(h, sizeof(h));
	pk_wipe(input_hash, sizeof(input_hash));
	return status;
}

static int
session(uint8_t shared[KEM_SHARED_SIZE], uint8_t what, const uint8_t code[SNTRUP_SMALL_SIZE], const uint8_t *cipher)
{
	uint8_t input_hash[HASH_SIZE];
	int status = hash(input_hash, HASH_INPUT, code, SNTRUP_SMALL_SIZE, NULL, 0);

	if (status == 0)
		status = hash(shared, what, input_hash, HASH_SIZE, cipher, SNTRUP761_CIPHER_SIZE);
	pk_wipe(input_hash, sizeof(input_hash));
	return status;
}

int
sntrup761_encapsulate(
    uint8_t *cipher, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *pub, const struct kem_random *random)
{
	uint8_t pub_hash[HASH_SIZE], code[SNTRUP_SMALL_SIZE];
	int8_t r[SNTRUP_P];
	int status = hash(pub_hash, HASH_PUBLIC, pub, SNTRUP_Q_SIZE, NULL, 0);

	if (status == 0)
		status = random_short(r, random);
	if (status == 0) {
		sntrup_put_small(code, r);
		status = hide(cipher, pub, r, code, pub_hash);
	}
	if (status == 0)
		status = session(shared, HASH_SESSION, code, cipher);
	pk_wipe(r, sizeof(r));
	pk_wipe(code, sizeof(code));
	return status;
}

/* ---- decapsulation ---- */

/* Anything whose weight is not W becomes one certain input of that weight. */
static void
force_weight(int8_t r[SNTRUP_P])
{
	int32_t weight = 0, wrong;

	for (int i = 0; i < SNTRUP_P; i++)
		weight += r[i] & 1;
	wrong = weight - SNTRUP_W;
	wrong = (wrong | -wrong) >> 31;
	for (int i = 0; i < SNTRUP_P; i++)
		r[i] = (int8_t)((r[i] & ~wrong) | ((i < SNTRUP_W) & wrong));
}

static void
open_input(int8_t r[SNTRUP_P], const uint8_t *priv, const uint8_t *cipher)
{
	int16_t c[SNTRUP_P];
	int8_t f[SNTRUP_P], e[SNTRUP_P];

	sntrup_take_rounded(c, cipher);
	sntrup_take_small(f, priv);
	sntrup_multiply(c, c, f);
	for (int i = 0; i < SNTRUP_P; i++)
		e[i] = sntrup_modulo_3(sntrup_modulo_q(3 * c[i]));
	sntrup_take_small(f, priv + AT_INVERSE);
	sntrup_multiply_3(r, e, f);
	force_weight(r);
	pk_wipe(c, sizeof(c));
	pk_wipe(f, sizeof(f));
	pk_wipe(e, sizeof(e));
}

int
sntrup761_decapsulate(uint8_t shared[KEM_SHARED_SIZE], const uint8_t *priv, const uint8_t *cipher)
{
	uint8_t code[SNTRUP_SMALL_SIZE], again[SNTRUP761_CIPHER_SIZE];
	int8_t r[SNTRUP_P];
	uint8_t same;
	int status;

	open_input(r, priv, cipher);
	sntrup_put_small(code, r);
	status = hide(again, priv + AT_PUBLIC, r, code, priv + AT_HASH);
	same = (uint8_t)pk_equal(cipher, again, sizeof(again));
	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)(code[i] ^ ((uint8_t)(same - 1) & (code[i] ^ priv[AT_RHO + i])));
	if (status == 0)
		status = session(shared, (uint8_t)(HASH_REJECTED + same), code, cipher);
	pk_wipe(r, sizeof(r));
	pk_wipe(code, sizeof(code));
	pk_wipe(again, sizeof(again));
	return status;
}
