/*
 * Programs of a login, from its leader to the program and back, and what a
 * program is given.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/log.h"
#include "control/login/login.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/login/play.h"

static void
test_streams_and_status(void)
{
	struct outcome o;

	run(&o, "echo out; echo err >&2; exit 3", none());
	CU_ASSERT_STRING_EQUAL(o.data, "out\n");
	CU_ASSERT_STRING_EQUAL(o.err, "err\n");
	CU_ASSERT_TRUE(o.eof);
	CU_ASSERT_EQUAL(o.reply, 1);
	CU_ASSERT_EQUAL(o.status, 3);
	CU_ASSERT_EQUAL(o.data_at_status, o.data_len);
	outcome_free(&o);
	run(&o, "kill -TERM $$", none());
	CU_ASSERT_EQUAL(o.status, -1);
	CU_ASSERT_STRING_EQUAL(o.signal, "TERM");
	outcome_free(&o);
}

/* A user's program has what login gives, and nothing of ours. */
static void
test_clean_program(void)
{
	struct outcome o;
	char *text;

	run(&o, "grep -E 'NoNewPrivs|^Seccomp:|SigBlk|SigIgn|CapEff|CapInh|CapAmb|^Uid|^Gid' /proc/self/status; "
	    "ls /proc/self/fd | tr '\\n' ' '; pwd; id -u; env | sort; umask; ps -o tty= -p $$", none());
	text = (char *)o.data;
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NoNewPrivs:\t0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Seccomp:\t0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "SigBlk:\t0000000000000000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "SigIgn:\t0000000000000000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapEff:\t0000000000000000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapAmb:\t0000000000000000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Uid:\t65534\t65534\t65534\t65534\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0 1 2 3 ")); /* 3 is the folder itself */
	CU_ASSERT_PTR_NULL(strstr(text, "0 1 2 3 4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/tmp\n65534\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "USER=nobody\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "HOME=/tmp\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LC_TEST=from the peer\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "SSH_CONNECTION=192.0.2.1 4000 192.0.2.2 22\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "LD_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0022\n"));
	outcome_free(&o);
}

/* The bounding set is the machine's: sudo works in a login. */
static void
test_bounding_set(void)
{
	struct outcome o;
	char line[128] = "", all[64] = "";
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "CapBnd:", 7) == 0)
			snprintf(all, sizeof(all), "%.60s", line);
	if (f != NULL)
		fclose(f);
	run(&o, "grep CapBnd /proc/self/status", none());
	CU_ASSERT_STRING_EQUAL(o.data, all);
	outcome_free(&o);
}

/* Input in, the same out, with a peer that gives little room; then its end. */
static void
test_cat(void)
{
	static uint8_t in[1 << 20];
	struct outcome o;
	size_t sent = 0;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 2654435761u >> 13);
	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "cat", none(), 1000);
	while (sent < sizeof(in)) {
		size_t n = sizeof(in) - sent < 30000 ? sizeof(in) - sent : 30000;

		/* A window of 64 KiB. */
		while (sent + n - o.took > 65536)
			if (!world_take(&w, 0, &o, QUIET_MS))
				break;
		CU_ASSERT_FATAL(sent + n - o.took <= 65536);
		world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_of(in + sent, n));
		sent += n;
	}
	world_send(&w, LINK_UP_CHAN_EOF, 0, 0, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_FALSE(o.broken);
	CU_ASSERT_EQUAL(o.took, sizeof(in));
	CU_ASSERT_EQUAL(o.data_len, sizeof(in));
	CU_ASSERT_EQUAL(memcmp(o.data, in, sizeof(in)), 0);
	CU_ASSERT_EQUAL(o.status, 0);
	outcome_free(&o);
}

/* A program that writes without end is held when the peer gives no room, and
 * ends when the channel does. */
static void
test_no_credit(void)
{
	struct outcome o;

	outcome_init(&o);
	o.no_credit = true;
	world_start(&w, 0, LINK_START_EXEC, "exec yes", none(), 5000);
	while (o.data_len < 5000)
		CU_ASSERT_TRUE_FATAL(world_take(&w, 0, &o, QUIET_MS));
	CU_ASSERT_FALSE(world_take(&w, 0, &o, 50));
	CU_ASSERT_EQUAL(o.data_len, 5000);
	o.no_credit = false;
	world_send(&w, LINK_UP_CHAN_CREDIT, 0, 100000, none());
	while (o.data_len < 105000)
		CU_ASSERT_TRUE_FATAL(world_take(&w, 0, &o, QUIET_MS));
	while (world_take(&w, 0, &o, 0) && o.data_len < 200000)
		;
	world_send(&w, LINK_UP_CHAN_CLOSED, 0, 0, none());
	outcome_free(&o);
	/* What was under way when it closed may still come. */
	outcome_init(&o);
	while (world_take(&w, 0, &o, 50))
		;
	outcome_free(&o);
	/* The next one works, so the host was not stuck. */
	run(&o, "echo next", none());
	CU_ASSERT_STRING_EQUAL(o.data, "next\n");
	outcome_free(&o);
}

