/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): the keyed hash for tables that a
 * peer could otherwise fill on purpose, and for numbers that it must not guess.
 */
#ifndef POSTERN_MEM_SIPHASH_H
#define POSTERN_MEM_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct siphash {
	uint64_t v[4];
};

static inline uint64_t
siphash_rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

/* Words are little-endian in the definition, whatever the machine. */
static inline uint64_t
siphash_word(const uint8_t *b)
{
	uint64_t w;

	memcpy(&w, b, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline void
siphash_rounds(struct siphash *s, int n)
{
	uint64_t *v = s->v;

	while (n-- > 0) {
		v[0] += v[1];
		v[1] = siphash_rotl(v[1], 13) ^ v[0];
		v[0] = siphash_rotl(v[0], 32);
		v[2] += v[3];
		v[3] = siphash_rotl(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = siphash_rotl(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = siphash_rotl(v[1], 17) ^ v[2];
		v[2] = siphash_rotl(v[2], 32);
	}
}

static inline uint64_t
siphash24(const uint8_t key[16], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = siphash_word(key);
	uint64_t k1 = siphash_word(key + 8);
	struct siphash s = { { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
	    k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u } };
	uint64_t last = (uint64_t)len << 56;
	size_t left;
	uint64_t w;

	for (left = len; left >= 8; left -= 8, p += 8) {
		w = siphash_word(p);
		s.v[3] ^= w;
		siphash_rounds(&s, 2);
		s.v[0] ^= w;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	s.v[3] ^= last;
	siphash_rounds(&s, 2);
	s.v[0] ^= last;
	s.v[2] ^= 0xff;
	siphash_rounds(&s, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

#endif
