#include "dataplane/worker/worker.h"

/*
 * A heap of connections by their next deadline, the earliest on top. A deadline
 * that moved later is found out when the old one fires: only earlier ones cost.
 */

static void
place(struct worker *w, uint32_t at, struct conn *c)
{
	w->heap[at] = c;
	c->heap_at = at + 1;
}

static void
sift_up(struct worker *w, uint32_t at)
{
	struct conn *c = w->heap[at];

	while (at > 0 && c->due < w->heap[(at - 1) / 2]->due) {
		place(w, at, w->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(w, at, c);
}

static void
sift_down(struct worker *w, uint32_t at)
{
	struct conn *c = w->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= w->heap_count)
			break;
		if (child + 1 < w->heap_count && w->heap[child + 1]->due < w->heap[child]->due)
			child++;
		if (w->heap[child]->due >= c->due)
			break;
		place(w, at, w->heap[child]);
		at = child;
	}
	place(w, at, c);
}

void
deadline_clear(struct worker *w, struct conn *c)
{
	uint32_t at = c->heap_at - 1;
	struct conn *last;

	c->due = 0;
	if (c->heap_at == 0)
		return;
	c->heap_at = 0;
	last = w->heap[--w->heap_count];
	if (last == c)
		return;
	place(w, at, last);
	sift_up(w, at);
	sift_down(w, last->heap_at - 1);
}

void
deadline_set(struct worker *w, struct conn *c, uint64_t due)
{
	deadline_clear(w, c);
	if (due == UINT64_MAX)
		return;
	c->due = due > 0 ? due : 1;
	place(w, w->heap_count++, c);
	sift_up(w, c->heap_at - 1);
}

uint64_t
deadline_next(const struct worker *w)
{
	return w->heap_count > 0 ? w->heap[0]->due : UINT64_MAX;
}

uint32_t
deadline_stage(struct worker *w)
{
	uint32_t done = 0;

	while (w->heap_count > 0 && w->heap[0]->due <= w->now) {
		struct conn *c = w->heap[0];

		deadline_clear(w, c);
		conn_touch(w, c);
		done++;
	}
	return done;
}
