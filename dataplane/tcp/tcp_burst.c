/*
 * Segments that came together: what repeats the one before it is taken in one pass.
 *
 * A sender that has much to say sends segments that differ in their place alone. Of
 * those the first goes through every step of arrival. One that follows would find
 * each answer again: the same acknowledgement, window, timestamp and marks, in order
 * and inside the window. So only the last steps see it, and whoever owns the
 * connection hears of all of them once. Nothing else is different from one by one:
 * each is counted, and counts for the acknowledgement.
 */
#include "dataplane/tcp/tcp_loss.h"

/* Nothing in it but data. */
static bool
plain(const struct tcp_seg *seg)
{
	return (seg->flags & (uint8_t)~TCP_PSH) == TCP_ACK && seg->data_len > 0;
}

static bool
alike(const struct tcp_seg *a, const struct tcp_seg *b)
{
	return a->seq + a->data_len == b->seq && a->ack == b->ack && a->window == b->window &&
	    a->via == b->via && a->options_len == b->options_len && plain(a) && plain(b) &&
	    tcp_tuple_eq(&a->tuple, &b->tuple) && memcmp(a->options, b->options, a->options_len) == 0;
}

/* What the first said of the window holds (MUST-72), and so does what this one says. */
static bool
windowed(const struct tcp *t, const struct tcp_seg *before)
{
	return t->snd_wl1 == before->seq && t->snd_wl2 == before->ack;
}

/* All of it is new, next, and fits. */
static bool
fits(const struct tcp *t, const struct tcp_seg *seg)
{
	return t->state == TCP_ESTABLISHED && !t->gone && !t->closed && !t->fin_in &&
	    t->reasm.count == 0 && seg->seq == t->rcv_nxt && seg->data_len <= tcp_rcv_wnd(t);
}

bool
tcp_burst_next(struct tcp *t, struct tcp_in *in, const struct tcp_seg *before, const struct tcp_seg *seg)
{
	int r;

	if (!alike(before, seg) || in->stale || in->opts.sack_count > 0 || in->opts.bad ||
	    !windowed(t, before) || !fits(t, seg))
		return false;
	t->segs_in++;
	t->stack->together++;
	t->snd_wl1 = seg->seq;
	tcp_ecn_in(t, seg);
	in->wire_seq = in->seg.seq = seg->seq;
	in->seg.flags = seg->flags;
	in->seg.data = seg->data;
	in->seg.data_len = seg->data_len;
	r = tcp_in_text(t, in);
	if (r < 0)
		tcp_drop(t->stack, -r);
	return true;
}
