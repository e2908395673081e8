/*
 * Record ciphers. An engine offers, per suite, a key schedule and two
 * operations on one record. Rows are chosen once at start (select.h).
 *
 * Records are in SSH binary packet form (RFC 4253 section 6): a 4 byte length,
 * then `len` bytes (padding length, payload, padding), then the tag.
 * A nonce is owned by the context: it advances with every record and is never
 * set twice (RFC 5647 section 7.1 for AES-GCM: invocation counter of 64 bits,
 * the last 8 bytes of the 12 byte IV, big endian).
 *
 * Contexts live in caller memory of CIPHER_CTX_SIZE bytes, 64-byte aligned, and
 * hold keys: cipher_wipe them. No allocation after engine start. Thread: one at
 * a time per context; several workers use an engine at the same time, each with
 * its own contexts, so an engine keeps nothing else that changes after its start.
 */
#ifndef POSTERN_DRIVERS_CIPHER_ENGINE_H
#define POSTERN_DRIVERS_CIPHER_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#define CIPHER_CTX_SIZE 2048u

struct cipher_ctx {
	_Alignas(64) uint8_t bytes[CIPHER_CTX_SIZE];
};

struct cipher_engine {
	const char *name; /* "ipsecmb", "openssl", "ref" */
	uint16_t suite;   /* enum suite_id */
	uint16_t key_len;
	uint16_t iv_len;
	uint16_t mac_len; /* MAC key bytes, 0 for AEAD */
	uint16_t tag_len;
	uint16_t block;             /* alignment of the encrypted part, at least 8 */
	uint8_t length_clear;       /* 1: the 4 length bytes are sent in the clear (AAD) */
	uint8_t align_skips_length; /* 1: alignment counts without the length field */

	/* 0, or -1 when the library refuses. */
	int (*init)(struct cipher_ctx *, const uint8_t *key, const uint8_t *iv, const uint8_t *mac);

	/* Learn the packet length from the first 4 bytes; seq is the SSH sequence
	 * number. Must not be called twice for one record. */
	uint32_t (*length)(struct cipher_ctx *, uint32_t seq, const uint8_t first[4]);

	/* dst = sealed record: 4 + len + tag_len bytes; src: 4 + len bytes in the
	 * clear. dst == src allowed, other overlap not. */
	int (*seal)(struct cipher_ctx *, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len);

	/* The inverse, in place: 4 + len + tag_len bytes. 0, or -1 when the tag is
	 * wrong: then nothing of the plaintext is left in buf. Constant time. */
	int (*open)(struct cipher_ctx *, uint32_t seq, uint8_t *buf, uint32_t len);

	/* Bring what the library keeps elsewhere to an end; wipe the context. */
	void (*fini)(struct cipher_ctx *);
};

#endif
