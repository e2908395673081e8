/*
 * The socket face: every call, what it returns when it may not, and two hosts
 * whose packets are carried by hand.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock.h"

#define DELAY_US 5000u
#define SECOND 1000000u
#define PORT 2222u
#define BYTES (1u << 20)
#define PACKET_MAX 65535u
#define TCP_FLAGS_SYN 0x02

static struct sock_host *host[2];
static uint8_t packet[PACKET_MAX];
static uint64_t carried[2];
static bool cut; /* nothing is carried */
static struct syn {
	uint8_t options[40];
	uint32_t len;
} syn[2];        /* what the last one of each host offered */

static const struct sock_addr addr[2][2] = {
	{ { 4, { 192, 0, 2, 1 }, PORT }, { 4, { 192, 0, 2, 2 }, PORT } },
	{ { 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 }, PORT }, { 6, { 0x20, 1, 0xd, 0xb8, [15] = 2 }, PORT } },
};
static const int families[2] = { 4, 6 };

static struct sock_host *
new_host(int n, uint16_t mtu)
{
	struct sock_conf c = { .mtu = mtu, .seed = 77u + (uint64_t)n, .start = SECOND };

	memcpy(c.addr4, addr[0][n].b, 4);
	memcpy(c.addr6, addr[1][n].b, 16);
	return sock_host_new(&c);
}

static void
begin(void)
{
	cut = false;
	carried[0] = carried[1] = 0;
	for (int i = 0; i < 2; i++) {
		host[i] = new_host(i, 1500);
		CU_ASSERT_PTR_NOT_NULL_FATAL(host[i]);
	}
}

static void
finish(void)
{
	sock_host_free(host[0]);
	sock_host_free(host[1]);
}

static void
note_syn(int from, const uint8_t *ip)
{
	const uint8_t *tcp = ip + (ip[0] >> 4 == 4 ? 20 : 40);

	if (!(tcp[13] & TCP_FLAGS_SYN))
		return;
	syn[from].len = (tcp[12] >> 4) * 4u - 20;
	memcpy(syn[from].options, tcp + 20, syn[from].len);
}

static void
carry(int from)
{
	uint64_t at;
	int len;

	while ((len = sock_take(host[from], packet, sizeof(packet), &at)) > 0) {
		carried[from]++;
		note_syn(from, packet);
		if (!cut)
			CU_ASSERT_EQUAL(sock_inject(host[1 - from], packet, (size_t)len, at + DELAY_US), 0);
	}
	CU_ASSERT_EQUAL(len, -EAGAIN);
}

static void
run(uint64_t us)
{
	uint64_t end = sock_now(host[0]) + us;
	uint64_t at = 0;

	while (at < end) {
		carry(0);
		carry(1);
		at = sock_next(host[0]);
		if (sock_next(host[1]) < at)
			at = sock_next(host[1]);
		if (at > end)
			at = end;
		CU_ASSERT_EQUAL(sock_advance(host[0], at), 0);
		CU_ASSERT_EQUAL(sock_advance(host[1], at), 0);
	}
	carry(0);
	carry(1);
}

static int
listen_on(int n, int family, int backlog)
{
	struct sock_addr any = { .family = (uint8_t)family, .port = PORT };
	int s = sock_open(host[n], family);

	CU_ASSERT(s >= 0);
	CU_ASSERT_EQUAL(sock_bind(host[n], s, &any), 0);
	CU_ASSERT_EQUAL(sock_listen(host[n], s, backlog), 0);
	return s;
}

