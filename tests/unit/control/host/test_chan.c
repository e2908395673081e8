/*
 * One channel's life in a host: order, credit, back-pressure, requests.
 */
#include <stdlib.h>

#include "abi/wire/reason.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static uint8_t bulk[65536];

static void
test_start_and_reply(void)
{
	struct bench *b = bench_new();

	bench_start(b, 0, LINK_START_SUBSYSTEM, "bench", none(), 100, 0);
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	CU_ASSERT_STRING_EQUAL(b->guest.name, "bench");
	CU_ASSERT_EQUAL(b->guest.environment_count, 1);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_reason, POSTERN_CLOSED_BOTH);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	bench_free(b);
}

static void
test_start_refused(void)
{
	struct bench *b = bench_new();

	/* Not served, refused by the plugin, malformed: failure, then close. */
	bench_start(b, 0, LINK_START_SUBSYSTEM, "other", none(), 100, 0);
	bench_start(b, 1, LINK_START_EXEC, "bench", none(), 100, 0);
	b->guest.open_result = POSTERN_E_DENIED;
	bench_start(b, 2, LINK_START_SUBSYSTEM, "bench", none(), 100, 0);
	bench_send(b, LINK_UP_CHAN_OPEN, 3, 1, 1, view_str("\3\0\0"));
	bench_start(b, 4, LINK_START_SHELL, "", view_str("cut"), 100, 0);
	bench_run(b);
	for (int replies = 0, closes = 0; replies + closes < 10;) {
		struct said s;

		CU_ASSERT_TRUE_FATAL(ring_pending(&b->in));
		(void)bench_next(b, &s);
		if (s.e.op == LINK_DOWN_CHAN_REPLY)
			replies += s.e.arg[0] == 0;
		else if (s.e.op == LINK_DOWN_CHAN_CLOSE)
			closes++;
		else
			CU_FAIL_FATAL("another entry");
	}
	for (uint32_t i = 0; i < 5; i++)
		bench_send(b, LINK_UP_CHAN_CLOSED, i, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	bench_free(b);
}

/* A channel that the peer opens: the type specific part comes as the body, and a
 * refusal says why. */
static void
test_open_answers(void)
{
	static const struct {
		int32_t result;
		uint64_t code;
	} rows[] = { { POSTERN_E_DENIED, 1 }, { POSTERN_E_FAIL, 2 }, { POSTERN_E_NOSUCH, 3 }, { POSTERN_E_NOMEM, 4 } };
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	struct said s;

	for (uint32_t i = 0; i < 4; i++) {
		b->guest.open_result = rows[i].result;
		bench_start(b, i, LINK_START_OPEN, "pipe", view_str("where"), 100, 0);
		bench_run(b);
		CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REFUSE), rows[i].code);
		CU_ASSERT_TRUE(bench_silent(b));
	}
	b->guest.open_result = POSTERN_E_AGAIN;
	bench_start(b, 4, LINK_START_OPEN, "pipe", view_str("where"), 100, 0);
	bench_start(b, 5, LINK_START_OPEN, "other", view_str("where"), 100, 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REFUSE), 3);
	CU_ASSERT_EQUAL(b->guest.body_len, 5);
	CU_ASSERT_EQUAL(b->guest.flags, 0);
	CU_ASSERT_EQUAL(ch->refuse(&b->host.face, b->guest.channel, b->guest.token, 0, postern_text("")),
	    POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->refuse(&b->host.face, b->guest.channel, b->guest.token + 1, -1, postern_text("")),
	    POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->refuse(&b->host.face, b->guest.channel, b->guest.token, POSTERN_E_FAIL,
	                    postern_text("Connection refused")), POSTERN_OK);
	bench_run(b);
	CU_ASSERT_TRUE_FATAL(ring_pending(&b->in));
	(void)bench_next(b, &s);
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_REFUSE);
	CU_ASSERT_EQUAL(s.e.arg[0], SSH_OPEN_CONNECT_FAILED);
	CU_ASSERT_EQUAL(s.e.len, 18);
	CU_ASSERT_TRUE(bench_silent(b));
	b->guest.open_result = POSTERN_OK;
	bench_start(b, 6, LINK_START_OPEN, "pipe", view_str("where"), 100, 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	for (uint32_t i = 0; i < 7; i++)
		bench_send(b, LINK_UP_CHAN_CLOSED, i, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 2);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	bench_free(b);
}

static int
until_said(void *ctx)
{
	struct bench *b = ctx;

	bench_run(b);
	if (!bench_silent(b))
		loop_stop(b->loop);
	return 0;
}

