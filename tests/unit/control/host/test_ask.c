/*
 * What a plugin asks of the peer: channels and global requests, with the worker's
 * side played by the test.
 */
#include <stdlib.h>

#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static struct bench *b;
static const struct postern_if_connection *face;
static struct postern_connection on;

static struct {
	int calls;
	int32_t result;
	uint32_t code;
	char text[64];
} last;

static void
note(int32_t result, uint32_t code, struct postern_view text)
{
	last.calls++;
	last.result = result;
	last.code = code;
	snprintf(last.text, sizeof(last.text), "%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

static void
on_opened(void *context, int32_t result, uint32_t code, struct postern_view text)
{
	CU_ASSERT_PTR_EQUAL(context, &b->guest);
	note(result, code, text);
}

static void
on_answered(void *context, int32_t success, struct postern_view body)
{
	CU_ASSERT_PTR_EQUAL(context, &last);
	note(success, 0, body);
}

static void
set_up(void)
{
	b = bench_new();
	memset(&last, 0, sizeof(last));
	b->host.leader = 1000; /* of a login; nothing is said to it */
	bench_open(b, 0, 1000);
	face = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_CONNECTION));
	CU_ASSERT_PTR_NOT_NULL_FATAL(face);
	CU_ASSERT_EQUAL(face->of(&b->host.face, b->guest.channel, &on), POSTERN_OK);
}

static void
tear_down(void)
{
	b->host.leader = -1;
	bench_free(b);
}

static struct postern_open
record(void)
{
	struct postern_open r = { .size = sizeof(r),
		.kind = POSTERN_OPEN_CHANNEL,
		.type = POSTERN_LITERAL("x11"),
		.body = POSTERN_LITERAL("from"),
		.context = &b->guest,
		.opened = on_opened };

	return r;
}

static int32_t
ask(struct postern_channel *channel)
{
	struct postern_open r = record();

	return face->open(&b->host.face, on, &r, channel);
}

/* An answer of the worker to the ask `id`. */
static void
answer(uint16_t op, uint32_t chan, uint64_t a0, uint64_t id, struct view payload)
{
	struct link_entry e = { .op = op, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
	    .seq = BENCH_USE, .arg = { a0, 500, 65536, id } };

	CU_ASSERT_TRUE_FATAL(ring_send(&b->out, &e, payload));
}

/* The next thing the host said is this ask; its number. */
static uint64_t
asked(uint16_t op, const char *payload, size_t len)
{
	struct said s;

	bench_run(b);
	(void)bench_next(b, &s);
	CU_ASSERT_EQUAL(s.e.op, op);
	CU_ASSERT_EQUAL(s.e.conn, BENCH_CONN);
	CU_ASSERT_EQUAL(s.e.gen, BENCH_GEN);
	CU_ASSERT_EQUAL(s.e.chan, LINK_CHAN_NONE);
	CU_ASSERT_EQUAL_FATAL(s.e.len, len);
	CU_ASSERT_EQUAL(memcmp(s.payload, payload, len), 0);
	CU_ASSERT_NOT_EQUAL(s.e.arg[0], 0);
	return s.e.arg[0];
}

#define X11 "\0\0\0\003x11from"

static struct view
facts(void)
{
	return view_of("\0\0\0\0", 4);
}

static void
test_open(void)
{
	const struct postern_if_channel *ch;
	const struct postern_host *f;
	struct postern_channel c;
	struct said s;
	uint64_t id, took, value;

	set_up();
	ch = bench_channels(b);
	f = &b->host.face;
	CU_ASSERT_EQUAL(ask(&c), POSTERN_OK);
	id = asked(LINK_DOWN_ASK_OPEN, X11, sizeof(X11) - 1);
	/* Not there yet: it can be looked at, and given up. */
	CU_ASSERT_EQUAL(ch->write(f, c, 0, postern_text("x"), &took), POSTERN_E_AGAIN);
	CU_ASSERT_EQUAL(ch->get(f, c, POSTERN_CHANNEL_CREDIT, &value), POSTERN_OK);
	CU_ASSERT_EQUAL(value, 0);
	CU_ASSERT_EQUAL(ch->eof(f, c), POSTERN_E_AGAIN);
	answer(LINK_UP_CHAN_OPENED, 9, 32768, id, facts());
	bench_run(b);
	CU_ASSERT_EQUAL(last.calls, 1);
	CU_ASSERT_EQUAL(last.result, POSTERN_OK);
	CU_ASSERT_EQUAL(ch->get(f, c, POSTERN_CHANNEL_CREDIT, &value), POSTERN_OK);
	CU_ASSERT_EQUAL(value, 500);
	CU_ASSERT_EQUAL(ch->write(f, c, 0, postern_text("hello"), &took), POSTERN_OK);
	CU_ASSERT_EQUAL(took, 5);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_DATA);
	CU_ASSERT_EQUAL(s.e.chan, 9);
	b->guest.got_len = 0;
	bench_send(b, LINK_UP_CHAN_DATA, 9, 0, 0, view_str("from the peer"));
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.got_len, 13);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_TOOK), 13);
	CU_ASSERT_EQUAL(ch->close(f, c), POSTERN_OK);
	bench_run(b);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_CLOSE), 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 9, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 1);
	CU_ASSERT_EQUAL(ch->get(f, c, POSTERN_CHANNEL_CREDIT, &value), POSTERN_E_CLOSED);
	tear_down();
}

