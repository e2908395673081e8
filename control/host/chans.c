#include "control/host/chans.h"

#include <stdlib.h>

#include "abi/link/layout.h"

static uint32_t
bucket_of(const struct chans *t, uint32_t conn, uint32_t gen, uint32_t number)
{
	uint64_t h = ((uint64_t)conn << 32 | gen) * 0x9e3779b97f4a7c15u;

	h ^= (uint64_t)number * 0xc2b2ae3d27d4eb4fu;
	h ^= h >> 29;
	return (uint32_t)h & (t->buckets - 1);
}

static int
grow_hash(struct chans *t)
{
	uint32_t old = t->buckets;
	uint32_t want = old == 0 ? 64 : old * 2;
	struct chan **grown = calloc(want, sizeof(*grown));
	struct chan **was = t->hash;
	uint32_t i;

	if (grown == NULL)
		return -1;
	t->hash = grown;
	t->buckets = want;
	for (i = 0; i < old; i++) {
		struct chan *c = was[i];

		while (c != NULL) {
			struct chan *next = c->next_hash;
			uint32_t b = bucket_of(t, c->conn, c->gen, c->number);

			c->next_hash = grown[b];
			grown[b] = c;
			c = next;
		}
	}
	free(was);
	return 0;
}

static int
grow_places(struct chans *t)
{
	uint32_t want = t->size == 0 ? 64 : t->size * 2;
	struct chan_place *grown = realloc(t->place, want * sizeof(*grown));
	uint32_t i;

	if (grown == NULL)
		return -1;
	for (i = t->size; i < want; i++)
		grown[i] = (struct chan_place){ NULL, 0, i + 1 };
	t->place = grown;
	t->free = t->size;
	t->size = want;
	return 0;
}

struct chan *
chans_new_unnamed(struct chans *t, uint32_t conn, uint32_t gen)
{
	struct chan *c;

	if (t->free == t->size && grow_places(t) != 0)
		return NULL;
	if (t->count >= t->buckets && grow_hash(t) != 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->conn = conn;
	c->gen = gen;
	c->number = LINK_CHAN_NONE;
	c->slot = t->free;
	t->free = t->place[c->slot].next_free;
	t->place[c->slot].chan = c;
	t->place[c->slot].uses++;
	t->count++;
	return c;
}

void
chans_name(struct chans *t, struct chan *c, uint32_t number)
{
	uint32_t b = bucket_of(t, c->conn, c->gen, number);

	c->number = number;
	c->next_hash = t->hash[b];
	t->hash[b] = c;
	c->flags |= CHAN_F_HASHED;
}

struct chan *
chans_new(struct chans *t, uint32_t conn, uint32_t gen, uint32_t number)
{
	struct chan *c = chans_new_unnamed(t, conn, gen);

	if (c != NULL)
		chans_name(t, c, number);
	return c;
}

struct chan *
chans_find(const struct chans *t, uint32_t conn, uint32_t gen, uint32_t number)
{
	struct chan *c;

	if (t->buckets == 0)
		return NULL;
	for (c = t->hash[bucket_of(t, conn, gen, number)]; c != NULL; c = c->next_hash)
		if (c->conn == conn && c->gen == gen && c->number == number)
			return c;
	return NULL;
}

uint64_t
chans_handle(const struct chans *t, const struct chan *c)
{
	return (uint64_t)t->place[c->slot].uses << 32 | (c->slot + 1);
}

struct chan *
chans_by_handle(const struct chans *t, uint64_t handle)
{
	uint32_t slot = (uint32_t)handle - 1;

	if ((uint32_t)handle == 0 || slot >= t->size || t->place[slot].chan == NULL ||
	    t->place[slot].uses != handle >> 32)
		return NULL;
	return t->place[slot].chan;
}

void
chans_revoke(struct chans *t, struct chan *c)
{
	t->place[c->slot].uses++;
}

void
chans_unhash(struct chans *t, struct chan *c)
{
	struct chan **at;

	if (!(c->flags & CHAN_F_HASHED))
		return;
	at = &t->hash[bucket_of(t, c->conn, c->gen, c->number)];
	while (*at != c)
		at = &(*at)->next_hash;
	*at = c->next_hash;
	c->flags &= ~CHAN_F_HASHED;
}

void
chans_free(struct chans *t, struct chan *c)
{
	chans_unhash(t, c);
	t->place[c->slot].chan = NULL;
	t->place[c->slot].next_free = t->free;
	t->free = c->slot;
	t->count--;
	inq_clear(&c->in);
	outq_clear(&c->out);
	owed_clear(&c->owed);
	free(c->label);
	free(c->refuse_text);
	free(c);
}

void
chans_fini(struct chans *t)
{
	uint32_t i;

	for (i = 0; i < t->size; i++)
		if (t->place[i].chan != NULL)
			chans_free(t, t->place[i].chan);
	free(t->place);
	free(t->hash);
	memset(t, 0, sizeof(*t));
}
