/*
 * 4-tuple to connection: chains in a table keyed by a secret.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_stack.h"

_Static_assert(sizeof(struct tcp_tuple) == 36, "tuples are hashed and compared as bytes");

uint64_t
tcp_tuple_hash(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	return siphash24(s->hash_key, tuple, sizeof(*tuple));
}

bool
tcp_tuple_eq(const struct tcp_tuple *a, const struct tcp_tuple *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

struct tcp *
tcp_table_find(struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	uint32_t i;

	if (s->last != NULL && tcp_tuple_eq(&s->last->tuple, tuple))
		return s->last;
	i = s->buckets[tcp_tuple_hash(s, tuple) & s->bucket_mask];
	while (i != TCP_NIL) {
		struct tcp *t = &s->conns[i];

		if (tcp_tuple_eq(&t->tuple, tuple)) {
			s->last = t;
			return t;
		}
		i = t->table_next;
	}
	return NULL;
}

void
tcp_table_add(struct tcp *t)
{
	struct tcp_stack *s = t->stack;
	uint32_t *at = &s->buckets[tcp_tuple_hash(s, &t->tuple) & s->bucket_mask];

	t->table_next = *at;
	*at = tcp_index(t);
	t->in_table = true;
}

void
tcp_table_del(struct tcp *t)
{
	struct tcp_stack *s = t->stack;
	uint32_t *at;

	if (!t->in_table)
		return;
	at = &s->buckets[tcp_tuple_hash(s, &t->tuple) & s->bucket_mask];
	while (*at != tcp_index(t))
		at = &s->conns[*at].table_next;
	*at = t->table_next;
	t->in_table = false;
	if (s->last == t)
		s->last = NULL;
}
