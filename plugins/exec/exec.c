#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "signals.h"

static int32_t
exec_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct exec *e = plugin->impl;
	struct session *s = calloc(1, sizeof(*s));
	int32_t r;

	if (s == NULL)
		return POSTERN_E_NOMEM;
	s->exec = e;
	s->channel = channel;
	s->token = start->token;
	s->in = -1;
	s->out[0].fd = -1;
	s->out[0].stream = POSTERN_STREAM_DATA;
	s->out[1].fd = -1;
	s->out[1].stream = POSTERN_STREAM_STDERR;
	s->terminal = (start->flags & POSTERN_START_HAS_TERMINAL) != 0;
	s->plan = plan_new(s, start);
	r = s->plan == NULL ? POSTERN_E_NOMEM : launch(s);
	if (r != POSTERN_OK) {
		session_free(s);
		/* AGAIN would promise a reply. */
		return r == POSTERN_E_AGAIN ? POSTERN_E_FAIL : r;
	}
	*context = s;
	return POSTERN_E_AGAIN;
}

static int32_t
exec_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct session *s = context;

	/* A program has one input; a peer has no other stream to send on. */
	if (stream != POSTERN_STREAM_DATA) {
		*took = bytes.len;
		return POSTERN_OK;
	}
	return session_input(s, bytes, took);
}

static void
exec_eof(void *context)
{
	session_input_end(context);
}

static void
exec_hangup(void *context)
{
	session_hangup(context);
}

static void
exec_writable(void *context, uint64_t credit)
{
	(void)credit;
	output_resume(context);
}

static void
exec_window_change(void *context, const struct postern_window *window)
{
	struct session *s = context;
	struct winsize w;

	if (!s->terminal)
		return;
	if (s->plan != NULL)
		s->plan->window = *window;
	w.ws_col = (unsigned short)window->columns;
	w.ws_row = (unsigned short)window->rows;
	w.ws_xpixel = (unsigned short)window->width;
	w.ws_ypixel = (unsigned short)window->height;
	if (s->out[0].fd >= 0)
		(void)ioctl(s->out[0].fd, TIOCSWINSZ, &w);
}

static void
exec_signal(void *context, struct postern_view name)
{
	struct session *s = context;
	uint32_t number = signal_number(name);

	if (number != 0 && !s->exited && s->plan == NULL)
		s->exec->spawn->signal(s->exec->host, s->ask, number);
}

static int32_t
exec_break(void *context, uint64_t token, uint32_t milliseconds)
{
	struct session *s = context;

	(void)token;
	(void)milliseconds;
	if (!s->terminal || s->out[0].fd < 0)
		return POSTERN_E_FAIL;
	return tcsendbreak(s->out[0].fd, 0) == 0 ? POSTERN_OK : POSTERN_E_FAIL;
}

static int32_t
exec_request(void *context, uint64_t token, struct postern_view name, struct postern_view body)
{
	struct session *s = context;

	(void)token;
	(void)body;
	/* OpenSSH PROTOCOL 2.1: the peer wants no more output. */
	if (!postern_view_is(name, "eow@openssh.com"))
		return POSTERN_E_NOSUCH;
	if (!s->terminal && s->plan == NULL) {
		output_close(s, &s->out[0]);
		output_close(s, &s->out[1]);
		session_check(s);
	}
	return POSTERN_OK;
}

static void
exec_closed(void *context, uint32_t reason)
{
	(void)reason;
	session_free(context);
}

/* ---- the plugin ---- */

static const struct postern_serves serves[] = {
	{ POSTERN_START_SHELL, 0, POSTERN_LITERAL("") },
	{ POSTERN_START_EXEC, 0, POSTERN_LITERAL("") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = exec_open,
	.data = exec_data,
	.closed = exec_closed,
	.eof = exec_eof,
	.writable = exec_writable,
	.window_change = exec_window_change,
	.signal = exec_signal,
	.send_break = exec_break,
	.request = exec_request,
	.hangup = exec_hangup,
};

static int32_t
exec_start(struct postern_plugin *plugin)
{
	(void)plugin;
	return POSTERN_OK;
}

static void
exec_stop(struct postern_plugin *plugin)
{
	(void)plugin;
}

static void
exec_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
exec_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static int32_t
exec_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct exec *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return POSTERN_E_NOMEM;
	e->host = host;
	e->channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	e->sessions = host->query(host, postern_text(POSTERN_IF_SESSION));
	e->loop = host->query(host, postern_text(POSTERN_IF_LOOP));
	e->spawn = host->query(host, postern_text(POSTERN_IF_SPAWN));
	if (e->channels == NULL || e->sessions == NULL || e->loop == NULL || e->spawn == NULL) {
		free(e);
		return POSTERN_E_NOSUCH;
	}
	e->plugin.size = sizeof(e->plugin);
	e->plugin.impl = e;
	e->plugin.start = exec_start;
	e->plugin.stop = exec_stop;
	e->plugin.destroy = exec_destroy;
	e->plugin.query = exec_query;
	*out = &e->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.exec"),
	POSTERN_LITERAL("0.1"), exec_create,
};
