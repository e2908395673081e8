/* What every engine does with tags and lengths. */
#ifndef POSTERN_DRIVERS_CIPHER_TAG_H
#define POSTERN_DRIVERS_CIPHER_TAG_H

#include <string.h>

#include "drivers/cipher/engine.h"

/* tag_equal(a, b, len): in constant time; len is a multiple of 8. */
static inline int
tag_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t diff = 0, x, y;

	for (size_t i = 0; i < len; i += 8) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		diff |= x ^ y;
		/* No end before the end. */
		__asm__("" : "+r"(diff));
	}
	return diff == 0;
}

static inline uint32_t
length_read(const uint8_t first[4])
{
	return (uint32_t)first[0] << 24 | (uint32_t)first[1] << 16 | (uint32_t)first[2] << 8 | first[3];
}

static inline void
length_write(uint8_t to[4], uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

/* .length of rows whose length is in the clear. */
static inline uint32_t
length_clear(struct cipher_ctx *ctx, uint32_t seq, const uint8_t first[4])
{
	(void)ctx;
	(void)seq;
	return length_read(first);
}

#endif
