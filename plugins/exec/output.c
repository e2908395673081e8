#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
output_close(struct session *s, struct output *o)
{
	if (o->fd < 0)
		return;
	s->exec->loop->unwatch(s->exec->host, o->fd);
	/* A terminal has one descriptor for both ways. */
	if (s->in == o->fd)
		s->in = -1;
	close(o->fd);
	o->fd = -1;
}

/* What was read and finds no room is kept, and nothing is read behind it. */
static void
hold(struct session *s, uint32_t stream, const char *bytes, uint64_t len)
{
	s->held = malloc(len);
	s->paused = 1;
	if (s->held == NULL) {
		/* Losing output silently is worse than losing the session. */
		s->exec->channels->close(s->exec->host, s->channel);
		s->closing = 1;
		return;
	}
	memcpy(s->held, bytes, len);
	s->held_len = len;
	s->held_off = 0;
	s->held_stream = stream;
}

static void
pass_on(struct session *s, struct output *o, const char *bytes, uint64_t len)
{
	const struct exec *e = s->exec;
	uint64_t took = 0;
	int32_t r = e->channels->write(e->host, s->channel, o->stream, postern_view_of(bytes, len), &took);

	if (r != POSTERN_OK) {
		/* The peer wants no more: the program learns it from its pipe. */
		output_close(s, o);
		return;
	}
	if (took < len)
		hold(s, o->stream, bytes + took, len - took);
}

void
output_pump(struct session *s, struct output *o)
{
	struct exec *e = s->exec;
	uint64_t credit = 0;
	ssize_t n;

	o->drained = 0;
	while (o->fd >= 0 && !s->paused && !s->closing) {
		e->channels->get(e->host, s->channel, POSTERN_CHANNEL_CREDIT, &credit);
		if (credit == 0) {
			s->paused = 1;
			if (e->channels->await_credit(e->host, s->channel) != POSTERN_OK)
				output_close(s, o);
			return;
		}
		n = read(o->fd, e->buf, credit < sizeof(e->buf) ? (size_t)credit : sizeof(e->buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			o->drained = 1;
			return;
		}
		/* A terminal whose other side is closed reads as EIO. */
		if (n <= 0) {
			output_close(s, o);
			return;
		}
		pass_on(s, o, e->buf, (uint64_t)n);
		/* One piece per event: other channels want their turn. After the
		 * program's end no event need come: then all of it. */
		if (!s->exited)
			return;
	}
}

void
output_resume(struct session *s)
{
	const struct exec *e = s->exec;
	uint64_t took = 0;
	int i;

	if (s->held != NULL) {
		if (e->channels->write(e->host, s->channel, s->held_stream,
		        postern_view_of(s->held + s->held_off, s->held_len - s->held_off), &took) != POSTERN_OK)
			took = s->held_len - s->held_off;
		s->held_off += took;
		if (s->held_off < s->held_len)
			return;
		free(s->held);
		s->held = NULL;
	}
	s->paused = 0;
	for (i = 0; i < 2; i++)
		if (s->exited)
			output_pump(s, &s->out[i]);
	session_watch(s);
	session_check(s);
}
