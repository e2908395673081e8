#include "control/host/host.h"

#include <stdlib.h>

#include "abi/link/grant.h"
#include "abi/link/op.h"
#include "control/log.h"

_Static_assert((uint32_t)POSTERN_START_SHELL == LINK_START_SHELL, "one numbering");
_Static_assert((uint32_t)POSTERN_START_EXEC == LINK_START_EXEC, "one numbering");
_Static_assert((uint32_t)POSTERN_START_SUBSYSTEM == LINK_START_SUBSYSTEM, "one numbering");

static bool
serves(const struct postern_if_subsystem *s, uint32_t kind, struct view name)
{
	uint64_t i;

	for (i = 0; i < s->serves_count; i++) {
		const struct postern_serves *row = &s->serves[i];

		if (row->kind != kind)
			continue;
		if (kind == POSTERN_START_SHELL || kind == POSTERN_START_EXEC ||
		    (kind == POSTERN_START_SUBSYSTEM && postern_view_is(row->name, "*")) ||
		    view_eq(name, view_of(row->name.data, row->name.len)))
			return true;
	}
	return false;
}

/* The type specific part of a pty-req: RFC 4254 section 6.2. */
static bool
read_terminal(struct postern_start *start, struct view pty)
{
	struct cur c = cur_view(pty);

	if (pty.len == 0)
		return true;
	start->flags |= POSTERN_START_HAS_TERMINAL;
	start->terminal = view_out(cur_string(&c));
	start->window.columns = cur_u32(&c);
	start->window.rows = cur_u32(&c);
	start->window.width = cur_u32(&c);
	start->window.height = cur_u32(&c);
	start->modes = view_out(cur_string(&c));
	return cur_done(&c);
}

/* *out is the caller's to free. */
static bool
read_environment(struct postern_start *start, struct cur *c, struct postern_variable **out)
{
	uint32_t count = cur_u32(c);
	uint32_t i;

	*out = NULL;
	if (c->bad || count > cur_left(c) / 8)
		return false;
	if (count == 0)
		return true;
	*out = calloc(count, sizeof(**out));
	if (*out == NULL)
		return false;
	for (i = 0; i < count; i++) {
		(*out)[i].name = view_out(cur_string(c));
		(*out)[i].value = view_out(cur_string(c));
	}
	start->environment = *out;
	start->environment_count = count;
	return !c->bad;
}

/* RFC 4254 section 5.1. */
static uint32_t
open_failure(int32_t result)
{
	switch (result) {
	case POSTERN_E_DENIED:
		return SSH_OPEN_ADMINISTRATIVELY_PROHIBITED;
	case POSTERN_E_NOSUCH:
		return SSH_OPEN_UNKNOWN_CHANNEL_TYPE;
	case POSTERN_E_NOMEM:
		return SSH_OPEN_RESOURCE_SHORTAGE;
	default:
		return SSH_OPEN_CONNECT_FAILED;
	}
}

int
chan_refuse(struct host *h, struct chan *c, uint64_t token, int32_t result, struct view text)
{
	size_t len = text.len < LINK_REFUSE_MAX ? text.len : LINK_REFUSE_MAX;

	if (token == 0 || token != c->start_token)
		return -1;
	c->refuse_code = open_failure(result);
	c->refuse_text = len > 0 ? strndup((const char *)text.data, len) : NULL;
	(void)chan_resolve(h, c, token, false);
	chan_close(h, c);
	return 0;
}

static void
refuse(struct host *h, struct chan *c, int32_t result, const char *why)
{
	log_info("plugin %s: channel %u not started: %s", h->name, (unsigned)c->number, why);
	(void)chan_refuse(h, c, c->start_token, result, view_str(why));
}

static void
unanswered(void *ctx)
{
	struct chan *c = ctx;

	c->open_timer = 0;
	refuse(c->host, c, POSTERN_E_NOMEM, "not answered in time");
}

/* A peer that opens more than the plugin answers must not grow either of them. */
static void
wait_for_answer(struct host *h, struct chan *c)
{
	c->flags |= CHAN_F_WAITING;
	h->opens++;
	c->open_timer = loop_after(h->loop, h->open_ms, unanswered, c);
	if (c->open_timer < 0)
		refuse(h, c, POSTERN_E_NOMEM, "no timer for it");
}

