/*
 * The connections of one host: those that have a channel here, and those that the
 * plugin is asked something about (requests.h).
 *
 * A handle is connection and generation, as the link names them: it outlives nothing,
 * because a generation does not come again.
 */
#ifndef POSTERN_CONTROL_HOST_CONNS_H
#define POSTERN_CONTROL_HOST_CONNS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

struct host_conn {
	struct host_conn *next;
	uint32_t conn;
	uint32_t gen;
	uint32_t refs;       /* channels of it, and 1 while it is held for requests */
	uint32_t facts_len;
	uint8_t *facts;      /* as the first channel brought them; NULL: not told */
};

struct host_conns {
	struct host_conn **hash;
	uint32_t buckets;    /* a power of two, 0 at first */
	uint32_t count;
};

/* conns_join(t, conn, gen): the one that is there or a new one, with one reference
 * more; NULL when memory is out. conns_leave gives a reference back. */
struct host_conn *conns_join(struct host_conns *t, uint32_t conn, uint32_t gen);
void conns_leave(struct host_conns *t, struct host_conn *c);

struct host_conn *conns_find(const struct host_conns *t, uint32_t conn, uint32_t gen);

/* conns_facts(c, facts): keep them, once. 0, or -1 when memory is out. */
int conns_facts(struct host_conn *c, struct view facts);

/* conns_fact(facts, number, body): a field of them (link/grant.h). False: not there. */
bool conns_fact(struct view facts, uint8_t number, struct view *body);

void conns_fini(struct host_conns *t);

static inline uint64_t
conns_handle(const struct host_conn *c)
{
	return (uint64_t)c->conn << 32 | c->gen;
}

static inline struct host_conn *
conns_by_handle(const struct host_conns *t, uint64_t handle)
{
	return conns_find(t, (uint32_t)(handle >> 32), (uint32_t)handle);
}

#endif
