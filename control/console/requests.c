/*
 * A client's request: checked, asked of the supervisor, answered.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/console/console.h"
#include "control/role.h"

static void
send_request(struct console *c, struct client *cl, struct msg *m, const struct put *w, enum client_want want)
{
	m->tag = ++c->next_tag;
	m->body = put_view(w);
	if (msg_send(ROLE_SUPERVISOR_FD, m) != 0) {
		clients_error(c, cl, "the supervisor is busy");
		return;
	}
	cl->tag = m->tag;
	cl->want = want;
}

static void
ask_table(struct console *c, struct client *cl, const char *what, enum client_want want)
{
	uint8_t body[64];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_STATUS };

	put_cstr(&w, what);
	send_request(c, cl, &m, &w, want);
}

static void
ask_action(struct console *c, struct client *cl, const char *verb, const char *argument)
{
	uint8_t body[CONSOLE_REQUEST_MAX + 8 * CONSOLE_GROUPS_MAX];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_ACTION };
	uint32_t i;

	put_cstr(&w, verb);
	put_cstr(&w, argument);
	put_u32(&w, cl->uid);
	put_u32(&w, cl->group_count);
	for (i = 0; i < cl->group_count; i++)
		put_u32(&w, cl->group[i]);
	send_request(c, cl, &m, &w, WANT_ACTION);
}

/* ---- one row per verb ---- */

static void
ask_status(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	ask_table(c, cl, "status", WANT_STATUS);
}

static void
ask_sessions(struct console *c, struct client *cl, const struct js *request)
{
	cl->all = js_bool(request, "all");
	ask_table(c, cl, "sessions", WANT_SESSIONS);
}

static void
ask_channels(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	ask_table(c, cl, "sessions", WANT_CHANNELS);
}

static void
ask_plugins(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	ask_table(c, cl, "plugins", WANT_PLUGINS);
}

static void
ask_tcp(struct console *c, struct client *cl, const struct js *request)
{
	uint8_t body[128];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_STATUS };

	put_cstr(&w, "tcp");
	if (!lists_tcp_ask(request, &w)) {
		clients_error(c, cl, "not a session's id, an address or a network");
		return;
	}
	cl->from = (uint32_t)js_u64(request, "from");
	send_request(c, cl, &m, &w, WANT_TCP);
}

/* What the meter pages have is here. */
static void
answer_list(struct console *c, struct client *cl, const char *key, struct js *list)
{
	struct js *o = js_object();

	js_set_bool(o, "ok", true);
	js_set(o, key, list);
	clients_answer(c, cl, o);
}

static void
tell_workers(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	answer_list(c, cl, "workers", meters_cycles(c));
}

static void
tell_drops(struct console *c, struct client *cl, const struct js *request)
{
	answer_list(c, cl, "drops", meters_drops(c, js_bool(request, "all")));
}

static void
tell_counters(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	answer_list(c, cl, "counters", meters_counters(c));
}

static void
ask_limits(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	ask_table(c, cl, "status", WANT_LIMITS);
}

static void
ask_reload(struct console *c, struct client *cl, const struct js *request)
{
	(void)request;
	ask_action(c, cl, "reload", "");
}

static void
ask_kill(struct console *c, struct client *cl, const struct js *request)
{
	ask_action(c, cl, "kill", js_str(request, "which"));
}

static void
ask_rekey(struct console *c, struct client *cl, const struct js *request)
{
	ask_action(c, cl, "rekey", js_str(request, "which"));
}

static void
ask_plugin(struct console *c, struct client *cl, const struct js *request)
{
	if (strcmp(js_str(request, "op"), "reload") == 0)
		ask_action(c, cl, "plugin-reload", js_str(request, "which"));
	else
		clients_error(c, cl, "of a plugin, reload is served");
}

