/*
 * Login leaders: one per login that starts programs as its user. A leader that the
 * dataplane knows outlives this supervisor.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

#define START_MS 14000u /* for the PAM session */
#define GRACE_MS 20000u /* to end hosts and session after LOGIN_END */
#define LOST_MS 500u    /* the same when the dataplane is gone */
#define KILL_MS 3000u   /* between SIGTERM and SIGKILL */

static struct leader *
leader_of(struct proc *p)
{
	return (struct leader *)((char *)p - offsetof(struct leader, proc));
}

static void
leader_ended(struct proc *p)
{
	struct leader *l = leader_of(p);
	struct sup *s = p->sup;
	struct conn *c = conn_find(s, l->conn, l->gen);

	loop_cancel(s->loop, l->deadline);
	if (c != NULL && c->leader == l) {
		log_warn("login leader of connection %u-%u %s", l->conn, l->gen, p->status);
		c->leader = NULL;
		hosts_leader(s, c, "its login leader ended");
		/* The session is over, so the login is. */
		if (l->started)
			attach_kill(s, l->conn, l->gen, R_CHAN_HOST_GONE);
	}
	LIST_REMOVE(l, at);
	free(l);
}

static struct leader *
leader_new(struct sup *s, uint32_t conn, uint32_t gen)
{
	struct leader *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->proc.sup = s;
	l->proc.role = ROLE_LOGIN;
	l->proc.ended = leader_ended;
	l->proc.pidfd = -1;
	l->proc.line.fd = -1;
	l->conn = conn;
	l->gen = gen;
	LIST_INSERT_HEAD(&s->leaders, l, at);
	return l;
}

/* ---- start ---- */

static void
start_late(void *ctx)
{
	struct leader *l = ctx;

	l->deadline = 0;
	log_warn("login session of connection %u-%u is not open in time: ended", l->conn, l->gen);
	proc_signal(&l->proc, SIGKILL);
}

static void
send_conf(struct leader *l)
{
	struct sup *s = l->proc.sup;
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONF, .fds = { s->conf_fd }, .fd_count = 1 };

	put_u32(&w, s->generation);
	m.body = put_view(&w);
	proc_send(&l->proc, &m);
}

static void
send_start(struct leader *l, const struct conn *c)
{
	uint8_t body[GRANT_MAX + 4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_LOGIN_START, .conn = l->conn, .gen = l->gen };

	put_string(&w, c->grant, c->grant_len);
	m.body = put_view(&w);
	proc_send(&l->proc, &m);
}

struct leader *
leader_start(struct sup *s, struct conn *c)
{
	struct leader *l = leader_new(s, c->conn, c->gen);

	if (l == NULL)
		return NULL;
	if (proc_start(s, &l->proc) != 0) {
		LIST_REMOVE(l, at);
		free(l);
		return NULL;
	}
	l->deadline = loop_after(s->loop, START_MS, start_late, l);
	send_conf(l);
	send_start(l, c);
	return l;
}

/* From here on it outlives this supervisor. */
static void
tell_dataplane(struct leader *l)
{
	uint8_t room[16];
	struct put w = put_of(room, sizeof(room));
	int fds[2] = { l->proc.pidfd, l->proc.line.fd };

	attach_begin(&w, ATTACH_LEADER_NEW);
	put_u32(&w, l->conn);
	put_u32(&w, l->gen);
	attach_packet(l->proc.sup, &w, fds, 2);
	l->told = true;
}

void
leaders_tell(struct sup *s)
{
	struct leader *l;

	LIST_FOREACH(l, &s->leaders, at)
	if (l->started && !l->told && !l->ending)
		tell_dataplane(l);
}

void
on_login_started(struct sup *s, struct proc *p, struct msg *m)
{
	struct leader *l = leader_of(p);
	struct conn *c = conn_find(s, l->conn, l->gen);
	struct cur b = cur_view(m->body);
	uint32_t reason = cur_u32(&b);
	struct view text = cur_string(&b);
	char why[160];

	if (!cur_done(&b) || l->started) {
		proc_refuse(p, m);
		return;
	}
	if (c == NULL || c->leader != l || l->ending)
		return;
	loop_cancel(s->loop, l->deadline);
	l->deadline = 0;
	if (reason != R_NONE) {
		snprintf(why, sizeof(why), "%.*s", (int)text.len, (const char *)text.data);
		log_warn("login session of connection %u-%u cannot be opened: %s", l->conn, l->gen, why);
		c->leader = NULL;
		hosts_leader(s, c, why);
		leader_end(l);
		return;
	}
	l->started = true;
	if (attach_on(s))
		tell_dataplane(l);
	hosts_leader(s, c, NULL);
}

void
leader_restore(struct sup *s, uint32_t conn, uint32_t gen, int pidfd, int sock)
{
	struct conn *c = conn_find(s, conn, gen);
	struct msg m = { .type = MSG_LOG_FD, .fds = { s->log_out }, .fd_count = 1 };
	struct leader *l;

	/* The same dataplane, attached to again: known already. */
	LIST_FOREACH(l, &s->leaders, at)
	if (l->conn == conn && l->gen == gen)
		break;
	if (l != NULL || (l = leader_new(s, conn, gen)) == NULL) {
		close(pidfd);
		close(sock);
		return;
	}
	l->started = true;
	l->told = true;
	if (proc_adopt(s, &l->proc, sock, pidfd) != 0) {
		LIST_REMOVE(l, at);
		free(l);
		return;
	}
	proc_send(&l->proc, &m);
	if (c != NULL)
		c->leader = l;
	else
		leader_end(l);
}

/* ---- end ---- */

static void
end_killed(void *ctx)
{
	struct leader *l = ctx;

	l->deadline = 0;
	proc_signal(&l->proc, SIGKILL);
}

static void
end_late(void *ctx)
{
	struct leader *l = ctx;

	line_close(&l->proc.line);
	proc_signal(&l->proc, SIGTERM);
	l->deadline = loop_after(l->proc.sup->loop, KILL_MS, end_killed, l);
}

static void
end_within(struct leader *l, uint32_t ms)
{
	struct sup *s = l->proc.sup;
	struct conn *c = conn_find(s, l->conn, l->gen);
	struct msg m = { .type = MSG_LOGIN_END, .conn = l->conn, .gen = l->gen };

	if (c != NULL && c->leader == l)
		c->leader = NULL;
	if (!l->ending)
		proc_send(&l->proc, &m);
	l->ending = true;
	loop_cancel(s->loop, l->deadline);
	l->deadline = loop_after(s->loop, ms, end_late, l);
}

void
leader_end(struct leader *l)
{
	end_within(l, GRACE_MS);
}

void
leaders_end(struct sup *s)
{
	struct leader *l;

	LIST_FOREACH(l, &s->leaders, at)
	end_within(l, LOST_MS);
}
