/*
 * Bytes that a plugin fetches instead of being offered them, what becomes of extended
 * data, windows that grow, and ends that wait: postern.channel/1.
 */

#include "abi/link/grant.h"
#include "abi/wire/reason.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

#define WINDOW 65536u

static struct bench *b;
static const struct postern_if_channel *ch;
static const struct postern_host *f;
static struct postern_if_subsystem pull;
static uint32_t ready_events;
static int ready_calls;

static void
set_up(uint64_t credit)
{
	b = bench_new();
	ch = bench_channels(b);
	f = &b->host.face;
	ready_calls = 0;
	bench_open(b, 0, credit);
}

/* The plugin has no data(). */
static void
set_up_pull(uint64_t credit)
{
	b = bench_new();
	ch = bench_channels(b);
	f = &b->host.face;
	ready_calls = 0;
	pull = *b->host.subsystem;
	pull.data = NULL;
	b->host.subsystem = &pull;
	bench_open(b, 0, credit);
}

static void
data(uint32_t stream, const char *text)
{
	bench_send(b, LINK_UP_CHAN_DATA, 0, stream, 0, view_str(text));
	CU_ASSERT_EQUAL(bench_run(b), 0);
}

static uint64_t
get(uint32_t what)
{
	uint64_t v = 0;

	return ch->get(f, b->guest.channel, what, &v) == POSTERN_OK ? v : UINT64_MAX;
}

/* What read gives with room for so much. */
static bool
reads(uint64_t size, uint32_t stream, const char *want)
{
	char buf[64];
	uint32_t s = 99;
	uint64_t n = 99;

	return ch->read(f, b->guest.channel, &s, buf, size, &n) == POSTERN_OK && s == stream &&
	    n == strlen(want) && memcmp(buf, want, n) == 0;
}

static int32_t
read_result(void)
{
	char c;
	uint32_t s;
	uint64_t n;

	return ch->read(f, b->guest.channel, &s, &c, 1, &n);
}

static void
ready(void *context, uint32_t events)
{
	CU_ASSERT_PTR_EQUAL(context, b);
	ready_events = events;
	ready_calls++;
}

static void
test_pull(void)
{
	uint64_t n;

	set_up_pull(100);
	CU_ASSERT_EQUAL(read_result(), POSTERN_E_AGAIN);
	data(0, "hello");
	data(1, "err");
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_UNREAD), 8);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), WINDOW - 8);
	CU_ASSERT_TRUE(reads(0, 0, ""));
	CU_ASSERT_TRUE(reads(2, 0, "he"));
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 2);
	/* One run at a time. */
	CU_ASSERT_TRUE(reads(60, 0, "llo"));
	CU_ASSERT_TRUE(reads(60, 1, "err"));
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 6);
	bench_send(b, LINK_UP_CHAN_EOF, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(read_result(), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	CU_ASSERT_EQUAL(ch->read(f, b->guest.channel, NULL, NULL, 0, &n), POSTERN_E_INVAL);
	bench_free(b);
}

/* The peer sent and closed: what it sent can still be fetched, and then it is over. */
static void
test_pull_after_close(void)
{
	set_up_pull(100);
	data(0, "last");
	bench_send(b, LINK_UP_CHAN_SHUT, 0, 0, 0, none());
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	CU_ASSERT_TRUE(reads(60, 0, "last"));
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.hangup_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(read_result(), POSTERN_E_CLOSED);
	bench_free(b);
}

static void
test_pull_by_hand(void)
{
	set_up_pull(100);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_CONSUME_BY_HAND, 1), 0);
	data(0, "abc");
	CU_ASSERT_TRUE(reads(60, 0, "abc"));
	bench_run(b);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_HELD), 3);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), WINDOW - 3);
	CU_ASSERT_EQUAL(ch->consume(f, b->guest.channel, 3), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 3);
	bench_free(b);
}

