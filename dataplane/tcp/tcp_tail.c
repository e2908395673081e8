/*
 * Tail loss probe (RFC 8985 section 7): when nothing has been heard for two
 * round trips, one segment of new data goes out, or the last one again. Its
 * answer repairs a lost acknowledgement at once, and shows by SACK what is
 * missing, long before the retransmission timer, whose least value is many
 * round trips on short paths.
 *
 * Only with SACK: without it nothing would tell a lost segment from a lost
 * acknowledgement.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

#define PTO_MIN_US 10000u
#define PTO_DELACK_US 200000u /* WCDelAckT: the peer may hold the answer to one segment */

static bool
may_probe(const struct tcp *t)
{
	const struct tcp_board *b = tcp_board(t);

	return t->sack_on && t->rto.measured && t->snd_max != t->snd_una && !t->persist &&
	    !t->cc.recovery && !t->cc.after_rto && !t->probed && t->snd_nxt == t->snd_max &&
	    (b == NULL || b->held + b->lost == 0);
}

void
tcp_tail_arm(struct tcp *t, uint64_t now)
{
	uint64_t pto = 2ull * t->rto.srtt;
	uint64_t rto = t->due[TCP_T_RTX];

	if (t->reo_on)
		return;
	if (!may_probe(t)) {
		tcp_timer_stop(t, TCP_T_TAIL);
		return;
	}
	if (pto < PTO_MIN_US)
		pto = PTO_MIN_US;
	if (t->snd_max - t->snd_una <= t->mss)
		pto += PTO_DELACK_US;
	/* Instead of the timeout at the latest (section 7.2). */
	tcp_timer_set(t, TCP_T_TAIL, now + pto < rto ? now + pto : rto);
}

/* Section 7.3 */
void
tcp_tail_fire(struct tcp *t, uint64_t now)
{
	uint32_t flight = t->snd_max - t->snd_una;
	uint32_t len = flight < t->mss ? flight : t->mss;

	if (!may_probe(t))
		return;
	t->probe_fresh = tcp_send_probe(t, now);
	if (!t->probe_fresh && !tcp_send_again(t, t->snd_max - len, len, now))
		return;
	t->probed = true;
	t->probe_end = t->snd_max;
	t->stack->loss.probes++;
	if (t->probe_fresh)
		t->stack->loss.probes_fresh++;
	tcp_rtx_set(t, now, t->rto.rto);
}

/* Section 7.4.2: an acknowledgement of more than the probe without a D-SACK says
 * that the probe has repaired a loss, and the window was too large for the path.
 * A D-SACK or a bare duplicate says that both came. */
void
tcp_tail_ack(struct tcp *t, const struct tcp_in *in, bool moved)
{
	uint32_t ack = in->seg.ack;
	struct cc_event ev;

	if (!t->probed || seq_lt(ack, t->probe_end))
		return;
	if (t->probe_fresh || tcp_dsack_in(in)) {
		t->probed = false;
	} else if (seq_gt(ack, t->probe_end)) {
		t->probed = false;
		t->stack->loss.probe_losses++;
		if (t->cc.recovery)
			return;
		ev = tcp_cc_event(t, in->now);
		ev.flight = t->cc.cwnd;
		cc_tail_loss(&t->cc, &ev);
		tcp_ecn_reduced(t);
	} else if (!moved && in->opts.sack_count == 0 && tcp_seg_space(&in->seg) == 0) {
		t->probed = false;
	}
}
