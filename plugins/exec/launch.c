#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "modes.h"

#define SHELL_DEFAULT "/bin/sh"
#define ARGS_MAX 3

/* ---- the plan ---- */

static char *
text_of(struct postern_view v)
{
	return strndup(v.len > 0 ? v.data : "", v.len);
}

static char *
variable(struct postern_view name, struct postern_view value)
{
	char *text = malloc(name.len + value.len + 2);

	if (text == NULL)
		return NULL;
	memcpy(text, name.data, name.len);
	text[name.len] = '=';
	if (value.len > 0)
		memcpy(text + name.len + 1, value.data, value.len);
	text[name.len + 1 + value.len] = '\0';
	return text;
}

static int
plan_variables(struct plan *p, const struct postern_start *start)
{
	uint64_t i;

	p->variables = calloc(start->environment_count + 2, sizeof(*p->variables));
	if (p->variables == NULL)
		return -1;
	for (i = 0; i < start->environment_count; i++) {
		const struct postern_variable *v = &start->environment[i];

		if (v->name.len == 0 || memchr(v->name.data, '=', v->name.len) != NULL ||
		    memchr(v->name.data, 0, v->name.len) != NULL ||
		    (v->value.len > 0 && memchr(v->value.data, 0, v->value.len) != NULL))
			continue;
		p->variables[p->variable_count] = variable(v->name, v->value);
		if (p->variables[p->variable_count++] == NULL)
			return -1;
	}
	if ((start->flags & POSTERN_START_HAS_TERMINAL) && start->terminal.len > 0 &&
	    memchr(start->terminal.data, 0, start->terminal.len) == NULL) {
		p->variables[p->variable_count] = variable(postern_text("TERM"), start->terminal);
		if (p->variables[p->variable_count++] == NULL)
			return -1;
	}
	return 0;
}

static int
plan_texts(struct plan *p, const struct session *s, const struct postern_start *start)
{
	struct postern_view shell = { NULL, 0 };

	s->exec->sessions->text(s->exec->host, s->channel, POSTERN_SESSION_SHELL, &shell);
	p->shell = shell.len > 0 ? text_of(shell) : strdup(SHELL_DEFAULT);
	if (p->shell == NULL)
		return -1;
	if (start->kind != POSTERN_START_SHELL) {
		/* A NUL would cut what was asked for into something else. */
		if (start->name.len > 0 && memchr(start->name.data, 0, start->name.len) != NULL)
			return -1;
		p->command = text_of(start->name);
		if (p->command == NULL)
			return -1;
	}
	if (s->terminal && start->modes.len > 0) {
		p->modes = malloc(start->modes.len);
		if (p->modes == NULL)
			return -1;
		memcpy(p->modes, start->modes.data, start->modes.len);
		p->modes_len = start->modes.len;
	}
	p->subsystem = (start->flags & POSTERN_START_IS_SUBSYSTEM) != 0;
	p->window = start->window;
	return 0;
}

struct plan *
plan_new(struct session *s, const struct postern_start *start)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p != NULL && (plan_texts(p, s, start) != 0 || plan_variables(p, start) != 0)) {
		plan_free(p);
		return NULL;
	}
	return p;
}

void
plan_free(struct plan *p)
{
	uint64_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->variable_count; i++)
		free(p->variables[i]);
	free(p->variables);
	free(p->command);
	free(p->shell);
	free(p->modes);
	free(p);
}

/* ---- the program ---- */

static void
on_exited(void *context, uint32_t status, uint32_t signal, uint32_t core)
{
	session_exited(context, status, signal, core);
}

static void
fail(struct session *s)
{
	const struct exec *e = s->exec;

	s->closing = 1;
	s->ask = 0;
	e->channels->reply(e->host, s->channel, s->token, 0);
	e->channels->close(e->host, s->channel);
}

static void
on_started(void *context, int32_t result, uint32_t pid, int32_t pidfd, struct postern_view text)
{
	struct session *s = context;
	const struct exec *e = s->exec;

	(void)pid;
	(void)text;
	if (pidfd >= 0)
		close(pidfd);
	if (result != POSTERN_OK) {
		fail(s);
		return;
	}
	plan_free(s->plan);
	s->plan = NULL;
	e->channels->reply(e->host, s->channel, s->token, 1);
	/* Input may have come while there was nobody to take it. */
	e->channels->resume(e->host, s->channel);
	session_watch(s);
}

