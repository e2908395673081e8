#include "dataplane/mem/vec.h"

#include <stddef.h>
#include <string.h>

void
vec_init(struct vec *v, struct pool *p, void *home, uint16_t size, uint16_t per)
{
	memset(v, 0, sizeof(*v));
	v->pool = p;
	v->home = v->own = home;
	v->size = size;
	v->per = per;
}

static void
leaf_free(struct vec *v, uint8_t *leaf)
{
	if (leaf == v->own)
		v->home = leaf;
	else
		pool_put(v->pool, (struct block *)(void *)(leaf - offsetof(struct block, data)));
}

void
vec_fini(struct vec *v)
{
	while (v->leaves > 0)
		leaf_free(v, v->leaf[--v->leaves]);
	v->count = 0;
	v->first = 0;
}

bool
vec_grow(struct vec *v)
{
	struct block *b;

	if (v->leaves == VEC_LEAVES)
		return false;
	if (v->home != NULL) {
		v->leaf[v->leaves++] = v->home;
		v->home = NULL;
		return true;
	}
	b = pool_get(v->pool);
	if (b == NULL)
		return false;
	v->leaf[v->leaves++] = b->data;
	return true;
}

/* Elements [from, to) of the leaves, by one place up: the last falls onto the place
 * behind them. Leaf by leaf from behind. */
static void
shift_up(struct vec *v, uint32_t from, uint32_t to)
{
	while (to > from) {
		uint32_t base = to / v->per * v->per;
		uint8_t *leaf = v->leaf[to / v->per];
		uint32_t start = from > base ? from : base;

		memmove(leaf + (start - base + 1) * v->size, leaf + (start - base) * v->size,
		    (to - start) * v->size);
		to = start;
		if (to > from) { /* the last of the leaf before */
			memcpy(leaf, v->leaf[to / v->per - 1] + (v->per - 1u) * v->size, v->size);
			to--;
		}
	}
}

/* Elements [from, to) by one place down. */
static void
shift_down(struct vec *v, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t into = from - 1;
		uint32_t base = into / v->per * v->per;
		uint8_t *leaf = v->leaf[into / v->per];
		uint32_t end = base + v->per < to ? base + v->per : to;

		memmove(leaf + (into - base) * v->size, leaf + (into - base + 1) * v->size,
		    (end - from) * v->size);
		from = end;
		if (from < to) { /* the first of the next leaf */
			memcpy(leaf + (v->per - 1u) * v->size, v->leaf[from / v->per], v->size);
			from++;
		}
	}
}

/* Leaves at the end that hold nothing. */
static void
trim(struct vec *v)
{
	if (v->count == 0) {
		vec_fini(v);
		return;
	}
	while (v->first + v->count <= (v->leaves - 1u) * v->per)
		leaf_free(v, v->leaf[--v->leaves]);
}

void
vec_pack(struct vec *v)
{
	uint32_t skip = v->first * v->size;
	uint32_t rest = v->per * v->size - skip;

	for (uint32_t i = 0; skip > 0 && i < v->leaves; i++) {
		memmove(v->leaf[i], v->leaf[i] + skip, rest);
		if (i + 1u < v->leaves)
			memcpy(v->leaf[i] + rest, v->leaf[i + 1], skip);
	}
	v->first = 0;
	trim(v);
}

void
vec_insert(struct vec *v, uint32_t i)
{
	shift_up(v, v->first + i, v->first + v->count);
	v->count++;
}

void
vec_remove(struct vec *v, uint32_t i)
{
	shift_down(v, v->first + i + 1, v->first + v->count);
	v->count--;
	trim(v);
}

void
vec_drop(struct vec *v, uint32_t n)
{
	uint32_t gone;

	v->count -= n;
	v->first = (uint16_t)(v->first + n);
	gone = v->first / v->per;
	for (uint32_t i = 0; i < gone; i++)
		leaf_free(v, v->leaf[i]);
	v->leaves = (uint16_t)(v->leaves - gone);
	memmove(v->leaf, v->leaf + gone, v->leaves * sizeof(v->leaf[0]));
	v->first = (uint16_t)(v->first - gone * v->per);
	trim(v);
}
