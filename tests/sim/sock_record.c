/*
 * The record of a connection, in units and names that programs outside expect.
 */
#include <stdio.h>

#include "dataplane/tcp/tcp_fsm.h"
#include "tests/sim/sock_priv.h"

#define SSTHRESH_NONE 0x7fffffffu

static uint32_t
segments(uint32_t bytes, uint32_t mss)
{
	return mss > 0 ? (bytes + mss - 1) / mss : 0;
}

static void
fill_segments(const struct tcp_info *t, struct sock_info *i)
{
	i->cwnd_segs = t->mss > 0 ? t->cwnd / t->mss : 0;
	i->ssthresh_segs = t->ssthresh == UINT32_MAX || t->mss == 0 ? SSTHRESH_NONE : t->ssthresh / t->mss;
	i->unacked_segs = segments(t->in_flight, t->mss);
	i->sacked_segs = segments(t->held, t->mss);
	i->lost_segs = segments(t->lost, t->mss);
	i->again_segs = segments(t->again, t->mss);
}

static void
fill_bytes(const struct tcp_info *t, struct sock_info *i)
{
	i->cwnd = t->cwnd;
	i->ssthresh = t->ssthresh;
	i->in_flight = t->in_flight;
	i->mss = t->mss;
	i->bytes_in = t->bytes_in;
	i->bytes_out = t->bytes_out;
	i->advmss = t->advmss;
	i->rcv_mss = t->rcv_mss;
	i->pmtu = t->pmtu;
	i->snd_wnd = t->snd_wnd;
	i->rcv_wnd = t->rcv_wnd;
	i->snd_buf = t->snd_buf;
	i->rcv_buf = t->rcv_buf;
	i->unsent = t->unsent;
	i->unread = t->unread;
	i->held = t->held;
	i->lost = t->lost;
	i->again = t->again;
	i->pacing_rate = t->pacing_rate;
}

static void
fill_times(const struct tcp_info *t, struct sock_info *i)
{
	i->srtt_us = t->srtt_us;
	i->rttvar_us = t->rttvar_us;
	i->min_rtt_us = t->min_rtt_us;
	i->rto_us = t->rto_us;
	i->ato_us = t->ato_us;
	i->rcv_rtt_us = t->rcv_rtt_us;
	i->user_timeout_ms = t->user_timeout_ms;
	i->last_data_sent_ms = t->since_sent_ms;
	i->last_data_recv_ms = t->since_data_ms;
	i->last_ack_recv_ms = t->since_ack_ms;
	i->waiting_ms = t->since_progress_ms;
}

static void
fill_counts(const struct tcp_info *t, struct sock_info *i)
{
	i->retransmits = t->retransmits;
	i->timeouts = t->timeouts;
	i->fast_retransmits = t->fast_retransmits;
	i->reassembled = t->reassembled;
	i->dsacks_in = t->dsacks_in;
	i->reo_mult = t->reo_mult;
	i->zero_windows = t->zero_windows;
	i->blocks = t->blocks;
	i->segs_in = t->segs_in;
	i->segs_out = t->segs_out;
	i->reordered = t->reordered;
	i->timeouts_now = t->timeouts_now;
	i->probes_now = t->probes_now;
	i->backoff = t->backoff;
}

int
sock_get_info_sized(const struct sock_host *h, int s, struct sock_info *info, size_t size)
{
	const struct sock *k = sock_at(h, s);
	struct sock_info i = { .ca_state = 0 };
	struct tcp_info t;

	if (k == NULL)
		return -EBADF;
	if (!k->had)
		return -ENOTCONN;
	t = k->last;
	if (k->t != NULL)
		tcp_get_info(k->t, h->now, &t);
	snprintf(i.state, sizeof(i.state), "%s", tcp_fsm_name(t.state));
	snprintf(i.congestion, sizeof(i.congestion), "%s", t.congestion);
	i.ca_state = t.ca_state;
	i.options = t.options;
	i.snd_wscale = t.snd_scale;
	i.rcv_wscale = t.rcv_scale;
	fill_segments(&t, &i);
	fill_bytes(&t, &i);
	fill_times(&t, &i);
	fill_counts(&t, &i);
	memset(info, 0, size);
	memcpy(info, &i, size < sizeof(i) ? size : sizeof(i));
	return 0;
}

void
sock_get_totals(const struct sock_host *h, struct sock_totals *t)
{
	struct tcp_stats st = { 0 };

	if (h->stack != NULL)
		tcp_get_stats(h->stack, &st);
	*t = (struct sock_totals){
		.connections = st.conn_open,
		.half_open = st.half_open,
		.time_wait = st.timewait,
		.blocks_used = h->stack != NULL ? h->pool.count - h->pool.free_count : 0,
		.retransmits = st.retransmits,
	};
}
