/* X25519, RFC 7748. */
#include "drivers/pk/openssl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* The private key is 32 random bytes (RFC 7748 section 5). */
int
pk_x25519_pair(uint8_t *pub, uint8_t *priv)
{
	EVP_PKEY *key = NULL;
	size_t len = PK_X25519_SIZE;
	int r = -1;

	if (openssl_ready() == 0 && openssl_random(priv, PK_X25519_SIZE) == 0)
		key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, priv, PK_X25519_SIZE);
	if (key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &len) == 1 && len == PK_X25519_SIZE)
		r = 0;
	EVP_PKEY_free(key);
	pk_wipe_stack();
	if (r != 0)
		pk_wipe(priv, PK_X25519_SIZE);
	return r;
}

/* With both halves: from the private one alone the library would compute the
 * public one again, which takes as long as the agreement itself. */
static EVP_PKEY *
own_key(const uint8_t *priv, const uint8_t *pub)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)priv, PK_X25519_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)pub, PK_X25519_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int
derive(uint8_t *out, EVP_PKEY *mine, EVP_PKEY *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t len = PK_X25519_SIZE;
	int r = -1;

	if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	    EVP_PKEY_derive(ctx, out, &len) == 1 && len == PK_X25519_SIZE)
		r = 0;
	EVP_PKEY_CTX_free(ctx);
	return r;
}

int
pk_x25519_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer)
{
	static const uint8_t zero[PK_X25519_SIZE];
	EVP_PKEY *mine = NULL, *other = NULL;
	int r = -1;

	if (openssl_ready() == 0) {
		mine = own_key(priv, pub);
		other = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, peer, PK_X25519_SIZE);
	}
	if (mine != NULL && other != NULL)
		r = derive(out, mine, other);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
	pk_wipe_stack();
	if (r == 0 && pk_equal(out, zero, sizeof(zero)))
		r = -1;
	if (r != 0)
		pk_wipe(out, PK_X25519_SIZE);
	return r;
}
