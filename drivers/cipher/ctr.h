/*
 * AES in counter mode (RFC 4344 section 4) with an HMAC (RFC 6668), as records:
 * what the engines share. The counter is 128 bits, big endian, starts at a
 * random number and counts blocks over all records; it is kept here because a
 * library's own may be narrower.
 */
#ifndef POSTERN_DRIVERS_CIPHER_CTR_H
#define POSTERN_DRIVERS_CIPHER_CTR_H

#include <string.h>

#include "drivers/cipher/tag.h"

#define CTR_BLOCK 16u

/* An engine's context begins with this. */
struct ctr_head {
	uint8_t counter[CTR_BLOCK];
	uint32_t tag_len;
};

struct ctr_ops {
	/* The stream from `counter` on, which stays as it is. 0 or -1. */
	int (*crypt)(struct cipher_ctx *, const uint8_t counter[CTR_BLOCK], uint8_t *dst, const uint8_t *src,
	    size_t len);
	/* HMAC of the sequence number and `len` bytes, tag_len bytes. 0 or -1. */
	int (*mac)(struct cipher_ctx *, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag);
};

static inline struct ctr_head *
ctr_of(struct cipher_ctx *c)
{
	return (struct ctr_head *)(void *)c->bytes;
}

static inline void
ctr_start(struct cipher_ctx *c, const uint8_t iv[CTR_BLOCK], uint32_t tag_len)
{
	memcpy(ctr_of(c)->counter, iv, CTR_BLOCK);
	ctr_of(c)->tag_len = tag_len;
}

/* ctr_add(counter, blocks): with the carry through all 128 bits. */
static inline void
ctr_add(uint8_t counter[CTR_BLOCK], uint64_t blocks)
{
	for (unsigned i = CTR_BLOCK; i > 0 && blocks != 0; i--) {
		blocks += counter[i - 1];
		counter[i - 1] = (uint8_t)blocks;
		blocks >>= 8;
	}
}

/* ctr_low(counter): the low word. */
static inline uint32_t
ctr_low(const uint8_t counter[CTR_BLOCK])
{
	return length_read(counter + 12);
}

static inline int
ctr_run(const struct ctr_ops *ops, struct cipher_ctx *c, uint8_t *dst, const uint8_t *src, size_t len)
{
	int r = ops->crypt(c, ctr_of(c)->counter, dst, src, len);

	ctr_add(ctr_of(c)->counter, (len + CTR_BLOCK - 1) / CTR_BLOCK);
	return r;
}

/* The stream of the length's block is looked at; the counter stays, so that the
 * block is run through once, when the record is opened. */
static inline uint32_t
ctr_length(const struct ctr_ops *ops, struct cipher_ctx *c, const uint8_t first[4])
{
	uint8_t clear[4];

	if (ops->crypt(c, ctr_of(c)->counter, clear, first, sizeof(clear)) != 0)
		return UINT32_MAX;
	return length_read(clear);
}

/* The MAC over the plaintext, then all of it encrypted (RFC 4253 section 6.4). */
static inline int
ctr_plain_seal(const struct ctr_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *dst,
    const uint8_t *src, uint32_t len)
{
	if (len > CIPHER_LEN_MAX || ops->mac(c, seq, src, 4 + (size_t)len, dst + 4 + len) != 0)
		return -1;
	return ctr_run(ops, c, dst, src, 4 + (size_t)len);
}

static inline int
ctr_plain_open(const struct ctr_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	uint32_t tag_len = ctr_of(c)->tag_len;
	uint8_t tag[CIPHER_TAG_MAX];
	int good = len <= CIPHER_LEN_MAX && ctr_run(ops, c, buf, buf, 4 + (size_t)len) == 0 &&
		   ops->mac(c, seq, buf, 4 + (size_t)len, tag) == 0 &&
		   tag_equal(tag, buf + 4 + len, tag_len);

	if (!good)
		memset(buf, 0, 4 + (size_t)len);
	explicit_bzero(tag, sizeof(tag));
	return good ? 0 : -1;
}

/* Encrypted behind the clear length, then the MAC over both. */
static inline int
ctr_etm_seal(const struct ctr_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src,
    uint32_t len)
{
	memmove(dst, src, 4);
	if (len > CIPHER_LEN_MAX || ctr_run(ops, c, dst + 4, src + 4, len) != 0)
		return -1;
	return ops->mac(c, seq, dst, 4 + (size_t)len, dst + 4 + len);
}

static inline int
ctr_etm_open(const struct ctr_ops *ops, struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	uint32_t tag_len = ctr_of(c)->tag_len;
	uint8_t tag[CIPHER_TAG_MAX];
	int good = len <= CIPHER_LEN_MAX && ops->mac(c, seq, buf, 4 + (size_t)len, tag) == 0 &&
		   tag_equal(tag, buf + 4 + len, tag_len);

	explicit_bzero(tag, sizeof(tag));
	if (good)
		good = ctr_run(ops, c, buf + 4, buf + 4, len) == 0;
	else
		ctr_add(ctr_of(c)->counter, (len + CTR_BLOCK - 1) / CTR_BLOCK);
	if (!good)
		memset(buf + 4, 0, len);
	return good ? 0 : -1;
}

/* The functions of both kinds of row, NAME_plain_seal and so on, over one ops. */
#define CTR_FUNCTIONS(NAME, OPS) \
	static uint32_t NAME##_length(struct cipher_ctx *c, uint32_t seq, const uint8_t first[4]) \
	{ \
		(void)seq; \
		return ctr_length(&(OPS), c, first); \
	} \
	static int NAME##_plain_seal( \
	    struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len) \
	{ \
		return ctr_plain_seal(&(OPS), c, seq, dst, src, len); \
	} \
	static int NAME##_plain_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len) \
	{ \
		return ctr_plain_open(&(OPS), c, seq, buf, len); \
	} \
	static int NAME##_etm_seal( \
	    struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len) \
	{ \
		return ctr_etm_seal(&(OPS), c, seq, dst, src, len); \
	} \
	static int NAME##_etm_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len) \
	{ \
		return ctr_etm_open(&(OPS), c, seq, buf, len); \
	}

#endif
