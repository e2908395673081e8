/*
 * Time: a binary heap with one place per connection.
 *
 * The key of a connection is never later than its earliest deadline. Deadlines
 * that move away, as the retransmission timer does with every ACK, leave the
 * key alone; it is corrected when it comes up. So a busy connection touches
 * the heap a few times a second, and an idle one is not in it.
 */
#include "dataplane/tcp/tcp_stack.h"

static void
place(struct tcp_stack *s, uint32_t pos, struct tcp_due due)
{
	s->heap[pos] = due;
	s->conns[due.conn].heap_pos = pos;
}

static void
sift_up(struct tcp_stack *s, uint32_t pos, struct tcp_due due)
{
	while (pos > 0 && s->heap[(pos - 1) / 2].at > due.at) {
		place(s, pos, s->heap[(pos - 1) / 2]);
		pos = (pos - 1) / 2;
	}
	place(s, pos, due);
}

static void
sift_down(struct tcp_stack *s, uint32_t pos, struct tcp_due due)
{
	for (;;) {
		uint32_t child = 2 * pos + 1;

		if (child >= s->heap_count)
			break;
		if (child + 1 < s->heap_count && s->heap[child + 1].at < s->heap[child].at)
			child++;
		if (s->heap[child].at >= due.at)
			break;
		place(s, pos, s->heap[child]);
		pos = child;
	}
	place(s, pos, due);
}

void
tcp_timer_set(struct tcp *t, enum tcp_timer which, uint64_t at)
{
	struct tcp_stack *s = t->stack;
	struct tcp_due due = { .at = at, .conn = tcp_index(t) };

	t->due[which] = at;
	if (t->heap_pos == TCP_NIL)
		sift_up(s, s->heap_count++, due);
	else if (at < s->heap[t->heap_pos].at)
		sift_up(s, t->heap_pos, due);
}

void
tcp_timer_stop(struct tcp *t, enum tcp_timer which)
{
	t->due[which] = TCP_NEVER;
}

bool
tcp_timer_on(const struct tcp *t, enum tcp_timer which)
{
	return t->due[which] != TCP_NEVER;
}

void
tcp_timer_forget(struct tcp *t)
{
	struct tcp_stack *s = t->stack;
	uint32_t pos = t->heap_pos;
	struct tcp_due last;

	for (int i = 0; i < TCP_TIMER_COUNT; i++)
		t->due[i] = TCP_NEVER;
	if (pos == TCP_NIL)
		return;
	t->heap_pos = TCP_NIL;
	last = s->heap[--s->heap_count];
	if (pos == s->heap_count)
		return;
	if (pos > 0 && s->heap[(pos - 1) / 2].at > last.at)
		sift_up(s, pos, last);
	else
		sift_down(s, pos, last);
}

static uint64_t
earliest(const struct tcp *t)
{
	uint64_t at = TCP_NEVER;

	for (int i = 0; i < TCP_TIMER_COUNT; i++)
		if (t->due[i] < at)
			at = t->due[i];
	return at;
}

struct tcp *
tcp_timer_due(struct tcp_stack *s, uint64_t now)
{
	while (s->heap_count > 0 && s->heap[0].at <= now) {
		struct tcp_due top = s->heap[0];
		struct tcp *t = &s->conns[top.conn];
		uint64_t at = earliest(t);

		if (at <= now)
			return t;
		if (at == TCP_NEVER) {
			tcp_timer_forget(t);
			continue;
		}
		top.at = at;
		sift_down(s, 0, top);
	}
	return NULL;
}

uint64_t
tcp_timer_next(const struct tcp_stack *s)
{
	return s->heap_count > 0 ? s->heap[0].at : TCP_NEVER;
}
