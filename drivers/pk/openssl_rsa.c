/* RSA signatures with PKCS #1 v1.5 padding, RFC 8017 section 8.2. */
#include "drivers/pk/openssl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

static EVP_PKEY *
from_params(OSSL_PARAM_BLD *build, int selection)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *
public_key(const struct pk_public *key)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(key->key.data, (int)key->key.len, NULL);
	BIGNUM *e = BN_bin2bn(key->exponent.data, (int)key->exponent.len, NULL);
	EVP_PKEY *object = NULL;

	if (build != NULL && n != NULL && e != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		object = from_params(build, EVP_PKEY_PUBLIC_KEY);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return object;
}

/* ---- private keys ---- */

enum part { N, E, D, P, Q, DP, DQ, QINV, PART_COUNT };

static const char *const part_names[PART_COUNT] = {
	[N] = OSSL_PKEY_PARAM_RSA_N,
	[E] = OSSL_PKEY_PARAM_RSA_E,
	[D] = OSSL_PKEY_PARAM_RSA_D,
	[P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
	[Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
	[DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
	[DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
	[QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* The product of the primes is the modulus. Exponents modulo p - 1 and q - 1, which
 * files of OpenSSH lack (RFC 8017 section 3.2). */
static bool
complete(BIGNUM *part[PART_COUNT], BN_CTX *ctx)
{
	BIGNUM *less = BN_secure_new();
	BIGNUM *product = BN_new();
	bool good = less != NULL && product != NULL && BN_num_bits(part[P]) > 1 && BN_num_bits(part[Q]) > 1 &&
		    BN_mul(product, part[P], part[Q], ctx) == 1 && BN_cmp(product, part[N]) == 0;

	if (good) {
		BN_set_flags(part[D], BN_FLG_CONSTTIME);
		BN_set_flags(less, BN_FLG_CONSTTIME);
		good =
		    BN_sub(less, part[P], BN_value_one()) == 1 && BN_mod(part[DP], part[D], less, ctx) == 1 &&
		    BN_sub(less, part[Q], BN_value_one()) == 1 && BN_mod(part[DQ], part[D], less, ctx) == 1;
	}
	BN_clear_free(less);
	BN_free(product);
	return good;
}

static EVP_PKEY *
build_private(BIGNUM *part[PART_COUNT])
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	bool good = build != NULL;

	for (int i = 0; i < PART_COUNT && good; i++)
		good = OSSL_PARAM_BLD_push_BN(build, part_names[i], part[i]) == 1;
	if (good)
		key = from_params(build, EVP_PKEY_KEYPAIR);
	OSSL_PARAM_BLD_free(build);
	return key;
}

EVP_PKEY *
openssl_rsa_private(const struct pk_private *key)
{
	const struct view given[PART_COUNT] = { [N] = key->key,
		[E] = key->exponent,
		[D] = key->secret,
		[P] = key->p,
		[Q] = key->q,
		[QINV] = key->inverse };
	BIGNUM *part[PART_COUNT];
	BN_CTX *ctx = BN_CTX_secure_new();
	EVP_PKEY *object = NULL;
	bool good = ctx != NULL;

	for (int i = 0; i < PART_COUNT; i++) {
		part[i] = BN_secure_new();
		good = good && part[i] != NULL && given[i].len <= PK_KEY_MAX &&
		       BN_bin2bn(given[i].data, (int)given[i].len, part[i]) != NULL;
	}
	if (good && complete(part, ctx))
		object = build_private(part);
	for (int i = 0; i < PART_COUNT; i++)
		BN_clear_free(part[i]);
	BN_CTX_free(ctx);
	return object;
}

/* ---- verifying ---- */

/* A number has no leading zeros for some writers of signatures; the library wants
 * the modulus's length (RFC 8017 section 8.2.2, step 1). */
int
openssl_rsa_verify(
    const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len)
{
	uint8_t whole[PK_SIGNATURE_MAX];
	EVP_PKEY *object;
	int r = -1;

	if (sig.len == 0 || sig.len > key->key.len)
		return -1;
	memset(whole, 0, key->key.len - sig.len);
	memcpy(whole + key->key.len - sig.len, sig.data, sig.len);
	object = public_key(key);
	if (object != NULL)
		r = openssl_verify(object, openssl_hash_name(hash), view_of(whole, key->key.len), data, len);
	EVP_PKEY_free(object);
	return r;
}
