/*
 * Children for PAM's dialogues: one each, asked for by warden, which talks to it
 * over a socket of their own. Here it is made, ended at its deadline, ended when
 * warden or the connection is gone. What is said in it never comes here.
 *
 * So many run at a time, and so many of one source; the rest wait in order, within
 * their own login grace time.
 */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/pammsg.h"
#include "control/supervisor/supervisor.h"

#define DIALOGUES_WAIT_MAX 1024u

struct dialogue {
	struct proc proc;
	TAILQ_ENTRY(dialogue) at;
	uint32_t conn;
	uint32_t gen;
	uint32_t tag; /* warden's */
	uint8_t kind;
	uint8_t flags;
	bool running;
	bool unwanted; /* nobody waits for its end */
	int deadline;
	char user[GRANT_NAME_MAX];
	char peer[64];
};

static struct dialogue *
of_proc(struct proc *p)
{
	return (struct dialogue *)((char *)p - offsetof(struct dialogue, proc));
}

static void
tell_over(struct sup *s, uint32_t conn, uint32_t gen, uint32_t tag, uint32_t reason)
{
	struct msg m = { .type = MSG_DIALOGUE_OVER, .conn = conn, .gen = gen, .tag = tag };
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, reason);
	m.body = put_view(&w);
	if (proc_up(&s->warden.proc))
		proc_send(&s->warden.proc, &m);
}

/* Out of the list and freed; not while its process runs. */
static void
leave(struct sup *s, struct dialogue *d, uint32_t reason)
{
	if (!d->unwanted)
		tell_over(s, d->conn, d->gen, d->tag, reason);
	TAILQ_REMOVE(&s->dialogues, d, at);
	free(d);
}

static void queue_run(struct sup *s);

static void
ended(struct proc *p)
{
	struct dialogue *d = of_proc(p);
	struct sup *s = p->sup;

	loop_cancel(s->loop, d->deadline);
	s->dialogues_running--;
	/* One that was ended from here was killed. */
	if (p->end == PROC_CRASHED && p->signal != SIGKILL) {
		s->dialogues_crashed++;
		log_conn(LOG_L_WARN, d->conn, d->gen, "PAM dialogue for user %s from %s: %s", d->user,
		    d->peer, p->status);
	}
	leave(s, d, R_AUTH_PAM);
	if (!s->stopping)
		queue_run(s);
}

static void
late(void *ctx)
{
	struct dialogue *d = ctx;
	struct sup *s = d->proc.sup;

	d->deadline = 0;
	s->dialogues_late++;
	log_conn(LOG_L_WARN, d->conn, d->gen,
	    "PAM dialogue for user %s from %s took longer than %u seconds: ended", d->user, d->peer,
	    s->conf.dialogue_s);
	if (!d->unwanted)
		tell_over(s, d->conn, d->gen, d->tag, R_AUTH_PAM);
	d->unwanted = true;
	proc_signal(&d->proc, SIGKILL);
}

/* ---- start ---- */

static void
send_conf(struct sup *s, struct dialogue *d)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONF, .fds = { s->conf_fd }, .fd_count = 1 };

	put_u32(&w, s->generation);
	m.body = put_view(&w);
	proc_send(&d->proc, &m);
}

static void
send_ask(struct dialogue *d, int fd)
{
	uint8_t body[GRANT_NAME_MAX + 128];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_PAM_ASK, .conn = d->conn, .gen = d->gen, .fds = { fd }, .fd_count = 1 };

	put_u8(&w, PAM_STAGE_DIALOGUE);
	put_u8(&w, d->kind);
	put_u8(&w, d->flags);
	put_cstr(&w, d->user);
	put_cstr(&w, d->peer);
	m.body = put_view(&w);
	proc_send(&d->proc, &m);
}

static void
introduce(struct sup *s, const struct dialogue *d, int fd)
{
	uint8_t body[5];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_PEER, .fds = { fd }, .fd_count = 1 };

	put_u8(&w, ROLE_PAM);
	put_u32(&w, d->tag);
	m.body = put_view(&w);
	proc_send(&s->warden.proc, &m);
}

