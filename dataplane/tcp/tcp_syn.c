/*
 * The handshake: SYN-SENT and SYN-RECEIVED (RFC 9293 sections 3.10.7.3 and
 * 3.10.7.4).
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

uint16_t
tcp_own_mss(const struct tcp *t)
{
	uint16_t mss = tcp_is_v4(&t->tuple.remote) ? t->stack->cfg.mss4 : t->stack->cfg.mss6;

	return tcp_own(t)->mss < mss ? (uint16_t)tcp_own(t)->mss : mss;
}

void
tcp_syn_options(struct tcp *t, const struct tcp_opts *o, uint64_t now)
{
	const struct tcp_config *cfg = &t->stack->cfg;
	uint32_t mss = tcp_is_v4(&t->tuple.remote) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;

	if (o->mss_on)
		mss = o->mss;
	if (mss < TCP_MSS_MIN)
		mss = TCP_MSS_MIN;
	if (mss > tcp_own_mss(t))
		mss = tcp_own_mss(t);
	t->peer_mss = (uint16_t)mss;
	t->ts_on = o->ts_on && cfg->timestamps;
	t->ts_recent = o->ts_val;
	t->sack_on = o->sack_ok && cfg->sack;
	t->scale_on = o->shift_on && cfg->window_scale;
	t->snd_shift = t->scale_on ? o->shift : 0;
	t->rcv_shift = t->scale_on ? t->rcv_shift : 0;
	tcp_path_begin(t, now);
	cc_init(&t->cc, (int)tcp_own_or(tcp_own(t)->congestion, (uint32_t)t->stack->cc_algo), t->mss,
	    t->iss);
	if (cfg->initial_window > 0)
		t->cc.cwnd = cfg->initial_window * t->mss;
}

static void
syn_opts(const struct tcp *t, struct tcp_opts *o, uint64_t now)
{
	const struct tcp_config *cfg = &t->stack->cfg;
	bool first = t->state == TCP_SYN_SENT;

	memset(o, 0, sizeof(*o));
	o->mss_on = true;
	o->mss = tcp_own_mss(t);
	o->order = (uint16_t)cfg->syn_options;
	o->sack_ok = first ? cfg->sack : t->sack_on;
	o->ts_on = first ? cfg->timestamps : t->ts_on;
	o->ts_val = tcp_ts_now(t, now);
	o->ts_ecr = first ? 0 : t->ts_recent;
	o->shift_on = first ? cfg->window_scale : t->scale_on;
	o->shift = t->rcv_shift;
}

void
tcp_syn_emit(struct tcp *t, uint64_t now)
{
	struct tcp_seg_out o = { .tuple = t->tuple, .seq = t->iss, .flags = TCP_SYN,
	    .via = t->via, .fresh = true };
	struct tcp_opts opts;
	uint32_t space = tcp_rcv_space(t);

	o.flags |= tcp_ecn_syn(t);
	syn_opts(t, &opts, now);
	o.options_len = tcp_opt_write(&opts, o.options);
	o.window = (uint16_t)(space < 65535u ? space : 65535u);
	if (t->state == TCP_SYN_RECEIVED) {
		o.flags |= TCP_ACK;
		o.ack = t->rcv_nxt;
		t->rcv_adv = t->rcv_nxt + o.window;
		t->last_ack = t->rcv_nxt;
	}
	tcp_own_mark(t, &o);
	(void)t->stack->ops.emit(t->stack->owner, &o);
	t->segs_out++;
	if (t->rtx_count == 0) {
		tcp_rto_start(&t->rto, t->iss + 1, now);
		t->una_ms = tcp_ms(now);
	}
	t->snd_nxt = t->snd_max = t->iss + 1;
	tcp_rtx_set(t, now, t->rto.rto);
}

void
tcp_syn_timeout(struct tcp *t, uint64_t now)
{
	const struct tcp_config *c = &t->stack->cfg;
	uint32_t limit = tcp_own_or(tcp_own(t)->syn_retries,
	    t->passive ? c->syn_retries : c->connect_retries);

	if (tcp_user_timeout_over(t, now))
		return;
	if (t->rtx_count >= limit) {
		tcp_conn_end(t, TCP_E_TIMEOUT, t->gone_reason != 0 ? t->gone_reason : R_TCP_TIMEOUT);
		return;
	}
	tcp_rtx_count(t);
	t->timeouts++;
	t->retransmits++;
	t->stack->retransmits++;
	tcp_rto_cancel(&t->rto);
	tcp_rto_backoff(&t->rto);
	tcp_syn_emit(t, now);
}

/* Our SYN is acknowledged: what both states do then. */
static void
synchronise(struct tcp *t, struct tcp_in *in)
{
	bool lost = t->rtx_count > 0;

	tcp_buf_start(t, in->now);
	t->snd_una = t->iss + 1;
	t->snd_nxt = t->snd_max = t->snd_una;
	t->snd_small = t->snd_una;
	t->heard_ms = tcp_ms(in->now);
	t->heard_on = true;
	tcp_keep_arm(t, in->now);
	tcp_ecn_start(t);
	t->rtx_count = 0;
	t->gone_reason = 0;
	tcp_timer_stop(t, TCP_T_RTX);
	tcp_rto_ack(&t->rto, t->snd_una, in->now);
	if (lost) {
		/* RFC 6298 (5.7) */
		if (!t->rto.measured)
			t->rto.rto = TCP_RTO_SYN_LOST_US;
		cc_syn_lost(&t->cc, t->mss);
	}
	tcp_work_add(t);
}

