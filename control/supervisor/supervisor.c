/*
 * The supervisor's life: start, signals, orderly stop.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/sandbox.h"
#include "control/spawn.h"
#include "control/supervisor/apart.h"
#include "control/json.h"
#include "control/supervisor/supervisor.h"

#define STOP_MS 2000u /* for the roles to finish; then they are killed */
#define STOP_POLL_MS 20u
#define LOG_BUFFER (1024 * 1024)

/* Tags are never 0, and those of two supervisors hardly ever the same: an answer
 * to an earlier one must not be taken for ours. */
uint32_t
sup_tag(struct sup *s)
{
	s->next_tag++;
	if (s->next_tag == 0)
		s->next_tag++;
	return s->next_tag;
}

/* sd_notify's protocol: one datagram to the service manager. */
static void
notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void
sup_ready(struct sup *s)
{
	if (s->told_ready)
		return;
	s->told_ready = true;
	notify("READY=1");
	log_info("posternd %s: every role is ready", POSTERN_VERSION);
}

/* ---- stop ---- */

static void
count_up(struct child *c, void *ctx)
{
	int *n = ctx;

	(void)c;
	(*n)++;
}

static void
kill_child(struct child *c, void *ctx)
{
	(void)ctx;
	proc_signal(&c->proc, SIGKILL);
}

static void
stop_poll(void *ctx)
{
	struct sup *s = ctx;
	int up = 0;

	children_each(s, ROLES_POOLED & ~ROLE_BIT(ROLE_CONSOLE), count_up, &up);
	/* Console goes last: it has the others' last words. */
	if (up == 0 && !s->console_stopped) {
		s->console_stopped = true;
		children_stop(s, ROLE_BIT(ROLE_CONSOLE));
	}
	up += proc_up(&s->console.proc);
	if (up > 0 && loop_now_ms() < s->stop_by_ms) {
		loop_after(s->loop, STOP_POLL_MS, stop_poll, s);
		return;
	}
	children_each(s, ROLES_POOLED, kill_child, NULL);
	loop_stop(s->loop);
}

/* Established sessions go on: hosts and leaders stay, with the dataplane. */
static void
stop(struct sup *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	log_info("posternd stops; sessions go on");
	notify("STOPPING=1");
	children_stop(s, ROLES_POOLED & ~ROLE_BIT(ROLE_CONSOLE));
	attach_stop(s);
	s->stop_by_ms = loop_now_ms() + STOP_MS;
	stop_poll(s);
}

/* ---- start ---- */

static void
on_signal(void *ctx, int fd, unsigned events)
{
	struct sup *s = ctx;
	struct signalfd_siginfo info;
	const char *why;
	struct js *said;

	(void)events;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			conf_reload(s, &why, &said);
			js_free(said);
		} else {
			stop(s);
		}
	}
}

static int
signals_start(struct sup *s)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -errno;
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return -errno;
	return loop_watch(s->loop, s->signal_fd, LOOP_IN, on_signal, s);
}

/* One socket for all lines: its reading end waits here while console is away. Not
 * SOCK_DGRAM, whose queue holds a handful of lines, however short. */
static int
log_open(struct sup *s)
{
	int pair[2];
	int on = 1;
	int size = LOG_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	s->log_in = pair[0];
	s->log_out = pair[1];
	(void)setsockopt(s->log_out, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	/* Which process a line comes from is the kernel's word. */
	if (setsockopt(s->log_in, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
		return -errno;
	log_start("posternd", s->log_out);
	return 0;
}

static int
sup_init(struct sup *s, const char *conf_path, const struct conf *conf)
{
	s->conf_path = conf_path;
	s->conf_fd = -1;
	s->moduli_fd = -1;
	s->gates = conf->gates > SUP_POOL_MAX ? SUP_POOL_MAX : conf->gates;
	s->clerks = conf->clerks > SUP_POOL_MAX ? SUP_POOL_MAX : conf->clerks;
	s->started_ms = loop_now_ms();
	s->next_tag = (uint32_t)getpid() << 16 ^ (uint32_t)s->started_ms;
	TAILQ_INIT(&s->dialogues);
	LIST_INIT(&s->services);
	LIST_INIT(&s->orphans);
	LIST_INIT(&s->leaders);
	attach_init(s);
	s->loop = loop_new();
	if (s->loop == NULL || conf_install(s, conf) != 0)
		return -ENOMEM;
	apart_start(s->loop);
	return 0;
}

int
supervisor_run(const char *conf_path, const struct conf *conf)
{
	struct sup *s = calloc(1, sizeof(*s));
	int r = s == NULL ? -ENOMEM : spawn_init();

	if (r == 0)
		r = sup_init(s, conf_path, conf);
	if (r == 0)
		r = signals_start(s);
	if (r == 0)
		r = log_open(s);
	if (r != 0) {
		fprintf(stderr, "posternd: %s\n", strerror(-r));
		return 1;
	}
	spawn_files();
	if (sandbox_enter(ROLE_SUPERVISOR) != 0)
		return 1;
	moduli_install(s, s->conf.moduli_file, NULL);
	served_install(s);
	children_start(s);
	attach_start(s);
	r = loop_run(s->loop, NULL, NULL);
	return r == 0 ? 0 : 1;
}
