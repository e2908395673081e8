#include "dataplane/ssh/inner.h"

/*
 * Messages 91-100 of the peer (RFC 4254 section 5). Every one is checked
 * against the channel's state; what breaks the rules ends the connection.
 */

/* After its CLOSE the peer has nothing more to say on the channel. */
static int
live(const struct ssh_chan *ch)
{
	if (ch->flags & (CHAN_OPENING | CHAN_CONFIRMING))
		return -R_CHAN_UNKNOWN;
	return ch->flags & CHAN_CLOSE_IN ? -R_CHAN_EOF : 0;
}

static int
data_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r, uint32_t stream)
{
	struct view data = cur_string(r);

	if (!cur_done(r))
		return -R_SHORT;
	if (ch->flags & CHAN_EOF_IN)
		return -R_CHAN_EOF;
	if (data.len > ch->packet_in_max)
		return -R_CHAN_PACKET;
	if (data.len > ch->window_in)
		return -R_CHAN_WINDOW;
	ch->window_in -= (uint32_t)data.len;
	if (ch->flags & CHAN_CLOSE_OUT) {
		ch->took += (uint32_t)data.len;
		drop(c, R_CHAN_AFTER_CLOSE);
		return 0;
	}
	if (data.len == 0)
		return 0;
	return chan_deliver(c, ch, CHAN_UP_DATA, stream, (uint8_t *)data.data, data.len);
}

static int
plain_data_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	return data_in(c, ch, r, 0);
}

static int
extended_data_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	uint32_t stream = cur_u32(r);

	if (stream == 0) /* no type of section 5.2, and ours for plain data */
		return -R_PROTOCOL;
	return data_in(c, ch, r, stream);
}

static int
adjust_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	uint32_t more = cur_u32(r);

	if (!cur_done(r))
		return -R_SHORT;
	if (ch->window_out + more > UINT32_MAX)
		return -R_CHAN_ADJUST;
	ch->window_out += more;
	chan_credit(c, ch);
	return 0;
}

static int
eof_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	if (!cur_done(r))
		return -R_SHORT;
	if (ch->flags & CHAN_EOF_IN)
		return -R_CHAN_EOF;
	ch->flags |= CHAN_EOF_IN;
	if (ch->flags & CHAN_CLOSE_OUT)
		return 0;
	return chan_deliver(c, ch, CHAN_UP_EOF, 0, NULL, 0);
}

static int
close_in(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	if (!cur_done(r))
		return -R_SHORT;
	ch->flags |= CHAN_CLOSE_IN;
	/* The peer takes no more data. A client that has read our EOF closes at once,
	 * and its program's status is still to come: the host ends the channel, if it
	 * has not yet (RFC 4254 section 6.10). */
	if (!(ch->flags & CHAN_STARTED)) {
		if (!(ch->flags & CHAN_CLOSE_SENT))
			chan_shut(c, ch);
	} else if (!(ch->flags & CHAN_CLOSE_SENT)) {
		chan_forget_data(c, ch);
		if (!(ch->flags & CHAN_CLOSE_OUT))
			return chan_deliver(c, ch, CHAN_UP_SHUT, 0, NULL, 0);
	}
	chan_settle(c, ch);
	return 0;
}

bool
chan_starts(struct view name)
{
	return view_is(name, "shell") || view_is(name, "exec") || view_is(name, "subsystem");
}

static int
request_to_control(struct ssh_conn *c, struct ssh_chan *ch, struct view payload, uint32_t seq)
{
	struct cur r = cur_view(payload);
	struct view name;
	bool want_reply;

	cur_take(&r, 5);
	name = cur_string(&r);
	want_reply = cur_bool(&r);
	if (want_reply)
		ch->control_owed++;
	if (want_reply && chan_starts(name))
		ch->flags |= CHAN_STARTING;
	return control_up(c, SSH_UP_RECORD, payload, seq, ch->ours, 0);
}

static int
request_in(struct ssh_conn *c, struct ssh_chan *ch, uint8_t *payload, size_t len, uint32_t seq)
{
	struct cur r = cur_of(payload + 5, len - 5);
	struct view name = cur_string(&r);
	uint64_t replies = (uint64_t)ch->replies_owed + ch->replies_queued + 1;

	/* A peer that asks and does not read makes us keep the answers. */
	if (cur_bool(&r) && replies * ITEMQ_HEAD > SSH_CHAN_EXTRA_MAX)
		return -R_SSH_QUEUE;
	if (r.bad || name.len == 0)
		return -R_SHORT;
	if (ch->flags & CHAN_CLOSE_OUT) {
		drop(c, R_CHAN_AFTER_CLOSE);
		return 0;
	}
	/* While a start is being decided, who gets the next one is not known. */
	if (ch->flags & (CHAN_STARTED | CHAN_STARTING | CHAN_RELEASE))
		return chan_deliver(c, ch, CHAN_UP_REQUEST, seq, payload + 5, len - 5);
	return request_to_control(c, ch, view_of(payload, len), seq);
}

/* One held request to clerk, in the form it came in. */
static int
release_one(struct ssh_conn *c, struct ssh_chan *ch, const struct item *it)
{
	uint8_t *at = scratch_out(c);
	struct put w = put_of(at, 5);

	put_u8(&w, SSH_MSG_CHANNEL_REQUEST);
	put_u32(&w, ch->ours);
	itemq_copy(&ch->held, at + 5, it->len);
	return request_to_control(c, ch, view_of(at, 5 + it->len), it->arg);
}

/* Turn the queue once: the first request leaves it, unless the one before was
 * another start; the order of what stays is kept. */
