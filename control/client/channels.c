/* Channels up to their start, and global requests: RFC 4254. */
#include "control/client/caller.h"

/* ---- what is sent ---- */

static struct caller_chan *
chan_of(struct caller *c, uint32_t chan)
{
	return chan < CALLER_CHANS && c->chan[chan].used ? &c->chan[chan] : NULL;
}

int
caller_open(struct caller *c, const char *type, uint32_t window, uint32_t packet, struct view extra,
    struct step *s)
{
	uint32_t chan = 0;
	size_t mark;

	if (c->state != CALLER_OPEN)
		return -R_LINK_STATE;
	while (chan < CALLER_CHANS && c->chan[chan].used)
		chan++;
	if (chan == CALLER_CHANS)
		return -R_LIMIT;
	c->chan[chan] = (struct caller_chan){ .used = true };
	step_begin(s, c->conn, c->gen);
	mark = step_record_open(s, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&s->w, type);
	put_u32(&s->w, chan);
	put_u32(&s->w, window);
	put_u32(&s->w, packet);
	put_bytes(&s->w, extra.data, extra.len);
	step_record_close(s, mark);
	return (int)chan;
}

int
caller_request(
    struct caller *c, uint32_t chan, const char *name, struct view body, bool want_reply, struct step *s)
{
	struct caller_chan *ch = chan_of(c, chan);
	size_t mark;

	if (c->state != CALLER_OPEN || ch == NULL || !ch->open || ch->starting)
		return -R_LINK_STATE;
	if (body.len > SSH_CHAN_PACKET_MAX)
		return -R_LIMIT;
	step_begin(s, c->conn, c->gen);
	mark = step_record_open(s, SSH_MSG_CHANNEL_REQUEST);
	put_u32(&s->w, ch->peers);
	put_cstr(&s->w, name);
	put_bool(&s->w, want_reply);
	put_bytes(&s->w, body.data, body.len);
	step_record_close(s, mark);
	ch->asked += want_reply;
	return 0;
}

int
caller_start(
    struct caller *c, uint32_t chan, const char *name, struct view body, uint32_t link, struct step *s)
{
	int r = caller_request(c, chan, name, body, true, s);

	if (r == 0) {
		c->chan[chan].starting = true;
		c->chan[chan].link = link;
	}
	return r;
}

int
caller_chan_close(struct caller *c, uint32_t chan, struct step *s)
{
	struct caller_chan *ch = chan_of(c, chan);

	if (c->state != CALLER_OPEN || ch == NULL || !ch->open)
		return -R_LINK_STATE;
	step_begin(s, c->conn, c->gen);
	step_chan_close(s, chan);
	return 0;
}

int
caller_global(struct caller *c, const char *name, struct view body, bool want_reply, struct step *s)
{
	size_t mark;

	if (c->state != CALLER_OPEN)
		return -R_LINK_STATE;
	if (body.len > SSH_CHAN_PACKET_MAX || (want_reply && c->globals >= CALLER_GLOBALS_MAX))
		return -R_LIMIT;
	step_begin(s, c->conn, c->gen);
	mark = step_record_open(s, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&s->w, name);
	put_bool(&s->w, want_reply);
	put_bytes(&s->w, body.data, body.len);
	step_record_close(s, mark);
	c->globals += want_reply;
	return 0;
}

/* ---- what the server says ---- */

/* keepalive@openssh.com and what nobody knows are answered alike: any answer does. */
int
caller_on_global(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	static const uint8_t failure[] = { SSH_MSG_REQUEST_FAILURE };
	struct caller_event e = { .told = CALLER_TOLD_GLOBAL };
	struct cur p = cur_view(payload);
	bool want_reply;

	(void)seq;
	cur_u8(&p);
	e.text = cur_string(&p);
	want_reply = cur_bool(&p);
	if (p.bad)
		return -R_SHORT;
	e.data = cur_take(&p, cur_left(&p));
	caller_tell(c, &e);
	if (want_reply)
		step_record(s, view_of(failure, sizeof(failure)));
	return 0;
}

int
caller_on_answer(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	const struct caller_event e = { .told = CALLER_TOLD_ANSWER,
		.ok = payload.data[0] == SSH_MSG_REQUEST_SUCCESS,
		.data = view_of(payload.data + 1, payload.len - 1) };

	(void)seq;
	(void)s;
	if (c->globals == 0)
		return -R_SSH_PHASE;
	c->globals--;
	caller_tell(c, &e);
	return 0;
}

