/*
 * Explicit congestion notification (RFC 3168): a router marks what it would otherwise
 * drop, the receiver says so until it hears that the window was reduced.
 *
 * An ECE costs as much as a loss (section 6.1.2, RFC 9438 section 4.6): what RFC 8511
 * would spare is for markers whose thresholds are known to be low.
 */
#include "dataplane/tcp/tcp_loss.h"

#define ASKED (TCP_ECE | TCP_CWR)

/* Section 6.1.1.1: a second SYN asks no more; then nothing may be marked. */
uint8_t
tcp_ecn_syn(struct tcp *t)
{
	if (t->state == TCP_SYN_RECEIVED)
		return t->ecn_on ? TCP_ECE : 0;
	if (t->rtx_count > 0 && t->ecn_on)
		t->stack->ecn.unasked++;
	t->ecn_on = t->rtx_count == 0 && t->stack->cfg.ecn == 1;
	return t->ecn_on ? ASKED : 0;
}

bool
tcp_ecn_asks(const struct tcp_stack *s, uint8_t flags)
{
	return s->cfg.ecn > 0 && (flags & ASKED) == ASKED;
}

void
tcp_ecn_handshake(struct tcp *t, uint8_t flags)
{
	/* Section 6.1.1.2: a SYN-ACK with both only reflects our SYN. */
	uint8_t want = (flags & TCP_ACK) ? TCP_ECE : ASKED;

	t->ecn_on = t->ecn_on && (flags & ASKED) == want;
}

void
tcp_ecn_start(struct tcp *t)
{
	t->cwr_end = t->snd_una - 1;
	if (t->ecn_on)
		t->stack->ecn.agreed++;
}

/* Section 6.1.3; CWR first: what carries both was marked after the reduction. Only
 * what lies in the window counts (section 6.1.5), a probe of it too (section 6.1.6). */
void
tcp_ecn_in(struct tcp *t, const struct tcp_seg *seg)
{
	struct tcp_ecn_stats *st = &t->stack->ecn;

	if (!t->ecn_on || seg->data_len == 0)
		return;
	if (seg->flags & TCP_CWR) {
		st->cwr_in++;
		t->ecn_echo = false;
	}
	if (seg->ecn != TCP_ECN_NONE)
		t->ecn_seen = true;
	if (seg->ecn != TCP_ECN_CE)
		return;
	st->ce_in++;
	if (!t->ecn_echo) {
		t->ack_now = true;
		tcp_work_add(t);
	}
	t->ecn_echo = true;
}

bool
tcp_ecn_echoed(const struct tcp *t, const struct tcp_in *in)
{
	return t->ecn_on && (in->seg.flags & TCP_ECE) && !in->syn;
}

void
tcp_ecn_reduced(struct tcp *t)
{
	t->cwr_end = t->snd_max;
	t->cwr_due = t->ecn_on;
}

/* A window of one segment cannot be halved: the next one waits for the timer (section
 * 6.1.2). */
static void
hold(struct tcp *t, uint64_t now)
{
	if (t->persist || t->hold_timer)
		return; /* what is due then goes slowly by itself */
	t->stack->ecn.holds++;
	t->ecn_hold = true;
	tcp_timer_set(t, TCP_T_RTX, now + t->rto.rto);
}

/* Once for what was under way when the window was reduced, whatever for. */
void
tcp_ecn_ack(struct tcp *t, const struct cc_event *ev)
{
	if (t->cc.recovery || t->cc.after_rto) {
		t->cc.marked = true;
		return;
	}
	if (seq_leq(ev->una, t->cwr_end))
		return;
	t->stack->ecn.reduced++;
	if (!cc_ecn(&t->cc, ev))
		hold(t, ev->now);
	tcp_ecn_reduced(t);
}
