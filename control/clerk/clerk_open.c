#include "control/clerk/clerk.h"

/* RFC 4254 section 5.1. */
struct open_request {
	struct view type;
	uint32_t peers;
	uint32_t window;
	uint32_t packet;
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
	if (c.bad)
		return -R_SHORT;
	if (view_is(q->type, "session") && !cur_done(&c))
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
static uint32_t
free_number(const struct note *n)
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

static int
open_session(struct turn *t, const struct open_request *q)
{
	uint8_t state[64];
	struct put sw = put_of(state, sizeof(state));
	struct put *w = &t->act->step.w;
	struct clerk_chan ch = { .ours = free_number(&t->note), .peers = q->peers };
	struct step_chan item = { .ours = ch.ours,
		.peers = q->peers,
		.peer_window = q->window,
		.peer_packet = q->packet,
		.window = CLERK_WINDOW,
		.packet = SSH_CHAN_PACKET_MAX };
	size_t mark;

	if (clerk_chan_store(&t->note, t->note.chan_count, &ch, &sw) != 0)
		return -R_INTERNAL;
	t->note.chan_count++;
	step_chan_new(&t->act->step, &item);
	mark = step_record_open(&t->act->step, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	put_u32(w, q->peers);
	put_u32(w, ch.ours);
	put_u32(w, item.window);
	put_u32(w, item.packet);
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

int
clerk_open(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	struct open_request q;
	uint32_t max = env->conf.max_sessions < CLERK_CHAN_MAX ? env->conf.max_sessions : CLERK_CHAN_MAX;
	int r = parse(&q, t->payload);

	(void)c;
	if (r != 0)
		return r;
	if (is_prohibited(q.type))
		return refuse(t, &q, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "not allowed");
	if (!view_is(q.type, "session"))
		return refuse(t, &q, SSH_OPEN_UNKNOWN_CHANNEL_TYPE, "unknown channel type");
	/* OpenSSH PROTOCOL 2.2: a session after the promise means a hijacked client. */
	if ((t->note.flags & NOTE_F_NO_MORE_SESSIONS) != 0)
		return -R_PROTOCOL;
	if (t->note.chan_count >= max)
		return refuse(t, &q, SSH_OPEN_RESOURCE_SHORTAGE, "too many sessions");
	return open_session(t, &q);
}

/* RFC 4254 section 4. */
int
clerk_global(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	struct cur m = cur_view(t->payload);
	struct view name;
	bool want, ok;

	(void)env;
	cur_u8(&m);
	name = cur_string(&m);
	want = cur_bool(&m);
	if (m.bad)
		return -R_SHORT;
	/* Replies have no name: they keep the order of the requests. */
	if (clerk_starting(c, CLERK_GLOBAL))
		return clerk_wait_add(c, t->serial, CLERK_GLOBAL, t->payload) != NULL ? 0 : -R_LIMIT;
	if (view_is(name, "hostkeys-prove-00@openssh.com"))
		return clerk_prove(c, t, &m, want);
	ok = view_is(name, "no-more-sessions@openssh.com");
	if (ok)
		t->note.flags |= NOTE_F_NO_MORE_SESSIONS;
	if (want)
		step_record_close(&t->act->step,
		    step_record_open(&t->act->step, ok ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE));
	return ok ? turn_commit(t) : turn_done(t);
}
