/*
 * The socket face: options of a socket, by what they do on the wire.
 */
#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

#define RST 0x04u
#define FIN 0x01u

static void
set(int n, int s, enum sock_option o, int64_t value)
{
	int64_t v = -2;

	CU_ASSERT_EQUAL(sock_set(host[n], s, o, value), 0);
	CU_ASSERT_EQUAL(sock_get(host[n], s, o, &v), 0);
	CU_ASSERT_EQUAL(v, value);
}

/* Every option: its default, its ends, and one step beyond them. */
static void
values(void)
{
	static const struct {
		enum sock_option o;
		int64_t initial, min, max;
	} rows[] = {
		{ SOCK_OPT_NODELAY, 1, 0, 1 },
		{ SOCK_OPT_CORK, 0, 0, 1 },
		{ SOCK_OPT_LINGER, -1, -1, 864000 },
		{ SOCK_OPT_MAXSEG, 1460, 256, 65535 },
		{ SOCK_OPT_SNDBUF, 0, 2048, 1 << 30 },
		{ SOCK_OPT_RCVBUF, 0, 2048, 1 << 30 },
		{ SOCK_OPT_KEEPALIVE, 0, 0, 1 },
		{ SOCK_OPT_KEEP_IDLE_S, 7200, 1, 864000 },
		{ SOCK_OPT_KEEP_INTERVAL_S, 75, 1, 864000 },
		{ SOCK_OPT_KEEP_COUNT, 9, 1, 255 },
		{ SOCK_OPT_USER_TIMEOUT_MS, 0, 0, 864000000 },
		{ SOCK_OPT_SYN_RETRIES, 7, 0, 255 },
		{ SOCK_OPT_TTL, 64, 1, 255 },
		{ SOCK_OPT_DSCP, 0, 0, 63 },
	};
	int64_t v;
	int s;

	hosts_new();
	s = sock_open(host[0], 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(sock_get(host[0], s, rows[i].o, &v), 0);
		CU_ASSERT(v == rows[i].initial || (rows[i].initial == 0 && v > 2048));
		CU_ASSERT_EQUAL(sock_set(host[0], s, rows[i].o,
		    rows[i].min - (rows[i].o == SOCK_OPT_TTL ? 3 : 2)), -EINVAL);
		CU_ASSERT_EQUAL(sock_set(host[0], s, rows[i].o, rows[i].max + 1), -EINVAL);
		set(0, s, rows[i].o, rows[i].min);
		set(0, s, rows[i].o, rows[i].max);
	}
	CU_ASSERT_EQUAL(sizeof(rows) / sizeof(rows[0]) + 1, SOCK_OPT_COUNT);
	CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_TTL, 0), -EINVAL);
	CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_TTL, -1), 0);
	CU_ASSERT(sock_get(host[0], s, SOCK_OPT_TTL, &v) == 0 && v == 64);
	CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_ACCEPTING, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_COUNT, 1), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_get(host[0], s, SOCK_OPT_COUNT, &v), -ENOPROTOOPT);
	hosts_free();
}

static void
too_many_sets(void)
{
	int s;

	hosts_new();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.settings", 3), 0);
	for (int i = 0; i < 3; i++) {
		s = sock_open(host[0], 4);
		CU_ASSERT_EQUAL(sock_set(host[0], s, SOCK_OPT_DSCP, i + 1), 0);
		CU_ASSERT_EQUAL(sock_listen(host[0], s, 1), i < 2 ? 0 : -ENOBUFS);
	}
	CU_ASSERT_EQUAL(sock_drops(host[0], "TCP_OWN"), 1);
	CU_ASSERT_EQUAL(sock_close(host[0], 0), 0);
	CU_ASSERT_EQUAL(sock_listen(host[0], s, 1), 0);
	hosts_free();
}

