/*
 * chacha20-poly1305@openssh.com (draft-ietf-sshm-chacha20-poly1305) as records:
 * what the engines share. The key is two: the first 32 bytes encrypt the packet
 * and make the one-time key of Poly1305 out of their block 0, the other 32
 * encrypt the length with theirs. The nonce is the sequence number.
 */
#ifndef POSTERN_DRIVERS_CIPHER_CHACHA_H
#define POSTERN_DRIVERS_CIPHER_CHACHA_H

#include <stdbool.h>
#include <string.h>

#include "drivers/cipher/tag.h"

#define CHACHA_KEY 32u
#define CHACHA_TAG 16u

/* Of one record: the stream over its length, and the key of its tag. */
struct chacha_first {
	uint8_t length[4];
	uint8_t once[32];
};

/* An engine's context begins with this. What length() found is kept for the
 * open() of the same record. */
struct chacha_head {
	struct chacha_first first;
	uint32_t seq;
	bool ready;
};

struct chacha_ops {
	int (*first)(struct cipher_ctx *, uint32_t seq, struct chacha_first *);
	/* The packet's stream, from block 1 on. 0 or -1. */
	int (*crypt)(struct cipher_ctx *, uint32_t seq, uint8_t *dst, const uint8_t *src, size_t len);
	int (*poly)(struct cipher_ctx *, const uint8_t once[32], const uint8_t *data, size_t len,
	    uint8_t tag[CHACHA_TAG]);
};

static inline struct chacha_head *
chacha_of(struct cipher_ctx *c)
{
	return (struct chacha_head *)(void *)c->bytes;
}

static inline void
chacha_start(struct cipher_ctx *c)
{
	chacha_of(c)->ready = false;
}

static inline int
chacha_ready(const struct chacha_ops *ops, struct cipher_ctx *c, uint32_t seq)
{
	struct chacha_head *h = chacha_of(c);

	if (h->ready && h->seq == seq)
		return 0;
	h->seq = seq;
	h->ready = ops->first(c, seq, &h->first) == 0;
	return h->ready ? 0 : -1;
}

static inline void
chacha_done(struct cipher_ctx *c)
{
	struct chacha_head *h = chacha_of(c);

	explicit_bzero(h->first.length, sizeof(h->first.length));
	explicit_bzero(h->first.once, sizeof(h->first.once));
	h->ready = false;
}

static inline void
chacha_length_crypt(const struct chacha_head *h, uint8_t dst[4], const uint8_t src[4])
{
	for (unsigned i = 0; i < 4; i++)
		dst[i] = src[i] ^ h->first.length[i];
}

static inline uint32_t
chacha_length(const struct chacha_ops *ops, struct cipher_ctx *c, uint32_t seq, const uint8_t first[4])
{
	uint8_t clear[4];

	if (chacha_ready(ops, c, seq) != 0)
		return UINT32_MAX;
	chacha_length_crypt(chacha_of(c), clear, first);
	return length_read(clear);
}

static inline int
chacha_seal(const struct chacha_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *dst,
    const uint8_t *src, uint32_t len)
{
	struct chacha_head *h = chacha_of(c);
	int r = len <= CIPHER_LEN_MAX ? chacha_ready(ops, c, seq) : -1;

	if (r == 0) {
		chacha_length_crypt(h, dst, src);
		r = ops->crypt(c, seq, dst + 4, src + 4, len);
	}
	if (r == 0)
		r = ops->poly(c, h->first.once, dst, 4 + (size_t)len, dst + 4 + len);
	chacha_done(c);
	return r;
}

/* The tag is over what is on the wire: nothing is decrypted before it is right. */
static inline int
chacha_open(const struct chacha_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct chacha_head *h = chacha_of(c);
	uint8_t tag[CHACHA_TAG];
	bool good = len <= CIPHER_LEN_MAX && chacha_ready(ops, c, seq) == 0 &&
		    ops->poly(c, h->first.once, buf, 4 + (size_t)len, tag) == 0 &&
		    tag_equal(tag, buf + 4 + len, sizeof(tag));

	explicit_bzero(tag, sizeof(tag));
	if (good) {
		chacha_length_crypt(h, buf, buf);
		good = ops->crypt(c, seq, buf + 4, buf + 4, len) == 0;
	}
	if (!good)
		memset(buf + 4, 0, len);
	chacha_done(c);
	return good ? 0 : -1;
}

/* The functions of a row over one ops. */
#define CHACHA_FUNCTIONS(NAME, OPS) \
	static uint32_t NAME##_length(struct cipher_ctx *c, uint32_t seq, const uint8_t first[4]) \
	{ \
		return chacha_length(&(OPS), c, seq, first); \
	} \
	static int NAME##_seal( \
	    struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len) \
	{ \
		return chacha_seal(&(OPS), c, seq, dst, src, len); \
	} \
	static int NAME##_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len) \
	{ \
		return chacha_open(&(OPS), c, seq, buf, len); \
	}

#endif
