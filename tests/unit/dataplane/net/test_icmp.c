/*
 * ICMP errors in and out: every code against a table written from the standards,
 * what must be quoted, what is answered and how often.
 */
#include "tests/unit/dataplane/net/rig.h"

enum what { IGNORED, SOFT, HARD, BIG };

static void
icmp4(uint8_t type, uint8_t code, uint32_t word, const uint8_t src[4], const uint8_t dst[4], uint8_t proto)
{
	uint8_t icmp[8] = { type, code, 0, 0, (uint8_t)(word >> 24), (uint8_t)(word >> 16),
		(uint8_t)(word >> 8), (uint8_t)word };
	uint8_t tcp[8] = { 0, 22, 0x9c, 0x40, 1, 2, 3, 4 };

	rig_eth(mac_us, mac_peer, ETH_IP4);
	rig_ip4(peer4, us4, IP_ICMP, 8 + 20 + 8);
	rig_add(icmp, 8);
	rig_ip4(src, dst, proto, 8);
	rig_add(tcp, 8);
	rig_sum(34, 2, NULL, NULL, IP_ICMP);
}

static void
icmp6(uint8_t type, uint8_t code, uint32_t word, const uint8_t src[16], uint8_t next)
{
	struct net_ip s = ip_v6(peer6), d = ip_v6(us6);
	uint8_t icmp[8] = { type, code, 0, 0, (uint8_t)(word >> 24), (uint8_t)(word >> 16),
		(uint8_t)(word >> 8), (uint8_t)word };
	uint8_t tcp[8] = { 0, 22, 0x9c, 0x40, 1, 2, 3, 4 };

	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP_ICMP6, 64, 8 + 40 + 8);
	rig_add(icmp, 8);
	rig_ip6(src, peer6, next, 64, 8);
	rig_add(tcp, 8);
	rig_sum(54, 2, &s, &d, IP_ICMP6);
}

static enum what
told(void)
{
	uint32_t before = rig.errors;

	CU_ASSERT_EQUAL(rig_input(), 0);
	if (rig.errors == before)
		return IGNORED;
	CU_ASSERT(rig.error.local_port == 22 && rig.error.remote_port == 40000);
	CU_ASSERT_EQUAL(rig.error.seq, 0x01020304);
	CU_ASSERT(!rig.error.hard || !rig.error.too_big);
	return rig.error.too_big ? BIG : rig.error.hard ? HARD : SOFT;
}

/* RFC 1122 section 4.2.3.9, RFC 1812 section 5.2.7.1, RFC 1191, RFC 6633. */
static void
test_codes4(void)
{
	static const struct {
		uint8_t type;
		int codes; /* listed ones: from 0 */
		enum what what[16];
	} rows[] = {
		{ 3, 16, { SOFT, SOFT, HARD, HARD, BIG, SOFT, SOFT, SOFT, SOFT, SOFT, SOFT, SOFT, SOFT, SOFT,
		    SOFT, SOFT } },
		{ 4, 0, { IGNORED } },
		{ 5, 0, { IGNORED } },
		{ 11, 2, { SOFT, SOFT } },
		{ 12, 3, { SOFT, SOFT, SOFT } },
		{ 0, 0, { IGNORED } },
		{ 13, 0, { IGNORED } },
	};

	rig_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int code = 0; code < 18; code++) {
			icmp4(rows[i].type, (uint8_t)code, 0, us4, peer4, IP_TCP);
			CU_ASSERT_EQUAL(told(), code < rows[i].codes ? rows[i].what[code] : IGNORED);
		}
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_QUENCH], 18);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_REDIRECT], 18);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	rig_stop();
}

/* RFC 4443 sections 3.1 to 3.4. */
static void
test_codes6(void)
{
	static const struct {
		uint8_t type;
		int codes;
		enum what what[8];
	} rows[] = {
		{ 1, 7, { SOFT, SOFT, SOFT, SOFT, HARD, SOFT, SOFT } },
		{ 2, 8, { BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG } },
		{ 3, 2, { SOFT, SOFT } },
		{ 4, 3, { SOFT, HARD, SOFT } },
		{ 137, 0, { IGNORED } },
		{ 100, 0, { IGNORED } },
		{ 129, 0, { IGNORED } },
	};

	rig_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int code = 0; code < 8; code++) {
			icmp6(rows[i].type, (uint8_t)code, 1400, us6, IP_TCP);
			CU_ASSERT_EQUAL(told(), code < rows[i].codes ? rows[i].what[code] : IGNORED);
		}
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_REDIRECT], 8);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	rig_stop();
}

static void
expect_quote(void)
{
	uint32_t before = rig.drops[R_NET_ICMP_QUOTE];

	CU_ASSERT_EQUAL(told(), IGNORED);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_QUOTE], before + 1);
}

static void
test_quotes(void)
{
	static const uint8_t group4[4] = { 224, 0, 0, 1 };

	rig_start();
	icmp4(3, 3, 0, peer4, us4, IP_TCP); /* not what we sent */
	expect_quote();
	icmp4(3, 3, 0, us4, group4, IP_TCP); /* nor to there */
	expect_quote();
	icmp4(3, 3, 0, us4, peer4, IP_UDP);
	expect_quote();
	icmp4(3, 3, 0, us4, peer4, IP_TCP);
	rig.in.data[14 + 20 + 8 + 7] = 1; /* a fragment without ports */
	rig.in.data[36] = rig.in.data[37] = 0;
	rig_sum(34, 2, NULL, NULL, IP_ICMP);
	expect_quote();
	icmp6(1, 4, 0, peer6, IP_TCP);
	expect_quote();
	icmp6(1, 4, 0, us6, IP_UDP);
	expect_quote();
	rig_stop();
}

