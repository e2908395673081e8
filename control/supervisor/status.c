/*
 * The supervisor's tables as JSON for console.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/json.h"
#include "control/cost.h"
#include "control/supervisor/supervisor.h"

/* ---- status ---- */

static void
add_child(struct child *c, void *ctx)
{
	struct js *o = js_object();

	js_set_str(o, "role", roles[c->proc.role].name);
	js_set_u64(o, "index", c->proc.index);
	js_set_u64(o, "pid", (uint64_t)c->proc.pid);
	js_set_u64(o, "restarts", c->restarts);
	js_set_u64(o, "uptime", (loop_now_ms() - c->started_ms) / 1000);
	js_set_bool(o, "ready", c->ready);
	js_add(ctx, o);
}

static struct js *
dataplane(const struct sup *s)
{
	struct js *o = js_object();

	js_set_bool(o, "attached", attach_on(s));
	js_set_u64(o, "pid", s->attach.pid);
	js_set_u64(o, "uptime", s->attach.pid != 0 ? (loop_now_ms() - s->attach.since_ms) / 1000 : 0);
	js_set_u64(o, "attaches", s->attach.attaches);
	return o;
}

static struct js *
dialogues(const struct sup *s)
{
	struct js *o = js_object();

	js_set_u64(o, "running", s->dialogues_running);
	js_set_u64(o, "limit", s->conf.dialogues_max);
	js_set_u64(o, "limit_per_source", s->conf.dialogues_per_source);
	js_set_u64(o, "waited_most", s->dialogues_waited);
	js_set_u64(o, "total", s->dialogues_total);
	js_set_u64(o, "late", s->dialogues_late);
	js_set_u64(o, "crashed", s->dialogues_crashed);
	js_set_u64(o, "refused", s->dialogues_refused);
	return o;
}

void
on_costs(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint64_t exchanges = cur_u64(&c), waited = cur_u64(&c), refused = cur_u64(&c);

	if (!cur_done(&c)) {
		proc_refuse(p, m);
		return;
	}
	s->field_exchanges += exchanges;
	s->fields_waited += waited;
	s->fields_refused += refused;
}

/* Exchanges in prime fields, in tokens where they are limited (cost.h). */
static struct js *
field_exchanges(const struct sup *s)
{
	struct js *o = js_object();

	js_set_u64(o, "total", s->field_exchanges);
	js_set_u64(o, "waited", s->fields_waited);
	js_set_u64(o, "refused", s->fields_refused);
	js_set_u64(o, "burst", COST_GATE_BURST);
	js_set_u64(o, "rate", COST_GATE_RATE);
	js_set_u64(o, "burst_per_source", COST_GATE_SOURCE_BURST);
	js_set_u64(o, "rate_per_source", COST_GATE_SOURCE_RATE);
	js_set_u64(o, "waiting_max", COST_WAITING_MAX);
	js_set_u64(o, "waiting_max_per_source", COST_WAITING_SOURCE);
	return o;
}

static void
count_hosts(struct sup *s, struct conn *c, void *ctx)
{
	uint64_t *n = ctx;
	struct host *h;

	(void)s;
	LIST_FOREACH(h, &c->hosts, at)
	n[0] += h->ready;
	n[1] += c->granted;
}

static struct js *
status(struct sup *s)
{
	struct js *o = js_object();
	struct js *list = js_array();
	uint64_t n[2] = { 0, 0 };
	uint64_t services = 0;
	uint64_t leaders = 0;
	struct host *h;
	struct leader *l;

	children_each(s, ROLES_POOLED, add_child, list);
	conns_each(s, count_hosts, n);
	LIST_FOREACH(h, &s->services, at)
	services += h->ready;
	LIST_FOREACH(l, &s->leaders, at)
	leaders += l->started && !l->ending;
	js_set_str(o, "version", POSTERN_VERSION);
	js_set_u64(o, "pid", (uint64_t)getpid());
	js_set_u64(o, "uptime", (loop_now_ms() - s->started_ms) / 1000);
	js_set_u64(o, "generation", s->generation);
	js_set(o, "dataplane", dataplane(s));
	js_set(o, "roles", list);
	js_set_u64(o, "connections", s->conn_count);
	js_set_u64(o, "sessions", n[1]);
	js_set_u64(o, "service_hosts", services);
	js_set_u64(o, "user_hosts", n[0]);
	js_set_u64(o, "leaders", leaders);
	js_set(o, "pam_dialogues", dialogues(s));
	js_set(o, "field_exchanges", field_exchanges(s));
	return o;
}