static void
start(struct sup *s, struct dialogue *d)
{
	int pair[2];
	int r = msg_pair(pair);

	d->proc.role = ROLE_PAM;
	d->proc.index = SUP_PAM_DIALOGUE;
	d->proc.ended = ended;
	d->proc.line.fd = -1;
	d->proc.pidfd = -1;
	if (r == 0) {
		r = proc_start(s, &d->proc);
		if (r == 0) {
			d->running = true;
			s->dialogues_running++;
			s->dialogues_total++;
			d->deadline = loop_after(s->loop, s->conf.dialogue_s * 1000, late, d);
			send_conf(s, d);
			send_ask(d, pair[1]);
			introduce(s, d, pair[0]);
		}
		close(pair[0]);
		close(pair[1]);
	}
	if (r != 0) {
		log_error("a PAM dialogue cannot be started: error %d", -r);
		leave(s, d, R_AUTH_PAM);
	}
}

static uint32_t
running_of(const struct sup *s, const char *peer)
{
	const struct dialogue *d;
	uint32_t n = 0;

	TAILQ_FOREACH(d, &s->dialogues, at)
	n += d->running && strcmp(d->peer, peer) == 0;
	return n;
}

static void
queue_run(struct sup *s)
{
	struct dialogue *d = TAILQ_FIRST(&s->dialogues), *next;

	for (; d != NULL && s->dialogues_running < s->conf.dialogues_max; d = next) {
		next = TAILQ_NEXT(d, at);
		if (!d->running && running_of(s, d->peer) < s->conf.dialogues_per_source)
			start(s, d);
	}
}

static uint32_t
waiting(const struct sup *s)
{
	const struct dialogue *d;
	uint32_t n = 0;

	TAILQ_FOREACH(d, &s->dialogues, at)
	n += !d->running;
	return n;
}

/* ---- asked for ---- */

void
on_dialogue(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint8_t kind = cur_u8(&b);
	uint8_t flags = cur_u8(&b);
	struct view user = cur_string(&b);
	const struct conn *c = conn_find(s, m->conn, m->gen);
	struct dialogue *d;

	if (!cur_done(&b) || (kind != PAM_KIND_PASSWORD && kind != PAM_KIND_KBDINT) || user.len == 0 ||
	    user.len >= GRANT_NAME_MAX || memchr(user.data, '\0', user.len) != NULL) {
		proc_refuse(p, m);
		return;
	}
	d = c != NULL && !c->granted && waiting(s) < DIALOGUES_WAIT_MAX ? calloc(1, sizeof(*d)) : NULL;
	if (d == NULL) {
		s->dialogues_refused++;
		tell_over(s, m->conn, m->gen, m->tag, R_LIMIT);
		return;
	}
	d->proc.sup = s;
	d->conn = m->conn;
	d->gen = m->gen;
	d->tag = m->tag;
	d->kind = kind;
	d->flags = flags;
	memcpy(d->user, user.data, user.len);
	memcpy(d->peer, c->peer, sizeof(d->peer));
	TAILQ_INSERT_TAIL(&s->dialogues, d, at);
	queue_run(s);
	if (!TAILQ_EMPTY(&s->dialogues) && waiting(s) > s->dialogues_waited)
		s->dialogues_waited = waiting(s);
}

/* Nobody wants it: what runs is ended, what waits is forgotten. */
static void
drop(struct sup *s, struct dialogue *d)
{
	d->unwanted = true;
	if (d->running)
		proc_signal(&d->proc, SIGKILL);
	else
		leave(s, d, R_NONE);
}

void
on_dialogue_over(struct sup *s, struct proc *p, struct msg *m)
{
	struct dialogue *d, *next;

	(void)p;
	for (d = TAILQ_FIRST(&s->dialogues); d != NULL; d = next) {
		next = TAILQ_NEXT(d, at);
		if (d->tag == m->tag && !d->unwanted)
			drop(s, d);
	}
}

void
dialogues_conn_gone(struct sup *s, uint32_t conn, uint32_t gen)
{
	struct dialogue *d, *next;

	for (d = TAILQ_FIRST(&s->dialogues); d != NULL; d = next) {
		next = TAILQ_NEXT(d, at);
		if (d->conn == conn && d->gen == gen)
			drop(s, d);
	}
}

void
dialogues_end(struct sup *s)
{
	struct dialogue *d, *next;

	for (d = TAILQ_FIRST(&s->dialogues); d != NULL; d = next) {
		next = TAILQ_NEXT(d, at);
		drop(s, d);
	}
}
