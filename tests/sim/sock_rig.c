#include "tests/sim/sock_rig.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"

struct sock_host *host[2];
uint8_t packet[PACKET_MAX];
uint64_t carried[2];
bool cut;
bool (*router)(int from, const uint8_t *ip, uint32_t len, uint64_t at);
struct syn syn[2];
struct sent sent[2];
uint64_t data_packets[2];

const struct sock_addr addr[2][2] = {
	{ { 4, { 192, 0, 2, 1 }, PORT }, { 4, { 192, 0, 2, 2 }, PORT } },
	{ { 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 }, PORT }, { 6, { 0x20, 1, 0xd, 0xb8, [15] = 2 }, PORT } },
};
const int families[2] = { 4, 6 };

struct sock_host *
new_host(int n, uint16_t mtu)
{
	struct sock_conf c = { .mtu = mtu, .seed = 77u + (uint64_t)n, .start = SECOND };

	memcpy(c.addr4, addr[0][n].b, 4);
	memcpy(c.addr6, addr[1][n].b, 16);
	return sock_host_new(&c);
}

void
hosts_new(void)
{
	cut = false;
	carried[0] = carried[1] = 0;
	data_packets[0] = data_packets[1] = 0;
	for (int i = 0; i < 2; i++) {
		host[i] = new_host(i, 1500);
		CU_ASSERT_PTR_NOT_NULL_FATAL(host[i]);
	}
}

void
hosts_free(void)
{
	sock_host_free(host[0]);
	sock_host_free(host[1]);
}

void
note(int from, const uint8_t *ip, uint32_t len)
{
	bool v4 = ip[0] >> 4 == 4;
	const uint8_t *tcp = ip + (v4 ? 20 : 40);
	uint32_t header = (tcp[12] >> 4) * 4u;

	sent[from].hop_limit = v4 ? ip[8] : ip[7];
	sent[from].traffic = v4 ? ip[1] : (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	sent[from].flags = tcp[13];
	sent[from].len = len - (uint32_t)(tcp - ip) - header;
	data_packets[from] += sent[from].len > 0;
	if (!(tcp[13] & TCP_FLAGS_SYN))
		return;
	syn[from].len = header - 20;
	memcpy(syn[from].options, tcp + 20, syn[from].len);
}

static void
carry(int from)
{
	uint64_t at;
	int len;

	while ((len = sock_take(host[from], packet, sizeof(packet), &at)) > 0) {
		carried[from]++;
		note(from, packet, (uint32_t)len);
		if (!cut && (router == NULL || !router(from, packet, (uint32_t)len, at)))
			CU_ASSERT_EQUAL(sock_inject(host[1 - from], packet, (size_t)len, at + DELAY_US), 0);
	}
	CU_ASSERT_EQUAL(len, -EAGAIN);
}

void
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

int
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
void
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

void
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

void
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

/* The first byte of an option, 0 where it has none, or -1. */
int
option_value(const struct syn *y, uint8_t kind)
{
	for (uint32_t i = 0; i < y->len; i += y->options[i] <= 1 ? 1u : y->options[i + 1])
		if (y->options[i] == kind)
			return y->options[i + 1] > 2 ? y->options[i + 2] : 0;
	return -1;
}

bool
has_option(const struct syn *y, uint8_t kind)
{
	return option_value(y, kind) >= 0;
}
