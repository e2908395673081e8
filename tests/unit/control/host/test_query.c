/*
 * What a connection's peer asks of the plugin: answers at once and later, variables,
 * sessions and connections that end, with the worker's side played by the test.
 */
#include <stdlib.h>

#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static struct bench *b;
static const struct postern_if_connection *face;

static struct {
	int calls, sessions_ended, connections_ended;
	int32_t result;
	struct postern_connection connection;
	uint64_t session, token, ended;
	uint32_t kind, wanted;
	bool reply_inside;
} guest;

static int32_t
on_request(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session, uint64_t token,
    uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	(void)plugin;
	(void)name;
	CU_ASSERT_EQUAL(body.len, 4);
	guest.calls++;
	guest.connection = connection;
	guest.session = session;
	guest.token = token;
	guest.kind = kind;
	guest.wanted = wanted;
	if (guest.reply_inside)
		CU_ASSERT_EQUAL(face->reply(&b->host.face, connection, token, 1, postern_text("")), POSTERN_OK);
	return guest.result;
}

static void
on_session_ended(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session)
{
	(void)plugin;
	CU_ASSERT_EQUAL(connection.handle, guest.connection.handle);
	guest.sessions_ended++;
	guest.ended = session;
}

static void
on_connection_ended(struct postern_plugin *plugin, struct postern_connection connection)
{
	(void)plugin;
	CU_ASSERT_EQUAL(connection.handle, guest.connection.handle);
	guest.connections_ended++;
}

static const struct postern_answers answers[] = {
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("count") },
	{ POSTERN_REQUEST_SESSION, 0, POSTERN_LITERAL("paint") },
};

static const struct postern_if_requests requests = { answers, 2, on_request, on_session_ended,
	on_connection_ended };

static void
set_up(void)
{
	b = bench_new();
	memset(&guest, 0, sizeof(guest));
	b->host.requests = &requests;
	snprintf(b->host.name, sizeof(b->host.name), "bench");
	serves_add(&b->host.serves, SERVES_VARIABLE, view_str("COLOR"), "bench");
	face = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_CONNECTION));
}

static void
query(uint32_t id, uint32_t chan, const char *name)
{
	struct link_entry e = { .op = LINK_UP_QUERY, .conn = BENCH_CONN, .gen = BENCH_GEN, .chan = chan,
		.seq = chan == LINK_CHAN_NONE ? 0 : BENCH_USE, .serial = id, .arg = { 1 } };
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	put_cstr(&w, "body");
	put_cstr(&w, "");
	if (!ring_send(&b->out, &e, put_view(&w)))
		abort();
	bench_run(b);
}

/* The next entry answers this id; its payload's length, or -1. */
static int64_t
answered(uint32_t id, bool success)
{
	static struct said s;

	if (!ring_pending(&b->in))
		return -1;
	(void)bench_next(b, &s); /* of no channel: it has no use to give back */
	CU_ASSERT_EQUAL(s.e.op, LINK_DOWN_ANSWER);
	CU_ASSERT_EQUAL(s.e.serial, id);
	CU_ASSERT_EQUAL(s.e.arg[0], success);
	CU_ASSERT_EQUAL(s.e.conn, BENCH_CONN);
	CU_ASSERT_EQUAL(s.e.gen, BENCH_GEN);
	return s.e.len;
}

static void
test_at_once(void)
{
	set_up();
	query(5, LINK_CHAN_NONE, "count");
	CU_ASSERT_EQUAL(answered(5, true), 0);
	CU_ASSERT_EQUAL(guest.kind, POSTERN_REQUEST_GLOBAL);
	CU_ASSERT_EQUAL(guest.session, 0);
	CU_ASSERT_EQUAL(guest.wanted, 1);
	guest.result = POSTERN_E_DENIED;
	query(6, 3, "paint");
	CU_ASSERT_EQUAL(answered(6, false), 0);
	CU_ASSERT_EQUAL(guest.kind, POSTERN_REQUEST_SESSION);
	CU_ASSERT_NOT_EQUAL(guest.session, 0);
	guest.reply_inside = true;
	query(7, 3, "paint");
	CU_ASSERT_EQUAL(answered(7, true), 0);
	/* Not served, or as the other kind: told without the plugin. */
	query(8, 3, "count");
	CU_ASSERT_EQUAL(answered(8, false), 0);
	query(9, LINK_CHAN_NONE, "paint");
	CU_ASSERT_EQUAL(answered(9, false), 0);
	CU_ASSERT_EQUAL(guest.calls, 3);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
	CU_ASSERT_EQUAL(guest.sessions_ended, 1);
	CU_ASSERT_EQUAL(guest.connections_ended, 1);
}

