/*
 * ML-KEM of the library, which has it from 3.5 on: asked for by name when the process
 * runs, so that one build uses it where it is. Key generation and encapsulation take
 * their randomness from the caller, as FIPS 203 has it in KeyGen_internal and
 * Encaps_internal; that makes them comparable with another implementation, too.
 */
#include "drivers/pk/openssl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

/* provider-keymgmt(7) and EVP_KEM-ML-KEM(7); headers before 3.5 do not have them */
#define PARAM_SEED "seed"
#define PARAM_RANDOM "ikme"

static const struct set {
	const char *name;
	size_t public_size, private_size, cipher_size;
} sets[] = {
	[OPENSSL_MLKEM768] = { "ML-KEM-768", 1184, 2400, 1088 },
	[OPENSSL_MLKEM1024] = { "ML-KEM-1024", 1568, 3168, 1568 },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool there;

/* Both or none; a key can be made from a seed. */
static void
look(void)
{
	uint8_t pub[PK_KEM_PUBLIC_MAX], priv[PK_KEM_PRIVATE_MAX];
	static const uint8_t seed[64];

	there = openssl_ready() == 0 && openssl_mlkem_pair(OPENSSL_MLKEM768, pub, priv, seed) == 0 &&
		openssl_mlkem_pair(OPENSSL_MLKEM1024, pub, priv, seed) == 0;
}

bool
openssl_mlkem_there(void)
{
	pthread_once(&once, look);
	return there;
}

static EVP_PKEY *
generate(const struct set *s, const uint8_t seed[64])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(PARAM_SEED, (void *)seed, 64),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, s->name, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	    EVP_PKEY_generate(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* One half as a key object. */
static EVP_PKEY *
import(const struct set *s, const char *which, const uint8_t *bytes, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(which, (void *)bytes, len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, s->name, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool
take(EVP_PKEY *key, const char *which, uint8_t *out, size_t size)
{
	size_t len = 0;

	return EVP_PKEY_get_octet_string_param(key, which, out, size, &len) == 1 && len == size;
}

int
openssl_mlkem_pair(enum openssl_mlkem which, uint8_t *pub, uint8_t *priv, const uint8_t seed[64])
{
	const struct set *s = &sets[which];
	EVP_PKEY *key = generate(s, seed);
	int r = -1;

	if (key != NULL && take(key, OSSL_PKEY_PARAM_PUB_KEY, pub, s->public_size) &&
	    take(key, OSSL_PKEY_PARAM_PRIV_KEY, priv, s->private_size))
		r = 0;
	EVP_PKEY_free(key);
	return r;
}

int
openssl_mlkem_encapsulate(
    enum openssl_mlkem which, uint8_t *cipher, uint8_t *shared, const uint8_t *pub, const uint8_t random[32])
{
	const struct set *s = &sets[which];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(PARAM_RANDOM, (void *)random, 32),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = import(s, OSSL_PKEY_PARAM_PUB_KEY, pub, s->public_size);
	EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	size_t cipher_len = s->cipher_size, shared_len = PK_KEM_SHARED;
	int r = -1;

	if (ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
	    EVP_PKEY_encapsulate(ctx, cipher, &cipher_len, shared, &shared_len) == 1 &&
	    cipher_len == s->cipher_size && shared_len == PK_KEM_SHARED)
		r = 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}

int
openssl_mlkem_decapsulate(enum openssl_mlkem which, uint8_t *shared, const uint8_t *priv, const uint8_t *cipher)
{
	const struct set *s = &sets[which];
	EVP_PKEY *key = import(s, OSSL_PKEY_PARAM_PRIV_KEY, priv, s->private_size);
	EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	size_t len = PK_KEM_SHARED;
	int r = -1;

	if (ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
	    EVP_PKEY_decapsulate(ctx, shared, &len, cipher, s->cipher_size) == 1 && len == PK_KEM_SHARED)
		r = 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}
