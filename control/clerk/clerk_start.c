#include "control/clerk/clerk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/grant.h"

#define CLERK_FILES "sftp" /* the plugin that internal-sftp means */

/* ---- records that wait ---- */

struct clerk_wait *
clerk_wait_add(struct clerk_conn *c, uint32_t serial, uint32_t chan, struct view bytes)
{
	struct clerk_wait **at = &c->waits;
	struct clerk_wait *w;

	if (c->wait_count >= CLERK_WAITS_MAX)
		return NULL;
	w = calloc(1, sizeof(*w) + bytes.len);
	if (w == NULL)
		return NULL;
	w->serial = serial;
	w->chan = chan;
	w->len = (uint32_t)bytes.len;
	if (bytes.len > 0)
		memcpy(w->bytes, bytes.data, bytes.len);
	while (*at != NULL)
		at = &(*at)->next;
	*at = w;
	c->wait_count++;
	return w;
}

void
clerk_wait_drop(struct clerk_conn *c, struct clerk_wait *w)
{
	struct clerk_wait **at = &c->waits;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = w->next;
	c->wait_count--;
	explicit_bzero(w->bytes, w->len);
	free(w);
}

bool
clerk_starting(const struct clerk_conn *c, uint32_t chan)
{
	for (const struct clerk_wait *w = c->waits; w != NULL; w = w->next)
		if ((w->start || w->prove || w->full) && w->chan == chan)
			return true;
	return false;
}

/* ---- which plugin serves a start ---- */

struct start {
	uint8_t kind;
	const char *plugin;
	struct view text; /* command line, or the subsystem's name */
};

static const struct conf_subsystem *
subsystem(const struct conf *conf, struct view name)
{
	for (uint32_t i = 0; i < conf->subsystem_count; i++)
		if (view_is(name, conf->subsystem[i].name))
			return &conf->subsystem[i];
	return NULL;
}

/* The name by which a start of the file server finds its arguments. */
static const char *
files_name(const struct conf *conf, const struct conf_subsystem *asked)
{
	if (asked != NULL && strcmp(asked->plugin, CLERK_FILES) == 0)
		return asked->name;
	for (uint32_t i = 0; i < conf->subsystem_count; i++)
		if (strcmp(conf->subsystem[i].plugin, CLERK_FILES) == 0)
			return conf->subsystem[i].name;
	return CLERK_FILES;
}

/* A login whose grant forces a command gets that one, whatever it asks for, as with sshd:
 * what was asked for stays the text, for start_on to pass on. Supervisor and leader hold
 * to the same by the grant, whatever a clerk says. */
static void
force(const struct conf *conf, const char *command, struct start *s)
{
	const struct conf_subsystem *asked = s->kind == LINK_START_SUBSYSTEM ? subsystem(conf, s->text) : NULL;

	if (strcmp(command, GRANT_COMMAND_SFTP) == 0) {
		s->kind = LINK_START_SUBSYSTEM;
		s->plugin = CLERK_FILES;
		s->text = view_str(files_name(conf, asked));
		return;
	}
	if (asked != NULL && strcmp(asked->plugin, CLERK_FILES) == 0)
		s->text = view_str(GRANT_COMMAND_SFTP);
	s->kind = asked != NULL || s->kind == LINK_START_COMMAND ? LINK_START_COMMAND : LINK_START_EXEC;
	s->plugin = "exec";
}

/* RFC 4254 section 6.5. False: malformed or not served. */
static bool
resolve(const struct conf *conf, struct view type, struct cur *body, struct start *s)
{
	const struct conf_subsystem *sub;

	s->plugin = "exec";
	s->kind = LINK_START_SHELL;
	s->text = view_of(NULL, 0);
	if (view_is(type, "shell"))
		return cur_done(body);
	s->kind = LINK_START_EXEC;
	s->text = cur_string(body);
	if (!cur_done(body) || s->text.len > CLERK_COMMAND_MAX ||
	    (s->text.len > 0 && memchr(s->text.data, 0, s->text.len) != NULL))
		return false;
	if (view_is(type, "exec"))
		return true;
	sub = subsystem(conf, s->text);
	if (sub == NULL)
		return false;
	if (sub->command[0] != '\0') {
		s->kind = LINK_START_COMMAND;
		s->text = view_str(sub->command);
		return true;
	}
	s->kind = LINK_START_SUBSYSTEM;
	s->plugin = sub->plugin;
	return true;
}

