/*
 * A host's life: started by this process (a service's) or by its login's leader
 * (a user's), linked to the dataplane, ended. A host that the dataplane knows
 * outlives this supervisor: the next one gets its pidfd and socket from there.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

#define START_MS 15000u  /* until it is linked; a leader's start included */
#define ORPHAN_MS 20000u /* of one that is found without a connection */

/* What a user host waits with for its leader. */
struct host_plan {
	struct plugin plugin;
};

static void
start_late(void *ctx)
{
	struct host *h = ctx;

	h->deadline = 0;
	host_end_for(h, CAUSE_START, "not ready in time");
}

/* ---- start ---- */

void
host_send_conf(struct host *h, const struct plugin *pl)
{
	uint8_t body[PLUGIN_CONFIG_MAX + 1024];
	struct put w = put_of(body, sizeof(body));
	bool trial = h->links == 0;
	struct msg m = { .type = MSG_HOST_CONF, .conn = h->conn, .gen = h->gen };

	put_cstr(&w, pl->id);
	put_cstr(&w, pl->file);
	put_cstr(&w, pl->config);
	put_u32(&w, pl->user && !trial ? 0 : pl->uid);
	put_u32(&w, pl->user && !trial ? 0 : pl->gid);
	if (!pl->user || trial)
		put_u32(&w, h->links);
	m.body = put_view(&w);
	proc_send(&h->proc, &m);
}

/* The leader forks it; this end of its socket is watched from now on. */
static void
start_by_leader(struct sup *s, struct host *h, struct leader *l)
{
	const struct plugin *pl = &h->plan->plugin;
	uint8_t body[PLUGIN_CONFIG_MAX + 1024];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_HOST_START, .conn = h->conn, .gen = h->gen, .fd_count = 2 };
	int pair[2];

	if (msg_pair(pair) != 0 || proc_adopt(s, &h->proc, pair[0], -1) != 0) {
		host_end(h, "no socket for its host");
		return;
	}
	h->start_tag = sup_tag(s);
	put_cstr(&w, pl->file);
	put_cstr(&w, pl->config);
	m.tag = h->start_tag;
	m.body = put_view(&w);
	m.fds[0] = pair[1];
	m.fds[1] = s->log_out;
	proc_send(&l->proc, &m);
	close(pair[1]);
	host_send_conf(h, pl);
	free(h->plan);
	h->plan = NULL;
}

static void
started(struct sup *s, struct host *h, const struct plugin *pl)
{
	struct plug *p = plug_get(s, pl->id);

	h->proc.ended = host_ended;
	h->limits = pl->limits;
	if (p == NULL)
		return;
	p->conf = pl->limits;
	counters_rename(&p->counters, &pl->counters);
	p->starts++;
}

void
host_start(struct sup *s, struct host *h, const struct plugin *pl, struct leader *l)
{
	started(s, h, pl);
	h->deadline = loop_after(s->loop, START_MS, start_late, h);
	if (!pl->user) {
		if (proc_start(s, &h->proc) != 0)
			host_end(h, "its host cannot be started");
		else
			host_send_conf(h, pl);
		h->pid = h->proc.pid;
		return;
	}
	h->plan = malloc(sizeof(*h->plan));
	if (h->plan == NULL || l == NULL) {
		host_end(h, "its login leader cannot be started");
		return;
	}
	h->plan->plugin = *pl;
	if (l->started)
		start_by_leader(s, h, l);
}

void
hosts_leader(struct sup *s, struct conn *c, const char *why)
{
	struct host *h;

	LIST_FOREACH(h, &c->hosts, at)
	{
		if (why != NULL && !h->ending)
			host_end(h, why);
		else if (why == NULL && h->plan != NULL && !h->ending)
			start_by_leader(s, h, c->leader);
	}
}

static struct host *
by_start_tag(const struct host_list *list, uint32_t tag)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (h->start_tag == tag)
		return h;
	return NULL;
}

void
on_host_started(struct sup *s, struct proc *p, struct msg *m)
{
	struct leader *l = (struct leader *)((char *)p - offsetof(struct leader, proc));
	struct cur b = cur_view(m->body);
	uint32_t pid = cur_u32(&b);
	struct view text = cur_string(&b);
	struct conn *c = conn_find(s, l->conn, l->gen);
	struct host *h = NULL;
	char why[160];

	if (!cur_done(&b) || m->tag == 0 || (pid != 0 && m->fd_count != 1)) {
		proc_refuse(p, m);
		return;
	}
	if (c != NULL)
		h = by_start_tag(&c->hosts, m->tag);
	if (h == NULL)
		h = by_start_tag(&s->orphans, m->tag);
	/* Asked by an earlier supervisor: it ends with the socket that died then. */
	if (h == NULL)
		return;
	h->start_tag = 0;
	if (pid == 0) {
		snprintf(why, sizeof(why), "%.*s", (int)text.len, (const char *)text.data);
		host_end(h, why);
		return;
	}
	h->proc.pid = h->pid = (pid_t)pid;
	h->proc.pidfd = msg_take_fd(m, 0);
	if (proc_watch_pid(&h->proc) != 0)
		host_end(h, "its end cannot be watched");
	else if (h->ending)
		proc_signal(&h->proc, SIGKILL);
	else
		link_host(s, h);
}