/* From host 0 to host 1. */
static void
join(int f, int *listener, int *a, int *b)
{
	struct sock_addr peer;

	*listener = listen_on(1, families[f], 8);
	*a = sock_open(host[0], families[f]);
	CU_ASSERT_EQUAL(sock_connect(host[0], *a, &addr[f][1]), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_connect(host[0], *a, &addr[f][1]), -EALREADY);
	CU_ASSERT_EQUAL(sock_poll(host[0], *a), 0);
	CU_ASSERT_EQUAL(sock_write(host[0], *a, "x", 1), -EAGAIN);
	CU_ASSERT_EQUAL(sock_read(host[0], *a, packet, 1), -EAGAIN);
	CU_ASSERT_EQUAL(sock_accept(host[1], *listener, NULL), -EAGAIN);
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(sock_poll(host[0], *a), SOCK_OUT);
	CU_ASSERT_EQUAL(sock_poll(host[1], *listener), SOCK_IN);
	*b = sock_accept(host[1], *listener, &peer);
	CU_ASSERT_FATAL(*b >= 0);
	CU_ASSERT_EQUAL(peer.family, families[f]);
	CU_ASSERT_EQUAL(memcmp(peer.b, addr[f][0].b, 16), 0);
	CU_ASSERT_EQUAL(sock_poll(host[1], *listener), 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], *a, &addr[f][1]), -EISCONN);
}

static uint8_t
byte_at(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static void
transfer(int from, int a, int b)
{
	static uint8_t buf[40000];
	uint64_t wrote = 0, read = 0;
	bool wrong = false;

	for (int turn = 0; read < BYTES && turn < 10000; turn++) {
		int64_t n = 0;

		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = byte_at(wrote + i);
		if (wrote < BYTES)
			n = sock_write(host[from], a, buf,
			    BYTES - wrote < sizeof(buf) ? BYTES - wrote : sizeof(buf));
		wrote += n > 0 ? (uint64_t)n : 0;
		run(DELAY_US);
		CU_ASSERT_EQUAL(sock_peek(host[1 - from], b, packet, 1) > 0,
		    (sock_poll(host[1 - from], b) & SOCK_IN) != 0);
		while ((n = sock_read(host[1 - from], b, buf, sizeof(buf))) > 0)
			for (int64_t i = 0; i < n; i++)
				wrong |= buf[i] != byte_at(read++);
		CU_ASSERT_EQUAL(n, -EAGAIN);
	}
	CU_ASSERT_EQUAL(read, BYTES);
	CU_ASSERT_FALSE(wrong);
}

/* ---- connections ---- */

static void
no_trace(void)
{
	struct sock_totals t;

	run(200 * SECOND);
	for (int i = 0; i < 2; i++) {
		sock_get_totals(host[i], &t);
		CU_ASSERT_EQUAL(t.connections, 0);
		CU_ASSERT_EQUAL(t.half_open, 0);
		CU_ASSERT_EQUAL(t.time_wait, 0);
		CU_ASSERT_EQUAL(t.blocks_used, 0);
		CU_ASSERT_EQUAL(sock_next(host[i]), SOCK_NEVER);
	}
}

static void
moves_bytes_and_closes(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info info;
		struct sock_addr l, p;
		int ls, a, b;

		begin();
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
		finish();
	}
}

static void
refused(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info info;
		int a;

		begin();
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
		finish();
	}
}

static void
reset_by_linger(void)
{
	for (int f = 0; f < 2; f++) {
		int ls, a, b;

		begin();
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
		finish();
	}
}

static void
times_out(void)
{
	int a;

	begin();
	cut = true;
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(300 * (uint64_t)SECOND);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	CU_ASSERT_EQUAL(carried[0], 8); /* R1 and R2 of SYN: RFC 9293 MUST-23 */
	finish();
}

static void
backlog_is_a_limit(void)
{
	int ls, s[3];

	begin();
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
	finish();
}

/* Both ends connect (RFC 9293 section 3.5, figure 8). */
static void
simultaneous_open(void)
{
	struct sock_addr any = { .port = PORT };
	int s[2];

	begin();
	for (int i = 0; i < 2; i++) {
		s[i] = sock_open(host[i], 6);
		CU_ASSERT_EQUAL(sock_bind(host[i], s[i], &any), 0);
		CU_ASSERT_EQUAL(sock_connect(host[i], s[i], &addr[1][1 - i]), -EINPROGRESS);
	}
	run(4 * DELAY_US);
	CU_ASSERT_EQUAL(sock_poll(host[0], s[0]), SOCK_OUT);
	CU_ASSERT_EQUAL(sock_poll(host[1], s[1]), SOCK_OUT);
	transfer(0, s[0], s[1]);
	finish();
}