static void
test_later(void)
{
	const struct postern_host *host;
	uint64_t first, second;

	set_up();
	host = &b->host.face;
	guest.result = POSTERN_E_AGAIN;
	query(5, LINK_CHAN_NONE, "count");
	first = guest.token;
	query(6, 3, "paint");
	second = guest.token;
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, 0, 1, postern_text("")), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, second + 1, 1, postern_text("")), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, second, 1, postern_text("x")), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, first, 0, postern_text("x")), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(face->variable(host, guest.connection, first, postern_text("COLOR"), postern_text("red")),
	    POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(face->variable(host, guest.connection, second, postern_text("PATH"), postern_text("/")),
	    POSTERN_E_DENIED);
	CU_ASSERT_EQUAL(face->variable(host, guest.connection, second, postern_text("COLOR"), postern_text("red")),
	    POSTERN_OK);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, second, 1, postern_text("")), POSTERN_OK);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, second, 1, postern_text("")), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(answered(6, true), 16);
	CU_ASSERT_EQUAL(face->reply(host, guest.connection, first, 1, postern_text("port")), POSTERN_OK);
	CU_ASSERT_EQUAL(answered(5, true), 4);
	bench_free(b);
}

/* What a session that ended still owed is not answered; others go on. */
static void
test_ends(void)
{
	uint64_t session;

	set_up();
	guest.result = POSTERN_E_AGAIN;
	query(5, 3, "paint");
	session = guest.session;
	bench_send(b, LINK_UP_SESSION_END, 4, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(guest.sessions_ended, 0);
	bench_send(b, LINK_UP_SESSION_END, 3, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(guest.sessions_ended, 1);
	CU_ASSERT_EQUAL(guest.ended, session);
	CU_ASSERT_EQUAL(face->reply(&b->host.face, guest.connection, guest.token, 1, postern_text("")),
	    POSTERN_E_INVAL);
	/* The connection ends after its channels. */
	bench_open(b, 0, 100);
	bench_send(b, LINK_UP_CONN_END, LINK_CHAN_NONE, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(guest.connections_ended, 0);
	bench_send(b, LINK_UP_CHAN_CLOSED, 0, 0, 0, none());
	bench_run(b);
	CU_ASSERT_EQUAL(guest.connections_ended, 1);
	CU_ASSERT_EQUAL(face->reply(&b->host.face, guest.connection, guest.token, 1, postern_text("")),
	    POSTERN_E_CLOSED);
	CU_ASSERT_EQUAL(b->host.conns.count, 0);
	bench_free(b);
}

/* One that never answers: what the worker must have given up is given up here too. */
static void
test_never(void)
{
	uint64_t first = 0, second = 0;

	set_up();
	guest.result = POSTERN_E_AGAIN;
	for (uint32_t i = 1; i <= LINK_QUERIES_MAX + 1; i++) {
		query(i, LINK_CHAN_NONE, "count");
		first = i == 1 ? guest.token : first;
		second = i == 2 ? guest.token : second;
	}
	CU_ASSERT_EQUAL(guest.calls, LINK_QUERIES_MAX + 1);
	CU_ASSERT_EQUAL(face->reply(&b->host.face, guest.connection, first, 1, postern_text("")), POSTERN_E_INVAL);
	CU_ASSERT_TRUE(bench_silent(b));
	CU_ASSERT_EQUAL(face->reply(&b->host.face, guest.connection, second, 1, postern_text("")), POSTERN_OK);
	CU_ASSERT_EQUAL(answered(2, true), 0);
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "answers at once", test_at_once },
		{ "answers later, variables", test_later },
		{ "sessions and connections end", test_ends },
		{ "never answered", test_never },
		CU_TEST_INFO_NULL,
	};

	return suite_run("host query", tests);
}
