#include <string.h>

#include "drivers/cipher/gcm.h"
#include "drivers/cipher/openssl.h"
#include "drivers/cipher/rows.h"

struct gcm_ctx {
	EVP_CIPHER_CTX *evp;
	uint8_t iv[GCM_IV];
};

_Static_assert(sizeof(struct gcm_ctx) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static struct gcm_ctx *
gcm_of(struct cipher_ctx *c)
{
	return (struct gcm_ctx *)(void *)c->bytes;
}

static int
gcm_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct gcm_ctx *s = gcm_of(c);

	(void)mac;
	s->evp = ssl_keyed(ssl_by_key(ssl_gcm, e->key_len), key);
	memcpy(s->iv, iv, GCM_IV);
	return s->evp != NULL ? 0 : -1;
}

static int
gcm_seal(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	struct gcm_ctx *s = gcm_of(c);
	int n;
	int good;

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	memmove(dst, src, GCM_AAD);
	good = EVP_EncryptInit_ex2(s->evp, NULL, NULL, s->iv, NULL) == 1 &&
	       EVP_EncryptUpdate(s->evp, NULL, &n, dst, GCM_AAD) == 1 &&
	       EVP_EncryptUpdate(s->evp, dst + GCM_AAD, &n, src + GCM_AAD, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(s->evp, dst + GCM_AAD + len, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->evp, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, dst + GCM_AAD + len) == 1;
	gcm_advance(s->iv);
	return good ? 0 : -1;
}

static int
gcm_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct gcm_ctx *s = gcm_of(c);
	uint8_t *text = buf + GCM_AAD;
	int n;
	int good;

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	/* EVP_DecryptFinal_ex compares the tag, with CRYPTO_memcmp. */
	good = EVP_DecryptInit_ex2(s->evp, NULL, NULL, s->iv, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->evp, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, text + len) == 1 &&
	       EVP_DecryptUpdate(s->evp, NULL, &n, buf, GCM_AAD) == 1 &&
	       EVP_DecryptUpdate(s->evp, text, &n, text, (int)len) == 1 &&
	       EVP_DecryptFinal_ex(s->evp, text + len, &n) == 1;
	if (!good)
		memset(text, 0, len);
	gcm_advance(s->iv);
	return good ? 0 : -1;
}

static void
gcm_fini(struct cipher_ctx *c)
{
	EVP_CIPHER_CTX_free(gcm_of(c)->evp);
	explicit_bzero(c, sizeof(*c));
}

#define ROW(NAME)                                                                           \
	{                                                                                   \
		.name = "openssl", ROW_GCM(NAME), .init = gcm_init, .length = length_clear, \
		.seal = gcm_seal, .open = gcm_open, .fini = gcm_fini                        \
	}

const struct cipher_engine ssl_gcm_rows[2] = { ROW(AES128_GCM), ROW(AES256_GCM) };
