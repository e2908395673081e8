/*
 * AES-GCM as SSH records use it (RFC 5647 section 7): what the engines share.
 * The length field is associated data and goes in the clear; the rest is
 * encrypted; the IV is a fixed field of 4 bytes and an invocation counter of 8.
 */
#ifndef POSTERN_DRIVERS_CIPHER_GCM_H
#define POSTERN_DRIVERS_CIPHER_GCM_H

#include "drivers/cipher/engine.h"

#define GCM_KEY 16u
#define GCM_IV 12u
#define GCM_TAG 16u
#define GCM_AAD 4u
#define GCM_BLOCK 16u

/* The fields of a row that all engines have in common. */
#define GCM_ROW                                                                                            \
	.suite = SUITE_AES128_GCM, .key_len = GCM_KEY, .iv_len = GCM_IV, .mac_len = 0, .tag_len = GCM_TAG, \
	.block = GCM_BLOCK, .length_clear = 1, .align_skips_length = 1, .length = gcm_length

static inline uint32_t
gcm_length(struct cipher_ctx *ctx, uint32_t seq, const uint8_t first[4])
{
	(void)ctx;
	(void)seq;
	return (uint32_t)first[0] << 24 | (uint32_t)first[1] << 16 | (uint32_t)first[2] << 8 | first[3];
}

/* gcm_advance(iv): the next invocation; the counter is modulo 2^64, the fixed
 * field never changes (RFC 5647 section 7.1). */
static inline void
gcm_advance(uint8_t iv[GCM_IV])
{
	for (unsigned i = GCM_IV; i > GCM_IV - 8; i--)
		if (++iv[i - 1] != 0)
			break;
}

/* gcm_tag_equal(a, b): in constant time. */
static inline int
gcm_tag_equal(const uint8_t a[GCM_TAG], const uint8_t b[GCM_TAG])
{
	volatile uint8_t diff = 0;

	for (unsigned i = 0; i < GCM_TAG; i++)
		diff |= a[i] ^ b[i];
	return diff == 0;
}

#endif