/* A shell is a login shell: its name begins with a dash. */
static uint64_t
arguments(const struct plan *p, struct postern_view argv[ARGS_MAX], char *name, size_t size)
{
	const char *slash = strrchr(p->shell, '/');
	const char *base = slash != NULL ? slash + 1 : p->shell;

	snprintf(name, size, "%s%s", p->command == NULL ? "-" : "", base);
	argv[0] = postern_text(name);
	if (p->command == NULL)
		return 1;
	argv[1] = postern_text("-c");
	argv[2] = postern_text(p->command);
	return 3;
}

static int32_t
start_program(struct session *s, uint64_t terminal, const int fds[3])
{
	const struct plan *p = s->plan;
	struct postern_spawn what;
	struct postern_view argv[ARGS_MAX];
	struct postern_view *environment = calloc(p->variable_count + 1, sizeof(*environment));
	char name[256];
	uint64_t i;
	int32_t r;

	if (environment == NULL)
		return POSTERN_E_NOMEM;
	for (i = 0; i < p->variable_count; i++)
		environment[i] = postern_text(p->variables[i]);
	memset(&what, 0, sizeof(what));
	what.size = sizeof(what);
	what.kind = POSTERN_SPAWN_PROGRAM;
	what.flags = POSTERN_SPAWN_F_RC | (p->command == NULL ? POSTERN_SPAWN_F_LOGIN : 0) |
	    (p->subsystem ? POSTERN_SPAWN_F_SUBSYSTEM : 0);
	what.terminal = terminal;
	for (i = 0; i < 3; i++)
		what.fds[i] = fds != NULL ? fds[i] : -1;
	what.program = postern_text(p->shell);
	what.argv = argv;
	what.argc = arguments(p, argv, name, sizeof(name));
	what.environment = environment;
	what.environment_count = p->variable_count;
	what.context = s;
	what.started = on_started;
	what.exited = on_exited;
	r = s->exec->spawn->start(s->exec->host, &what, &s->ask);
	free(environment);
	return r;
}

/* ---- with a terminal ---- */

static void
set_terminal(int fd, const struct plan *p)
{
	struct termios t;
	struct winsize w;

	if (tcgetattr(fd, &t) == 0) {
		modes_apply(&t, (const uint8_t *)p->modes, p->modes_len);
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	memset(&w, 0, sizeof(w));
	w.ws_col = (unsigned short)p->window.columns;
	w.ws_row = (unsigned short)p->window.rows;
	w.ws_xpixel = (unsigned short)p->window.width;
	w.ws_ypixel = (unsigned short)p->window.height;
	(void)ioctl(fd, TIOCSWINSZ, &w);
}

static void
on_terminal(void *context, int32_t result, uint64_t terminal, int32_t master, struct postern_view name)
{
	struct session *s = context;

	(void)name;
	if (result != POSTERN_OK) {
		fail(s);
		return;
	}
	if (s->closing) { /* the peer went away meanwhile */
		s->ask = 0;
		close(master);
		return;
	}
	s->in = master;
	s->out[0].fd = master;
	set_terminal(master, s->plan);
	if (start_program(s, terminal, NULL) != POSTERN_OK)
		fail(s);
}

/* ---- with pipes ---- */

static int
nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int32_t
launch_pipes(struct session *s)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int32_t r = POSTERN_E_FAIL;

	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0) {
		int fds[3] = { in[0], out[1], err[1] };

		s->in = in[1];
		s->out[0].fd = out[0];
		s->out[1].fd = err[0];
		if (nonblocking(in[1]) == 0 && nonblocking(out[0]) == 0 && nonblocking(err[0]) == 0)
			r = start_program(s, 0, fds);
	} else {
		if (in[1] >= 0)
			close(in[1]);
		if (out[0] >= 0)
			close(out[0]);
	}
	if (in[0] >= 0)
		close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	return r;
}

int32_t
launch(struct session *s)
{
	const struct exec *e = s->exec;
	uint64_t restrictions = 0;

	if (!s->terminal)
		return launch_pipes(s);
	e->sessions->number(e->host, s->channel, POSTERN_SESSION_RESTRICTIONS, &restrictions);
	if (restrictions & POSTERN_NO_PTY)
		return POSTERN_E_DENIED;
	return e->spawn->terminal(e->host, on_terminal, s, &s->ask);
}