static void
test_refused(void)
{
	struct postern_channel c;
	uint64_t id, value;

	set_up();
	CU_ASSERT_EQUAL(ask(&c), POSTERN_OK);
	id = asked(LINK_DOWN_ASK_OPEN, X11, sizeof(X11) - 1);
	answer(LINK_UP_OPEN_REFUSED, LINK_CHAN_NONE, 2, id, view_str("no such"));
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 1);
	CU_ASSERT_EQUAL(last.result, POSTERN_E_DENIED);
	CU_ASSERT_EQUAL(last.code, 2);
	CU_ASSERT_STRING_EQUAL(last.text, "no such");
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	CU_ASSERT_EQUAL(bench_channels(b)->get(&b->host.face, c, POSTERN_CHANNEL_CREDIT, &value), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(b->host.asked_count, 0);
	CU_ASSERT_TRUE(bench_silent(b));
	/* A second answer: the worker broke the rules. */
	answer(LINK_UP_OPEN_REFUSED, LINK_CHAN_NONE, 2, id, none());
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_STATE);
	tear_down();
}

/* Given up before the answer: closed as soon as it is there, and refused is refused. */
static void
test_given_up(void)
{
	struct postern_channel c, d;
	struct said s;
	uint64_t one, two;

	set_up();
	CU_ASSERT_EQUAL(ask(&c), POSTERN_OK);
	CU_ASSERT_EQUAL(ask(&d), POSTERN_OK);
	one = asked(LINK_DOWN_ASK_OPEN, X11, sizeof(X11) - 1);
	two = asked(LINK_DOWN_ASK_OPEN, X11, sizeof(X11) - 1);
	CU_ASSERT_EQUAL(bench_channels(b)->close(&b->host.face, c), POSTERN_OK);
	CU_ASSERT_EQUAL(bench_channels(b)->close(&b->host.face, c), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(bench_channels(b)->close(&b->host.face, d), POSTERN_OK);
	bench_run(b);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(last.calls, 0);
	answer(LINK_UP_CHAN_OPENED, 9, 32768, one, facts());
	bench_send(b, LINK_UP_CHAN_DATA, 9, 0, 0, view_str("x"));
	answer(LINK_UP_OPEN_REFUSED, LINK_CHAN_NONE, 2, two, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 2);
	CU_ASSERT_EQUAL(last.result, POSTERN_E_CLOSED);
	CU_ASSERT_TRUE(bench_next(b, &s));
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_CHAN_CLOSE);
	CU_ASSERT_EQUAL(s.e.chan, 9);
	bench_send(b, LINK_UP_CHAN_CLOSED, 9, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(b->guest.closed_calls, 0);
	CU_ASSERT_EQUAL(b->guest.got_len, 0);
	CU_ASSERT_EQUAL(b->host.chans.count, 1);
	tear_down();
}

static void
test_arguments(void)
{
	static uint8_t big[LINK_ASK_BODY_MAX + 1];
	struct postern_open r;
	struct postern_channel c;
	struct postern_connection wrong = { on.handle + 1 };

	set_up();
	wrong.handle = on.handle + 1;
	r = record();
	r.type = postern_text("");
	CU_ASSERT_EQUAL(face->open(&b->host.face, on, &r, &c), POSTERN_E_INVAL);
	r = record();
	r.body = postern_view_of(big, sizeof(big));
	CU_ASSERT_EQUAL(face->open(&b->host.face, on, &r, &c), POSTERN_E_INVAL);
	r = record();
	r.opened = NULL;
	CU_ASSERT_EQUAL(face->open(&b->host.face, on, &r, &c), POSTERN_E_INVAL);
	r = record();
	r.kind = 2;
	CU_ASSERT_EQUAL(face->open(&b->host.face, on, &r, &c), POSTERN_E_INVAL);
	r = record();
	CU_ASSERT_EQUAL(face->open(&b->host.face, wrong, &r, &c), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(face->open(&b->host.face, on, &r, NULL), POSTERN_E_INVAL);
	/* A service's host acts for nobody. */
	b->host.leader = -1;
	CU_ASSERT_EQUAL(ask(&c), POSTERN_E_DENIED);
	b->host.leader = 1000;
	/* A dataplane of an earlier version does not know of it. */
	b->host.link[0].other.minor = LINK_MINOR_ASK - 1;
	CU_ASSERT_EQUAL(ask(&c), POSTERN_E_CLOSED);
	b->host.link[0].other.minor = LINK_MINOR;
	for (uint32_t i = 0; i < LINK_ASKS_MAX; i++)
		CU_ASSERT_EQUAL(ask(&c), POSTERN_OK);
	CU_ASSERT_EQUAL(ask(&c), POSTERN_E_NOMEM);
	tear_down();
	CU_ASSERT_EQUAL(last.calls, (int)LINK_ASKS_MAX);
}

/* The connection is over: what is not answered will not be. */
static void
test_end(void)
{
	struct postern_channel c;

	set_up();
	CU_ASSERT_EQUAL(ask(&c), POSTERN_OK);
	CU_ASSERT_EQUAL(face->request(&b->host.face, on, postern_text("ping"), postern_text(""), on_answered, &last),
	    POSTERN_OK);
	bench_run(b);
	bench_send(b, LINK_UP_HOST_END, LINK_CHAN_NONE, 0, 0, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 0);
	CU_ASSERT_EQUAL(ask(&c), POSTERN_E_CLOSED);
	bench_send(b, LINK_UP_HOST_END, LINK_CHAN_NONE, 1, 0, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 2);
	CU_ASSERT_EQUAL(last.result, POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(b->host.chans.count, 1);
	tear_down();
}

static void
test_global(void)
{
	uint64_t one, two;

	set_up();
	CU_ASSERT_EQUAL(face->request(&b->host.face, on, postern_text("ping"), postern_text("x"), on_answered, &last),
	    POSTERN_OK);
	CU_ASSERT_EQUAL(face->request(&b->host.face, on, postern_text("ping"), postern_text("x"), NULL, NULL),
	    POSTERN_OK);
	one = asked(LINK_DOWN_ASK_GLOBAL, "\0\0\0\004pingx", 9);
	two = asked(LINK_DOWN_ASK_GLOBAL, "\0\0\0\004pingx", 9);
	CU_ASSERT_NOT_EQUAL(one, two);
	answer(LINK_UP_GLOBAL_ANSWER, LINK_CHAN_NONE, 1, two, none());
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 0);
	answer(LINK_UP_GLOBAL_ANSWER, LINK_CHAN_NONE, 1, one, view_str("pong"));
	CU_ASSERT_EQUAL(bench_run(b), 0);
	CU_ASSERT_EQUAL(last.calls, 1);
	CU_ASSERT_EQUAL(last.result, 1);
	CU_ASSERT_STRING_EQUAL(last.text, "pong");
	/* An answer of the other kind. */
	CU_ASSERT_EQUAL(face->request(&b->host.face, on, postern_text("ping"), postern_text("x"), NULL, NULL),
	    POSTERN_OK);
	one = asked(LINK_DOWN_ASK_GLOBAL, "\0\0\0\004pingx", 9);
	answer(LINK_UP_CHAN_OPENED, 9, 32768, one, facts());
	CU_ASSERT_EQUAL(bench_run(b), -R_LINK_STATE);
	tear_down();
}

/* A handle of a connection lives as long as a channel of it. */
static void
test_connection(void)
{
	struct postern_connection again;
	struct postern_view v;
	uint64_t n;

	set_up();
	bench_open(b, 1, 1000);
	CU_ASSERT_EQUAL(face->of(&b->host.face, b->guest.channel, &again), POSTERN_OK);
	CU_ASSERT_EQUAL(again.handle, on.handle);
	CU_ASSERT_EQUAL(b->host.conns.count, 1);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(face->number(&b->host.face, on, POSTERN_SESSION_CONNECTION, &n), POSTERN_OK);
	CU_ASSERT_EQUAL(face->text(&b->host.face, on, POSTERN_SESSION_USER, &v), POSTERN_OK);
	bench_send(b, LINK_UP_CHAN_CLOSED, 1, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(face->number(&b->host.face, on, POSTERN_SESSION_CONNECTION, &n), POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(b->host.conns.count, 0);
	tear_down();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a channel toward the peer", test_open },
		{ "refused", test_refused },
		{ "given up before the answer", test_given_up },
		{ "arguments and limits", test_arguments },
		{ "the connection ends", test_end },
		{ "global requests", test_global },
		{ "connections", test_connection },
		CU_TEST_INFO_NULL,
	};

	return suite_run("host ask", tests);
}