static const struct {
	const char *verb;
	void (*run)(struct console *c, struct client *cl, const struct js *request);
} verbs[] = {
	{ "status", ask_status },
	{ "sessions", ask_sessions },
	{ "channels", ask_channels },
	{ "plugins", ask_plugins },
	{ "tcp", ask_tcp },
	{ "workers", tell_workers },
	{ "drops", tell_drops },
	{ "counters", tell_counters },
	{ "limits", ask_limits },
	{ "capture", capture_request },
	{ "trace", trace_request },
	{ "kill", ask_kill },
	{ "rekey", ask_rekey },
	{ "reload", ask_reload },
	{ "plugin", ask_plugin },
};

void
request_take(struct console *c, struct client *cl, const char *line, size_t len)
{
	struct js *request = js_parse(line, len);
	const char *verb = js_str(request, "verb");
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].verb, verb) != 0)
			continue;
		verbs[i].run(c, cl, request);
		js_free(request);
		return;
	}
	clients_error(c, cl, request == NULL ? "not a JSON object" : "unknown verb");
	js_free(request);
}

/* ---- answers of the supervisor ---- */

/* A file of the supervisor, mapped; an empty view when there is none. */
static struct view
file_map(int fd)
{
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	void *at;

	if (size <= 0)
		return view_of(NULL, 0);
	at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	return at != MAP_FAILED ? view_of(at, (size_t)size) : view_of(NULL, 0);
}

static void
file_unmap(struct view v)
{
	if (v.len > 0)
		munmap((void *)(uintptr_t)v.data, v.len);
}

static struct js *
table_of(int fd)
{
	struct view text = file_map(fd);
	struct js *table = text.len > 0 ? js_parse((const char *)text.data, text.len) : NULL;

	file_unmap(text);
	return table;
}

static void
answer_table(struct console *c, struct client *cl, struct js *table, const struct msg *m)
{
	struct view rows = file_map(m->fd_count > 1 ? m->fds[1] : -1);

	js_set_bool(table, "ok", true);
	if (cl->want == WANT_STATUS) {
		js_set(table, "workers", meters_table(c));
		js_set_u64(table, "log_lines", c->lines);
	} else if (cl->want == WANT_TCP) {
		js_set_bool(table, "complete", m->fd_count > 1);
		lists_tcp(c, table, rows, cl->from);
	} else if (cl->want != WANT_PLUGINS && cl->want != WANT_LIMITS) {
		js_set_bool(table, "complete", m->fd_count > 1);
		lists_sessions(table, rows, cl->all);
	}
	if (cl->want == WANT_LIMITS) {
		struct js *control = limits_control(table);

		js_free(table);
		table = js_object();
		js_set_bool(table, "ok", true);
		js_set(table, "limits", meters_limits(c));
		js_set(table, "control", control);
	}
	if (cl->want == WANT_CHANNELS) {
		struct js *list = lists_channels(table, rows);

		js_free(table);
		table = js_object();
		js_set_bool(table, "ok", true);
		js_set_bool(table, "complete", m->fd_count > 1);
		js_set(table, "channels", list);
	}
	file_unmap(rows);
	clients_answer(c, cl, table);
}

void
request_status_is(struct console *c, struct msg *m)
{
	struct client *cl = clients_by_tag(c, m->tag);
	struct js *table;

	/* The client went meanwhile. */
	if (cl == NULL || cl->want == WANT_ACTION)
		return;
	table = table_of(m->fd_count > 0 ? m->fds[0] : -1);
	if (table == NULL)
		clients_error(c, cl, "the supervisor has no answer");
	else
		answer_table(c, cl, table, m);
}

void
request_action_done(struct console *c, struct msg *m)
{
	struct client *cl = clients_by_tag(c, m->tag);
	struct cur b = cur_view(m->body);
	uint32_t reason = cur_u32(&b);
	struct view text = cur_string(&b);
	struct js *o;
	char why[512];

	if (cl == NULL || cl->want != WANT_ACTION || !cur_done(&b))
		return;
	o = table_of(m->fd_count > 0 ? m->fds[0] : -1);
	if (o == NULL)
		o = js_object();
	js_set_bool(o, "ok", reason == R_NONE);
	if (reason != R_NONE) {
		snprintf(why, sizeof(why), "%.*s", (int)text.len, (const char *)text.data);
		js_set_str(o, "error", why);
	}
	clients_answer(c, cl, o);
}
