#include "tests/unit/dataplane/ssh/toy.h"

#include <string.h>

int toy_live;

struct toy {
	uint64_t key;
	uint64_t count;
};

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 29;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 32;
}

static int
toy_init(const struct cipher_engine *e, struct cipher_ctx *ctx, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct toy *t = (struct toy *)(void *)ctx->bytes;

	(void)e;
	(void)mac;
	memset(ctx, 0, sizeof(*ctx));
	for (int i = 0; i < 16; i++)
		t->key = mix(t->key * 31 + key[i]);
	for (int i = 0; i < 12; i++)
		t->key = mix(t->key * 31 + iv[i]);
	toy_live++;
	return 0;
}

static void
stream(struct toy *t, uint32_t seq, uint8_t *p, size_t len, uint64_t start)
{
	for (size_t i = 0; i < len; i++)
		p[i] ^= (uint8_t)(mix(t->key ^ t->count << 20 ^ (uint64_t)seq << 40 ^ (start + i) >> 3) >>
		    ((start + i) & 7) * 8);
}

static void
tag(struct toy *t, uint32_t seq, const uint8_t *p, size_t len, uint8_t out[16])
{
	uint64_t h = mix(t->key ^ seq ^ t->count << 32);

	for (size_t i = 0; i < len; i++)
		h = mix(h ^ p[i]);
	memset(out, 0, 16);
	memcpy(out, &h, sizeof(h));
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
clear_length(struct cipher_ctx *ctx, uint32_t seq, const uint8_t first[4])
{
	(void)ctx;
	(void)seq;
	return be32(first);
}

static uint32_t
hidden_length(struct cipher_ctx *ctx, uint32_t seq, const uint8_t first[4])
{
	uint8_t b[4];

	memcpy(b, first, 4);
	stream((struct toy *)(void *)ctx->bytes, seq, b, 4, 0);
	return be32(b);
}

static int
seal(struct cipher_ctx *ctx, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len, size_t skip)
{
	struct toy *t = (struct toy *)(void *)ctx->bytes;

	memmove(dst, src, 4 + len);
	stream(t, seq, dst + skip, 4 + len - skip, skip);
	tag(t, seq, dst, 4 + len, dst + 4 + len);
	t->count++;
	return 0;
}

static int
open(struct cipher_ctx *ctx, uint32_t seq, uint8_t *buf, uint32_t len, size_t skip)
{
	struct toy *t = (struct toy *)(void *)ctx->bytes;
	uint8_t want[16];

	tag(t, seq, buf, 4 + len, want);
	if (memcmp(want, buf + 4 + len, 16) != 0) {
		memset(buf, 0, 4 + len);
		return -1;
	}
	stream(t, seq, buf + skip, 4 + len - skip, skip);
	t->count++;
	return 0;
}

static int
clear_seal(struct cipher_ctx *ctx, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	return seal(ctx, seq, dst, src, len, 4);
}

static int
clear_open(struct cipher_ctx *ctx, uint32_t seq, uint8_t *buf, uint32_t len)
{
	return open(ctx, seq, buf, len, 4);
}

static int
hidden_seal(struct cipher_ctx *ctx, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	return seal(ctx, seq, dst, src, len, 0);
}

static int
hidden_open(struct cipher_ctx *ctx, uint32_t seq, uint8_t *buf, uint32_t len)
{
	return open(ctx, seq, buf, len, 0);
}

static void
toy_fini(struct cipher_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	toy_live--;
}

static const struct cipher_engine engines[] = {
	{ .name = "toy-clear", .suite = TOY_CLEAR, .key_len = 16, .iv_len = 12, .tag_len = 16, .rekey_bytes = 1ull << 36,
	    .block = 16, .length_clear = 1, .align_skips_length = 1, .init = toy_init,
	    .length = clear_length, .seal = clear_seal, .open = clear_open, .fini = toy_fini },
	{ .name = "toy-hidden", .suite = TOY_HIDDEN, .key_len = 16, .iv_len = 12, .tag_len = 16, .rekey_bytes = 1ull << 36,
	    .block = 8, .init = toy_init, .length = hidden_length, .seal = hidden_seal,
	    .open = hidden_open, .fini = toy_fini },
	{ .name = "toy-etm", .suite = TOY_ETM, .key_len = 16, .iv_len = 12, .tag_len = 16, .rekey_bytes = 1ull << 36,
	    .block = 8, .length_clear = 1, .align_skips_length = 1, .init = toy_init,
	    .length = clear_length, .seal = clear_seal, .open = clear_open, .fini = toy_fini },
};

const struct cipher_engine *
toy_engine(uint16_t suite)
{
	return suite >= TOY_CLEAR && suite <= TOY_ETM ? &engines[suite - 1] : NULL;
}
