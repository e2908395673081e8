#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/gcm.h"
#include "drivers/cipher/library.h"

/*
 * OpenSSL keeps the key schedule in memory of its own: it is made in init and
 * given back, cleared, in fini; in between nothing is allocated.
 */
struct ssl_ctx {
	EVP_CIPHER_CTX *evp;
	uint8_t iv[GCM_IV];
};

_Static_assert(sizeof(struct ssl_ctx) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static EVP_CIPHER *aes128_gcm;

static struct ssl_ctx *
ssl_of(struct cipher_ctx *c)
{
	return (struct ssl_ctx *)c->bytes;
}

/* No configuration file: which providers it would load is not this program's
 * choice, and it would be read before a sandbox only by chance. */
static int
ssl_start(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return -1;
	aes128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	return aes128_gcm != NULL ? 0 : -1;
}

static int
ssl_init(struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv, const uint8_t *mac)
{
	struct ssl_ctx *s = ssl_of(c);

	(void)mac;
	s->evp = EVP_CIPHER_CTX_new();
	if (s->evp == NULL)
		return -1;
	if (EVP_EncryptInit_ex2(s->evp, aes128_gcm, key, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(s->evp);
		s->evp = NULL;
		return -1;
	}
	memcpy(s->iv, iv, GCM_IV);
	return 0;
}

static int
ssl_seal(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	struct ssl_ctx *s = ssl_of(c);
	int n;
	int good;

	(void)seq;
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
ssl_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct ssl_ctx *s = ssl_of(c);
	uint8_t *text = buf + GCM_AAD;
	int n;
	int good;

	(void)seq;
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
ssl_fini(struct cipher_ctx *c)
{
	EVP_CIPHER_CTX_free(ssl_of(c)->evp);
	explicit_bzero(c, sizeof(*c));
}

static const struct cipher_engine ssl_rows[] = {
	{ .name = "openssl",
	    GCM_ROW,
	    .init = ssl_init,
	    .seal = ssl_seal,
	    .open = ssl_open,
	    .fini = ssl_fini },
};

const struct cipher_library cipher_library_openssl = {
	.start = ssl_start,
	.rows = ssl_rows,
	.count = sizeof(ssl_rows) / sizeof(ssl_rows[0]),
};

/* What the link asks for, see dir.mk. */
const char cipher_wanted_openssl = 1;
