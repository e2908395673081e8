/*
 * A worker's ring is as hostile as a host's: entries are copied out and checked, and
 * one that makes no sense ends its leg.
 */
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/wire/reason.h"
#include "control/console/capture.h"
#include "control/log.h"
#include "control/role.h"

void
leg_stop(uint32_t id)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CAPTURE_STOP };

	put_u32(&w, id);
	m.body = put_view(&w);
	(void)msg_send(ROLE_SUPERVISOR_FD, &m);
}

static int
say_start(struct stream *s, struct leg *l, int ring_fd)
{
	uint8_t body[128 + 4 * CONSOLE_GROUPS_MAX];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CAPTURE, .fds = { l->own.fd, ring_fd }, .fd_count = 2 };
	const struct client *cl = s->client;
	uint32_t i;

	put_u32(&w, cl->uid);
	put_u32(&w, cl->group_count);
	for (i = 0; i < cl->group_count; i++)
		put_u32(&w, cl->group[i]);
	put_u32(&w, l->worker);
	capture_ask_put(&w, &s->ask);
	m.tag = l->tag = ++s->console->next_tag;
	m.body = put_view(&w);
	return msg_send(ROLE_SUPERVISOR_FD, &m);
}

void
leg_close(struct leg *l)
{
	if (l->wait_fd >= 0) {
		loop_unwatch(l->stream->console->loop, l->wait_fd);
		close(l->wait_fd);
	}
	l->wait_fd = -1;
	region_close(&l->own);
	region_close(&l->other);
	l->has = false;
	l->over = true;
}

static void
leg_broken(struct leg *l, int reason)
{
	log_error("capture at worker %u: %s", l->worker, reason_text(-reason));
	l->has = false;
	l->over = true;
}

int
leg_ask(struct stream *s, struct leg *l)
{
	int ring_fd = -1, r;

	if (region_create(&l->own, "postern-capture", CAPTURE_READ_RING, CAPTURE_READ_ARENA) != 0 ||
	    bell_create(&l->wait_fd, &ring_fd) != 0)
		return -1;
	r = say_start(s, l, ring_fd);
	close(ring_fd);
	return r;
}

static void
on_bell(void *ctx, int fd, unsigned events)
{
	struct leg *l = ctx;

	(void)events;
	/* Its other end is closed: what is in the ring can still be read. */
	if (bell_hush(fd) != 0)
		loop_unwatch(l->stream->console->loop, fd);
	stream_pump(l->stream);
}

int
leg_up(struct leg *l, uint32_t id, const struct msg *m)
{
	int r = m->fd_count == 1 ? region_attach(&l->other, m->fds[0], CAPTURE_RING, CAPTURE_ARENA) : -R_SHORT;

	l->id = id;
	if (r != 0)
		return r;
	ring_in_init(&l->in, &l->own, &l->other);
	return loop_watch(l->stream->console->loop, l->wait_fd, LOOP_IN, on_bell, l) == 0 ? 0 : -R_NOMEM;
}

bool
leg_peek(struct leg *l)
{
	int r;

	if (l->has || l->over)
		return l->has;
	r = ring_peek(&l->in, &l->next, &l->bytes);
	if (r == 1 && l->bytes.len > CAPTURE_SNAP_MAX)
		r = -R_LINK_RANGE;
	if (r < 0)
		leg_broken(l, r);
	l->has = r == 1;
	return l->has;
}

void
leg_skip(struct leg *l)
{
	ring_take(&l->in);
	l->has = false;
}
