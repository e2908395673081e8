#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "signals.h"

/* ---- waiting ---- */

static void
on_ready(void *context, int32_t fd, uint32_t events)
{
	struct session *s = context;
	int i;

	if (fd == s->in && s->in_blocked && (events & (POSTERN_WRITABLE | POSTERN_HANGUP))) {
		s->in_blocked = 0;
		s->exec->channels->resume(s->exec->host, s->channel);
	}
	if (events & (POSTERN_READABLE | POSTERN_HANGUP))
		for (i = 0; i < 2; i++)
			if (fd == s->out[i].fd && !s->paused)
				output_pump(s, &s->out[i]);
	session_watch(s);
	session_check(s);
}

/* A hang-up is always told, so what may not be read now is not watched at all. */
static void
watch(struct session *s, int fd, uint32_t events)
{
	const struct exec *e = s->exec;

	if (fd < 0)
		return;
	if (events == 0)
		e->loop->unwatch(e->host, fd);
	else
		e->loop->watch(e->host, fd, events, on_ready, s);
}

void
session_watch(struct session *s)
{
	uint32_t in = s->in_blocked ? POSTERN_WRITABLE : 0;
	uint32_t out = s->paused || s->closing || s->plan != NULL ? 0 : POSTERN_READABLE;

	if (s->terminal) {
		watch(s, s->out[0].fd, in | out);
		return;
	}
	watch(s, s->in, in);
	watch(s, s->out[0].fd, out);
	watch(s, s->out[1].fd, out);
}

/* ---- input ---- */

static void
input_close(struct session *s)
{
	if (s->in < 0 || s->terminal)
		return;
	s->exec->loop->unwatch(s->exec->host, s->in);
	close(s->in);
	s->in = -1;
	s->in_blocked = 0;
}

int32_t
session_input(struct session *s, struct postern_view bytes, uint64_t *took)
{
	const char *at = bytes.data;
	ssize_t n = 0;

	/* Not there yet: resume() follows when it is. */
	if (s->plan != NULL)
		return POSTERN_OK;
	while (s->in >= 0 && *took < bytes.len) {
		n = write(s->in, at + *took, bytes.len - *took);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*took += (uint64_t)n;
	}
	if (*took == bytes.len)
		return POSTERN_OK;
	if (s->in >= 0 && n < 0 && errno == EAGAIN) {
		s->in_blocked = 1;
		session_watch(s);
		return POSTERN_OK;
	}
	/* Nobody reads it any more: as with sshd the peer's bytes go nowhere. */
	input_close(s);
	*took = bytes.len;
	return POSTERN_OK;
}

void
session_input_end(struct session *s)
{
	input_close(s);
}

/* ---- the end ---- */

static void
on_quiet(void *context)
{
	struct session *s = context;

	s->quiet = 0;
	if (!s->paused)
		output_pump(s, &s->out[0]);
	if (s->out[0].drained)
		output_close(s, &s->out[0]);
	session_watch(s);
	session_check(s);
}

static void
send_status(struct session *s)
{
	const struct exec *e = s->exec;

	s->status_sent = 1;
	if (s->signal != 0)
		e->channels->exit_signal(e->host, s->channel, postern_text(signal_name(s->signal)), s->core,
		    postern_text(""));
	else
		e->channels->exit_status(e->host, s->channel, s->status);
}

static int
output_over(const struct output *o)
{
	return o->fd < 0 || o->drained;
}

/*
 * End of data when both ways out have ended. The status when the program has
 * ended and what it wrote is out; close when both are through. A program left
 * behind that keeps a pipe open keeps the channel open, as with sshd; one that
 * keeps the terminal open does not.
 */
void
session_check(struct session *s)
{
	const struct exec *e = s->exec;
	int ended = s->out[0].fd < 0 && s->out[1].fd < 0 && s->held == NULL;

	if (s->closing || s->plan != NULL)
		return;
	if (ended && !s->eof_sent) {
		s->eof_sent = 1;
		e->channels->eof(e->host, s->channel);
	}
	if (!s->exited || s->held != NULL)
		return;
	if (!s->status_sent && output_over(&s->out[0]) && output_over(&s->out[1]) &&
	    (!s->terminal || ended))
		send_status(s);
	if (ended) {
		s->closing = 1;
		e->channels->close(e->host, s->channel);
		return;
	}
	if (s->terminal && s->out[0].drained && s->quiet == 0)
		e->loop->timer(e->host, EXEC_QUIET_MS, on_quiet, s, &s->quiet);
}

void
session_hangup(struct session *s)
{
	const struct exec *e = s->exec;
	int i;

	s->hung_up = 1;
	if (s->plan != NULL) { /* nothing runs yet */
		s->closing = 1;
		e->channels->close(e->host, s->channel);
		return;
	}
	input_close(s);
	for (i = 0; i < 2; i++)
		output_close(s, &s->out[i]);
	free(s->held);
	s->held = NULL;
	session_check(s);
}

void
session_exited(struct session *s, uint32_t status, uint32_t signal, uint32_t core)
{
	int i;

	s->exited = 1;
	s->ask = 0;
	s->status = status;
	s->signal = signal;
	s->core = core;
	for (i = 0; i < 2; i++)
		output_pump(s, &s->out[i]);
	session_watch(s);
	session_check(s);
}

void
session_free(struct session *s)
{
	const struct exec *e = s->exec;

	if (s->ask != 0)
		e->spawn->forget(e->host, s->ask);
	if (s->quiet != 0)
		e->loop->cancel(e->host, s->quiet);
	input_close(s);
	output_close(s, &s->out[0]);
	output_close(s, &s->out[1]);
	plan_free(s->plan);
	free(s->held);
	free(s);
}