/* Opens that the plugin leaves unanswered: so many, and so long. */
static void
test_open_queue(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);

	b->host.open_max = 2;
	b->host.open_ms = 10;
	b->guest.open_result = POSTERN_E_AGAIN;
	for (uint32_t i = 0; i < 3; i++)
		bench_start(b, i, LINK_START_OPEN, "pipe", view_str("where"), 100, 0);
	bench_run(b);
	CU_ASSERT_EQUAL(b->host.opens, 2);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REFUSE), SSH_OPEN_RESOURCE_SHORTAGE);
	CU_ASSERT_TRUE(bench_silent(b));
	/* An answer makes room. */
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token, 1), POSTERN_OK);
	CU_ASSERT_EQUAL(b->host.opens, 1);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	/* The other one waits too long; late answers find it closed. */
	loop_run(b->loop, until_said, b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REFUSE), SSH_OPEN_RESOURCE_SHORTAGE);
	CU_ASSERT_EQUAL(b->host.opens, 0);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	/* One that is gone before it was answered counts no more. */
	b->host.open_ms = 60000;
	bench_start(b, 5, LINK_START_OPEN, "pipe", view_str("where"), 100, 0);
	bench_run(b);
	CU_ASSERT_EQUAL(b->host.opens, 1);
	bench_send(b, LINK_UP_CHAN_CLOSED, 5, R_PEER_GONE, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->host.opens, 0);
	bench_free(b);
}

static void
test_late_reply(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	uint64_t took = 9;

	b->guest.open_result = POSTERN_E_AGAIN;
	bench_start(b, 0, LINK_START_SUBSYSTEM, "bench", none(), 100, 0);
	bench_run(b);
	CU_ASSERT_TRUE(bench_silent(b));
	/* Nothing goes out before the start is answered. */
	CU_ASSERT_EQUAL(ch->write(&b->host.face, b->guest.channel, 0, postern_text("early"), &took), 0);
	CU_ASSERT_EQUAL(took, 0);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token + 1, 1), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token, 1), 0);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token, 1), POSTERN_E_INVAL);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 1);
	bench_free(b);
}

static void
test_data_taken(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("hello "));
	bench_send(b, LINK_UP_CHAN_DATA, 0, 1, 0, view_str("world"));
	bench_send(b, LINK_UP_CHAN_EOF, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.got_len, 11);
	CU_ASSERT_EQUAL(memcmp(b->guest.got, "hello world", 11), 0);
	CU_ASSERT_EQUAL(b->guest.last_stream, 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 11);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

/* What is not taken waits, costs window, and comes again in order; the entries
 * behind it are consumed all the same. */
static void
test_data_held_back(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	uint64_t value;

	bench_open(b, 0, 100);
	b->guest.take = 3;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_send(b, LINK_UP_CHAN_DATA, 0, 1, 0, view_str("ghi"));
	bench_send(b, LINK_UP_CHAN_EOF, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.data_calls, 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 3);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_FALSE(ring_pending(&b->host.link[0].in));
	CU_ASSERT_EQUAL(ch->get(&b->host.face, b->guest.channel, POSTERN_CHANNEL_UNREAD, &value), 0);
	CU_ASSERT_EQUAL(value, 6);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 0);
	CU_ASSERT_EQUAL(ch->resume(&b->host.face, b->guest.channel), 0);
	bench_run(b);
	/* "def" was taken whole, so "ghi" followed. */
	CU_ASSERT_EQUAL(b->guest.got_len, 9);
	CU_ASSERT_EQUAL(memcmp(b->guest.got, "abcdefghi", 9), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 6);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	bench_free(b);
}

/* A plugin that works in slices asks for the next one inside this one. */
static void
test_resume_in_data(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.take = 4;
	b->guest.resume_in_data = true;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("0123456789"));
	bench_send(b, LINK_UP_CHAN_EOF, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.data_calls, 3);
	CU_ASSERT_EQUAL(b->guest.got_len, 10);
	CU_ASSERT_EQUAL(memcmp(b->guest.got, "0123456789", 10), 0);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	bench_free(b);
}

static void
test_window_overrun(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.take = 0;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(bulk, 32768));
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(bulk, 32768));
	CU_ASSERT_EQUAL(bench_run(b), 0);
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(bulk, 1));
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_CREDIT);
	bench_free(b);
}

static void
test_consume_by_hand(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	uint64_t value;

	bench_open(b, 0, 100);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_CONSUME_BY_HAND, 1), 0);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_CREDIT, 1), POSTERN_E_NOSUCH);
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.got_len, 6);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(ch->get(f, b->guest.channel, POSTERN_CHANNEL_HELD, &value), 0);
	CU_ASSERT_EQUAL(value, 6);
	CU_ASSERT_EQUAL(ch->consume(f, b->guest.channel, 7), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->consume(f, b->guest.channel, 4), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 4);
	CU_ASSERT_EQUAL(ch->get(f, b->guest.channel, 12345, &value), POSTERN_E_NOSUCH);
	bench_free(b);
}

