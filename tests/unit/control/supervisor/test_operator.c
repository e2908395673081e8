/* The supervisor: its configuration read again, what it tells and does for an operator. */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/link/capture.h"
#include "abi/link/op.h"
#include "abi/link/rows.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/cast.h"

static void
test_reload(void)
{
	char path[256];
	FILE *f;

	up(false);
	CU_ASSERT(puppet_expect(clerk, MSG_CONF, &m));
	drop();
	snprintf(path, sizeof(path), "%s/conf", st.folder);
	f = fopen(path, "w");
	fputs("NoSuchWord 1\n", f);
	fclose(f);
	kill(st.supervisor, SIGHUP);
	/* A good one after it: only that is told. */
	CU_ASSERT(!fd_readable(st.dp, 100));
	f = fopen(path, "w");
	fprintf(f,
	    "Nic af_packet:none\nAddress 192.0.2.1/24\nHostKey /nonexistent/key\nPort 2022\n"
	    "ControlSocket %s\nDataplaneSocket %s\n",
	    st.conf.control_socket, st.conf.dataplane_socket);
	fclose(f);
	kill(st.supervisor, SIGHUP);
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_CONF, &m));
	CU_ASSERT(m.fd_count == 1 && m.body.len == 4 && m.body.data[3] == 2);
	drop();
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CONF, &dp));
	CU_ASSERT(cur_u32(&dp.c) == 2);
	down();
}

static void
ask_table(uint32_t tag, const char *what)
{
	struct msg ask = { .type = MSG_STATUS, .tag = tag };
	struct put w = put_of(room, sizeof(room));

	put_cstr(&w, what);
	puppet_say(console, &ask, &w);
}

static void
ask_sessions(uint32_t tag)
{
	ask_table(tag, "sessions");
}

static void
ask_status(uint32_t tag)
{
	ask_table(tag, "status");
}

static uint32_t
list_tag(void)
{
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LIST, &dp));
	return cur_u32(&dp.c);
}

static void
say_rows(uint32_t tag, const char *rows, bool last)
{
	uint8_t say[128];
	struct put w;

	dp_begin(&w, say, sizeof(say), ATTACH_ROWS);
	put_u32(&w, tag);
	put_u32(&w, 0);
	put_u8(&w, last);
	put_bytes(&w, rows, strlen(rows));
	dp_say(&st, &w, NULL, 0);
}

/* There is a worker to ask. */
static void
say_meter(void)
{
	uint8_t say[16];
	struct put w;
	int fd = memfd_create("meter", MFD_CLOEXEC);

	dp_begin(&w, say, sizeof(say), ATTACH_METER);
	put_u32(&w, 0);
	dp_say(&st, &w, &fd, 1);
	close(fd);
}

static bool
file_has(int fd, const char *text)
{
	char all[8192];
	ssize_t n = pread(fd, all, sizeof(all) - 1, 0);

	if (n < 0)
		return false;
	all[n] = '\0';
	return strstr(all, text) != NULL;
}

