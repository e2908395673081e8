#include "dataplane/worker/worker.h"

#include <string.h>

void
link_setup(struct link *l)
{
	ring_out_init(&l->out, &l->own, &l->peer, l->arena_end, l->role != LINK_HOST);
	ring_in_init(&l->in, &l->own, &l->peer);
}

struct link *
link_find(const struct worker *w, uint32_t id)
{
	struct link *l = w->links[id % LINK_MAX];

	return id != 0 && l != NULL && l->id == id ? l : NULL;
}

static uint32_t *
role_slot(struct worker *w, uint32_t role, uint32_t index)
{
	return &w->role_link[role == LINK_CLERK][index];
}

struct link *
link_of_role(const struct worker *w, uint32_t role, uint32_t index)
{
	return index < LINK_ROLE_MAX ? link_find(w, w->role_link[role == LINK_CLERK][index]) : NULL;
}

static uint32_t
fresh_id(struct worker *w)
{
	for (uint32_t tries = 0; tries < LINK_MAX; tries++) {
		uint32_t serial = ++w->link_serial & LINK_SLOT_MASK;

		if (serial != 0 && w->links[serial % LINK_MAX] == NULL)
			return w->c.index << LINK_WORKER_SHIFT | serial;
	}
	return 0;
}

/* A user's host serves one connection, which must be logged in. */
static int
host_fits(struct worker *w, const struct link *l)
{
	struct conn *c;

	if (l->conn == LINK_CONN_NONE)
		return 0;
	c = conn_find(w, l->conn, l->gen);
	return c != NULL && c->login ? 0 : -R_LINK_CONN;
}

int
link_add(struct worker *w, struct link *l)
{
	struct link *old;
	uint32_t id;
	int r;

	if (l->role == LINK_HOST) {
		if ((r = host_fits(w, l)) != 0)
			return r;
	} else if (l->index >= LINK_ROLE_MAX) {
		return -R_LINK_OP;
	} else if ((old = link_of_role(w, l->role, l->index)) != NULL) {
		link_drop(w, old, R_PEER_GONE);
	}
	id = fresh_id(w);
	if (id == 0)
		return -R_LIMIT;
	l->id = id;
	l->hot_at = 0;
	w->links[id % LINK_MAX] = l;
	link_heat(w, l);
	if (w->idle != NULL)
		idle_watch(w->idle, l);
	if (l->role != LINK_HOST) {
		*role_slot(w, l->role, l->index) = id;
		w->adopting = true;
		w->adopt_at = 0;
	}
	return 0;
}

/* Slots that nobody will name any more. */
static void
slots_wipe(struct link *l)
{
	if (l->slots != NULL)
		explicit_bzero(l->slots, LINK_SLOT_COUNT * sizeof(*l->slots));
}

void
link_drop(struct worker *w, struct link *l, int reason)
{
	l->reason = reason < 0 ? -reason : reason;
	meter_drop(w->meter, l->reason);
	link_cool(w, l);
	w->links[l->id % LINK_MAX] = NULL;
	if (l->role == LINK_HOST)
		host_lost(w, l);
	else if (*role_slot(w, l->role, l->index) == l->id)
		*role_slot(w, l->role, l->index) = 0;
	if (w->idle != NULL)
		idle_unwatch(w->idle, l);
	slots_wipe(l);
	l->next = w->gone;
	w->gone = l;
}

uint32_t
gone_stage(struct worker *w)
{
	uint32_t done = 0;
	struct cmd *e;

	while (w->gone != NULL && (e = event_slot(w)) != NULL) {
		struct link *l = w->gone;

		w->gone = l->next;
		e->type = EV_LINK_GONE;
		e->link = l->id;
		e->l = l;
		e->reason = (uint32_t)l->reason;
		event_push(w);
		done++;
	}
	return done;
}

void
link_heat(struct worker *w, struct link *l)
{
	if (l->hot_at != 0)
		return;
	ring_disarm(&l->own);
	w->hot[w->hot_count++] = l;
	l->hot_at = w->hot_count;
}

void
link_cool(struct worker *w, struct link *l)
{
	struct link *last;

	if (l->hot_at == 0)
		return;
	last = w->hot[--w->hot_count];
	w->hot[l->hot_at - 1] = last;
	last->hot_at = l->hot_at;
	l->hot_at = 0;
}

void
link_rang(struct worker *w, struct link *l)
{
	link_heat(w, l);
	if (bell_hush(l->wait_fd) < 0)
		link_drop(w, l, R_PEER_GONE);
}

void
link_stall(struct worker *w, struct link *l)
{
	w->stalled += !l->stalled;
	l->stalled = true;
}

bool
link_send(struct worker *w, struct link *l, struct link_entry *e, struct view payload)
{
	if (!ring_send(&l->out, e, payload)) {
		link_stall(w, l);
		return false;
	}
	l->ring_wanted = true;
	link_heat(w, l);
	meter_add(w->meter, METER_LINK_UP, 1);
	return true;
}

/* One bell per poll, and only for who sleeps. */
uint32_t
bell_stage(struct worker *w)
{
	for (uint32_t i = 0; i < w->hot_count; i++) {
		struct link *l = w->hot[i];

		if (!l->ring_wanted)
			continue;
		l->ring_wanted = false;
		if (l->ring_fd >= 0 && ring_armed(&l->peer))
			bell_ring(l->ring_fd);
	}
	for (; w->passed != 0; w->passed &= w->passed - 1)
		crew_wake(w->c.crew, (uint32_t)__builtin_ctz(w->passed));
	if (w->event_pushed && w->event_bell >= 0)
		bell_ring(w->event_bell);
	w->event_pushed = false;
	return 0;
}