static void
test_await(void)
{
	set_up_pull(0);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, 0x20, ready, b), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_DATA, NULL, b), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_DATA | POSTERN_READY_EOF, ready, b), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(ready_calls, 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_READY), 0);
	data(1, "e");
	CU_ASSERT_EQUAL(ready_calls, 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_READY), POSTERN_READY_EXTENDED);
	CU_ASSERT_TRUE(reads(60, 1, "e"));
	data(0, "d");
	CU_ASSERT_EQUAL(ready_calls, 1);
	CU_ASSERT_EQUAL(ready_events, POSTERN_READY_DATA);
	/* Once. */
	data(0, "d");
	CU_ASSERT_EQUAL(ready_calls, 1);
	/* What is so already is told soon, not inside. */
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_DATA, ready, b), 0);
	CU_ASSERT_EQUAL(ready_calls, 1);
	bench_run(b);
	CU_ASSERT_EQUAL(ready_calls, 2);
	/* Taken back. */
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_WRITE, ready, b), 0);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, 0, NULL, NULL), 0);
	bench_send(b, LINK_UP_CHAN_CREDIT, 0, 10, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(ready_calls, 2);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_WRITE, ready, b), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(ready_calls, 3);
	CU_ASSERT_EQUAL(ready_events, POSTERN_READY_WRITE);
	CU_ASSERT_EQUAL(ch->await(f, b->guest.channel, POSTERN_READY_CLOSED, ready, b), 0);
	CU_ASSERT_TRUE(reads(60, 0, "dd"));
	bench_send(b, LINK_UP_CHAN_SHUT, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(ready_calls, 4);
	CU_ASSERT_EQUAL(ready_events, POSTERN_READY_CLOSED);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_PEER_CLOSED), 1);
	bench_free(b);
}

static void
test_extended(void)
{
	set_up(100);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_EXTENDED, 3), POSTERN_E_INVAL);
	data(1, "one");
	CU_ASSERT_EQUAL(b->guest.last_stream, 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 3);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_EXTENDED, POSTERN_EXTENDED_MERGE), 0);
	data(77, "two");
	CU_ASSERT_EQUAL(b->guest.last_stream, 0);
	CU_ASSERT_EQUAL(b->guest.got_len, 6);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 3);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_EXTENDED, POSTERN_EXTENDED_IGNORE), 0);
	data(1, "three");
	CU_ASSERT_EQUAL(b->guest.got_len, 6);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 5);
	data(0, "d");
	CU_ASSERT_EQUAL(b->guest.got_len, 7);
	bench_free(b);
}

/* It holds for what was not taken before, too, and no credit is lost. */
static void
test_extended_later(void)
{
	set_up_pull(100);
	data(1, "one");
	data(0, "d");
	data(2, "two");
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_EXTENDED, POSTERN_EXTENDED_MERGE), 0);
	CU_ASSERT_TRUE(reads(2, 0, "on"));
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_EXTENDED, POSTERN_EXTENDED_IGNORE), 0);
	CU_ASSERT_TRUE(reads(60, 0, "d"));
	CU_ASSERT_EQUAL(read_result(), POSTERN_E_AGAIN);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 7);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), WINDOW);
	bench_free(b);
}

static void
test_grow(void)
{
	struct said s;

	set_up_pull(100);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, 1, 2), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, 64u << 20, 0), POSTERN_E_NOMEM);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, UINT64_MAX, 0), POSTERN_E_NOMEM);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, 1000, 0), 0);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, 24, 1), 0);
	bench_run(b);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_TOOK);
	CU_ASSERT_EQUAL(s.e.arg[0], 0);
	CU_ASSERT_EQUAL(s.e.arg[1], 1024);
	CU_ASSERT_EQUAL(s.e.arg[2], 1);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_WINDOW), WINDOW);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), WINDOW + 1024);
	/* The peer may use all of it, and not one byte more. */
	for (uint32_t left = WINDOW + 1024, n; left > 0; left -= n) {
		static uint8_t zeros[32768];

		n = left < sizeof(zeros) ? left : (uint32_t)sizeof(zeros);
		bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(zeros, n));
		CU_ASSERT_EQUAL(bench_run(b), 0);
	}
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), 0);
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("x"));
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_CREDIT);
	bench_free(b);
}