void
clerk_wait_ask(struct turn *t, const struct clerk_wait *w)
{
	put_cstr(turn_ask(t, ASK_SUPERVISOR, MSG_HOST_WANTED, w->serial), w->plugin);
}

int
clerk_start(struct clerk_env *env, struct clerk_conn *c, struct turn *t, const struct clerk_chan *ch,
    struct view type, struct cur *body, bool want_reply)
{
	struct start s;
	struct clerk_wait *w;

	if (!resolve(&env->conf, type, body, &s)) {
		clerk_reply(t, ch->peers, want_reply, false);
		return turn_done(t);
	}
	if (c->command != NULL)
		force(&env->conf, c->command, &s);
	w = clerk_wait_add(c, t->serial, ch->ours, s.text);
	if (w == NULL)
		return -R_LIMIT;
	w->start = true;
	w->want_reply = want_reply;
	w->kind = s.kind;
	snprintf(w->plugin, sizeof(w->plugin), "%s", s.plugin);
	clerk_wait_ask(t, w);
	return 0;
}

/* ---- the host is there, or not ---- */

static struct clerk_wait *
start_of(struct clerk_conn *c, uint32_t serial, struct view plugin)
{
	for (struct clerk_wait *w = c->waits; w != NULL; w = w->next)
		if (w->start && w->serial == serial && view_is(plugin, w->plugin))
			return w;
	return NULL;
}

/* Binding, start and done are this one step: whoever dies now, the program has
 * been started once or not at all. */
static int
start_on(struct turn *t, const struct clerk_wait *w, const char *command, const struct clerk_chan *ch,
    uint32_t at, uint32_t link_id)
{
	bool forced = command != NULL && w->kind != LINK_START_SUBSYSTEM;
	bool original = forced && w->len > 0; /* a shell has none */
	uint8_t state[64];
	struct put sw = put_of(state, sizeof(state));
	struct put *p = &t->act->step.w;
	struct clerk_chan started = { .ours = ch->ours, .peers = ch->peers, .started = true };
	size_t mark = step_chan_start_open(&t->act->step, ch->ours, link_id, w->want_reply);

	put_u8(p, w->kind);
	if (forced)
		put_cstr(p, command);
	else
		put_string(p, w->bytes, w->len);
	put_sview(p, ch->pty);
	put_u32(p, ch->env_count + original);
	put_bytes(p, ch->env.data, ch->env.len);
	if (original) {
		put_cstr(p, "SSH_ORIGINAL_COMMAND");
		put_string(p, w->bytes, w->len);
	}
	step_chan_start_close(&t->act->step, mark);
	if (clerk_chan_store(&t->note, at, &started, &sw) != 0)
		return -R_INTERNAL;
	return turn_commit(t);
}

static void
log_no_host(struct turn *t, const struct clerk_wait *w, uint32_t reason, struct view text)
{
	turn_log(t, "%s port %u: plugin %s not started: %s%s%.*s", t->peer->address, t->peer->port, w->plugin,
	    reason_text((int)(reason % REASON_MAX)), text.len > 0 ? ": " : "",
	    text.len > 200 ? 200 : (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

int
clerk_host_ready(struct clerk_conn *c, struct turn *t, const struct msg *m)
{
	struct cur b = cur_view(m->body);
	struct view plugin = cur_string(&b);
	uint32_t link_id = cur_u32(&b);
	uint32_t reason = cur_u32(&b);
	struct view text = cur_string(&b);
	struct clerk_wait *w;
	struct clerk_chan ch;
	uint32_t at = 0;
	int r;

	if (!cur_done(&b) || (w = start_of(c, m->tag, plugin)) == NULL)
		return 0;
	t->serial = w->serial;
	if (w->query) {
		if (reason != 0)
			log_no_host(t, w, reason, text);
		r = clerk_query_ready(t, w, link_id, reason);
	} else if (w->chan == CLERK_OPENING) {
		if (reason != 0)
			log_no_host(t, w, reason, text);
		r = clerk_open_ready(t, w, link_id, reason);
	} else if (clerk_chan_find(&t->note, w->chan, &ch, &at) != 0) {
		r = turn_done(t);
	} else if (reason != 0) {
		log_no_host(t, w, reason, text);
		clerk_reply(t, ch.peers, w->want_reply, false);
		r = turn_done(t);
	} else {
		r = start_on(t, w, c->command, &ch, at, link_id);
	}
	clerk_wait_drop(c, w);
	return r;
}
