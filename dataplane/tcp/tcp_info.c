#include "dataplane/tcp/tcp_info.h"

#include "dataplane/tcp/tcp_loss.h"

#define IP4_TCP_SIZE 40u
#define IP6_TCP_SIZE 60u
#define TS_SIZE 12u
#define US_PER_MS 1000u

int
tcp_state(const struct tcp *t)
{
	return t->state;
}

uint32_t
tcp_srtt_us(const struct tcp *t)
{
	return t->rto.srtt;
}

static uint8_t
ca_state(const struct tcp *t, const struct tcp_board *b)
{
	if (t->cc.after_rto)
		return TCP_CA_LOSS;
	if (t->cc.recovery)
		return TCP_CA_RECOVERY;
	if (t->ecn_on && seq_lt(t->snd_una, t->cwr_end))
		return TCP_CA_REDUCED;
	return t->dupacks > 0 || (b != NULL && b->held > 0) ? TCP_CA_DISORDER : TCP_CA_OPEN;
}

static uint8_t
agreed(const struct tcp *t)
{
	return (uint8_t)((t->ts_on ? TCP_INFO_TIMESTAMPS : 0) | (t->sack_on ? TCP_INFO_SACK : 0) |
			 (t->scale_on ? TCP_INFO_SCALE : 0) |
			 (t->ecn_on ? TCP_INFO_ECN : 0) | (t->ecn_seen ? TCP_INFO_ECN_SEEN : 0));
}

static uint8_t
limits(const struct tcp *t, const struct tcp_info *i)
{
	unsigned r = 0;

	if (t->zero_windows > 0)
		r |= TCP_LIMIT_PEER_WINDOW;
	if (t->persist)
		r |= TCP_LIMIT_SHUT;
	else if (i->unsent > 0 && i->in_flight - i->held - i->lost + t->mss > t->cc.cwnd)
		r |= TCP_LIMIT_CWND;
	if (t->room_wanted)
		r |= TCP_LIMIT_ROOM;
	if (tcp_pool_low(t->stack))
		r |= TCP_LIMIT_POOL;
	return (uint8_t)r;
}

/* What went out again and is still under way. */
static uint32_t
sent_again(const struct tcp_board *b)
{
	uint32_t start = b->una, bytes = 0;

	for (uint32_t i = 0; i < tcp_board_count(b); i++) {
		const struct tcp_sent *s = tcp_board_at(b, i);

		if ((s->flags & (TCP_SENT_AGAIN | TCP_SENT_HELD | TCP_SENT_LOST)) == TCP_SENT_AGAIN)
			bytes += s->end - start;
		start = s->end;
	}
	return bytes;
}

static void
sending(const struct tcp *t, struct tcp_info *i)
{
	const struct tcp_board *b = tcp_board(t);
	uint32_t end = tcp_snd_end(t) + (t->fin_queued ? 1u : 0u);

	i->mss = t->mss;
	i->pmtu = t->mss + (t->ts_on ? TS_SIZE : 0) +
	    (tcp_is_v4(&t->tuple.remote) ? IP4_TCP_SIZE : IP6_TCP_SIZE);
	i->cwnd = t->cc.cwnd;
	i->ssthresh = t->cc.ssthresh;
	i->snd_wnd = t->snd_wnd;
	i->snd_buf = t->snd_cap;
	i->in_flight = t->snd_max - t->snd_una;
	i->unsent = seq_gt(end, t->snd_max) ? end - t->snd_max : 0;
	i->pacing_rate = tcp_pace_rate(t);
	i->ca_state = ca_state(t, b);
	if (b == NULL)
		return;
	i->held = b->held;
	i->lost = b->lost;
	i->again = sent_again(b);
}

static void
receiving(const struct tcp *t, struct tcp_info *i)
{
	i->advmss = tcp_own_mss(t);
	i->rcv_mss = t->rcv_mss;
	i->rcv_wnd = tcp_rcv_wnd(t);
	i->rcv_buf = t->rcv_cap;
	i->unread = t->rcv.len;
	i->reassembly = tcp_reasm_blocks(&t->reasm) * (uint32_t)POOL_BLOCK;
}

static uint32_t
left(const struct tcp *t, enum tcp_timer which, uint64_t now)
{
	uint64_t at = t->due[which];

	if (at == TCP_NEVER)
		return UINT32_MAX;
	at = at > now ? at - now : 0;
	return at < UINT32_MAX ? (uint32_t)at : UINT32_MAX - 1;
}

static void
times(const struct tcp *t, uint64_t now, struct tcp_info *i)
{
	uint32_t ms = tcp_ms(now);

	i->srtt_us = t->rto.srtt;
	i->rttvar_us = t->rto.var;
	i->min_rtt_us = t->min_rtt_on ? t->min_rtt : 0;
	i->rto_us = t->rto.rto;
	i->ato_us = t->stack->cfg.delack_us;
	i->rtx_in_us = left(t, TCP_T_RTX, now);
	i->tail_in_us = left(t, TCP_T_TAIL, now);
	i->ack_in_us = left(t, TCP_T_ACK, now);
	i->life_in_us = left(t, TCP_T_LIFE, now);
	i->user_timeout_ms = (uint32_t)(tcp_user_timeout_us(t) / US_PER_MS);
	i->since_sent_ms = t->sent_on ? ms - t->sent_ms : UINT32_MAX;
	i->since_data_ms = t->data_on ? ms - t->data_ms : UINT32_MAX;
	i->since_ack_ms = t->heard_on ? ms - t->heard_ms : UINT32_MAX;
	i->since_progress_ms = t->snd_una != t->snd_max || t->persist ? ms - t->una_ms : 0;
}

static void
counts(const struct tcp *t, struct tcp_info *i)
{
	i->bytes_in = t->in_half || t->in_orphan ? 0 : t->bytes_in;
	i->bytes_out = t->in_half ? 0 : t->bytes_out;
	i->segs_in = t->segs_in;
	i->segs_out = t->segs_out;
	i->retransmits = t->retransmits;
	i->timeouts = t->timeouts;
	i->fast_retransmits = t->fast_retransmits;
	i->reassembled = t->reassembled;
	i->dsacks_in = t->dsacks_in;
	i->zero_windows = t->zero_windows;
	i->reordered = t->reordered;
	i->reo_mult = t->reo_mult > 0 ? t->reo_mult : 1;
	i->blocks = tcp_blocks(t);
}

void
tcp_get_info(const struct tcp *t, uint64_t now, struct tcp_info *i)
{
	*i = (struct tcp_info){
		.state = t->state,
		.options = agreed(t),
		.snd_scale = t->snd_shift,
		.rcv_scale = t->rcv_shift,
		.timeouts_now = t->persist ? 0 : t->rtx_count,
		.probes_now = t->persist ? t->rtx_count : t->keep_probes,
		.backoff = t->persist ? t->probes : t->rtx_count,
		.congestion = cc_name(t->cc.algo),
	};
	times(t, now, i);
	sending(t, i);
	receiving(t, i);
	counts(t, i);
	i->limits = limits(t, i);
}
