/*
 * Frames in and out: what is taken, and what is dropped for which reason.
 */
#include "tests/unit/dataplane/net/rig.h"

static void
expect_drop(int reason)
{
	uint32_t before = rig.drops[reason];

	CU_ASSERT_EQUAL(rig_input(), 0);
	if (rig.drops[reason] != before + 1)
		printf("\nnot dropped for reason %d", reason);
	CU_ASSERT_EQUAL(rig.drops[reason], before + 1);
}

static void
fix_ip4(void)
{
	uint8_t *h = rig.in.data + 14;
	uint16_t sum;

	h[10] = h[11] = 0;
	sum = csum_fold(csum_add(0, h, 20));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
}

static void
test_csum(void)
{
	/* RFC 1071 section 3 */
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t buf[1500];
	unsigned x = 1;

	CU_ASSERT_EQUAL(csum_fold(csum_add(0, example, 8)), (uint16_t)~0xddf2);
	for (size_t len = 0; len < sizeof(buf); len = len * 5 / 4 + 1) {
		uint32_t sum = 0;

		for (size_t i = 0; i < len; i++) {
			buf[i] = (uint8_t)((x = x * 1103515245u + 12345u) >> 16);
			sum += i % 2 ? buf[i] : (uint32_t)buf[i] << 8;
		}
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		CU_ASSERT_EQUAL(csum_fold(csum_add(0, buf, len)), (uint16_t)~sum);
	}
}

static void
test_tcp_in(void)
{
	rig_start();
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT(rig.tcp.len == 24 && memcmp(rig.tcp.segment + 20, "data", 4) == 0);
	CU_ASSERT(memcmp(rig.tcp.remote + 12, peer4, 4) == 0 && rig.tcp.remote[10] == 0xff);
	rig_add("padding", 7); /* Ethernet pads short frames */
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT_EQUAL(rig.tcp.len, 24);
	rig_tcp6();
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT(memcmp(rig.tcp.remote, peer6, 16) == 0 && rig.tcp.len == 24);
	rig_stop();
}

static void
test_checksums(void)
{
	rig_start();
	rig_tcp4();
	rig.in.data[40] ^= 1;
	expect_drop(R_TCP_CSUM);
	rig.in.flags = PKT_CSUM_GOOD; /* the port has looked */
	CU_ASSERT_EQUAL(rig_input(), 1);
	rig_tcp6();
	rig.in.data[77] ^= 1;
	expect_drop(R_TCP_CSUM);
	rig_tcp4();
	rig.in.data[22] ^= 1;
	expect_drop(R_NET_IP_CSUM);
	rig_stop();
}

static void
test_ip4_headers(void)
{
	rig_start();
	rig_tcp4();
	rig.in.len = 13;
	expect_drop(R_NET_SHORT);
	rig_tcp4();
	rig.in.len = 33;
	expect_drop(R_NET_SHORT);
	rig_tcp4();
	rig.in.data[14] = 0x55;
	expect_drop(R_NET_IP_VERSION);
	rig.in.data[14] = 0x44;
	expect_drop(R_NET_IP_VERSION);
	rig.in.data[14] = 0x46;
	expect_drop(R_NET_IP_OPTIONS);
	rig_tcp4();
	rig.in.len--;
	expect_drop(R_NET_IP_LENGTH);
	rig_tcp4();
	rig.in.data[17] = 19;
	rig.in.data[16] = 0;
	fix_ip4();
	expect_drop(R_NET_IP_LENGTH);
	rig_tcp4();
	rig_tcp4();
	rig.in.data[23] = 17;
	fix_ip4();
	expect_drop(R_NET_NO_PORT);
	rig.in.data[23] = 50;
	fix_ip4();
	expect_drop(R_NET_PROTO);
	rig_stop();
}

static void
test_ip6_headers(void)
{
	static const struct {
		uint8_t next;
		int reason;
	} rows[] = { { 17, R_NET_NO_PORT }, { 59, R_NET_PROTO } };

	rig_start();
	rig_tcp6();
	rig.in.len = 53;
	expect_drop(R_NET_SHORT);
	rig_tcp6();
	rig.in.data[14] = 0x40;
	expect_drop(R_NET_IP_VERSION);
	rig_tcp6();
	rig.in.len--;
	expect_drop(R_NET_IP_LENGTH);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_tcp6();
		rig.in.data[20] = rows[i].next;
		expect_drop(rows[i].reason);
	}
	rig_stop();
}

