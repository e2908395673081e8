/* Faults of the plugin and of the worker: what ends, and what goes on. */
#include <pthread.h>
#include <stdlib.h>

#include "abi/wire/reason.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

/* ---- faults of the plugin ---- */

static void
fault(struct bench *b)
{
	struct said s;
	uint64_t took;

	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abc"));
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_reason, POSTERN_CLOSED_FAULT);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_CLOSE);
	CU_ASSERT_EQUAL(bench_channels(b)->write(&b->host.face, b->guest.channel, 0, postern_text("x"), &took),
	    POSTERN_E_CLOSED);
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abc"));
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.data_calls, 1);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
}

static void
test_took_too_much(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.took_lie = 1;
	fault(b);
	bench_free(b);
}

static void
test_data_fails(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.data_result = POSTERN_E_FAIL;
	fault(b);
	bench_free(b);
}

static void
test_close_in_data(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	b->guest.close_in_data = true;
	b->guest.take = 1;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abc"));
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("def"));
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.data_calls, 1);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	bench_free(b);
}

static void
test_stale_handle(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	struct postern_channel old, made_up = { 0x5555 };
	uint64_t took, value;

	bench_open(b, 0, 100);
	old = b->guest.channel;
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	bench_open(b, 0, 100);
	CU_ASSERT_NOT_EQUAL(old.handle, b->guest.channel.handle);
	CU_ASSERT_EQUAL(ch->write(f, old, 0, postern_text("x"), &took), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->close(f, old), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->resume(f, old), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->consume(f, old, 0), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->get(f, old, POSTERN_CHANNEL_CREDIT, &value), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->eof(f, made_up), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->eof(f, (struct postern_channel){ 0 }), POSTERN_E_CLOSED);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

static void *
other_thread(void *arg)
{
	struct bench *b = arg;
	uint64_t took;

	return (void *)(intptr_t)bench_channels(b)->write(&b->host.face, b->guest.channel, 0,
	    postern_text("x"), &took);
}

static void
test_wrong_thread(void)
{
	struct bench *b = bench_new();
	pthread_t t;
	void *result = NULL;

	bench_open(b, 0, 100);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, other_thread, b), 0);
	pthread_join(t, &result);
	CU_ASSERT_EQUAL((intptr_t)result, POSTERN_E_THREAD);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

/* ---- faults of the worker, and what a later one may say ---- */

static void
test_worker_entries(void)
{
	struct bench *b = bench_new();

	bench_send(b, LINK_UP_CHAN_DATA, 9, 0, 0, view_str("nobody"));
	bench_send(b, 60, 0, 0, 0, view_str("of a later version"));
	CU_ASSERT_EQUAL(bench_run(b), 0);
	bench_send(b, LINK_UP_HOST_END, LINK_CHAN_NONE, 0, 0, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_TRUE(b->host.ending);
	bench_open(b, 0, 1);
	bench_start(b, 0, LINK_START_SUBSYSTEM, "bench", none(), 1, 0);
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_STATE);
	bench_free(b);
}

/* A worker speaks for its own connections only. */
static void
test_other_workers(void)
{
	struct bench *b = bench_new();
	struct link_entry e = { .op = LINK_UP_CHAN_DATA, .conn = 1u << LINK_WORKER_SHIFT | BENCH_CONN,
	    .gen = BENCH_GEN, .seq = BENCH_USE };

	bench_open(b, 0, 100);
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_TRUE(ring_send(&b->out, &e, view_str("not mine")));
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_CONN);
	bench_free(b);
}

/* The peer closed first: what it sent is delivered, the status may still leave. */
static void
test_peer_shuts(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	const struct postern_host *f = &b->host.face;
	uint64_t took;

	bench_open(b, 0, 100);
	b->guest.take = 2;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abcdef"));
	bench_send(b, LINK_UP_CHAN_SHUT, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.hangup_calls, 0);
	CU_ASSERT_TRUE(b->host.chans.place[0].chan->linger > 0);
	b->guest.take = 100;
	ch->resume(f, b->guest.channel);
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.got_len, 6);
	CU_ASSERT_EQUAL(b->guest.eof_calls, 1);
	CU_ASSERT_EQUAL(b->guest.hangup_calls, 1);
	CU_ASSERT_EQUAL(ch->write(f, b->guest.channel, 0, postern_text("x"), &took), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->eof(f, b->guest.channel), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(ch->exit_status(f, b->guest.channel, 1), 0);
	CU_ASSERT_EQUAL(ch->close(f, b->guest.channel), 0);
	bench_run(b);
	while (bench_expect(b, LINK_DOWN_CHAN_REQUEST) == UINT64_MAX)
		CU_ASSERT_FALSE_FATAL(bench_silent(b));
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(b->guest.hangup_calls, 1);
	bench_free(b);
}

