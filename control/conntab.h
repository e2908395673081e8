/*
 * A bounded table of connections by (conn, gen): gives each a small number that
 * indexes the owner's own array.
 */
#ifndef POSTERN_CONTROL_CONNTAB_H
#define POSTERN_CONTROL_CONNTAB_H

#include <stdint.h>

#define CONNTAB_NONE UINT32_MAX

struct conntab_row {
	uint32_t conn;
	uint32_t gen;
	uint32_t next;           /* in its bucket, or in the free list */
	uint32_t used;
};

struct conntab {
	struct conntab_row *row;
	uint32_t *bucket;
	uint32_t max;
	uint32_t mask;
	uint32_t free;
	uint32_t count;
};

/* conntab_init(t, max): all memory is taken here. 0 or -1. */
int conntab_init(struct conntab *t, uint32_t max);
void conntab_fini(struct conntab *t);

/* The number, or CONNTAB_NONE. */
uint32_t conntab_find(const struct conntab *t, uint32_t conn, uint32_t gen);
/* The number of a new row for a connection that is not there; NONE: full. */
uint32_t conntab_add(struct conntab *t, uint32_t conn, uint32_t gen);
void conntab_remove(struct conntab *t, uint32_t number);

#endif
