#include "tests/sim/rng.h"

uint64_t
rng_next(struct rng *r)
{
	/* splitmix64 */
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(rng_next(r) % n);
}

bool
rng_one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}
