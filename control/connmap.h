/*
 * A bounded table of connections by (conn, gen): gives each a small number that
 * indexes the owner's own array.
 */
#ifndef POSTERN_CONTROL_CONNMAP_H
#define POSTERN_CONTROL_CONNMAP_H

#include <stdint.h>

#define CONNMAP_NONE UINT32_MAX

struct connmap_row {
	uint32_t conn;
	uint32_t gen;
	uint32_t next; /* in its bucket, or in the free list */
	uint32_t used;
};

struct connmap {
	struct connmap_row *row;
	uint32_t *bucket;
	uint32_t max;
	uint32_t mask;
	uint32_t free;
	uint32_t count;
};

/* connmap_init(t, max): all memory is taken here. 0 or -1. */
int connmap_init(struct connmap *t, uint32_t max);
void connmap_fini(struct connmap *t);

/* The number, or CONNMAP_NONE. */
uint32_t connmap_find(const struct connmap *t, uint32_t conn, uint32_t gen);
/* The number of a new row for a connection that is not there; NONE: full. */
uint32_t connmap_add(struct connmap *t, uint32_t conn, uint32_t gen);
void connmap_remove(struct connmap *t, uint32_t number);

#endif
