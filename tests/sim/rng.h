/* Numbers that follow from a seed. */
#ifndef POSTERN_SIM_RNG_H
#define POSTERN_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
/* Below n; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);
/* True in one of n cases. */
bool rng_one_in(struct rng *r, uint32_t n);

#endif
