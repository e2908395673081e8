#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/spawn.h"
#include "control/supervisor/supervisor.h"

#define REAP_AGAIN_MS 100u
#define LINGER_MS 200u /* between the end of a socket and of its process */

static void
on_socket(void *ctx, int fd, unsigned events)
{
	struct proc *p = ctx;

	(void)fd;
	(void)events;
	dispatch_ready(p);
}

static void
on_pidfd(void *ctx, int fd, unsigned events)
{
	struct proc *p = ctx;

	(void)fd;
	(void)events;
	/* What a PAM module forked and left in its group goes with it; the group's
	 * number is nobody else's before its leader is reaped. */
	if (p->role == ROLE_PAM && p->pid > 0)
		kill(-p->pid, SIGKILL);
	proc_forget(p);
	p->ended(p);
}

int
proc_watch_pid(struct proc *p)
{
	return loop_watch(p->sup->loop, p->pidfd, LOOP_IN, on_pidfd, p);
}

static int
proc_open(struct sup *s, struct proc *p, int sock)
{
	int r;

	p->sup = s;
	p->said_ready = false;
	r = line_open(&p->line, s->loop, sock, on_socket, p);
	if (r == 0)
		r = p->pidfd >= 0 ? proc_watch_pid(p) : 0;
	return r;
}

int
proc_start(struct sup *s, struct proc *p)
{
	struct spawn sp = { .role = p->role, .index = p->index, .leader_fd = -1 };
	bool outlives = p->role == ROLE_HOST || p->role == ROLE_LOGIN;
	int pair[2];
	int r = msg_pair(pair);

	if (r != 0)
		return r;
	sp.supervisor_fd = pair[1];
	sp.log_fd = s->log_out;
	if (p->role == ROLE_CONSOLE) {
		sp.log_fd = s->log_in;
		sp.leader_fd = s->log_out;
	}
	/* Who lives longer than this process holds nothing of its terminal, nor do
	 * PAM's modules, which may print what they like. */
	sp.keep_stderr = !outlives && p->role != ROLE_PAM;
	sp.dies_with_parent = !outlives;
	r = spawn_role(&sp, &p->pidfd);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		p->pidfd = -1;
		return r;
	}
	p->pid = r;
	r = proc_open(s, p, pair[0]);
	if (r != 0) {
		proc_signal(p, SIGKILL);
		proc_forget(p);
	}
	return r;
}

/* Of a process that somebody else started; 0 where it is gone already. */
static pid_t
pid_of(int pidfd)
{
	char path[64], line[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	f = pidfd >= 0 ? fopen(path, "re") : NULL;
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	fclose(f);
	return pid > 0 ? pid : 0;
}

int
proc_adopt(struct sup *s, struct proc *p, int sock, int pidfd)
{
	int r;

	p->pid = pid_of(pidfd);
	p->pidfd = pidfd;
	r = proc_open(s, p, sock);
	if (r != 0)
		proc_forget(p);
	return r;
}

void
proc_send(struct proc *p, const struct msg *m)
{
	if (line_msg(&p->line, m) == -EAGAIN) {
		log_error("%s %u does not read: killed", roles[p->role].name, p->index);
		proc_signal(p, SIGKILL);
	}
}

void
proc_signal(struct proc *p, int sig)
{
	if (p->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, p->pidfd, sig, NULL, 0);
}

static void
linger_over(void *ctx)
{
	struct proc *p = ctx;

	p->linger = 0;
	if (p->role == ROLE_HOST)
		host_fault(p, "it closed its socket");
	proc_signal(p, SIGKILL);
}

void
proc_hang_up(struct proc *p)
{
	line_close(&p->line);
	/* A leader closes its session on the way out. */
	if (p->role == ROLE_LOGIN) {
		proc_signal(p, SIGTERM);
		return;
	}
	if (p->linger > 0)
		return;
	p->linger = loop_after(p->sup->loop, LINGER_MS, linger_over, p);
	if (p->linger < 0)
		linger_over(p);
}

/* 1: *info is its end; 0: not to be had yet; -1: not our child. */
static int
reap(int pidfd, siginfo_t *info)
{
	info->si_pid = 0;
	if (waitid(P_PIDFD, (id_t)pidfd, info, WEXITED | WNOHANG) != 0)
		return -1;
	return info->si_pid != 0;
}

/* A process that somebody traces is dead before its parent can collect it. */
struct corpse {
	struct loop *loop;
	int pidfd;
};

static void
bury(void *ctx)
{
	struct corpse *c = ctx;
	siginfo_t info;

	if (reap(c->pidfd, &info) == 0 && loop_after(c->loop, REAP_AGAIN_MS, bury, c) > 0)
		return;
	close(c->pidfd);
	free(c);
}

static void
bury_later(struct loop *loop, int pidfd)
{
	struct corpse *c = malloc(sizeof(*c));

	if (c == NULL) {
		close(pidfd);
		return;
	}
	c->loop = loop;
	c->pidfd = pidfd;
	bury(c);
}

static void
say_end(struct proc *p, const siginfo_t *info)
{
	const char *name;

	p->signal = 0;
	p->code = 0;
	if (info == NULL) {
		p->end = PROC_UNKNOWN;
		snprintf(p->status, sizeof(p->status), "ended");
	} else if (info->si_code == CLD_EXITED) {
		p->code = info->si_status;
		p->end = info->si_status == 0 ? PROC_DONE : PROC_CRASHED;
		snprintf(p->status, sizeof(p->status), "exited with status %d", info->si_status);
	} else {
		p->end = PROC_CRASHED;
		p->signal = info->si_status;
		name = sigabbrev_np(info->si_status);
		snprintf(p->status, sizeof(p->status), "ended by signal %d (%s)", info->si_status,
		    name != NULL ? name : "?");
	}
}

void
proc_forget(struct proc *p)
{
	siginfo_t info;
	int got;

	line_close(&p->line);
	if (p->linger > 0)
		loop_cancel(p->sup->loop, p->linger);
	p->linger = 0;
	if (p->pidfd < 0)
		return;
	loop_unwatch(p->sup->loop, p->pidfd);
	got = reap(p->pidfd, &info);
	say_end(p, got > 0 ? &info : NULL);
	if (got == 0)
		bury_later(p->sup->loop, p->pidfd);
	else
		close(p->pidfd);
	p->pidfd = -1;
	p->pid = 0;
}
