#include "dataplane/ssh/inner.h"

#define REQUEST_MAX (16u * 1024u)
#define REQUESTS_MAX SSH_CHAN_EXTRA_MAX
#define REQUEST_NAME_MAX 64u /* RFC 4250 section 4.6.1 */
#define REFUSE_TEXT_MAX 255u

/*
 * What a host asks for. A host is hostile by assumption: everything is checked
 * against what it was granted and what the channel allows.
 */

struct ssh_chan *
ssh_chan_of(struct ssh_conn *c, uint32_t ours, uint32_t link)
{
	struct ssh_chan *ch = chan_find(c, ours);

	if (ch == NULL || (ch->flags & (CHAN_OPEN_TOLD | CHAN_HOST_TOLD)) != CHAN_OPEN_TOLD ||
	    ch->link != link)
		return NULL;
	return ch;
}

/* What every word of a host begins with. After its own CLOSE it says nothing; a CLOSE of
 * the peer it may not have seen yet. 1: drop it quietly. */
static int
said_after_close(struct ssh_conn *c, struct ssh_chan *ch)
{
	chan_wake(c, ch);
	if (ch->flags & (CHAN_HOST_CLOSED | CHAN_CONFIRMING))
		return -R_LINK_STATE;
	if (!(ch->flags & CHAN_CLOSE_OUT))
		return 0;
	drop(c, R_CHAN_AFTER_CLOSE);
	return 1;
}

int
ssh_host_data(struct ssh_conn *c, struct ssh_chan *ch, uint32_t stream, struct view data)
{
	size_t heads;
	int rc;

	if (data.len > ch->credit)
		return -R_LINK_CREDIT;
	rc = said_after_close(c, ch);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (ch->flags & CHAN_EOF_OUT)
		return -R_LINK_STATE;
	if (ch->flags & CHAN_CLOSE_IN) { /* written before the host knew */
		ch->credit -= (uint32_t)data.len;
		c->lent -= data.len;
		drop(c, R_CHAN_AFTER_CLOSE);
		return 0;
	}
	heads = ITEMQ_HEAD * (data.len / ITEMQ_ITEM_MAX + 1);
	if (!fifo_fits(&ch->out.f, c->env->pool, data.len + heads))
		return -R_NOMEM;
	while (data.len > 0) {
		size_t n = data.len < ITEMQ_ITEM_MAX ? data.len : ITEMQ_ITEM_MAX;

		itemq_put(&ch->out, c->env->pool, CHAN_ITEM_DATA, stream, view_of(data.data, n), true);
		ch->credit -= (uint32_t)n;
		ch->queued += (uint32_t)n;
		data = view_of(data.data + n, data.len - n);
	}
	return 0;
}

int
ssh_host_took(struct ssh_conn *c, struct ssh_chan *ch, uint64_t bytes)
{
	chan_wake(c, ch);
	/* The end of a channel counts everything as taken. */
	if (ch->flags & CHAN_CLOSE_OUT)
		return 0;
	if (bytes > ch->unread)
		return -R_LINK_CREDIT;
	ch->unread -= bytes;
	ch->took += (uint32_t)bytes;
	window_took(ch, bytes);
	return 0;
}

void
ssh_host_grow(struct ssh_conn *c, struct ssh_chan *ch, uint64_t bytes, bool now)
{
	uint32_t room = ch->window_in_max < SSH_CHAN_WINDOW_MAX ? SSH_CHAN_WINDOW_MAX - ch->window_in_max : 0;
	uint32_t left = SSH_GROWTH_MAX - c->let;
	uint32_t more;

	room = room < left ? room : left;
	more = bytes < room ? (uint32_t)bytes : room;
	chan_wake(c, ch);
	if (ch->flags & (CHAN_CLOSE_OUT | CHAN_CONFIRMING))
		return;
	c->env->stats->growth_cut += more < bytes;
	c->let += more;
	ch->let += more;
	ch->window_in_max += more;
	ch->took += more;
	if (now && ch->took > 0)
		ch->flags |= CHAN_ADJUST_NOW;
}

int
ssh_host_eof(struct ssh_conn *c, struct ssh_chan *ch)
{
	const struct view none = { NULL, 0 };
	int rc = said_after_close(c, ch);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (ch->flags & CHAN_EOF_OUT)
		return -R_LINK_STATE;
	if (ch->flags & CHAN_CLOSE_IN) { /* says nothing to a peer that closed */
		ch->flags |= CHAN_EOF_OUT;
		return 0;
	}
	if (!itemq_put(&ch->out, c->env->pool, CHAN_ITEM_EOF, 0, none, false))
		return -R_NOMEM;
	ch->flags |= CHAN_EOF_OUT;
	return 0;
}

/* What a server may say on a channel by itself (RFC 4254 6.8, 6.10; OpenSSH
 * PROTOCOL 2.1). A host of our client role asks for what it likes. */
static bool
request_allowed(const struct ssh_conn *c, struct view name)
{
	if (name.len == 0 || name.len > REQUEST_NAME_MAX)
		return false;
	return c->role == SSH_CLIENT || view_is(name, "exit-status") || view_is(name, "exit-signal") ||
	    view_is(name, "eow@openssh.com") || view_is(name, "xon-xoff");
}

int
ssh_host_request(struct ssh_conn *c, struct ssh_chan *ch, struct view payload)
{
	struct cur r = cur_view(payload);
	struct view name = cur_string(&r);
	int rc = said_after_close(c, ch);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (r.bad || payload.len > REQUEST_MAX || !request_allowed(c, name))
		return -R_LINK_DENIED;
	/* Beside data a host has no credit. */
	if (ch->requests_queued + payload.len > REQUESTS_MAX)
		return -R_LINK_CREDIT;
	if (!itemq_put(&ch->out, c->env->pool, CHAN_ITEM_REQUEST, 0, payload, false))
		return -R_NOMEM;
	ch->requests_queued += (uint32_t)payload.len;
	if (view_is(name, "exit-status") || view_is(name, "exit-signal"))
		ch->flags |= CHAN_STATUS;
	return 0;
}

