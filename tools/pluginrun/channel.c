/*
 * The worker's part, for one channel: RFC 4254 as the dataplane keeps it toward a host.
 * Nothing is copied aside: what stdout does not take yet stays in the ring, and the
 * plugin waits for credit as it would for a slow peer.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "tools/pluginrun/run.h"

#define PIECE 32768u

static bool
up(struct run *r, uint16_t op, uint64_t a0, uint64_t a1, uint64_t a2, struct view payload)
{
	struct link_entry e = { .op = op, .conn = RUN_CONN, .gen = RUN_GEN, .chan = RUN_CHAN, .seq = RUN_USE,
	    .arg = { a0, a1, a2 } };

	return ring_send(&r->link.out, &e, payload);
}

static void
say(struct run *r, const char *what)
{
	if (r->verbose)
		fprintf(stderr, "postern-plugin-run: %s\n", what);
}

/* ---- start ---- */

static void
put_terminal(struct put *w, const struct run *r)
{
	uint8_t buf[256];
	struct put pty = put_of(buf, sizeof(buf));

	if (r->term != NULL) {
		put_cstr(&pty, r->term);
		put_u32(&pty, 80);
		put_u32(&pty, 24);
		put_u32(&pty, 0);
		put_u32(&pty, 0);
		put_cstr(&pty, "");
	}
	put_sview(w, put_view(&pty));
}

int
channel_begin(struct run *r)
{
	static uint8_t buf[LINKEND_PAYLOAD_MAX];
	uint8_t facts[GRANT_MAX];
	struct put w = put_of(buf, sizeof(buf)), f = put_of(facts, sizeof(facts));
	uint32_t i;

	put_u8(&w, (uint8_t)r->kind);
	put_cstr(&w, r->name);
	put_terminal(&w, r);
	put_u32(&w, r->environment_count);
	for (i = 0; i < r->environment_count; i++) {
		const char *eq = strchr(r->environment[i], '=');

		put_string(&w, r->environment[i], (size_t)(eq - r->environment[i]));
		put_cstr(&w, eq + 1);
	}
	if (grant_encode(&r->facts, &f) != 0)
		return -1;
	put_sview(&w, put_view(&f));
	if (w.bad)
		return -1;
	return up(r, LINK_UP_CHAN_OPEN, PIECE, r->credit, r->window, put_view(&w)) ? 0 : -1;
}

/* ---- in ---- */

static void
on_readable(void *ctx, int fd, unsigned events)
{
	(void)ctx, (void)fd, (void)events; /* channel_step reads */
}

static bool
readable(const struct run *r)
{
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };

	return r->in_plain || poll(&p, 1, 0) > 0;
}

static void
watch_in(struct run *r, bool want)
{
	if (want == r->in_watched || r->in_plain)
		return;
	r->in_watched = want;
	if (!want)
		loop_unwatch(r->loop, STDIN_FILENO);
	else if (loop_watch(r->loop, STDIN_FILENO, LOOP_IN, on_readable, r) != 0)
		r->in_plain = true;
}

static bool
read_some(struct run *r)
{
	static uint8_t buf[PIECE];
	size_t room = r->window - r->unread < PIECE ? r->window - r->unread : PIECE;
	ssize_t n;

	if (r->in_over || r->shut_sent || r->closed || room == 0 || !ring_room(&r->link.out, PIECE)) {
		watch_in(r, false);
		return false;
	}
	watch_in(r, true);
	if (!readable(r))
		return false;
	n = read(STDIN_FILENO, buf, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		r->in_over = true;
		watch_in(r, false);
		return true;
	}
	r->unread += (uint32_t)n;
	return up(r, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(buf, (size_t)n));
}

/* ---- out ---- */

