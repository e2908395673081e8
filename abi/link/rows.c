#include "abi/link/rows.h"

#include "abi/wire/reason.h"

void
row_conn_put(struct put *w, const struct row_conn *r)
{
	size_t mark;

	put_u8(w, ROW_CONN);
	mark = put_mark(w);
	put_u32(w, r->conn);
	put_u32(w, r->gen);
	put_sview(w, r->peer);
	put_u16(w, r->peer_port);
	put_u8(w, r->phase);
	put_u64(w, r->opened_ms);
	put_u64(w, r->bytes_in);
	put_u64(w, r->bytes_out);
	put_u32(w, r->chans);
	put_u32(w, r->rtt_us);
	put_u16(w, r->suite_in);
	put_u16(w, r->suite_out);
	put_fill(w, mark);
}

void
row_chan_put(struct put *w, const struct row_chan *r)
{
	size_t mark;

	put_u8(w, ROW_CHAN);
	mark = put_mark(w);
	put_u32(w, r->conn);
	put_u32(w, r->gen);
	put_u32(w, r->ours);
	put_u32(w, r->peers);
	put_u8(w, r->flags);
	put_u8(w, r->start);
	put_sview(w, r->what);
	put_u64(w, r->opened_ms);
	put_u64(w, r->bytes_in);
	put_u64(w, r->bytes_out);
	put_u32(w, r->window_in);
	put_u64(w, r->window_out);
	put_u32(w, r->queued);
	put_u32(w, r->held);
	put_u64(w, r->unread);
	put_fill(w, mark);
}

static void
conn_get(struct cur *c, struct row_conn *r)
{
	r->conn = cur_u32(c);
	r->gen = cur_u32(c);
	r->peer = cur_string(c);
	r->peer_port = cur_u16(c);
	r->phase = cur_u8(c);
	r->opened_ms = cur_u64(c);
	r->bytes_in = cur_u64(c);
	r->bytes_out = cur_u64(c);
	r->chans = cur_u32(c);
	r->rtt_us = cur_u32(c);
	r->suite_in = cur_u16(c);
	r->suite_out = cur_u16(c);
}

static void
chan_get(struct cur *c, struct row_chan *r)
{
	r->conn = cur_u32(c);
	r->gen = cur_u32(c);
	r->ours = cur_u32(c);
	r->peers = cur_u32(c);
	r->flags = cur_u8(c);
	r->start = cur_u8(c);
	r->what = cur_string(c);
	r->opened_ms = cur_u64(c);
	r->bytes_in = cur_u64(c);
	r->bytes_out = cur_u64(c);
	r->window_in = cur_u32(c);
	r->window_out = cur_u64(c);
	r->queued = cur_u32(c);
	r->held = cur_u32(c);
	r->unread = cur_u64(c);
}

int
row_next(struct cur *c, struct row *r)
{
	while (!c->bad && cur_left(c) > 0) {
		uint8_t kind = cur_u8(c);
		struct cur body = cur_view(cur_string(c));

		if (c->bad)
			break;
		r->kind = kind;
		if (kind == ROW_CONN)
			conn_get(&body, &r->conn);
		else if (kind == ROW_CHAN)
			chan_get(&body, &r->chan);
		else
			continue;
		return body.bad ? -R_LINK_NOTE : 1;
	}
	return c->bad ? -R_LINK_NOTE : 0;
}
