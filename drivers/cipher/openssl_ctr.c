#include <openssl/core_names.h>
#include <string.h>

#include "drivers/cipher/ctr.h"
#include "drivers/cipher/openssl.h"
#include "drivers/cipher/rows.h"

struct ssl_ctr {
	struct ctr_head head;
	EVP_CIPHER_CTX *evp;
	EVP_MAC_CTX *hmac;
	struct umac *umac;
};

_Static_assert(sizeof(struct ssl_ctr) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static struct ssl_ctr *
ssl_of(struct cipher_ctx *c)
{
	return (struct ssl_ctr *)(void *)c->bytes;
}

static int
ssl_crypt(
    struct cipher_ctx *c, const uint8_t counter[CTR_BLOCK], uint8_t *dst, const uint8_t *src, size_t len)
{
	struct ssl_ctr *s = ssl_of(c);
	int n;

	return EVP_EncryptInit_ex2(s->evp, NULL, NULL, counter, NULL) == 1 &&
		       EVP_EncryptUpdate(s->evp, dst, &n, src, (int)len) == 1
		   ? 0
		   : -1;
}

static int
ssl_mac(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	struct ssl_ctr *s = ssl_of(c);
	uint8_t number[4];
	size_t made;

	length_write(number, seq);
	return EVP_MAC_init(s->hmac, NULL, 0, NULL) == 1 &&
		       EVP_MAC_update(s->hmac, number, sizeof(number)) == 1 &&
		       EVP_MAC_update(s->hmac, data, len) == 1 &&
		       EVP_MAC_final(s->hmac, tag, &made, s->head.tag_len) == 1
		   ? 0
		   : -1;
}

static void
ssl_fini(struct cipher_ctx *c)
{
	EVP_CIPHER_CTX_free(ssl_of(c)->evp);
	EVP_MAC_CTX_free(ssl_of(c)->hmac);
	explicit_bzero(c, sizeof(*c));
}

static int
init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac, const char *digest)
{
	struct ssl_ctr *s = ssl_of(c);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
		OSSL_PARAM_construct_end(),
	};

	ctr_start(c, iv, e->tag_len);
	s->evp = ssl_keyed(ssl_by_key(ssl_ctr, e->key_len), key);
	s->hmac = EVP_MAC_CTX_new(ssl_hmac);
	if (s->evp != NULL && s->hmac != NULL && EVP_MAC_init(s->hmac, mac, e->mac_len, params) == 1)
		return 0;
	ssl_fini(c);
	return -1;
}

static int
init256(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	return init(e, c, key, iv, mac, "SHA256");
}

static int
init512(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	return init(e, c, key, iv, mac, "SHA512");
}

/* ---- UMAC, which the library lacks ---- */

static void
ssl_umac_fini(struct cipher_ctx *c)
{
	umac_free(ssl_of(c)->umac);
	EVP_CIPHER_CTX_free(ssl_of(c)->evp);
	explicit_bzero(c, sizeof(*c));
}

static int
ssl_umac_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct ssl_ctr *s = ssl_of(c);

	ctr_start(c, iv, e->tag_len);
	s->evp = ssl_keyed(ssl_by_key(ssl_ctr, e->key_len), key);
	s->umac = umac_new(mac, e->tag_len);
	if (s->evp != NULL && s->umac != NULL)
		return 0;
	ssl_umac_fini(c);
	return -1;
}

static int
ssl_umac_tag(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	umac_tag(ssl_of(c)->umac, seq, data, len, tag);
	return 0;
}

static const struct ctr_ops umac_ops = { .crypt = ssl_crypt, .mac = ssl_umac_tag };

CTR_FUNCTIONS(umac, umac_ops)

static const struct ctr_ops ssl_ops = { .crypt = ssl_crypt, .mac = ssl_mac };

CTR_FUNCTIONS(hmac, ssl_ops)

CTR_ROWS(ssl_ctr_rows, "openssl", init256, hmac, init512, hmac, ssl_fini);
UMAC_ROWS(ssl_umac_rows, "openssl", ssl_umac_init, umac, ssl_umac_fini);