static void
test_discard(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	uint64_t dropped = 0;

	bench_open(b, 0, 100);
	b->guest.take = 1;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 1);
	CU_ASSERT_EQUAL(ch->discard(&b->host.face, b->guest.channel, &dropped), 0);
	CU_ASSERT_EQUAL(dropped, 5);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 5);
	b->guest.discard_in_data = true;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("ghi"));
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 3);
	CU_ASSERT_EQUAL(b->guest.got_len, 2);
	bench_free(b);
}

static void
test_write_credit(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	struct postern_view pieces[2] = { POSTERN_LITERAL("0123456"), POSTERN_LITERAL("789abcdef") };
	struct said s;
	uint64_t took;

	bench_open(b, 0, 10);
	CU_ASSERT_EQUAL(ch->writev(&b->host.face, b->guest.channel, 1, pieces, 2, &took), 0);
	CU_ASSERT_EQUAL(took, 10);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.len, 7);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_DATA);
	CU_ASSERT_EQUAL(s.e.arg[0], 1);
	CU_ASSERT_EQUAL(memcmp(s.payload, "789", 3), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 0);
	bench_send(b, LINK_UP_CHAN_CREDIT, 0, 5, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 1);
	CU_ASSERT_EQUAL(b->guest.writable_credit, 5);
	/* Asked for without a write. */
	CU_ASSERT_EQUAL(ch->await_credit(&b->host.face, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 2);
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 2);
	CU_ASSERT_EQUAL(ch->write(&b->host.face, b->guest.channel, 0, postern_text("x"), NULL),
	    POSTERN_E_INVAL);
	bench_free(b);
}

/* A full ring: what has no room waits, and order on the wire stays. */
static void
test_full_ring(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	struct postern_view block = { bulk, sizeof(bulk) };
	const struct postern_host *f = &b->host.face;
	struct said *s = calloc(1, sizeof(*s));
	uint64_t took, sent = 0, seen = 0;
	uint16_t last = 0;
	int after = 0;

	bench_open(b, 0, 1u << 30);
	do {
		CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, block, &took), 0);
		sent += took;
	} while (took == sizeof(bulk));
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("no room"), &took), 0);
	CU_ASSERT(took == 0 || took == 7);
	sent += took;
	/* Fill the last gaps, so that control entries find none either. */
	while (ring_room(&b->host.link[0].out, 0)) {
		struct link_entry e = { .op = 0 };

		ring_publish(&b->host.link[0].out, &e, 0);
	}
	CU_ASSERT_EQUAL(ch->eof(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->eof(f, b->guest.channel), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, block, &took), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->exit_status(f, b->guest.channel, 42), 0);
	CU_ASSERT_EQUAL(ch->exit_status(f, b->guest.channel, 42), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_TRUE(b->host.room_timer > 0);
	for (int i = 0; i < 3; i++) {
		while (ring_peek(&b->in, &s->e, &(struct view){ 0 }) > 0 && bench_next(b, s)) {
			if (s->e.op == LINK_DOWN_CHAN_DATA) {
				CU_ASSERT_EQUAL(after, 0);
				seen += s->e.len;
			} else {
				CU_ASSERT(s->e.op > last);
				after++;
			}
			last = s->e.op;
		}
		while (ring_pending(&b->in))
			ring_take(&b->in); /* the fillers */
		bench_run(b);
	}
	CU_ASSERT_EQUAL(seen, sent);
	CU_ASSERT_EQUAL(after, 3); /* EOF 98, REQUEST 99, CLOSE 101 */
	free(s);
	bench_free(b);
}

static void
test_close_order(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	struct said s;
	uint64_t took;

	bench_open(b, 0, 100);
	ch->write(f, b->guest.channel, 0, postern_text("bye"), &took);
	ch->eof(f, b->guest.channel);
	CU_ASSERT_EQUAL(ch->exit_signal(f, b->guest.channel, postern_text("TERM"), 1, postern_text("why")), 0);
	ch->close(f, b->guest.channel);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("no"), &took), POSTERN_E_CLOSED);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_DATA), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_EOF), 0);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_REQUEST);
	CU_ASSERT_EQUAL(s.e.len, 4 + 11 + 4 + 4 + 1 + 4 + 3 + 4);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	/* Late data of the peer is dropped. */
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("late"));
	bench_send(b, LINK_UP_CHAN_REQUEST, 0, 1, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.data_calls, 0);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_write, POSTERN_E_CLOSED);
	bench_free(b);
}