uint32_t
host_link_of(const struct host *h, uint32_t conn)
{
	uint32_t at = h->conn != LINK_CONN_NONE ? 0 : conn >> LINK_WORKER_SHIFT;

	return at < h->linked ? h->link_id[at] : 0;
}

uint32_t
host_wants(const struct host *h)
{
	return h->conn != LINK_CONN_NONE ? h->conn >> LINK_WORKER_SHIFT : h->linked;
}

/* A service's links are at their workers' places, in whatever order they come. */
static void
set_link(struct host *h, uint32_t link_id)
{
	uint32_t at = h->conn != LINK_CONN_NONE ? 0 : link_id >> LINK_WORKER_SHIFT;

	if (at >= SUP_WORKERS_MAX)
		return;
	h->link_id[at] = link_id;
	if (h->linked <= at)
		h->linked = at + 1;
}

void
host_linked(struct sup *s, struct host *h, uint32_t link_id, uint32_t reason)
{
	if (reason != R_NONE) {
		log_warn("dataplane refuses the host of plugin %s: %s", h->plugin, reason_text((int)reason));
		host_end(h, reason_text((int)reason));
		return;
	}
	set_link(h, link_id);
	h->asking = false;
	if (h->ending || h->linked < h->links)
		return;
	h->ready = true;
	loop_cancel(s->loop, h->deadline);
	h->deadline = 0;
	beats_start(s);
	host_answer(s, h, R_NONE, "");
	renew_ready(s, h);
}

/* ---- after an attachment ---- */

static bool
has_link(const struct host *h, uint32_t link_id)
{
	for (uint32_t i = 0; i < h->linked; i++)
		if (h->link_id[i] == link_id)
			return true;
	return false;
}

struct host *
host_by_link(const struct host_list *list, uint32_t link_id)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (has_link(h, link_id))
		return h;
	return NULL;
}

/* One that is being restored, known by another of its links. */
static struct host *
by_first(const struct host_list *list, uint32_t first)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (h->first == first || has_link(h, first))
		return h;
	return NULL;
}

/* Of a host that another supervisor started. */
static void
limits_again(struct sup *s, struct host *h)
{
	struct plugin *pl = malloc(sizeof(*pl));
	struct plug *p = plug_get(s, h->plugin);
	const char *why;

	plugconf_default(&h->limits);
	h->limits.user = h->conn != LINK_CONN_NONE;
	if (pl != NULL && plugin_find(pl, s->conf.plugin_dir, h->plugin, strlen(h->plugin), &why) == 0) {
		h->limits = pl->limits;
		if (p != NULL)
			counters_rename(&p->counters, &pl->counters);
	}
	if (p != NULL)
		p->conf = h->limits;
	free(pl);
}

static struct host *
restore_new(struct sup *s, struct host_list *list, const struct host_link *l, int pidfd, int sock)
{
	struct msg m = { .type = MSG_LOG_FD, .fds = { s->log_out }, .fd_count = 1 };
	struct host *h = l->plugin.len < PLUGIN_ID_MAX ? host_new(s, list, l->conn, l->gen, l->plugin) : NULL;

	if (h == NULL) {
		close(pidfd);
		close(sock);
		return NULL;
	}
	h->proc.ended = host_ended;
	limits_again(s, h);
	if (proc_adopt(s, &h->proc, sock, pidfd) != 0) {
		host_free(h);
		return NULL;
	}
	h->pid = h->proc.pid;
	proc_send(&h->proc, &m);
	h->expected = list == &s->orphans;
	if (list == &s->orphans)
		host_end_by(h, ORPHAN_MS);
	return h;
}

void
host_restore(struct sup *s, const struct host_link *l, int pidfd, int sock)
{
	bool service = l->conn == LINK_CONN_NONE;
	struct conn *c = service ? NULL : conn_find(s, l->conn, l->gen);
	struct host_list *list = service ? &s->services : c != NULL ? &c->hosts : &s->orphans;
	struct host *h = host_by_link(list, l->id);

	if (h == NULL && (h = by_first(list, l->first)) == NULL) {
		h = restore_new(s, list, l, pidfd, sock);
		if (h == NULL)
			return;
		h->first = l->first;
	} else {
		close(pidfd);
		close(sock);
	}
	set_link(h, l->id);
	h->retired |= l->retired;
}

/* Those that an earlier supervisor was still linking, or that lost a link while
 * nobody was attached, cannot serve every connection. */
static void
settle(struct host *h)
{
	bool whole = h->linked == h->links;

	for (uint32_t i = 0; i < h->linked; i++)
		whole &= h->link_id[i] != 0;
	if (whole) {
		h->ready = true;
		beats_start(h->proc.sup);
	} else if (h->first != 0 && !h->ending) {
		host_end(h, "it is not linked to every worker");
	}
}

static void
settle_of(struct sup *s, struct conn *c, void *ctx)
{
	struct host *h;

	(void)s;
	(void)ctx;
	LIST_FOREACH(h, &c->hosts, at)
	settle(h);
}

void
hosts_settle(struct sup *s)
{
	struct host *h;

	LIST_FOREACH(h, &s->services, at)
	settle(h);
	LIST_FOREACH(h, &s->orphans, at)
	settle(h);
	conns_each(s, settle_of, NULL);
}
