#include "dataplane/worker/worker.h"

#include <string.h>

#define CONTROL_BUDGET 32u /* entries of one gate or clerk in one poll */

/* The payload is read out of shared memory once, here. */
static int
control_entry(struct worker *w, struct link *l, const struct link_entry *e, struct view payload)
{
	int r;

	if (!link_op_allowed(e->op, l->role))
		return -R_LINK_OP;
	if (payload.len > WORKER_STEP_MAX)
		return -R_LINK_ITEM;
	if (payload.len > 0)
		memcpy(w->step, payload.data, payload.len);
	r = step_run(w, l, e, view_of(w->step, payload.len));
	explicit_bzero(w->step, payload.len);
	return r;
}

static uint32_t
control_run(struct worker *w, struct link *l, int *fault)
{
	uint32_t done = 0;

	while (done < CONTROL_BUDGET) {
		struct link_entry e;
		struct view payload;
		int r = ring_peek(&l->in, &e, &payload);

		if (r == 0)
			break;
		if (r == 1)
			r = control_entry(w, l, &e, payload);
		if (r < 0) {
			*fault = r;
			break;
		}
		ring_take(&l->in);
		meter_add(w->meter, METER_LINK_DOWN, 1);
		done++;
	}
	return done;
}

static uint32_t
link_run(struct worker *w, struct link *l)
{
	int fault = ring_reclaim(&l->out);
	uint32_t done = 0;

	if (fault == 0)
		done = l->role == LINK_HOST ? host_run(w, l, &fault) : control_run(w, l, &fault);
	if (fault < 0)
		link_drop(w, l, fault);
	return done;
}

/* A worker that never sleeps hears no bell end: ask those who could have died
 * now and then. */
static void
check_control(struct worker *w)
{
	if (w->now - w->check_us < WORKER_CHECK_US)
		return;
	w->check_us = w->now;
	for (uint32_t role = 0; role < 2; role++)
		for (uint32_t i = 0; i < LINK_ROLE_MAX; i++) {
			struct link *l = link_find(w, w->role_link[role][i]);

			if (l != NULL && l->wait_fd >= 0)
				link_rang(w, l);
		}
}

uint32_t
down_stage(struct worker *w)
{
	uint32_t done = 0;

	check_control(w);
	/* Backwards: a link that ends leaves its place to the last one. */
	for (uint32_t i = w->hot_count; i > 0; i--)
		if (i <= w->hot_count)
			done += link_run(w, w->hot[i - 1]);
	return done;
}
