#include "control/conhash.h"

#include <stddef.h>

#include "abi/wire/reason.h"

/* Indexes are small and dense: the worker's number and the slot are all there is. */
static uint32_t
bucket_of(uint32_t conn)
{
	return (conn ^ conn >> 24) & (CONHASH_BUCKETS - 1);
}

struct conhash_node *
conhash_index(const struct conhash *t, uint32_t conn)
{
	struct conhash_node *n = t->bucket[bucket_of(conn)];

	while (n != NULL && n->conn != conn)
		n = n->next;
	return n;
}

struct conhash_node *
conhash_find(const struct conhash *t, uint32_t conn, uint32_t gen)
{
	struct conhash_node *n = conhash_index(t, conn);

	return n != NULL && n->gen == gen ? n : NULL;
}

int
conhash_join(struct conhash *t, struct conhash_node *n)
{
	struct conhash_node **at = &t->bucket[bucket_of(n->conn)];

	if (t->count >= t->max)
		return -R_LIMIT;
	n->next = *at;
	*at = n;
	t->count++;
	return 0;
}

void
conhash_leave(struct conhash *t, struct conhash_node *n)
{
	struct conhash_node **at = &t->bucket[bucket_of(n->conn)];

	while (*at != NULL && *at != n)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = n->next;
	t->count--;
}

void
conhash_each(struct conhash *t, void (*fn)(void *ctx, struct conhash_node *n), void *ctx)
{
	for (uint32_t i = 0; i < CONHASH_BUCKETS && t->count > 0; i++) {
		struct conhash_node *n = t->bucket[i];

		while (n != NULL) {
			struct conhash_node *next = n->next;

			fn(ctx, n);
			n = next;
		}
	}
}
