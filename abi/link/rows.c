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

void
row_tcp_put(struct put *w, const struct row_tcp *r)
{
	size_t mark;

	put_u8(w, ROW_TCP);
	mark = put_mark(w);
	put_u32(w, r->conn);
	put_u32(w, r->gen);
	put_sview(w, r->peer);
	put_u16(w, r->peer_port);
	put_sview(w, r->local);
	put_u16(w, r->local_port);
	put_sview(w, r->state);
	put_sview(w, r->recovery);
	put_sview(w, r->congestion);
#define FIELD(bits, name) put_u##bits(w, r->name);
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
	put_fill(w, mark);
}

void
row_next_put(struct put *w, uint32_t from)
{
	size_t mark;

	put_u8(w, ROW_NEXT);
	mark = put_mark(w);
	put_u32(w, from);
	put_fill(w, mark);
}

void
row_page_put(struct put *w, const struct row_page *p)
{
	put_u32(w, p->from);
	put_u32(w, p->count);
	filter_put(w, &p->filter);
}

int
row_page_get(struct cur *c, struct row_page *p)
{
	int r;

	p->from = cur_u32(c);
	p->count = cur_u32(c);
	r = filter_get(c, &p->filter);
	return r == 0 && (p->count == 0 || p->count > ROW_PAGE_MAX) ? -R_LINK_ITEM : r;
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

/* A field that the writer did not know yet reads as 0. */
static void
tcp_get(struct cur *c, struct row_tcp *r)
{
	r->conn = cur_u32(c);
	r->gen = cur_u32(c);
	r->peer = cur_string(c);
	r->peer_port = cur_u16(c);
	r->local = cur_string(c);
	r->local_port = cur_u16(c);
	r->state = cur_string(c);
	r->recovery = cur_string(c);
	r->congestion = cur_string(c);
#define FIELD(bits, name) r->name = cur_left(c) > 0 ? cur_u##bits(c) : 0;
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
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
		else if (kind == ROW_TCP)
			tcp_get(&body, &r->tcp);
		else if (kind == ROW_NEXT)
			r->next = cur_u32(&body);
		else
			continue;
		return body.bad ? -R_LINK_NOTE : 1;
	}
	return c->bad ? -R_LINK_NOTE : 0;
}
