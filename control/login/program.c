#include "control/login/login.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/log.h"
#include "control/spawnmsg.h"

#define FORCED_ARGS 4 /* shell -c command, NULL */

/* ---- the request, decoded ---- */

struct request {
	uint32_t flags;
	uint32_t terminal;
	char *program;
	char *directory;
	char **argv;
	char **given;
};

static char *
text_of(struct view v)
{
	char *t;

	if (v.len > 0 && memchr(v.data, 0, v.len) != NULL)
		return NULL;
	t = malloc(v.len + 1);
	if (t == NULL)
		return NULL;
	if (v.len > 0)
		memcpy(t, v.data, v.len);
	t[v.len] = '\0';
	return t;
}

static char **
texts_of(struct cur *c)
{
	uint32_t count = cur_u32(c);
	char **v;
	uint32_t i;

	if (c->bad || count > SPAWN_ARGS_MAX || count > cur_left(c) / 4)
		return NULL;
	v = calloc(count + 1, sizeof(*v));
	if (v == NULL)
		return NULL;
	for (i = 0; i < count; i++) {
		v[i] = text_of(cur_string(c));
		if (v[i] == NULL) {
			environ_free(v);
			return NULL;
		}
	}
	return v;
}

static void
request_free(struct request *r)
{
	free(r->program);
	free(r->directory);
	environ_free(r->argv);
	environ_free(r->given);
}

static int
request_read(struct request *r, struct view body)
{
	struct cur c = cur_view(body);

	memset(r, 0, sizeof(*r));
	r->flags = cur_u32(&c);
	r->terminal = cur_u32(&c);
	r->program = text_of(cur_string(&c));
	r->argv = texts_of(&c);
	r->given = r->argv != NULL ? texts_of(&c) : NULL;
	r->directory = text_of(cur_string(&c));
	if (!cur_done(&c) || r->program == NULL || r->directory == NULL || r->given == NULL ||
	    r->argv[0] == NULL) {
		request_free(r);
		return -1;
	}
	return 0;
}

/* ---- answers ---- */

static int
say_spawned(struct login_host *host, uint32_t tag, const struct program *p, int error, const char *text)
{
	struct msg m = { .type = MSG_SPAWNED, .tag = tag };
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, p != NULL ? (uint32_t)p->pid : 0);
	put_u32(&w, (uint32_t)error);
	put_cstr(&w, text);
	m.body = put_view(&w);
	if (p != NULL) {
		m.fds[0] = p->pidfd;
		m.fd_count = 1;
	}
	if (msg_send(host->sock, &m) == 0)
		return 0;
	log_error("login: a program's answer was not sent");
	return -1;
}

static void
program_free(struct program *p)
{
	struct login *l = p->login;
	struct program **at = &l->programs;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	l->program_count--;
	loop_unwatch(l->loop, p->pidfd);
	close(p->pidfd);
	free(p);
}

static void
say_exited(void *ctx)
{
	struct program *p = ctx;
	struct msg m = { .type = MSG_EXITED, .tag = p->tag };
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, (uint32_t)p->pid);
	put_u32(&w, (uint32_t)p->status);
	m.body = put_view(&w);
	if (p->owner != NULL && p->owner->sock >= 0 && msg_send(p->owner->sock, &m) == -EAGAIN &&
	    loop_after(p->login->loop, LOGIN_AGAIN_MS, say_exited, p) > 0)
		return;
	program_free(p);
}

static void
on_end(void *ctx, int fd, unsigned events)
{
	struct program *p = ctx;
	pid_t r = waitpid(p->pid, &p->status, WNOHANG);

	(void)events;
	if (r == 0)
		return;
	loop_unwatch(p->login->loop, fd);
	p->ended = true;
	if (p->recorded)
		record_logout(p->tty, p->pid);
	p->recorded = false;
	say_exited(p);
}

/* ---- SPAWN ---- */

static struct program *
program_new(struct login_host *host, uint32_t tag)
{
	struct login *l = host->login;
	struct program *p;

	if (l->program_count >= LOGIN_PROGRAMS_MAX)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->login = l;
	p->owner = host;
	p->tag = tag;
	p->pidfd = -1;
	p->next = l->programs;
	l->programs = p;
	l->program_count++;
	return p;
}

/* 0 or an errno. */
static int
launch(struct program *p, struct child *c)
{
	p->pid = fork();
	if (p->pid < 0)
		return errno;
	if (p->pid == 0)
		child_run(c);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0 || loop_watch(p->login->loop, p->pidfd, LOOP_IN, on_end, p) != 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
		return ENFILE;
	}
	return 0;
}

