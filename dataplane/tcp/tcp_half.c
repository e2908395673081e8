/*
 * Connections that a SYN opened and no third segment has confirmed: in order of
 * age, all of them and those of one source.
 *
 * A source is an IPv4 address or the first 64 bits of an IPv6 one. Sources are
 * counted in cells by keyed hash, four for each place in the table: two that
 * share a cell share its limit, and nobody can choose with whom.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_stack.h"

#define IP6_SOURCE_SIZE 8u

static struct tcp_source *
source_of(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	const struct tcp_addr *a = &tuple->remote;
	size_t len = tcp_is_v4(a) ? sizeof(a->b) : IP6_SOURCE_SIZE;

	return &s->sources[siphash24(s->hash_key, a->b, len) & s->source_mask];
}

void
tcp_half_init(struct tcp_stack *s)
{
	s->half_first = s->half_last = TCP_NIL;
	for (uint32_t i = 0; i <= s->source_mask; i++)
		s->sources[i].first = s->sources[i].last = TCP_NIL;
}

static void
source_add(struct tcp *t)
{
	struct tcp_stack *s = t->stack;
	struct tcp_source *c = source_of(s, &t->tuple);

	t->source_next = TCP_NIL;
	t->source_prev = c->last;
	if (c->last != TCP_NIL)
		s->conns[c->last].source_next = tcp_index(t);
	else
		c->first = tcp_index(t);
	c->last = tcp_index(t);
	c->count++;
}

static void
source_del(struct tcp *t)
{
	struct tcp_stack *s = t->stack;
	struct tcp_source *c = source_of(s, &t->tuple);

	if (t->source_prev != TCP_NIL)
		s->conns[t->source_prev].source_next = t->source_next;
	else
		c->first = t->source_next;
	if (t->source_next != TCP_NIL)
		s->conns[t->source_next].source_prev = t->source_prev;
	else
		c->last = t->source_prev;
	c->count--;
}

void
tcp_half_add(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	t->in_half = true;
	t->half_next = TCP_NIL;
	t->half_prev = s->half_last;
	if (s->half_last != TCP_NIL)
		s->conns[s->half_last].half_next = tcp_index(t);
	else
		s->half_first = tcp_index(t);
	s->half_last = tcp_index(t);
	s->half_count++;
	source_add(t);
}

void
tcp_half_del(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	if (!t->in_half)
		return;
	t->in_half = false;
	if (t->half_prev != TCP_NIL)
		s->conns[t->half_prev].half_next = t->half_next;
	else
		s->half_first = t->half_next;
	if (t->half_next != TCP_NIL)
		s->conns[t->half_next].half_prev = t->half_prev;
	else
		s->half_last = t->half_prev;
	s->half_count--;
	source_del(t);
	t->bytes_in = t->bytes_out = 0;
}

bool
tcp_half_source_full(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	return source_of(s, tuple)->count >= s->cfg.half_open_source;
}

void
tcp_half_source_room(struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	tcp_conn_free(&s->conns[source_of(s, tuple)->first]);
}

/* A flood pushes out its own oldest; a peer that answers within the time that
 * the table lasts gets through. */
void
tcp_half_room(struct tcp_stack *s)
{
	if (s->half_count < s->cfg.half_open_max)
		return;
	tcp_drop(s, R_TCP_BACKLOG);
	tcp_conn_free(&s->conns[s->half_first]);
}
