/*
 * Record ciphers. An engine offers, per suite, a key schedule and the
 * operations on one record. Rows are chosen once at start (select.h).
 *
 * Records are in SSH binary packet form (RFC 4253 section 6): a 4 byte length,
 * then `len` bytes (padding length, payload, padding), then the tag. `len` is
 * aligned as the row says and at most CIPHER_LEN_MAX.
 * A nonce is owned by the context and never set twice: an invocation counter
 * (RFC 5647 section 7.1) or a block counter (RFC 4344 section 4) that advances
 * with every record; where the sequence number is the nonce, the caller lets no
 * number come twice under one key.
 *
 * Contexts live in caller memory of CIPHER_CTX_SIZE bytes, 64-byte aligned, and
 * hold keys: fini wipes them. No allocation after engine start, but for init and
 * fini of openssl. Thread: one at a time per context, in a thread that ran
 * cipher_start or cipher_thread_start; several workers use an engine at the same
 * time, each with its own contexts.
 */
#ifndef POSTERN_DRIVERS_CIPHER_ENGINE_H
#define POSTERN_DRIVERS_CIPHER_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#define CIPHER_CTX_SIZE 1280u
/* A library takes 65534 bytes for a MAC; sequence number and length are in. */
#define CIPHER_LEN_MAX 65520u
#define CIPHER_TAG_MAX 64u

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
	uint64_t rekey_bytes;       /* new keys are due after so many, either direction */

	/* 0, or -1 when the library refuses. */
	int (*init)(const struct cipher_engine *, struct cipher_ctx *, const uint8_t *key, const uint8_t *iv,
	    const uint8_t *mac);

	/* The packet length, from the first 4 bytes; seq is the SSH sequence number.
	 * Changes nothing in the stream of the cipher. */
	uint32_t (*length)(struct cipher_ctx *, uint32_t seq, const uint8_t first[4]);

	/* dst = sealed record: 4 + len + tag_len bytes; src: 4 + len bytes in the
	 * clear. dst == src allowed, other overlap not. 0, or -1: dst is to be
	 * thrown away. */
	int (*seal)(struct cipher_ctx *, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len);

	/* The inverse, in place: 4 + len + tag_len bytes. 0, or -1 when the tag is
	 * wrong: then nothing of the plaintext is left in buf. Constant time. */
	int (*open)(struct cipher_ctx *, uint32_t seq, uint8_t *buf, uint32_t len);

	/* Bring what the library keeps elsewhere to an end; wipe the context. */
	void (*fini)(struct cipher_ctx *);
};

#endif
