/*
 * From tcp to net: what a stack emits, as frames. For owners of both.
 */
#ifndef POSTERN_WORKER_EMIT_H
#define POSTERN_WORKER_EMIT_H

#include "dataplane/net/net.h"
#include "dataplane/tcp/tcp_wire.h"

/* net_emit(n, o, now): as the emit of struct tcp_ops. */
static inline int
net_emit(struct net *n, const struct tcp_seg_out *o, uint64_t now)
{
	struct net_run r = {
		.local = o->tuple.local.b,
		.remote = o->tuple.remote.b,
		.from = o->from,
		.at = o->at,
		.len = o->len,
		.mss = o->mss,
		.mark = { o->hop_limit, o->traffic, o->via },
	};
	struct pkt *p = net_packet(n);

	if (p == NULL)
		return -R_NET_NO_PKT;
	p->len = tcp_seg_header(o, p->data);
	return net_output_tcp(n, p, &r, now);
}

#endif
