#include "drivers/rng/rng.h"

#include <string.h>

/* SplitMix64: one word of state, every seed gives a full-period stream. */
static uint64_t
next(struct rng *r)
{
	uint64_t z = r->state[0] += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A byte at a time from one word, so that the stream does not depend on how a
 * caller cuts it. */
static void
fixed_fill(struct rng *r, void *dst, size_t len)
{
	uint8_t *p = dst;

	for (size_t i = 0; i < len; i++) {
		if (r->state[2] == 0) {
			r->state[1] = next(r);
			r->state[2] = sizeof(uint64_t);
		}
		p[i] = (uint8_t)r->state[1];
		r->state[1] >>= 8;
		r->state[2]--;
	}
}

void
rng_fixed(struct rng *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->fill = fixed_fill;
	r->state[0] = seed;
}