/* All that the descriptor takes without waiting: so much a pipe that is ready takes. */
static size_t
write_some(struct run *r, struct run_out *o, struct view data)
{
	struct pollfd p = { o->fd, POLLOUT, 0 };
	size_t done = 0;

	while (done < data.len) {
		size_t n = data.len - done > PIPE_BUF ? PIPE_BUF : data.len - done;
		ssize_t wrote;

		if (!o->plain && poll(&p, 1, 0) <= 0)
			break;
		wrote = write(o->fd, data.data + done, n);
		if (wrote < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (wrote < 0) {
			say(r, "nobody reads the output");
			channel_cut(r);
			return data.len;
		}
		done += (size_t)wrote;
	}
	return done;
}

static void
watch_out(struct run *r, struct run_out *o, bool want)
{
	if (want == o->watched || o->plain)
		return;
	o->watched = want;
	if (!want)
		loop_unwatch(r->loop, o->fd);
	else if (loop_watch(r->loop, o->fd, LOOP_OUT, on_readable, r) != 0)
		o->plain = true;
}

/* True when all of it is out. */
static bool
down_data(struct run *r, uint32_t stream, struct view payload)
{
	struct run_out *o = stream == 0 ? &r->out : &r->err;
	size_t n = write_some(r, o, view_of(payload.data + r->written, payload.len - r->written));

	r->written += (uint32_t)n;
	watch_out(r, o, r->written < payload.len);
	if (r->written < payload.len)
		return false;
	r->written = 0;
	if (!r->closed && !r->shut_sent && payload.len > 0)
		(void)up(r, LINK_UP_CHAN_CREDIT, payload.len, 0, 0, view_of(NULL, 0));
	return true;
}

static void
down_request(struct run *r, struct view payload)
{
	struct cur c = cur_view(payload);
	struct view name = cur_string(&c), signal;

	if (view_is(name, "exit-status")) {
		r->status = (int)(cur_u32(&c) & 0xff);
	} else if (view_is(name, "exit-signal")) {
		signal = cur_string(&c);
		r->status = 255;
		fprintf(stderr, "postern-plugin-run: ended by signal %.*s\n", (int)signal.len, (const char *)signal.data);
	} else if (r->verbose) {
		fprintf(stderr, "postern-plugin-run: request %.*s\n", (int)name.len, (const char *)name.data);
	}
}

static void
closed(struct run *r, uint32_t reason)
{
	if (r->closed)
		return;
	r->closed = true;
	(void)up(r, LINK_UP_CHAN_CLOSED, reason, 0, 0, view_of(NULL, 0));
}

void
channel_cut(struct run *r)
{
	r->status = 255;
	closed(r, R_PEER_GONE);
}

/* True: the entry is done. */
static bool
down(struct run *r, const struct link_entry *e, struct view payload)
{
	switch (e->op) {
	case LINK_DOWN_CHAN_DATA:
		return down_data(r, (uint32_t)e->arg[0], payload);
	case LINK_DOWN_CHAN_TOOK:
		if (e->arg[0] > r->unread)
			abort();
		r->unread -= (uint32_t)e->arg[0];
		break;
	case LINK_DOWN_CHAN_EOF:
		say(r, "the plugin sends no more");
		r->eof_seen = true;
		break;
	case LINK_DOWN_CHAN_REQUEST:
		down_request(r, payload);
		break;
	case LINK_DOWN_CHAN_REPLY:
		if (!e->arg[0]) {
			fprintf(stderr, "postern-plugin-run: the plugin refused the start\n");
			r->status = 255;
		}
		break;
	case LINK_DOWN_CHAN_CLOSE:
		say(r, "the plugin closes");
		closed(r, 0);
		break;
	default:
		say(r, "something that only a server can do");
		break;
	}
	return true;
}

static bool
take_down(struct run *r)
{
	struct link_entry e;
	struct view payload;
	bool work = false;

	while (ring_peek(&r->link.in, &e, &payload) > 0) {
		if (!down(r, &e, payload))
			return work;
		ring_take(&r->link.in);
		work = true;
	}
	return work;
}

/* ---- the end ---- */

/* A client closes when both directions have ended. */
static bool
end_of_input(struct run *r)
{
	if (r->closed)
		return false;
	if (r->in_over && !r->eof_sent) {
		r->eof_sent = up(r, LINK_UP_CHAN_EOF, 0, 0, 0, view_of(NULL, 0));
		return r->eof_sent;
	}
	if (r->eof_sent && r->eof_seen && !r->shut_sent) {
		r->shut_sent = up(r, LINK_UP_CHAN_SHUT, 0, 0, 0, view_of(NULL, 0));
		return r->shut_sent;
	}
	return false;
}

bool
channel_step(struct run *r)
{
	bool work = take_down(r);

	work |= read_some(r);
	work |= end_of_input(r);
	return work;
}
