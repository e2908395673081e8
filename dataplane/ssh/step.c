#include "dataplane/ssh/inner.h"

/* May a record with this number leave in this phase at all? The link's table
 * (role x message) has judged before; this is what the protocol says. */
static bool
record_fits_phase(const struct ssh_conn *c, uint8_t msg)
{
	bool keyed = c->phase == SSH_PHASE_SERVICE || c->phase == SSH_PHASE_AUTH ||
	    c->phase == SSH_PHASE_OPEN;

	if (c->phase == SSH_PHASE_CLOSING || msg == SSH_MSG_NEWKEYS)
		return false;
	if (msg >= SSH_MSG_DISCONNECT && msg <= SSH_MSG_DEBUG)
		return true;
	if (msg == SSH_MSG_KEXINIT)
		return (!keyed || c->phase == SSH_PHASE_OPEN) && !c->hold && !c->keys_pending &&
		    !c->out_pending;
	if (msg >= SSH_MSG_KEX_FIRST && msg <= SSH_MSG_KEX_LAST)
		return c->hold;
	/* EXT_INFO stands right behind our NEWKEYS, before the peer's. */
	if (msg == SSH_MSG_EXT_INFO)
		return keyed || c->keys_pending;
	if (msg == SSH_MSG_SERVICE_REQUEST || msg == SSH_MSG_SERVICE_ACCEPT)
		return c->phase == SSH_PHASE_SERVICE || c->phase == SSH_PHASE_AUTH;
	if (msg >= 50 && msg < 80)
		return c->phase == SSH_PHASE_AUTH;
	if (msg >= SSH_MSG_CHANNEL_WINDOW_ADJUST && msg <= SSH_MSG_CHANNEL_CLOSE)
		return false;
	return msg >= 80 && c->phase == SSH_PHASE_OPEN;
}

/* Our global requests are answered in order, with nothing to tell them apart. */
static int
global_sent(struct ssh_conn *c, struct view payload)
{
	struct cur r = cur_view(payload);

	cur_u8(&r);
	cur_string(&r);
	if (!cur_bool(&r) || r.bad)
		return r.bad ? -R_LINK_ITEM : 0;
	if (c->global_count >= SSH_GLOBAL_MAX)
		return -R_SSH_QUEUE;
	c->global_count++;
	return 0;
}

/* Our own channel open: the channel exists from here on, so that what follows
 * the peer's confirmation in one burst meets it. */
static int
open_sent(struct ssh_conn *c, struct view payload)
{
	struct cur r = cur_view(payload);
	struct ssh_chan *ch;
	uint32_t ours, window, packet;

	cur_u8(&r);
	cur_string(&r);
	ours = cur_u32(&r);
	window = cur_u32(&r);
	packet = cur_u32(&r);
	if (r.bad || packet == 0 || packet > SSH_CHAN_PACKET_MAX)
		return -R_LINK_ITEM;
	if (!chan_free(c, ours))
		return -R_LINK_CHAN;
	ch = chan_take(c, ours);
	if (ch == NULL)
		return -R_NOMEM;
	if (!chan_window(c, ch, window)) {
		chan_drop(c, ch);
		return -R_LINK_ITEM;
	}
	ch->flags |= CHAN_OPENING;
	ch->packet_in_max = packet;
	return 0;
}

/* A reply of clerk to a request before the start. False: its channel is gone. */
static bool
reply_sent(struct ssh_conn *c, struct view payload)
{
	struct cur r = cur_view(payload);
	struct ssh_chan *ch;

	cur_u8(&r);
	ch = chan_by_peers(c, cur_u32(&r));
	if (ch == NULL || (ch->flags & (CHAN_CLOSE_OUT | CHAN_STARTED))) {
		drop(c, R_CHAN_AFTER_CLOSE);
		return false;
	}
	if (ch->control_owed > 0)
		ch->control_owed--;
	if (ch->control_owed == 0 && (ch->flags & CHAN_STARTING)) {
		ch->flags &= ~CHAN_STARTING;
		chan_release_begin(c, ch);
	}
	return true;
}

/* In the client role a start is asked for by control: what the server says from here
 * on is for the host that the channel gets with the answer. */
