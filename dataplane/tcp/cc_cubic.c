/*
 * CUBIC (RFC 9438): after a loss the window climbs back along a cubic of time,
 * flat around the size at which the loss was, and never slower than Reno would.
 *
 * Bytes and milliseconds, in integers. C = 0.4 segments per cubic second: W(t) =
 * w_max + mss * (t - k)^3 * 4 / 10^10.
 */
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_cc.h"

/* What (t - k) is taken for at most, ms: 10^5 segments from w_max. Keeps
 * 4 * mss * (t - k)^3 in 64 bits. */
#define T_MAX 65535u

/* The window is looked at again when a sixteenth of it was acknowledged: no
 * divisions for every ACK of a large one. */
#define STEP 16u

uint32_t
cc_cube_root(uint64_t x)
{
	uint64_t r = 0;

	for (int shift = 63; shift >= 0; shift -= 3) {
		uint64_t more;

		r <<= 1;
		more = 3 * r * (r + 1) + 1; /* (r + 1)^3 - r^3 */
		if (x >> shift < more)
			continue;
		x -= more << shift;
		r++;
	}
	return (uint32_t)r;
}

uint32_t
cc_cubic_window(const struct tcp_cc *cc, uint32_t mss, uint32_t t)
{
	uint64_t d = t > cc->k ? t - cc->k : cc->k - t;
	uint64_t w;

	if (d > T_MAX)
		d = T_MAX;
	w = d * d * d * mss * 4 / 10000000000ull;
	if (t < cc->k)
		return w < cc->cubic.w_max ? cc->cubic.w_max - (uint32_t)w : 0;
	w += cc->cubic.w_max;
	return w < CC_CWND_MAX ? (uint32_t)w : CC_CWND_MAX;
}

static uint32_t
ms_of(uint64_t now)
{
	return (uint32_t)(now / 1000);
}

/* Sections 4.6 to 4.8. After a timeout w_max is not known. */
static void
cubic_reduce(struct tcp_cc *cc, const struct cc_event *ev, bool timeout)
{
	struct cc_cubic *u = &cc->cubic;
	uint32_t used = cc_under_way(cc, ev);
	uint32_t part = (uint32_t)(used * 7ull / 10);
	uint32_t window = cc->nvp && used < cc->cwnd ? used : cc->cwnd;

	u->prior = window;
	if (timeout) {
		u->w_max = 0;
	} else if (window < u->w_max) {
		/* Fast convergence: leave room for a flow that has just come. */
		u->w_max = (uint32_t)(window * 17ull / 20);
		ev->stats->converged++;
	} else {
		u->w_max = window;
	}
	cc->ssthresh = part > 2 * ev->mss ? part : 2 * ev->mss;
	cc->epoch_on = false;
}

/* Section 4.2; section 4.8 where w_max is not known or is reached already. */
static void
start(struct tcp_cc *cc, const struct cc_event *ev)
{
	struct cc_cubic *u = &cc->cubic;
	uint32_t k = 0;

	if (cc->cwnd < u->w_max)
		k = cc_cube_root((u->w_max - cc->cwnd) * 2500000000ull / ev->mss);
	else
		u->w_max = cc->cwnd;
	cc->k = (uint16_t)(k < T_MAX ? k : T_MAX);
	u->w_est = cc->cwnd;
	u->epoch = ms_of(ev->now);
	cc->epoch_on = true;
	ev->stats->epochs++;
}

/* Section 4.3: alpha is 3 (1 - 0.7) / (1 + 0.7) = 9 / 17, and 1 from cwnd_prior. */
static void
estimate(struct tcp_cc *cc, uint32_t mss)
{
	struct cc_cubic *u = &cc->cubic;
	uint64_t alpha = u->w_est < u->prior ? 9 : 17;

	u->w_est += (uint32_t)(alpha * mss * cc->counted / (17ull * cc->cwnd));
	if (u->w_est > CC_CWND_MAX)
		u->w_est = CC_CWND_MAX;
}

/* Sections 4.4 and 4.5: what the cubic says one round trip from now, but never
 * more than half as much again. */
static void
climb(struct tcp_cc *cc, const struct cc_event *ev, uint32_t t)
{
	uint32_t target = cc_cubic_window(cc, ev->mss, t + ev->srtt / 1000);
	uint32_t most = cc->cwnd + cc->cwnd / 2;

	if (target > most)
		target = most;
	if (target > cc->cwnd)
		cc->cwnd += (uint32_t)((uint64_t)(target - cc->cwnd) * cc->counted / cc->cwnd);
}

static void
cubic_grow(struct tcp_cc *cc, const struct cc_event *ev)
{
	struct cc_cubic *u = &cc->cubic;
	uint32_t t;

	if (!cc->epoch_on)
		start(cc, ev);
	u->last = ms_of(ev->now);
	t = u->last - u->epoch;
	cc->counted += ev->acked;
	if (cc->counted < cc->cwnd / STEP)
		return;
	estimate(cc, ev->mss);
	if (cc_cubic_window(cc, ev->mss, t) < u->w_est) {
		if (cc->cwnd < u->w_est)
			cc->cwnd = u->w_est;
		ev->stats->friendly++;
	} else {
		climb(cc, ev, t);
		ev->stats->cubic++;
	}
	cc->counted = 0;
}

/* Section 4.2: time in which the window could not grow does not count. */
static void
cubic_rest(struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t ms = ms_of(ev->now);

	if (!cc->epoch_on || ms == cc->cubic.last)
		return;
	cc->cubic.epoch += ms - cc->cubic.last;
	cc->cubic.last = ms;
	ev->stats->shifts++;
}

const struct cc_algo cc_cubic = {
	.name = "cubic",
	.reduce = cubic_reduce,
	.grow = cubic_grow,
	.rest = cubic_rest,
};
