/*
 * Reductions that were none: what was taken for lost was late.
 *
 * Four ways to know. The answer to a retransmission carries a timestamp from
 * before it (Eifel, RFC 3522); every byte that was sent again came twice (D-SACK,
 * RFC 3708); after a timeout, what was not sent again is acknowledged (F-RTO, RFC
 * 5682 section 3). And what arrives before it was sent again was late for certain: where
 * acknowledgements come together, the one that ends a recovery is behind the one that
 * began it. Then the windows go back to what they were (RFC 4015) and
 * nothing is lost. All of it is in the board: without SACK nothing is undone.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

/* The first of several reductions is what can be gone back behind. */
void
tcp_undo_save(struct tcp *t)
{
	struct tcp_board *b = tcp_board(t);

	if (b == NULL || (b->undo_on && seq_lt(t->snd_una, b->undo_end)))
		return;
	b->undo_on = true;
	b->undo_stamped = false;
	b->undo_cc = t->cc;
	b->undo_mark = t->snd_una;
	b->undo_end = t->snd_max;
	b->undo_bytes = 0;
}

void
tcp_undo_again(struct tcp *t, uint32_t seq, uint32_t end, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (!b->undo_on)
		return;
	b->undo_bytes += end - seq;
	if (b->undo_stamped)
		return;
	b->undo_stamped = true;
	b->undo_first = end;
	b->undo_stamp = tcp_ts_now(t, now);
}

static void
undo(struct tcp *t, struct tcp_board *b, uint64_t *count)
{
	if (t->cc.recovery && !t->reordered) {
		t->reordered = true;
		t->stack->loss.reordering++;
	}
	cc_undo(&t->cc, &b->undo_cc, t->snd_una);
	t->cwr_end = t->snd_una - 1;
	tcp_board_found(b);
	b->undo_on = false;
	b->frto = FRTO_OFF;
	t->rexmit = false;
	t->dupacks = 0;
	(*count)++;
	tcp_work_add(t);
}

void
tcp_undo_dsack(struct tcp *t, struct tcp_range r)
{
	struct tcp_board *b = tcp_board(t);
	uint32_t len = r.end - r.start;

	if (b == NULL || !b->undo_on || b->undo_bytes == 0 || seq_lt(r.start, b->undo_mark) ||
	    seq_gt(r.end, b->undo_end))
		return;
	b->undo_bytes -= len < b->undo_bytes ? len : b->undo_bytes;
	if (b->undo_bytes == 0)
		undo(t, b, &t->stack->loss.undo_dsack);
}

static bool
eifel(const struct tcp *t, const struct tcp_board *b, const struct tcp_in *in)
{
	return t->ts_on && in->opts.ts_on && in->opts.ts_ecr != 0 && b->undo_stamped &&
	    seq_lt(in->opts.ts_ecr, b->undo_stamp) && seq_geq(t->snd_una, b->undo_first);
}

/* RFC 5682 section 3.1, steps 2 and 3. */
static void
frto_ack(struct tcp *t, struct tcp_board *b, bool moved, bool once)
{
	if (b->frto == FRTO_FIRST && moved) {
		b->frto = seq_lt(t->snd_una, b->undo_end) ? FRTO_SEND : FRTO_OFF;
	} else if (b->frto == FRTO_WAIT && once) {
		undo(t, b, &t->stack->loss.undo_frto);
	} else if (b->frto == FRTO_WAIT) {
		b->frto = FRTO_OFF;
	}
}

void
tcp_undo_ack(struct tcp *t, const struct tcp_in *in, bool moved, bool once)
{
	struct tcp_board *b = tcp_board(t);

	if (!b->undo_on)
		return;
	if (t->cc.recovery && b->lost == 0 && !b->undo_stamped)
		undo(t, b, &t->stack->loss.undo_unsent);
	else if (moved && (t->cc.recovery || t->cc.after_rto) && eifel(t, b, in))
		undo(t, b, &t->stack->loss.undo_eifel);
	else
		frto_ack(t, b, moved, once);
}

void
tcp_frto_start(struct tcp *t)
{
	struct tcp_board *b = tcp_board(t);

	if (b == NULL)
		return;
	b->frto = t->cc.recovery || t->cc.after_rto ? FRTO_OFF : FRTO_FIRST;
	if (b->frto == FRTO_FIRST)
		t->stack->loss.frto++;
}

/* Step 2b: up to two segments of new data; with none there is nothing to tell a
 * late answer by. */
uint32_t
tcp_frto_send(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);
	uint32_t sent = 0;

	if (b == NULL || b->frto != FRTO_SEND)
		return 0;
	while (sent < 2 && tcp_send_probe(t, now))
		sent++;
	b->frto = sent > 0 ? FRTO_WAIT : FRTO_OFF;
	return sent;
}