static void
start_sent(struct ssh_conn *c, struct view payload)
{
	struct cur r = cur_view(payload);
	struct ssh_chan *ch;

	cur_u8(&r);
	ch = chan_by_peers(c, cur_u32(&r));
	if (ch != NULL && c->role == SSH_CLIENT && !(ch->flags & CHAN_STARTED) && chan_starts(cur_string(&r)))
		ch->flags |= CHAN_STARTING;
}

/* The record is queued before it is accounted for; what cannot fail comes after,
 * what can fail and needs no undoing before. */
static int
record_account(struct ssh_conn *c, uint8_t msg, struct view payload, bool *skip)
{
	switch (msg) {
	case SSH_MSG_GLOBAL_REQUEST:
		return global_sent(c, payload);
	case SSH_MSG_CHANNEL_OPEN:
		return open_sent(c, payload);
	case SSH_MSG_CHANNEL_REQUEST:
		start_sent(c, payload);
		return 0;
	case SSH_MSG_CHANNEL_SUCCESS:
	case SSH_MSG_CHANNEL_FAILURE:
		*skip = !reply_sent(c, payload);
		return 0;
	default:
		return 0;
	}
}

int
ssh_do_record(struct ssh_conn *c, struct view payload)
{
	uint8_t msg, before = c->last_msg;
	bool skip = false;
	int rc;

	c->last_msg = 0;
	if (payload.len == 0 || payload.len > SSH_PAYLOAD_MAX)
		return -R_LINK_ITEM;
	msg = payload.data[0];
	if (!record_fits_phase(c, msg))
		return -R_LINK_DENIED;
	if (c->phase == SSH_PHASE_AUTH && before == SSH_MSG_USERAUTH_SUCCESS)
		return -R_LINK_STATE;
	if (msg == SSH_MSG_USERAUTH_SUCCESS && c->role == SSH_SERVER && !c->granted)
		return -R_NO_GRANT;
	if (c->env->pool->free_count < blocks_for(payload.len))
		return -R_NOMEM;
	rc = record_account(c, msg, payload, &skip);
	if (rc == 0 && !skip)
		rc = ctrl_put(c, payload);
	if (rc != 0)
		return rc;
	if (msg == SSH_MSG_KEXINIT)
		c->hold = true;
	if (msg >= SSH_MSG_KEX_FIRST && msg <= SSH_MSG_KEX_LAST)
		c->answer_awaited = false;
	c->last_msg = msg;
	return 0;
}

int
ssh_do_hold(struct ssh_conn *c, uint64_t now)
{
	if (c->last_msg != SSH_MSG_KEXINIT)
		return -R_LINK_STATE;
	c->last_msg = 0;
	c->hold_us = now;
	if (c->kex_us == 0)
		c->kex_us = now;
	return 0;
}

int
ssh_do_phase(struct ssh_conn *c, enum ssh_phase phase)
{
	uint8_t before = c->last_msg;

	c->last_msg = 0;
	if (phase == SSH_PHASE_AUTH && c->phase == SSH_PHASE_SERVICE) {
		c->phase = SSH_PHASE_AUTH;
		return 0;
	}
	if (phase != SSH_PHASE_OPEN || c->phase != SSH_PHASE_AUTH)
		return -R_LINK_STATE;
	if (c->role == SSH_SERVER) {
		if (!c->granted)
			return -R_NO_GRANT;
		if (before != SSH_MSG_USERAUTH_SUCCESS)
			return -R_LINK_STATE;
	}
	c->phase = SSH_PHASE_OPEN;
	/* A client has seen message 52; a server's is still to be sealed (conn_out.c). */
	if (c->role == SSH_CLIENT)
		zip_login_out(c);
	return zip_login_in(c);
}