static int
take_fds(struct child *c, const struct request *r, struct terminal *t, const struct msg *m)
{
	int next = 0, i;

	for (i = 0; i < 3; i++) {
		if (t != NULL)
			c->fds[i] = t->slave;
		else if (r->flags & (SPAWN_F_NULL << i))
			c->fds[i] = -1;
		else if (next < m->fd_count)
			c->fds[i] = m->fds[next++];
		else
			return -1;
	}
	return next == m->fd_count ? 0 : -1;
}

/* A grant that forces a command lets nothing else run, whatever a host asks for: that
 * one, by the user's shell, in the home directory. False: it may run nothing. */
static bool
force(struct child *c, const struct grant *g, char *argv[FORCED_ARGS])
{
	const char *shell = g->shell[0] != '\0' ? g->shell : "/bin/sh";
	const char *slash = strrchr(shell, '/');

	if (strcmp(g->command, GRANT_COMMAND_SFTP) == 0)
		return false;
	argv[0] = (char *)(uintptr_t)(slash != NULL ? slash + 1 : shell);
	argv[1] = (char *)(uintptr_t)"-c";
	argv[2] = (char *)(uintptr_t)g->command;
	argv[3] = NULL;
	c->program = shell;
	c->argv = argv;
	c->directory = "";
	c->greet = false;
	return true;
}

static int
start(struct login_host *host, const struct request *r, struct terminal *t, struct msg *m)
{
	struct login *l = host->login;
	struct child c = { .login = l, .program = r->program, .argv = r->argv, .directory = r->directory,
	    .tty = t != NULL ? t->name : NULL, .greet = (r->flags & SPAWN_F_LOGIN) != 0, .rc = (r->flags & SPAWN_F_RC) != 0,
	    .user_rc = (r->flags & SPAWN_F_SUBSYSTEM) == 0 };
	char *forced[FORCED_ARGS];
	struct program *p;
	int error = ENOMEM;

	if (take_fds(&c, r, t, m) != 0)
		return -1;
	if (l->grant.command[0] != '\0' && !force(&c, &l->grant, forced)) {
		(void)say_spawned(host, m->tag, NULL, EACCES, "the login's key forces another service");
		return 0;
	}
	p = program_new(host, m->tag);
	c.environment = environ_make(l, r->given, c.tty);
	if (p != NULL && c.environment != NULL)
		error = launch(p, &c);
	environ_free(c.environment);
	if (error != 0) {
		(void)say_spawned(host, m->tag, NULL, error, strerror(error));
		if (p != NULL)
			program_free(p);
		return 0;
	}
	if (t != NULL) {
		memcpy(p->tty, t->name, sizeof(p->tty));
		p->recorded = true;
		terminal_free(l, t);
	}
	/* A program that nobody knows of must not run. */
	if (say_spawned(host, m->tag, p, 0, "") != 0) {
		p->owner = NULL;
		kill(p->pid, SIGKILL);
	}
	return 0;
}

int
program_spawn(struct login_host *host, struct msg *m)
{
	struct request r;
	struct terminal *t = NULL;
	int result;

	if (request_read(&r, m->body) != 0)
		return -1;
	if (r.terminal != 0)
		t = terminal_find(host, r.terminal);
	if (r.terminal != 0 && t == NULL) {
		(void)say_spawned(host, m->tag, NULL, ENXIO, "no such terminal");
		result = 0;
	} else {
		result = start(host, &r, t, m);
	}
	request_free(&r);
	return result;
}

/* ---- SIGNAL ---- */

int
program_signal(struct login_host *host, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t pid = cur_u32(&c);
	uint32_t number = cur_u32(&c);
	bool group = cur_u8(&c) != 0;
	struct program *p;

	if (!cur_done(&c) || number == 0 || number >= NSIG)
		return -1;
	for (p = host->login->programs; p != NULL; p = p->next)
		if (p->owner == host && p->pid == (pid_t)pid && !p->ended)
			break;
	/* It may have ended on the way. A program leads its own session, so its
	 * group is its own; not reaped, its number is not another's. */
	if (p != NULL)
		kill(group ? -p->pid : p->pid, (int)number);
	return 0;
}

void
program_orphan(struct login_host *host)
{
	struct program *p;

	for (p = host->login->programs; p != NULL; p = p->next)
		if (p->owner == host)
			p->owner = NULL;
}

void
program_fini(struct login *l)
{
	struct program *p;

	for (p = l->programs; p != NULL; p = p->next)
		if (p->recorded && !p->ended)
			record_logout(p->tty, p->pid);
}