static void
test_peer_closes_with_data_left(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	uint64_t took;

	bench_open(b, 0, 100);
	b->guest.take = 2;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_send(b, LINK_UP_CHAN_EOF, 0, 0, 0, none());
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	CU_ASSERT_EQUAL(ch->write(&b->host.face, b->guest.channel, 0, postern_text("x"), &took),
	    POSTERN_E_CLOSED);
	/* The number may be used again meanwhile. */
	bench_start(b, 0, LINK_START_SUBSYSTEM, "other", none(), 1, 0);
	bench_run(b);
	for (int i = 0; i < 3; i++) {
		ch->resume(&b->host.face, b->guest.channel);
		bench_run(b);
	}
	CU_ASSERT_EQUAL(b->guest.got_len, 6);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(ch->resume(&b->host.face, b->guest.channel), POSTERN_E_CLOSED);
	bench_free(b);
}

static void
test_connection_lost(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.take = 0;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, R_PEER_GONE, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_reason, POSTERN_CLOSED_CONNECTION);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 0);
	bench_free(b);
}

/* ---- requests ---- */

static void
request(struct bench *b, bool want, const char *name, struct view body)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	put_bytes(&w, body.data, body.len);
	bench_send(b, LINK_UP_CHAN_REQUEST, 0, want, 0, put_view(&w));
	bench_run(b);
}

static void
test_requests(void)
{
	struct bench *b = bench_new();
	static const uint8_t window[16] = { 0, 0, 0, 120, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 2 };

	bench_open(b, 0, 100);
	request(b, false, "window-change", view_of(window, 16));
	CU_ASSERT_EQUAL(b->guest.window.columns, 120);
	CU_ASSERT_EQUAL(b->guest.window.rows, 40);
	CU_ASSERT_EQUAL(b->guest.window.height, 2);
	CU_ASSERT_TRUE(bench_silent(b));
	request(b, true, "window-change", view_of(window, 15));
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 0);
	request(b, false, "signal", view_of("\0\0\0\3INT", 7));
	CU_ASSERT_STRING_EQUAL(b->guest.signal, "INT");
	request(b, true, "break", view_of("\0\0\0\0", 4));
	CU_ASSERT_EQUAL(b->guest.break_ms, 500);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	request(b, true, "break", view_of("\0\1\0\0", 4));
	CU_ASSERT_EQUAL(b->guest.break_ms, 3000);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	b->guest.request_result = POSTERN_E_NOSUCH;
	request(b, true, "odd@example.org", none());
	CU_ASSERT_STRING_EQUAL(b->guest.request, "odd@example.org");
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 0);
	request(b, false, "odd@example.org", none());
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

/* Replies keep the order of the requests. */
static void
test_replies_in_order(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	uint64_t first, second, owed;

	bench_open(b, 0, 100);
	b->guest.request_result = POSTERN_E_AGAIN;
	request(b, true, "one", none());
	first = b->guest.request_token;
	request(b, true, "two", none());
	second = b->guest.request_token;
	b->guest.request_result = POSTERN_OK;
	request(b, true, "three", none());
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, second, 0), 0);
	bench_run(b);
	CU_ASSERT_TRUE(bench_silent(b));
	ch->get(&b->host.face, b->guest.channel, POSTERN_CHANNEL_OWED, &owed);
	CU_ASSERT_EQUAL(owed, 3);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, first, 1), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	bench_free(b);
}

static void
test_reply_flood(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	int replies = 0;

	bench_open(b, 0, 100);
	b->guest.request_result = POSTERN_E_AGAIN;
	for (int i = 0; i < 500; i++)
		request(b, true, "flood", none());
	CU_ASSERT_TRUE(bench_silent(b));
	/* Closing answers all that is owed, before CLOSE. */
	ch->close(&b->host.face, b->guest.channel);
	bench_run(b);
	for (; replies < 600; replies++) {
		struct said s;

		CU_ASSERT_TRUE_FATAL(bench_next(b, &s));
		if (s.e.op == LINK_DOWN_CHAN_CLOSE)
			break;
		CU_ASSERT_EQUAL(s.e.arg[0], 0);
	}
	CU_ASSERT_EQUAL(replies, 500);
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "start and reply", test_start_and_reply },
		{ "start refused", test_start_refused },
		{ "answers to an open", test_open_answers },
		{ "opens that wait", test_open_queue },
		{ "late reply", test_late_reply },
		{ "data taken", test_data_taken },
		{ "data held back", test_data_held_back },
		{ "resumed while offered", test_resume_in_data },
		{ "window overrun", test_window_overrun },
		{ "consume by hand", test_consume_by_hand },
		{ "discard", test_discard },
		{ "write and credit", test_write_credit },
		{ "full ring", test_full_ring },
		{ "close order", test_close_order },
		{ "peer closes with data left", test_peer_closes_with_data_left },
		{ "connection lost", test_connection_lost },
		{ "requests", test_requests },
		{ "replies in order", test_replies_in_order },
		{ "reply flood", test_reply_flood },
		CU_TEST_INFO_NULL,
	};

	log_start("test", -1);
	return suite_run("host channels", tests);
}
