/* Keys of every type: form, signing, verifying. */
#include "drivers/pk/openssl.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* ---- form ---- */

static unsigned
bits_of(struct view number)
{
	unsigned bits = 8 * (unsigned)number.len;

	if (number.len == 0 || number.data[0] == 0)
		return 0;
	for (uint8_t top = number.data[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static unsigned
rsa_bits(const struct pk_public *key)
{
	unsigned bits = key->key.len <= PK_KEY_MAX ? bits_of(key->key) : 0;
	struct view e = key->exponent;

	if (bits < PK_RSA_BITS_MIN || (key->key.data[key->key.len - 1] & 1) == 0)
		return 0;
	if (bits_of(e) < 2 || e.len > PK_RSA_EXPONENT_MAX || (e.data[e.len - 1] & 1) == 0)
		return 0;
	return bits;
}

unsigned
pk_public_bits(const struct pk_public *key)
{
	const struct openssl_curve *curve = openssl_curve(key->type);

	if (key->type == PK_RSA)
		return rsa_bits(key);
	if (key->type == PK_ED25519)
		return key->key.len == PK_ED25519_SIZE ? 256 : 0;
	if (curve == NULL || key->key.len != PK_POINT_SIZE(curve->field) || key->key.data[0] != 4)
		return 0;
	return key->type == PK_P521 ? 521 : 8 * (unsigned)curve->field;
}

/* ---- with a key object ---- */

int
openssl_sign(EVP_PKEY *key, const char *hash, uint8_t *sig, size_t *len, const void *data, size_t data_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = -1;

	*len = PK_SIGNATURE_MAX;
	if (ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestSign(ctx, sig, len, data, data_len) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

int
openssl_verify(EVP_PKEY *key, const char *hash, struct view sig, const void *data, size_t data_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = -1;

	if (ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestVerify(ctx, sig.data, sig.len, data, data_len) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

int
pk_verify(const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len)
{
	if (openssl_ready() != 0 || pk_public_bits(key) == 0)
		return -1;
	if (key->type == PK_RSA)
		return openssl_rsa_verify(key, hash, sig, data, len);
	if (key->type == PK_ED25519)
		return openssl_ed25519_verify(key, sig, data, len);
	return openssl_ecdsa_verify(key, hash, sig, data, len);
}

/* ---- signers ---- */

struct pk_signer {
	EVP_PKEY *key;
	struct pk_public public;
	uint8_t bytes[PK_KEY_MAX]; /* of public */
	uint8_t exponent[PK_RSA_EXPONENT_MAX];
};

const struct pk_public *
pk_signer_public(const struct pk_signer *s)
{
	return &s->public;
}

static struct view
number(EVP_PKEY *key, const char *name, uint8_t *out, size_t size)
{
	BIGNUM *n = NULL;
	size_t len = 0;

	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 && BN_num_bytes(n) <= (int)size)
		len = (size_t)BN_bn2bin(n, out);
	BN_free(n);
	return view_of(out, len);
}

/* Uncompressed, whatever form a file had it in. */
static struct view
point(EVP_PKEY *key, const struct openssl_curve *curve, uint8_t *out)
{
	BIGNUM *x = NULL, *y = NULL;
	int field = (int)curve->field;
	size_t len = 0;

	out[0] = 4;
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
	    BN_bn2binpad(x, out + 1, field) == field && BN_bn2binpad(y, out + 1 + field, field) == field)
		len = PK_POINT_SIZE(curve->field);
	BN_free(x);
	BN_free(y);
	return view_of(out, len);
}

static void
take_public(struct pk_signer *s)
{
	const struct openssl_curve *curve = openssl_curve(s->public.type);
	size_t len = sizeof(s->bytes);

	if (curve != NULL) {
		s->public.key = point(s->key, curve, s->bytes);
	} else if (s->public.type == PK_RSA) {
		s->public.key = number(s->key, OSSL_PKEY_PARAM_RSA_N, s->bytes, sizeof(s->bytes));
		s->public.exponent = number(s->key, OSSL_PKEY_PARAM_RSA_E, s->exponent, sizeof(s->exponent));
	} else if (EVP_PKEY_get_raw_public_key(s->key, s->bytes, &len) == 1) {
		s->public.key = view_of(s->bytes, len);
	}
}

/* Takes the key object over. */
static struct pk_signer *
signer_of(EVP_PKEY *key, enum pk_type type)
{
	struct pk_signer *s = key != NULL ? calloc(1, sizeof(*s)) : NULL;

	pk_wipe_stack();
	if (s == NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	s->key = key;
	s->public.type = type;
	take_public(s);
	if (pk_public_bits(&s->public) != 0)
		return s;
	pk_signer_free(s);
	return NULL;
}

struct pk_signer *
pk_signer_new(const struct pk_private *key)
{
	EVP_PKEY *object = NULL;

	if (openssl_ready() != 0)
		return NULL;
	if (key->type == PK_RSA)
		object = openssl_rsa_private(key);
	else if (key->type == PK_ED25519)
		object = openssl_ed25519_private(key);
	else if (openssl_curve(key->type) != NULL)
		object = openssl_ecdsa_private(key);
	return signer_of(object, key->type);
}

struct pk_signer *
pk_signer_ed25519(const uint8_t seed[PK_ED25519_SIZE])
{
	const struct pk_private key = { .type = PK_ED25519, .secret = view_of(seed, PK_ED25519_SIZE) };

	return pk_signer_new(&key);
}

void
pk_signer_free(struct pk_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key);
	free(s);
}

int
pk_signer_sign(
    struct pk_signer *s, enum pk_hash hash, uint8_t *sig, size_t *len, const void *data, size_t data_len)
{
	const struct openssl_curve *curve = openssl_curve(s->public.type);
	const char *name = s->public.type == PK_ED25519 ? NULL : openssl_hash_name(hash);
	int r = openssl_sign(s->key, name, sig, len, data, data_len);

	if (r == 0 && curve != NULL)
		r = openssl_ecdsa_unpack(curve, sig, len);
	pk_wipe_stack();
	return r;
}

/* ---- PEM ---- */

static int
no_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static enum pk_type
type_of(EVP_PKEY *key)
{
	char group[64];
	size_t len;

	if (EVP_PKEY_is_a(key, "RSA"))
		return PK_RSA;
	if (EVP_PKEY_is_a(key, "ED25519"))
		return PK_ED25519;
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1)
		for (enum pk_type type = PK_P256; type <= PK_P521; type++)
			if (OBJ_sn2nid(group) == openssl_curve(type)->nid)
				return type;
	return PK_TYPE_COUNT;
}

struct pk_signer *
pk_signer_pem(const char *text, size_t len, bool *encrypted)
{
	BIO *bio = openssl_ready() == 0 && len <= INT32_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
	EVP_PKEY *key = NULL;
	enum pk_type type = PK_TYPE_COUNT;

	*encrypted = false;
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, encrypted, NULL, NULL);
	BIO_free(bio);
	if (key != NULL)
		type = type_of(key);
	if (type == PK_TYPE_COUNT) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return signer_of(key, type);
}