/* A start that wants no reply gets none, and what follows keeps its order. */
static void
test_silent_start(void)
{
	struct bench *b = bench_new();
	const struct postern_if_channel *ch = bench_channels(b);
	struct link_entry e = { .op = LINK_UP_CHAN_OPEN, .conn = BENCH_CONN, .gen = BENCH_GEN,
	    .seq = BENCH_USE, .arg = { 32768, 100, 1000, 1 } };
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	uint64_t value, took;

	put_u8(&w, LINK_START_SHELL);
	put_cstr(&w, "");
	put_cstr(&w, "");
	put_u32(&w, 0);
	put_cstr(&w, "");
	b->guest.open_result = POSTERN_E_AGAIN;
	b->guest.request_result = POSTERN_OK;
	CU_ASSERT_TRUE(ring_send(&b->out, &e, put_view(&w)));
	bench_send(b, LINK_UP_CHAN_REQUEST, 0, 1, 0, view_of("\0\0\0\3odd", 7));
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REPLY), 1);
	ch->get(&b->host.face, b->guest.channel, POSTERN_CHANNEL_WINDOW, &value);
	CU_ASSERT_EQUAL(value, 1000);
	CU_ASSERT_EQUAL(ch->write(&b->host.face, b->guest.channel, 0, postern_text("x"), &took), 0);
	CU_ASSERT_EQUAL(took, 0);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token, 1), 0);
	CU_ASSERT_EQUAL(ch->reply(&b->host.face, b->guest.channel, b->guest.token, 1), POSTERN_E_INVAL);
	bench_run(b);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(ch->write(&b->host.face, b->guest.channel, 0, postern_text("x"), &took), 0);
	CU_ASSERT_EQUAL(took, 1);
	bench_free(b);
}

static void
test_link_gone(void)
{
	struct bench *b = bench_new();

	bench_open(b, 0, 100);
	bench_open(b, 1, 100);
	b->guest.take = 0;
	bench_send(b, LINK_UP_CHAN_DATA, 0, 0, 0, view_str("abc"));
	bench_send(b, LINK_UP_CHAN_DATA, 1, 0, 0, view_str("abc"));
	bench_send(b, LINK_UP_CHAN_CLOSED, 1, 0, 0, none());
	bench_run(b);
	chan_end_all(&b->host);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 2);
	CU_ASSERT_EQUAL(b->guest.closed_reason, POSTERN_CLOSED_CONNECTION);
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	CU_ASSERT_PTR_NULL(b->host.dirty);
	bench_free(b);
}

static void
test_many_channels(void)
{
	struct bench *b = bench_new();

	for (uint32_t i = 0; i < 3000; i++) {
		bench_open(b, i, 10);
		if (i % 3 == 0) {
			bench_send(b, LINK_UP_CHAN_CLOSED, i, 0, 0, none());
			bench_run(b);
		}
	}
	CU_ASSERT_EQUAL(b->host.chans.count, 2000);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1000);
	for (uint32_t i = 0; i < 3000; i++) {
		bench_send(b, LINK_UP_CHAN_CLOSED, i, 0, 0, none());
		bench_run(b);
	}
	CU_ASSERT_EQUAL(b->host.chans.count, 0);
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "took too much", test_took_too_much },
		{ "data fails", test_data_fails },
		{ "close in data", test_close_in_data },
		{ "stale handle", test_stale_handle },
		{ "wrong thread", test_wrong_thread },
		{ "worker's entries", test_worker_entries },
		{ "entries of another worker's", test_other_workers },
		{ "peer shuts", test_peer_shuts },
		{ "silent start", test_silent_start },
		{ "link gone", test_link_gone },
		{ "many channels", test_many_channels },
		CU_TEST_INFO_NULL,
	};

	log_start("test", -1);
	return suite_run("host faults", tests);
}