/* Output after the program's end, and a program left behind on the pipe. */
static void
test_left_behind(void)
{
	struct outcome o;

	run(&o, "(sleep 0.3; echo later) & echo now", none());
	CU_ASSERT_STRING_EQUAL(o.data, "now\nlater\n");
	CU_ASSERT_EQUAL(o.status, 0);
	/* The status did not wait for it. */
	CU_ASSERT_EQUAL(o.data_at_status, 4);
	outcome_free(&o);
	run(&o, "dd if=/dev/zero bs=1024 count=1000 2>/dev/null", none());
	CU_ASSERT_EQUAL(o.data_len, 1024000);
	CU_ASSERT_EQUAL(o.data_at_status, o.data_len);
	outcome_free(&o);
}

static void
test_terminal(void)
{
	static const uint8_t window[16] = { 0, 0, 0, 99, 0, 0, 0, 33 };
	struct outcome o;

	outcome_init(&o);
	world_start(&w, 0, LINK_START_SHELL, "", pty_request("vt220", 120, 40), 65536);
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("stty size; tty; echo $0 $TERM; ls -l $(tty)\n"));
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "40 120\r\n/dev/pts/"));
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "-sh vt220\r\n"));
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "crw--w---- 1 nobody tty"));
	world_request(&w, 0, "window-change", view_of(window, 16));
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("stty size; stty -a | grep -o -- '-echo '\n"));
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "33 99\r\n-echo "));
	/* No end of data for a terminal: sshd leaves it open too. */
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("sleep 100 & exit 5\n"));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_FALSE(o.broken);
	CU_ASSERT_TRUE(o.closed);
	CU_ASSERT_EQUAL(o.status, 5);
	CU_ASSERT_EQUAL(o.data_at_status, o.data_len);
	CU_ASSERT_EQUAL(o.err_len, 0);
	outcome_free(&o);
}

static void
test_terminal_output_whole(void)
{
	struct outcome o;

	run(&o, "seq 1 20000", pty_request("xterm", 80, 24));
	/* 108894 bytes and a carriage return for each of the 20000 lines. */
	CU_ASSERT_EQUAL(o.data_len, 108894 + 20000);
	CU_ASSERT_EQUAL(o.status, 0);
	outcome_free(&o);
}

static void
test_signal(void)
{
	struct outcome o;

	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "trap 'echo got it; exit 9' USR1; echo ready; while :; do sleep 0.05; done",
	    none(), 65536);
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "ready\n"));
	world_request(&w, 0, "signal", view_of("\0\0\0\4USR1", 8));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_FALSE(o.broken);
	CU_ASSERT(o.status == 9 || strcmp(o.signal, "USR1") == 0);
	outcome_free(&o);
}

/* The peer's close hangs the terminal up. */
static void
test_hangup(void)
{
	struct outcome o;
	int pidfd;
	char *at;

	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "echo pid=$$.; exec sleep 1000", pty_request("xterm", 80, 24), 65536);
	CU_ASSERT_TRUE_FATAL(world_wait_text(&w, 0, &o, ".\r\n"));
	at = strstr((char *)o.data, "pid=");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	pidfd = (int)syscall(SYS_pidfd_open, atoi(at + 4), 0);
	CU_ASSERT_TRUE(pidfd >= 0);
	world_send(&w, LINK_UP_CHAN_CLOSED, 0, 0, none());
	CU_ASSERT_TRUE(bench_ended(pidfd, QUIET_MS));
	close(pidfd);
	outcome_free(&o);
}

/* The peer closes when it has read our end of data; the status still follows. */
static void
test_peer_shuts(void)
{
	struct outcome o;

	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "exec >&- 2>&-; read x; exit 7", none(), 65536);
	while (!o.eof)
		CU_ASSERT_TRUE_FATAL(world_take(&w, 0, &o, QUIET_MS));
	CU_ASSERT_EQUAL(o.status, -1);
	world_send(&w, LINK_UP_CHAN_SHUT, 0, 0, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_TRUE(o.closed);
	CU_ASSERT_FALSE(o.broken);
	CU_ASSERT_EQUAL(o.status, 7);
	outcome_free(&o);
	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "echo ready; exec sleep 1000", pty_request("xterm", 80, 24), 65536);
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "ready\r\n"));
	world_send(&w, LINK_UP_CHAN_SHUT, 0, 0, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_TRUE(o.closed);
	CU_ASSERT_STRING_EQUAL(o.signal, "HUP");
	outcome_free(&o);
}

