/*
 * A connection between its rooms: what tcp and ssh tell and ask of their owner.
 */
#include "dataplane/worker/worker.h"

#include "dataplane/ssh/ident.h"

/* ---- tcp ---- */

/* The exchange hash covers the line as it was sent; the configuration may change
 * before anybody else writes it down. */
static void
ident_remember(const struct worker *w, struct conn *c)
{
	struct put p = put_of(c->ident, sizeof(c->ident));

	if (ident_build(&p, w->ident) == 0)
		c->ident_len = (uint8_t)(put_len(&p) - 2);
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	struct worker *w = owner;
	struct conn *c = conn_new(w, t, now);

	if (c == NULL)
		return -R_LIMIT;
	tcp_set_user(t, c);
	ident_remember(w, c);
	if (ssh_start(&c->ssh, w->ident) < 0) {
		tcp_set_user(t, NULL);
		c->tcp = NULL;
		conn_gone(w, c, R_NOMEM);
		return -R_NOMEM;
	}
	conn_touch(w, c);
	return 0;
}

/* Data in order, and room after there was none, are what only a peer that hears us
 * gives. Seldom enough to cost nothing, often enough that nobody who is at work is
 * asked (NEIGH_DELAY_US). */
static void
confirm(struct worker *w, struct conn *c, unsigned events, uint64_t now)
{
	if ((events & (TCP_EV_READABLE | TCP_EV_WRITABLE)) == 0 || now < c->confirm_us)
		return;
	c->confirm_us = now + WORKER_CONFIRM_US;
	net_confirm(w->net, c->at.remote, now);
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct worker *w = owner;
	struct conn *c = tcp_user(t);

	if (c == NULL)
		return;
	confirm(w, c, events, now);
	if ((events & TCP_EV_DOUBT) != 0)
		net_doubt(w->net, c->at.remote, now);
	if ((events & TCP_EV_EOF) != 0)
		c->eof = true;
	if ((events & TCP_EV_CLOSED) != 0) {
		c->tcp = NULL;
		conn_gone(w, c, reason != 0 ? reason : R_PEER_GONE);
		return;
	}
	conn_touch(w, c);
}

static void
on_drop(void *owner, int reason)
{
	struct worker *w = owner;

	meter_drop(w->meter, reason);
}

const struct tcp_ops conn_tcp_ops = {
	.emit = tx_emit,
	.accept = on_accept,
	.event = on_event,
	.drop = on_drop,
};

/* ---- ssh ---- */

static size_t
ssh_peek(void *owner, struct ssh_conn *s, void *dst, size_t len)
{
	struct conn *c = s->user;

	(void)owner;
	return c->tcp != NULL ? tcp_peek(c->tcp, dst, len) : 0;
}

static void
ssh_take(void *owner, struct ssh_conn *s, size_t len)
{
	struct conn *c = s->user;

	(void)owner;
	if (c->tcp == NULL)
		return;
	c->bytes_in += len;
	tcp_take(c->tcp, len);
}

static size_t
ssh_readable(void *owner, struct ssh_conn *s)
{
	struct conn *c = s->user;

	(void)owner;
	return c->tcp != NULL ? tcp_readable(c->tcp) : 0;
}

static size_t
ssh_room(void *owner, struct ssh_conn *s)
{
	struct conn *c = s->user;

	(void)owner;
	return c->tcp != NULL ? tcp_room(c->tcp) : 0;
}

static void
ssh_room_short(void *owner, struct ssh_conn *s)
{
	struct conn *c = s->user;

	(void)owner;
	if (c->tcp != NULL)
		tcp_want_room(c->tcp);
}

static int
ssh_wire(void *owner, struct ssh_conn *s, const uint8_t *data, size_t len)
{
	struct conn *c = s->user;

	(void)owner;
	c->bytes_out += len;
	return c->tcp != NULL ? tcp_put(c->tcp, data, len) : -R_PEER_GONE;
}

static bool
ssh_control_ready(void *owner, struct ssh_conn *s)
{
	return up_ready(owner, s->user);
}

static int
ssh_control(void *owner, struct ssh_conn *s, enum ssh_up what, struct view payload, uint32_t seq,
    uint32_t chan, uint64_t arg)
{
	static const uint16_t ops[] = {
		[SSH_UP_IDENT] = LINK_UP_IDENT,
		[SSH_UP_RECORD] = LINK_UP_RECORD,
		[SSH_UP_NEWKEYS] = LINK_UP_NEWKEYS,
		[SSH_UP_DEADLINE] = LINK_UP_DEADLINE,
		[SSH_UP_REKEY] = LINK_UP_REKEY,
	};

	return up_record(owner, s->user, ops[what], payload, seq, chan, arg);
}

static bool
ssh_host(void *owner, struct ssh_conn *s, struct ssh_chan *ch, enum chan_up what, uint64_t arg0,
    uint64_t arg1, struct view payload)
{
	return host_send(owner, s->user, ch, what, arg0, arg1, payload);
}

static bool
ssh_told(void *owner, struct ssh_conn *s, struct ssh_ask to, enum host_up what, uint64_t arg,
    struct view payload)
{
	return host_tell(owner, s->user, to, what, arg, payload);
}

static void
ssh_chan_free(void *owner, struct ssh_conn *s, uint32_t ours, uint32_t use, bool started)
{
	struct worker *w = owner;
	struct conn *c = s->user;

	if (started)
		conn_qos(w, c);
	queries_chan_free(w, c, ours, use);
	if (c->state == CONN_LIVE && c->login)
		(void)up_tell(w, c, LINK_UP_CHAN_FREE, ours);
}

static void
ssh_random(void *owner, void *dst, size_t len)
{
	struct worker *w = owner;

	rng_fill(w->rng, dst, len);
}

static void
ssh_trace(void *owner, struct ssh_conn *s, bool out, struct view payload, uint32_t seq, size_t wire)
{
	trace_record(owner, s->user, out, payload, seq, wire);
}

static void
ssh_stage(void *owner, enum ssh_stage to, size_t len)
{
	struct worker *w = owner;
	bool open = to == SSH_STAGE_OPEN;

	if (to == SSH_STAGE_REST) {
		stage_back(w, STAGE_SSH);
		return;
	}
	stage_enter(w, open ? STAGE_OPEN : STAGE_SEAL);
	meter_add(w->meter, open ? METER_OPEN_BYTES : METER_SEAL_BYTES, len);
}

const struct ssh_ops conn_ssh_ops = {
	.peek = ssh_peek,
	.take = ssh_take,
	.readable = ssh_readable,
	.room = ssh_room,
	.room_short = ssh_room_short,
	.wire = ssh_wire,
	.control_ready = ssh_control_ready,
	.control = ssh_control,
	.host = ssh_host,
	.told = ssh_told,
	.chan_free = ssh_chan_free,
	.drop = on_drop,
	.random = ssh_random,
	.trace = ssh_trace,
	.stage = ssh_stage,
};
