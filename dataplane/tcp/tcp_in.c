/*
 * Segment arrival (RFC 9293 section 3.10.7), one step per check, in its order.
 *
 * A step returns 0 to go on, 1 when the segment is dealt with, or -R_* when the
 * rest of it is dropped. Steps may trim the segment.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

#define OLD_MAX 65536u /* how far back an acknowledgement is still taken from */
#define PAWS_IDLE_S (24u * 86400u) /* RFC 7323 section 5.5 */

/* SYN-RECEIVED hears its peer's SYN again: our answer was lost, or both ends
 * opened at once (figure 8). */
static int
step_syn_again(struct tcp *t, struct tcp_in *in)
{
	struct tcp_seg *seg = &in->seg;

	if (t->state != TCP_SYN_RECEIVED || seg->seq + 1 != t->rcv_nxt ||
	    (seg->flags & (TCP_SYN | TCP_RST)) != TCP_SYN)
		return 0;
	tcp_ecn_handshake(t, seg->flags);
	if (seg->flags & TCP_ACK) {
		seg->seq++;
		seg->flags &= (uint8_t)~TCP_SYN;
		return 0;
	}
	tcp_rto_cancel(&t->rto);
	tcp_syn_emit(t, in->now);
	return -R_TCP_DUP_DATA;
}

/* Older than TS.Recent, while that still says something. */
static bool
ts_old(const struct tcp *t, const struct tcp_in *in)
{
	return seq_lt(in->opts.ts_val, t->ts_recent) &&
	    tcp_seconds(in->now) - t->ts_recent_at < PAWS_IDLE_S;
}

static bool
paws_reject(const struct tcp *t, const struct tcp_in *in)
{
	return t->ts_on && in->opts.ts_on && !(in->seg.flags & TCP_RST) && ts_old(t, in);
}

/* A bare acknowledgement in order, of what is acknowledged: a younger one came first. It
 * is no duplicate of another connection's, which would not fit so well, and its sender
 * waits for no answer. Only its SACK blocks may be news. */
static bool
overtaken(const struct tcp *t, const struct tcp_in *in)
{
	const struct tcp_seg *seg = &in->seg;

	return tcp_seg_space(seg) == 0 && (seg->flags & TCP_ACK) && t->state >= TCP_ESTABLISHED &&
	    seg->seq == t->rcv_nxt && seq_leq(seg->ack, t->snd_una) &&
	    seq_geq(seg->ack, t->snd_una - t->max_wnd);
}

static int
step_paws(struct tcp *t, struct tcp_in *in)
{
	if (!paws_reject(t, in))
		return 0;
	if (overtaken(t, in)) {
		in->late = true;
		return 0;
	}
	if (tcp_seg_space(&in->seg) > 0)
		tcp_out_ack(t, in->now);
	else
		tcp_challenge(t, in->now);
	return -R_TCP_PAWS;
}

/* Does any of it lie in the window? A segment without length may also stand at
 * the right edge: that is where the acknowledgements of a peer stand that has
 * filled our window. */
static bool
acceptable(const struct tcp *t, const struct tcp_seg *seg)
{
	uint32_t edge = t->rcv_nxt + tcp_rcv_wnd(t);
	uint32_t len = tcp_seg_space(seg);

	if (len == 0)
		return seq_geq(seg->seq, t->rcv_nxt) && seq_leq(seg->seq, edge);
	return seq_lt(seg->seq, edge) && seq_gt(seg->seq + len, t->rcv_nxt);
}

/* What had all come before may still acknowledge. Two ends that probe each
 * other's windows can both have taken the other's byte without hearing so: then
 * every segment of either is old to the other, and only this ends it. */
static int
take_ack_only(struct tcp *t, struct tcp_in *in, bool old, int reason)
{
	if (!old || t->state < TCP_ESTABLISHED || t->rcv_nxt - in->wire_seq > OLD_MAX)
		return -reason;
	tcp_drop(t->stack, reason);
	in->seg.data_len = 0;
	in->seg.flags &= (uint8_t)~TCP_FIN;
	in->stale = true;
	return 0;
}

static int
unacceptable(struct tcp *t, struct tcp_in *in)
{
	const struct tcp_seg *seg = &in->seg;
	bool old = seq_leq(seg->seq + tcp_seg_space(seg), t->rcv_nxt);

	if (seg->flags & TCP_RST)
		return -R_TCP_UNACCEPTABLE;
	if (seg->flags & TCP_SYN) {
		tcp_challenge(t, in->now);
		return -R_TCP_SYN_CHALLENGE;
	}
	/* What carries data is no part of a loop of acknowledgements, and its
	 * sender waits for the answer. */
	if (tcp_seg_space(seg) > 0) {
		if (old && t->state >= TCP_ESTABLISHED)
			tcp_twice(t, seg->seq, seg->seq + tcp_seg_space(seg));
		tcp_out_ack(t, in->now);
		return take_ack_only(t, in, old, old ? R_TCP_DUP_DATA : R_TCP_UNACCEPTABLE);
	}
	tcp_challenge(t, in->now);
	return take_ack_only(t, in, old, R_TCP_UNACCEPTABLE);
}

