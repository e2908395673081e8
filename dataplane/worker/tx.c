#include "dataplane/worker/worker.h"

#include <string.h>

#include "dataplane/worker/emit.h"

static void
flush(struct worker *w)
{
	enum meter_stage from = stage_enter(w, STAGE_TX);
	uint32_t at = 0;

	while (at < w->out_count) {
		uint32_t n = w->out_count - at < PORT_BURST ? w->out_count - at : PORT_BURST;
		uint32_t sent = w->port->ops->tx(w->port, w->out + at, n, w->now);

		at += sent;
		if (sent < n)
			break;
	}
	w->out_count -= at;
	memmove(w->out, w->out + at, w->out_count * sizeof(w->out[0]));
	meter_add(w->meter, METER_TX_PACKETS, at);
	stage_back(w, from);
}

static void
send_frame(void *owner, struct pkt *p)
{
	struct worker *w = owner;

	if (w->out_count == WORKER_TX_QUEUE)
		flush(w);
	if (w->out_count == WORKER_TX_QUEUE) {
		meter_drop(w->meter, R_NET_TX_FULL);
		w->port->ops->free(w->port, p);
		return;
	}
	meter_add(w->meter, METER_TX_BYTES, pkt_whole(p));
	capture_frame(w, p, true);
	vlan_out(w->vlan, p);
	w->out[w->out_count++] = p;
}

static struct pkt *
alloc_frame(void *owner)
{
	struct worker *w = owner;

	return packet_get(w, w->fresh);
}

static void
free_frame(void *owner, struct pkt *p)
{
	struct worker *w = owner;

	w->port->ops->free(w->port, p);
}

static void
drop(void *owner, int reason)
{
	struct worker *w = owner;

	meter_drop(w->meter, reason);
}

static void
tcp_error(void *owner, const struct net_error *from)
{
	struct worker *w = owner;
	struct tcp_icmp e = { .tuple.local_port = from->local_port,
		.tuple.remote_port = from->remote_port, .seq = from->seq, .reason = from->reason,
		.hard = from->hard, .mtu = from->mtu, .size = from->size };

	memcpy(e.tuple.local.b, from->local, sizeof(e.tuple.local.b));
	memcpy(e.tuple.remote.b, from->remote, sizeof(e.tuple.remote.b));
	if (from->too_big)
		tcp_icmp_too_big(w->tcp, &e, w->now);
	else
		tcp_icmp_error(w->tcp, &e, w->now);
}

const struct net_ops worker_net_ops = {
	.alloc = alloc_frame,
	.send = send_frame,
	.free = free_frame,
	.drop = drop,
	.tcp_error = tcp_error,
};

int
tx_emit(void *owner, const struct tcp_seg_out *seg)
{
	struct worker *w = owner;
	struct tcp_seg_out first;
	uint32_t need = seg->len > seg->mss ? (seg->len + seg->mss - 1) / seg->mss : 1;
	uint32_t room;
	int r;

	if (w->out_count + need > WORKER_TX_QUEUE)
		flush(w);
	room = WORKER_TX_QUEUE - w->out_count;
	if (room == 0)
		return -R_NET_TX_FULL;
	w->fresh = seg->fresh;
	if (need <= room) {
		r = net_emit(w->net, seg, w->now);
	} else {
		first = *seg;
		first.len = room * seg->mss;
		first.flags &= (uint8_t)~(TCP_PSH | TCP_FIN);
		r = net_emit(w->net, &first, w->now);
		r = r == 0 ? (int)first.len : r;
	}
	w->fresh = false;
	return r;
}

uint32_t
tx_stage(struct worker *w)
{
	uint32_t before = w->out_count;

	if (before > 0)
		flush(w);
	return before - w->out_count;
}
