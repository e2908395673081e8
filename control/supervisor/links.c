/*
 * Links: a gate, a clerk or a host brings its regions, the dataplane answers with
 * its own. Carried here, looked into by neither.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "control/supervisor/apart.h"
#include "control/supervisor/supervisor.h"

#define ASK_FDS_MAX 4

struct link_ask {
	struct link_ask *next;
	uint32_t tag;      /* ours, toward the dataplane */
	uint32_t role_tag; /* the asker's */
	uint32_t worker;
	struct proc *proc; /* NULL: the asker is gone */
	struct host *host; /* NULL for gate and clerk */
	int fds[ASK_FDS_MAX];
	int fd_count;
};

static void
ask_free(struct link_ask *a)
{
	int i;

	for (i = 0; i < a->fd_count; i++)
		close(a->fds[i]);
	free(a);
}

/* A worker that there is not has no link: whoever asked learns how many there
 * are, and may be right when another dataplane comes. */
static void
ask_send(struct sup *s, const struct link_ask *a)
{
	uint8_t room[256];
	struct put w = put_of(room, sizeof(room));
	uint8_t role = a->host != NULL ? LINK_HOST : a->proc->role == ROLE_GATE ? LINK_GATE : LINK_CLERK;

	if (a->worker >= s->attach.workers)
		return;
	attach_begin(&w, ATTACH_LINK_NEW);
	put_u32(&w, a->tag);
	put_u8(&w, role);
	put_u32(&w, a->host != NULL ? 0 : a->proc->index);
	put_u32(&w, a->host != NULL ? a->host->conn : LINK_CONN_NONE);
	put_u32(&w, a->host != NULL ? a->host->gen : 0);
	put_cstr(&w, a->host != NULL ? a->host->plugin : "");
	if (s->attach.minor >= 1) {
		put_u32(&w, a->worker);
		put_u32(&w, a->host != NULL && a->host->linked > 0 ? a->host->link_id[0] : 0);
	}
	attach_packet(s, &w, a->fds, a->fd_count);
}

static bool
ask_add_fd(struct link_ask *a, int fd)
{
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;

	if (copy < 0)
		return false;
	a->fds[a->fd_count++] = copy;
	return true;
}

static void
ask_enter(struct sup *s, struct link_ask *a)
{
	a->tag = sup_tag(s);
	a->next = s->link_asks;
	s->link_asks = a;
	if (attach_on(s))
		ask_send(s, a);
}

/* ---- from the roles ---- */

static void
link_role(struct sup *s, struct proc *p, struct msg *m, uint32_t worker)
{
	struct link_ask *a;
	int i;

	if (m->fd_count != 3) {
		proc_refuse(p, m);
		return;
	}
	/* One link per role and worker: a new request takes the place of an older one. */
	links_forget(s, p, worker);
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return;
	a->proc = p;
	a->role_tag = m->tag;
	a->worker = worker;
	for (i = 0; i < 3; i++)
		a->fds[a->fd_count++] = msg_take_fd(m, i);
	ask_enter(s, a);
}

void
link_host(struct sup *s, struct host *h)
{
	struct link_ask *a;

	if (h->link_fds[0] < 0 || h->proc.pidfd < 0)
		return;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return;
	a->proc = &h->proc;
	a->host = h;
	a->role_tag = h->link_tag;
	a->worker = h->link_worker;
	if (!ask_add_fd(a, h->link_fds[0]) || !ask_add_fd(a, h->link_fds[1]) ||
	    !ask_add_fd(a, h->proc.pidfd) || !ask_add_fd(a, h->proc.line.fd)) {
		ask_free(a);
		host_end(h, "no descriptors are left");
		return;
	}
	close(h->link_fds[0]);
	close(h->link_fds[1]);
	h->link_fds[0] = h->link_fds[1] = -1;
	h->asking = true;
	ask_enter(s, a);
}

void
on_link(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint32_t worker = cur_u32(&b);
	struct host *h;

	if (!cur_done(&b) || worker >= SUP_WORKERS_MAX) {
		proc_refuse(p, m);
		return;
	}
	if (p->role != ROLE_HOST) {
		link_role(s, p, m, worker);
		return;
	}
	h = (struct host *)((char *)p - offsetof(struct host, proc));
	if (m->fd_count != 2 || h->ready || worker != host_wants(h) || h->asking || h->link_fds[0] >= 0 ||
	    !apart_is_memory(m->fds[0]) || !apart_is_bell(m->fds[1])) {
		proc_refuse(p, m);
		return;
	}
	h->link_fds[0] = msg_take_fd(m, 0);
	h->link_fds[1] = msg_take_fd(m, 1);
	h->link_worker = worker;
	h->link_tag = m->tag;
	link_host(s, h);
}

/* ---- from the dataplane ---- */

static struct link_ask *
ask_take(struct sup *s, uint32_t tag)
{
	struct link_ask **at, *a;

	for (at = &s->link_asks; (a = *at) != NULL; at = &a->next) {
		if (a->tag == tag) {
			*at = a->next;
			return a;
		}
	}
	return NULL;
}

void
link_ready(struct sup *s, uint32_t tag, uint32_t link_id, uint32_t reason, const int fds[2])
{
	struct link_ask *a = ask_take(s, tag);
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_LINK_UP, .fd_count = 2 };

	if (a == NULL)
		return;
	if (reason == R_NONE) {
		put_u32(&w, a->worker);
		put_u32(&w, link_id);
		m.tag = a->role_tag;
		m.body = put_view(&w);
		m.fds[0] = fds[0];
		m.fds[1] = fds[1];
		proc_send(a->proc, &m);
	} else if (a->host == NULL) {
		log_error("dataplane refuses the link of %s %u: %s", roles[a->proc->role].name,
		    a->proc->index, reason_text((int)reason));
		proc_signal(a->proc, SIGKILL);
	}
	if (a->host != NULL)
		host_linked(s, a->host, link_id, reason);
	ask_free(a);
}

void
links_send(struct sup *s)
{
	struct link_ask *a;

	for (a = s->link_asks; a != NULL; a = a->next)
		ask_send(s, a);
}

static void
forget_child(struct child *c, void *ctx)
{
	links_forget(ctx, &c->proc, ~0u);
}

/* Whoever has a link, or waits for one, drops it and asks again. */
void
links_down(struct sup *s)
{
	struct msg m = { .type = MSG_LINK_DOWN };

	children_each(s, ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK), forget_child, s);
	children_send(s, ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK), &m);
}

void
links_workers(struct sup *s, struct proc *p)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_WORKERS };

	if (!attach_on(s))
		return;
	put_u32(&w, s->attach.workers);
	m.body = put_view(&w);
	if (p != NULL)
		proc_send(p, &m);
	else
		children_send(s, ROLE_BIT(ROLE_GATE) | ROLE_BIT(ROLE_CLERK), &m);
}

void
links_forget(struct sup *s, const struct proc *p, uint32_t worker)
{
	struct link_ask **at = &s->link_asks;
	struct link_ask *a;

	while ((a = *at) != NULL) {
		if (a->proc != p || (worker != ~0u && a->worker != worker)) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		ask_free(a);
	}
}
