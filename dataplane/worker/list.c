#include "dataplane/worker/worker.h"

#include <arpa/inet.h>
#include <string.h>

#include "abi/link/rows.h"
#include "drivers/cipher/engine.h"

/*
 * What the operator sees of connections and channels: a piece per poll, as far as
 * the steward takes them. It is no snapshot: connections go on meanwhile.
 */

#define LIST_BUDGET 256u /* slots looked at in one poll */

static uint16_t
suite_of(const struct record_dir *d)
{
	return d->engine != NULL ? d->engine->suite : 0;
}

static uint32_t
rtt_of(const struct conn *c)
{
	return c->tcp != NULL ? tcp_srtt_us(c->tcp) : 0;
}

static void
put_conn(struct worker *w, const struct conn *c, struct put *p)
{
	char text[INET6_ADDRSTRLEN];
	struct row_conn r = {
		.conn = conn_id(w, c),
		.gen = c->gen,
		.peer_port = c->at.remote_port,
		.phase = (uint8_t)c->ssh.phase,
		.opened_ms = c->opened_ms,
		.bytes_in = c->bytes_in,
		.bytes_out = c->bytes_out,
		.chans = c->ssh.chan_count,
		.rtt_us = rtt_of(c),
		.suite_in = suite_of(&c->ssh.in),
		.suite_out = suite_of(&c->ssh.out),
	};

	image_address(text, c->at.remote);
	r.peer = view_of(text, strlen(text));
	row_conn_put(p, &r);
}

static uint8_t
chan_flags(const struct ssh_chan *ch)
{
	uint32_t f = ch->flags;

	return (uint8_t)((f & CHAN_STARTED ? ROW_CHAN_STARTED : 0) | (f & CHAN_EOF_IN ? ROW_CHAN_EOF_IN : 0) |
			 (f & CHAN_EOF_OUT ? ROW_CHAN_EOF_OUT : 0) |
			 (f & CHAN_CLOSE_IN ? ROW_CHAN_CLOSE_IN : 0) |
			 (f & CHAN_CLOSE_OUT ? ROW_CHAN_CLOSE_OUT : 0));
}

static void
put_chan(struct worker *w, const struct conn *c, const struct ssh_chan *ch, struct put *p)
{
	struct row_chan r = {
		.conn = conn_id(w, c),
		.gen = c->gen,
		.ours = ch->ours,
		.peers = ch->peers,
		.flags = chan_flags(ch),
		.start = ch->start,
		.what = view_of(ch->what, ch->what_len),
		.opened_ms = ch->opened_ms,
		.bytes_in = ch->bytes_in,
		.bytes_out = ch->bytes_out,
		.window_in = ch->window_in,
		.window_out = ch->window_out,
		.queued = ch->queued,
		.held = ch->held.f.len,
		.unread = ch->unread,
	};

	row_chan_put(p, &r);
}

/* A connection and its channels, as many as there is room for; the rest comes with the
 * next piece, unless another connection has the slot then. True: that was all. */
static bool
put_all(struct worker *w, const struct conn *c, struct put *p)
{
	const struct ssh_chan *ch;

	if (w->list_chan == 0 || w->list_gen != c->gen) {
		if (put_left(p) < ROW_MAX)
			return false;
		put_conn(w, c, p);
		w->list_chan = 1;
		w->list_gen = c->gen;
	}
	while ((ch = ssh_chan_next(&c->ssh, w->list_chan - 1)) != NULL) {
		if (put_left(p) < ROW_MAX)
			return false;
		put_chan(w, c, ch, p);
		w->list_chan = ch->ours + 2;
	}
	return true;
}

void
list_start(struct worker *w, uint32_t tag)
{
	w->listing = true;
	w->list_is_tcp = false;
	w->list_tag = tag;
	w->list_at = 0;
	w->list_chan = 0;
}

static bool
list_piece(struct worker *w, struct put *p)
{
	uint32_t left = LIST_BUDGET;

	for (; left > 0 && w->list_at < w->used_slots; left--) {
		const struct conn *c = &w->conns[w->list_at];

		if (c->state == CONN_LIVE && !put_all(w, c, p))
			break;
		w->list_at++;
		w->list_chan = 0;
	}
	return w->list_at < w->used_slots;
}

uint32_t
list_stage(struct worker *w)
{
	struct cmd *e;
	struct put p;

	if (!w->listing || (e = event_slot(w)) == NULL)
		return 0;
	p = put_of(e->data, sizeof(e->data) - 16u); /* the message's own fields */
	w->listing = w->list_is_tcp ? list_tcp_piece(w, &p) : list_piece(w, &p);
	e->type = EV_ROWS;
	e->tag = w->list_tag;
	e->reason = !w->listing;
	e->len = (uint32_t)put_len(&p);
	event_push(w);
	return 1;
}