/* The worker lets it grow by itself: its word comes before the data. */
static void
test_grown(void)
{
	static uint8_t zeros[32768];

	set_up_pull(100);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), WINDOW);
	bench_send(b, LINK_UP_CHAN_WINDOW, 0, WINDOW, 0, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_WINDOW), WINDOW);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), 2 * WINDOW);
	for (uint32_t left = 2 * WINDOW, n; left > 0; left -= n) {
		n = left < sizeof(zeros) ? left : (uint32_t)sizeof(zeros);
		bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_of(zeros, n));
		CU_ASSERT_EQUAL(bench_run(b), 0);
	}
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), 0);
	/* Never beyond what a plugin may ask for. */
	bench_send(b, LINK_UP_CHAN_WINDOW, 0, UINT64_MAX, 0, none());
	bench_send(b, LINK_UP_CHAN_WINDOW, 0, 1, 0, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_RECEIVE_LEFT), LINK_WINDOW_MAX - 2 * WINDOW);
	CU_ASSERT_EQUAL(ch->grow(f, b->guest.channel, 1, 0), POSTERN_E_NOMEM);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

static void
test_producers(void)
{
	uint64_t n;

	set_up(100);
	CU_ASSERT_EQUAL(ch->release(f, b->guest.channel), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->hold(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->hold(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_PRODUCERS), 2);
	CU_ASSERT_EQUAL(ch->eof(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->eof(f, b->guest.channel), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("out"), &n), 0);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(ch->release(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 1, postern_text("err"), &n), 0);
	CU_ASSERT_EQUAL(ch->exit_status(f, b->guest.channel, 7), 0);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_LOCAL_CLOSED), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_DATA), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_DATA), 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REQUEST), 0);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(ch->release(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_LOCAL_CLOSED), 1);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("x"), &n), POSTERN_E_CLOSED);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_EOF), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	CU_ASSERT_EQUAL(ch->release(f, b->guest.channel), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->hold(f, b->guest.channel), POSTERN_E_CLOSED);
	bench_free(b);
}

static void
test_abort(void)
{
	set_up(100);
	CU_ASSERT_EQUAL(ch->hold(f, b->guest.channel), 0);
	CU_ASSERT_EQUAL(ch->abort(f, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 1);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), POSTERN_E_CLOSED);
	/* After the close, too. */
	CU_ASSERT_EQUAL(ch->abort(f, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 1);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(ch->abort(f, b->guest.channel), POSTERN_E_CLOSED);
	bench_free(b);
}

static int
poll_until_said(void *ctx)
{
	(void)ctx;
	bench_run(b);
	if (!bench_silent(b))
		loop_stop(b->loop);
	return 0;
}

/* The peer never opens its window: the close waits so long, and no longer. */
static void
test_linger(void)
{
	set_up(100);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_LINGER, 86400001), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_LINGER, 20), 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_LINGER), 20);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	CU_ASSERT_TRUE(bench_silent(b));
	loop_run(b->loop, poll_until_said, NULL);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 1);
	bench_free(b);
}

static void
test_low_water(void)
{
	uint64_t n;

	set_up(10);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_LOW_WATER, 0), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_LOW_WATER, 8193), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_LOW_WATER), 1);
	CU_ASSERT_EQUAL(ch->set(f, b->guest.channel, POSTERN_CHANNEL_LOW_WATER, 1000), 0);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("more than ten"), &n), 0);
	CU_ASSERT_EQUAL(n, 10);
	bench_send(b, LINK_UP_CHAN_CREDIT, 0, 999, 5000, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 0);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_SEND_LEFT), 5999);
	bench_send(b, LINK_UP_CHAN_CREDIT, 0, 1, 4999, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 1);
	CU_ASSERT_EQUAL(b->guest.writable_credit, 1000);
	/* A window that has no more must not be waited for. */
	CU_ASSERT_EQUAL(ch->await_credit(f, b->guest.channel), 0);
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 2);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_view_of(b->guest.got, 1000), &n), 0);
	CU_ASSERT_EQUAL(ch->await_credit(f, b->guest.channel), 0);
	bench_send(b, LINK_UP_CHAN_CREDIT, 0, 3, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.writable_calls, 3);
	CU_ASSERT_EQUAL(b->guest.writable_credit, 3);
	bench_free(b);
}

