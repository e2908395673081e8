/*
 * Tail loss probe (RFC 8985 section 7): when nothing has been heard for two
 * round trips, the last segment is sent again. Its answer repairs a lost
 * acknowledgement at once, and shows by SACK what is missing, long before the
 * retransmission timer, whose least value is many round trips on short paths.
 *
 * Only with SACK: without it nothing would tell a lost segment from a lost
 * acknowledgement.
 */
#include "dataplane/tcp/tcp_conn.h"

#define PTO_MIN_US 10000u
#define PTO_DELACK_US 200000u /* WCDelAckT: the peer may hold the answer to one segment */

void
tcp_tail_arm(struct tcp *t, uint64_t now)
{
	uint32_t flight = t->snd_max - t->snd_una;
	uint64_t pto = 2ull * t->rto.srtt;

	if (!t->sack_on || !t->rto.measured || flight == 0 || t->persist || t->cc.recovery ||
	    t->cc.after_rto || t->probed || t->snd_nxt != t->snd_max) {
		tcp_timer_stop(t, TCP_T_TAIL);
		return;
	}
	if (pto < PTO_MIN_US)
		pto = PTO_MIN_US;
	if (flight <= t->mss)
		pto += PTO_DELACK_US;
	if (now + pto < t->due[TCP_T_RTX])
		tcp_timer_set(t, TCP_T_TAIL, now + pto);
	else
		tcp_timer_stop(t, TCP_T_TAIL);
}

void
tcp_tail_fire(struct tcp *t, uint64_t now)
{
	uint32_t flight = t->snd_max - t->snd_una;
	uint32_t len = flight < t->mss ? flight : t->mss;

	if (flight == 0 || t->persist || t->cc.recovery || t->probed || t->snd_nxt != t->snd_max)
		return;
	t->probe_end = t->snd_max;
	if (!tcp_send_again(t, t->snd_max - len, len, now))
		return;
	t->probed = true;
	tcp_timer_set(t, TCP_T_RTX, now + t->rto.rto);
}

/* Acknowledged without a D-SACK: the original was lost, and the window was too
 * large for the path. */
void
tcp_tail_ack(struct tcp *t, const struct tcp_in *in)
{
	bool twice = in->opts.sack_count > 0 && seq_lt(in->opts.sack[0].start, in->seg.ack);

	if (!t->probed || seq_lt(in->seg.ack, t->probe_end)) {
		if (t->probed && twice)
			t->probed = false;
		return;
	}
	t->probed = false;
	if (!twice && !t->cc.recovery)
		cc_tail_loss(&t->cc, t->mss, t->cc.cwnd);
}
