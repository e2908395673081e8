/* What goes out once more, other than by the walk from SND.NXT. */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

bool
tcp_send_again(struct tcp *t, uint32_t seq, uint32_t len, uint64_t now)
{
	struct tcp_seg_out o;
	uint32_t off = seq - t->snd_head;

	if (seq_gt(seq, tcp_snd_end(t)))
		return false;
	if (len > t->snd.len - off)
		len = t->snd.len - off;
	if (len > t->mss)
		len = t->mss;
	tcp_emit_init(&o, seq, fifo_seek(&t->snd, off), len);
	if (t->fin_queued && off + len == t->snd.len && seq_gt(t->snd_max, tcp_snd_end(t)))
		o.flags |= TCP_FIN;
	if (tcp_emit(t, &o, now) != 0)
		return false;
	if (o.flags & TCP_FIN)
		len++;
	if (t->board != NULL) {
		tcp_board_again(tcp_board(t), seq, seq + len, now);
		tcp_undo_again(t, seq, seq + len, now);
	}
	t->retransmits++;
	t->stack->retransmits++;
	tcp_rto_cancel(&t->rto);
	return true;
}

/* Fast retransmit without a board: the first segment that is missing. */
bool
tcp_send_first(struct tcp *t, uint64_t now)
{
	if (!t->rexmit || t->board != NULL || t->snd_max == t->snd_una ||
	    !tcp_send_again(t, t->snd_una, t->snd_max - t->snd_una, now))
		return false;
	t->rexmit = false;
	return true;
}

/* The next that is lost, when there is room for it; the first of a recovery goes
 * out whatever the room (RFC 6675 section 5 step 4.3). */
bool
tcp_send_lost(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);
	struct tcp_range r;
	uint32_t len;

	if (b == NULL || b->frto == FRTO_WAIT || !tcp_board_next(b, &r))
		return false;
	len = r.end - r.start < t->mss ? r.end - r.start : t->mss;
	if ((!t->rexmit && tcp_cwnd_room(t) < len) || !tcp_send_again(t, r.start, len, now))
		return false;
	/* What is held keeps the recovery going without an acknowledgement of more, perhaps
	 * for longer than the timer: RFC 6675 section 6. */
	if (t->cc.recovery)
		tcp_rtx_set(t, now, t->rto.rto);
	t->rexmit = false;
	return true;
}

/* What is under way goes out once more. It counts twice: the room is taken from the
 * window, which the next acknowledgement sets anew. */
static bool
send_twice(struct tcp *t, uint32_t seq, uint32_t len, uint64_t now)
{
	if (len > t->mss)
		len = t->mss;
	if (!tcp_send_again(t, seq, len, now))
		return false;
	t->cc.cwnd -= len;
	return true;
}

/* Nothing is lost for certain and nothing is new: what may be, and once in a
 * recovery the last that was sent (RFC 6675 NextSeg rules 3 and 4). RACK and its
 * timer do without. */
bool
tcp_send_doubt(struct tcp *t, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);
	struct tcp_range r;
	uint32_t from;

	if (b == NULL || t->stack->cfg.rack || !t->cc.recovery || b->lost > 0 || tcp_cwnd_room(t) < t->mss)
		return false;
	from = seq_gt(b->again, b->una) ? b->again : b->una;
	if (tcp_board_doubt(b, from, &r)) {
		t->stack->loss.doubt++;
		return send_twice(t, r.start, r.end - r.start, now);
	}
	if (b->rescued || !tcp_board_last(b, &r))
		return false;
	b->rescued = true;
	t->stack->loss.rescue++;
	from = r.end - r.start > t->mss ? r.end - t->mss : r.start;
	return send_twice(t, from, r.end - from, now);
}
