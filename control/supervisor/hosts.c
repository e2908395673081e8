/*
 * A clerk wants a host. Asking is idempotent by (connection, generation, plugin):
 * one that is there is named at once, one that is on its way is waited for, by as
 * many as ask. What follows is in hosts_run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/layout.h"
#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

struct host_waiter {
	struct host_waiter *next;
	uint32_t clerk;
	uint32_t restarts; /* of that clerk, when it asked */
	uint32_t conn;
	uint32_t gen;
	uint32_t tag;
};

static void
ready(struct sup *s, const struct host_waiter *w, struct view plugin, uint32_t link_id, uint32_t reason,
    const char *text)
{
	struct child *c = &s->clerk[w->clerk];
	uint8_t body[PLUGIN_ID_MAX + 512];
	struct put b = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_HOST_READY, .conn = w->conn, .gen = w->gen, .tag = w->tag };

	/* A clerk that came later asks for itself. */
	if (!proc_up(&c->proc) || c->restarts != w->restarts)
		return;
	put_sview(&b, plugin);
	put_u32(&b, link_id);
	put_u32(&b, reason);
	put_string(&b, text, strnlen(text, 256));
	m.body = put_view(&b);
	proc_send(&c->proc, &m);
}

void
host_answer(struct sup *s, struct host *h, uint32_t reason, const char *text)
{
	struct host_waiter *w;

	while ((w = h->waiter) != NULL) {
		h->waiter = w->next;
		ready(s, w, view_str(h->plugin), host_link_of(h, w->conn), reason, text);
		free(w);
	}
}

static struct host *
find(const struct host_list *list, struct view plugin)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (!h->ending && !h->retired && view_is(plugin, h->plugin))
		return h;
	return NULL;
}

struct host *
host_new(struct sup *s, struct host_list *list, uint32_t conn, uint32_t gen, struct view plugin)
{
	struct host *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->proc.sup = s;
	h->proc.role = ROLE_HOST;
	h->proc.pidfd = -1;
	h->proc.line.fd = -1;
	h->link_fds[0] = h->link_fds[1] = -1;
	h->conn = conn;
	h->gen = gen;
	h->links = conn == LINK_CONN_NONE && s->attach.workers > 1 ? s->attach.workers : 1;
	memcpy(h->plugin, plugin.data, plugin.len < PLUGIN_ID_MAX ? plugin.len : PLUGIN_ID_MAX - 1);
	LIST_INSERT_HEAD(list, h, at);
	return h;
}

/* A service that fails again and again is not started for every channel. */
static bool
may_start(struct sup *s, const char *id, const char **why)
{
	static char text[96];
	struct plug *p = plug_get(s, id);
	uint32_t wait = p != NULL ? backoff_wait(&p->backoff, loop_now_ms()) : 0;

	if (wait == 0)
		return true;
	p->refused++;
	snprintf(text, sizeof(text), "it failed %u times and is not started again for %u ms", p->backoff.failures, wait);
	*why = text;
	return false;
}

/* Started, or NULL: *why. */
static struct host *
host_make(struct sup *s, struct conn *c, const struct plugin *pl, const char **why)
{
	struct view plugin = view_str(pl->id);
	struct host *h;

	if (!pl->user && !may_start(s, pl->id, why))
		return NULL;
	*why = "out of memory";
	h = pl->user ? host_new(s, &c->hosts, c->conn, c->gen, plugin) :
	               host_new(s, &s->services, LINK_CONN_NONE, 0, plugin);
	if (h == NULL)
		return NULL;
	if (pl->user && c->leader == NULL)
		c->leader = leader_start(s, c);
	host_start(s, h, pl, pl->user ? c->leader : NULL);
	return h;
}

/* What serves a subsystem of the configuration is not for a login that is forced to
 * something else, and the programs of the user not for one that is forced to files. */
static bool
forbidden(const struct sup *s, const struct conn *c, struct view plugin)
{
	struct grant *g = malloc(sizeof(*g));
	bool files, no = g == NULL || grant_decode(g, view_of(c->grant, c->grant_len)) != 0;

	if (!no && g->command[0] != '\0') {
		files = strcmp(g->command, GRANT_COMMAND_SFTP) == 0;
		no = files && view_is(plugin, "exec");
		for (uint32_t i = 0; i < s->conf.subsystem_count && !view_is(plugin, "exec"); i++)
			if (view_is(plugin, s->conf.subsystem[i].plugin))
				no = !files || !view_is(plugin, "sftp");
	}
	free(g);
	return no;
}

/* The host that is there or on its way; else one is started. NULL: *why. */
static struct host *
host_get(struct sup *s, struct conn *c, struct view plugin, const char **why)
{
	struct host *h = find(&c->hosts, plugin);
	struct plugin *pl;

	*why = "the login's key forces another service";
	if (h == NULL && forbidden(s, c, plugin))
		return NULL;
	if (h == NULL)
		h = find(&s->services, plugin);
	if (h != NULL)
		return h;
	pl = malloc(sizeof(*pl));
	*why = "out of memory";
	if (pl == NULL)
		return NULL;
	if (plugin_find(pl, s->conf.plugin_dir, (const char *)plugin.data, plugin.len, why) == 0) {
		*why = "its configuration is too long";
		if (plugin_arguments(pl, &s->conf) == 0 && plugin_keywords(pl, s->conf_text) == 0)
			h = host_make(s, c, pl, why);
	}
	free(pl);
	return h;
}

void
on_host_wanted(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	struct view plugin = cur_string(&b);
	struct conn *c = conn_find(s, m->conn, m->gen);
	struct host_waiter ask = { .clerk = p->index,
		.restarts = s->clerk[p->index].restarts,
		.conn = m->conn,
		.gen = m->gen,
		.tag = m->tag };
	struct host_waiter *w;
	struct host *h;
	const char *why = "";

	if (!cur_done(&b) || plugin.len == 0 || plugin.len >= PLUGIN_ID_MAX) {
		proc_refuse(p, m);
		return;
	}
	if (c == NULL || !c->granted) {
		ready(s, &ask, plugin, 0, R_NO_GRANT, "no login");
		return;
	}
	h = host_get(s, c, plugin, &why);
	w = h != NULL ? malloc(sizeof(*w)) : NULL;
	if (w == NULL) {
		log_warn("no host for plugin %.*s: %s", (int)plugin.len, (const char *)plugin.data, why);
		ready(s, &ask, plugin, 0, R_CHAN_HOST_GONE, why);
		return;
	}
	*w = ask;
	w->next = h->waiter;
	h->waiter = w;
	if (h->ready)
		host_answer(s, h, R_NONE, "");
	else if (h->ending)
		host_answer(s, h, R_CHAN_HOST_GONE, "its host could not be started");
}