/* RFC 1191 section 4, RFC 4443 section 3.2. */
static void
test_too_big(void)
{
	rig_start();
	icmp4(3, 4, 1400, us4, peer4, IP_TCP);
	CU_ASSERT_EQUAL(told(), BIG);
	CU_ASSERT(rig.error.mtu == 1400 && rig.error.size == 28);
	icmp4(3, 4, 0x12340000u, us4, peer4, IP_TCP); /* an old router: the rest is unused */
	CU_ASSERT_EQUAL(told(), BIG);
	CU_ASSERT_EQUAL(rig.error.mtu, 0);
	icmp6(2, 0, 1400, us6, IP_TCP);
	CU_ASSERT_EQUAL(told(), BIG);
	CU_ASSERT(rig.error.mtu == 1400 && rig.error.size == 48);
	icmp6(2, 0, 0x00010010u, us6, IP_TCP);
	CU_ASSERT_EQUAL(told(), BIG);
	CU_ASSERT_EQUAL(rig.error.mtu, 0xffff);
	rig_stop();
}

/* ---- out ---- */

static void
packet4(uint8_t proto, const uint8_t dst[6], size_t len)
{
	uint8_t body[1400] = { 0x9c, 0x40, 0, 53 };

	rig_eth(dst, mac_peer, ETH_IP4);
	rig_ip4(peer4, us4, proto, len);
	rig_add(body, len);
}

static const uint8_t *
answered(void)
{
	rig_clear();
	CU_ASSERT_EQUAL(rig_input(), 0);
	return rig.sent_count == 1 ? rig.sent[0]->data + 14 : NULL;
}

/* RFC 1122 sections 3.2.2.1 and 4.1.3.1; how much: RFC 1812 section 4.3.2.3. */
static void
test_unreachable4(void)
{
	const uint8_t *d;

	rig_start();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	packet4(IP_UDP, mac_us, 24);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d = answered());
	CU_ASSERT(d[9] == IP_ICMP && d[20] == 3 && d[21] == 3);
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, d + 20, 8 + 20 + 24)), 0);
	CU_ASSERT(memcmp(d + 28, rig.in.data + 14, 44) == 0);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NO_PORT], 1);
	packet4(IP_UDP, mac_us, 1400);
	CU_ASSERT_PTR_NOT_NULL_FATAL(answered());
	CU_ASSERT_EQUAL(rig.sent[0]->len, 14 + 576);
	packet4(132, mac_us, 24);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d = answered());
	CU_ASSERT(d[20] == 3 && d[21] == 2);
	packet4(IP_ICMP, mac_us, 24); /* an echo reply that nobody asked for */
	CU_ASSERT_PTR_NULL(answered());
	packet4(IP_UDP, mac_all, 24); /* RFC 1122 section 3.2.2: to everybody */
	CU_ASSERT_PTR_NULL(answered());
	rig_stop();
}

/* RFC 4443 section 3.1 code 4; RFC 8200 section 4: a parameter problem that points
 * at the next header field. */
static void
test_unreachable6(void)
{
	struct net_ip s = ip_v6(us6), d6 = ip_v6(peer6);
	uint8_t body[1300] = { 0 };
	const uint8_t *d;

	rig_start();
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig_input();
	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP_UDP, 64, 1300);
	rig_add(body, 1300);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d = answered());
	CU_ASSERT(d[6] == IP_ICMP6 && d[40] == 1 && d[41] == 4);
	CU_ASSERT_EQUAL(rig.sent[0]->len, 14 + 1280);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&s, &d6, IP_ICMP6, 1240), d + 40, 1240)), 0);
	rig.in.data[20] = 132;
	CU_ASSERT_PTR_NOT_NULL_FATAL(d = answered());
	CU_ASSERT(d[40] == 4 && d[41] == 1 && d[47] == 6);
	rig.in.data[20] = IP_NONE;
	CU_ASSERT_PTR_NULL(answered());
	rig_stop();
}

static void
test_rate(void)
{
	struct net_stats st;
	uint32_t sent = 0;

	rig_start();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	for (int i = 0; i < 200; i++) {
		packet4(IP_UDP, mac_us, 24);
		sent += answered() != NULL;
	}
	CU_ASSERT_EQUAL(sent, ICMP_ERROR_BURST);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_RATE], 200 - ICMP_ERROR_BURST);
	rig.now += 50000;
	for (int i = 0; i < 20; i++) {
		packet4(IP_UDP, mac_us, 24);
		sent += answered() != NULL;
	}
	CU_ASSERT_EQUAL(sent, ICMP_ERROR_BURST + ICMP_ERROR_RATE / 20);
	net_get_stats(rig.net, &st);
	CU_ASSERT_EQUAL(st.errors_out, sent);
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every type and code of ICMP", test_codes4 },
		{ "every type and code of ICMPv6", test_codes6 },
		{ "an error must quote a segment of ours", test_quotes },
		{ "packet too big", test_too_big },
		{ "port and protocol unreachable, IPv4", test_unreachable4 },
		{ "port and next header unreachable, IPv6", test_unreachable6 },
		{ "errors are limited", test_rate },
		CU_TEST_INFO_NULL,
	};

	return suite_run("icmp", tests);
}
