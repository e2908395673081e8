/*
 * AES-128 and GCM written straight from FIPS 197 and NIST SP 800-38D, for one
 * purpose: to be right. Slow, and its table look-ups depend on the key; never
 * chosen where another engine is built in. Vectors are checked against these
 * functions, every other engine against the row made of them.
 */
#ifndef POSTERN_DRIVERS_CIPHER_REF_H
#define POSTERN_DRIVERS_CIPHER_REF_H

#include <stddef.h>
#include <stdint.h>

struct ref_aes {
	uint8_t round[11][16];
};

void ref_aes_key(struct ref_aes *a, const uint8_t key[16]);
void ref_aes_block(const struct ref_aes *a, uint8_t out[16], const uint8_t in[16]);

struct ref_gcm {
	struct ref_aes aes;
	uint8_t hash_key[16]; /* H: the zero block encrypted */
};

void ref_gcm_key(struct ref_gcm *g, const uint8_t key[16]);

/* ref_gcm_crypt(g, iv, dst, src, len): counter mode from the second block on;
 * its own inverse. dst == src allowed. */
void ref_gcm_crypt(
    const struct ref_gcm *g, const uint8_t iv[12], uint8_t *dst, const uint8_t *src, size_t len);

/* ref_gcm_tag(g, iv, tag, aad, aad_len, text, text_len): over the ciphertext. */
void ref_gcm_tag(const struct ref_gcm *g, const uint8_t iv[12], uint8_t tag[16], const uint8_t *aad,
    size_t aad_len, const uint8_t *text, size_t text_len);

#endif