static void
source4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t ip[4] = { a, b, c, d };

	rig_tcp4();
	memcpy(rig.in.data + 26, ip, 4);
	fix_ip4();
	expect_drop(R_NET_IP_SOURCE);
}

static void
test_sources(void)
{
	static const uint8_t bad6[][16] = { { 0 }, { [15] = 1 }, { 0xff, 2, [15] = 1 },
		{ 0xfd, [15] = 1 }, { [10] = 0xff, 0xff, 10, 0, 0, 9 } };

	rig_start();
	source4(0, 0, 0, 0);
	source4(127, 0, 0, 1);
	source4(224, 0, 0, 1);
	source4(255, 255, 255, 255);
	source4(240, 0, 0, 1);
	source4(10, 0, 0, 255);
	source4(10, 0, 0, 0);
	source4(10, 0, 0, 1); /* land */
	for (size_t i = 0; i < sizeof(bad6) / sizeof(bad6[0]); i++) {
		rig_tcp6();
		memcpy(rig.in.data + 22, bad6[i], 16);
		expect_drop(R_NET_IP_SOURCE);
	}
	rig_stop();
}

static void
test_not_ours(void)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

	rig_start();
	rig_tcp4();
	rig.in.data[0] = 6; /* another's frame */
	expect_drop(R_NET_NOT_OURS);
	rig_tcp4();
	memcpy(rig.in.data, mac_all, 6); /* unicast in a broadcast: RFC 1122 */
	expect_drop(R_NET_NOT_OURS);
	rig_tcp4();
	rig.in.data[33] = 9;
	fix_ip4();
	expect_drop(R_NET_NOT_OURS);
	rig_tcp6();
	rig.in.data[53] = 9;
	expect_drop(R_NET_NOT_OURS);
	rig_tcp6();
	memcpy(rig.in.data + 38, all_nodes, 16);
	expect_drop(R_NET_NOT_OURS);
	rig_tcp4();
	rig.in.data[12] = 0x81; /* VLAN */
	rig.in.data[13] = 0;
	expect_drop(R_NET_ETHERTYPE);
	rig_stop();
}

static void
echo4(uint16_t len)
{
	uint8_t icmp[1024] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };

	rig_eth(mac_us, mac_peer, ETH_IP4);
	rig_ip4(peer4, us4, IP_ICMP, len);
	rig_add(icmp, len);
	rig_sum(34, 2, NULL, NULL, IP_ICMP);
}

static void
test_echo4(void)
{
	const uint8_t *d;

	rig_start();
	rig_clear();
	rig_arp(1, mac_peer, peer4, us4, mac_all); /* who we are talking to */
	rig_input();
	rig_clear();
	echo4(64);
	CU_ASSERT_EQUAL(rig_input(), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	d = rig.sent[0]->data;
	CU_ASSERT_EQUAL(rig.sent[0]->len, 14 + 20 + 64);
	CU_ASSERT(memcmp(d, mac_peer, 6) == 0 && memcmp(d + 6, mac_us, 6) == 0);
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, d + 14, 20)), 0);
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, d + 34, 64)), 0);
	CU_ASSERT(d[34] == 0 && d[38] == 0x12 && memcmp(d + 30, peer4, 4) == 0);
	echo4(7);
	expect_drop(R_NET_ICMP);
	echo4(64);
	rig.in.data[50] ^= 1;
	expect_drop(R_NET_ICMP);
	rig_stop();
}

static void
test_echo_rate(void)
{
	uint32_t answered = 0;

	rig_start();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	for (int i = 0; i < 500; i++) {
		rig_clear();
		echo4(8);
		rig_input();
		answered += rig.sent_count;
	}
	CU_ASSERT_EQUAL(answered, 100);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ICMP_RATE], 400);
	rig.now += 10000;
	for (int i = 0; i < 20; i++) {
		rig_clear();
		echo4(8);
		rig_input();
		answered += rig.sent_count;
	}
	CU_ASSERT_EQUAL(answered, 110);
	rig_stop();
}

static void
test_echo6(void)
{
	struct net_ip s = ip_v6(peer6), d = ip_v6(us6);
	uint8_t icmp[16] = { 128 };
	const uint8_t *f;

	rig_start();
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig_input();
	rig_clear();
	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP_ICMP6, 64, 16);
	rig_add(icmp, 16);
	rig_sum(54, 2, &s, &d, IP_ICMP6);
	CU_ASSERT_EQUAL(rig_input(), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	f = rig.sent[0]->data;
	CU_ASSERT_EQUAL(f[54], 129);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&d, &s, IP_ICMP6, 16), f + 54, 16)), 0);
	rig.in.data[60] ^= 1;
	expect_drop(R_NET_ICMP);
	rig_stop();
}