static void
test_label(void)
{
	set_up(10);
	CU_ASSERT_STRING_EQUAL(b->host.chans.place[0].chan->label, "bench");
	CU_ASSERT_EQUAL(ch->label(f, b->guest.channel, postern_text("tenant seven")), 0);
	CU_ASSERT_STRING_EQUAL(b->host.chans.place[0].chan->label, "tenant seven");
	CU_ASSERT_EQUAL(ch->label(f, b->guest.channel, postern_view_of(b->guest.got, 65)), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->label(f, b->guest.channel, postern_view_of(NULL, 5)), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(ch->label(f, b->guest.channel, postern_view_of(NULL, 0)), 0);
	CU_ASSERT_STRING_EQUAL(b->host.chans.place[0].chan->label, "");
	bench_free(b);
}

/* What the worker says of the peer's side. */
static void
test_windows(void)
{
	struct link_entry e = { .op = LINK_UP_CHAN_OPEN, .conn = BENCH_CONN, .gen = BENCH_GEN, .seq = BENCH_USE,
		.arg = { 32768, 5000, WINDOW } };
	uint8_t buf[256], facts[64], two[8];
	struct put w = put_of(buf, sizeof(buf)), fw = put_of(facts, sizeof(facts)), tw = put_of(two, sizeof(two));

	b = bench_new();
	ch = bench_channels(b);
	f = &b->host.face;
	put_u32(&tw, 2000000);
	put_u32(&tw, 16384);
	note_begin(&fw);
	note_put(&fw, FACT_CHANNEL, put_view(&tw));
	put_u8(&w, LINK_START_SHELL);
	put_cstr(&w, "");
	put_cstr(&w, "");
	put_u32(&w, 0);
	put_sview(&w, put_view(&fw));
	CU_ASSERT_TRUE(ring_send(&b->out, &e, put_view(&w)));
	bench_run(b);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_PEER_WINDOW), 2000000);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_PEER_MAX_PACKET), 16384);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_CREDIT), 5000);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_SEND_LEFT), 2000000);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_WINDOW), WINDOW);
	CU_ASSERT_EQUAL(get(POSTERN_CHANNEL_MAX_PACKET), 32768);
	CU_ASSERT_STRING_EQUAL(b->host.chans.place[0].chan->label, "shell");
	bench_free(b);
}

/* A byte of each stream in turn costs nine: not nine times the window, but this channel. */
static void
test_turns(void)
{
	uint64_t most = 0;

	set_up(0);
	b->guest.take = 0;
	b->host.chans.place[0].chan->window = WINDOW;
	for (uint32_t i = 0; i < WINDOW && b->guest.closed_calls == 0; i++) {
		data(i & 1, "x");
		if (b->host.chans.place[0].chan != NULL && inq_cost(&b->host.chans.place[0].chan->in) > most)
			most = inq_cost(&b->host.chans.place[0].chan->in);
	}
	CU_ASSERT(most > HOST_TURNS_MAX);
	CU_ASSERT(most <= WINDOW + HOST_TURNS_MAX + 8);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_reason, POSTERN_CLOSED_FAULT);
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "pull", test_pull },
		{ "pull after the close", test_pull_after_close },
		{ "pull and consume by hand", test_pull_by_hand },
		{ "await", test_await },
		{ "extended data", test_extended },
		{ "extended data not taken", test_extended_later },
		{ "growth", test_grow },
		{ "growth by itself", test_grown },
		{ "producers", test_producers },
		{ "abort", test_abort },
		{ "linger", test_linger },
		{ "low water mark", test_low_water },
		{ "label", test_label },
		{ "windows", test_windows },
		{ "streams in turn, a byte each", test_turns },
		CU_TEST_INFO_NULL,
	};

	log_start("test", -1);
	return suite_run("flow of a channel", tests);
}