int
ssh_do_chan_new(struct ssh_conn *c, uint32_t ours, uint32_t peers, uint32_t window_out,
    uint32_t packet_out, uint32_t window_in, uint32_t packet_in)
{
	struct ssh_chan *ch;

	c->last_msg = 0;
	if (c->phase != SSH_PHASE_OPEN)
		return -R_LINK_STATE;
	/* A window of 0 is legal, a maximum packet of 0 is not. */
	if (packet_out == 0 || packet_in == 0 || packet_in > SSH_CHAN_PACKET_MAX)
		return -R_LINK_ITEM;
	if (!chan_free(c, ours))
		return -R_LINK_STATE;
	ch = chan_take(c, ours);
	if (ch == NULL)
		return -R_NOMEM;
	if (!chan_window(c, ch, window_in)) {
		chan_drop(c, ch);
		return -R_LINK_ITEM;
	}
	ch->peers = peers;
	ch->window_out = ch->window_out_first = window_out;
	ch->packet_out_max = packet_out < SSH_CHAN_PACKET_MAX ? packet_out : SSH_CHAN_PACKET_MAX;
	ch->packet_in_max = packet_in;
	return 0;
}

/* OPEN goes in front of what was held: put it behind and turn the queue once. */
int
chan_hold_open(struct ssh_conn *c, struct ssh_chan *ch, struct view payload)
{
	struct pool *p = c->env->pool;
	uint32_t turns = ch->held.count;

	if (p->free_count < blocks_for(payload.len) + 3)
		return -R_NOMEM;
	itemq_put(&ch->held, p, CHAN_UP_OPEN, 0, payload, false);
	chanset_add(&c->holding, ch->ours);
	while (turns-- > 0) {
		struct item it = *itemq_front(&ch->held, p);

		itemq_copy(&ch->held, scratch_out(c), it.len);
		itemq_take(&ch->held, p, it.len);
		itemq_put(&ch->held, p, it.kind, it.arg, view_of(scratch_out(c), it.len), false);
	}
	return 0;
}

static void
chan_name(struct ssh_chan *ch, struct view open_payload)
{
	struct cur r = cur_view(open_payload);
	struct view what;

	ch->start = cur_u8(&r);
	what = cur_string(&r);
	ch->what_len = (uint8_t)(what.len < sizeof(ch->what) ? what.len : sizeof(ch->what));
	if (ch->what_len > 0)
		memcpy(ch->what, what.data, ch->what_len);
	if (cur_string(&r).len > 0 && !(ch->flags & CHAN_CONFIRMING))
		ch->flags |= CHAN_TERMINAL;
}

/* What is the same of every start. */
static int
start_on(struct ssh_conn *c, struct ssh_chan *ch, uint32_t link, bool want_reply, struct view open_payload)
{
	int rc = open_payload.len > SSH_START_MAX ? -R_LINK_ITEM : chan_hold_open(c, ch, open_payload);

	if (rc != 0)
		return rc;
	chan_name(ch, open_payload);
	chan_release_end(c, ch);
	ch->flags |= CHAN_STARTED;
	ch->flags &= ~CHAN_STARTING;
	ch->link = link;
	ch->replies_owed = want_reply ? 1 : 0;
	ch->control_owed = 0;
	chan_pump(c, ch);
	return 0;
}

int
ssh_do_chan_start(struct ssh_conn *c, uint32_t ours, uint32_t link, bool want_reply,
    struct view open_payload)
{
	struct ssh_chan *ch = chan_find(c, ours);

	c->last_msg = 0;
	if (ch == NULL || (ch->flags & (CHAN_CLOSE_IN | CHAN_CLOSE_OUT)))
		return -R_LINK_CHAN;
	if (ch->flags & (CHAN_STARTED | CHAN_OPENING))
		return -R_LINK_STATE;
	return start_on(c, ch, link, want_reply, open_payload);
}

int
ssh_do_chan_open(struct ssh_conn *c, uint32_t ours, uint32_t link, struct view open_payload)
{
	struct ssh_chan *ch = chan_find(c, ours);

	c->last_msg = 0;
	if (ch == NULL || ch->flags != 0 || c->role != SSH_SERVER)
		return -R_LINK_STATE;
	ch->flags |= CHAN_CONFIRMING;
	return start_on(c, ch, link, true, open_payload);
}

int
ssh_do_chan_close(struct ssh_conn *c, uint32_t ours)
{
	struct ssh_chan *ch = chan_find(c, ours);

	c->last_msg = 0;
	if (ch == NULL || (ch->flags & (CHAN_CLOSE_IN | CHAN_CLOSE_OUT)))
		return -R_LINK_CHAN;
	if (ch->flags & (CHAN_STARTED | CHAN_OPENING))
		return -R_LINK_STATE;
	chan_shut(c, ch);
	return 0;
}
