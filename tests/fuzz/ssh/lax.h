/*
 * A cipher that changes nothing and believes every tag but one that begins with
 * ff: lets a fuzzer past the MAC. Four shapes: as AES-GCM, as encrypt-then-MAC,
 * and with a hidden length as encrypt-and-MAC and as ChaCha20.
 */
#ifndef POSTERN_FUZZ_LAX_H
#define POSTERN_FUZZ_LAX_H

#include <string.h>

#include "drivers/cipher/engine.h"

#define LAX_COUNT 4

static int
lax_init(const struct cipher_engine *e, struct cipher_ctx *ctx, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	(void)e;
	(void)key;
	(void)iv;
	(void)mac;
	memset(ctx, 1, sizeof(*ctx));
	return 0;
}

static uint32_t
lax_length(struct cipher_ctx *ctx, uint32_t seq, const uint8_t first[4])
{
	(void)ctx;
	(void)seq;
	return (uint32_t)first[0] << 24 | (uint32_t)first[1] << 16 | (uint32_t)first[2] << 8 | first[3];
}

static int
lax_seal(struct cipher_ctx *ctx, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	(void)ctx;
	(void)seq;
	memmove(dst, src, 4 + (size_t)len);
	memset(dst + 4 + len, 0, 16);
	return 0;
}

static int
lax_open(struct cipher_ctx *ctx, uint32_t seq, uint8_t *buf, uint32_t len)
{
	(void)ctx;
	(void)seq;
	return buf[4 + (size_t)len] == 0xff ? -1 : 0;
}

static void
lax_fini(struct cipher_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
}

#define LAX(n, blk, clear, skips) { .name = "lax", .suite = n, .key_len = 16, .iv_len = 12, \
	.tag_len = 16, .rekey_bytes = 1ull << 36, .block = blk, .length_clear = clear, .align_skips_length = skips, \
	.init = lax_init, .length = lax_length, .seal = lax_seal, .open = lax_open, .fini = lax_fini }

static const struct cipher_engine lax_engines[LAX_COUNT] = {
	LAX(1, 16, 1, 1), LAX(2, 8, 1, 1), LAX(3, 16, 0, 0), LAX(4, 8, 0, 1),
};

static inline const struct cipher_engine *
lax_engine(uint16_t suite)
{
	return suite >= 1 && suite <= LAX_COUNT ? &lax_engines[suite - 1] : NULL;
}

#endif
