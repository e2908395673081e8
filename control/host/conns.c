#include "control/host/conns.h"

#include <stdlib.h>
#include <string.h>

#include "abi/link/note.h"

#define BUCKETS_FIRST 16u

static uint32_t
bucket_of(const struct host_conns *t, uint32_t conn, uint32_t gen)
{
	return (conn * 2654435761u ^ gen) & (t->buckets - 1);
}

static int
grow(struct host_conns *t)
{
	struct host_conns to = { .buckets = t->buckets > 0 ? t->buckets * 2 : BUCKETS_FIRST, .count = t->count };
	struct host_conn *c, *next;

	to.hash = calloc(to.buckets, sizeof(*to.hash));
	if (to.hash == NULL)
		return -1;
	for (uint32_t i = 0; i < t->buckets; i++)
		for (c = t->hash[i]; c != NULL; c = next) {
			uint32_t b = bucket_of(&to, c->conn, c->gen);

			next = c->next;
			c->next = to.hash[b];
			to.hash[b] = c;
		}
	free(t->hash);
	*t = to;
	return 0;
}

struct host_conn *
conns_find(const struct host_conns *t, uint32_t conn, uint32_t gen)
{
	struct host_conn *c;

	if (t->buckets == 0)
		return NULL;
	for (c = t->hash[bucket_of(t, conn, gen)]; c != NULL; c = c->next)
		if (c->conn == conn && c->gen == gen)
			return c;
	return NULL;
}

struct host_conn *
conns_join(struct host_conns *t, uint32_t conn, uint32_t gen)
{
	struct host_conn *c = conns_find(t, conn, gen);
	uint32_t b;

	if (c == NULL) {
		if (t->count >= t->buckets && grow(t) != 0)
			return NULL;
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			return NULL;
		c->conn = conn;
		c->gen = gen;
		b = bucket_of(t, conn, gen);
		c->next = t->hash[b];
		t->hash[b] = c;
		t->count++;
	}
	c->refs++;
	return c;
}

void
conns_leave(struct host_conns *t, struct host_conn *c)
{
	struct host_conn **at;

	if (--c->refs > 0)
		return;
	at = &t->hash[bucket_of(t, c->conn, c->gen)];
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	t->count--;
	free(c->facts);
	free(c);
}

int
conns_facts(struct host_conn *c, struct view facts)
{
	if (c->facts != NULL || facts.len == 0)
		return 0;
	c->facts = malloc(facts.len);
	if (c->facts == NULL)
		return -1;
	memcpy(c->facts, facts.data, facts.len);
	c->facts_len = (uint32_t)facts.len;
	return 0;
}

bool
conns_fact(struct view facts, uint8_t number, struct view *body)
{
	struct cur in;
	uint16_t version;
	uint8_t at;

	*body = view_of(NULL, 0);
	if (facts.len == 0 || note_open(&in, facts, &version) != 0)
		return false;
	while (note_next(&in, &at, body) > 0)
		if (at == number)
			return true;
	*body = view_of(NULL, 0);
	return false;
}

void
conns_fini(struct host_conns *t)
{
	for (uint32_t i = 0; i < t->buckets; i++)
		while (t->hash[i] != NULL) {
			t->hash[i]->refs = 1;
			conns_leave(t, t->hash[i]);
		}
	free(t->hash);
	memset(t, 0, sizeof(*t));
}
