/* Rows of the operator's lists: round trips, cut at every length, newer kinds. */
#include <string.h>

#include "abi/link/rows.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"

static size_t
fill(uint8_t *buf, size_t size)
{
	struct put w = put_of(buf, size);
	struct row_conn n = {
		.conn = 0x02000003u,
		.gen = 17,
		.peer = view_str("192.0.2.7"),
		.peer_port = 40000,
		.phase = 4,
		.opened_ms = 1700000000123u,
		.bytes_in = 1ull << 40,
		.bytes_out = 5,
		.chans = 2,
		.rtt_us = 250,
		.suite_in = 1,
		.suite_out = 2,
	};
	struct row_chan c = {
		.conn = 0x02000003u,
		.gen = 17,
		.ours = 1,
		.peers = 9,
		.flags = ROW_CHAN_STARTED | ROW_CHAN_EOF_IN,
		.start = 2,
		.what = view_str("cat"),
		.window_out = 1ull << 31,
		.queued = 3,
		.held = 4,
		.unread = 5,
	};

	row_conn_put(&w, &n);
	put_u8(&w, 99); /* of a newer minor version */
	put_cstr(&w, "whatever");
	row_chan_put(&w, &c);
	return put_len(&w);
}

static void
test_round_trip(void)
{
	uint8_t buf[3 * ROW_MAX];
	struct cur c = cur_of(buf, fill(buf, sizeof(buf)));
	struct row r;

	CU_ASSERT_EQUAL_FATAL(row_next(&c, &r), 1);
	CU_ASSERT_EQUAL(r.kind, ROW_CONN);
	CU_ASSERT_EQUAL(r.conn.conn, 0x02000003u);
	CU_ASSERT_EQUAL(r.conn.gen, 17);
	CU_ASSERT_TRUE(view_is(r.conn.peer, "192.0.2.7"));
	CU_ASSERT_EQUAL(r.conn.peer_port, 40000);
	CU_ASSERT_EQUAL(r.conn.phase, 4);
	CU_ASSERT_EQUAL(r.conn.opened_ms, 1700000000123u);
	CU_ASSERT_EQUAL(r.conn.bytes_in, 1ull << 40);
	CU_ASSERT_EQUAL(r.conn.bytes_out, 5);
	CU_ASSERT_EQUAL(r.conn.chans, 2);
	CU_ASSERT_EQUAL(r.conn.rtt_us, 250);
	CU_ASSERT_EQUAL(r.conn.suite_in, 1);
	CU_ASSERT_EQUAL(r.conn.suite_out, 2);
	CU_ASSERT_EQUAL_FATAL(row_next(&c, &r), 1);
	CU_ASSERT_EQUAL(r.kind, ROW_CHAN);
	CU_ASSERT_EQUAL(r.chan.ours, 1);
	CU_ASSERT_EQUAL(r.chan.peers, 9);
	CU_ASSERT_EQUAL(r.chan.flags, ROW_CHAN_STARTED | ROW_CHAN_EOF_IN);
	CU_ASSERT_EQUAL(r.chan.start, 2);
	CU_ASSERT_TRUE(view_is(r.chan.what, "cat"));
	CU_ASSERT_EQUAL(r.chan.window_out, 1ull << 31);
	CU_ASSERT_EQUAL(r.chan.queued, 3);
	CU_ASSERT_EQUAL(r.chan.held, 4);
	CU_ASSERT_EQUAL(r.chan.unread, 5);
	CU_ASSERT_EQUAL(row_next(&c, &r), 0);
}

/* Whole rows up to the cut, then nothing or a refusal, never more. */
static void
test_cut(void)
{
	uint8_t buf[3 * ROW_MAX];
	size_t len = fill(buf, sizeof(buf));
	int whole = 0, refused = 0;

	for (size_t cut = 0; cut < len; cut++) {
		struct cur c = cur_of(buf, cut);
		struct row r;
		int n = 0, last;

		while ((last = row_next(&c, &r)) == 1)
			n++;
		CU_ASSERT_TRUE(n < 2);
		whole += last == 0;
		refused += last == -R_LINK_NOTE;
	}
	CU_ASSERT_EQUAL(whole, 3); /* at the start and behind either row */
	CU_ASSERT_EQUAL(whole + refused, (int)len);
}

/* A body that ends before its fields do. */
static void
test_short_body(void)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct cur c;
	struct row r;

	put_u8(&w, ROW_CHAN);
	put_cstr(&w, "short");
	c = cur_view(put_view(&w));
	CU_ASSERT_EQUAL(row_next(&c, &r), -R_LINK_NOTE);
}

/* The largest row fits what is set aside for it. */
static void
test_largest(void)
{
	uint8_t buf[2 * ROW_MAX];
	char text[48] = { 0 };
	struct put w = put_of(buf, sizeof(buf));
	struct row_conn n = { .peer = view_of(text, 46) };
	struct row_chan c = { .what = view_of(text, sizeof(text)) };

	row_conn_put(&w, &n);
	CU_ASSERT_TRUE(!w.bad && put_len(&w) <= ROW_MAX);
	w = put_of(buf, sizeof(buf));
	row_chan_put(&w, &c);
	CU_ASSERT_TRUE(!w.bad && put_len(&w) <= ROW_MAX);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "round trip, newer kinds skipped", test_round_trip },
		{ "cut anywhere", test_cut },
		{ "short body", test_short_body },
		{ "largest rows", test_largest },
		CU_TEST_INFO_NULL,
	};

	return suite_run("rows", tests);
}
