/*
 * Segments that no connection takes: LISTEN and CLOSED (RFC 9293 sections
 * 3.10.7.1 and 3.10.7.2).
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

/* Is `at` this address, or every one of its family, when that is what it says? */
static bool
covers(const struct tcp_listener *l, const struct tcp_addr *to)
{
	static const struct tcp_addr all4 = { .b = { [10] = 0xff, [11] = 0xff } }, all6;
	bool v4 = memcmp(to->b, all4.b, 12) == 0;

	return l->everywhere || memcmp(l->at.b, to->b, sizeof(to->b)) == 0 ||
	    memcmp(l->at.b, v4 ? all4.b : all6.b, sizeof(to->b)) == 0;
}

/* Who listens there; NULL: nobody. */
static const struct tcp_listener *
listener(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	for (uint32_t i = 0; i < s->listener_count; i++)
		if (s->listener[i].port == tuple->local_port && covers(&s->listener[i], &tuple->local))
			return &s->listener[i];
	return NULL;
}

static int
add(struct tcp_stack *s, const struct tcp_listener *l)
{
	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct tcp_listener *k = &s->listener[i];

		if (k->port == l->port && k->everywhere == l->everywhere &&
		    memcmp(&k->at, &l->at, sizeof(k->at)) == 0)
			return 0;
	}
	if (s->listener_count == TCP_LISTEN_MAX)
		return -R_LIMIT;
	s->listener[s->listener_count++] = *l;
	return 0;
}

int
tcp_listen(struct tcp_stack *s, uint16_t port)
{
	return add(s, &(struct tcp_listener){ .port = port, .everywhere = true });
}

int
tcp_listen_at(struct tcp_stack *s, const struct tcp_addr *at, uint16_t port)
{
	return add(s, &(struct tcp_listener){ .at = *at, .port = port });
}

int
tcp_listen_own(struct tcp_stack *s, uint16_t port, const struct tcp_own *o)
{
	int set = tcp_own_take(s, o);
	int found = 0;

	if (set < 0)
		return set;
	for (uint32_t i = 0; i < s->listener_count; i++) {
		if (s->listener[i].port != port)
			continue;
		tcp_own_give(s, s->listener[i].own);
		tcp_own_share(s, (uint16_t)set);
		s->listener[i].own = (uint16_t)set;
		found++;
	}
	tcp_own_give(s, (uint16_t)set); /* ours: each listener has one */
	return found > 0 ? 0 : -R_LIMIT;
}

void
tcp_unlisten(struct tcp_stack *s, uint16_t port)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < s->listener_count; i++)
		if (s->listener[i].port != port)
			s->listener[left++] = s->listener[i];
		else
			tcp_own_give(s, s->listener[i].own);
	s->listener_count = left;
}

static void
passive_open(struct tcp *t, const struct tcp_in *in, const struct tcp_opts *o, uint32_t irs,
    uint32_t iss, bool ecn)
{
	t->state = TCP_LISTEN;
	tcp_fsm(t, TCP_E_RCV_SYN);
	t->passive = true;
	tcp_own_share(t->stack, listener(t->stack, &t->tuple)->own);
	tcp_own_begin(t, listener(t->stack, &t->tuple)->own);
	t->ecn_on = ecn;
	t->via = in->seg.via;
	t->rcv_nxt = irs + 1;
	t->iss = iss;
	t->snd_una = t->snd_nxt = t->snd_max = t->iss;
	t->snd_head = t->iss + 1;
	t->ts_off = tcp_ts_offset(t->stack, &t->tuple);
	tcp_syn_options(t, o, in->now);
	t->ts_recent_at = tcp_seconds(in->now);
	t->moved_ms = tcp_ms(in->now);
	tcp_in_window_first(t, in, in->seg.window);
}

static void
half_open(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor)
{
	uint32_t iss = tcp_isn(s, &in->seg.tuple, in->now);
	struct tcp *t;

	tcp_half_room(s);
	t = tcp_conn_new(s, &in->seg.tuple);
	if (t == NULL) {
		tcp_drop(s, R_TCP_CONN_MAX);
		return;
	}
	if (again && seq_lt(iss, floor))
		iss = floor;
	passive_open(t, in, &in->opts, in->seg.seq, iss, tcp_ecn_asks(s, in->seg.flags));
	tcp_half_add(t);
	tcp_syn_emit(t, in->now);
}

/* A source at its limit gets cookies rather than lose its oldest: else whoever
 * sends in its name could take its places. A new incarnation must number on from
 * the one before it, which no cookie can. */
static void
take_syn(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor)
{
	bool full;

	if (!tcp_shed_syn(s))
		return;
	full = tcp_half_source_full(s, &in->seg.tuple);
	if (full)
		tcp_drop(s, R_TCP_SOURCE);
	if (!again && tcp_cookie_due(s, full)) {
		tcp_cookie_send(s, in);
		return;
	}
	if (full)
		tcp_half_source_room(s, &in->seg.tuple);
	half_open(s, in, again, floor);
}

/* An ACK to a listener. What is no cookie may be a later segment of a connection
 * whose first one was lost, which a reset would end: while cookies are out, such
 * segments get no answer. */
static struct tcp *
take_cookie(struct tcp_stack *s, const struct tcp_in *in)
{
	struct tcp_opts o;
	struct tcp *t;
	bool ecn;

	if ((in->seg.flags & TCP_SYN) || !tcp_cookie_out(s, in->now)) {
		tcp_drop(s, R_TCP_NO_PORT);
		tcp_reset_reply(s, &in->seg);
		return NULL;
	}
	if (!tcp_cookie_read(s, in, &o, &ecn)) {
		tcp_drop(s, R_TCP_COOKIE_BAD);
		return NULL;
	}
	t = tcp_conn_new(s, &in->seg.tuple);
	if (t == NULL) {
		tcp_drop(s, R_TCP_CONN_MAX);
		return NULL;
	}
	passive_open(t, in, &o, in->seg.seq - 1, in->seg.ack - 1, ecn);
	t->snd_nxt = t->snd_max = t->iss + 1;
	t->rcv_adv = t->rcv_nxt + tcp_rcv_first(s);
	t->last_ack = t->rcv_nxt;
	s->guard.cookies_in++;
	return t;
}

struct tcp *
tcp_listen_input(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor)
{
	const struct tcp_seg *seg = &in->seg;

	if (seg->flags & TCP_RST) {
		tcp_drop(s, R_TCP_LISTEN_DROP);
		return NULL;
	}
	if (listener(s, &seg->tuple) == NULL) {
		tcp_drop(s, R_TCP_NO_PORT);
		tcp_reset_reply(s, seg);
		return NULL;
	}
	if (seg->flags & TCP_ACK)
		return take_cookie(s, in);
	/* SYN with FIN is a scanner's; without SYN there is nothing to answer. */
	if ((seg->flags & (TCP_SYN | TCP_FIN)) != TCP_SYN)
		tcp_drop(s, R_TCP_LISTEN_DROP);
	else
		take_syn(s, in, again, floor);
	return NULL;
}
