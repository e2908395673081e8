/*
 * Rows of the operator's lists: what decodes, encodes again to what decodes the same,
 * and every walk ends.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/link/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(struct view a, struct view b)
{
	if (!view_eq(a, b))
		abort();
}

static void
again(const struct row *r)
{
	static uint8_t out[2 * 65536];
	struct put w = put_of(out, sizeof out);
	struct row back;
	struct cur c;

	if (r->kind == ROW_CONN)
		row_conn_put(&w, &r->conn);
	else if (r->kind == ROW_CHAN)
		row_chan_put(&w, &r->chan);
	else if (r->kind == ROW_TCP)
		row_tcp_put(&w, &r->tcp);
	else
		row_next_put(&w, r->next);
	if (w.bad)
		return;
	c = cur_view(put_view(&w));
	if (row_next(&c, &back) != 1 || back.kind != r->kind || row_next(&c, &back) != 0)
		abort();
	c = cur_view(put_view(&w));
	(void)row_next(&c, &back);
	if (r->kind == ROW_CONN) {
		same(back.conn.peer, r->conn.peer);
		if (back.conn.bytes_out != r->conn.bytes_out || back.conn.suite_out != r->conn.suite_out)
			abort();
	} else if (r->kind == ROW_TCP) {
		same(back.tcp.local, r->tcp.local);
		same(back.tcp.congestion, r->tcp.congestion);
		if (back.tcp.options != r->tcp.options || back.tcp.blocks != r->tcp.blocks)
			abort();
	} else if (r->kind == ROW_NEXT) {
		if (back.next != r->next)
			abort();
	} else {
		same(back.chan.what, r->chan.what);
		if (back.chan.window_out != r->chan.window_out || back.chan.unread != r->chan.unread)
			abort();
	}
}

/* What asks for a page: nothing but what it may be. */
static void
page(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct row_page p;

	if (row_page_get(&c, &p) != 0)
		return;
	if (p.count == 0 || p.count > ROW_PAGE_MAX || p.filter.prefix > 128)
		abort();
	if (size >= 16)
		(void)filter_peer(&p.filter, data, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct row r;
	size_t count = 0;

	page(data, size);
	while (row_next(&c, &r) == 1) {
		if (r.kind < ROW_CONN || r.kind > ROW_NEXT)
			abort();
		again(&r);
		/* Each takes its kind and its length at least. */
		if (++count > size / 5)
			abort();
	}
	return 0;
}
