/*
 * What every segment of a connection carries.
 */
#include "dataplane/tcp/tcp_send.h"

uint32_t
tcp_ts_now(const struct tcp *t, uint64_t now)
{
	return (uint32_t)(now / TCP_TS_TICK_US) + t->ts_off;
}

/* SND.NXT goes back after a timeout, and a shut window may lie before it. */
uint32_t
tcp_seq_now(const struct tcp *t)
{
	uint32_t edge = t->snd_una + t->snd_wnd;

	return seq_gt(t->snd_max, edge) ? edge : t->snd_max;
}

static bool
try_later(int r)
{
	return r == -R_NET_NO_PKT || r == -R_NET_TX_FULL;
}

/* RFC 2018 section 4; a D-SACK is the first block (RFC 2883 section 4). */
static void
put_blocks(const struct tcp *t, struct tcp_opts *o)
{
	if (t->dsack.start != t->dsack.end)
		o->sack[o->sack_count++] = t->dsack;
	o->sack_count += (uint8_t)tcp_reasm_sack(&t->reasm, o->sack + o->sack_count,
	    TCP_OPT_SACK_MAX - o->sack_count);
}

int
tcp_emit(struct tcp *t, struct tcp_seg_out *o, uint64_t now)
{
	struct tcp_opts opts = { .ts_on = t->ts_on, .ts_ecr = t->ts_recent };
	int r;

	o->tuple = t->tuple;
	o->via = t->via;
	o->flags |= TCP_ACK;
	if (t->ecn_echo)
		o->flags |= TCP_ECE;
	o->ack = t->rcv_nxt;
	o->window = tcp_rcv_offer(t);
	opts.ts_val = tcp_ts_now(t, now);
	/* Out-of-order data is answered by segments without payload, so blocks are
	 * only there, where they take no room from data. */
	if (t->sack_on && o->len == 0)
		put_blocks(t, &opts);
	o->options_len = tcp_opt_write(&opts, o->options);
	o->from = &t->snd;
	o->mss = t->mss;
	tcp_own_mark(t, o);
	r = t->stack->ops.emit(t->stack->owner, o);
	if (try_later(r)) {
		tcp_work_add(t);
		return r;
	}
	if (o->len == 0 && t->dsack.start != t->dsack.end) {
		t->stack->loss.dsack_out++;
		t->dsack.end = t->dsack.start;
	}
	t->segs_out++;
	if (o->len > 0 && t->ack_segs > 0)
		t->talk = true;
	t->last_ack = t->rcv_nxt;
	t->ack_now = false;
	t->ack_segs = 0;
	if (!t->paced)
		tcp_timer_stop(t, TCP_T_ACK);
	if (r > 0)
		tcp_work_add(t);
	return r > 0 ? r : 0;
}

void
tcp_out_ack(struct tcp *t, uint64_t now)
{
	struct tcp_seg_out o;

	tcp_emit_init(&o, tcp_seq_now(t), (struct fifo_pos){ 0 }, 0);
	if (tcp_emit(t, &o, now) != 0)
		t->ack_now = true;
}
