#include "dataplane/worker/worker.h"

#include <string.h>

#include "dataplane/tcp/tcp_wire.h"

#define RX_BURSTS 2u
#define BURST_SEGS PORT_BURST

/* Segments on their way to TCP, and the packets that hold them. */
struct rx_burst {
	struct tcp_seg seg[BURST_SEGS];
	struct pkt *pkt[BURST_SEGS];
	uint32_t count;
};

static void
burst_end(struct worker *w, struct rx_burst *b)
{
	tcp_input_burst(w->tcp, b->seg, b->count, w->now);
	for (uint32_t i = 0; i < b->count; i++)
		w->port->ops->free(w->port, b->pkt[i]);
	b->count = 0;
}

static void dispatch(struct worker *w, struct rx_burst *b, struct pkt *p);

static void
frame(struct worker *w, struct rx_burst *b, struct pkt *p)
{
	struct tcp_seg *seg = &b->seg[b->count];
	struct net_tcp found;
	int r;

	capture_frame(w, p, false);
	r = net_input(w->net, p, &found, w->now);
	/* A datagram is whole: now its owner can be told from its ports. */
	if (r == 2)
		dispatch(w, b, found.whole);
	if (r == 1) {
		r = tcp_seg_parse(seg, found.segment, found.len, found.local, found.remote);
		seg->via = found.via;
		seg->ecn = found.ecn;
		if (r == 0) {
			b->pkt[b->count++] = p;
			if (b->count == BURST_SEGS)
				burst_end(w, b);
			return;
		}
		meter_drop(w->meter, r);
	}
	w->port->ops->free(w->port, p);
}

/* ---- other workers ---- */

static bool
pass(struct worker *w, uint32_t to, struct pkt *p, enum crew_kind kind)
{
	if (!crew_pass(w->c.crew, w->c.index, to, p, kind)) {
		meter_drop(w->meter, R_NET_HANDOFF_FULL);
		w->port->ops->free(w->port, p);
		return false;
	}
	w->passed |= 1u << to;
	return true;
}

static void
tell_all(struct worker *w, const struct pkt *p)
{
	for (uint32_t to = 0; to < w->c.crew->count; to++) {
		struct pkt *copy;

		if (to == w->c.index || (copy = w->port->ops->alloc(w->port)) == NULL)
			continue;
		if (p->len > pkt_tailroom(copy)) {
			w->port->ops->free(w->port, copy);
			return;
		}
		memcpy(copy->data, p->data, p->len);
		copy->len = p->len;
		copy->flags = p->flags;
		(void)pass(w, to, copy, CREW_NEWS);
	}
}

static void
dispatch(struct worker *w, struct rx_burst *b, struct pkt *p)
{
	uint32_t hash = 0, to;

	if (w->c.crew != NULL) {
		switch (flow_whose(&w->c.crew->key, p->data, p->len, &hash)) {
		case FLOW_ONE:
			to = crew_owner(w->c.crew, hash);
			if (to == w->c.index)
				break;
			if (pass(w, to, p, CREW_FLOW))
				meter_add(w->meter, METER_HANDED_OUT, 1);
			return;
		case FLOW_ALL:
			tell_all(w, p);
			break;
		case FLOW_HERE:
			break;
		}
	}
	frame(w, b, p);
}

static void
received(struct worker *w, struct rx_burst *b, struct pkt *p)
{
	int r;

	meter_add(w->meter, METER_RX_BYTES, p->len);
	r = vlan_in(w->vlan, p);
	if (r < 0) {
		meter_drop(w->meter, r);
		w->port->ops->free(w->port, p);
		return;
	}
	dispatch(w, b, p);
}

uint32_t
handed_stage(struct worker *w)
{
	struct crew_item got[2 * PORT_BURST];
	struct rx_burst b;
	uint32_t n, flows = 0;

	if (w->c.crew == NULL)
		return 0;
	b.count = 0;
	n = crew_take(w->c.crew, w->c.index, got, 2 * PORT_BURST);
	if (n > 0)
		stage_enter(w, STAGE_NET);
	for (uint32_t i = 0; i < n; i++) {
		if (i + 2 < n)
			__builtin_prefetch(got[i + 2].pkt);
		if (got[i].kind == CREW_FLOW) {
			frame(w, &b, got[i].pkt);
			flows++;
		} else {
			net_overhear(w->net, got[i].pkt, w->now);
			w->port->ops->free(w->port, got[i].pkt);
		}
	}
	burst_end(w, &b);
	stage_back(w, STAGE_RX);
	meter_add(w->meter, METER_HANDED_IN, flows);
	return n;
}

uint32_t
rx_stage(struct worker *w)
{
	struct pkt *p[PORT_BURST];
	struct rx_burst b;
	uint32_t done = 0;

	b.count = 0;
	for (uint32_t burst = 0; burst < RX_BURSTS; burst++) {
		uint32_t n = w->port->ops->rx(w->port, p, PORT_BURST, w->now);

		if (n > 0)
			stage_enter(w, STAGE_NET);
		for (uint32_t i = 0; i < n; i++) {
			if (i + 2 < n)
				__builtin_prefetch(p[i + 2]->data);
			received(w, &b, p[i]);
		}
		burst_end(w, &b);
		stage_back(w, STAGE_RX);
		done += n;
		if (n < PORT_BURST)
			break;
	}
	meter_add(w->meter, METER_RX_PACKETS, done);
	return done;
}