void
chan_waited(struct host *h, struct chan *c)
{
	if (!(c->flags & CHAN_F_WAITING))
		return;
	c->flags &= ~CHAN_F_WAITING;
	h->opens--;
	if (c->open_timer > 0)
		loop_cancel(h->loop, c->open_timer);
	c->open_timer = 0;
}

static void
open_with_plugin(struct host *h, struct chan *c, struct postern_start *start)
{
	struct postern_channel handle = { chans_handle(&h->chans, c) };
	int32_t r;

	c->flags |= CHAN_F_OPEN;
	r = h->subsystem->open(h->plugin, handle, start, &c->context);
	if (r == POSTERN_OK || r == POSTERN_E_AGAIN) {
		chan_answer(h, c, start->token, r);
		if (start->kind == POSTERN_START_OPEN && c->start_token != 0)
			wait_for_answer(h, c);
		return;
	}
	c->flags &= ~CHAN_F_OPEN;
	c->context = NULL;
	chans_revoke(&h->chans, c);
	refuse(h, c, r, "refused by the plugin");
}

/* What a channel's start does not have is empty in the plugin's record. */
static bool
read_specific(struct chan *c, struct postern_start *start, struct view specific)
{
	if (start->kind != POSTERN_START_OPEN)
		return read_terminal(start, specific);
	c->flags |= CHAN_F_OPENING;
	start->body = view_out(specific);
	return true;
}

/* Numbers of the link, and of the plugin. */
static void
read_kind(struct postern_start *start, uint8_t kind)
{
	start->kind = kind;
	if (kind == LINK_START_COMMAND) {
		start->kind = POSTERN_START_EXEC;
		start->flags = POSTERN_START_IS_SUBSYSTEM;
	} else if (kind == LINK_START_OPEN) {
		start->kind = POSTERN_START_OPEN;
	}
}

/* What the worker says of the peer's side. */
void
chan_windows(struct chan *c, struct view facts)
{
	struct view body;
	struct cur in;

	c->first_window = c->window;
	if (!conns_fact(facts, FACT_CHANNEL, &body))
		return;
	in = cur_view(body);
	c->peer_window = cur_u32(&in);
	c->peer_packet = cur_u32(&in);
	c->beyond = c->peer_window > c->credit ? c->peer_window - c->credit : 0;
}

/* Its word in log lines; a command line may say too much. */
static void
name_it(struct chan *c, uint32_t kind, struct view name)
{
	if (kind == POSTERN_START_SHELL)
		name = view_str("shell");
	else if (kind == POSTERN_START_EXEC)
		name = view_str("exec");
	c->label = name.len == 0 ? strdup("") :
	    strndup((const char *)name.data, name.len < HOST_LABEL_MAX ? name.len : HOST_LABEL_MAX);
}

void
chan_start(struct host *h, struct chan *c, const struct link_entry *e, struct view payload)
{
	struct postern_start start = { .size = sizeof(start) };
	struct postern_variable *environment = NULL;
	struct cur in = cur_view(payload);
	struct view name, specific, facts = view_of(NULL, 0);
	bool lost, ok;

	c->use = e->seq;
	c->max_packet = (uint32_t)e->arg[0];
	c->credit = e->arg[1];
	c->window = e->arg[2] > 0 && e->arg[2] <= UINT32_MAX ? (uint32_t)e->arg[2] : HOST_WINDOW_DEFAULT;
	start.token = c->start_token = ++h->token;
	if (e->arg[3] != 0)
		c->flags |= CHAN_F_SILENT;
	else
		owed_add(&c->owed, start.token, &lost);
	read_kind(&start, cur_u8(&in));
	name = cur_string(&in);
	start.name = view_out(name);
	specific = cur_string(&in);
	ok = read_specific(c, &start, specific) && read_environment(&start, &in, &environment) &&
	    conns_facts(c->on, facts = cur_string(&in)) == 0 && cur_done(&in);
	chan_windows(c, facts);
	name_it(c, start.kind, name);
	if (!ok)
		refuse(h, c, POSTERN_E_FAIL, "malformed start");
	else if (!serves(h->subsystem, start.kind, name))
		refuse(h, c, POSTERN_E_NOSUCH, "not served by this plugin");
	else if (start.kind == POSTERN_START_OPEN && h->opens >= h->open_max)
		refuse(h, c, POSTERN_E_NOMEM, "too many wait for the plugin");
	else
		open_with_plugin(h, c, &start);
	free(environment);
	chan_touch(h, c);
}
