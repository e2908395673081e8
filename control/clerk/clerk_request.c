#include "control/clerk/clerk.h"

#include "abi/link/grant.h"

void
clerk_reply(struct turn *t, uint32_t peers, bool want, bool ok)
{
	size_t mark;

	if (!want)
		return;
	mark = step_record_open(&t->act->step, ok ? SSH_MSG_CHANNEL_SUCCESS : SSH_MSG_CHANNEL_FAILURE);
	put_u32(&t->act->step.w, peers);
	step_record_close(&t->act->step, mark);
}

enum request_kind {
	REQUEST_PTY,
	REQUEST_ENV,
	REQUEST_WINDOW,
	REQUEST_START,
	REQUEST_NOTHING, /* no program yet: nothing to do */
};

static const struct {
	const char *type;
	enum request_kind kind;
} kinds[] = {
	{ "pty-req", REQUEST_PTY },
	{ "env", REQUEST_ENV },
	{ "window-change", REQUEST_WINDOW },
	{ "shell", REQUEST_START },
	{ "exec", REQUEST_START },
	{ "subsystem", REQUEST_START },
};

/* What is not listed (x11-req, agent forwarding, signal and break before there is
 * a program, names that nobody knows) is answered with a failure where an answer
 * is wanted, and does nothing. */
static enum request_kind
kind_of(struct view type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_is(type, kinds[i].type))
			return kinds[i].kind;
	return REQUEST_NOTHING;
}

static bool
tty_allowed(const struct clerk_env *env, const struct clerk_conn *c)
{
	return env->conf.permit_tty && (c->restrictions & GRANT_NO_PTY) == 0;
}

static bool
change(struct clerk_env *env, struct clerk_conn *c, enum request_kind kind, struct cur *body,
    struct clerk_chan *ch, struct put *w)
{
	if (ch->started)
		return false;
	switch (kind) {
	case REQUEST_PTY:
		return tty_allowed(env, c) && clerk_pty_req(body, ch, w);
	case REQUEST_ENV:
		return clerk_env_req(&env->conf, body, ch, w);
	case REQUEST_WINDOW:
		return clerk_window_change(body, ch, w);
	default:
		return false;
	}
}

/* A start of this channel waits for its host: what follows waits behind it. */
static int
wait_behind(struct clerk_conn *c, struct turn *t, uint32_t chan)
{
	return clerk_wait_add(c, t->serial, chan, t->payload) != NULL ? 0 : -R_LIMIT;
}

int
clerk_request(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	uint8_t scratch[NOTE_CHAN_STATE_MAX], state[NOTE_CHAN_STATE_MAX];
	struct put w = put_of(scratch, sizeof(scratch));
	struct put sw = put_of(state, sizeof(state));
	struct cur m = cur_view(t->payload);
	struct clerk_chan ch;
	uint32_t ours, at = 0;
	const char *plugin;
	struct view type;
	bool want, ok;
	int r;

	cur_u8(&m);
	ours = cur_u32(&m);
	type = cur_string(&m);
	want = cur_bool(&m);
	if (m.bad)
		return -R_SHORT;
	if ((r = clerk_chan_find(&t->note, ours, &ch, &at)) != 0)
		return r;
	/* A window's new size can still enter the start; others wait for it. */
	if ((clerk_starting(c, ours) || ch.query != 0) && kind_of(type) != REQUEST_WINDOW)
		return wait_behind(c, t, ours);
	plugin = kind_of(type) == REQUEST_NOTHING && !ch.started ?
	    serves_who(&env->serves, SERVES_REQUEST, type) : NULL;
	if (plugin != NULL && clerk_may(env, c, SERVES_REQUEST, type))
		return clerk_query(c, t, ours, plugin);
	if (kind_of(type) == REQUEST_START && !ch.started)
		return clerk_start(env, c, t, &ch, type, &m, want);
	ok = change(env, c, kind_of(type), &m, &ch, &w) && clerk_chan_store(&t->note, at, &ch, &sw) == 0;
	clerk_reply(t, ch.peers, want, ok);
	return ok ? turn_commit(t) : turn_done(t);
}
