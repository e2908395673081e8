#include "control/clerk/clerk.h"

#include <stdio.h>

#include "abi/link/grant.h"

#define OPEN_BODY_MAX 2048u /* type specific bytes */

/* RFC 4254 section 5.1. */
struct open_request {
	struct view type;
	uint32_t peers;
	uint32_t window;
	uint32_t packet;
	struct view body;
};

static int
parse(struct open_request *q, struct view payload)
{
	struct cur c = cur_view(payload);

	cur_u8(&c);
	q->type = cur_string(&c);
	q->peers = cur_u32(&c);
	q->window = cur_u32(&c);
	q->packet = cur_u32(&c);
	q->body = cur_take(&c, cur_left(&c));
	if (c.bad)
		return -R_SHORT;
	if (view_is(q->type, "session") && q->body.len > 0)
		return -R_PROTOCOL;
	return q->packet == 0 ? -R_CHAN_PACKET : 0;
}

static int
refuse(struct turn *t, const struct open_request *q, enum ssh_open_failure code, const char *text)
{
	struct put *w = &t->act->step.w;
	size_t mark = step_record_open(&t->act->step, SSH_MSG_CHANNEL_OPEN_FAILURE);

	put_u32(w, q->peers);
	put_u32(w, code);
	put_cstr(w, text);
	put_cstr(w, "");
	step_record_close(&t->act->step, mark);
	return turn_done(t);
}

/* The lowest number that is free: the worker has a row per number. */
uint32_t
clerk_free_number(const struct note *n)
{
	uint32_t ours = 0;

	for (uint32_t i = 0; i < n->chan_count; i++) {
		if (n->chan[i].ours != ours)
			continue;
		ours++;
		i = UINT32_MAX; /* from the start: the note is not sorted */
	}
	return ours;
}

/* The channel into note and step. Its state must live on in sw's bytes. */
static int
make_channel(struct turn *t, const struct open_request *q, const struct clerk_chan *ch, struct put *sw)
{
	struct step_chan item = { .ours = ch->ours,
		.peers = q->peers,
		.peer_window = q->window,
		.peer_packet = q->packet,
		.window = clerk_window(ch->ours),
		.packet = SSH_CHAN_PACKET_MAX };

	if (clerk_chan_store(&t->note, t->note.chan_count, ch, sw) != 0)
		return -R_INTERNAL;
	t->note.chan_count++;
	step_chan_new(&t->act->step, &item);
	return 0;
}

