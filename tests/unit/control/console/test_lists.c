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

static struct link_filter
which(const char *text, uint64_t port, bool fits)
{
	struct js *o = js_object();
	struct link_filter f;

	js_set_str(o, "which", text);
	js_set_u64(o, "port", port);
	CU_ASSERT_EQUAL(which_read(o, &f), fits);
	js_free(o);
	return f;
}

static void
test_which(void)
{
	struct link_filter f = which("", 0, true);

	CU_ASSERT_TRUE(f.prefix == 0 && f.port == 0 && f.conn == LINK_CONN_NONE);
	f = which("all", 65535, true);
	CU_ASSERT_TRUE(f.prefix == 0 && f.port == 65535);
	f = which("16777219-4", 0, true);
	CU_ASSERT_TRUE(f.conn == 16777219 && f.gen == 4 && f.prefix == 0);
	f = which("192.0.2.1", 0, true);
	CU_ASSERT_TRUE(f.prefix == 128 && f.peer[10] == 0xff && f.peer[12] == 192 && f.peer[15] == 1);
	f = which("192.0.2.0/24", 0, true);
	CU_ASSERT_EQUAL(f.prefix, 120);
	f = which("2001:db8::/32", 0, true);
	CU_ASSERT_TRUE(f.prefix == 32 && f.peer[0] == 0x20 && f.peer[2] == 0x0d);
	(void)which("192.0.2.0/33", 0, false);
	(void)which("192.0.2.0/", 0, false);
	(void)which("192.0.2.0/-1", 0, false);
	(void)which("2001:db8::/129", 0, false);
	(void)which("nonsense", 0, false);
	(void)which("3-", 0, false);
	(void)which("1.2.3.4.5.6.7.8.1.2.3.4.5.6.7.8.1.2.3.4.5.6.7.8.9.0.0.0.0.0.1/3", 0, false);
	(void)which("", 65536, false);
}

static void
test_tcp(void)
{
	static struct console c;
	const char *asked = "{\"from\":16777216,\"count\":5000}";
	struct js *request = js_parse(asked, strlen(asked)), *a = js_object(), *o;
	uint8_t room[64 + 2 * ROW_TCP_MAX];
	struct put w = put_of(room, sizeof(room));
	struct row_tcp t = { .conn = 3, .gen = 4, .peer = view_str("2001:db8::1\033"), .peer_port = 7,
		.state = view_str("ESTABLISHED"), .congestion = view_str("cubic"), .srtt_us = 1500,
		.ssthresh = UINT32_MAX, .pacing_rate = UINT64_MAX, .options = ROW_TCP_SACK,
		.limits = ROW_TCP_SHUT | ROW_TCP_PEER_WINDOW };
	struct row_page page;
	struct cur cur;
	struct meter *m;
	int fd;

	CU_ASSERT_TRUE(lists_tcp_ask(request, &w));
	cur = cur_view(put_view(&w));
	CU_ASSERT_TRUE(row_page_get(&cur, &page) == 0 && page.from == 16777216 && page.count == ROW_PAGE_MAX);
	js_free(request);
	w = put_of(room, sizeof(room));
	row_tcp_put(&w, &t);
	t.conn = LINK_CONN_NONE;
	row_tcp_put(&w, &t);
	row_next_put(&w, LINK_CONN_NONE);
	lists_tcp(&c, a, put_view(&w), 0);
	CU_ASSERT_EQUAL(js_count(js_get(a, "connections")), 2);
	o = js_at(js_get(a, "connections"), 0);
	CU_ASSERT_STRING_EQUAL(js_str(o, "id"), "3-4");
	CU_ASSERT_STRING_EQUAL(js_str(o, "peer"), "2001:db8::1?");
	CU_ASSERT_STRING_EQUAL(js_str(o, "state"), "ESTABLISHED");
	CU_ASSERT_EQUAL(js_u64(o, "srtt_us"), 1500);
	/* not known, not bounded: no number */
	CU_ASSERT_TRUE(js_get(o, "ssthresh") == NULL && js_get(o, "pacing_rate") == NULL);
	CU_ASSERT_TRUE(js_bool(o, "sack") && !js_bool(o, "timestamps"));
	CU_ASSERT_EQUAL(js_count(js_get(o, "limited_by")), 2);
	CU_ASSERT_STRING_EQUAL(js_str(js_at(js_get(a, "connections"), 1), "id"), "");
	/* it was the last worker's last page; with another worker there is a next one */
	CU_ASSERT_PTR_NULL(js_get(a, "next"));
	js_free(a);
	CU_ASSERT_EQUAL_FATAL(meter_create(&m, &fd, 2), 0);
	close(fd);
	c.meter[2] = m;
	a = js_object();
	lists_tcp(&c, a, put_view(&w), 5);
	CU_ASSERT_EQUAL(js_u64(a, "next"), 2u << 24);
	js_free(a);
	/* A dataplane that leads back is not followed. */
	w = put_of(room, sizeof(room));
	row_next_put(&w, 5);
	a = js_object();
	lists_tcp(&c, a, put_view(&w), 5);
	CU_ASSERT_PTR_NULL(js_get(a, "next"));
	js_free(a);
	meter_detach(m);
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
	for (i = 0; i < (int)js_count(list); i++)
		CU_ASSERT_TRUE(strlen(js_str(js_at(list, (size_t)i), "explanation")) > 10);
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

/* What key exchanges in prime fields may cost is the control plane's. */
static void
test_limits_control(void)
{
	static const char table[] = "{\"field_exchanges\":{\"refused\":9,\"burst\":256,\"rate\":200,"
				    "\"burst_per_source\":64,\"rate_per_source\":16,\"waiting_max\":256,"
				    "\"waiting_max_per_source\":32}}";
	struct js *status = js_parse(table, sizeof(table) - 1), *list = limits_control(status), *w;

	CU_ASSERT_EQUAL(js_count(list), 6);
	w = js_at(js_get(by_name(list, "kex_field_source_burst"), "workers"), 0);
	CU_ASSERT(js_u64(w, "limit") == 64 && js_get(w, "refused") == NULL);
	w = js_at(js_get(by_name(list, "kex_field_waiting"), "workers"), 0);
	CU_ASSERT(js_u64(w, "limit") == 256 && js_u64(w, "refused") == 9);
	CU_ASSERT_STRING_EQUAL(js_str(by_name(list, "kex_field_waiting"), "reason"), "KEX_COST");
	js_free(list);
	js_free(status);
	list = limits_control(NULL);
	CU_ASSERT_EQUAL(js_count(list), 0);
	js_free(list);
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
		{ "which connections", test_which },
		{ "tcp", test_tcp },
		{ "drops", test_drops },
		{ "counters", test_counters },
		{ "limits", test_limits },
		{ "limits of the control plane", test_limits_control },
		{ "cycles", test_cycles },
		CU_TEST_INFO_NULL,
	};

	return suite_run("console lists", tests);
}
