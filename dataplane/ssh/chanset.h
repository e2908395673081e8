/*
 * A set of channel numbers: a bit for each.
 */
#ifndef POSTERN_SSH_CHANSET_H
#define POSTERN_SSH_CHANSET_H

#include <stdbool.h>
#include <stdint.h>

#define CHANSET_MAX 256u
#define CHANSET_WORDS (CHANSET_MAX / 64u)

struct chanset {
	uint64_t w[CHANSET_WORDS];
};

static inline void
chanset_add(struct chanset *s, uint32_t at)
{
	s->w[at / 64] |= 1ull << at % 64;
}

static inline void
chanset_del(struct chanset *s, uint32_t at)
{
	s->w[at / 64] &= ~(1ull << at % 64);
}

static inline bool
chanset_has(const struct chanset *s, uint32_t at)
{
	return (s->w[at / 64] & 1ull << at % 64) != 0;
}

/* chanset_next(s, from): the lowest member that is not below `from`, or CHANSET_MAX. */
static inline uint32_t
chanset_next(const struct chanset *s, uint32_t from)
{
	uint32_t i = from / 64;
	uint64_t left;

	if (from >= CHANSET_MAX)
		return CHANSET_MAX;
	left = s->w[i] & ~0ull << from % 64;
	while (left == 0) {
		if (++i == CHANSET_WORDS)
			return CHANSET_MAX;
		left = s->w[i];
	}
	return i * 64 + (uint32_t)__builtin_ctzll(left);
}

/* chanset_around(s, from): the same, going around; CHANSET_MAX: it is empty. */
static inline uint32_t
chanset_around(const struct chanset *s, uint32_t from)
{
	uint32_t at = chanset_next(s, from);

	return at < CHANSET_MAX ? at : chanset_next(s, 0);
}

#endif
