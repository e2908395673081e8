#include "control/login/login.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/log.h"
#include "control/sandbox.h"
#include "control/spawn.h"

/* A host that floods must not keep the supervisor waiting, nor other hosts. */
#define REQUESTS_PER_TURN 16

static void
host_free(struct login_host *host)
{
	struct login *l = host->login;
	struct login_host **at = &l->hosts;

	while (*at != host)
		at = &(*at)->next;
	*at = host->next;
	l->host_count--;
	free(host);
	if (l->ending && hosts_gone(l))
		loop_stop(l->loop);
}

static void
sock_close(struct login_host *host)
{
	if (host->sock < 0)
		return;
	loop_unwatch(host->login->loop, host->sock);
	close(host->sock);
	host->sock = -1;
	terminal_orphan(host);
	program_orphan(host);
}

/* It ends when its connection does; anything else is told by its parent alone. */
static void
say_end(const struct login_host *host, int status)
{
	const char *name;

	if (WIFEXITED(status) || host->login->ending)
		return;
	name = sigabbrev_np(WTERMSIG(status));
	log_warn("login %s: host %d ended by signal %d (%s)", host->login->grant.user, (int)host->pid,
	    WTERMSIG(status), name != NULL ? name : "?");
}

/* The supervisor cannot know: it is not the parent. */
static void
tell_end(const struct login_host *host, int status)
{
	struct msg m = { .type = MSG_HOST_ENDED };
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, (uint32_t)host->pid);
	put_u32(&w, (uint32_t)status);
	put_cstr(&w, host->why != NULL ? host->why : "");
	m.body = put_view(&w);
	(void)msg_send(ROLE_SUPERVISOR_FD, &m);
}

static void
on_end(void *ctx, int fd, unsigned events)
{
	struct login_host *host = ctx;
	int status = 0;

	(void)events;
	if (waitpid(host->pid, &status, WNOHANG) == 0)
		return;
	say_end(host, status);
	tell_end(host, status);
	if (host->linger > 0)
		loop_cancel(host->login->loop, host->linger);
	loop_unwatch(host->login->loop, fd);
	close(fd);
	host->pidfd = -1;
	sock_close(host);
	host_free(host);
}

/* ---- requests of a host ---- */

struct request_row {
	uint16_t type;
	int (*fn)(struct login_host *host, struct msg *m);
};

static const struct request_row rows[] = {
	{ MSG_SPAWN, program_spawn },
	{ MSG_SIGNAL, program_signal },
	{ MSG_TERMINAL, terminal_open },
};

static int
dispatch(struct login_host *host, struct msg *m)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == m->type)
			return rows[i].fn(host, m);
	return -1;
}

static void
linger_over(void *ctx)
{
	struct login_host *host = ctx;

	host->linger = 0;
	if (host->why == NULL)
		host->why = "it closed its socket to its login leader";
	kill(host->pid, SIGKILL);
}

/* Who closes its socket ends, soon or by force. */
static void
hang_up(struct login_host *host)
{
	sock_close(host);
	host->linger = loop_after(host->login->loop, LOGIN_LINGER_MS, linger_over, host);
	if (host->linger < 0)
		linger_over(host);
}

static void
on_request(void *ctx, int fd, unsigned events)
{
	struct login_host *host = ctx;
	struct login *l = host->login;
	struct msg m;
	bool refused = false;
	int left = REQUESTS_PER_TURN;
	int r = 0;

	(void)events;
	while (!refused && left-- > 0 && (r = msg_recv(fd, &m, l->buf)) == 1) {
		refused = l->ending || dispatch(host, &m) != 0;
		if (refused && !l->ending)
			log_error("login %s: malformed %s from a host", l->grant.user, msg_name(m.type));
		msg_drop_fds(&m);
	}
	if (refused || r < 0)
		hang_up(host);
	if (refused && !l->ending)
		host->why = "a message to its login leader made no sense";
	if (refused)
		kill(host->pid, SIGKILL);
}

/* ---- HOST_START ---- */

static int
become_user(void *ctx)
{
	const struct grant *g = ctx;

	if (sandbox_bound() != 0)
		return -1;
	if (setresgid(g->gid, g->gid, g->gid) != 0 || setresuid(g->uid, g->uid, g->uid) != 0)
		return -1;
	return g->uid != 0 && setuid(0) == 0 ? -1 : 0;
}

static void
say_started(uint32_t conn, uint32_t gen, uint32_t tag, const struct login_host *host, const char *text)
{
	struct msg m = { .type = MSG_HOST_STARTED, .conn = conn, .gen = gen, .tag = tag };
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, host != NULL ? (uint32_t)host->pid : 0);
	put_cstr(&w, text);
	m.body = put_view(&w);
	if (host != NULL) {
		m.fds[0] = host->pidfd;
		m.fd_count = 1;
	}
	if (msg_send(ROLE_SUPERVISOR_FD, &m) != 0)
		log_error("login: a host's start was not told");
}

/* 0 or -errno. */
static int
launch(struct login_host *host, int supervisor, int log)
{
	struct login *l = host->login;
	struct spawn s = { .role = ROLE_HOST,
		.supervisor_fd = supervisor,
		.log_fd = log,
		.keep_umask = true,
		.before = become_user,
		.ctx = &l->grant };
	int pair[2];
	int r = msg_pair(pair);

	if (r != 0)
		return r;
	s.leader_fd = pair[1];
	host->pid = spawn_role(&s, &host->pidfd);
	close(pair[1]);
	if (host->pid < 0) {
		close(pair[0]);
		return (int)host->pid;
	}
	host->sock = pair[0];
	if (loop_watch(l->loop, host->pidfd, LOOP_IN, on_end, host) != 0 ||
	    loop_watch(l->loop, host->sock, LOOP_IN, on_request, host) != 0) {
		kill(host->pid, SIGKILL);
		return -ENOMEM;
	}
	return 0;
}

void
hosts_start(struct login *l, struct msg *m)
{
	struct login_host *host = NULL;
	int supervisor = msg_take_fd(m, 0);
	int log = msg_take_fd(m, 1);
	int r = -ENOMEM;

	if (l->host_count < LOGIN_HOSTS_MAX && supervisor >= 0)
		host = calloc(1, sizeof(*host));
	if (host != NULL) {
		host->login = l;
		host->sock = -1;
		host->pidfd = -1;
		host->next = l->hosts;
		l->hosts = host;
		l->host_count++;
		r = launch(host, supervisor, log);
	}
	say_started(m->conn, m->gen, m->tag, r == 0 ? host : NULL, r == 0 ? "" : strerror(-r));
	if (r != 0 && host != NULL && host->pidfd < 0)
		host_free(host);
	if (supervisor >= 0)
		close(supervisor);
	if (log >= 0)
		close(log);
}

/* ---- the end ---- */

bool
hosts_gone(const struct login *l)
{
	return l->hosts == NULL;
}

static void
kill_all(void *ctx)
{
	struct login *l = ctx;
	struct login_host *host;

	for (host = l->hosts; host != NULL; host = host->next)
		kill(host->pid, SIGKILL);
	loop_stop(l->loop);
}

void
hosts_stop(struct login *l)
{
	struct login_host *host;

	for (host = l->hosts; host != NULL; host = host->next)
		kill(host->pid, SIGTERM);
	if (hosts_gone(l) || loop_after(l->loop, LOGIN_END_MS, kill_all, l) <= 0)
		kill_all(l);
}
