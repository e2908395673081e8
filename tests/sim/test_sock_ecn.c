/*
 * ECN through the IP headers of both families: what is sent may be marked, what came
 * marked is echoed, and what was echoed is heard.
 */
#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock.h"

#define PORT 2222u
#define DELAY_US 20000u
#define ECT0 2u
#define CE 3u
#define SYN 0x02u
#define ECE 0x40u
#define CWR 0x80u

static struct sock_host *host[2];
static uint8_t packet[65535];
static bool mark;        /* every packet that may be */
static struct seen {
	unsigned ect_data, ect_other, ece, cwr, syn_flags;
} seen[2];

static const struct sock_addr addr[2][2] = {
	{ { 4, { 192, 0, 2, 1 }, PORT }, { 4, { 192, 0, 2, 2 }, PORT } },
	{ { 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 }, PORT }, { 6, { 0x20, 1, 0xd, 0xb8, [15] = 2 }, PORT } },
};

static void
begin(void)
{
	memset(seen, 0, sizeof(seen));
	mark = false;
	for (int n = 0; n < 2; n++) {
		struct sock_conf c = { .seed = 5u + (uint64_t)n };

		memcpy(c.addr4, addr[0][n].b, 4);
		memcpy(c.addr6, addr[1][n].b, 16);
		host[n] = sock_host_new(&c);
		CU_ASSERT_PTR_NOT_NULL_FATAL(host[n]);
	}
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.ecn", 1), 0);
}

static void
finish(void)
{
	sock_host_free(host[0]);
	sock_host_free(host[1]);
}

static unsigned
ecn_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[1] & 3u : ip[1] >> 4 & 3u;
}

/* RFC 1624: one bit more in the second byte of the header. */
static void
set_ce(uint8_t *ip)
{
	uint32_t sum;

	if (ip[0] >> 4 == 6) {
		ip[1] |= CE << 4;
		return;
	}
	ip[1] |= CE;
	sum = (uint16_t)~(ip[10] << 8 | ip[11]) + (CE ^ ECT0);
	sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

static void
look(struct seen *s, const uint8_t *ip, int len)
{
	const uint8_t *tcp = ip + (ip[0] >> 4 == 4 ? 20 : 40);
	bool data = tcp + (tcp[12] >> 4) * 4 < ip + len;

	if (tcp[13] & SYN) {
		s->syn_flags = tcp[13] & (ECE | CWR);
		CU_ASSERT_EQUAL(ecn_of(ip), 0);
		return;
	}
	CU_ASSERT(ecn_of(ip) == 0 || ecn_of(ip) == ECT0);
	if (ecn_of(ip) == ECT0)
		*(data ? &s->ect_data : &s->ect_other) += 1;
	s->ece += (tcp[13] & ECE) != 0;
	s->cwr += (tcp[13] & CWR) != 0;
}

static void
carry(int from)
{
	uint64_t at;
	int len;

	while ((len = sock_take(host[from], packet, sizeof(packet), &at)) > 0) {
		look(&seen[from], packet, len);
		if (mark && ecn_of(packet) == ECT0)
			set_ce(packet);
		CU_ASSERT_EQUAL(sock_inject(host[1 - from], packet, (size_t)len, at + DELAY_US), 0);
	}
}

static void
run(uint64_t us)
{
	uint64_t end = sock_now(host[0]) + us;

	for (uint64_t at = 0; at < end;) {
		carry(0);
		carry(1);
		at = sock_next(host[0]) < sock_next(host[1]) ? sock_next(host[0]) : sock_next(host[1]);
		at = at < end ? at : end;
		CU_ASSERT_EQUAL(sock_advance(host[0], at), 0);
		CU_ASSERT_EQUAL(sock_advance(host[1], at), 0);
	}
}

static int
join(int f)
{
	struct sock_addr any = { .family = addr[f][1].family, .port = PORT };
	int ls = sock_open(host[1], any.family);
	int s = sock_open(host[0], any.family);

	CU_ASSERT_EQUAL(sock_bind(host[1], ls, &any), 0);
	CU_ASSERT_EQUAL(sock_listen(host[1], ls, 1), 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], s, &addr[f][1]), -EINPROGRESS);
	run(4 * DELAY_US);
	return s;
}

static void
marks_go_both_ways(void)
{
	static uint8_t zeros[60000];
	struct sock_info before, after;

	for (int f = 0; f < 2; f++) {
		int s;

		begin();
		s = join(f);
		CU_ASSERT_EQUAL(seen[0].syn_flags, ECE | CWR);
		CU_ASSERT_EQUAL(seen[1].syn_flags, ECE);
		CU_ASSERT(sock_write(host[0], s, zeros, sizeof(zeros)) > 0);
		run(4 * DELAY_US);
		CU_ASSERT(seen[0].ect_data > 0 && seen[1].ece == 0);
		CU_ASSERT_EQUAL(sock_get_info(host[0], s, &before), 0);
		mark = true;
		CU_ASSERT(sock_write(host[0], s, zeros, 4000) > 0);
		run(3 * DELAY_US);
		CU_ASSERT(seen[1].ece > 0);
		CU_ASSERT_EQUAL(sock_get_info(host[0], s, &after), 0);
		CU_ASSERT(after.cwnd < before.cwnd);
		mark = false;
		CU_ASSERT(sock_write(host[0], s, zeros, 2000) > 0);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(seen[0].cwr, 1);
		seen[1].ece = 0;
		CU_ASSERT(sock_write(host[0], s, zeros, 1000) > 0);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(seen[1].ece, 0);
		CU_ASSERT(seen[0].ect_other == 0 && seen[1].ect_other == 0);
		finish();
	}
}

/* 0 at either end: none of it. */
static void
off_is_off(void)
{
	static uint8_t zeros[60000];

	for (int off = 0; off < 2; off++) {
		int s;

		begin();
		CU_ASSERT_EQUAL(sock_tune_set(host[off], "tcp.ecn", 0), 0);
		mark = true;
		s = join(off);
		CU_ASSERT_EQUAL(seen[0].syn_flags, off == 0 ? 0 : ECE | CWR);
		CU_ASSERT_EQUAL(seen[1].syn_flags, 0);
		CU_ASSERT(sock_write(host[0], s, zeros, sizeof(zeros)) > 0);
		run(4 * DELAY_US);
		CU_ASSERT_EQUAL(seen[0].ect_data + seen[0].cwr + seen[1].ece, 0);
		finish();
	}
}

static const CU_TestInfo tests[] = {
	{ "marks go both ways", marks_go_both_ways },
	{ "off is off", off_is_off },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock_ecn", tests);
}
