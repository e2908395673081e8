/*
 * NewReno (RFC 5681): half of what was in flight is lost, one segment a round
 * trip is won.
 */
#include "dataplane/tcp/tcp_cc.h"

static void
newreno_reduce(struct tcp_cc *cc, const struct cc_event *ev, bool timeout)
{
	uint32_t half = cc_under_way(cc, ev) / 2;

	/* RFC 5681 equation (4) */
	(void)timeout;
	cc->ssthresh = half > 2 * ev->mss ? half : 2 * ev->mss;
}

/* RFC 3465 section 2.1 */
static void
newreno_grow(struct tcp_cc *cc, const struct cc_event *ev)
{
	cc->counted += ev->acked;
	if (cc->counted < cc->cwnd)
		return;
	cc->counted -= cc->cwnd;
	cc->cwnd += ev->mss;
}

const struct cc_algo cc_newreno = {
	.name = "newreno",
	.reduce = newreno_reduce,
	.grow = newreno_grow,
};
