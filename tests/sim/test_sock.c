/*
 * The socket face: every call, and what it returns when it may not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

/* ---- connections ---- */

static void
moves_bytes_and_closes(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info info;
		struct sock_addr l, p;
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		transfer(0, a, b);
		transfer(1, b, a);
		CU_ASSERT_EQUAL(sock_local(host[0], a, &l), 0);
		CU_ASSERT_EQUAL(sock_peer(host[1], b, &p), 0);
		CU_ASSERT_EQUAL(memcmp(&l, &p, sizeof(l)), 0);
		CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
		CU_ASSERT_STRING_EQUAL(info.state, "ESTABLISHED");
		CU_ASSERT_EQUAL(info.bytes_out, BYTES);
		CU_ASSERT_EQUAL(info.bytes_in, BYTES);
		CU_ASSERT_EQUAL(info.mss, (f == 0 ? 1460 : 1440) - 12);
		CU_ASSERT(info.min_rtt_us == 2 * DELAY_US);
		CU_ASSERT_EQUAL(sock_shutdown(host[0], a, SOCK_SHUT_WR), 0);
		CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), -EPIPE);
		run(2 * DELAY_US);
		CU_ASSERT_EQUAL(sock_poll(host[1], b), SOCK_IN | SOCK_OUT | SOCK_RDHUP);
		CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 1), 0);
		CU_ASSERT_EQUAL(sock_write(host[1], b, "late", 4), 4);
		run(2 * DELAY_US);
		CU_ASSERT_EQUAL(sock_read(host[0], a, packet, 9), 4);
		CU_ASSERT_EQUAL(sock_close(host[1], b), 0);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(sock_poll(host[0], a), SOCK_IN | SOCK_RDHUP | SOCK_HUP);
		CU_ASSERT_EQUAL(sock_read(host[0], a, packet, 1), 0);
		CU_ASSERT_EQUAL(sock_close(host[0], a), 0);
		CU_ASSERT_EQUAL(sock_close(host[1], ls), 0);
		no_trace();
		hosts_free();
	}
}

static void
refused(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info info;
		int a;

		hosts_new();
		CU_ASSERT_EQUAL(sock_open(host[1], 4), 0);
		a = sock_open(host[0], families[f]);
		CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[f][1]), -EINPROGRESS);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(sock_poll(host[0], a), SOCK_ERR | SOCK_IN | SOCK_OUT);
		CU_ASSERT_EQUAL(sock_error(host[0], a), -ECONNREFUSED);
		CU_ASSERT_EQUAL(sock_error(host[0], a), 0);
		CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
		CU_ASSERT_STRING_EQUAL(info.state, "CLOSED");
		CU_ASSERT_EQUAL(sock_drops(host[1], "TCP_NO_PORT"), 1);
		/* and again, to where somebody listens now */
		(void)listen_on(1, families[f], 1);
		CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[f][1]), -EINPROGRESS);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(sock_poll(host[0], a), SOCK_OUT);
		hosts_free();
	}
}

static void
reset_by_linger(void)
{
	for (int f = 0; f < 2; f++) {
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		CU_ASSERT_EQUAL(sock_write(host[0], a, "rest", 4), 4);
		run(2 * DELAY_US);
		CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_LINGER, 0), 0);
		CU_ASSERT_EQUAL(sock_close(host[0], a), 0);
		run(2 * DELAY_US);
		CU_ASSERT_EQUAL(sock_poll(host[1], b),
		    SOCK_ERR | SOCK_IN | SOCK_OUT | SOCK_RDHUP | SOCK_HUP);
		CU_ASSERT_EQUAL(sock_peek(host[1], b, packet, 9), 4);
		CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 3), 3);
		CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 9), 1);
		CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 9), -ECONNRESET);
		CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 9), 0);
		CU_ASSERT_EQUAL(sock_write(host[1], b, "x", 1), -EPIPE);
		CU_ASSERT_EQUAL(sock_shutdown(host[1], b, SOCK_SHUT_WR), -ENOTCONN);
		CU_ASSERT_EQUAL(sock_close(host[1], b), 0);
		CU_ASSERT_EQUAL(sock_close(host[1], ls), 0);
		no_trace();
		hosts_free();
	}
}

