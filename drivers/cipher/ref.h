/*
 * AES, GCM, counter mode, SHA-2, HMAC, UMAC, ChaCha20 and Poly1305 written straight
 * from their standards, for one purpose: to be right. Slow, and table look-ups
 * depend on the key; never chosen where another engine is built in. Vectors are
 * checked against these functions, every other engine against the rows made of
 * them.
 */
#ifndef POSTERN_DRIVERS_CIPHER_REF_H
#define POSTERN_DRIVERS_CIPHER_REF_H

#include <stddef.h>
#include <stdint.h>

/* ---- FIPS 197; keys of 16, 24 or 32 bytes ---- */

struct ref_aes {
	uint8_t round[15][16];
	unsigned rounds;
};

void ref_aes_key(struct ref_aes *a, const uint8_t *key, size_t len);
void ref_aes_block(const struct ref_aes *a, uint8_t out[16], const uint8_t in[16]);

/* ---- SP 800-38D and SP 800-38A ---- */

struct ref_gcm {
	struct ref_aes aes;
	uint8_t hash_key[16]; /* H: the zero block encrypted */
};

void ref_gcm_key(struct ref_gcm *g, const uint8_t *key, size_t len);

/* ref_gcm_crypt(g, iv, dst, src, len): counter mode from the second block on;
 * its own inverse. dst == src allowed. */
void ref_gcm_crypt(
    const struct ref_gcm *g, const uint8_t iv[12], uint8_t *dst, const uint8_t *src, size_t len);

/* ref_gcm_tag(g, iv, tag, aad, aad_len, text, text_len): over the ciphertext. */
void ref_gcm_tag(const struct ref_gcm *g, const uint8_t iv[12], uint8_t tag[16], const uint8_t *aad,
    size_t aad_len, const uint8_t *text, size_t text_len);

/* ref_ctr_crypt(a, counter, dst, src, len): the counter is 128 bits wide. */
void ref_ctr_crypt(
    const struct ref_aes *a, const uint8_t counter[16], uint8_t *dst, const uint8_t *src, size_t len);

/* ---- FIPS 180-4 and RFC 2104 ---- */

#define REF_HASH_MAX 64u
#define REF_HASH_BLOCK_MAX 128u

/* A hash in words of 32 or 64 bits, by its digest's size: 32 or 64. */
struct ref_hash {
	uint64_t state[8];
	uint64_t bytes;
	uint8_t block[REF_HASH_BLOCK_MAX];
	size_t size;
};

void ref_hash_start(struct ref_hash *h, size_t size);
void ref_hash_add(struct ref_hash *h, const uint8_t *data, size_t len);
void ref_hash_end(struct ref_hash *h, uint8_t *digest);

struct ref_hmac {
	struct ref_hash inner, outer; /* after the padded key */
};

void ref_hmac_key(struct ref_hmac *m, size_t size, const uint8_t *key, size_t len);
/* The MAC of two parts, one behind the other. */
void ref_hmac(const struct ref_hmac *m, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
    uint8_t *tag);

/* ---- RFC 4418 ---- */

/* ref_umac(key, nonce, data, len, tag, tag_len): tags of 4, 8, 12 or 16 bytes; messages of
 * up to 16 MiB. */
void ref_umac(const uint8_t key[16], const uint8_t nonce[8], const uint8_t *data, size_t len, uint8_t *tag,
    size_t tag_len);

/* ---- RFC 8439, with the counter and nonce of 64 bits of the original ---- */

void ref_chacha_block(const uint8_t key[32], uint64_t counter, const uint8_t nonce[8], uint8_t out[64]);
/* From block `counter` on. */
void ref_chacha_crypt(const uint8_t key[32], uint64_t counter, const uint8_t nonce[8], uint8_t *dst,
    const uint8_t *src, size_t len);
void ref_poly1305(const uint8_t key[32], const uint8_t *data, size_t len, uint8_t tag[16]);

#endif