static void
test_configure(void)
{
	struct net_conf wrong = { .addr_count = NET_ADDR_MAX + 1 };

	rig_start();
	CU_ASSERT_EQUAL(net_configure(rig.net, &wrong, 0), -R_LIMIT);
	wrong = (struct net_conf){ .addr = { { 4, 33, { 0 } } }, .addr_count = 1 };
	CU_ASSERT_EQUAL(net_configure(rig.net, &wrong, 0), -R_LIMIT);
	wrong = (struct net_conf){ .route = { { .to = { 6, 129, { 0 } } } }, .route_count = 1 };
	CU_ASSERT_EQUAL(net_configure(rig.net, &wrong, 0), -R_LIMIT);
	rig_stop();
}

static void
test_output(void)
{
	struct net_ip us = ip_v4(us4), peer = ip_v4(peer4);
	struct net_ip us_6 = ip_v6(us6), peer_6 = ip_v6(peer6);
	const uint8_t *d;

	rig_start();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig_input();
	rig_clear();
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 22), 0);
	d = rig.sent[0]->data;
	CU_ASSERT_EQUAL(rig.sent[0]->len, 54);
	CU_ASSERT(d[20] == 0x40 && d[18] == 0 && d[19] == 0); /* DF, no identification */
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, d + 14, 20)), 0);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&us, &peer, 6, 20), d + 34, 20)), 0);
	CU_ASSERT_EQUAL(rig_output(&us_6, &peer_6, 22), 0);
	d = rig.sent[1]->data;
	CU_ASSERT_EQUAL(rig.sent[1]->len, 74);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&us_6, &peer_6, 6, 20), d + 54, 20)), 0);
	CU_ASSERT_EQUAL(rig_output(&us, &peer_6, 22), -R_INTERNAL);
	rig_stop();
}

/* A segment that a port completes as its contract says is a good one. */
static void
completed(struct pkt *p, uint32_t at, const struct net_ip *src, const struct net_ip *dst)
{
	uint8_t *tcp = p->data + at;
	uint32_t len = p->len - at;
	uint16_t sum;

	CU_ASSERT_TRUE((p->flags & PKT_CSUM_TCP) != 0);
	CU_ASSERT_NOT_EQUAL(csum_fold(csum_add(csum_pseudo(src, dst, IP_TCP, len), tcp, len)), 0);
	sum = csum_fold(csum_add(0, tcp, len));
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(src, dst, IP_TCP, len), tcp, len)), 0);
}

static void
test_offload(void)
{
	struct net_ip us = ip_v4(us4), peer = ip_v4(peer4), us_6 = ip_v6(us6), peer_6 = ip_v6(peer6);

	rig_start();
	rig_clear();
	net_offload(rig.net, true, 0);
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT_EQUAL(rig.sent[0]->flags, 0); /* a question, no segment */
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 2);
	completed(rig.sent[1], 34, &us, &peer);
	rig_clear();
	CU_ASSERT_EQUAL(rig_output(&us_6, &peer_6, 1), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	rig_nd(136, 0x60000000u, peer6, us6, peer6, mac_peer, mac_us);
	rig_input();
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 2);
	completed(rig.sent[1], 54, &us_6, &peer_6);
	rig_clear();
	net_offload(rig.net, false, 0);
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT_EQUAL(rig.sent[0]->flags, 0);
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the checksum", test_csum },
		{ "TCP over IPv4 and IPv6 is taken", test_tcp_in },
		{ "checksums are verified once", test_checksums },
		{ "IPv4 headers", test_ip4_headers },
		{ "IPv6 headers", test_ip6_headers },
		{ "sources that cannot be", test_sources },
		{ "what is not for us", test_not_ours },
		{ "echo over IPv4", test_echo4 },
		{ "echo is rate limited", test_echo_rate },
		{ "echo over IPv6", test_echo6 },
		{ "configuration is bounded", test_configure },
		{ "what is sent has its headers", test_output },
		{ "a port that completes checksums", test_offload },
		CU_TEST_INFO_NULL,
	};

	return suite_run("net", tests);
}
