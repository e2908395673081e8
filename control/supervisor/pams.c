/*
 * PAM's children for the account stage alone, after a public key: one each, with a
 * deadline, killed when it passes. So many at a time; the rest wait in order.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/pammsg.h"
#include "control/supervisor/grants.h"

#define PAM_MS 10000u
#define PAMS_MAX 16u

struct pam {
	struct proc proc;
	struct grant_ask *ask; /* NULL: answered, or not wanted any more */
	int deadline;
};

static void queue_next(struct sup *s);

static void
answer(struct pam *pm, bool yes, const char *text)
{
	struct grant_ask *a = pm->ask;

	pm->ask = NULL;
	if (a == NULL)
		return;
	a->pam = NULL;
	grant_account(a, yes, text);
}

static void
pam_late(void *ctx)
{
	struct pam *pm = ctx;

	pm->deadline = 0;
	log_warn("PAM took longer than %u seconds: ended", PAM_MS / 1000);
	proc_signal(&pm->proc, SIGKILL);
}

static void
pam_ended(struct proc *p)
{
	struct pam *pm = (struct pam *)((char *)p - offsetof(struct pam, proc));
	struct sup *s = p->sup;

	loop_cancel(s->loop, pm->deadline);
	answer(pm, false, "the PAM dialogue ended without an answer");
	free(pm);
	s->pam_running--;
	queue_next(s);
}

static void
send_conf(struct pam *pm)
{
	struct sup *s = pm->proc.sup;
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONF, .fds = { s->conf_fd }, .fd_count = 1 };

	put_u32(&w, s->generation);
	m.body = put_view(&w);
	proc_send(&pm->proc, &m);
}

static void
send_ask(struct pam *pm, const struct grant *g)
{
	uint8_t body[GRANT_NAME_MAX + 128];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_PAM_ASK, .conn = pm->ask->conn, .gen = pm->ask->gen };

	put_u8(&w, PAM_STAGE_ACCOUNT);
	put_u8(&w, 0);
	put_u8(&w, 0);
	put_cstr(&w, g->user);
	put_cstr(&w, g->peer);
	m.body = put_view(&w);
	proc_send(&pm->proc, &m);
}

static void
pam_run(struct grant_ask *a)
{
	struct sup *s = a->sup;
	struct pam *pm = calloc(1, sizeof(*pm));
	int r;

	if (pm == NULL) {
		grant_account(a, false, "out of memory");
		return;
	}
	pm->proc.role = ROLE_PAM;
	pm->proc.index = SUP_PAM_ACCOUNT;
	pm->proc.ended = pam_ended;
	pm->proc.line.fd = -1;
	r = proc_start(s, &pm->proc);
	if (r != 0) {
		free(pm);
		grant_account(a, false, "PAM's child cannot be started");
		return;
	}
	s->pam_running++;
	pm->ask = a;
	a->pam = pm;
	pm->deadline = loop_after(s->loop, PAM_MS, pam_late, pm);
	send_conf(pm);
	send_ask(pm, &a->grant);
}

static void
queue_next(struct sup *s)
{
	struct grant_ask *a = s->pam_first;

	if (a == NULL || s->pam_running >= PAMS_MAX)
		return;
	s->pam_first = a->next;
	if (s->pam_first == NULL)
		s->pam_last = NULL;
	a->queued = false;
	pam_run(a);
}

void
pam_ask(struct grant_ask *a)
{
	struct sup *s = a->sup;

	if (s->pam_running < PAMS_MAX) {
		pam_run(a);
		return;
	}
	a->next = NULL;
	a->queued = true;
	if (s->pam_last != NULL)
		s->pam_last->next = a;
	else
		s->pam_first = a;
	s->pam_last = a;
}

static void
queue_remove(struct sup *s, struct grant_ask *a)
{
	struct grant_ask **at = &s->pam_first;
	struct grant_ask *before = NULL;

	for (; *at != a; at = &(*at)->next)
		before = *at;
	*at = a->next;
	if (s->pam_last == a)
		s->pam_last = before;
	a->queued = false;
}

void
pam_cancel(struct grant_ask *a)
{
	if (a->queued)
		queue_remove(a->sup, a);
	if (a->pam != NULL) {
		a->pam->ask = NULL;
		proc_signal(&a->pam->proc, SIGKILL);
		a->pam = NULL;
	}
}

void
on_pam_says(struct sup *s, struct proc *p, struct msg *m)
{
	struct pam *pm;
	struct cur b = cur_view(m->body);
	uint32_t reason = cur_u32(&b);
	struct view text = cur_string(&b);
	char why[256];

	(void)s;
	if (!cur_done(&b) || p->index != SUP_PAM_ACCOUNT) {
		proc_refuse(p, m);
		return;
	}
	pm = (struct pam *)((char *)p - offsetof(struct pam, proc));
	snprintf(why, sizeof(why), "%.*s", (int)text.len, (const char *)text.data);
	answer(pm, reason == 0, why);
}