/* What a listener says holds for what it accepts, from the SYN-ACK on. */
static void
inherited(void)
{
	static const enum sock_option all[] = { SOCK_OPT_KEEPALIVE, SOCK_OPT_KEEP_IDLE_S,
		SOCK_OPT_KEEP_COUNT, SOCK_OPT_USER_TIMEOUT_MS, SOCK_OPT_LINGER, SOCK_OPT_TTL,
		SOCK_OPT_DSCP, SOCK_OPT_CORK, SOCK_OPT_SNDBUF, SOCK_OPT_RCVBUF };
	static const int64_t as[] = { 1, 11, 7, 5000, 3, 99, 10, 1, 5000, 70000 };

	for (int f = 0; f < 2; f++) {
		struct sock_info info;
		int64_t v;
		int ls, a, b;

		hosts_new();
		ls = listen_on(1, families[f], 4);
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			set(1, ls, all[i], as[i]);
		set(1, ls, SOCK_OPT_MAXSEG, 700);
		CU_ASSERT_EQUAL(sock_congestion(host[1], ls, "newreno"), 0);
		a = sock_open(host[0], families[f]);
		CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[f][1]), -EINPROGRESS);
		run(2 * DELAY_US);
		CU_ASSERT_EQUAL(sent[1].hop_limit, 99);
		CU_ASSERT_EQUAL(sent[1].traffic, 10 << 2);
		CU_ASSERT_EQUAL(syn[1].options[2] << 8 | syn[1].options[3], 700);
		run(2 * DELAY_US);
		b = sock_accept(host[1], ls, NULL);
		CU_ASSERT_FATAL(b >= 0);
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			CU_ASSERT(sock_get(host[1], b, all[i], &v) == 0 && v == as[i]);
		CU_ASSERT_EQUAL(sock_get_info(host[1], b, &info), 0);
		CU_ASSERT_STRING_EQUAL(info.congestion, "newreno");
		CU_ASSERT_EQUAL(info.user_timeout_ms, 5000);
		CU_ASSERT_EQUAL(info.mss, 700 - 12);
		CU_ASSERT(sock_get(host[0], a, SOCK_OPT_MAXSEG, &v) == 0 && v == 700 - 12);
		CU_ASSERT_EQUAL(sock_set(host[1], b, SOCK_OPT_MAXSEG, 600), -EISCONN);
		hosts_free();
	}
}

/* Two listeners share a port: the accepted connection has those of its own. */
static void
inherited_by_family(void)
{
	int64_t v;
	int l[2], a, b;

	hosts_new();
	for (int f = 0; f < 2; f++) {
		l[f] = listen_on(1, families[f], 4);
		set(1, l[f], SOCK_OPT_DSCP, 20 + f);
	}
	for (int f = 0; f < 2; f++) {
		a = sock_open(host[0], families[f]);
		CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[f][1]), -EINPROGRESS);
		run(4 * DELAY_US);
		b = sock_accept(host[1], l[f], NULL);
		CU_ASSERT(sock_get(host[1], b, SOCK_OPT_DSCP, &v) == 0 && v == 20 + f);
	}
	hosts_free();
}

static void
marks(void)
{
	for (int f = 0; f < 2; f++) {
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		CU_ASSERT_EQUAL(sent[0].hop_limit, 64);
		CU_ASSERT_EQUAL(sent[0].traffic, 0);
		set(0, a, SOCK_OPT_TTL, 3);
		set(0, a, SOCK_OPT_DSCP, 46);
		CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
		run(DELAY_US / 2);
		CU_ASSERT_EQUAL(sent[0].hop_limit, 3);
		CU_ASSERT_EQUAL(sent[0].traffic, 46 << 2);
		hosts_free();
	}
}

