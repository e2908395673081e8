/*
 * What a plugin asks of the peer: a channel, a global request. The worker says which
 * plugin's host asked, and remembers who and for what: the answer here is yes with a
 * number, or no, in one step with done. From there on nobody here is needed.
 */
#include "control/clerk/clerk.h"

static int
refuse(struct turn *t, enum ssh_open_failure code, const char *text)
{
	step_refuse(&t->act->step, code, text);
	return turn_done(t);
}

/* Why a plugin may not: NAME.conf does not list it, or login or configuration do not
 * allow it. NULL: it may. */
static const char *
why_not(const struct clerk_env *env, const struct clerk_conn *c, enum serves_kind kind, struct view plugin,
    struct view name)
{
	/* RFC 4254 section 6.1: a client has to refuse it anyway. */
	if (kind == SERVES_OPENS && view_is(name, "session"))
		return "a server opens no session";
	if (!serves_has(&env->serves, kind, name, plugin))
		return "its plugin's configuration does not list it";
	return clerk_may(env, c, kind, name) ? NULL : "not allowed";
}

static int
open_asked(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	uint8_t state[64];
	struct put sw = put_of(state, sizeof(state));
	struct clerk_chan ch = { .ours = clerk_free_number(&t->note), .started = true, .foreign = true };

	if (clerk_room(env, c, &t->note) == 0)
		return refuse(t, SSH_OPEN_RESOURCE_SHORTAGE, "too many channels");
	if (clerk_chan_store(&t->note, t->note.chan_count, &ch, &sw) != 0)
		return -R_INTERNAL;
	t->note.chan_count++;
	step_chan_asked(&t->act->step, ch.ours, clerk_window(ch.ours), SSH_CHAN_PACKET_MAX);
	return turn_commit(t);
}

int
clerk_asked(struct clerk_env *env, struct clerk_conn *c, struct turn *t, enum serves_kind kind)
{
	struct cur r = cur_view(t->payload);
	struct view plugin = cur_string(&r);
	struct view name = cur_string(&r);
	const char *why;

	if (r.bad)
		return -R_SHORT;
	why = why_not(env, c, kind, plugin, name);
	if (why != NULL) {
		turn_log(t, "%s port %u: plugin %.*s may not %s %.*s: %s", c->p.address, c->p.port,
		    (int)plugin.len, (const char *)plugin.data, kind == SERVES_OPENS ? "open" : "request",
		    (int)name.len, (const char *)name.data, why);
		return refuse(t, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "not allowed");
	}
	if (kind == SERVES_OPENS)
		return open_asked(env, c, t);
	step_global_asked(&t->act->step);
	return turn_done(t);
}