static void
test_status(void)
{
	uint32_t first, second;

	up(false);
	say_meter();
	log_in();
	/* What the dataplane says is passed on as it came; who asks while one list is
	 * under way gets the next. */
	ask_sessions(5);
	first = list_tag();
	ask_sessions(6);
	say_rows(first + 100, "stale", true);
	say_rows(first, "one", false);
	say_rows(first, "two", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT_FATAL(m.tag == 5 && m.fd_count == 2);
	CU_ASSERT(file_has(m.fds[0], "\"id\":\"7-3\"") && file_has(m.fds[0], "\"user\":\"alice\""));
	CU_ASSERT(file_has(m.fds[1], "onetwo"));
	drop();
	second = list_tag();
	CU_ASSERT(second != first);
	say_rows(second, "three", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT_FATAL(m.tag == 6 && m.fd_count == 2);
	CU_ASSERT(file_has(m.fds[1], "three"));
	drop();
	down();
}

static void
ask_page(uint32_t tag, uint32_t from)
{
	struct msg ask = { .type = MSG_STATUS, .tag = tag };
	struct put w = put_of(room, sizeof(room));
	struct row_page page = { .from = from, .count = 5, .filter = filter_all() };

	put_cstr(&w, "tcp");
	row_page_put(&w, &page);
	puppet_say(console, &ask, &w);
}

/* A page goes to its worker alone, one after the other, with whole lists between. */
static void
test_pages(void)
{
	uint32_t tag;

	up(false);
	say_meter();
	ask_page(5, 7);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LIST_TCP, &dp));
	tag = cur_u32(&dp.c);
	CU_ASSERT(cur_u32(&dp.c) == 7 && cur_u32(&dp.c) == 5);
	ask_sessions(6);
	ask_page(7, 8);
	ask_sessions(8);
	ask_status(9); /* answered at once: the others are known by then */
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 9);
	drop();
	say_rows(tag, "page", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 5 && m.fd_count == 2 && file_has(m.fds[0], "{}") && file_has(m.fds[1], "page"));
	drop();
	/* Both who want all share one. */
	say_rows(list_tag(), "all", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 6 && m.fd_count == 2);
	drop();
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 8 && m.fd_count == 2 && file_has(m.fds[1], "all"));
	drop();
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_LIST_TCP, &dp));
	tag = cur_u32(&dp.c);
	CU_ASSERT(cur_u32(&dp.c) == 8);
	say_rows(tag, "next", true);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 7 && file_has(m.fds[1], "next"));
	drop();
	/* Of a worker that there is not: no rows, at once. */
	ask_page(10, 3u << 24);
	CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	CU_ASSERT(m.tag == 10 && m.fd_count == 1);
	drop();
	down();
}

static void
ask_action(const char *verb, const char *argument, uint32_t uid, uint32_t gid)
{
	struct msg ask = { .type = MSG_ACTION, .tag = 9 };
	struct put w = put_of(room, sizeof(room));

	put_cstr(&w, verb);
	put_cstr(&w, argument);
	put_u32(&w, uid);
	put_u32(&w, 1);
	put_u32(&w, gid);
	puppet_say(console, &ask, &w);
}

/* What the answer's reason is. */
static uint32_t
acted(void)
{
	struct cur b;

	CU_ASSERT_FATAL(puppet_find(console, MSG_ACTION_DONE, &m));
	b = cur_view(m.body);
	return cur_u32(&b);
}

static void
test_actions(void)
{
	char path[128];
	FILE *f;

	up(false);
	log_in();
	/* Only root and operators may act. */
	ask_action("kill", "7-3", 1000, 1000);
	CU_ASSERT(acted() == R_LINK_DENIED);
	drop();
	ask_action("kill", "7-4", 0, 0);
	CU_ASSERT(acted() == R_LINK_CONN);
	drop();
	ask_action("kill", "user:bob", 0, 0);
	CU_ASSERT(acted() == R_LINK_CONN);
	drop();
	ask_action("kill", "nonsense", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL);
	drop();
	ask_action("nonsense", "", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL);
	drop();
	ask_action("rekey", "7-3", 1000, 1000);
	CU_ASSERT(acted() == R_LINK_DENIED);
	drop();
	ask_action("rekey", "7-4", 0, 0);
	CU_ASSERT(acted() == R_LINK_CONN);
	drop();
	ask_action("rekey", "nonsense", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL);
	drop();
	ask_action("rekey", "all", 0, 0);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_REKEY, &dp));
	CU_ASSERT(cur_u32(&dp.c) == 7 && cur_u32(&dp.c) == 3);
	CU_ASSERT(acted() == R_NONE && file_has(m.fds[0], "\"asked\":1"));
	drop();
	ask_action("kill", "7-3", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE && file_has(m.fds[0], "\"killed\":1"));
	drop();
	ask_action("kill", "user:alice", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE);
	drop();
	ask_action("kill", "all", 0, 0);
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(acted() == R_NONE);
	drop();
	/* A broken file: its line comes back. */
	snprintf(path, sizeof(path), "%s/conf", st.folder);
	f = fopen(path, "w");
	fputs("Port 22\nNoSuchWord 1\n", f);
	fclose(f);
	ask_action("reload", "", 0, 0);
	CU_ASSERT(acted() == R_PROTOCOL && file_has(m.fds[0], "conf:2: "));
	drop();
	f = fopen(path, "w");
	fprintf(f,
	    "Nic af_packet:other\nAddress 192.0.2.1/24\nHostKey /nonexistent/key\nPort 2022\n"
	    "ControlSocket %s\nDataplaneSocket %s\n",
	    st.conf.control_socket, st.conf.dataplane_socket);
	fclose(f);
	ask_action("reload", "", 0, 0);
	CU_ASSERT(acted() == R_NONE && file_has(m.fds[0], "Nic changes when postern-dp starts again"));
	drop();
	down();
}

