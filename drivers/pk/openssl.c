#include "drivers/pk/pk.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * What OpenSSL leaves behind. Key objects and hash contexts are cleared when
 * they are freed, so each is freed before the function that made it returns.
 * Frames of its functions are not: they lie below ours and are cleared by
 * pk_wipe_stack. Results go straight into the caller's memory.
 */

/* Deeper than any call into the library here: measured below 6 KiB. */
#define STACK_WIPED 16384u

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -1;
static EVP_MD *sha256;
static EVP_MD *sha512;

void
pk_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

__attribute__((noinline)) void
pk_wipe_stack(void)
{
	uint8_t frame[STACK_WIPED];

	OPENSSL_cleanse(frame, sizeof(frame));
}

int
pk_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

/* One run through every algorithm: the library finds its implementations at
 * their first use. */
static bool
warm_up(void)
{
	static const uint8_t seed[PK_ED25519_SEED] = { 1 };
	uint8_t pub[PK_X25519_SIZE], priv[PK_X25519_SIZE], shared[PK_X25519_SIZE];
	uint8_t sig[PK_ED25519_SIGNATURE];
	struct pk_signer *s = pk_signer_new(seed);
	bool good = false;

	if (s != NULL && pk_signer_sign(s, sig, seed, sizeof(seed)) == 0) {
		pk_signer_public(s, pub);
		good = pk_ed25519_verify(pub, sig, seed, sizeof(seed)) == 0;
	}
	pk_signer_free(s);
	good = good && pk_x25519_pair(pub, priv) == 0 && pk_x25519_shared(shared, priv, pub) == 0;
	pk_wipe(priv, sizeof(priv));
	pk_wipe(shared, sizeof(shared));
	return good;
}

static void
start(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		return;
	sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	sha512 = EVP_MD_fetch(NULL, "SHA2-512", NULL);
	if (sha256 != NULL && sha512 != NULL)
		started = 0;
}

/* Without the first run, which itself needs `started`. */
static int
ready(void)
{
	pthread_once(&once, start);
	return started;
}

int
pk_start(void)
{
	return ready() == 0 && warm_up() ? 0 : -1;
}

/* ---- X25519 ---- */

static EVP_PKEY *
private_key(const char *type, const uint8_t raw[32])
{
	return ready() == 0 ? EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, raw, 32) : NULL;
}

static EVP_PKEY *
public_key(const char *type, const uint8_t raw[32])
{
	return ready() == 0 ? EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, raw, 32) : NULL;
}

static int
public_of(EVP_PKEY *key, uint8_t pub[32])
{
	size_t len = 32;

	return EVP_PKEY_get_raw_public_key(key, pub, &len) == 1 && len == 32 ? 0 : -1;
}

static int
fill_random(uint8_t *p, size_t len)
{
	ssize_t n;

	do
		n = getrandom(p, len, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : -1;
}

/* The private key is 32 random bytes (RFC 7748 section 5), straight from the
 * kernel: no generator in this process has seen it. */
int
pk_x25519_pair(uint8_t pub[PK_X25519_SIZE], uint8_t priv[PK_X25519_SIZE])
{
	EVP_PKEY *key = NULL;
	int r = -1;

	if (fill_random(priv, PK_X25519_SIZE) == 0) {
		key = private_key("X25519", priv);
		if (key != NULL)
			r = public_of(key, pub);
	}
	EVP_PKEY_free(key);
	pk_wipe_stack();
	if (r != 0)
		pk_wipe(priv, PK_X25519_SIZE);
	return r;
}

static int
derive(uint8_t *shared, EVP_PKEY *mine, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t len = PK_X25519_SIZE;
	int r = -1;

	if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	    EVP_PKEY_derive(ctx, shared, &len) == 1 && len == PK_X25519_SIZE)
		r = 0;
	EVP_PKEY_CTX_free(ctx);
	return r;
}

int
pk_x25519_shared(
    uint8_t shared[PK_X25519_SIZE], const uint8_t priv[PK_X25519_SIZE], const uint8_t peer[PK_X25519_SIZE])
{
	static const uint8_t zero[PK_X25519_SIZE];
	EVP_PKEY *mine = private_key("X25519", priv);
	EVP_PKEY *other = public_key("X25519", peer);
	int r = -1;

	if (mine != NULL && other != NULL)
		r = derive(shared, mine, other);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
	pk_wipe_stack();
	if (r == 0 && pk_equal(shared, zero, sizeof(zero)))
		r = -1;
	if (r != 0)
		pk_wipe(shared, PK_X25519_SIZE);
	return r;
}

