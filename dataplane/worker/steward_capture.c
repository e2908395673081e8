/*
 * The steward's part of captures: it maps what console handed over, makes the
 * worker's region, and takes a leg back when the worker is done with it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "dataplane/worker/capture.h"
#include "dataplane/worker/steward.h"

static void
capture_free(struct capture *c)
{
	region_close(&c->own);
	region_close(&c->peer);
	if (c->ring_fd >= 0)
		close(c->ring_fd);
	free(c);
}

static void
send_ready(struct steward *s, uint32_t tag, int reason, int fd)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_CAPTURE_READY);
	put_u32(&w, tag);
	put_u32(&w, (uint32_t)(reason < 0 ? -reason : reason));
	attach_send(s, &w, &fd, fd >= 0);
}

static int
take(struct capture *c, struct cur *body, int *fds, int fd_count)
{
	int r = capture_ask_get(body, &c->ask);

	if (r != 0 || !cur_done(body))
		return -R_LINK_ITEM;
	if (fd_count != 2)
		return -R_SHORT;
	if ((r = region_attach(&c->peer, fds[0], CAPTURE_READ_RING, CAPTURE_READ_ARENA)) != 0)
		return r;
	if ((r = bell_adopt(fds[1])) != 0)
		return r;
	c->ring_fd = fds[1];
	fds[1] = -1;
	if (region_create(&c->own, "postern-capture", CAPTURE_RING, CAPTURE_ARENA) != 0)
		return -R_NOMEM;
	ring_out_init(&c->out, &c->own, &c->peer, c->arena_end, false);
	return 0;
}

static uint32_t
captures_of(const struct steward *s, uint32_t worker)
{
	uint32_t n = 0;

	for (const struct capture *c = s->captures; c != NULL; c = c->next)
		n += c->worker == worker;
	return n;
}

void
capture_new(struct steward *s, struct cur *body, int *fds, int fd_count)
{
	struct capture *c = calloc(1, sizeof(*c));
	struct cmd *k;
	int r;

	if (c == NULL)
		return;
	c->own.fd = c->peer.fd = c->ring_fd = -1;
	c->tag = cur_u32(body);
	c->worker = cur_u32(body);
	r = body->bad || c->worker >= s->worker_count ? -R_LINK_CONN : 0;
	/* One that was stopped may still wait for its reader: memory is bounded too. */
	if (r == 0 && captures_of(s, c->worker) >= 2 * CAPTURE_MAX)
		r = -R_LIMIT;
	if (r == 0)
		r = take(c, body, fds, fd_count);
	if (r == 0 && (k = steward_cmd(s, c->worker, CMD_CAPTURE)) != NULL) {
		k->tag = c->tag;
		k->capture = c;
		c->next = s->captures;
		s->captures = c;
		steward_push(s, c->worker);
		return;
	}
	send_ready(s, c->tag, r != 0 ? r : -R_LIMIT, -1);
	capture_free(c);
}

static void
forget(struct steward *s, struct capture *c)
{
	struct capture **at = &s->captures;

	while (*at != NULL && *at != c)
		at = &(*at)->next;
	if (*at != NULL)
		*at = c->next;
	capture_free(c);
}

void
capture_added(struct steward *s, const struct cmd *e)
{
	struct capture *c = e->capture;

	if (e->reason != 0) {
		send_ready(s, c->tag, (int)e->reason, -1);
		forget(s, c);
		return;
	}
	c->added = true;
	send_ready(s, c->tag, 0, dup(c->own.fd));
}

void
capture_gone(struct steward *s, const struct cmd *e)
{
	forget(s, e->capture);
}

static void
stop(struct steward *s, const struct capture *c)
{
	struct cmd *k = steward_cmd(s, c->worker, CMD_CAPTURE_STOP);

	if (k == NULL)
		return; /* its seconds end it */
	k->tag = c->tag;
	steward_push(s, c->worker);
}

void
capture_end(struct steward *s, struct cur *body)
{
	uint32_t tag = cur_u32(body);

	if (!cur_done(body))
		return;
	for (const struct capture *c = s->captures; c != NULL; c = c->next)
		if (c->tag == tag)
			stop(s, c);
}

void
captures_end(struct steward *s)
{
	for (const struct capture *c = s->captures; c != NULL; c = c->next)
		stop(s, c);
}

/* At the end of the process; the workers have stopped. */
void
captures_fini(struct steward *s)
{
	while (s->captures != NULL)
		forget(s, s->captures);
}
