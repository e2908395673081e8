/*
 * Random bytes. The system's for everything real; a fixed, seeded stream for
 * tests. Functions that need randomness take it as bytes or as this struct.
 */
#ifndef POSTERN_DRIVERS_RNG_H
#define POSTERN_DRIVERS_RNG_H

#include <stddef.h>
#include <stdint.h>

#define RNG_BUFFER 256u

struct rng {
	void (*fill)(struct rng *, void *dst, size_t len);
	uint64_t state[4];
	uint8_t buffer[RNG_BUFFER]; /* system: bytes not given out yet, at the end */
};

/* getrandom(2); buffers 256 bytes so that a record's padding costs no call.
 * What was given out is no longer in the buffer; a child of fork starts with an
 * empty one. Aborts the process when the kernel has no entropy to give. */
void rng_system(struct rng *);

/* A repeatable stream from a seed. Tests only. */
void rng_fixed(struct rng *, uint64_t seed);

static inline void
rng_fill(struct rng *r, void *dst, size_t len)
{
	r->fill(r, dst, len);
}

#endif
