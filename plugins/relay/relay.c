#include "relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void pump(struct relay *r);

struct relay *
relay_new(struct relay_env *env, int fd)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		close(fd);
		return NULL;
	}
	r->env = env;
	r->fd = fd;
	return r;
}

static void
unwatch(struct relay *r)
{
	if (r->watched)
		r->env->loop->unwatch(r->env->host, r->fd);
	r->watched = 0;
}

static void
close_socket(struct relay *r)
{
	if (r->fd < 0)
		return;
	unwatch(r);
	close(r->fd);
	r->fd = -1;
}

static void
close_channel(struct relay *r)
{
	if (r->closing || !r->open)
		return;
	r->closing = 1;
	close_socket(r);
	r->env->channels->close(r->env->host, r->channel);
}

static void
ready(void *context, int32_t fd, uint32_t events)
{
	struct relay *r = context;

	(void)fd;
	if ((events & POSTERN_WRITABLE) && r->blocked) {
		r->blocked = 0;
		r->env->channels->resume(r->env->host, r->channel);
	}
	if (!r->paused && (events & (POSTERN_READABLE | POSTERN_HANGUP))) {
		pump(r);
		return;
	}
	/* It is gone and the peer reads slowly: told once is enough. */
	if (events & POSTERN_HANGUP)
		unwatch(r);
}

static void
watch(struct relay *r)
{
	uint32_t events = (r->read_end || r->paused ? 0 : POSTERN_READABLE) | (r->blocked ? POSTERN_WRITABLE : 0);

	if (r->fd < 0)
		return;
	/* With nothing to wait for, a hang-up would be told again and again. */
	if (events == 0) {
		unwatch(r);
		return;
	}
	if (r->env->loop->watch(r->env->host, r->fd, events, ready, r) != POSTERN_OK) {
		close_channel(r);
		return;
	}
	r->watched = 1;
}

/* Say what has become due. */
static void
check(struct relay *r)
{
	if (r->read_end && r->held_len == 0 && !r->eof_sent) {
		r->eof_sent = 1;
		r->env->channels->eof(r->env->host, r->channel);
	}
	if (r->eof_sent && r->write_end)
		close_channel(r);
	else
		watch(r);
}

/* What was held, then what can be read. */
static int
flush(struct relay *r)
{
	uint64_t took = 0;
	int32_t rc;

	if (r->held_len == 0)
		return 1;
	rc = r->env->channels->write(r->env->host, r->channel, POSTERN_STREAM_DATA,
	    postern_view_of(r->held + r->held_off, r->held_len), &took);
	r->held_off += took;
	r->held_len -= took;
	if (rc != POSTERN_OK) { /* the peer closed: its close is on the way */
		r->held_len = 0;
		r->read_end = r->eof_sent = 1;
	}
	if (r->held_len > 0)
		return 0;
	free(r->held);
	r->held = NULL;
	return 1;
}

static int
hold(struct relay *r, const char *bytes, uint64_t len)
{
	r->held = malloc(len);
	if (r->held == NULL)
		return -1;
	memcpy(r->held, bytes, len);
	r->held_len = len;
	r->held_off = 0;
	r->paused = 1;
	return 0;
}

/* One chunk a turn: others have theirs. */
static void
pump(struct relay *r)
{
	struct relay_env *e = r->env;
	uint64_t took = 0;
	ssize_t n;
	int32_t rc;

	if (!flush(r)) {
		r->paused = 1;
		watch(r);
		return;
	}
	if (!r->read_end) {
		n = read(r->fd, e->buf, sizeof(e->buf));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			r->read_end = 1;
		if (n < 0 && r->read_end) /* not an end but an error: nobody reads there */
			r->write_end = 1;
		if (n > 0) {
			rc = e->channels->write(e->host, r->channel, POSTERN_STREAM_DATA,
			    postern_view_of(e->buf, (uint64_t)n), &took);
			if (rc != POSTERN_OK)
				r->read_end = r->eof_sent = 1;
			else if (took < (uint64_t)n && hold(r, e->buf + took, (uint64_t)n - took) != 0)
				r->read_end = r->write_end = 1;
		}
	}
	check(r);
}

void
relay_open(struct relay *r, struct postern_channel channel)
{
	r->channel = channel;
	r->open = 1;
	watch(r);
}

void
relay_writable(struct relay *r)
{
	r->paused = 0;
	if (r->fd >= 0)
		pump(r);
}

int32_t
relay_data(struct relay *r, struct postern_view bytes, uint64_t *took)
{
	ssize_t n;

	if (r->fd < 0 || r->write_end) {
		*took = bytes.len;
		return POSTERN_OK;
	}
	n = send(r->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
	if (n >= 0) {
		*took = (uint64_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		/* Nobody reads there any more; what it still has to say is passed on. */
		*took = bytes.len;
		r->write_end = 1;
		check(r);
		return POSTERN_OK;
	}
	if (*took < bytes.len) {
		r->blocked = 1;
		watch(r);
	}
	return POSTERN_OK;
}

void
relay_eof(struct relay *r)
{
	r->write_end = 1;
	if (r->fd < 0)
		return;
	(void)shutdown(r->fd, SHUT_WR);
	check(r);
}

void
relay_hangup(struct relay *r)
{
	close_channel(r);
}

void
relay_free(struct relay *r)
{
	close_socket(r);
	free(r->held);
	free(r);
}
