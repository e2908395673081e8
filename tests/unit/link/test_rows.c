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

static struct row_tcp
some_tcp(void)
{
	struct row_tcp r = { .conn = 5, .gen = 6, .peer = view_str("2001:db8::7"), .peer_port = 40000,
		.local = view_str("2001:db8::1"), .local_port = 22, .state = view_str("ESTABLISHED"),
		.recovery = view_str("open"), .congestion = view_str("cubic") };
	uint64_t n = 1;

	/* every field another number, the last of its bits set */
#define FIELD(bits, name) r.name = (uint##bits##_t)((1ull << (bits - 1)) + n++);
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
	return r;
}

static void
test_tcp(void)
{
	uint8_t buf[2 * ROW_TCP_MAX];
	struct put w = put_of(buf, sizeof(buf));
	struct row_tcp want = some_tcp();
	struct row r;
	struct cur c;
	size_t len;

	row_tcp_put(&w, &want);
	len = put_len(&w);
	row_next_put(&w, 0x03000011u);
	c = cur_view(put_view(&w));
	CU_ASSERT_EQUAL_FATAL(row_next(&c, &r), 1);
	CU_ASSERT_EQUAL(r.kind, ROW_TCP);
	CU_ASSERT_TRUE(r.tcp.conn == 5 && r.tcp.gen == 6 && r.tcp.peer_port == 40000 && r.tcp.local_port == 22);
	CU_ASSERT_TRUE(view_eq(r.tcp.peer, want.peer) && view_eq(r.tcp.local, want.local));
	CU_ASSERT_TRUE(view_eq(r.tcp.state, want.state) && view_eq(r.tcp.recovery, want.recovery) &&
	    view_eq(r.tcp.congestion, want.congestion));
#define FIELD(bits, name) CU_ASSERT_EQUAL(r.tcp.name, want.name);
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
	CU_ASSERT_EQUAL_FATAL(row_next(&c, &r), 1);
	CU_ASSERT_TRUE(r.kind == ROW_NEXT && r.next == 0x03000011u);
	CU_ASSERT_EQUAL(row_next(&c, &r), 0);
	/* Of a writer that does not know the last field yet. */
	buf[4] -= 4;
	c = cur_of(buf, len - 4);
	CU_ASSERT_EQUAL_FATAL(row_next(&c, &r), 1);
	CU_ASSERT_TRUE(r.tcp.blocks == 0 && r.tcp.reo_mult == want.reo_mult);
}

static bool
page_fits(const struct row_page *p)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct row_page back;
	struct cur c;

	row_page_put(&w, p);
	c = cur_view(put_view(&w));
	return row_page_get(&c, &back) == 0 && cur_done(&c) && back.from == p->from && back.count == p->count &&
	    back.filter.prefix == p->filter.prefix && back.filter.conn == p->filter.conn &&
	    back.filter.port == p->filter.port && memcmp(back.filter.peer, p->filter.peer, 16) == 0;
}

static void
test_page(void)
{
	struct row_page p = { .from = 0x01000005u, .count = ROW_PAGE_MAX, .filter = filter_all() };
	uint8_t none[8] = { 0 };
	struct cur c = cur_of(none, sizeof(none));

	p.filter.port = 40000;
	CU_ASSERT_TRUE(page_fits(&p));
	p.count++;
	CU_ASSERT_FALSE(page_fits(&p));
	p.count = 0;
	CU_ASSERT_FALSE(page_fits(&p));
	p.count = 1;
	p.filter.prefix = 129;
	CU_ASSERT_FALSE(page_fits(&p));
	CU_ASSERT_TRUE(row_page_get(&c, &p) < 0);
}

static void
test_filter(void)
{
	struct link_filter f = filter_all();
	uint8_t peer[16] = { [10] = 0xff, 0xff, 192, 0, 2, 77 };

	CU_ASSERT_TRUE(filter_peer(&f, peer, 1) && filter_conn(&f, 3, 4) && filter_conn(&f, LINK_CONN_NONE, 0));
	f.port = 2;
	CU_ASSERT_TRUE(!filter_peer(&f, peer, 1) && filter_peer(&f, peer, 2));
	f.port = 0;
	memcpy(f.peer, peer, sizeof(peer));
	f.peer[15] = 64; /* 192.0.2.64/26 and /27 */
	f.prefix = 96 + 26;
	CU_ASSERT_TRUE(filter_peer(&f, peer, 1));
	f.prefix = 96 + 29;
	CU_ASSERT_FALSE(filter_peer(&f, peer, 1));
	f.prefix = 128;
	CU_ASSERT_FALSE(filter_peer(&f, peer, 1));
	f.peer[15] = 77;
	CU_ASSERT_TRUE(filter_peer(&f, peer, 1));
	f.conn = 3;
	f.gen = 4;
	CU_ASSERT_TRUE(filter_conn(&f, 3, 4) && !filter_conn(&f, 3, 5) && !filter_conn(&f, 4, 4));
}

/* The largest row fits what is set aside for it. */
static void
test_largest(void)
{
	uint8_t buf[2 * ROW_TCP_MAX];
	struct row_tcp t = some_tcp();
	char text[48] = { 0 };
	struct put w = put_of(buf, sizeof(buf));
	struct row_conn n = { .peer = view_of(text, 46) };
	struct row_chan c = { .what = view_of(text, sizeof(text)) };

	row_conn_put(&w, &n);
	CU_ASSERT_TRUE(!w.bad && put_len(&w) <= ROW_MAX);
	w = put_of(buf, sizeof(buf));
	row_chan_put(&w, &c);
	CU_ASSERT_TRUE(!w.bad && put_len(&w) <= ROW_MAX);
	w = put_of(buf, sizeof(buf));
	t.peer = t.local = view_of(text, 46);
	t.state = t.recovery = t.congestion = view_of(text, 16);
	row_tcp_put(&w, &t);
	CU_ASSERT_TRUE(!w.bad && put_len(&w) <= ROW_TCP_MAX);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "round trip, newer kinds skipped", test_round_trip },
		{ "cut anywhere", test_cut },
		{ "short body", test_short_body },
		{ "tcp", test_tcp },
		{ "pages", test_page },
		{ "filter", test_filter },
		{ "largest rows", test_largest },
		CU_TEST_INFO_NULL,
	};

	return suite_run("rows", tests);
}
