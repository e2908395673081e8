/*
 * Connections that their owner has closed and that go on by themselves, oldest first.
 *
 * What they hold is paid by nobody's session, so there is a cap: beyond it the oldest
 * is reset. An orphan whose peer acknowledges nothing ends by R2, one whose peer shuts
 * its window by tcp_persist.c, one whose peer never closes by the time in FIN-WAIT-2.
 */
#include "dataplane/tcp/tcp_stack.h"

void
tcp_orphan_init(struct tcp_stack *s)
{
	s->orphan_first = s->orphan_last = TCP_NIL;
}

void
tcp_orphan_add(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	t->in_orphan = true;
	t->orphan_next = TCP_NIL;
	t->orphan_prev = s->orphan_last;
	if (s->orphan_last != TCP_NIL)
		s->conns[s->orphan_last].orphan_next = tcp_index(t);
	else
		s->orphan_first = tcp_index(t);
	s->orphan_last = tcp_index(t);
	if (++s->orphan_count > s->cfg.orphan_max)
		tcp_orphan_shed(s);
}

void
tcp_orphan_del(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	if (!t->in_orphan)
		return;
	t->in_orphan = false;
	if (t->orphan_prev != TCP_NIL)
		s->conns[t->orphan_prev].orphan_next = t->orphan_next;
	else
		s->orphan_first = t->orphan_next;
	if (t->orphan_next != TCP_NIL)
		s->conns[t->orphan_next].orphan_prev = t->orphan_prev;
	else
		s->orphan_last = t->orphan_prev;
	s->orphan_count--;
	t->bytes_in = 0;
}

bool
tcp_orphan_shed(struct tcp_stack *s)
{
	struct tcp *t;

	if (s->orphan_first == TCP_NIL)
		return false;
	t = &s->conns[s->orphan_first];
	tcp_orphan_del(t);
	s->live.orphans_shed++;
	tcp_life_reset(t, R_TCP_ORPHAN);
	tcp_work_add(t); /* its end is told by tcp_poll */
	return true;
}