static int
open_session(struct turn *t, const struct open_request *q)
{
	uint8_t state[64];
	struct put sw = put_of(state, sizeof(state));
	struct put *w = &t->act->step.w;
	struct clerk_chan ch = { .ours = clerk_free_number(&t->note), .peers = q->peers };
	size_t mark;

	if (make_channel(t, q, &ch, &sw) != 0)
		return -R_INTERNAL;
	mark = step_record_open(&t->act->step, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	put_u32(w, q->peers);
	put_u32(w, ch.ours);
	put_u32(w, clerk_window(ch.ours));
	put_u32(w, SSH_CHAN_PACKET_MAX);
	step_record_close(&t->act->step, mark);
	return turn_commit(t);
}

/* Types that this service knows and does not allow; others it does not know. */
static const char *const prohibited[] = {
	"direct-tcpip",
	"direct-streamlocal@openssh.com",
	"tun@openssh.com",
	"x11",
	"forwarded-tcpip",
	"forwarded-streamlocal@openssh.com",
	"auth-agent@openssh.com",
	"agent-connect",
};

static bool
is_prohibited(struct view type)
{
	for (size_t i = 0; i < sizeof(prohibited) / sizeof(prohibited[0]); i++)
		if (view_is(type, prohibited[i]))
			return true;
	return false;
}

/* ---- what plugins serve ---- */

static uint32_t
opens_waiting(const struct clerk_conn *c)
{
	uint32_t count = 0;

	for (const struct clerk_wait *w = c->waits; w != NULL; w = w->next)
		count += w->chan == CLERK_OPENING;
	return count;
}

uint32_t
clerk_room(const struct clerk_env *env, const struct clerk_conn *c, const struct note *n)
{
	uint32_t taken = n->chan_count + opens_waiting(c);

	return taken < env->conf.max_channels ? env->conf.max_channels - taken : 0;
}

/* The host answers the peer; until it is there the record is not done. */
static int
open_served(struct clerk_env *env, struct clerk_conn *c, struct turn *t, const struct open_request *q,
    const char *plugin)
{
	struct clerk_wait *w;

	if (q->body.len > OPEN_BODY_MAX || clerk_room(env, c, &t->note) == 0 || opens_waiting(c) >= CLERK_OPENS_MAX)
		return refuse(t, q, SSH_OPEN_RESOURCE_SHORTAGE, "too many channels");
	w = clerk_wait_add(c, t->serial, CLERK_OPENING, t->payload);
	if (w == NULL)
		return -R_LIMIT;
	w->start = true;
	w->want_reply = true;
	w->kind = LINK_START_OPEN;
	snprintf(w->plugin, sizeof(w->plugin), "%s", plugin);
	clerk_wait_ask(t, w);
	return 0;
}

/* Channel, binding, start and done are this one step: whoever dies now, the host has
 * got the open once or not at all, and answers it. */
int
clerk_open_ready(struct turn *t, const struct clerk_wait *w, uint32_t link_id, uint32_t reason)
{
	uint8_t state[64];
	struct put sw = put_of(state, sizeof(state));
	struct put *p = &t->act->step.w;
	struct clerk_chan ch = { .ours = clerk_free_number(&t->note), .started = true, .foreign = true };
	struct open_request q;
	size_t mark;

	if (parse(&q, view_of(w->bytes, w->len)) != 0)
		return -R_INTERNAL;
	if (reason != 0)
		return refuse(t, &q, SSH_OPEN_CONNECT_FAILED, "the service is not there");
	if (ch.ours >= CLERK_CHAN_MAX)
		return refuse(t, &q, SSH_OPEN_RESOURCE_SHORTAGE, "too many channels");
	ch.peers = q.peers;
	if (make_channel(t, &q, &ch, &sw) != 0)
		return -R_INTERNAL;
	mark = step_chan_start_open(&t->act->step, ch.ours, link_id, true);
	put_u8(p, LINK_START_OPEN);
	put_sview(p, q.type);
	put_sview(p, q.body);
	put_u32(p, 0);
	step_chan_start_close(&t->act->step, mark);
	return turn_commit(t);
}

int
clerk_open(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	struct open_request q;
	const char *plugin;
	int r = parse(&q, t->payload);

	if (r != 0)
		return r;
	plugin = view_is(q.type, "session") ? NULL : serves_who(&env->serves, SERVES_OPEN, q.type);
	if (plugin != NULL && clerk_may(env, c, SERVES_OPEN, q.type))
		return open_served(env, c, t, &q, plugin);
	if (plugin != NULL || is_prohibited(q.type))
		return refuse(t, &q, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "not allowed");
	if (!view_is(q.type, "session"))
		return refuse(t, &q, SSH_OPEN_UNKNOWN_CHANNEL_TYPE, "unknown channel type");
	/* OpenSSH PROTOCOL 2.2: a session after the promise means a hijacked client. */
	if ((t->note.flags & NOTE_F_NO_MORE_SESSIONS) != 0)
		return -R_PROTOCOL;
	if (clerk_sessions(&t->note) >= env->conf.max_sessions ||
	    t->note.chan_count >= env->conf.max_channels)
		return refuse(t, &q, SSH_OPEN_RESOURCE_SHORTAGE, "too many sessions");
	return open_session(t, &q);
}

/* RFC 4254 section 4. */
int
clerk_global(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	struct cur m = cur_view(t->payload);
	const char *plugin;
	struct view name;
	bool want, ok;

	cur_u8(&m);
	name = cur_string(&m);
	want = cur_bool(&m);
	if (m.bad)
		return -R_SHORT;
	/* Replies have no name: they keep the order of the requests. */
	if (clerk_starting(c, CLERK_GLOBAL) || clerk_query_owed(&t->note, CLERK_GLOBAL))
		return clerk_wait_add(c, t->serial, CLERK_GLOBAL, t->payload) != NULL ? 0 : -R_LIMIT;
	if (view_is(name, "hostkeys-prove-00@openssh.com"))
		return clerk_prove(c, t, &m, want);
	plugin = serves_who(&env->serves, SERVES_GLOBAL, name);
	if (plugin != NULL && clerk_may(env, c, SERVES_GLOBAL, name))
		return clerk_query(c, t, CLERK_GLOBAL, plugin);
	ok = view_is(name, "no-more-sessions@openssh.com");
	if (ok)
		t->note.flags |= NOTE_F_NO_MORE_SESSIONS;
	if (want)
		step_record_close(&t->act->step,
		    step_record_open(&t->act->step, ok ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE));
	return ok ? turn_commit(t) : turn_done(t);
}