/* A buffer that is full: -EAGAIN, and SOCK_OUT when there is room again. */
static void
write_until_full(void)
{
	static uint8_t zeros[100000];
	int64_t n, all = 0;
	int ls, a, b;

	begin();
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
	CU_ASSERT_EQUAL(sock_read(host[1], b, packet, 1), 0);
	finish();
}

/* ---- names and errors ---- */

static void
bind_rules(void)
{
	struct sock_addr a = { .port = PORT };
	struct sock_addr l;
	int s, t, u;

	begin();
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
	finish();
}

static void
connect_rules(void)
{
	struct sock_addr to = addr[0][1];
	int s;

	begin();
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
	finish();
}

static void
not_a_socket(void)
{
	struct sock_info info;
	struct sock_addr a = { 0 };
	int64_t v;

	begin();
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
	finish();
}

static void
options(void)
{
	static const int64_t one = 1;
	int64_t v;
	int ls, a, b;

	begin();
	join(1, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_NODELAY, 1), 0);
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_NODELAY, 0), -EOPNOTSUPP);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_NODELAY, &v) == 0 && v == 1);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_LINGER, &v) == 0 && v == -1);
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_LINGER, 5), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_LINGER, 0), 0);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_LINGER, &v) == 0 && v == 0);
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_LINGER, -1), 0);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_MAXSEG, &v) == 0 && v == 1428);
	CU_ASSERT_EQUAL(sock_get(host[1], ls, SOCK_OPT_MAXSEG, &v), -ENOTCONN);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_SNDBUF, &v) == 0 && v == 64 << 10);
	CU_ASSERT(sock_get(host[0], a, SOCK_OPT_RCVBUF, &v) == 0 && v == 64 << 10);
	CU_ASSERT(sock_get(host[1], ls, SOCK_OPT_ACCEPTING, &v) == 0 && v == 1);
	CU_ASSERT(sock_get(host[1], b, SOCK_OPT_ACCEPTING, &v) == 0 && v == 0);
	for (int o = SOCK_OPT_CORK; o < SOCK_OPT_COUNT; o++) {
		CU_ASSERT_EQUAL(sock_set(host[0], a, (enum sock_option)o, one), -EOPNOTSUPP);
		CU_ASSERT_EQUAL(sock_get(host[0], a, (enum sock_option)o, &v), -EOPNOTSUPP);
	}
	CU_ASSERT_EQUAL(sock_set(host[0], a, SOCK_OPT_COUNT, one), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_get(host[0], a, SOCK_OPT_COUNT, &v), -ENOPROTOOPT);
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "cubic"), 0);
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "newreno"), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(sock_tune_congestion(host[0], "vegas"), -ENOENT);
	CU_ASSERT_EQUAL(sock_tune_congestion(host[0], "newreno"), 0);
	CU_ASSERT_STRING_EQUAL(sock_tune_get_congestion(host[0]), "newreno");
	CU_ASSERT_EQUAL(sock_congestion(host[0], a, "newreno"), 0);
	finish();
}

/* ---- tunables ---- */

static void
every_tunable(void)
{
	struct sock_tune t;
	int64_t v;
	unsigned i;

	begin();
	for (i = 0; sock_tune_at(host[0], i, &t) == 0; i++) {
		CU_ASSERT(t.min <= t.initial && t.initial <= t.max);
		CU_ASSERT_EQUAL(t.value, t.initial);
		CU_ASSERT(sock_tune_get(host[0], t.name, &v) == 0 && v == t.value);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min - 1), -ERANGE);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.max + 1), -ERANGE);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min), 0);
		CU_ASSERT(sock_tune_get(host[0], t.name, &v) == 0 && v == t.min);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.initial), 0);
	}
	CU_ASSERT(i >= 23);
	CU_ASSERT_EQUAL(sock_tune_get(host[0], "tcp.nothing", &v), -ENOENT);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.nothing", 1), -ENOENT);
	CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
	for (i = 0; sock_tune_at(host[0], i, &t) == 0; i++)
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min), t.fixed ? -EBUSY : 0);
	finish();
}

