/*
 * An array in blocks: elements of one size, in order, put in and taken out anywhere.
 *
 * It is made of leaves of so many elements each. The first is a place of the owner's
 * (`home`), so that a short array costs no block; the others are blocks. What is taken
 * from the front costs nothing but its leaf; elsewhere what lies behind moves.
 */
#ifndef POSTERN_MEM_VEC_H
#define POSTERN_MEM_VEC_H

#include <stdbool.h>

#include "dataplane/mem/pool.h"

#define VEC_LEAVES 32u

struct vec {
	struct pool *pool;
	uint8_t *home;       /* NULL while it is in use */
	uint8_t *own;        /* the same, always */
	uint32_t count;
	uint16_t first;      /* place of the first element in the first leaf */
	uint16_t leaves;
	uint16_t size;       /* bytes of an element */
	uint16_t per;        /* elements of a leaf */
	uint8_t *leaf[VEC_LEAVES];
};

/* vec_init(v, p, home, size, per): empty. home: per * size bytes. */
void vec_init(struct vec *v, struct pool *p, void *home, uint16_t size, uint16_t per);

/* vec_fini(v): gives the blocks back; empty again. */
void vec_fini(struct vec *v);

/* Elements for which there is a place at the end without another leaf. */
static inline uint32_t
vec_room(const struct vec *v)
{
	return (uint32_t)v->leaves * v->per - v->first - v->count;
}

/* Blocks held. */
static inline uint32_t
vec_blocks(const struct vec *v)
{
	return v->leaves - (v->home == NULL);
}

/* vec_grow(v): one leaf more; false: there are all, or the pool is empty. */
bool vec_grow(struct vec *v);

/* vec_pack(v): what was dropped from the front becomes room at the end. */
void vec_pack(struct vec *v);

/* The place of element i < count. Size and number are constants of the caller's, so that
 * no division is left. */
static inline void *
vec_at(const struct vec *v, uint32_t i, uint32_t size, uint32_t per)
{
	uint32_t at = v->first + i;

	return v->leaf[at / per] + at % per * size;
}

/* vec_insert(v, i): a place for a new element i <= count, where vec_room says that there
 * is one; contents undefined. */
void vec_insert(struct vec *v, uint32_t i);

/* vec_remove(v, i): without element i. vec_drop(v, n): without the first n. */
void vec_remove(struct vec *v, uint32_t i);
void vec_drop(struct vec *v, uint32_t n);

#endif
