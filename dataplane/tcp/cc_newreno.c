#include "dataplane/tcp/tcp_cc.h"

#include "dataplane/tcp/tcp_seq.h"

#define CWND_MAX 0x40000000u
/* Growth per ACK in slow start, in segments: RFC 9406 section 4.2 for senders
 * without pacing; receivers that merge segments acknowledge many at once. */
#define SLOW_START_L 8u

static uint32_t
initial_window(uint32_t mss)
{
	/* RFC 6928 section 2 */
	uint32_t low = 2 * mss > 14600u ? 2 * mss : 14600u;

	return 10 * mss < low ? 10 * mss : low;
}

static uint32_t
half(uint32_t flight, uint32_t mss)
{
	/* RFC 5681 equation (4) */
	return flight / 2 > 2 * mss ? flight / 2 : 2 * mss;
}

void
cc_init(struct tcp_cc *cc, uint32_t mss, uint32_t iss)
{
	cc->cwnd = initial_window(mss);
	cc->ssthresh = UINT32_MAX;
	cc->counted = 0;
	cc->recover = iss;
	cc->recovery = false;
	cc->partial = false;
	cc->after_rto = false;
}

void
cc_ack(struct tcp_cc *cc, uint32_t mss, uint32_t una, uint32_t acked, uint32_t flight)
{
	uint32_t limit = SLOW_START_L * mss;

	if (cc->after_rto) {
		limit = mss; /* RFC 3465 section 2.3 */
		if (seq_geq(una, cc->recover))
			cc->after_rto = false;
	}
	/* A window that is not used is not known to be good (RFC 7661). */
	if (flight < cc->cwnd / 2)
		return;
	if (cc->cwnd < cc->ssthresh) {
		cc->cwnd += acked < limit ? acked : limit;
	} else {
		cc->counted += acked;
		if (cc->counted >= cc->cwnd) {
			cc->counted -= cc->cwnd;
			cc->cwnd += mss;
		}
	}
	if (cc->cwnd > CWND_MAX)
		cc->cwnd = CWND_MAX;
}

bool
cc_may_enter(const struct tcp_cc *cc, uint32_t una, bool hole)
{
	/* RFC 6582 section 4: without evidence of a hole, duplicates that follow a
	 * timeout are answers to what was sent twice. */
	return !cc->recovery && (seq_gt(una, cc->recover) || (hole && seq_geq(una, cc->recover)));
}

void
cc_enter(struct tcp_cc *cc, uint32_t mss, uint32_t flight, uint32_t snd_max, bool sack)
{
	cc->ssthresh = half(flight, mss);
	cc->cwnd = cc->ssthresh + (sack ? 0 : 3 * mss);
	cc->sack = sack;
	cc->recover = snd_max;
	cc->recovery = true;
	cc->partial = false;
	cc->after_rto = false;
	cc->counted = 0;
}

void
cc_dupack(struct tcp_cc *cc, uint32_t mss)
{
	if (!cc->sack && cc->cwnd < CWND_MAX)
		cc->cwnd += mss;
}

bool
cc_recovery_ack(struct tcp_cc *cc, uint32_t mss, uint32_t una, uint32_t acked, uint32_t flight)
{
	uint32_t left = flight - acked;

	if (seq_geq(una, cc->recover)) {
		/* RFC 6582 section 3.2 step 3, full: no burst after recovery. */
		left = (left > mss ? left : mss) + mss;
		cc->cwnd = left < cc->ssthresh ? left : cc->ssthresh;
		cc->recovery = false;
		return false;
	}
	if (cc->sack)
		return true;
	cc->cwnd = cc->cwnd > acked ? cc->cwnd - acked : 0;
	if (acked >= mss || cc->cwnd < mss)
		cc->cwnd += mss;
	return true;
}

void
cc_tail_loss(struct tcp_cc *cc, uint32_t mss, uint32_t flight)
{
	cc->ssthresh = half(flight, mss);
	if (cc->cwnd > cc->ssthresh)
		cc->cwnd = cc->ssthresh;
	cc->counted = 0;
}

void
cc_timeout(struct tcp_cc *cc, uint32_t mss, uint32_t flight, uint32_t snd_max, bool first)
{
	if (first)
		cc->ssthresh = half(flight, mss);
	cc->cwnd = mss;
	cc->counted = 0;
	cc->recover = snd_max;
	cc->recovery = false;
	cc->after_rto = true;
}

void
cc_undo(struct tcp_cc *cc, uint32_t una, uint32_t cwnd, uint32_t ssthresh)
{
	if (cc->cwnd < cwnd)
		cc->cwnd = cwnd;
	if (cc->ssthresh < ssthresh)
		cc->ssthresh = ssthresh;
	cc->recover = una;
	cc->recovery = false;
	cc->partial = false;
	cc->after_rto = false;
	cc->counted = 0;
}

void
cc_idle(struct tcp_cc *cc, uint32_t mss)
{
	uint32_t restart = initial_window(mss);

	if (cc->cwnd > restart)
		cc->cwnd = restart;
	cc->counted = 0;
}

void
cc_syn_lost(struct tcp_cc *cc, uint32_t mss)
{
	cc->cwnd = mss;
}
