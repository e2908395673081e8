#include "dataplane/tcp/tcp_cc.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_seq.h"

/* Growth per ACK in slow start, in segments: RFC 9406 section 4.3 for senders without
 * pacing, unlimited with it; receivers that merge segments acknowledge many at once. */
#define SLOW_START_L 8u
#define PIPE_US 1000000u /* RFC 7661 section 4.2 */
#define NVP_S 300u       /* section 4.4.3: the non-validated phase */

static const struct cc_algo *const algos[] = { &cc_cubic, &cc_newreno };
#define ALGOS (sizeof(algos) / sizeof(algos[0]))
_Static_assert(ALGOS <= 2, "tcp_cc.algo has one bit");

int
cc_find(const char *name)
{
	if (name == NULL)
		name = CC_NAME_DEFAULT;
	for (size_t i = 0; i < ALGOS; i++)
		if (strcmp(algos[i]->name, name) == 0)
			return (int)i;
	return -1;
}

const char *
cc_name(int algo)
{
	return algo >= 0 && (size_t)algo < ALGOS ? algos[algo]->name : NULL;
}

static uint32_t
initial_window(uint32_t mss)
{
	/* RFC 6928 section 2 */
	uint32_t low = 2 * mss > 14600u ? 2 * mss : 14600u;

	return 10 * mss < low ? 10 * mss : low;
}

void
cc_init(struct tcp_cc *cc, int algo, uint32_t mss, uint32_t iss)
{
	*cc = (struct tcp_cc){
		.cwnd = initial_window(mss),
		.ssthresh = UINT32_MAX,
		.recover = iss,
		.algo = (uint8_t)algo & 1u,
	};
	cc_hystart_init(cc, iss);
}

void
cc_switch(struct tcp_cc *cc, int algo)
{
	cc->algo = (uint8_t)algo & 1u;
	if (cc->ssthresh != UINT32_MAX)
		cc_hystart_end(cc);
}

uint32_t
cc_under_way(const struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t most = cc->pipe > ev->flight ? cc->pipe : ev->flight;
	uint32_t window = cc->cwnd;

	/* Proportional rate reduction leads it there, from far below perhaps. */
	if (cc->recovery && window < cc->ssthresh)
		window = cc->ssthresh;
	return most < window ? most : window;
}

static void
reduce(struct tcp_cc *cc, const struct cc_event *ev, bool timeout)
{
	cc_hystart_end(cc);
	algos[cc->algo]->reduce(cc, ev, timeout);
	cc->counted = 0;
}

static void
rest(struct tcp_cc *cc, const struct cc_event *ev)
{
	if (algos[cc->algo]->rest != NULL)
		algos[cc->algo]->rest(cc, ev);
}

static uint16_t
pipe_clock(uint64_t now)
{
	return (uint16_t)(now >> 14); /* 16.384 ms */
}

static uint16_t
nvp_clock(uint64_t now)
{
	return (uint16_t)(now / 1000000);
}

/* RFC 7661 section 4.2: the sampling period. */
static bool
pipe_old(const struct tcp_cc *cc, const struct cc_event *ev)
{
	uint64_t period = 3ull * ev->srtt > PIPE_US ? 3ull * ev->srtt : PIPE_US;

	return (uint16_t)(pipe_clock(ev->now) - cc->pipe_at) > period >> 14;
}

static void
round_start(const struct cc_event *ev)
{
	if (ev->round != NULL)
		*ev->round = (struct cc_round){ ev->una, ev->snd_max };
}

/* Sections 4.3 and 4.4.3. In slow start the window is twice as large as what the round
 * trip before could use. */
static void
judge(struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t window = cc->cwnd < cc->ssthresh ? cc->cwnd / 2 : cc->cwnd;
	bool small = cc->pipe < window / 2;

	if (small && !cc->nvp) {
		cc->nvp_at = nvp_clock(ev->now);
		ev->stats->nvp++;
	}
	cc->nvp = small;
	if (!small || (uint16_t)(nvp_clock(ev->now) - cc->nvp_at) < NVP_S)
		return;
	if (cc->ssthresh < cc->cwnd - cc->cwnd / 4)
		cc->ssthresh = cc->cwnd - cc->cwnd / 4;
	window = initial_window(ev->mss);
	cc->cwnd = cc->cwnd / 2 > window ? cc->cwnd / 2 : window;
	cc->nvp_at = nvp_clock(ev->now);
	ev->stats->nvp_cuts++;
}

