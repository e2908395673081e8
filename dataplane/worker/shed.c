/*
 * What a worker keeps back, and from whom it takes first.
 *
 * A reserve of packet buffers: when the port has none left, what lets old work go on
 * (acknowledgements, resets, what is sent again, answers to neighbours) still leaves;
 * new data and new connections wait.
 *
 * A share of the pool for connections before login, guests: what they hold beyond
 * LIGHT_BLOCKS each is charged to it. When that is more than the share, the one goes
 * that asked first for more than a login needs; where there is none, the one that asked
 * first for more than is free.
 */
#include "dataplane/worker/worker.h"

#define LIGHT_BLOCKS 2u /* what any guest may hold */
#define BUSY_BLOCKS 6u  /* what a login needs for a moment */
#define GUEST_SHARE 4u  /* a quarter of the pool */

/* ---- packet buffers ---- */

static void
tell(struct worker *w)
{
	tcp_set_packets(w->tcp, w->spare_count, WORKER_SPARE);
}

void
spare_refill(struct worker *w)
{
	struct pkt *p;

	if (w->spare_count == WORKER_SPARE)
		return;
	while (w->spare_count < WORKER_SPARE && (p = w->port->ops->alloc(w->port)) != NULL)
		w->spare[w->spare_count++] = p;
	tell(w);
}

void
spare_free(struct worker *w)
{
	while (w->spare_count > 0)
		w->port->ops->free(w->port, w->spare[--w->spare_count]);
}

struct pkt *
packet_get(struct worker *w, bool fresh)
{
	struct pkt *p = w->port->ops->alloc(w->port);

	if (p != NULL || fresh || w->spare_count == 0)
		return p;
	p = w->spare[--w->spare_count];
	tell(w);
	meter_add(w->meter, METER_PACKET_RESERVE, 1);
	return p;
}

/* ---- connections before login ---- */

static void
unlink_guest(struct worker *w, struct conn *c)
{
	struct guest_list *l = &w->guests[c->guest_list];

	if (c->guest_list == GUEST_LIGHT)
		return;
	if (c->guest_prev != NULL)
		c->guest_prev->guest_next = c->guest_next;
	else
		l->first = c->guest_next;
	if (c->guest_next != NULL)
		c->guest_next->guest_prev = c->guest_prev;
	else
		l->last = c->guest_prev;
	c->guest_list = GUEST_LIGHT;
	c->guest_next = c->guest_prev = NULL;
}

static void
link_guest(struct worker *w, struct conn *c, uint8_t list)
{
	struct guest_list *l = &w->guests[list];

	c->guest_list = list;
	if (list == GUEST_LIGHT)
		return;
	c->guest_prev = l->last;
	c->guest_next = NULL;
	if (l->last != NULL)
		l->last->guest_next = c;
	else
		l->first = c;
	l->last = c;
}

static void
charge(struct worker *w, struct conn *c, uint32_t blocks)
{
	uint32_t over = blocks > LIGHT_BLOCKS ? blocks - LIGHT_BLOCKS : 0;
	uint8_t list = over == 0 ? GUEST_LIGHT : blocks <= BUSY_BLOCKS ? GUEST_BUSY : GUEST_HEAVY;

	if (list != c->guest_list) {
		unlink_guest(w, c);
		link_guest(w, c, list);
	}
	w->guest_blocks += over;
	w->guest_blocks -= c->guest_blocks;
	c->guest_blocks = over;
}

uint32_t
guest_share(const struct worker *w)
{
	return w->pool.count / GUEST_SHARE;
}

void
guest_enter(struct worker *w, struct conn *c)
{
	startups_enter(w, c);
	tcp_set_guest(c->tcp, true);
}

void
guest_leave(struct worker *w, struct conn *c)
{
	startups_leave(w, c);
	charge(w, c, 0);
	if (c->tcp != NULL)
		tcp_set_guest(c->tcp, false);
}

void
guest_look(struct worker *w, struct conn *c)
{
	if (c->login || c->state != CONN_LIVE || c->tcp == NULL)
		return;
	charge(w, c, tcp_blocks(c->tcp) + c->undone.blocks + c->note.blocks);
	while (w->guest_blocks > guest_share(w)) {
		struct conn *oldest = w->guests[GUEST_HEAVY].first;

		if (oldest == NULL)
			oldest = w->guests[GUEST_BUSY].first;
		tcp_abort(oldest->tcp, R_TCP_GUESTS, w->now);
		oldest->tcp = NULL;
		conn_gone(w, oldest, R_TCP_GUESTS);
	}
}