static void
test_eight_at_once(void)
{
	struct outcome o[8];
	int i, open = 8;

	for (i = 0; i < 8; i++) {
		outcome_init(&o[i]);
		world_start(&w, (uint32_t)i, LINK_START_EXEC, "echo $((6*7)); exit 1", none(), 65536);
	}
	while (open > 0) {
		struct link_entry e;
		struct view payload;

		CU_ASSERT_TRUE_FATAL(world_wait(&w, QUIET_MS));
		CU_ASSERT_EQUAL_FATAL(ring_peek(&w.in, &e, &payload), 1);
		CU_ASSERT_FATAL(e.chan < 8);
		CU_ASSERT_TRUE_FATAL(world_take(&w, e.chan, &o[e.chan], 0));
		if (e.op == LINK_DOWN_CHAN_CLOSE) {
			open--;
			world_send(&w, LINK_UP_CHAN_CLOSED, e.chan, 0, none());
		}
	}
	for (i = 0; i < 8; i++) {
		CU_ASSERT_STRING_EQUAL(o[i].data, "42\n");
		CU_ASSERT_EQUAL(o[i].status, 1);
		CU_ASSERT_FALSE(o[i].broken);
		outcome_free(&o[i]);
	}
}

static void
test_odd_requests(void)
{
	struct outcome o;

	/* Not a subsystem: that is another plugin's. */
	outcome_init(&o);
	world_start(&w, 0, LINK_START_SUBSYSTEM, "id", none(), 65536);
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_TRUE(o.closed);
	CU_ASSERT_EQUAL(o.reply, 0);
	CU_ASSERT_EQUAL(o.data_len, 0);
	outcome_free(&o);
	/* Requests nobody knows, in between. */
	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "echo sub; read x; echo $x", none(), 65536);
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "sub\n"));
	world_request(&w, 0, "odd@example.org", none());
	world_request(&w, 0, "signal", view_of("\0\0\0\3ODD", 7));
	world_request(&w, 0, "eow@nobody", none());
	world_send(&w, LINK_UP_CHAN_DATA, 0, 1, view_str("other stream"));
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("line\n"));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_STRING_EQUAL(o.data, "sub\nline\n");
	CU_ASSERT_EQUAL(o.took, 12 + 5);
	CU_ASSERT_FALSE(o.broken);
	outcome_free(&o);
	/* Input for a program that reads none goes nowhere and costs no window. */
	outcome_init(&o);
	world_start(&w, 0, LINK_START_EXEC, "exec <&-; echo closed; sleep 0.1", none(), 65536);
	CU_ASSERT_TRUE(world_wait_text(&w, 0, &o, "closed\n"));
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("into the void"));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_EQUAL(o.took, 13);
	outcome_free(&o);
}

static const char *
get(char **env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static void
test_environment(void)
{
	static char *given[] = { (char *)"TERM=xterm", (char *)"HOME=/elsewhere", (char *)"bad", (char *)"=bad",
		(char *)"TERM=vt100", NULL };
	static struct login l = { .grant = { .user = "u", .home = "/h", .shell = "", .peer = "p", .local = "l",
	    .peer_port = 1, .local_port = 2, .uid = 5 } };
	char **env = environ_make(&l, given, "/dev/pts/9");
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(env);
	CU_ASSERT_STRING_EQUAL(get(env, "TERM"), "vt100");
	CU_ASSERT_STRING_EQUAL(get(env, "HOME"), "/h");
	CU_ASSERT_STRING_EQUAL(get(env, "SHELL"), "/bin/sh");
	CU_ASSERT_STRING_EQUAL(get(env, "SSH_TTY"), "/dev/pts/9");
	CU_ASSERT_STRING_EQUAL(get(env, "SSH_CLIENT"), "p 1 2");
	CU_ASSERT_PTR_NULL(get(env, "bad"));
	while (env[n] != NULL)
		n++;
	CU_ASSERT_EQUAL(n, 10);
	environ_free(env);
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo plain[] = {
		{ "environment", test_environment },
		CU_TEST_INFO_NULL,
	};
	static const CU_TestInfo root[] = {
		{ "streams and status", test_streams_and_status },
		{ "a clean program", test_clean_program },
		{ "bounding set", test_bounding_set },
		{ "cat", test_cat },
		{ "no credit", test_no_credit },
		{ "left behind", test_left_behind },
		{ "terminal", test_terminal },
		{ "terminal, all output", test_terminal_output_whole },
		{ "signal", test_signal },
		{ "hang-up", test_hangup },
		{ "peer shuts", test_peer_shuts },
		{ "eight at once", test_eight_at_once },
		{ "odd requests", test_odd_requests },
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{ "login, plain", NULL, NULL, NULL, NULL, (CU_TestInfo *)plain },
		{ "login, root", open_login, close_login, NULL, NULL, (CU_TestInfo *)root },
		CU_SUITE_INFO_NULL,
	};

	bench_role(argc, argv);
	if (geteuid() != 0) {
		printf("skipped: a leader needs root\n");
		suites[1] = (CU_SuiteInfo)CU_SUITE_INFO_NULL;
	}
	log_start("test", -1);
	return suites_run(suites);
}