static int
on_opened(struct caller *c, uint32_t chan, struct cur *p)
{
	const struct caller_event e = { .told = CALLER_TOLD_OPENED, .chan = chan };

	if (c->chan[chan].open)
		return -R_CHAN_UNKNOWN;
	c->chan[chan].peers = cur_u32(p);
	c->chan[chan].open = true;
	if (p->bad)
		return -R_SHORT;
	caller_tell(c, &e);
	return 0;
}

/*
 * RFC 4254 section 5.1: a reason, a description and its language. Old servers leave the
 * last two out, or the last; both are for people, nothing of the protocol hangs on them
 * and no byte is read as another for their want, so what is missing is taken for empty.
 * What is there has to be whole.
 */
static int
on_unopened(struct caller *c, uint32_t chan, struct cur *p)
{
	struct caller_event e = { .told = CALLER_TOLD_UNOPENED, .chan = chan };

	if (c->chan[chan].open)
		return -R_CHAN_UNKNOWN;
	e.code = cur_u32(p);
	if (p->bad)
		return -R_SHORT;
	if (cur_left(p) > 0)
		e.text = cur_string(p);
	if (cur_left(p) > 0)
		cur_string(p); /* language */
	if (!cur_done(p))
		return -R_SHORT;
	c->chan[chan].used = false;
	caller_tell(c, &e);
	return 0;
}

void
caller_chan_start(uint32_t chan, uint32_t link, struct step *s)
{
	size_t mark = step_chan_start_open(s, chan, link, false);

	put_u8(&s->w, LINK_START_EXEC);
	put_cstr(&s->w, "");
	put_cstr(&s->w, ""); /* no terminal of ours */
	put_u32(&s->w, 0);
	step_chan_start_close(s, mark);
}

/* Replies have no name: the start's is the last one asked for. */
static int
on_reply(struct caller *c, uint32_t chan, bool ok, struct step *s)
{
	const struct caller_event e = { .told = CALLER_TOLD_REPLY, .chan = chan, .ok = ok };
	struct caller_chan *ch = &c->chan[chan];

	if (ch->asked == 0)
		return -R_SSH_PHASE;
	ch->asked--;
	if (ch->starting && ch->asked == 0) {
		ch->starting = false;
		if (ok)
			caller_chan_start(chan, ch->link, s);
	}
	caller_tell(c, &e);
	return 0;
}

/* Before the start; no server of today asks for anything then. */
static int
on_request(struct caller *c, uint32_t chan, struct cur *p, struct step *s)
{
	struct caller_event e = { .told = CALLER_TOLD_ASKED, .chan = chan, .text = cur_string(p) };
	bool want_reply = cur_bool(p);
	size_t mark;

	if (p->bad)
		return -R_SHORT;
	e.data = cur_take(p, cur_left(p));
	caller_tell(c, &e);
	if (!want_reply)
		return 0;
	mark = step_record_open(s, SSH_MSG_CHANNEL_FAILURE);
	put_u32(&s->w, c->chan[chan].peers);
	step_record_close(s, mark);
	return 0;
}

int
caller_on_chan(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct cur p = cur_view(payload);
	uint8_t msg = cur_u8(&p);
	uint32_t chan;

	if (msg == SSH_MSG_CHANNEL_OPEN)
		return caller_on_open(c, payload, seq, s);
	chan = cur_u32(&p);
	/* Of one that is not answered the server does not know the number. */
	if (p.bad || chan_of(c, chan) == NULL || c->chan[chan].theirs)
		return -R_CHAN_UNKNOWN;
	switch (msg) {
	case SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
		return on_opened(c, chan, &p);
	case SSH_MSG_CHANNEL_OPEN_FAILURE:
		return on_unopened(c, chan, &p);
	case SSH_MSG_CHANNEL_REQUEST:
		return on_request(c, chan, &p, s);
	default:
		return on_reply(c, chan, msg == SSH_MSG_CHANNEL_SUCCESS, s);
	}
}

void
caller_chan_free(struct caller *c, uint32_t chan)
{
	const struct caller_event e = { .told = CALLER_TOLD_GONE, .chan = chan };

	if (chan_of(c, chan) == NULL)
		return;
	c->chan[chan].used = false;
	caller_tell(c, &e);
}
