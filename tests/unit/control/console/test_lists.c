/*
 * Sessions and channels for the operator: what the supervisor and the dataplane say,
 * joined; and drop reasons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/op.h"
#include "abi/link/rows.h"
#include "abi/wire/algo.h"
#include "abi/wire/ssh.h"
#include "control/console/console.h"
#include "tests/lib/suite.h"

static const char sessions[] = "{\"sessions\":[{\"id\":\"33554435-17\",\"user\":\"alice\"},"
			       "{\"id\":\"2-1\",\"user\":\"bob\"}]}";

static uint8_t bytes[8 * ROW_MAX];

/* alice's connection, one that is not logged in, and one of an older generation. */
static struct view
rows(void)
{
	struct put w = put_of(bytes, sizeof(bytes));
	struct row_conn n = {
		.conn = 33554435u,
		.gen = 17,
		.phase = SSH_PHASE_OPEN,
		.bytes_in = 1000,
		.bytes_out = 2000,
		.chans = 1,
		.suite_in = SUITE_AES128_GCM,
	};
	struct row_chan c = {
		.conn = 33554435u,
		.gen = 17,
		.ours = 3,
		.flags = ROW_CHAN_STARTED | ROW_CHAN_EOF_IN,
		.start = LINK_START_EXEC,
		.what = view_of("a\033]0;x\007\0\xff\"", 10),
	};

	row_conn_put(&w, &n);
	row_chan_put(&w, &c);
	n = (struct row_conn){ .conn = 9, .gen = 4, .phase = SSH_PHASE_AUTH, .peer = view_str("192.0.2.1") };
	row_conn_put(&w, &n);
	n = (struct row_conn){ .conn = 2, .gen = 2, .phase = SSH_PHASE_KEX };
	row_conn_put(&w, &n);
	CU_ASSERT_FALSE(w.bad);
	return put_view(&w);
}

static struct js *
by_id(const struct js *list, const char *id)
{
	size_t i;

	for (i = 0; i < js_count(list); i++)
		if (strcmp(js_str(js_at(list, i), "id"), id) == 0)
			return js_at(list, i);
	return NULL;
}

static void
test_sessions(void)
{
	struct js *table = js_parse(sessions, strlen(sessions));
	struct js *list = js_get(table, "sessions");
	struct js *s;

	lists_sessions(table, rows(), false);
	CU_ASSERT_EQUAL(js_count(list), 2);
	s = by_id(list, "33554435-17");
	CU_ASSERT_EQUAL(js_u64(s, "bytes_in"), 1000);
	CU_ASSERT_EQUAL(js_u64(s, "bytes_out"), 2000);
	CU_ASSERT_EQUAL(js_u64(s, "worker"), 2);
	CU_ASSERT_STRING_EQUAL(js_str(s, "state"), "open");
	CU_ASSERT_STRING_EQUAL(js_str(s, "cipher_in"), "aes128-gcm@openssh.com");
	/* another use of the same number is another connection */
	CU_ASSERT_STRING_EQUAL(js_str(by_id(list, "2-1"), "state"), "");
	js_free(table);
}

static void
test_strangers(void)
{
	struct js *table = js_parse(sessions, strlen(sessions));
	struct js *list = js_get(table, "sessions");

	lists_sessions(table, rows(), true);
	CU_ASSERT_EQUAL(js_count(list), 4);
	CU_ASSERT_STRING_EQUAL(js_str(by_id(list, "9-4"), "state"), "authentication");
	CU_ASSERT_STRING_EQUAL(js_str(by_id(list, "9-4"), "peer"), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(js_str(by_id(list, "9-4"), "user"), "");
	CU_ASSERT_STRING_EQUAL(js_str(by_id(list, "2-2"), "state"), "key exchange");
	js_free(table);
}

static void
test_channels(void)
{
	struct js *table = js_parse(sessions, strlen(sessions));
	struct js *list = lists_channels(table, rows());
	struct js *c = js_at(list, 0);
	char *text = js_text(list, false);

	CU_ASSERT_EQUAL(js_count(list), 1);
	CU_ASSERT_STRING_EQUAL(js_str(c, "session"), "33554435-17");
	CU_ASSERT_STRING_EQUAL(js_str(c, "user"), "alice");
	CU_ASSERT_STRING_EQUAL(js_str(c, "kind"), "exec");
	CU_ASSERT_EQUAL(js_u64(c, "channel"), 3);
	CU_ASSERT_TRUE(js_bool(c, "eof_in") && js_bool(c, "started") && !js_bool(c, "closing"));
	/* what a peer chose is no control character, and ends nothing */
	CU_ASSERT_STRING_EQUAL(js_str(c, "what"), "a\033]0;x\007??\"");
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	CU_ASSERT_PTR_NULL(strchr(text, '\007'));
	free(text);
	js_free(list);
	js_free(table);
}

/* Rows cut off, and none: what is whole is shown. */
static void
test_cut(void)
{
	struct view all = rows();
	size_t cut;

	for (cut = 0; cut < all.len; cut++) {
		struct js *table = js_parse(sessions, strlen(sessions));
		struct js *list = lists_channels(table, view_of(all.data, cut));

		lists_sessions(table, view_of(all.data, cut), true);
		CU_ASSERT_TRUE(js_count(list) <= 1 && js_count(js_get(table, "sessions")) <= 4);
		js_free(list);
		js_free(table);
	}
}

static void
test_drops(void)
{
	static struct console c;
	struct meter *m[2];
	struct js *list;
	int fd, i;

	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(meter_create(&m[i], &fd, (uint32_t)i), 0);
		close(fd);
		c.meter[i] = m[i];
	}
	meter_drop(m[0], R_TCP_CSUM);
	meter_drop(m[1], -R_TCP_CSUM);
	meter_drop(m[1], R_KILLED);
	list = meters_drops(&c, false);
	CU_ASSERT_EQUAL(js_count(list), 2);
	CU_ASSERT_STRING_EQUAL(js_str(js_at(list, 0), "reason"), "KILLED");
	CU_ASSERT_EQUAL(js_u64(js_at(list, 1), "total"), 2);
	CU_ASSERT_EQUAL(js_u64(js_at(js_get(js_at(list, 1), "workers"), 1), "count"), 1);
	js_free(list);
	list = meters_drops(&c, true);
	CU_ASSERT_TRUE(js_count(list) > 50);
	js_free(list);
	for (i = 0; i < 2; i++)
		meter_detach(m[i]);
}

