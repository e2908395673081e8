/* Start, memory and hashes. */
#include "drivers/pk/openssl.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/* Deeper than any call into the library here: agreement is below 8 KiB, signing with RSA below 18. */
#define STACK_WIPED 32768u

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -1;

static struct hash {
	const char *name;
	size_t size;
	EVP_MD *md;
} hashes[PK_HASH_COUNT] = {
	[PK_SHA256] = { "SHA2-256", 32, NULL },
	[PK_SHA384] = { "SHA2-384", 48, NULL },
	[PK_SHA512] = { "SHA2-512", 64, NULL },
};

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

int
openssl_random(uint8_t *p, size_t len)
{
	ssize_t n;

	do
		n = getrandom(p, len, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : -1;
}

/* ---- start ---- */

static void
start(void)
{
	bool good = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1;

	for (int i = 0; i < PK_HASH_COUNT && good; i++) {
		hashes[i].md = EVP_MD_fetch(NULL, hashes[i].name, NULL);
		good = hashes[i].md != NULL;
	}
	if (good && openssl_curves_start() == 0)
		started = 0;
}

int
openssl_ready(void)
{
	pthread_once(&once, start);
	return started;
}

static bool
try_agreement(int (*pair)(uint8_t *, uint8_t *),
    int (*shared)(uint8_t *, const uint8_t *, const uint8_t *, const uint8_t *))
{
	uint8_t pub[PK_POINT_MAX], priv[PK_SECRET_MAX], out[PK_SECRET_MAX];
	bool good = pair(pub, priv) == 0 && shared(out, priv, pub, pub) == 0;

	pk_wipe(priv, sizeof(priv));
	pk_wipe(out, sizeof(out));
	return good;
}

static bool
try_kem(const struct pk_kem *kem)
{
	uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX], cipher[PK_KEM_CIPHER_MAX];
	uint8_t shared[2][PK_KEM_SHARED];
	bool good = kem->pair(pub, priv) == 0 && kem->encapsulate(cipher, shared[0], pub) == 0 &&
		    kem->decapsulate(shared[1], priv, cipher) == 0 && pk_equal(shared[0], shared[1], PK_KEM_SHARED);

	pk_wipe(priv, sizeof(priv));
	pk_wipe(shared, sizeof(shared));
	return good;
}

static bool
try_ed25519(void)
{
	static const uint8_t seed[PK_ED25519_SIZE] = { 1 };
	struct pk_signer *s = pk_signer_ed25519(seed);
	uint8_t sig[PK_SIGNATURE_MAX];
	size_t len;
	bool good = s != NULL && pk_signer_sign(s, PK_SHA512, sig, &len, seed, sizeof(seed)) == 0 &&
		    pk_verify(pk_signer_public(s), PK_SHA512, view_of(sig, len), seed, sizeof(seed)) == 0;

	pk_signer_free(s);
	return good;
}

/* Refused as it must be; what verifying needs is loaded by it. Signing with such
 * keys is keeper's alone, which tries every key that it has read. */
static bool
try_verifying(enum pk_type type)
{
	static const uint8_t odd[256] = { [0] = 0x80, [255] = 1 };
	static const uint8_t base[PK_POINT_SIZE(PK_P256_SIZE)] = { 4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c,
		0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
		0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
		0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
		0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
	static const uint8_t three[] = { 3 };
	const struct pk_public rsa = { PK_RSA, view_of(odd, sizeof(odd)), view_of(three, sizeof(three)) };
	const struct pk_public ecdsa = { PK_P256, view_of(base, sizeof(base)), { NULL, 0 } };
	const struct pk_public *key = type == PK_RSA ? &rsa : &ecdsa;
	struct view sig = view_of(odd, type == PK_RSA ? sizeof(odd) : 2 * PK_P256_SIZE);

	return pk_verify(key, PK_SHA256, sig, odd, sizeof(odd)) == -1;
}

/* One run through every algorithm: the library finds its implementations at
 * their first use. */
int
pk_start(void)
{
	if (openssl_ready() != 0 || !try_agreement(pk_x25519_pair, pk_x25519_shared) ||
	    !try_agreement(pk_p256_pair, pk_p256_shared) || !try_agreement(pk_p384_pair, pk_p384_shared) ||
	    !try_agreement(pk_p521_pair, pk_p521_shared) || pk_dh_group(14) == NULL || !try_kem(&pk_mlkem768))
		return -1;
	return try_ed25519() && try_verifying(PK_P256) && try_verifying(PK_RSA) ? 0 : -1;
}

/* ---- hashes ---- */

size_t
pk_hash_size(enum pk_hash hash)
{
	return hashes[hash].size;
}

const char *
openssl_hash_name(enum pk_hash hash)
{
	return hashes[hash].name;
}

int
pk_hash_parts(enum pk_hash hash, uint8_t *out, const struct pk_part *parts, size_t count)
{
	EVP_MD_CTX *ctx = openssl_ready() == 0 ? EVP_MD_CTX_new() : NULL;
	bool good = ctx != NULL && EVP_DigestInit_ex2(ctx, hashes[hash].md, NULL) == 1;

	for (size_t i = 0; i < count && good; i++)
		good = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	pk_wipe_stack();
	return good ? 0 : -1;
}

int
pk_sha256(uint8_t out[32], const void *data, size_t len)
{
	const struct pk_part all = { data, len };

	return pk_hash_parts(PK_SHA256, out, &all, 1);
}

int
pk_hmac_sha1(uint8_t out[20], struct view key, struct view data)
{
	size_t len = 0;

	if (openssl_ready() != 0 ||
	    EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, key.data, key.len, data.data, data.len, out, 20, &len) == NULL)
		return -1;
	return len == 20 ? 0 : -1;
}
