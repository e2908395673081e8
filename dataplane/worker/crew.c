#include "dataplane/worker/crew.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

size_t
crew_size(uint32_t count)
{
	return sizeof(struct crew) + (size_t)count * count * sizeof(struct crew_ring);
}

int
crew_init(struct crew *c, uint32_t count, const uint8_t key[FLOW_KEY_SIZE])
{
	c->count = count;
	flow_key_init(&c->key, key);
	for (uint32_t g = 0; g < CREW_GROUPS; g++)
		c->owner[g] = (uint8_t)(g % count);
	for (uint32_t i = 0; i < CREW_MAX; i++)
		c->seat[i].bell = -1;
	for (uint32_t i = 0; i < count; i++) {
		c->seat[i].bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (c->seat[i].bell < 0) {
			crew_fini(c);
			return -1;
		}
	}
	return 0;
}

void
crew_fini(struct crew *c)
{
	for (uint32_t i = 0; i < CREW_MAX; i++) {
		if (c->seat[i].bell >= 0)
			close(c->seat[i].bell);
		c->seat[i].bell = -1;
	}
}

static struct crew_ring *
ring_of(struct crew *c, uint32_t from, uint32_t to)
{
	return &c->ring[from * c->count + to];
}

bool
crew_pass(struct crew *c, uint32_t from, uint32_t to, struct pkt *p, enum crew_kind kind)
{
	struct crew_ring *r = ring_of(c, from, to);
	uint32_t max = kind == CREW_NEWS ? CREW_RING / 2 : CREW_RING;

	if (r->head - r->tail_seen >= max) {
		r->tail_seen = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
		if (r->head - r->tail_seen >= max)
			return false;
	}
	r->slot[r->head % CREW_RING] = (struct crew_item){ p, kind };
	__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
	return true;
}

/* The flag is taken back by the first that sees it: one bell per sleep. */
void
crew_wake(struct crew *c, uint32_t to)
{
	struct crew_seat *s = &c->seat[to];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->armed, __ATOMIC_RELAXED) != 0 &&
	    __atomic_exchange_n(&s->armed, 0, __ATOMIC_RELAXED) != 0)
		(void)eventfd_write(s->bell, 1);
}

static uint32_t
take_from(struct crew_ring *r, struct crew_item *items, uint32_t max)
{
	uint32_t there = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) - r->tail;
	uint32_t n = there < max ? there : max;

	for (uint32_t i = 0; i < n; i++)
		items[i] = r->slot[(r->tail + i) % CREW_RING];
	if (n > 0)
		__atomic_store_n(&r->tail, r->tail + n, __ATOMIC_RELEASE);
	return n;
}

/* Each sender has its share: a flood by one delays no other. What others leave is
 * taken in further rounds. */
uint32_t
crew_take(struct crew *c, uint32_t me, struct crew_item *items, uint32_t max)
{
	uint32_t done = 0, before;

	do {
		before = done;
		for (uint32_t from = 0; from < c->count; from++) {
			uint32_t senders = c->count - from - (from < me);

			if (from != me)
				done += take_from(ring_of(c, from, me), items + done,
				    (max - done + senders - 1) / senders);
		}
	} while (done > before && done < max);
	return done;
}

bool
crew_arm(struct crew *c, uint32_t me)
{
	__atomic_store_n(&c->seat[me].armed, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t from = 0; from < c->count; from++) {
		const struct crew_ring *r = ring_of(c, from, me);

		if (__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) != r->tail) {
			crew_disarm(c, me);
			return true;
		}
	}
	return false;
}

void
crew_disarm(struct crew *c, uint32_t me)
{
	__atomic_store_n(&c->seat[me].armed, 0, __ATOMIC_RELAXED);
}

uint64_t
crew_sum(const struct crew *c, uint32_t me, enum meter_id id)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->count; i++)
		if (i != me && c->seat[i].meter != NULL)
			n += __atomic_load_n(&c->seat[i].meter->value[id], __ATOMIC_RELAXED);
	return n;
}