/* ---- sessions ---- */

static void
add_hosts(const struct conn *c, struct js *o)
{
	struct js *list = js_array();
	struct host *h;

	LIST_FOREACH(h, &c->hosts, at)
	{
		struct js *one = js_object();

		js_set_str(one, "plugin", h->plugin);
		js_set_u64(one, "pid", (uint64_t)h->proc.pid);
		js_add(list, one);
	}
	js_set(o, "hosts", list);
}

static void
add_session(struct sup *s, struct conn *c, void *ctx)
{
	struct grant *g = malloc(sizeof(*g));
	struct js *o;
	char id[32];

	(void)s;
	if (!c->granted || g == NULL || grant_decode(g, view_of(c->grant, c->grant_len)) != 0)
		goto out;
	o = js_object();
	snprintf(id, sizeof(id), "%u-%u", c->conn, c->gen);
	js_set_str(o, "id", id);
	js_set_str(o, "user", g->user);
	js_set_u64(o, "uid", g->uid);
	js_set_str(o, "peer", c->peer[0] != '\0' ? c->peer : g->peer);
	js_set_u64(o, "port", c->peer[0] != '\0' ? c->peer_port : g->peer_port);
	js_set_u64(o, "since", c->opened_ms / 1000);
	js_set_str(o, "methods", g->methods);
	js_set_str(o, "key", g->key);
	js_set_u64(o, "leader", c->leader != NULL ? (uint64_t)c->leader->proc.pid : 0);
	add_hosts(c, o);
	js_add(ctx, o);
out:
	free(g);
}

static struct js *
sessions(struct sup *s)
{
	struct js *o = js_object();
	struct js *list = js_array();

	conns_each(s, add_session, list);
	js_set(o, "sessions", list);
	return o;
}

/* ---- answers: a table may be longer than a message, so it goes as a file ---- */

int
status_file(const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("postern-status", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < len) {
		n = write(fd, text + done, len - done);
		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	return fd;
}

/* Who is who is asked for apart, once for all pages. */
static struct js *
tcp(struct sup *s)
{
	(void)s;
	return js_object();
}

static const struct {
	const char *what;
	struct js *(*table)(struct sup *s);
	bool rows; /* the dataplane is asked first */
	bool page; /* for a page */
} tables[] = {
	{ "status", status, false, false },
	{ "sessions", sessions, true, false },
	{ "plugins", plugs_table, false, false },
	{ "tcp", tcp, true, true },
};

void
status_answer(struct sup *s, const char *what, uint32_t tag, int rows)
{
	struct msg answer = { .type = MSG_STATUS_IS, .tag = tag };
	struct js *v = NULL;
	char *text;
	int fd = -1;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].what, what) == 0)
			v = tables[i].table(s);
	text = js_text(v, false);
	js_free(v);
	if (text != NULL)
		fd = status_file(text);
	free(text);
	if (fd >= 0)
		answer.fds[answer.fd_count++] = fd;
	if (fd >= 0 && rows >= 0)
		answer.fds[answer.fd_count++] = rows;
	if (proc_up(&s->console.proc))
		proc_send(&s->console.proc, &answer);
	if (fd >= 0)
		close(fd);
}

void
on_status(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	struct view what = cur_string(&b);
	size_t i;

	for (i = 0; !b.bad && i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (!view_is(what, tables[i].what) || tables[i].page != (cur_left(&b) > 0))
			continue;
		if (tables[i].rows)
			list_ask(s, tables[i].what, m->tag, cur_take(&b, cur_left(&b)));
		else
			status_answer(s, tables[i].what, m->tag, -1);
		return;
	}
	proc_refuse(p, m);
}
