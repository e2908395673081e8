/*
 * Locked blocks of one size for secrets that live for a moment: kept out of swap
 * where the limits allow it and out of core dumps always, wiped when given back.
 */
#ifndef POSTERN_CONTROL_LOCKED_H
#define POSTERN_CONTROL_LOCKED_H

#include <stddef.h>
#include <stdint.h>

#define LOCKED_CHUNKS_MAX 64u
#define LOCKED_PER_CHUNK 32u

struct locked_free;

struct locked {
	size_t size;
	struct locked_free *free;
	void *chunk[LOCKED_CHUNKS_MAX];
	uint32_t chunk_count;
};

void locked_init(struct locked *l, size_t size);
/* locked_fini(l): wipe and release all of it, blocks in use too. */
void locked_fini(struct locked *l);

/* locked_take(l): a zeroed block, or NULL when the bound is reached.
 * locked_give(l, p): wiped; p may be NULL. */
void *locked_take(struct locked *l);
void locked_give(struct locked *l, void *p);

#endif