/* Nobody will take what the peer sent or still sends: as good as taken, so that
 * a peer which must write before it reads comes to read our CLOSE. */
static void
stop_taking(struct ssh_conn *c, struct ssh_chan *ch)
{
	itemq_clear(&ch->held, c->env->pool);
	ch->asks_held = 0;
	ch->unread = 0;
	ch->took = ch->window_in_max - ch->window_in;
}

/* RFC 4254 section 5.1. */
static int
confirm(struct ssh_conn *c, struct ssh_chan *ch)
{
	uint8_t message[32];
	struct put w = put_of(message, sizeof(message));
	int rc;

	put_u8(&w, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	put_u32(&w, ch->peers);
	put_u32(&w, ch->ours);
	put_u32(&w, ch->window_in);
	put_u32(&w, ch->packet_in_max);
	rc = ctrl_put(c, put_view(&w));
	if (rc != 0)
		return rc;
	ch->flags &= ~CHAN_CONFIRMING;
	ch->replies_owed = 0;
	return 0;
}

int
ssh_host_refuse(struct ssh_conn *c, struct ssh_chan *ch, uint32_t code, struct view text)
{
	uint8_t message[REFUSE_TEXT_MAX + 32];
	struct put w = put_of(message, sizeof(message));
	int rc;

	if (code < SSH_OPEN_ADMINISTRATIVELY_PROHIBITED || code > SSH_OPEN_RESOURCE_SHORTAGE ||
	    text.len > REFUSE_TEXT_MAX)
		return -R_LINK_ITEM;
	if (!(ch->flags & CHAN_CONFIRMING))
		return -R_LINK_STATE;
	put_u8(&w, SSH_MSG_CHANNEL_OPEN_FAILURE);
	put_u32(&w, ch->peers);
	put_u32(&w, code);
	put_sview(&w, text);
	put_cstr(&w, ""); /* language tag */
	rc = ctrl_put(c, put_view(&w));
	if (rc != 0)
		return rc;
	/* For the peer it never was: nothing is exchanged to end it. */
	ch->flags &= ~CHAN_CONFIRMING;
	ch->flags |= CHAN_CLOSE_IN | CHAN_CLOSE_OUT | CHAN_CLOSE_SENT | CHAN_HOST_CLOSED;
	ch->replies_owed = 0;
	stop_taking(c, ch);
	chan_settle(c, ch);
	return 0;
}

int
ssh_host_reply(struct ssh_conn *c, struct ssh_chan *ch, bool ok)
{
	const struct view none = { NULL, 0 };
	int rc;

	if (ch->flags & CHAN_CONFIRMING)
		return ok ? confirm(c, ch) : ssh_host_refuse(c, ch, SSH_OPEN_CONNECT_FAILED, none);
	rc = said_after_close(c, ch);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (ch->replies_owed == 0)
		return -R_LINK_STATE;
	if (!itemq_put(&ch->out, c->env->pool, CHAN_ITEM_REPLY, ok ? 1 : 0, none, false))
		return -R_NOMEM;
	ch->replies_owed--;
	ch->replies_queued++;
	return 0;
}

int
ssh_host_close(struct ssh_conn *c, struct ssh_chan *ch)
{
	int rc;

	if (ch->flags & CHAN_CONFIRMING)
		return ssh_host_refuse(c, ch, SSH_OPEN_CONNECT_FAILED, view_of(NULL, 0));
	rc = said_after_close(c, ch);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	ch->flags |= CHAN_CLOSE_OUT | CHAN_HOST_CLOSED;
	stop_taking(c, ch);
	return 0;
}

int
ssh_host_abort(struct ssh_conn *c, struct ssh_chan *ch)
{
	bool confirming = (ch->flags & CHAN_CONFIRMING) != 0;
	int rc = ch->flags & CHAN_HOST_CLOSED ? 0 : ssh_host_close(c, ch);

	/* An open that is refused is gone, and its place with it. */
	if (rc != 0 || confirming || (ch->flags & CHAN_CLOSE_SENT))
		return rc;
	chan_wake(c, ch);
	chan_forget_data(c, ch);
	return 0;
}

void
ssh_host_gone(struct ssh_conn *c, uint32_t link)
{
	struct ssh_chan *ch;

	for (uint32_t at = 0; (ch = ssh_chan_next(c, at)) != NULL;) {
		at = ch->ours + 1; /* it may be gone in the end */
		/* Closed as soon as the peer says that it is open. */
		if ((ch->flags & (CHAN_ASKED | CHAN_OPENING)) == (CHAN_ASKED | CHAN_OPENING) && ch->link == link)
			ch->flags |= CHAN_HOST_TOLD;
		if (!(ch->flags & CHAN_STARTED) || ch->link != link)
			continue;
		chan_wake(c, ch);
		ch->flags |= CHAN_HOST_TOLD;
		stop_taking(c, ch);
		if (ch->flags & CHAN_CONFIRMING) { /* chan_out.c tells the peer */
			drop(c, R_CHAN_HOST_GONE);
			continue;
		}
		if (!(ch->flags & CHAN_CLOSE_OUT)) {
			ch->flags |= CHAN_CLOSE_OUT | (ch->flags & CHAN_STATUS ? 0 : CHAN_ABORT);
			drop(c, R_CHAN_HOST_GONE);
		}
		chan_settle(c, ch);
	}
}