/* How much is acknowledged in a round trip, the most in some time. */
static void
validate(struct tcp_cc *cc, const struct cc_event *ev)
{
	struct cc_round *r = ev->round;
	uint32_t sample;

	if (r == NULL)
		return;
	/* It began with nothing in flight: what is there now has left since. */
	if (r->end == r->una)
		r->end = ev->snd_max;
	if (seq_lt(ev->una, r->end))
		return;
	sample = ev->una - r->una;
	if (sample >= cc->pipe || pipe_old(cc, ev)) {
		cc->pipe = sample;
		cc->pipe_at = pipe_clock(ev->now);
	}
	judge(cc, ev);
	round_start(ev);
}

/* A window that is not used is not known to be good (RFC 7661 section 4.4, RFC 9438
 * section 5.8). */
static bool
in_use(const struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t most = cc_under_way(cc, ev);

	/* Of acknowledgements that come together the last find little outstanding. */
	if (cc->cwnd < cc->ssthresh && !cc->nvp && ev->round != NULL && ev->snd_max - ev->round->una > most)
		most = ev->snd_max - ev->round->una;
	return most >= cc->cwnd / 2;
}

static void
slow_start(struct tcp_cc *cc, const struct cc_event *ev, uint32_t limit, bool used)
{
	uint32_t grow = ev->acked < limit ? ev->acked : limit;

	if (cc->ssthresh == UINT32_MAX)
		grow = cc_hystart_ack(cc, ev, used ? grow : 0);
	else
		rest(cc, ev);
	if (used)
		cc->cwnd += grow;
}

void
cc_ack(struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t limit = ev->paced ? UINT32_MAX : SLOW_START_L * ev->mss;
	bool used = in_use(cc, ev);

	/* Kept near, so that 2^31 bytes without a loss do not turn it around. */
	if (seq_gt(ev->una, cc->recover) && !cc->after_rto)
		cc->recover = ev->una - 1;
	if (cc->after_rto) {
		limit = ev->mss; /* RFC 3465 section 2.3 */
		if (seq_geq(ev->una, cc->recover))
			cc->after_rto = false;
	}
	if (cc->cwnd < cc->ssthresh)
		slow_start(cc, ev, limit, used);
	else if (used)
		algos[cc->algo]->grow(cc, ev);
	else
		rest(cc, ev);
	if (cc->cwnd > CC_CWND_MAX)
		cc->cwnd = CC_CWND_MAX;
	validate(cc, ev);
}

bool
cc_may_enter(const struct tcp_cc *cc, uint32_t una, bool hole)
{
	/* RFC 6582 section 4: without evidence of a hole, duplicates that follow a
	 * timeout are answers to what was sent twice. */
	return !cc->recovery && (seq_gt(una, cc->recover) || (hole && seq_geq(una, cc->recover)));
}

void
cc_enter(struct tcp_cc *cc, const struct cc_event *ev, bool sack)
{
	/* RFC 3168 section 6.1.2: marks and losses of one window of data are one event. */
	if (!ev->reduced)
		reduce(cc, ev, false);
	else if (cc->ssthresh > cc->cwnd)
		cc->ssthresh = cc->cwnd;
	cc->marked = ev->reduced;
	cc->cwnd = cc->ssthresh + (sack ? 0 : 3 * ev->mss);
	cc->sack = sack;
	cc->recover = ev->snd_max;
	cc->recovery = true;
	cc->partial = false;
	cc->after_rto = false;
}

void
cc_dupack(struct tcp_cc *cc, uint32_t mss, uint32_t una)
{
	uint32_t most = cc->ssthresh + (cc->recover - una);

	if (!cc->sack && cc->cwnd < most && cc->cwnd < CC_CWND_MAX)
		cc->cwnd += mss;
}

