/* Channels that the server opens: RFC 4254 sections 5.1, 6.3.2 and 7.2. */
#include "control/client/caller.h"
#include "control/kex/namelist.h"

#define PORT_MAX 65535u

/* ---- what they are for ---- */

static int
forwarded_tcpip(struct caller_origin *o, struct cur *c)
{
	o->address = cur_string(c);
	o->port = cur_u32(c);
	o->originator = cur_string(c);
	o->originator_port = cur_u32(c);
	return 0;
}

static int
x11(struct caller_origin *o, struct cur *c)
{
	o->originator = cur_string(c);
	o->originator_port = cur_u32(c);
	return 0;
}

static int
forwarded_streamlocal(struct caller_origin *o, struct cur *c)
{
	o->address = cur_string(c);
	cur_string(c); /* for later use */
	return 0;
}

static int
auth_agent(struct caller_origin *o, struct cur *c)
{
	(void)o;
	(void)c;
	return 0;
}

static const struct {
	const char *type;
	int (*read)(struct caller_origin *, struct cur *);
} types[] = {
	{ "forwarded-tcpip", forwarded_tcpip },
	{ "x11", x11 },
	{ "forwarded-streamlocal@openssh.com", forwarded_streamlocal },
	{ "auth-agent@openssh.com", auth_agent },
};

int
caller_origin(struct caller_origin *o, struct view type, struct view data)
{
	struct cur c = cur_view(data);

	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!view_is(type, types[i].type))
			continue;
		types[i].read(o, &c);
		if (!cur_done(&c))
			return -R_SHORT;
		return o->port > PORT_MAX || o->originator_port > PORT_MAX ? -R_PROTOCOL : 0;
	}
	return -R_PROTOCOL;
}

/* ---- answers ---- */

static void
failure(struct step *s, uint32_t peers, uint32_t code, const char *text)
{
	size_t mark = step_record_open(s, SSH_MSG_CHANNEL_OPEN_FAILURE);

	put_u32(&s->w, peers);
	put_u32(&s->w, code);
	put_cstr(&s->w, text);
	put_cstr(&s->w, "");
	step_record_close(s, mark);
}

static struct caller_chan *
theirs(struct caller *c, uint32_t chan)
{
	if (c->state != CALLER_OPEN || chan >= CALLER_CHANS || !c->chan[chan].used || !c->chan[chan].theirs)
		return NULL;
	return &c->chan[chan];
}

int
caller_accept(
    struct caller *c, uint32_t chan, uint32_t window, uint32_t packet, uint32_t link, struct step *s)
{
	struct caller_chan *ch = theirs(c, chan);
	struct step_chan item = { .ours = chan, .window = window, .packet = packet };
	size_t mark;

	if (ch == NULL)
		return -R_LINK_STATE;
	if (packet == 0 || packet > SSH_CHAN_PACKET_MAX)
		return -R_LIMIT;
	item.peers = ch->peers;
	item.peer_window = ch->peer_window;
	item.peer_packet = ch->peer_packet;
	step_begin(s, c->conn, c->gen);
	step_chan_new(s, &item);
	mark = step_record_open(s, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	put_u32(&s->w, ch->peers);
	put_u32(&s->w, chan);
	put_u32(&s->w, window);
	put_u32(&s->w, packet);
	step_record_close(s, mark);
	caller_chan_start(chan, link, s);
	ch->theirs = false;
	ch->open = true;
	return 0;
}

int
caller_refuse(struct caller *c, uint32_t chan, uint32_t code, const char *text, struct step *s)
{
	struct caller_chan *ch = theirs(c, chan);

	if (ch == NULL)
		return -R_LINK_STATE;
	step_begin(s, c->conn, c->gen);
	failure(s, ch->peers, code, text);
	ch->used = false;
	return 0;
}

/* ---- what the server asks ---- */

static bool
known(struct view type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (view_is(type, types[i].type))
			return true;
	/* RFC 4254 section 6.1: a client SHOULD refuse it, whatever it serves. */
	return view_is(type, "session");
}

/* Why it is refused without asking anybody; 0: it is not. */
static uint32_t
at_once(const struct caller *c, struct view type, uint32_t chan)
{
	struct view opens = view_str(c->env->opens != NULL ? c->env->opens : "");

	if (!known(type))
		return SSH_OPEN_UNKNOWN_CHANNEL_TYPE;
	if (view_is(type, "session") || !namelist_has_view(opens, type))
		return SSH_OPEN_ADMINISTRATIVELY_PROHIBITED;
	return chan == CALLER_CHANS ? SSH_OPEN_RESOURCE_SHORTAGE : 0;
}

int
caller_on_open(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct caller_chan ch = { .used = true, .theirs = true };
	struct caller_event e = { .told = CALLER_TOLD_OPEN };
	struct caller_origin origin;
	struct cur p = cur_view(payload);
	uint32_t code;
	int r;

	(void)seq;
	cur_u8(&p);
	e.text = cur_string(&p);
	ch.peers = cur_u32(&p);
	ch.peer_window = cur_u32(&p);
	ch.peer_packet = cur_u32(&p);
	if (p.bad)
		return -R_SHORT;
	e.data = cur_take(&p, cur_left(&p));
	while (e.chan < CALLER_CHANS && c->chan[e.chan].used)
		e.chan++;
	code = at_once(c, e.text, e.chan);
	if (code != 0) {
		failure(s, ch.peers, code, "");
		return 0;
	}
	if (ch.peer_packet == 0)
		return -R_CHAN_PACKET;
	r = caller_origin(&origin, e.text, e.data);
	if (r != 0)
		return r;
	c->chan[e.chan] = ch;
	caller_tell(c, &e);
	return 0;
}
