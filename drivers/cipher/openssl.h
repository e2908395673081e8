/*
 * What the files on OpenSSL share. It keeps key schedules in memory of its own:
 * they are made in init and given back, cleared, in fini; in between nothing is
 * allocated.
 */
#ifndef POSTERN_DRIVERS_CIPHER_OPENSSL_H
#define POSTERN_DRIVERS_CIPHER_OPENSSL_H

#include <openssl/evp.h>

#include "drivers/cipher/engine.h"

/* Fetched once; the first is for keys of 16 bytes, the last for 32. */
extern EVP_CIPHER *ssl_gcm[3], *ssl_ctr[3], *ssl_chacha;
extern EVP_MAC *ssl_hmac, *ssl_poly;

/* ssl_by_key(list, len): the one for a key of len bytes. */
static inline EVP_CIPHER *
ssl_by_key(EVP_CIPHER *const list[3], size_t len)
{
	return list[(len - 16) / 8];
}

/* ssl_keyed(cipher, key): a context that encrypts, or NULL. */
EVP_CIPHER_CTX *ssl_keyed(const EVP_CIPHER *cipher, const uint8_t *key);

extern const struct cipher_engine ssl_gcm_rows[2], ssl_chacha_rows[1], ssl_ctr_rows[12], ssl_umac_rows[12];

#endif