static struct js *
by_name(const struct js *list, const char *name)
{
	size_t i;

	for (i = 0; i < js_count(list); i++)
		if (strcmp(js_str(js_at(list, i), "name"), name) == 0)
			return js_at(list, i);
	return NULL;
}

static void
test_counters(void)
{
	static struct console c;
	struct meter *m[2];
	struct js *list;
	int fd, i;

	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(meter_create(&m[i], &fd, (uint32_t)i), 0);
		close(fd);
		c.meter[i] = m[i];
		meter_set(m[i], METER_TCP_PROBES, 5 + (uint64_t)i);
	}
	list = meters_counters(&c);
	CU_ASSERT_EQUAL(js_count(list), METER_COUNT);
	CU_ASSERT_EQUAL(js_u64(by_name(list, "tcp_probes"), "total"), 11);
	CU_ASSERT_EQUAL(js_u64(js_at(js_get(by_name(list, "tcp_probes"), "workers"), 1), "count"), 6);
	CU_ASSERT_STRING_EQUAL(js_str(by_name(list, "tcp_probes"), "text"), "tcp tail loss probes");
	js_free(list);
	for (i = 0; i < 2; i++)
		meter_detach(m[i]);
}

/* Those that a dataplane does not have are not shown; one of each connection has no
 * level. */
static void
test_limits(void)
{
	static struct console c;
	struct meter *m;
	struct js *list, *w;
	int fd;

	CU_ASSERT_EQUAL_FATAL(meter_create(&m, &fd, 0), 0);
	close(fd);
	c.meter[0] = m;
	list = meters_limits(&c);
	CU_ASSERT_EQUAL(js_count(list), 0);
	js_free(list);
	meter_limit_set(m, METER_LIMIT_TCP_HALF_OPEN, 512, 1024);
	meter_limit_now(m, METER_LIMIT_TCP_HALF_OPEN, 500);
	meter_limit_now(m, METER_LIMIT_TCP_HALF_OPEN, 3);
	meter_drop(m, R_TCP_BACKLOG);
	meter_limit_each(m, METER_LIMIT_TCP_COOKIE_AT, 7, 7);
	list = meters_limits(&c);
	CU_ASSERT_EQUAL(js_count(list), 2);
	CU_ASSERT_STRING_EQUAL(js_str(by_name(list, "tcp_half_open"), "reason"), "TCP_BACKLOG");
	w = js_at(js_get(by_name(list, "tcp_half_open"), "workers"), 0);
	CU_ASSERT_EQUAL(js_u64(w, "limit"), 512);
	CU_ASSERT_EQUAL(js_u64(w, "default"), 1024);
	CU_ASSERT_EQUAL(js_u64(w, "current"), 3);
	CU_ASSERT_EQUAL(js_u64(w, "high_water"), 500);
	CU_ASSERT_EQUAL(js_u64(w, "refused"), 1);
	w = js_at(js_get(by_name(list, "tcp_cookie_at"), "workers"), 0);
	CU_ASSERT_PTR_NULL(js_get(w, "current"));
	CU_ASSERT_PTR_NULL(js_get(w, "refused"));
	js_free(list);
	meter_detach(m);
}

static void
test_cycles(void)
{
	static struct console c;
	struct meter *m;
	struct js *list, *stage;
	int fd;

	CU_ASSERT_EQUAL_FATAL(meter_create(&m, &fd, 0), 0);
	close(fd);
	c.meter[0] = m;
	meter_set(m, METER_CYCLES_TOTAL, 100);
	meter_set(m, METER_CYCLES_USEFUL, 60);
	meter_set(m, METER_CYCLES_SEAL, 50);
	meter_set(m, METER_CALLS_SEAL, 5);
	meter_set(m, METER_SEAL_BYTES, 500);
	list = meters_cycles(&c);
	CU_ASSERT_EQUAL(js_u64(js_at(list, 0), "cycles_work"), 60);
	CU_ASSERT_EQUAL(js_u64(js_at(list, 0), "cycles_spin"), 40);
	CU_ASSERT_EQUAL(js_count(js_get(js_at(list, 0), "stages")), STAGE_COUNT);
	stage = js_at(js_get(js_at(list, 0), "stages"), STAGE_SEAL);
	CU_ASSERT_STRING_EQUAL(js_str(stage, "stage"), "seal");
	CU_ASSERT_EQUAL(js_u64(stage, "cycles"), 50);
	CU_ASSERT_EQUAL(js_u64(stage, "units"), 5);
	CU_ASSERT_EQUAL(js_u64(stage, "bytes"), 500);
	js_free(list);
	meter_detach(m);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "sessions, joined", test_sessions },
		{ "connections before login", test_strangers },
		{ "channels", test_channels },
		{ "rows cut off", test_cut },
		{ "drops", test_drops },
		{ "counters", test_counters },
		{ "limits", test_limits },
		{ "cycles", test_cycles },
		CU_TEST_INFO_NULL,
	};

	return suite_run("console lists", tests);
}
