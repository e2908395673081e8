/*
 * How hosts end, and who is told why. A service's host is this process's child; of a
 * user's only the login leader knows how it ended, and says so (HOST_ENDED), before or
 * after its pidfd does.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

#define TERM_MS 1000u    /* between SIGTERM and SIGKILL */
#define ORPHAN_MS 20000u /* for the leader to end it */
#define TOLD_MS 2000u    /* for the leader to say how it ended */
#define UNLINKED_MS 3000u /* for a process without its link to end */

static struct host *
host_of(struct proc *p)
{
	return (struct host *)((char *)p - offsetof(struct host, proc));
}

void
host_free(struct host *h)
{
	struct sup *s = h->proc.sup;
	int i;

	loop_cancel(s->loop, h->deadline);
	links_forget(s, &h->proc, ~0u);
	counts_end(h);
	for (i = 0; i < 2; i++)
		if (h->link_fds[i] >= 0)
			close(h->link_fds[i]);
	proc_forget(&h->proc);
	LIST_REMOVE(h, at);
	free(h->plan);
	free(h);
}

/* ---- how it ended ---- */

static void
by_signal(struct host *h, int number)
{
	const char *name = sigabbrev_np(number);
	char text[96];

	snprintf(text, sizeof(text), "%d (%s)%s", number, name != NULL ? name : "?",
	    number == SIGSYS ? ", a system call that its sandbox forbids" : "");
	plug_ended(h->proc.sup, h, h->ready ? CAUSE_SIGNAL : CAUSE_START, text);
}

static void
by_exit(struct host *h, int code)
{
	char text[64];

	if (code == ROLE_HOST_DONE || code == ROLE_HOST_UNLINKED)
		return;
	snprintf(text, sizeof(text), "status %d", code);
	if (!h->ready)
		plug_ended(h->proc.sup, h, CAUSE_START, h->why[0] != '\0' ? h->why : text);
	else
		plug_ended(h->proc.sup, h, CAUSE_EXIT, text);
}

/* Its connection went, perhaps because it crashed: then it had not been told to end. What
 * its leader ends it with is no crash. */
static void
orphan_ended(struct host *h)
{
	int number = h->told && WIFSIGNALED(h->status) ? WTERMSIG(h->status) : 0;

	if (number != 0 && number != SIGTERM && number != SIGKILL)
		by_signal(h, number);
}

static void
account(struct host *h)
{
	const struct proc *p = &h->proc;

	if (h->cause != CAUSE_NONE || h->expected)
		return;
	if (h->orphan) {
		orphan_ended(h);
		return;
	}
	if (h->told && h->why[0] != '\0' && h->ready)
		plug_ended(p->sup, h, CAUSE_PROTOCOL, h->why);
	else if (h->told && WIFSIGNALED(h->status))
		by_signal(h, WTERMSIG(h->status));
	else if (h->told)
		by_exit(h, WEXITSTATUS(h->status));
	else if (p->end == PROC_CRASHED && p->signal != 0)
		by_signal(h, p->signal);
	else if (p->end != PROC_UNKNOWN)
		by_exit(h, p->code);
	else if (attach_on(p->sup) && !h->retired)
		plug_ended(p->sup, h, CAUSE_UNKNOWN, "its parent is gone");
}

static void
end_late(void *ctx)
{
	struct host *h = ctx;

	h->deadline = 0;
	if (h->gone)
		account(h);
	/* One that the leader never reported has no pidfd: it ends with its socket. */
	if (h->proc.pidfd < 0)
		host_free(h);
	else
		proc_signal(&h->proc, SIGKILL);
}

void
host_end_by(struct host *h, uint32_t ms)
{
	struct sup *s = h->proc.sup;

	h->ending = true;
	loop_cancel(s->loop, h->deadline);
	h->deadline = loop_after(s->loop, ms, end_late, h);
}

/* Its leader is asked by nobody: it tells, or ends with the login. */
static bool
leader_will_tell(const struct host *h)
{
	const struct conn *c = conn_find(h->proc.sup, h->conn, h->gen);

	if (h->orphan)
		return !h->told && !h->expected;
	return h->conn != LINK_CONN_NONE && !h->told && !h->expected && h->cause == CAUSE_NONE && c != NULL &&
	       c->leader != NULL;
}

/* The worker ended its link, and the dataplane says why, unless it is gone. */
static bool
worker_will_tell(const struct host *h)
{
	int code = h->told ? (WIFEXITED(h->status) ? WEXITSTATUS(h->status) : 0) : h->proc.code;

	return code == ROLE_HOST_UNLINKED && h->ready && !h->orphan && h->cause == CAUSE_NONE && !h->expected && !h->unlinked &&
	       attach_on(h->proc.sup);
}

void
host_ended(struct proc *p)
{
	struct host *h = host_of(p);

	host_answer(p->sup, h, R_CHAN_HOST_GONE, "its host ended");
	if (leader_will_tell(h) || worker_will_tell(h)) {
		h->gone = true;
		host_end_by(h, TOLD_MS);
		return;
	}
	account(h);
	host_free(h);
}

static struct host *
by_pid(const struct host_list *list, pid_t pid)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (h->pid == pid)
		return h;
	return NULL;
}