static void
times_out(void)
{
	int a;

	hosts_new();
	cut = true;
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(300 * (uint64_t)SECOND);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	CU_ASSERT_EQUAL(carried[0], 8); /* R1 and R2 of SYN: RFC 9293 MUST-23 */
	hosts_free();
}

static void
backlog_is_a_limit(void)
{
	int ls, s[3];

	hosts_new();
	ls = listen_on(1, 4, 2);
	for (int i = 0; i < 3; i++) {
		s[i] = sock_open(host[0], 4);
		CU_ASSERT_EQUAL(sock_connect(host[0], s[i], &addr[0][1]), -EINPROGRESS);
	}
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(sock_error(host[0], s[2]), -ECONNRESET);
	CU_ASSERT(sock_accept(host[1], ls, NULL) >= 0);
	/* who was not accepted is reset with the listener */
	CU_ASSERT_EQUAL(sock_close(host[1], ls), 0);
	run(2 * DELAY_US);
	CU_ASSERT_EQUAL(sock_error(host[0], s[0]), 0);
	CU_ASSERT_EQUAL(sock_error(host[0], s[1]), -ECONNRESET);
	hosts_free();
}

/* Both ends connect (RFC 9293 section 3.5, figure 8). */
static void
simultaneous_open(void)
{
	struct sock_addr any = { .port = PORT };
	int s[2];

	hosts_new();
	for (int i = 0; i < 2; i++) {
		s[i] = sock_open(host[i], 6);
		CU_ASSERT_EQUAL(sock_bind(host[i], s[i], &any), 0);
		CU_ASSERT_EQUAL(sock_connect(host[i], s[i], &addr[1][1 - i]), -EINPROGRESS);
	}
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(sock_poll(host[0], s[0]), SOCK_OUT);
	CU_ASSERT_EQUAL(sock_poll(host[1], s[1]), SOCK_OUT);
	transfer(0, s[0], s[1]);
	hosts_free();
}

/* A buffer that is full: -EAGAIN, and SOCK_OUT when there is room again. */
static void
write_until_full(void)
{
	static uint8_t zeros[100000];
	int64_t n, all = 0;
	int ls, a, b;

	hosts_new();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.send_buffer", 250000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.send_buffer_start", 250000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.receive_buffer", 60000), 0);
	join(0, &ls, &a, &b);
	while ((n = sock_write(host[0], a, zeros, sizeof(zeros))) > 0)
		all += n;
	CU_ASSERT_EQUAL(n, -EAGAIN);
	CU_ASSERT_EQUAL(all, 250000);
	CU_ASSERT_EQUAL(sock_poll(host[0], a), 0);
	run(SECOND);
	CU_ASSERT_EQUAL(sock_poll(host[0], a), SOCK_OUT);
	CU_ASSERT_EQUAL(sock_peek(host[1], b, packet, 65535), 60000);
	CU_ASSERT_EQUAL(sock_shutdown(host[1], b, SOCK_SHUT_RD), 0);
	CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 65535), 60000);
	CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 1), 0);
	hosts_free();
}

/* ---- names and errors ---- */

static void
bind_rules(void)
{
	struct sock_addr a = { .port = PORT };
	struct sock_addr l;
	int s, t, u;

	hosts_new();
	s = sock_open(host[0], 4);
	t = sock_open(host[0], 4);
	u = sock_open(host[0], 6);
	CU_ASSERT_EQUAL(sock_local(host[0], s, &l), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_bind(host[0], s, &addr[0][1]), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_bind(host[0], s, &addr[1][0]), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(sock_bind(host[0], s, &addr[0][0]), 0);
	CU_ASSERT_EQUAL(sock_bind(host[0], s, &a), -EINVAL);
	CU_ASSERT_EQUAL(sock_bind(host[0], t, &a), -EADDRINUSE);
	CU_ASSERT_EQUAL(sock_bind(host[0], u, &a), 0);
	a.port = 0;
	CU_ASSERT_EQUAL(sock_bind(host[0], t, &a), 0);
	CU_ASSERT_EQUAL(sock_local(host[0], t, &l), 0);
	CU_ASSERT(l.port >= 49152);
	CU_ASSERT_EQUAL(sock_close(host[0], s), 0);
	s = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_bind(host[0], s, &addr[0][0]), 0);
	hosts_free();
}

