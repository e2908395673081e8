/*
 * Proportional rate reduction (RFC 9937 section 6): in a recovery the window
 * follows what is delivered, so that it reaches ssthresh when the recovery ends,
 * without a pause at its beginning or a burst at its end.
 */
#include "dataplane/tcp/tcp_loss.h"

void
tcp_prr_start(struct tcp *t, uint32_t delivered)
{
	struct tcp_board *b = tcp_board(t);

	b->prr_flight = t->snd_max - t->snd_una - b->held + delivered;
	b->prr_delivered = 0;
	b->prr_out = 0;
}

/* Below ssthresh: conservative, one segment faster while nothing more is lost
 * (PRR-CRB, PRR-SSRB). */
static uint32_t
catch_up(const struct tcp *t, const struct tcp_board *b, uint32_t pipe, uint32_t delivered, bool safe)
{
	uint32_t n = b->prr_delivered > b->prr_out ? b->prr_delivered - b->prr_out : 0;

	if (n < delivered)
		n = delivered;
	if (safe)
		n += t->mss;
	return n < t->cc.ssthresh - pipe ? n : t->cc.ssthresh - pipe;
}

void
tcp_prr_ack(struct tcp *t, uint32_t delivered, bool safe)
{
	struct tcp_board *b = tcp_board(t);
	uint32_t pipe = tcp_board_pipe(b);
	uint64_t part;
	uint32_t n = 0;

	if (delivered == 0 && b->prr_out > 0)
		return;
	b->prr_delivered += delivered;
	if (pipe > t->cc.ssthresh) {
		part = ((uint64_t)b->prr_delivered * t->cc.ssthresh + b->prr_flight - 1) /
		    (b->prr_flight > 0 ? b->prr_flight : 1);
		n = part > b->prr_out ? (uint32_t)part - b->prr_out : 0;
		t->stack->loss.prr_reduced++;
	} else {
		n = catch_up(t, b, pipe, delivered, safe);
		t->stack->loss.prr_bound++;
	}
	if (b->prr_out == 0 && n < t->mss)
		n = t->mss; /* the fast retransmit */
	t->cc.cwnd = pipe + n;
}
