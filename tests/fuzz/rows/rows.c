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
	else
		row_chan_put(&w, &r->chan);
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
	} else {
		same(back.chan.what, r->chan.what);
		if (back.chan.window_out != r->chan.window_out || back.chan.unread != r->chan.unread)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct row r;
	size_t count = 0;

	while (row_next(&c, &r) == 1) {
		if (r.kind != ROW_CONN && r.kind != ROW_CHAN)
			abort();
		again(&r);
		/* Each takes its kind and its length at least. */
		if (++count > size / 5)
			abort();
	}
	return 0;
}
