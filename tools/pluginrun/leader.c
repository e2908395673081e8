/*
 * The login leader's part: programs of the plugin, as children of this process and as its
 * user. No terminals, no PAM, no rc files: that is the leader's, in control/login.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/spawnmsg.h"
#include "tools/pluginrun/run.h"

struct run_program {
	struct run_program *next;
	struct run *run;
	uint32_t tag;
	pid_t pid;
	int pidfd;
};

/* ---- the request ---- */

struct order {
	uint32_t flags;
	uint32_t terminal;
	char *program;
	char **argv;
	char **environment;
	char *directory;
};

static void
texts_free(char **v)
{
	for (char **t = v; t != NULL && *t != NULL; t++)
		free(*t);
	free(v);
}

static char *
text_of(struct view t)
{
	return strndup(t.len > 0 ? (const char *)t.data : "", t.len);
}

static char **
texts_of(struct cur *c)
{
	uint32_t count = cur_u32(c), i;
	char **v = !c->bad && count <= SPAWN_ARGS_MAX ? calloc(count + 1, sizeof(*v)) : NULL;

	for (i = 0; v != NULL && i < count; i++)
		if ((v[i] = text_of(cur_string(c))) == NULL)
			break;
	return v;
}

static bool
order_read(struct order *o, struct view body)
{
	struct cur c = cur_view(body);

	o->flags = cur_u32(&c);
	o->terminal = cur_u32(&c);
	o->program = text_of(cur_string(&c));
	o->argv = texts_of(&c);
	o->environment = texts_of(&c);
	o->directory = text_of(cur_string(&c));
	return cur_done(&c) && o->program != NULL && o->argv != NULL && o->environment != NULL && o->directory != NULL;
}

static void
order_free(struct order *o)
{
	free(o->program);
	free(o->directory);
	texts_free(o->argv);
	texts_free(o->environment);
}

/* ---- answers ---- */

static void
say_spawned(struct run *r, uint32_t tag, const struct run_program *p, int error)
{
	struct msg m = { .type = MSG_SPAWNED, .tag = tag };
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, p != NULL ? (uint32_t)p->pid : 0);
	put_u32(&w, (uint32_t)error);
	put_cstr(&w, error != 0 ? strerror(error) : "");
	m.body = put_view(&w);
	if (p != NULL) {
		m.fds[0] = p->pidfd;
		m.fd_count = 1;
	}
	(void)msg_send(r->leader, &m);
}

static void
no_terminal(struct run *r, uint32_t tag)
{
	struct msg m = { .type = MSG_TERMINAL_IS, .tag = tag };
	uint8_t body[32];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, 0);
	put_u32(&w, ENOTTY);
	put_cstr(&w, "");
	m.body = put_view(&w);
	(void)msg_send(r->leader, &m);
}

static void
on_end(void *ctx, int fd, unsigned events)
{
	struct run_program *p = ctx, **at = &p->run->running;
	struct msg m = { .type = MSG_EXITED, .tag = p->tag };
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	int status = 0;

	(void)events;
	if (waitpid(p->pid, &status, WNOHANG) == 0)
		return;
	put_u32(&w, (uint32_t)p->pid);
	put_u32(&w, (uint32_t)status);
	m.body = put_view(&w);
	(void)msg_send(p->run->leader, &m);
	loop_unwatch(p->run->loop, fd);
	close(fd);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p);
}

/* ---- SPAWN and SIGNAL ---- */

static void __attribute__((noreturn))
child(const struct order *o, const struct msg *m)
{
	int next = 0, i, fd;

	setsid();
	for (i = 0; i < 3; i++) {
		fd = o->flags & (SPAWN_F_NULL << i) ? open("/dev/null", O_RDWR) : m->fds[next++];
		/* Received descriptors are above these three. */
		if (fd < 0 || (fd != i && dup2(fd, i) < 0))
			_exit(126);
	}
	if (o->directory[0] != '\0' && chdir(o->directory) != 0)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execve(o->program, o->argv, o->environment);
	_exit(127);
}

static int
launch(struct run_program *p, const struct order *o, const struct msg *m)
{
	p->pid = fork();
	if (p->pid < 0)
		return errno;
	if (p->pid == 0)
		child(o, m);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd >= 0 && loop_watch(p->run->loop, p->pidfd, LOOP_IN, on_end, p) == 0)
		return 0;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	return ENFILE;
}

static void
on_spawn(struct run *r, const struct msg *m)
{
	struct order o = { 0 };
	struct run_program *p = calloc(1, sizeof(*p));
	int error = EINVAL;

	if (p != NULL && order_read(&o, m->body) && o.terminal == 0) {
		*p = (struct run_program){ .run = r, .tag = m->tag, .pidfd = -1 };
		error = launch(p, &o, m);
	}
	order_free(&o);
	if (error != 0) {
		free(p);
		say_spawned(r, m->tag, NULL, error);
		return;
	}
	p->next = r->running;
	r->running = p;
	say_spawned(r, m->tag, p, 0);
}

static void
on_signal(struct run *r, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	pid_t pid = (pid_t)cur_u32(&c);
	int number = (int)cur_u32(&c);

	for (struct run_program *p = r->running; p != NULL; p = p->next)
		if (p->pid == pid)
			kill(-pid, number);
}

static void
on_host(void *ctx, int fd, unsigned events)
{
	struct run *r = ctx;
	struct msg m;

	(void)events;
	while (msg_recv(fd, &m, r->message) == 1) {
		if (m.type == MSG_SPAWN)
			on_spawn(r, &m);
		else if (m.type == MSG_TERMINAL)
			no_terminal(r, m.tag);
		else if (m.type == MSG_SIGNAL)
			on_signal(r, &m);
		msg_drop_fds(&m);
	}
}

int
run_leader_begin(struct run *r)
{
	int pair[2];

	if (msg_pair(pair) != 0)
		return -1;
	r->leader = pair[0];
	return loop_watch(r->loop, pair[0], LOOP_IN, on_host, r) == 0 ? leader_init(&r->host, pair[1]) : -1;
}

/* What still runs belonged to a login that is over. */
void
run_leader_end(struct run *r)
{
	struct run_program *p;

	while ((p = r->running) != NULL) {
		r->running = p->next;
		kill(-p->pid, SIGHUP);
		close(p->pidfd);
		free(p);
	}
	if (r->leader >= 0)
		close(r->leader);
}
