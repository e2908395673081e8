/*
 * Requests of the peer that plugins answer: global ones, and those on a session channel
 * that are not its program's. The record is done with the step that hands it to the
 * host; the note keeps what is owed for it, and the host's answer comes as a record.
 *
 * One global request is with a host at a time, and one of each channel; what the peer
 * asks meanwhile waits behind it, so replies keep the order of the requests.
 */
#include "control/clerk/clerk.h"

#include <stdio.h>
#include <string.h>

#define REPLY_MAX 1024u /* specific bytes of message 81 */

static uint32_t
queries(const struct clerk_conn *c, const struct note *n)
{
	struct clerk_chan ch;
	uint32_t at, count = n->global_query != 0;

	for (uint32_t i = 0; i < n->chan_count; i++)
		count += clerk_chan_find(n, n->chan[i].ours, &ch, &at) == 0 && ch.query != 0;
	for (const struct clerk_wait *w = c->waits; w != NULL; w = w->next)
		count += w->start && w->query;
	return count;
}

bool
clerk_query_room(const struct clerk_conn *c, const struct note *n)
{
	return queries(c, n) < LINK_QUERIES_MAX;
}

bool
clerk_query_owed(const struct note *n, uint32_t chan)
{
	struct clerk_chan ch;
	uint32_t at;

	if (chan == CLERK_GLOBAL)
		return n->global_query != 0;
	return clerk_chan_find(n, chan, &ch, &at) == 0 && ch.query != 0;
}

int
clerk_query(struct clerk_conn *c, struct turn *t, uint32_t chan, const char *plugin)
{
	bool room = clerk_query_room(c, &t->note);
	struct clerk_wait *w = clerk_wait_add(c, t->serial, chan, t->payload);

	if (w == NULL)
		return -R_LIMIT;
	w->full = !room; /* it comes again when one is answered */
	if (w->full)
		return 0;
	w->start = true;
	w->query = true;
	snprintf(w->plugin, sizeof(w->plugin), "%s", plugin);
	clerk_wait_ask(t, w);
	return 0;
}

static void
global_reply(struct turn *t, bool want, bool ok, struct view body)
{
	size_t mark;

	if (!want)
		return;
	mark = step_record_open(&t->act->step, ok ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE);
	if (ok)
		put_bytes(&t->act->step.w, body.data, body.len);
	step_record_close(&t->act->step, mark);
}

/* The request as it came: RFC 4254 sections 4 and 5.4. */
static bool
request_of(const struct clerk_wait *w, struct view *name, bool *want, struct view *body)
{
	struct cur m = cur_of(w->bytes, w->len);

	cur_u8(&m);
	if (w->chan != CLERK_GLOBAL)
		cur_u32(&m);
	*name = cur_string(&m);
	*want = cur_bool(&m);
	*body = cur_take(&m, cur_left(&m));
	return !m.bad;
}

/* Binding to the answer and done are this one step: nothing is asked twice. */
int
clerk_query_ready(struct turn *t, const struct clerk_wait *w, uint32_t link_id, uint32_t reason)
{
	uint8_t state[NOTE_CHAN_STATE_MAX];
	struct put sw = put_of(state, sizeof(state));
	bool global = w->chan == CLERK_GLOBAL, want, fits;
	struct clerk_chan ch;
	struct view name, body;
	uint32_t at = 0;

	if (!request_of(w, &name, &want, &body))
		return -R_INTERNAL;
	if (!global && clerk_chan_find(&t->note, w->chan, &ch, &at) != 0)
		return turn_done(t);
	fits = reason == 0 && name.len <= LINK_QUERY_NAME_MAX && body.len <= LINK_QUERY_BODY_MAX;
	if (!fits) {
		if (global)
			global_reply(t, want, false, view_of(NULL, 0));
		else
			clerk_reply(t, ch.peers, want, false);
		return turn_done(t);
	}
	step_query(&t->act->step, link_id, w->serial, global ? LINK_CHAN_NONE : w->chan, want, name, body);
	if (global) {
		t->note.global_query = w->serial;
		t->note.global_want = want;
		return turn_commit(t);
	}
	ch.query = w->serial;
	ch.query_want = want;
	ch.query_plugin = view_str(w->plugin);
	return clerk_chan_store(&t->note, at, &ch, &sw) == 0 ? turn_commit(t) : -R_LIMIT;
}

/* What the plugin may put there, its NAME.conf says. */
static bool
put_variables(const struct clerk_env *env, struct clerk_chan *ch, struct view list, struct put *w)
{
	struct cur c = cur_view(list);

	while (cur_left(&c) > 0) {
		struct view name = cur_string(&c);
		struct view value = cur_string(&c);

		if (c.bad || !serves_has(&env->serves, SERVES_VARIABLE, name, ch->query_plugin) ||
		    !clerk_env_put(ch, name, value, w))
			return false;
	}
	return true;
}

static int
session_answered(struct clerk_env *env, struct turn *t, uint32_t ours, uint32_t id, bool success, struct view bytes)
{
	uint8_t scratch[NOTE_CHAN_STATE_MAX * 4], state[NOTE_CHAN_STATE_MAX];
	struct put w = put_of(scratch, sizeof(scratch));
	struct put sw = put_of(state, sizeof(state));
	struct clerk_chan ch, with;
	uint32_t at = 0;

	if (clerk_chan_find(&t->note, ours, &ch, &at) != 0 || ch.query != id)
		return turn_done(t);
	with = ch;
	if (success && put_variables(env, &with, bytes, &w))
		ch = with;
	else
		success = false;
	clerk_reply(t, ch.peers, ch.query_want, success);
	ch.query = 0;
	if (clerk_chan_store(&t->note, at, &ch, &sw) != 0)
		return -R_LIMIT;
	return turn_commit(t);
}

int
clerk_answered(struct clerk_env *env, struct turn *t, uint32_t chan)
{
	struct cur c = cur_view(t->payload);
	uint32_t id = cur_u32(&c);
	bool success = cur_bool(&c);
	struct view bytes = cur_string(&c);

	if (!cur_done(&c) || id == 0)
		return -R_INTERNAL;
	if (chan != LINK_CHAN_NONE)
		return session_answered(env, t, chan, id, success, bytes);
	if (t->note.global_query != id)
		return turn_done(t);
	global_reply(t, t->note.global_want, success && bytes.len <= REPLY_MAX, bytes);
	t->note.global_query = 0;
	return turn_commit(t);
}