/* ---- captures ---- */

static void
ask_capture(uint32_t uid, uint32_t worker, uint32_t tag)
{
	struct capture_ask a = { .filter = filter_all(), .snap = 65535, .seconds = 10, .bytes = 1000,
		.packets = 100 };
	struct msg ask = { .type = MSG_CAPTURE, .tag = tag, .fd_count = 2 };
	struct put w = put_of(room, sizeof(room));

	put_u32(&w, uid);
	put_u32(&w, 0);
	put_u32(&w, worker);
	capture_ask_put(&w, &a);
	ask.fds[0] = memfd_create("region", MFD_CLOEXEC);
	ask.fds[1] = memfd_create("bell", MFD_CLOEXEC);
	puppet_say(console, &ask, &w);
	close(ask.fds[0]);
	close(ask.fds[1]);
}

/* Leg and reason of the answer. */
static uint32_t
capture_told(uint32_t tag, uint32_t *leg)
{
	struct cur b;

	CU_ASSERT_FATAL(puppet_find(console, MSG_CAPTURE_IS, &m));
	CU_ASSERT(m.tag == tag);
	b = cur_view(m.body);
	*leg = cur_u32(&b);
	return cur_u32(&b);
}

static void
say_capture(uint32_t id, uint32_t reason)
{
	uint8_t say[16];
	struct put w;
	int fd = memfd_create("frames", MFD_CLOEXEC);

	dp_begin(&w, say, sizeof(say), ATTACH_CAPTURE_READY);
	put_u32(&w, id);
	put_u32(&w, reason);
	dp_say(&st, &w, &fd, 1);
	close(fd);
}

static void
test_captures(void)
{
	uint32_t id, leg;

	up(false);
	say_meter();
	/* Who may not, and where there is nothing. */
	ask_capture(1000, 0, 1);
	CU_ASSERT(capture_told(1, &leg) == R_LINK_DENIED);
	ask_capture(0, 3, 2);
	CU_ASSERT(capture_told(2, &leg) == R_PEER_GONE);
	/* Passed on with what came, the answer back; stopped by its leg. */
	ask_capture(0, 0, 3);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CAPTURE, &dp));
	CU_ASSERT(dp.n == 2);
	id = cur_u32(&dp.c);
	CU_ASSERT(cur_u32(&dp.c) == 0);
	dp_drop_fds(&dp);
	say_capture(id, R_NONE);
	CU_ASSERT(capture_told(3, &leg) == R_NONE && m.fd_count == 1 && leg != 0);
	drop();
	{
		struct msg end = { .type = MSG_CAPTURE_STOP };
		struct put w = put_of(room, sizeof(room));

		put_u32(&w, leg);
		puppet_say(console, &end, &w);
	}
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CAPTURE_STOP, &dp));
	CU_ASSERT(cur_u32(&dp.c) == id);
	/* Refused by the dataplane; and one that it is lost under. */
	ask_capture(0, 0, 4);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CAPTURE, &dp));
	id = cur_u32(&dp.c);
	dp_drop_fds(&dp);
	say_capture(id, R_LIMIT);
	CU_ASSERT(capture_told(4, &leg) == R_LIMIT);
	drop();
	ask_capture(0, 0, 5);
	CU_ASSERT_FATAL(dp_find(&st, ATTACH_CAPTURE, &dp));
	dp_drop_fds(&dp);
	close(st.dp);
	st.dp = -1;
	CU_ASSERT(capture_told(5, &leg) == R_PEER_GONE);
	down();
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "reload", test_reload },
		{ "sessions, with the dataplane's rows", test_status },
		{ "pages of TCP", test_pages },
		{ "captures", test_captures },
		{ "an operator's actions", test_actions },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return puppet_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return suite_run("supervisor operator", tests);
}