/* The window that was announced with a scale goes on being read with it. */
static void
tune_during_a_run(void)
{
	int ls, a, b;

	begin();
	join(0, &ls, &a, &b);
	transfer(0, a, b);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.receive_buffer", 8 << 20), 0);
	transfer(0, a, b);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.receive_buffer", 4096), 0);
	transfer(0, a, b);
	finish();
}

/* The first byte of an option, 0 where it has none, or -1. */
static int
option_value(const struct syn *y, uint8_t kind)
{
	for (uint32_t i = 0; i < y->len; i += y->options[i] <= 1 ? 1u : y->options[i + 1])
		if (y->options[i] == kind)
			return y->options[i + 1] > 2 ? y->options[i + 2] : 0;
	return -1;
}

static bool
has_option(const struct syn *y, uint8_t kind)
{
	return option_value(y, kind) >= 0;
}

/* An option that is off at one end is in neither SYN that follows, be it answered
 * by a cookie, which needs timestamps for the others, or not. */
static void
options_can_be_off(void)
{
	static const char *const names[] = { "tcp.sack", "tcp.timestamps", "tcp.window_scale" };
	static const uint8_t kinds[] = { 4, 8, 3 }; /* RFC 2018, RFC 7323 */

	for (int i = 0; i < 24; i++) {
		int off = i / 3 % 2;
		bool cookies = i >= 12;
		int ls, a, b;

		begin();
		CU_ASSERT_EQUAL(sock_tune_set(host[off], names[i % 3], 0), 0);
		if (cookies)
			CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.syn_cookies_at", 0), 0);
		join(i / 6 % 2, &ls, &a, &b);
		CU_ASSERT_EQUAL(has_option(&syn[0], kinds[i % 3]), off == 1);
		CU_ASSERT_FALSE(has_option(&syn[1], kinds[i % 3]));
		CU_ASSERT(has_option(&syn[0], 2) && has_option(&syn[1], 2));
		for (int k = 1; k < 3; k++)
			CU_ASSERT_EQUAL(has_option(&syn[1], kinds[(i + k) % 3]), !cookies || i % 3 != 1);
		transfer(0, a, b);
		transfer(1, b, a);
		finish();
	}
}

static void
timers_can_be_set(void)
{
	int ls, a, b;

	begin();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.initial_rto_us", 3 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.connect_retries", 1), 0);
	cut = true;
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_next(host[0]), 4 * SECOND);
	run(9 * SECOND - 1);
	CU_ASSERT_EQUAL(sock_error(host[0], a), 0);
	run(1);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	CU_ASSERT_EQUAL(carried[0], 2);
	cut = false;
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.delayed_ack_us", 123000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.quick_acks", 0), 0);
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(DELAY_US);
	CU_ASSERT_EQUAL(sock_next(host[1]), sock_now(host[1]) + 123000);
	finish();
}

static void
tunables_change_what_is_sent(void)
{
	int a;

	begin();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.mss4", 1000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.receive_buffer", 8 << 20), 0);
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	CU_ASSERT(sock_take(host[0], packet, sizeof(packet), NULL) > 44);
	CU_ASSERT_EQUAL(packet[33], TCP_FLAGS_SYN);
	CU_ASSERT(packet[40] == 2 && packet[41] == 4);
	CU_ASSERT_EQUAL(packet[42] << 8 | packet[43], 1000);
	note_syn(0, packet);
	CU_ASSERT_EQUAL(option_value(&syn[0], 3), 8); /* the least that can say so much */
	finish();
}

/* ---- packets and time ---- */