static int
release_turn(struct ssh_conn *c, struct ssh_chan *ch)
{
	struct pool *p = c->env->pool;
	uint32_t turns = ch->held.count;
	bool found = false;
	int rc = 0;

	if (p->free_count < blocks_for(SSH_PAYLOAD_MAX))
		return 0;
	while (turns-- > 0) {
		struct item it = *itemq_front(&ch->held, p);

		if (it.kind == CHAN_UP_REQUEST && !found) {
			found = true;
			rc = release_one(c, ch, &it);
			ch->asks_held--;
			itemq_take(&ch->held, p, it.len);
			continue;
		}
		itemq_copy(&ch->held, scratch_out(c), it.len);
		itemq_take(&ch->held, p, it.len);
		itemq_put(&ch->held, p, it.kind, it.arg, view_of(scratch_out(c), it.len), false);
	}
	if (!found || (ch->flags & CHAN_STARTING))
		chan_release_end(c, ch);
	return rc < 0 ? rc : found;
}

void
chan_release_begin(struct ssh_conn *c, struct ssh_chan *ch)
{
	c->releasing += !(ch->flags & CHAN_RELEASE);
	ch->flags |= CHAN_RELEASE;
}

void
chan_release_end(struct ssh_conn *c, struct ssh_chan *ch)
{
	c->releasing -= (ch->flags & CHAN_RELEASE) != 0;
	ch->flags &= ~CHAN_RELEASE;
}

int
chan_release(struct ssh_conn *c)
{
	struct ssh_chan *ch = c->releasing > 0 ? ssh_chan_next(c, 0) : NULL;
	int rc = 0;

	for (; ch != NULL && rc == 0; ch = ssh_chan_next(c, ch->ours + 1))
		if (ch->flags & CHAN_RELEASE)
			rc = release_turn(c, ch);
	return rc;
}

/* The answer to our own open. */
static int
opened_in(struct ssh_conn *c, struct ssh_chan *ch, struct view payload, uint32_t seq)
{
	struct cur r = cur_view(payload);
	uint32_t packet;

	if (!(ch->flags & CHAN_OPENING))
		return -R_CHAN_UNKNOWN;
	cur_take(&r, 5);
	ch->peers = cur_u32(&r);
	ch->window_out = ch->window_out_first = cur_u32(&r);
	packet = cur_u32(&r);
	if (r.bad)
		return -R_SHORT;
	if (packet == 0)
		return -R_CHAN_PACKET;
	ch->packet_out_max = packet < SSH_CHAN_PACKET_MAX ? packet : SSH_CHAN_PACKET_MAX;
	ch->flags &= ~CHAN_OPENING;
	if (ch->flags & CHAN_ASKED)
		return ask_opened(c, ch);
	return control_up(c, SSH_UP_RECORD, payload, seq, ch->ours, 0);
}

static int
refused_in(struct ssh_conn *c, struct ssh_chan *ch, struct view payload, uint32_t seq)
{
	struct cur r = cur_view(payload);
	uint32_t ours = ch->ours;

	if (!(ch->flags & CHAN_OPENING))
		return -R_CHAN_UNKNOWN;
	cur_take(&r, 5);
	if (ch->flags & CHAN_ASKED)
		return ask_refused(c, ch, &r);
	chan_drop(c, ch);
	return control_up(c, SSH_UP_RECORD, payload, seq, ours, 0);
}

/* A server never asks for replies on a channel; a client does before its start. */
static int
reply_in(struct ssh_conn *c, struct ssh_chan *ch, struct view payload, uint32_t seq)
{
	if (c->role == SSH_SERVER || (ch->flags & CHAN_CLOSE_OUT)) {
		drop(c, R_SSH_PHASE);
		return 0;
	}
	return control_up(c, SSH_UP_RECORD, payload, seq, ch->ours, 0);
}

static int (*const handlers[])(struct ssh_conn *, struct ssh_chan *, struct cur *) = {
	[SSH_MSG_CHANNEL_WINDOW_ADJUST - 91] = adjust_in,
	[SSH_MSG_CHANNEL_DATA - 91] = plain_data_in,
	[SSH_MSG_CHANNEL_EXTENDED_DATA - 91] = extended_data_in,
	[SSH_MSG_CHANNEL_EOF - 91] = eof_in,
	[SSH_MSG_CHANNEL_CLOSE - 91] = close_in,
};

int
chan_in(struct ssh_conn *c, uint8_t *payload, size_t len, uint32_t seq)
{
	struct cur r = cur_of(payload, len);
	uint8_t msg = cur_u8(&r);
	struct ssh_chan *ch = chan_find(c, cur_u32(&r));
	int rc;

	if (r.bad)
		return -R_SHORT;
	if (ch == NULL)
		return -R_CHAN_UNKNOWN;
	chan_wake(c, ch);
	if (msg == SSH_MSG_CHANNEL_OPEN_CONFIRMATION)
		return opened_in(c, ch, view_of(payload, len), seq);
	if (msg == SSH_MSG_CHANNEL_OPEN_FAILURE)
		return refused_in(c, ch, view_of(payload, len), seq);
	rc = live(ch);
	if (rc != 0)
		return rc;
	if (msg == SSH_MSG_CHANNEL_REQUEST)
		return request_in(c, ch, payload, len, seq);
	if (msg == SSH_MSG_CHANNEL_SUCCESS || msg == SSH_MSG_CHANNEL_FAILURE)
		return reply_in(c, ch, view_of(payload, len), seq);
	return handlers[msg - 91](c, ch, &r);
}