bool
cc_recovery_ack(struct tcp_cc *cc, const struct cc_event *ev)
{
	uint32_t left = ev->flight - ev->acked;
	uint32_t mss = ev->mss;

	if (seq_geq(ev->una, cc->recover)) {
		/* RFC 6582 section 3.2 step 3, full: no burst after recovery. */
		left = (left > mss ? left : mss) + mss;
		cc->cwnd = left < cc->ssthresh ? left : cc->ssthresh;
		cc->recovery = false;
		round_start(ev);
		return false;
	}
	if (cc->sack)
		return true;
	cc->cwnd = cc->cwnd > ev->acked ? cc->cwnd - ev->acked : 0;
	if (ev->acked >= mss || cc->cwnd < mss)
		cc->cwnd += mss;
	return true;
}

bool
cc_ecn(struct tcp_cc *cc, const struct cc_event *ev)
{
	bool least = cc->cwnd <= ev->mss;

	reduce(cc, ev, false);
	/* RFC 9438 section 4.6: at least two segments of ssthresh, one of window. */
	if (cc->cwnd > cc->ssthresh)
		cc->cwnd = cc->ssthresh;
	else
		cc->cwnd = ev->mss;
	return !least;
}

void
cc_tail_loss(struct tcp_cc *cc, const struct cc_event *ev)
{
	if (ev->reduced)
		return;
	reduce(cc, ev, false);
	if (cc->cwnd > cc->ssthresh)
		cc->cwnd = cc->ssthresh;
}

void
cc_timeout(struct tcp_cc *cc, const struct cc_event *ev, bool first)
{
	if (first)
		reduce(cc, ev, true);
	round_start(ev);
	cc->pipe = 0;
	cc->nvp = false;
	cc->cwnd = ev->mss;
	cc->counted = 0;
	cc->recover = ev->snd_max;
	cc->recovery = false;
	cc->after_rto = true;
	cc->marked = false;
}

void
cc_too_big(struct tcp_cc *cc, const struct cc_event *ev)
{
	if (cc->ssthresh < cc->cwnd)
		cc->ssthresh = cc->cwnd;
	cc->cwnd = ev->mss;
	cc->counted = 0;
	cc->recover = ev->snd_max;
	cc->recovery = false;
	cc->after_rto = true;
}

void
cc_undo(struct tcp_cc *cc, const struct tcp_cc *before, uint32_t una)
{
	struct tcp_cc now = *cc;

	if (now.marked) {
		/* A router asked for it: only the recovery was for nothing. */
		if (cc->cwnd < cc->ssthresh)
			cc->cwnd = cc->ssthresh;
	} else {
		*cc = *before;
	}
	if (cc->cwnd < now.cwnd)
		cc->cwnd = now.cwnd;
	if (cc->ssthresh < now.ssthresh)
		cc->ssthresh = now.ssthresh;
	cc->recover = una;
	cc->recovery = false;
	cc->partial = false;
	cc->after_rto = false;
	cc->counted = 0;
}

void
cc_idle(struct tcp_cc *cc, const struct cc_event *ev, bool restart)
{
	uint32_t window = ev->initial > 0 ? ev->initial * ev->mss : initial_window(ev->mss);
	uint32_t known = cc->cwnd - cc->cwnd / 4;

	if (cc->ssthresh != UINT32_MAX)
		rest(cc, ev);
	if (cc->pipe > 0 && pipe_old(cc, ev)) {
		cc->pipe = 1; /* nothing was, but that is known */
		cc->pipe_at = pipe_clock(ev->now);
		judge(cc, ev);
	}
	round_start(ev);
	if (!restart || cc->cwnd <= window)
		return;
	/* RFC 2861 section 3, kept by RFC 7661: slow start leads back to what was known. */
	if (cc->ssthresh < known)
		cc->ssthresh = known;
	cc->cwnd = window;
	cc->counted = 0;
	ev->stats->idle_restarts++;
}

void
cc_syn_lost(struct tcp_cc *cc, uint32_t mss)
{
	cc->cwnd = mss;
}