/* ---- Ed25519 ---- */

struct pk_signer {
	EVP_PKEY *key;
	uint8_t pub[PK_ED25519_PUBLIC];
};

struct pk_signer *
pk_signer_new(const uint8_t seed[PK_ED25519_SEED])
{
	struct pk_signer *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->key = private_key("ED25519", seed);
	if (s->key == NULL || public_of(s->key, s->pub) != 0) {
		pk_signer_free(s);
		s = NULL;
	}
	pk_wipe_stack();
	return s;
}

void
pk_signer_public(const struct pk_signer *s, uint8_t pub[PK_ED25519_PUBLIC])
{
	memcpy(pub, s->pub, PK_ED25519_PUBLIC);
}

int
pk_signer_sign(struct pk_signer *s, uint8_t sig[PK_ED25519_SIGNATURE], const void *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len = PK_ED25519_SIGNATURE;
	int r = -1;

	if (ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, s->key, NULL) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_len, data, len) == 1 && sig_len == PK_ED25519_SIGNATURE)
		r = 0;
	EVP_MD_CTX_free(ctx);
	pk_wipe_stack();
	return r;
}

void
pk_signer_free(struct pk_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key);
	free(s);
}

/* Compare two 256-bit little-endian numbers: a < b. Public values only. */
static bool
below(const uint8_t a[32], const uint8_t b[32])
{
	for (int i = 31; i >= 0; i--)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/*
 * The library takes a y that is not reduced, and points of small order, under
 * which one signature fits many messages. RFC 8032 section 5.1.3 wants y below
 * p. The points of small order have y of 0, 1, -1 or one of two numbers for the
 * order 8, with either sign of x.
 */
static bool
point_refused(const uint8_t pub[PK_ED25519_PUBLIC])
{
	static const uint8_t prime[32] = { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0x7f };
	static const uint8_t small[][32] = {
		/* 0 */
		{ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		    0x00, 0x00 },
		/* 1 */
		{ 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		    0x00, 0x00 },
		/* -1 */
		{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0x7f },
		/* order 8 */
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
		    0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
		    0xfc, 0x05 },
		/* order 8 */
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
		    0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
		    0x03, 0x7a },
	};
	uint8_t y[32];

	memcpy(y, pub, sizeof(y));
	y[31] &= 0x7f;
	if (!below(y, prime))
		return true;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (memcmp(y, small[i], sizeof(y)) == 0)
			return true;
	return false;
}

/* RFC 8032 section 5.1.7: S in [0, L); checked here and not left to the
 * library's version. */
static bool
scalar_refused(const uint8_t s[32])
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
		0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

	return !below(s, order);
}

int
pk_ed25519_verify(const uint8_t pub[PK_ED25519_PUBLIC], const uint8_t sig[PK_ED25519_SIGNATURE],
    const void *data, size_t len)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	int r = -1;

	if (point_refused(pub) || scalar_refused(sig + 32))
		return -1;
	key = public_key("ED25519", pub);
	ctx = EVP_MD_CTX_new();
	if (key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestVerify(ctx, sig, PK_ED25519_SIGNATURE, data, len) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}

/* ---- hashes ---- */

static int
digest(EVP_MD **md, uint8_t *out, const struct pk_part *parts, size_t count)
{
	EVP_MD_CTX *ctx = ready() == 0 ? EVP_MD_CTX_new() : NULL;
	bool good = ctx != NULL && EVP_DigestInit_ex2(ctx, *md, NULL) == 1;

	for (size_t i = 0; i < count && good; i++)
		good = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	pk_wipe_stack();
	return good ? 0 : -1;
}

int
pk_sha256_parts(uint8_t out[32], const struct pk_part *parts, size_t count)
{
	return digest(&sha256, out, parts, count);
}

int
pk_sha256(uint8_t out[32], const void *data, size_t len)
{
	struct pk_part all = { data, len };

	return digest(&sha256, out, &all, 1);
}

int
pk_sha512(uint8_t out[64], const void *data, size_t len)
{
	struct pk_part all = { data, len };

	return digest(&sha512, out, &all, 1);
}