static void
keepalive(void)
{
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	set(0, a, SOCK_OPT_KEEP_IDLE_S, 30);
	set(0, a, SOCK_OPT_KEEP_INTERVAL_S, 5);
	set(0, a, SOCK_OPT_KEEP_COUNT, 2);
	set(0, a, SOCK_OPT_KEEPALIVE, 1);
	carried[0] = carried[1] = 0;
	run(29 * (uint64_t)SECOND);
	CU_ASSERT_EQUAL(carried[0], 0);
	run(2 * SECOND);
	CU_ASSERT_EQUAL(carried[0], 1);
	CU_ASSERT_EQUAL(carried[1], 1);
	cut = true;
	run(45 * (uint64_t)SECOND);
	CU_ASSERT_EQUAL(carried[0], 4); /* two probes, and the reset */
	CU_ASSERT_EQUAL(sent[0].flags & RST, RST);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	CU_ASSERT_EQUAL(sock_drops(host[0], "TCP_KEEPALIVE"), 1);
	hosts_free();
}

static void
user_timeout(void)
{
	struct sock_info info;
	int ls, a, b;

	hosts_new();
	join(1, &ls, &a, &b);
	set(0, a, SOCK_OPT_USER_TIMEOUT_MS, 2000);
	cut = true;
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(2 * SECOND - 1000);
	CU_ASSERT_EQUAL(sock_poll(host[0], a), SOCK_OUT);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT(info.waiting_ms >= 1990 && info.timeouts_now >= 2);
	run(2000);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	hosts_free();
}

static void
syn_retries(void)
{
	int a;

	hosts_new();
	cut = true;
	a = sock_open(host[0], 4);
	set(0, a, SOCK_OPT_SYN_RETRIES, 2);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(7 * SECOND);
	CU_ASSERT_EQUAL(carried[0], 3);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	hosts_free();
}

/* Of a listener: of the SYN-ACK. */
static void
synack_retries(void)
{
	int a, ls;

	hosts_new();
	ls = listen_on(1, 4, 1);
	set(1, ls, SOCK_OPT_SYN_RETRIES, 1);
	a = sock_open(host[0], 4);
	set(0, a, SOCK_OPT_SYN_RETRIES, 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(DELAY_US);
	cut = true;
	run(20 * SECOND);
	CU_ASSERT_EQUAL(carried[1], 2);
	hosts_free();
}

static void
buffers(void)
{
	static uint8_t zeros[100000];
	struct sock_info info;
	int ls, a, b;

	hosts_new();
	ls = listen_on(1, 4, 1);
	set(1, ls, SOCK_OPT_RCVBUF, 30000);
	a = sock_open(host[0], 4);
	set(0, a, SOCK_OPT_SNDBUF, 20000);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(4 * DELAY_US);
	b = sock_accept(host[1], ls, NULL);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)), 20000);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 1), -EAGAIN);
	run(SECOND);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)), 20000);
	run(SECOND);
	CU_ASSERT_EQUAL(sock_peek(host[1], b, zeros, sizeof(zeros)), 30000);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT_EQUAL(info.snd_buf, 20000);
	CU_ASSERT_EQUAL(info.snd_wnd, 0);
	set(0, a, SOCK_OPT_SNDBUF, 50000);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)), 40000);
	hosts_free();
}

/* More than the host's largest: the SYN has the scale for it. */
static void
large_receive_buffer(void)
{
	int ls, a, b;

	hosts_new();
	ls = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_close(host[0], ls), 0);
	a = sock_open(host[0], 4);
	set(0, a, SOCK_OPT_RCVBUF, 64 << 20);
	ls = listen_on(1, 4, 1);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(4 * DELAY_US);
	b = sock_accept(host[1], ls, NULL);
	CU_ASSERT_EQUAL(option_value(&syn[0], 3), 11);
	transfer(1, b, a);
	hosts_free();
}

static void
linger(void)
{
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	set(0, a, SOCK_OPT_LINGER, 3);
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	cut = true;
	CU_ASSERT_EQUAL(sock_close(host[0], a), 0);
	run(3 * SECOND - 1000);
	CU_ASSERT_EQUAL(sent[0].flags & RST, 0);
	CU_ASSERT_EQUAL(sent[0].flags & FIN, FIN);
	run(2000);
	CU_ASSERT_EQUAL(sent[0].flags & RST, RST);
	CU_ASSERT_EQUAL(sock_drops(host[0], "TCP_LINGER"), 1);
	hosts_free();
}

