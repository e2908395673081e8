/*
 * The table of connections that have a session id. An entry lives until the
 * dataplane says that the connection is gone, or is gone itself.
 */
#include <stdlib.h>

#include "control/supervisor/supervisor.h"

#define BUCKETS_FIRST 256u

static uint32_t
bucket_of(const struct sup *s, uint32_t conn)
{
	return conn * 2654435761u & (s->bucket_count - 1);
}

static int
buckets_grow(struct sup *s)
{
	uint32_t count = s->bucket_count == 0 ? BUCKETS_FIRST : s->bucket_count * 2;
	struct conn **old = s->bucket;
	uint32_t old_count = s->bucket_count;
	struct conn **grown;
	struct conn *c;
	uint32_t i;

	if (s->conn_count < s->bucket_count)
		return 0;
	grown = calloc(count, sizeof(*grown));
	if (grown == NULL)
		return old_count == 0 ? -1 : 0;
	s->bucket = grown;
	s->bucket_count = count;
	for (i = 0; i < old_count; i++) {
		while ((c = old[i]) != NULL) {
			uint32_t to = bucket_of(s, c->conn);

			old[i] = c->next;
			c->next = grown[to];
			grown[to] = c;
		}
	}
	free(old);
	return 0;
}

struct conn *
conn_find(struct sup *s, uint32_t conn, uint32_t gen)
{
	struct conn *c;

	if (s->bucket_count == 0)
		return NULL;
	for (c = s->bucket[bucket_of(s, conn)]; c != NULL; c = c->next)
		if (c->conn == conn && c->gen == gen)
			return c;
	return NULL;
}

struct conn *
conn_make(struct sup *s, uint32_t conn, uint32_t gen)
{
	struct conn *c = conn_find(s, conn, gen);
	uint32_t at;

	if (c != NULL)
		return c;
	if (buckets_grow(s) != 0 || (c = calloc(1, sizeof(*c))) == NULL) {
		log_error("out of memory for a connection");
		return NULL;
	}
	c->conn = conn;
	c->gen = gen;
	at = bucket_of(s, conn);
	c->next = s->bucket[at];
	s->bucket[at] = c;
	s->conn_count++;
	return c;
}

static void
unlink_conn(struct sup *s, struct conn *c)
{
	struct conn **at = &s->bucket[bucket_of(s, c->conn)];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->conn_count--;
}

void
conn_gone(struct sup *s, struct conn *c, uint32_t reason)
{
	struct msg m = { .type = MSG_CONN_GONE, .conn = c->conn, .gen = c->gen };
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, reason);
	m.body = put_view(&w);
	children_send(s,
	    ROLE_BIT(ROLE_KEEPER) | ROLE_BIT(ROLE_WARDEN) | ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK), &m);
	hash_drop(s, c, reason);
	grant_drop(s, c);
	dialogues_conn_gone(s, c->conn, c->gen);
	while (!LIST_EMPTY(&c->hosts))
		host_orphan(LIST_FIRST(&c->hosts));
	if (c->leader != NULL)
		leader_end(c->leader);
	unlink_conn(s, c);
	free(c->grant);
	free(c);
}

void
conns_each(struct sup *s, conn_fn *fn, void *ctx)
{
	struct conn *c, *next;
	uint32_t i;

	for (i = 0; i < s->bucket_count; i++) {
		for (c = s->bucket[i]; c != NULL; c = next) {
			next = c->next;
			fn(s, c, ctx);
		}
	}
}
