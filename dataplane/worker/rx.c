#include "dataplane/worker/worker.h"

#include "dataplane/tcp/tcp_wire.h"

#define RX_BURSTS 2u

static void
frame(struct worker *w, struct pkt *p)
{
	struct net_tcp found;
	struct tcp_seg seg;
	int r;

	meter_add(w->meter, METER_RX_BYTES, p->len);
	if (net_input(w->net, p, &found, w->now) == 1) {
		r = tcp_seg_parse(&seg, found.segment, found.len, found.local, found.remote);
		if (r == 0)
			tcp_input(w->tcp, &seg, w->now);
		else
			meter_drop(w->meter, r);
	}
	w->port->ops->free(w->port, p);
}

uint32_t
rx_stage(struct worker *w)
{
	struct pkt *p[PORT_BURST];
	uint32_t done = 0;

	for (uint32_t burst = 0; burst < RX_BURSTS; burst++) {
		uint32_t n = w->port->ops->rx(w->port, p, PORT_BURST, w->now);

		if (n > 0)
			stage_enter(w, STAGE_NET);
		for (uint32_t i = 0; i < n; i++) {
			if (i + 2 < n)
				__builtin_prefetch(p[i + 2]->data);
			frame(w, p[i]);
		}
		stage_back(w, STAGE_RX);
		done += n;
		if (n < PORT_BURST)
			break;
	}
	meter_add(w->meter, METER_RX_PACKETS, done);
	return done;
}
