#include "abi/link/ring.h"

#include <string.h>

#include "abi/wire/reason.h"

/* Arena pieces start on cache lines, so that two entries never share one. */
#define ARENA_ALIGN 64u

static uint32_t
aligned(uint32_t len)
{
	return (len + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}

void
ring_out_init(struct ring_out *o, struct region *own, const struct region *other, uint32_t *arena_end,
    bool wipe)
{
	memset(o, 0, sizeof(*o));
	o->own = own;
	o->other = other;
	o->arena_end = arena_end;
	o->wipe = wipe;
}

void
ring_in_init(struct ring_in *i, struct region *own, const struct region *other)
{
	memset(i, 0, sizeof(*i));
	i->own = own;
	i->other = other;
}

/* Wipe arena bytes [from, to), positions of the endless arena. */
static void
arena_wipe(const struct region *r, uint32_t from, uint32_t to)
{
	uint8_t *arena = region_arena(r);

	while (from != to) {
		uint32_t at = from % r->arena_size;
		uint32_t n = to - from;

		if (n > r->arena_size - at)
			n = r->arena_size - at;
		explicit_bzero(arena + at, n);
		from += n;
	}
}

int
ring_reclaim(struct ring_out *o)
{
	uint32_t tail = __atomic_load_n(&region_header(o->other)->tail, __ATOMIC_ACQUIRE);
	uint32_t end;

	if (tail == o->tail)
		return 0;
	if (tail - o->tail > o->head - o->tail)
		return -R_LINK_INDEX;
	end = o->arena_end[(tail - 1) & (o->own->ring_count - 1)];
	if (o->wipe)
		arena_wipe(o->own, o->arena_tail, end);
	o->arena_tail = end;
	o->tail = tail;
	return 0;
}

/* Bytes that a piece of `len` costs now, the gap at the arena's end included. */
static uint32_t
arena_cost(const struct ring_out *o, uint32_t len)
{
	uint32_t at = o->arena_head % o->own->arena_size;
	uint32_t need = aligned(len);

	return need > o->own->arena_size - at ? need + o->own->arena_size - at : need;
}

static bool
has_room(const struct ring_out *o, uint32_t len)
{
	uint32_t used = o->arena_head - o->arena_tail;

	return o->head - o->tail < o->own->ring_count && len <= o->own->arena_size / 2 &&
	    arena_cost(o, len) <= o->own->arena_size - used;
}

bool
ring_room(struct ring_out *o, uint32_t len)
{
	return has_room(o, len) || (ring_reclaim(o) == 0 && has_room(o, len));
}

uint8_t *
ring_reserve(struct ring_out *o, uint32_t len)
{
	uint32_t at, need = aligned(len);

	if (!ring_room(o, len))
		return NULL;
	at = o->arena_head % o->own->arena_size;
	if (need > o->own->arena_size - at)
		o->arena_head += o->own->arena_size - at;
	return region_arena(o->own) + o->arena_head % o->own->arena_size;
}

void
ring_publish(struct ring_out *o, struct link_entry *e, uint32_t len)
{
	uint32_t slot = o->head & (o->own->ring_count - 1);

	e->off = len > 0 ? o->arena_head % o->own->arena_size : 0;
	e->len = len;
	o->arena_head += aligned(len);
	o->arena_end[slot] = o->arena_head;
	region_entries(o->own)[slot] = *e;
	o->head++;
	__atomic_store_n(&region_header(o->own)->head, o->head, __ATOMIC_RELEASE);
}

bool
ring_send(struct ring_out *o, struct link_entry *e, struct view payload)
{
	uint8_t *at = ring_reserve(o, (uint32_t)payload.len);

	if (at == NULL)
		return false;
	if (payload.len > 0)
		memcpy(at, payload.data, payload.len);
	ring_publish(o, e, (uint32_t)payload.len);
	return true;
}

int
ring_peek(struct ring_in *i, struct link_entry *e, struct view *payload)
{
	uint32_t count = i->other->ring_count;
	uint32_t head = __atomic_load_n(&region_header(i->other)->head, __ATOMIC_ACQUIRE);

	if (head == i->tail)
		return 0;
	if (head - i->tail > count)
		return -R_LINK_INDEX;
	/* A volatile copy: the compiler may not go back to shared memory later. */
	{
		const volatile uint64_t *from =
		    (const volatile uint64_t *)(const void *)&region_entries(i->other)[i->tail & (count - 1)];
		uint64_t words[sizeof(*e) / 8];

		for (size_t n = 0; n < sizeof(*e) / 8; n++)
			words[n] = from[n];
		memcpy(e, words, sizeof(*e));
	}
	if (e->off > i->other->arena_size || e->len > i->other->arena_size - e->off)
		return -R_LINK_RANGE;
	*payload = view_of(region_arena(i->other) + e->off, e->len);
	return 1;
}

void
ring_take(struct ring_in *i)
{
	i->tail++;
	__atomic_store_n(&region_header(i->own)->tail, i->tail, __ATOMIC_RELEASE);
}

bool
ring_pending(const struct ring_in *i)
{
	return __atomic_load_n(&region_header(i->other)->head, __ATOMIC_ACQUIRE) != i->tail;
}

void
ring_arm(struct region *own)
{
	/* Sequentially consistent: the armed flag must be out before the re-check
	 * reads the other side's head, and the other way round in ring_armed. */
	__atomic_store_n(&region_header(own)->armed, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
ring_disarm(struct region *own)
{
	__atomic_store_n(&region_header(own)->armed, 0, __ATOMIC_RELEASE);
}

bool
ring_armed(const struct region *other)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&region_header(other)->armed, __ATOMIC_SEQ_CST) != 0;
}
