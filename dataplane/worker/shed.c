/*
 * What a worker keeps back, and from whom it takes first.
 *
 * A reserve of packet buffers: when the port has none left, what lets old work go on
 * (acknowledgements, resets, what is sent again, answers to neighbours) still leaves;
 * new data and new connections wait.
 *
 * A share of the pool for connections before login, guests: whoever has not said who
 * it is can hold GUEST_LIGHT blocks, which is what a login needs, or stands in the
 * order in which they asked for more. When all these hold more than the share, the
 * oldest goes.
 */
#include "dataplane/worker/worker.h"

#define GUEST_LIGHT 2u
#define GUEST_SHARE 4u /* a quarter of the pool */

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
	if (c->guest_prev != NULL)
		c->guest_prev->guest_next = c->guest_next;
	else
		w->guest_first = c->guest_next;
	if (c->guest_next != NULL)
		c->guest_next->guest_prev = c->guest_prev;
	else
		w->guest_last = c->guest_prev;
	c->guest_next = c->guest_prev = NULL;
}

static void
link_guest(struct worker *w, struct conn *c)
{
	c->guest_prev = w->guest_last;
	c->guest_next = NULL;
	if (w->guest_last != NULL)
		w->guest_last->guest_next = c;
	else
		w->guest_first = c;
	w->guest_last = c;
}

static void
charge(struct worker *w, struct conn *c, uint32_t blocks)
{
	uint32_t over = blocks > GUEST_LIGHT ? blocks - GUEST_LIGHT : 0;

	if (over > 0 && c->guest_blocks == 0)
		link_guest(w, c);
	if (over == 0 && c->guest_blocks > 0)
		unlink_guest(w, c);
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
guest_leave(struct worker *w, struct conn *c)
{
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
		struct conn *oldest = w->guest_first;

		tcp_abort(oldest->tcp, R_TCP_GUESTS, w->now);
		oldest->tcp = NULL;
		conn_gone(w, oldest, R_TCP_GUESTS);
	}
}
