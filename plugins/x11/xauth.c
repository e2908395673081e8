#include "x11.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * What runs beside a display, as the user: it stores the cookie, says so, waits for the
 * end of its input, and removes the cookie. That end comes with the display, and also
 * when this process dies. The cookie comes by the input and goes through a pipe: among
 * arguments others would see it. $0 is xauth, $1 the display's name.
 */
static const char keeper[] = "read -r cookie && printf 'remove %s\\nadd %s %s\\n' \"$1\" \"$1\" \"$cookie\" | \"$0\" -q -\n"
			     "echo $?\n"
			     "while read -r line; do :; done\n"
			     "printf 'remove %s\\n' \"$1\" | \"$0\" -q -\n";

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The session goes on: with the cookie, or without it. */
static void
settled(struct display *d, const char *wrong)
{
	const struct relay_env *e = &d->x11->env;

	if (d->out < 0)
		return;
	if (wrong != NULL)
		x11_say(d->x11, POSTERN_LOG_WARN, wrong);
	if (d->timer != 0)
		(void)e->loop->cancel(e->host, d->timer);
	d->timer = 0;
	(void)e->loop->unwatch(e->host, d->out);
	close_fd(&d->out);
	x11_answer(d, 1);
}

static void
said(void *context, int32_t fd, uint32_t events)
{
	struct display *d = context;
	char c = '1';

	(void)events;
	settled(d, read(fd, &c, 1) == 1 && c == '0' ? NULL : "xauth failed");
}

/* It waits for a lock that somebody left. */
static void
late(void *context)
{
	struct display *d = context;

	d->timer = 0;
	settled(d, "xauth does not end: the session starts without it");
}

static void
started(void *context, int32_t result, uint32_t pid, int32_t pidfd, struct postern_view text)
{
	struct display *d = context;

	(void)pid;
	(void)text;
	if (pidfd >= 0)
		close(pidfd);
	if (result == POSTERN_OK)
		return;
	settled(d, "xauth cannot be started");
	display_release(d);
}

static void
exited(void *context, uint32_t status, uint32_t signal, uint32_t core)
{
	struct display *d = context;

	(void)status;
	(void)signal;
	(void)core;
	settled(d, "xauth failed");
	display_release(d);
}

static int32_t
run(struct display *d, int in, int out)
{
	struct x11 *x = d->x11;
	struct postern_view argv[5];
	struct postern_spawn what;

	argv[0] = postern_text("sh");
	argv[1] = postern_text("-c");
	argv[2] = postern_text(keeper);
	argv[3] = postern_text(x->xauth);
	argv[4] = postern_text(d->auth_name);
	memset(&what, 0, sizeof(what));
	what.size = sizeof(what);
	what.kind = POSTERN_SPAWN_PROGRAM;
	what.fds[0] = in;
	what.fds[1] = out;
	what.fds[2] = -1;
	what.program = postern_text("/bin/sh");
	what.argv = argv;
	what.argc = 5;
	what.context = d;
	what.started = started;
	what.exited = exited;
	return x->spawn->start(x->env.host, &what, NULL);
}

static int
write_cookie(const struct display *d)
{
	char line[2 * X11_WORD_MAX + 4];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s %s\n", d->protocol, d->cookie);
	int ok = write(d->in, line, len) == (ssize_t)len; /* less than a pipe holds */

	explicit_bzero(line, sizeof(line));
	return ok;
}

int32_t
xauth_begin(struct display *d)
{
	const struct relay_env *e = &d->x11->env;
	int in[2], out[2];
	int32_t r;

	if (pipe2(in, O_CLOEXEC) != 0)
		return POSTERN_E_NOMEM;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return POSTERN_E_NOMEM;
	}
	d->in = in[1];
	d->out = out[0];
	r = write_cookie(d) ? run(d, in[0], out[1]) : POSTERN_E_FAIL;
	close(in[0]);
	close(out[1]);
	if (r == POSTERN_OK)
		d->refs++;
	if (r == POSTERN_OK)
		r = e->loop->watch(e->host, d->out, POSTERN_READABLE, said, d);
	if (r == POSTERN_OK)
		(void)e->loop->timer(e->host, X11_XAUTH_MS, late, d, &d->timer);
	else
		close_fd(&d->out);
	return r;
}

void
xauth_end(struct display *d)
{
	close_fd(&d->in);
	settled(d, NULL);
}
