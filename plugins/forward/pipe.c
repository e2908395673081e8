#include "forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pipe *
pipe_new(struct forward *f, int fd)
{
	struct pipe *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->forward = f;
	p->fd = fd;
	return p;
}

void
pipe_free(struct pipe *p)
{
	connect_forget(p);
	if (p->watched)
		p->forward->loop->unwatch(p->forward->host, p->fd);
	if (p->fd >= 0)
		close(p->fd);
	free(p->held);
	free(p);
}

static void
end(struct pipe *p)
{
	p->forward->channels->close(p->forward->host, p->channel);
}

/* Both ends have said all, or what the peer says reaches nobody. */
static void
check(struct pipe *p)
{
	if (p->ended && p->held_len == 0 && (p->peer_ended || p->deaf))
		end(p);
}

/* ---- from the socket ---- */

/* 1: all of what is held was accepted. */
static int
push_held(struct pipe *p)
{
	struct forward *f = p->forward;
	uint64_t took = 0;

	if (p->held_len == 0)
		return 1;
	if (f->channels->write(f->host, p->channel, POSTERN_STREAM_DATA,
	        postern_view_of(p->held + p->held_off, p->held_len), &took) != POSTERN_OK)
		took = p->held_len; /* the channel takes no more */
	p->held_off += took;
	p->held_len -= took;
	if (p->held_len > 0)
		return 0;
	free(p->held);
	p->held = NULL;
	p->held_off = 0;
	return 1;
}

/* Keep what was not accepted; without memory for it the channel cannot go on. */
static int
hold(struct pipe *p, const char *bytes, uint64_t len)
{
	p->held = malloc(len);
	if (p->held == NULL) {
		end(p);
		return 0;
	}
	memcpy(p->held, bytes, len);
	p->held_len = len;
	p->held_off = 0;
	return 1;
}

static void
said_all(struct pipe *p)
{
	p->ended = 1;
	p->forward->channels->eof(p->forward->host, p->channel);
	check(p);
}

/* One read. 1: perhaps there is more. */
static int
pull(struct pipe *p)
{
	struct forward *f = p->forward;
	uint64_t credit = 0, took = 0;
	ssize_t n;

	if (f->channels->get(f->host, p->channel, POSTERN_CHANNEL_CREDIT, &credit) != POSTERN_OK)
		return 0;
	if (credit == 0) {
		p->paused = 1;
		f->channels->await_credit(f->host, p->channel);
		return 0;
	}
	n = recv(p->fd, f->buf, credit < FORWARD_CHUNK ? credit : FORWARD_CHUNK, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) { /* a socket that broke has no more to say either */
		if (n < 0)
			p->deaf = 1;
		said_all(p);
		return 0;
	}
	if (f->channels->write(f->host, p->channel, POSTERN_STREAM_DATA, postern_view_of(f->buf, (uint64_t)n),
	        &took) != POSTERN_OK)
		took = (uint64_t)n;
	if (took == (uint64_t)n)
		return 1;
	p->paused = 1;
	(void)hold(p, f->buf + took, (uint64_t)n - took);
	return 0;
}

/* ---- the loop ---- */

static void
ready(void *context, int32_t fd, uint32_t events)
{
	struct pipe *p = context;
	struct forward *f = p->forward;

	(void)fd;
	if (p->connecting) {
		connect_ready(p);
		return;
	}
	if (p->blocked && (events & (POSTERN_WRITABLE | POSTERN_HANGUP))) {
		p->blocked = 0;
		f->channels->resume(f->host, p->channel);
	}
	if (!p->ended && !p->paused && (events & (POSTERN_READABLE | POSTERN_HANGUP)))
		for (int i = 0; i < FORWARD_ROUNDS && pull(p); i++)
			;
	pipe_watch(p);
}

void
pipe_watch(struct pipe *p)
{
	struct forward *f = p->forward;
	int want = 0;

	if (p->connecting || p->blocked)
		want |= POSTERN_WRITABLE;
	if (p->running && !p->paused && !p->ended)
		want |= POSTERN_READABLE;
	if (want == p->watched || p->fd < 0)
		return;
	/* A hang-up is told always: who waits for nothing is not watched. */
	if (want == 0)
		f->loop->unwatch(f->host, p->fd);
	else
		f->loop->watch(f->host, p->fd, (uint32_t)want, ready, p);
	p->watched = want;
}

void
pipe_run(struct pipe *p)
{
	p->connecting = 0;
	p->running = 1;
	p->forward->channels->resume(p->forward->host, p->channel);
	pipe_watch(p);
}

/* ---- from the peer ---- */

int32_t
pipe_data(struct pipe *p, struct postern_view bytes, uint64_t *took)
{
	ssize_t n;

	if (!p->running)
		return POSTERN_OK;
	if (p->deaf) { /* read on, so that the peer comes to see our end */
		*took = bytes.len;
		return POSTERN_OK;
	}
	n = send(p->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		p->deaf = 1;
		*took = bytes.len;
		check(p);
		return POSTERN_OK;
	}
	*took = n > 0 ? (uint64_t)n : 0;
	if (*took < bytes.len) {
		p->blocked = 1;
		pipe_watch(p);
	}
	return POSTERN_OK;
}

/* Half closed: the other direction stays. */
void
pipe_peer_eof(struct pipe *p)
{
	p->peer_ended = 1;
	if (p->fd >= 0)
		shutdown(p->fd, SHUT_WR);
	check(p);
}

void
pipe_writable(struct pipe *p)
{
	if (!push_held(p))
		return;
	p->paused = 0;
	check(p);
	pipe_watch(p);
}