/* RFC 9293 SHLD-3: a reset shows that what came was lost. */
static void
close_with_unread_bytes(void)
{
	int ls, a, b;

	hosts_new();
	join(1, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(2 * DELAY_US);
	CU_ASSERT_EQUAL(sock_close(host[1], b), 0);
	run(2 * DELAY_US);
	CU_ASSERT_EQUAL(sent[1].flags & RST, RST);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ECONNRESET);
	hosts_free();
}

static void
cork(void)
{
	static uint8_t zeros[3000];
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	set(0, a, SOCK_OPT_CORK, 1);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 500), 500);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 1);
	CU_ASSERT_EQUAL(sock_peek(host[1], b, zeros, sizeof(zeros)), 1448);
	set(0, a, SOCK_OPT_CORK, 0);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 2);
	CU_ASSERT_EQUAL(sock_peek(host[1], b, zeros, sizeof(zeros)), 1500);
	/* for one call: the next one takes it along */
	CU_ASSERT_EQUAL(sock_write_more(host[0], a, zeros, 100), 100);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 2);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 100), 100);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 3);
	CU_ASSERT_EQUAL(sent[0].len, 200);
	/* and never for longer than 200 ms */
	CU_ASSERT_EQUAL(sock_write_more(host[0], a, zeros, 100), 100);
	run(199000);
	CU_ASSERT_EQUAL(data_packets[0], 3);
	run(2000);
	CU_ASSERT_EQUAL(data_packets[0], 4);
	/* no delay lets out what is held, and holds what follows */
	set(0, a, SOCK_OPT_CORK, 1);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 100), 100);
	run(DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 4);
	set(0, a, SOCK_OPT_NODELAY, 1);
	run(DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 5);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 100), 100);
	run(DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 5);
	hosts_free();
}

static void
nagle(void)
{
	int ls, a, b;

	hosts_new();
	join(1, &ls, &a, &b);
	set(0, a, SOCK_OPT_NODELAY, 0);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(DELAY_US / 2);
	CU_ASSERT_EQUAL(data_packets[0], 1);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(data_packets[0], 2);
	CU_ASSERT_EQUAL(sent[0].len, 4);
	set(0, a, SOCK_OPT_NODELAY, 1);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(DELAY_US / 2);
	CU_ASSERT_EQUAL(data_packets[0], 7);
	hosts_free();
}

static void
congestion(void)
{
	struct sock_info info;
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT_STRING_EQUAL(info.congestion, "cubic");
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "vegas"), -ENOENT);
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "newreno"), 0);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT_STRING_EQUAL(info.congestion, "newreno");
	CU_ASSERT_EQUAL(sock_get_info(host[1], b, &info), 0);
	CU_ASSERT_STRING_EQUAL(info.congestion, "cubic");
	transfer(0, a, b);
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "cubic"), 0);
	transfer(0, a, b);
	/* the host's, for those that say nothing */
	CU_ASSERT_EQUAL(sock_tune_congestion(host[0], "vegas"), -ENOENT);
	CU_ASSERT_EQUAL(sock_tune_congestion(host[0], "newreno"), 0);
	CU_ASSERT_STRING_EQUAL(sock_tune_get_congestion(host[0]), "newreno");
	hosts_free();
}

static const CU_TestInfo tests[] = {
	{ "values", values },
	{ "too many sets", too_many_sets },
	{ "inherited from a listener", inherited },
	{ "inherited, two listeners at a port", inherited_by_family },
	{ "TTL and DSCP", marks },
	{ "keepalive", keepalive },
	{ "user timeout", user_timeout },
	{ "SYN retries", syn_retries },
	{ "SYN-ACK retries", synack_retries },
	{ "buffers", buffers },
	{ "large receive buffer", large_receive_buffer },
	{ "linger", linger },
	{ "close with unread bytes", close_with_unread_bytes },
	{ "cork", cork },
	{ "Nagle", nagle },
	{ "congestion control", congestion },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock_option", tests);
}
