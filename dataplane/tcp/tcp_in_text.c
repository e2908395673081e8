/*
 * The text and FIN steps of segment arrival.
 */
#include "dataplane/tcp/tcp_send.h"

static bool
takes_text(const struct tcp *t)
{
	return t->state == TCP_ESTABLISHED || t->state == TCP_FIN_WAIT_1 || t->state == TCP_FIN_WAIT_2;
}

static void
trim_left(struct tcp *t, struct tcp_seg *seg)
{
	uint32_t cut = t->rcv_nxt - seg->seq;

	if (seq_geq(seg->seq, t->rcv_nxt))
		return;
	if (cut > seg->data_len)
		cut = seg->data_len;
	tcp_twice(t, seg->seq, seg->seq + cut);
	if (cut > 0) {
		t->ack_now = true; /* who sends a part again waits for an answer */
		tcp_work_add(t);
	}
	seg->seq += cut;
	seg->data += cut;
	seg->data_len -= cut;
}

static void
trim_right(struct tcp_seg *seg, uint32_t edge)
{
	if (seq_leq(seg->seq + seg->data_len, edge))
		return;
	seg->data_len = seq_gt(edge, seg->seq) ? edge - seg->seq : 0;
	seg->flags &= (uint8_t)~TCP_FIN;
}

/* The peer sent more although we said that we read no more (RFC 9293 section
 * 3.6.1). What crosses our own last bytes is only thrown away: a reset could
 * make the peer lose them. */
static int
after_close(struct tcp *t, struct tcp_in *in)
{
	struct tcp_seg *seg = &in->seg;

	if (seg->data_len == 0)
		return 0;
	if (t->state == TCP_FIN_WAIT_1) {
		if (seg->seq == t->rcv_nxt)
			t->rcv_nxt += seg->data_len;
		if (seq_lt(t->rcv_adv, t->rcv_nxt))
			t->rcv_adv = t->rcv_nxt;
		t->ack_now = true;
		tcp_work_add(t);
		return 0;
	}
	tcp_reset_send(t, tcp_seq_now(t));
	tcp_conn_end(t, TCP_E_ABORT, R_TCP_AFTER_CLOSE);
	return -R_TCP_AFTER_CLOSE;
}

/* What waited behind the bytes that just came. */
static void
join(struct tcp *t)
{
	struct pool *p = t->stack->pool;
	const uint8_t *at;
	size_t len;

	while ((at = tcp_reasm_next(&t->reasm, p, t->rcv_nxt, &len)) != NULL) {
		if (!fifo_put(&t->rcv, p, at, len))
			return; /* it stays where it is; the next segment tries again */
		t->rcv_nxt += (uint32_t)len;
		t->bytes_in += len;
	}
}

static int
in_order(struct tcp *t, struct tcp_in *in)
{
	const struct tcp_seg *seg = &in->seg;
	bool gap = t->reasm.count > 0;
	struct tcp_range held;

	/* RFC 2883 section 4.2: a part that waits already came twice; of several the
	 * first is told. */
	if (gap && seg->seq == in->wire_seq &&
	    tcp_reasm_held(&t->reasm, seg->seq, seg->seq + seg->data_len, &held))
		tcp_twice(t, held.start, held.end);
	if (!fifo_put(&t->rcv, t->stack->pool, seg->data, seg->data_len))
		return -R_TCP_NO_BLOCK;
	t->rcv_nxt += seg->data_len;
	t->bytes_in += seg->data_len;
	tcp_moved(t, seg->data_len, in->now);
	t->events |= TCP_EV_READABLE;
	if (gap) {
		join(t);
		t->ack_now = true; /* RFC 5681 section 4.2: what fills a gap */
		tcp_work_add(t);
	} else {
		tcp_ack_later(t, in->now);
	}
	return 0;
}

static int
out_of_order(struct tcp *t, struct tcp_in *in)
{
	const struct tcp_seg *seg = &in->seg;
	uint32_t blocks = tcp_buf_reasm_blocks(t);
	bool full = true;
	uint32_t kept = 0;
	struct tcp_range held;

	if (t->guest && blocks > TCP_GUEST_BUF / POOL_BLOCK)
		blocks = TCP_GUEST_BUF / POOL_BLOCK;
	if (tcp_reasm_held(&t->reasm, seg->seq, seg->seq + seg->data_len, &held))
		tcp_twice(t, held.start, held.end);
	if (!tcp_pool_low(t->stack))
		kept = tcp_reasm_add(&t->reasm, t->stack->pool, seg->seq, seg->data, seg->data_len,
		    blocks, &full);
	if (kept > 0) {
		t->reassembled++;
		t->events |= t->guest ? TCP_EV_HELD : 0;
	}
	/* At once, one for each: the peer counts them (RFC 5681 section 4.2). */
	tcp_out_ack(t, in->now);
	return full ? -R_TCP_REASM_FULL : 0;
}

/* A peer that begins again has a small window, and waits for each answer; unless the
 * owner's own answer will carry it. */
static void
after_silence(struct tcp *t, uint64_t now)
{
	uint32_t ms = tcp_ms(now);

	if (!t->data_on || t->talk || (ms - t->data_ms) * 1000ull <= t->rto.rto)
		return;
	t->quick = tcp_quick_first(t->stack);
	if (t->quick > 0)
		t->stack->live.quick_again++;
}

int
tcp_in_text(struct tcp *t, struct tcp_in *in)
{
	struct tcp_seg *seg = &in->seg;
	int r = 0;

	if (!takes_text(t) || (seg->data_len == 0 && !(seg->flags & TCP_FIN)))
		return 0;
	trim_left(t, seg);
	trim_right(seg, t->rcv_adv);
	if (t->fin_in)
		trim_right(seg, t->fin_seq);
	if (t->closed)
		r = after_close(t, in);
	if (r < 0)
		return r;
	if ((seg->flags & TCP_FIN) && !t->fin_in) {
		t->fin_in = true;
		t->fin_seq = seg->seq + seg->data_len;
	}
	if (seg->data_len == 0 && t->fin_in && t->fin_seq != t->rcv_nxt)
		tcp_out_ack(t, in->now); /* as for data out of order */
	if (seg->data_len == 0 || t->closed)
		return 0;
	after_silence(t, in->now);
	t->data_ms = tcp_ms(in->now);
	t->data_on = true;
	if (seg->data_len > t->rcv_mss)
		t->rcv_mss = (uint16_t)seg->data_len;
	tcp_buf_rcv(t, in);
	return seg->seq == t->rcv_nxt ? in_order(t, in) : out_of_order(t, in);
}

int
tcp_in_fin(struct tcp *t, struct tcp_in *in)
{
	if (!t->fin_in || t->rcv_nxt != t->fin_seq || !takes_text(t))
		return 0;
	t->rcv_nxt++;
	if (seq_lt(t->rcv_adv, t->rcv_nxt))
		t->rcv_adv = t->rcv_nxt;
	tcp_fsm(t, TCP_E_RCV_FIN);
	t->events |= TCP_EV_EOF;
	t->ack_now = true;
	if (t->state == TCP_TIME_WAIT) {
		tcp_out_ack(t, in->now);
		tcp_timer_stop(t, TCP_T_RTX);
		tcp_timer_set(t, TCP_T_LIFE, in->now + t->stack->cfg.timewait_us);
	}
	tcp_work_add(t);
	return 0;
}
