/*
 * Connection objects by (conn, gen): a hash of fixed size with a bounded number
 * of members, which the owner allocates. A connection index is in it once.
 */
#ifndef POSTERN_CONTROL_CONHASH_H
#define POSTERN_CONTROL_CONHASH_H

#include <stdint.h>

#define CONHASH_BUCKETS 16384u

/* First member of every connection object. */
struct conhash_node {
	struct conhash_node *next;
	uint32_t conn;
	uint32_t gen;
};

struct conhash {
	uint32_t count;
	uint32_t max;
	struct conhash_node *bucket[CONHASH_BUCKETS];
};

/* conhash_find(t, conn, gen): NULL when it is not there. conhash_index finds any
 * generation of the index. */
struct conhash_node *conhash_find(const struct conhash *t, uint32_t conn, uint32_t gen);
struct conhash_node *conhash_index(const struct conhash *t, uint32_t conn);

/* conhash_join(t, n): 0, or -R_LIMIT. The index must not be in it. */
int conhash_join(struct conhash *t, struct conhash_node *n);
void conhash_leave(struct conhash *t, struct conhash_node *n);

/* conhash_each(t, fn, ctx): fn may take out the member it is given. */
void conhash_each(struct conhash *t, void (*fn)(void *ctx, struct conhash_node *n), void *ctx);

#endif
