#include "drivers/cipher/openssl.h"

#include "drivers/cipher/library.h"

EVP_CIPHER *ssl_gcm[3], *ssl_ctr[3], *ssl_chacha;
EVP_MAC *ssl_hmac, *ssl_poly;

/* No configuration file: which providers it would load is not this program's
 * choice, and it would be read before a sandbox only by chance. */
static int
ssl_start(void)
{
	static const char *const gcm[] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" };
	static const char *const ctr[] = { "AES-128-CTR", "AES-192-CTR", "AES-256-CTR" };

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		ssl_gcm[i] = EVP_CIPHER_fetch(NULL, gcm[i], NULL);
		ssl_ctr[i] = EVP_CIPHER_fetch(NULL, ctr[i], NULL);
		if (ssl_gcm[i] == NULL || ssl_ctr[i] == NULL)
			return -1;
	}
	ssl_chacha = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	ssl_hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ssl_poly = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	return ssl_chacha != NULL && ssl_hmac != NULL && ssl_poly != NULL ? 0 : -1;
}

EVP_CIPHER_CTX *
ssl_keyed(const EVP_CIPHER *cipher, const uint8_t *key)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();

	if (evp != NULL && EVP_EncryptInit_ex2(evp, cipher, key, NULL, NULL) == 1)
		return evp;
	EVP_CIPHER_CTX_free(evp);
	return NULL;
}

const struct cipher_library cipher_library_openssl = {
	.start = ssl_start,
	.parts = { { ssl_gcm_rows, 2 }, { ssl_chacha_rows, 1 }, { ssl_ctr_rows, 12 },
	    { ssl_umac_rows, 12 } },
};

/* What the link asks for, see dir.mk. */
const char cipher_wanted_openssl = 1;