int
tcp_syn_received(struct tcp *t, struct tcp_in *in)
{
	struct tcp_stack *s = t->stack;
	uint32_t ack = in->seg.ack;

	if (seq_leq(ack, t->snd_una) || seq_gt(ack, t->snd_max)) {
		tcp_reset_reply(s, &in->seg);
		return -R_TCP_BAD_ACK;
	}
	tcp_fsm(t, TCP_E_RCV_ACK_OF_SYN);
	tcp_half_del(t);
	synchronise(t, in);
	/* RFC 7323 section 2.2 */
	tcp_in_window_first(t, in, (uint32_t)in->seg.window << (in->syn ? 0 : t->snd_shift));
	if (!t->passive) {
		t->events |= TCP_EV_CONNECTED;
		if (t->fin_queued)
			tcp_fsm(t, TCP_E_CLOSE);
		return 0;
	}
	if (s->ops.accept(s->owner, t, in->now) != 0) {
		tcp_reset_send(t, t->snd_nxt);
		tcp_conn_end(t, TCP_E_ABORT, R_TCP_REFUSED);
		return -R_TCP_REFUSED;
	}
	t->app = true;
	return 0;
}

static void
take_syn(struct tcp *t, struct tcp_in *in)
{
	uint32_t space = tcp_rcv_space(t);

	t->rcv_nxt = in->seg.seq + 1;
	t->rcv_adv = t->rcv_nxt + (space < 65535u ? space : 65535u);
	tcp_ecn_handshake(t, in->seg.flags);
	tcp_syn_options(t, &in->opts, in->now);
	t->ts_recent_at = tcp_seconds(in->now);
	in->seg.seq++;
	in->seg.flags &= (uint8_t)~TCP_SYN;
}

/* SYN-SENT. Positive: done with the segment. Zero: our SYN was acknowledged;
 * text and FIN are still to be taken. */
int
tcp_syn_sent(struct tcp *t, struct tcp_in *in)
{
	const struct tcp_seg *seg = &in->seg;
	bool ack = seg->flags & TCP_ACK;

	if (ack && (seq_leq(seg->ack, t->iss) || seq_gt(seg->ack, t->snd_max))) {
		tcp_reset_reply(t->stack, seg);
		return -R_TCP_BAD_ACK;
	}
	if (seg->flags & TCP_RST) {
		if (ack)
			tcp_conn_end(t, TCP_E_RCV_RST, R_TCP_REFUSED);
		return ack ? -R_TCP_REFUSED : -R_TCP_UNACCEPTABLE;
	}
	if (!(seg->flags & TCP_SYN))
		return -R_TCP_UNACCEPTABLE;
	take_syn(t, in);
	if (!ack) {
		/* Simultaneous open (RFC 9293 section 3.5, figure 8). */
		tcp_fsm(t, TCP_E_RCV_SYN);
		t->rtx_count = 0;
		tcp_in_window_first(t, in, seg->window);
		tcp_syn_emit(t, in->now);
		return 1;
	}
	tcp_fsm(t, TCP_E_RCV_SYN_ACK);
	synchronise(t, in);
	tcp_in_window_first(t, in, seg->window);
	t->ack_now = true;
	t->events |= TCP_EV_CONNECTED;
	return 0;
}