static int
step_sequence(struct tcp *t, struct tcp_in *in)
{
	struct tcp_seg *seg = &in->seg;

	if (acceptable(t, seg)) {
		tcp_ecn_in(t, seg);
		return 0;
	}
	/* A probe of our shut window: no text, but its ACK, URG and RST count. */
	if (tcp_rcv_wnd(t) == 0 && seg->seq == t->rcv_nxt && !(seg->flags & TCP_SYN)) {
		tcp_ecn_in(t, seg);
		seg->data_len = 0;
		seg->flags &= (uint8_t)~TCP_FIN;
		t->ack_now = true;
		tcp_work_add(t);
		return 0;
	}
	return unacceptable(t, in);
}

/* RFC 7323 section 4.3 (2). */
static int
step_timestamp(struct tcp *t, struct tcp_in *in)
{
	if (t->ts_on && in->opts.ts_on && seq_leq(in->wire_seq, t->last_ack) &&
	    !ts_old(t, in) && !(in->seg.flags & TCP_RST)) {
		t->ts_recent = in->opts.ts_val;
		t->ts_recent_at = tcp_seconds(in->now);
	}
	return 0;
}

/* RFC 5961 section 3.2 */
static int
step_reset(struct tcp *t, struct tcp_in *in)
{
	int reason = t->state == TCP_SYN_RECEIVED ? R_TCP_REFUSED : R_TCP_RST_IN;

	if (!(in->seg.flags & TCP_RST))
		return 0;
	if (in->wire_seq != t->rcv_nxt) {
		tcp_challenge(t, in->now);
		return -R_TCP_RST_CHALLENGE;
	}
	if (t->state == TCP_TIME_WAIT)
		return -R_TCP_TIMEWAIT;
	tcp_conn_end(t, TCP_E_RCV_RST, reason);
	return -R_TCP_RST_IN;
}

/* RFC 5961 section 4.2 */
static int
step_syn(struct tcp *t, struct tcp_in *in)
{
	if (!(in->seg.flags & TCP_SYN))
		return 0;
	tcp_challenge(t, in->now);
	return -R_TCP_SYN_CHALLENGE;
}

/* What an off-path sender cannot place in the window does not move our answers. */
static int
step_via(struct tcp *t, struct tcp_in *in)
{
	if (!in->stale && !in->late)
		t->via = in->seg.via;
	return 0;
}

static int
step_ack(struct tcp *t, struct tcp_in *in)
{
	if (!(in->seg.flags & TCP_ACK))
		return -R_TCP_UNACCEPTABLE;
	if (t->state == TCP_SYN_RECEIVED)
		return tcp_syn_received(t, in);
	return tcp_in_ack(t, in);
}


struct step {
	int (*run)(struct tcp *, struct tcp_in *);
};

static const struct step steps[] = { { step_syn_again }, { step_paws }, { step_sequence },
	{ step_timestamp }, { step_reset }, { step_syn }, { step_via }, { step_ack }, { tcp_in_text },
	{ tcp_in_fin } };
static const struct step steps_syn_sent[] = { { tcp_syn_sent }, { step_via }, { tcp_in_text }, { tcp_in_fin } };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Did it go through all of them? */
static bool
run(struct tcp *t, struct tcp_in *in, const struct step *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = list[i].run(t, in);

		if (r < 0)
			tcp_drop(t->stack, -r);
		if (r != 0)
			return false;
	}
	return true;
}

static struct tcp *
no_connection(struct tcp_stack *s, const struct tcp_in *in)
{
	uint32_t floor = 0;
	bool again = false;

	if (tcp_tw_input(s, in, &floor, &again))
		return NULL;
	return tcp_listen_input(s, in, again, floor);
}

/* The first of `count` segments, and those that repeat it; how many. */
static uint32_t
input(struct tcp_stack *s, const struct tcp_seg *seg, uint32_t count, uint64_t now)
{
	struct tcp *t = tcp_table_find(s, &seg->tuple);
	struct tcp_in in;
	uint32_t n = 1;
	bool taken;

	in.seg = *seg;
	in.wire_seq = seg->seq;
	in.stale = false;
	in.late = false;
	in.syn = seg->flags & TCP_SYN;
	in.now = now;
	tcp_opt_read(&in.opts, seg->options, seg->options_len, in.syn);
	if (in.opts.bad)
		tcp_drop(s, R_TCP_OPTION);
	if (t != NULL && t->gone) {
		tcp_settle(t, now);
		t = NULL;
	}
	if (t == NULL)
		t = no_connection(s, &in);
	if (t == NULL)
		return n;
	t->segs_in++;
	if (t->state == TCP_SYN_SENT)
		taken = run(t, &in, steps_syn_sent, COUNT(steps_syn_sent));
	else
		taken = run(t, &in, steps, COUNT(steps));
	while (taken && n < count && tcp_burst_next(t, &in, &seg[n - 1], &seg[n]))
		n++;
	tcp_settle(t, now);
	return n;
}

void
tcp_input(struct tcp_stack *s, const struct tcp_seg *seg, uint64_t now)
{
	(void)input(s, seg, 1, now);
}

void
tcp_input_burst(struct tcp_stack *s, const struct tcp_seg *seg, uint32_t count, uint64_t now)
{
	for (uint32_t i = 0; i < count;)
		i += input(s, seg + i, count - i, now);
}