static void
packets_and_time(void)
{
	uint64_t at = 0;
	int a, len;

	begin();
	CU_ASSERT_EQUAL(sock_now(host[0]), SECOND);
	CU_ASSERT_EQUAL(sock_next(host[0]), SOCK_NEVER);
	CU_ASSERT_EQUAL(sock_advance(host[0], SECOND - 1), -EINVAL);
	CU_ASSERT_EQUAL(sock_take(host[0], packet, sizeof(packet), &at), -EAGAIN);
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_advance(host[0], 3 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_next(host[0]), 4 * SECOND); /* RFC 6298 (2.1) */
	CU_ASSERT_EQUAL(sock_take(host[0], packet, 20, &at), -EMSGSIZE);
	len = sock_take(host[0], packet, sizeof(packet), &at);
	CU_ASSERT(len >= 40);
	CU_ASSERT_EQUAL(at, 3 * SECOND);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, SECOND - 1), -EINVAL);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, 0, 5 * SECOND), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, 65536, 5 * SECOND), -EMSGSIZE);
	/* a later one first, and a damaged one */
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, 5 * SECOND), 0);
	packet[len - 1] ^= 1;
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, 4 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_next(host[1]), 4 * SECOND);
	CU_ASSERT_EQUAL(sock_drops(host[1], NULL), 0);
	CU_ASSERT_EQUAL(sock_advance(host[1], 5 * SECOND - 1), 0);
	CU_ASSERT_EQUAL(sock_drops(host[1], "TCP_CSUM"), 1);
	CU_ASSERT_EQUAL(sock_take(host[1], packet, sizeof(packet), &at), -EAGAIN);
	CU_ASSERT_EQUAL(sock_advance(host[1], 5 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_take(host[1], packet, sizeof(packet), &at), 40); /* RST */
	CU_ASSERT_EQUAL(at, 5 * SECOND);
	CU_ASSERT_EQUAL(sock_drops(host[1], "NO_SUCH_REASON"), -ENOENT);
	finish();
}

static void
rubbish_is_counted(void)
{
	begin();
	memset(packet, 0, sizeof(packet));
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 1, SECOND), 0);
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 65535, SECOND), 0);
	packet[0] = 0x60;
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 39, SECOND), 0);
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 65535, SECOND), 0);
	CU_ASSERT_EQUAL(sock_drops(host[0], NULL), 4);
	finish();
}

/* The same seed, the same bytes. */
static void
seed_decides(void)
{
	static uint8_t first[128];
	int len[2];

	for (int i = 0; i < 3; i++) {
		begin();
		if (i == 2) {
			sock_host_free(host[0]);
			host[0] = new_host(1, 1500);
		}
		CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
		CU_ASSERT_EQUAL(sock_connect(host[0], 0, &addr[0][i == 2 ? 0 : 1]), -EINPROGRESS);
		len[i != 0] = sock_take(host[0], i == 0 ? first : packet, sizeof(first), NULL);
		CU_ASSERT_EQUAL(len[0], len[i != 0]);
		if (i > 0)
			CU_ASSERT_EQUAL(memcmp(first, packet, (size_t)len[0]) == 0, i == 1);
		finish();
	}
}

static void
conf_rules(void)
{
	CU_ASSERT_PTR_NULL(new_host(0, 1279));
	CU_ASSERT_PTR_NULL(new_host(0, 9217));
	for (unsigned mtu = 1280; mtu <= 9216; mtu += 3968) {
		struct sock_host *h = new_host(0, (uint16_t)mtu);

		CU_ASSERT_PTR_NOT_NULL(h);
		sock_host_free(h);
	}
	sock_host_free(NULL);
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
	{ "options", options },
	{ "every tunable", every_tunable },
	{ "tune during a run", tune_during_a_run },
	{ "options can be off", options_can_be_off },
	{ "timers can be set", timers_can_be_set },
	{ "tunables change what is sent", tunables_change_what_is_sent },
	{ "packets and time", packets_and_time },
	{ "rubbish is counted", rubbish_is_counted },
	{ "seed decides", seed_decides },
	{ "configuration", conf_rules },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock", tests);
}