void
on_host_ended(struct sup *s, struct proc *p, struct msg *m)
{
	struct leader *l = (struct leader *)((char *)p - offsetof(struct leader, proc));
	struct conn *c = conn_find(s, l->conn, l->gen);
	struct cur b = cur_view(m->body);
	uint32_t pid = cur_u32(&b);
	uint32_t status = cur_u32(&b);
	struct view why = cur_string(&b);
	struct host *h;

	if (!cur_done(&b) || pid == 0) {
		proc_refuse(p, m);
		return;
	}
	h = c != NULL ? by_pid(&c->hosts, (pid_t)pid) : NULL;
	if (h == NULL)
		h = by_pid(&s->orphans, (pid_t)pid);
	if (h == NULL || h->conn != l->conn || h->gen != l->gen || h->told)
		return;
	h->told = true;
	h->status = (int)status;
	if (why.len > 0)
		snprintf(h->why, sizeof(h->why), "%.*s", (int)why.len, (const char *)why.data);
	if (!h->gone || worker_will_tell(h))
		return;
	account(h);
	host_free(h);
}

void
on_host_fails(struct sup *s, struct proc *p, struct msg *m)
{
	struct host *h = host_of(p);
	struct cur b = cur_view(m->body);
	struct view why = cur_string(&b);

	(void)s;
	if (!cur_done(&b) || h->ready || why.len > 4096) {
		proc_refuse(p, m);
		return;
	}
	snprintf(h->why, sizeof(h->why), "%.*s", (int)why.len, (const char *)why.data);
}

/* ---- ended by us ---- */

void
host_end(struct host *h, const char *why)
{
	struct sup *s = h->proc.sup;

	h->expected = true;
	host_answer(s, h, R_CHAN_HOST_GONE, why);
	links_forget(s, &h->proc, ~0u);
	line_close(&h->proc.line);
	proc_signal(&h->proc, SIGKILL);
	host_end_by(h, TERM_MS);
}

void
host_end_for(struct host *h, enum cause cause, const char *text)
{
	plug_ended(h->proc.sup, h, cause, text);
	host_end(h, text);
}

void
host_fault(struct proc *p, const char *text)
{
	struct host *h = host_of(p);

	if (!h->ending && !h->expected && !h->orphan)
		plug_ended(p->sup, h, CAUSE_PROTOCOL, text);
}

struct gone {
	uint32_t link_id;
	struct host *host;
};

static void
look_in(struct sup *s, struct conn *c, void *ctx)
{
	struct gone *g = ctx;

	(void)s;
	if (g->host == NULL)
		g->host = host_by_link(&c->hosts, g->link_id);
}

static void
unlinked_late(void *ctx)
{
	struct host *h = ctx;

	h->deadline = 0;
	if (h->proc.pidfd >= 0 && !h->expected)
		host_end_for(h, CAUSE_PROTOCOL, "it gave up its link");
	else
		end_late(h);
}

/* A process that ends lets go of its link first. */
void
host_link_gone(struct sup *s, uint32_t link_id, uint32_t reason)
{
	struct gone g = { .link_id = link_id, .host = host_by_link(&s->services, link_id) };
	struct host *h;

	if (g.host == NULL)
		conns_each(s, look_in, &g);
	h = g.host;
	if (h == NULL)
		return;
	h->unlinked = true;
	if (h->gone && reason != R_PEER_GONE && h->cause == CAUSE_NONE) {
		plug_ended(s, h, CAUSE_PROTOCOL, reason_text((int)(reason % REASON_MAX)));
		return;
	}
	if (h->ending)
		return;
	if (reason != R_PEER_GONE) {
		host_end_for(h, CAUSE_PROTOCOL, reason_text((int)(reason % REASON_MAX)));
		return;
	}
	h->ending = true;
	host_answer(s, h, R_CHAN_HOST_GONE, "its host went away");
	links_forget(s, &h->proc, ~0u);
	loop_cancel(s->loop, h->deadline);
	h->deadline = loop_after(s->loop, UNLINKED_MS, unlinked_late, h);
}

void
host_orphan(struct host *h)
{
	struct sup *s = h->proc.sup;

	h->orphan = true;
	LIST_REMOVE(h, at);
	LIST_INSERT_HEAD(&s->orphans, h, at);
	host_answer(s, h, R_LINK_CONN, "the connection is gone");
	host_end_by(h, h->gone ? TOLD_MS : ORPHAN_MS);
}

static void
terminate(struct sup *s, struct host *h)
{
	h->expected = true;
	host_answer(s, h, R_PEER_GONE, "the dataplane is gone");
	links_forget(s, &h->proc, ~0u);
	line_close(&h->proc.line);
	proc_signal(&h->proc, SIGTERM);
	host_end_by(h, TERM_MS);
}

static void
terminate_of(struct sup *s, struct conn *c, void *ctx)
{
	struct host *h;

	(void)ctx;
	LIST_FOREACH(h, &c->hosts, at)
	terminate(s, h);
}

void
hosts_end(struct sup *s)
{
	struct host *h;

	LIST_FOREACH(h, &s->services, at)
	terminate(s, h);
	LIST_FOREACH(h, &s->orphans, at)
	terminate(s, h);
	conns_each(s, terminate_of, NULL);
}
