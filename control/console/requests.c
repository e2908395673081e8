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
ask_table(struct console *c, struct client *cl, const char *verb, enum client_want want)
{
	uint8_t body[64];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_STATUS };

	put_cstr(&w, verb);
	put_u32(&w, cl->uid);
	send_request(c, cl, &m, &w, want);
}

static void
ask_action(struct console *c, struct client *cl, const char *verb, uint32_t conn, uint32_t gen)
{
	uint8_t body[64];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_ACTION, .conn = conn, .gen = gen };

	put_cstr(&w, verb);
	put_u32(&w, cl->uid);
	send_request(c, cl, &m, &w, WANT_ACTION);
}

static void
take_kill(struct console *c, struct client *cl, const struct js *request)
{
	unsigned conn, gen;
	char rest;

	if (sscanf(js_str(request, "id"), "%u-%u%c", &conn, &gen, &rest) != 2)
		clients_error(c, cl, "kill needs a session's id, as posternctl sessions shows it");
	else
		ask_action(c, cl, "kill", conn, gen);
}

void
request_take(struct console *c, struct client *cl, const char *line, size_t len)
{
	struct js *request = js_parse(line, len);
	const char *verb = js_str(request, "verb");

	if (request == NULL)
		clients_error(c, cl, "not a JSON object");
	else if (strcmp(verb, "status") == 0)
		ask_table(c, cl, verb, WANT_STATUS);
	else if (strcmp(verb, "sessions") == 0)
		ask_table(c, cl, verb, WANT_SESSIONS);
	else if (strcmp(verb, "reload") == 0)
		ask_action(c, cl, verb, 0, 0);
	else if (strcmp(verb, "kill") == 0)
		take_kill(c, cl, request);
	else
		clients_error(c, cl, "unknown verb");
	js_free(request);
}

/* ---- answers of the supervisor ---- */

static struct js *
table_of(int fd)
{
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	struct js *table;
	void *text;

	if (size <= 0)
		return NULL;
	text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return NULL;
	table = js_parse(text, (size_t)size);
	munmap(text, (size_t)size);
	return table;
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
	if (table == NULL) {
		clients_error(c, cl, "the supervisor has no answer");
		return;
	}
	js_set_bool(table, "ok", true);
	if (cl->want == WANT_STATUS) {
		js_set(table, "workers", meters_table(c));
		js_set_u64(table, "log_lines", c->lines);
	}
	clients_answer(c, cl, table);
}

void
request_action_done(struct console *c, struct msg *m)
{
	struct client *cl = clients_by_tag(c, m->tag);
	struct cur b = cur_view(m->body);
	uint32_t reason = cur_u32(&b);
	struct view text = cur_string(&b);
	struct js *o;
	char why[256];

	if (cl == NULL || cl->want != WANT_ACTION || !cur_done(&b))
		return;
	if (reason != R_NONE) {
		snprintf(why, sizeof(why), "%.*s", (int)text.len, (const char *)text.data);
		clients_error(c, cl, why);
		return;
	}
	o = js_object();
	js_set_bool(o, "ok", true);
	clients_answer(c, cl, o);
}
