/* ECDSA on the NIST curves, FIPS 186-5 section 6. */
#include "drivers/pk/openssl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define DER_MAX 160u /* two numbers of at most 67 bytes, and what is around them */

static EVP_PKEY *
from_params(OSSL_PARAM_BLD *build, int selection)
{
	OSSL_PARAM *params = build != NULL ? OSSL_PARAM_BLD_to_param(build) : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

/* The library checks that the point is on the curve. */
static EVP_PKEY *
public_key(const struct openssl_curve *curve, struct view point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len) == 1)
		key = from_params(build, EVP_PKEY_PUBLIC_KEY);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* Does the scalar make the point? */
static bool
belongs(const struct openssl_curve *curve, const BIGNUM *scalar, struct view point)
{
	uint8_t made[PK_POINT_MAX];
	const EC_GROUP *group = curve->group;
	EC_POINT *p = EC_POINT_new(group);
	bool good = p != NULL && !BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
		    EC_POINT_mul(group, p, scalar, NULL, NULL, NULL) == 1 &&
		    EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, made, sizeof(made), NULL) ==
			point.len &&
		    view_eq(view_of(made, point.len), point);

	EC_POINT_clear_free(p);
	return good;
}

EVP_PKEY *
openssl_ecdsa_private(const struct pk_private *private)
{
	const struct openssl_curve *curve = openssl_curve(private->type);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *scalar = BN_secure_new();
	EVP_PKEY *key = NULL;

	if (build == NULL || scalar == NULL || private->secret.len > curve->field ||
	    private->key.len != PK_POINT_SIZE(curve->field))
		goto out;
	BN_set_flags(scalar, BN_FLG_CONSTTIME);
	if (BN_bin2bn(private->secret.data, (int)private->secret.len, scalar) == NULL ||
	    !belongs(curve, scalar, private->key))
		goto out;
	if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		build, OSSL_PKEY_PARAM_PUB_KEY, private->key.data, private->key.len) == 1 &&
	    OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar, curve->field) == 1)
		key = from_params(build, EVP_PKEY_KEYPAIR);
out:
	OSSL_PARAM_BLD_free(build);
	BN_clear_free(scalar);
	return key;
}

/* ---- signatures: SEQUENCE of two INTEGER in the library, r and s in full length
 * here ---- */

int
openssl_ecdsa_unpack(const struct openssl_curve *curve, uint8_t *sig, size_t *len)
{
	const uint8_t *at = sig;
	ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)*len);
	int field = (int)curve->field;
	int r = -1;

	if (both != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(both), sig, field) == field &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(both), sig + field, field) == field) {
		*len = 2 * curve->field;
		r = 0;
	}
	ECDSA_SIG_free(both);
	return r;
}

static bool
in_range(const BIGNUM *v, const struct openssl_curve *curve)
{
	return v != NULL && !BN_is_zero(v) && BN_cmp(v, EC_GROUP_get0_order(curve->group)) < 0;
}

/* The range of both is checked here and not left to the library's version. */
static size_t
pack(uint8_t der[DER_MAX], const struct openssl_curve *curve, struct view sig)
{
	BIGNUM *r = BN_bin2bn(sig.data, (int)curve->field, NULL);
	BIGNUM *s = BN_bin2bn(sig.data + curve->field, (int)curve->field, NULL);
	ECDSA_SIG *both = ECDSA_SIG_new();
	size_t len = 0;

	if (both != NULL && in_range(r, curve) && in_range(s, curve) && ECDSA_SIG_set0(both, r, s) == 1) {
		int n;

		r = s = NULL;
		n = i2d_ECDSA_SIG(both, NULL);
		if (n > 0 && n <= (int)DER_MAX && i2d_ECDSA_SIG(both, &der) == n)
			len = (size_t)n;
	}
	ECDSA_SIG_free(both);
	BN_free(r);
	BN_free(s);
	return len;
}

int
openssl_ecdsa_verify(
    const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len)
{
	const struct openssl_curve *curve = openssl_curve(key->type);
	uint8_t der[DER_MAX];
	EVP_PKEY *object;
	size_t der_len;
	int r = -1;

	if (sig.len != 2 * curve->field || (der_len = pack(der, curve, sig)) == 0)
		return -1;
	object = public_key(curve, key->key);
	if (object != NULL)
		r = openssl_verify(object, openssl_hash_name(hash), view_of(der, der_len), data, len);
	EVP_PKEY_free(object);
	return r;
}
