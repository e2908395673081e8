/*
 * Segments that no connection takes: LISTEN and CLOSED (RFC 9293 sections
 * 3.10.7.1 and 3.10.7.2).
 */
#include "dataplane/tcp/tcp_conn.h"

static bool
listening(const struct tcp_stack *s, uint16_t port)
{
	for (uint32_t i = 0; i < s->port_count; i++)
		if (s->ports[i] == port)
			return true;
	return false;
}

/* A flood pushes out its own oldest; a peer that answers within the time that
 * the table lasts gets through. */
static void
make_room(struct tcp_stack *s)
{
	if (s->half_count < s->cfg.half_open_max)
		return;
	tcp_drop(s, R_TCP_BACKLOG);
	tcp_conn_free(&s->conns[s->half_first]);
}

static void
half_open(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor)
{
	struct tcp *t;

	make_room(s);
	t = tcp_conn_new(s, &in->seg.tuple);
	if (t == NULL) {
		tcp_drop(s, R_TCP_CONN_MAX);
		return;
	}
	t->state = TCP_LISTEN;
	tcp_fsm(t, TCP_E_RCV_SYN);
	t->passive = true;
	t->irs = in->seg.seq;
	t->rcv_nxt = t->irs + 1;
	t->iss = tcp_isn(s, &t->tuple, in->now);
	if (again && seq_lt(t->iss, floor))
		t->iss = floor;
	t->snd_una = t->snd_nxt = t->snd_max = t->iss;
	t->snd_head = t->iss + 1;
	t->ts_off = tcp_ts_offset(s, &t->tuple);
	tcp_syn_options(t, &in->opts);
	t->ts_recent_at = in->now;
	tcp_in_window_first(t, in, in->seg.window);
	tcp_half_add(t);
	tcp_syn_emit(t, in->now);
}

void
tcp_listen_input(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor)
{
	const struct tcp_seg *seg = &in->seg;

	if (seg->flags & TCP_RST) {
		tcp_drop(s, R_TCP_LISTEN_DROP);
		return;
	}
	if (!listening(s, seg->tuple.local_port) || (seg->flags & TCP_ACK)) {
		tcp_drop(s, R_TCP_NO_PORT);
		tcp_reset_reply(s, seg);
		return;
	}
	/* SYN with FIN is a scanner's; without SYN there is nothing to answer. */
	if ((seg->flags & (TCP_SYN | TCP_FIN)) != TCP_SYN) {
		tcp_drop(s, R_TCP_LISTEN_DROP);
		return;
	}
	half_open(s, in, again, floor);
}