static void
connect_rules(void)
{
	struct sock_addr to = addr[0][1];
	int s;

	hosts_new();
	s = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &addr[1][1]), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &addr[0][0]), -EADDRNOTAVAIL);
	to.b[0] = 224;
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &to), -ENETUNREACH);
	to.b[0] = 0;
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &to), -ENETUNREACH);
	to = addr[0][1];
	to.port = 0;
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &to), -EINVAL);
	CU_ASSERT_EQUAL(sock_listen(host[0], s, 1), 0);
	CU_ASSERT_EQUAL(sock_listen(host[0], s, 2), 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &addr[0][1]), -EINVAL);
	CU_ASSERT_EQUAL(sock_read(host[0], s, packet, 1), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_write(host[0], s, packet, 1), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_shutdown(host[0], s, SOCK_SHUT_WR), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_shutdown(host[0], s, 0), -EINVAL);
	CU_ASSERT_EQUAL(sock_peer(host[0], s, &to), -ENOTCONN);
	hosts_free();
}

static void
not_a_socket(void)
{
	struct sock_info info;
	struct sock_addr a = { 0 };
	int64_t v;

	hosts_new();
	CU_ASSERT_EQUAL(sock_open(host[0], 5), -EAFNOSUPPORT);
	CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
	for (int s = -1; s < 2000; s += 1000) {
		CU_ASSERT_EQUAL(sock_bind(host[0], s, &a), -EBADF);
		CU_ASSERT_EQUAL(sock_listen(host[0], s, 1), -EBADF);
		CU_ASSERT_EQUAL(sock_accept(host[0], s, NULL), -EBADF);
		CU_ASSERT_EQUAL(sock_connect(host[0], s, &a), -EBADF);
		CU_ASSERT_EQUAL(sock_read(host[0], s, packet, 1), -EBADF);
		CU_ASSERT_EQUAL(sock_peek(host[0], s, packet, 1), -EBADF);
		CU_ASSERT_EQUAL(sock_write(host[0], s, packet, 1), -EBADF);
		CU_ASSERT_EQUAL(sock_shutdown(host[0], s, SOCK_SHUT_WR), -EBADF);
		CU_ASSERT_EQUAL(sock_close(host[0], s), -EBADF);
		CU_ASSERT_EQUAL(sock_poll(host[0], s), -EBADF);
		CU_ASSERT_EQUAL(sock_error(host[0], s), -EBADF);
		CU_ASSERT_EQUAL(sock_local(host[0], s, &a), -EBADF);
		CU_ASSERT_EQUAL(sock_peer(host[0], s, &a), -EBADF);
		CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_NODELAY, 1), -EBADF);
		CU_ASSERT_EQUAL(sock_get(host[0], s, SOCK_OPT_NODELAY, &v), -EBADF);
		CU_ASSERT_EQUAL(sock_congestion(host[0], s, "newreno"), -EBADF);
		CU_ASSERT_EQUAL(sock_get_info(host[0], s, &info), -EBADF);
	}
	CU_ASSERT_EQUAL(sock_accept(host[0], 0, NULL), -EINVAL);
	CU_ASSERT_EQUAL(sock_get_info(host[0], 0, &info), -ENOTCONN);
	for (int i = 1; i < 1024; i++)
		CU_ASSERT_EQUAL(sock_open(host[0], 4), i);
	CU_ASSERT_EQUAL(sock_open(host[0], 4), -EMFILE);
	hosts_free();
}

static const CU_TestInfo tests[] = {
	{ "moves bytes both ways and closes", moves_bytes_and_closes },
	{ "refused", refused },
	{ "reset by linger", reset_by_linger },
	{ "times out", times_out },
	{ "backlog is a limit", backlog_is_a_limit },
	{ "simultaneous open", simultaneous_open },
	{ "write until full", write_until_full },
	{ "bind", bind_rules },
	{ "connect", connect_rules },
	{ "not a socket", not_a_socket },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock", tests);
}
