/*
 * Datagrams in pieces, and IPv6 extension headers.
 */
#include "tests/unit/dataplane/net/rig.h"

#define SIZE 424u /* of a TCP segment: its header and 404 bytes */

static uint8_t segment[SIZE];

static void
make(bool v4)
{
	struct net_ip src = v4 ? ip_v4(peer4) : ip_v6(peer6), dst = v4 ? ip_v4(us4) : ip_v6(us6);
	uint16_t sum;

	for (size_t i = 0; i < SIZE; i++)
		segment[i] = (uint8_t)(i * 7);
	memcpy(segment, "\x9c\x40\0\x16\0\0\0\1\0\0\0\2\x50\x18\1\0\0\0\0\0", 20);
	sum = csum_fold(csum_add(csum_pseudo(&src, &dst, IP_TCP, SIZE), segment, SIZE));
	segment[16] = (uint8_t)(sum >> 8);
	segment[17] = (uint8_t)sum;
}

static void
fix4(void)
{
	uint8_t *h = rig.in.data + 14;
	uint16_t sum;

	h[10] = h[11] = 0;
	sum = csum_fold(csum_add(0, h, 20));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
}

/* Bytes [off, end) of the segment, of datagram `id` of host 10.0.0.`host`. */
static int
piece4(uint8_t host, uint16_t id, uint32_t off, uint32_t end)
{
	uint8_t src[4] = { 10, 0, 0, host };
	uint16_t word = (uint16_t)(off / 8 | (end < SIZE ? 0x2000u : 0));

	rig_eth(mac_us, mac_peer, ETH_IP4);
	rig_ip4(src, us4, IP_TCP, end - off);
	rig.in.data[18] = (uint8_t)(id >> 8);
	rig.in.data[19] = (uint8_t)id;
	rig.in.data[20] = (uint8_t)(word >> 8);
	rig.in.data[21] = (uint8_t)word;
	fix4();
	rig_add(segment + off, end - off);
	return rig_input();
}

static int
piece6(uint32_t id, uint32_t off, uint32_t end)
{
	uint16_t word = (uint16_t)(off | (end < SIZE ? 1 : 0));
	uint8_t head[8] = { IP_TCP, 0, (uint8_t)(word >> 8), (uint8_t)word, (uint8_t)(id >> 24),
		(uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };

	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP6_FRAGMENT, 64, 8 + end - off);
	rig_add(head, 8);
	rig_add(segment + off, end - off);
	return rig_input();
}

static int
piece(bool v4, uint32_t id, uint32_t off, uint32_t end)
{
	return v4 ? piece4(2, (uint16_t)id, off, end) : piece6(id, off, end);
}

/* The datagram in one piece is taken as if it had come so. */
static void
expect_whole(int r)
{
	struct pkt *p = rig.tcp.whole;

	CU_ASSERT_EQUAL_FATAL(r, 2);
	CU_ASSERT_EQUAL(net_input(rig.net, p, &rig.tcp, rig.now), 1);
	CU_ASSERT(rig.tcp.len == SIZE && memcmp(rig.tcp.segment, segment, SIZE) == 0);
	rig_free(p);
	CU_ASSERT_EQUAL(net_get_load(rig.net).frags, 0);
	CU_ASSERT_EQUAL(rig_busy(), 0);
}

static void
expect_drop(int r, int reason)
{
	CU_ASSERT_EQUAL(r, 0);
	if (rig.drops[reason] != 1)
		printf("\nnot for reason %d", reason);
	CU_ASSERT_EQUAL(rig.drops[reason], 1);
	rig.drops[reason] = 0;
}

static void
start(bool v4)
{
	rig_start();
	rig_clear();
	make(v4);
}

static void
stop(void)
{
	net_clear(rig.net);
	CU_ASSERT_EQUAL(net_get_load(rig.net).frag_bytes, 0);
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

static void
test_whole(void)
{
	static const uint32_t order[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	static const uint32_t cut[] = { 0, 64, 200, SIZE };

	for (int v4 = 0; v4 < 2; v4++) {
		start(v4);
		for (uint32_t i = 0; i < 6; i++) {
			for (uint32_t k = 0; k < 2; k++)
				CU_ASSERT_EQUAL(piece(v4, i, cut[order[i][k]], cut[order[i][k] + 1]), 0);
			CU_ASSERT_EQUAL(net_get_load(rig.net).frags, 1);
			expect_whole(piece(v4, i, cut[order[i][2]], cut[order[i][2] + 1]));
		}
		stop();
	}
}

/* RFC 5722: all of it goes, and what comes of it later too. */
static void
test_overlap(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		start(v4);
		CU_ASSERT_EQUAL(piece(v4, 1, 0, 64), 0);
		expect_drop(piece(v4, 1, 0, 64), R_NET_IP_FRAGMENT); /* once more: RFC 8200 section 4.5 */
		expect_drop(piece(v4, 1, 56, 128), R_NET_FRAG_OVERLAP);
		CU_ASSERT_EQUAL(rig_busy(), 0);
		expect_drop(piece(v4, 1, 64, SIZE), R_NET_IP_FRAGMENT);
		expect_drop(piece(v4, 1, 0, 64), R_NET_IP_FRAGMENT);
		/* from below, and the end that is none */
		CU_ASSERT_EQUAL(piece(v4, 2, 128, 256), 0);
		expect_drop(piece(v4, 2, 64, 136), R_NET_FRAG_OVERLAP);
		CU_ASSERT_EQUAL(piece(v4, 3, 200, SIZE), 0);
		expect_drop(piece(v4, 3, 192, SIZE), R_NET_FRAG_OVERLAP);
		stop();
	}
}

static void
test_bad(void)
{
	start(true);
	expect_drop(piece4(2, 1, 0, 60), R_NET_FRAG_BAD); /* no multiple of eight, and not the last */
	expect_drop(piece4(2, 1, 0, 16), R_NET_FRAG_TINY); /* RFC 1858 */
	expect_drop(piece4(2, 1, 8, 64), R_NET_FRAG_TINY); /* RFC 3128 */
	stop();
	start(false);
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig_input();
	rig_clear();
	expect_drop(piece6(1, 0, 60), R_NET_FRAG_BAD);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1); /* RFC 8200 section 4.5 */
	CU_ASSERT(rig.sent[0]->data[54] == 4 && rig.sent[0]->data[55] == 0 && rig.sent[0]->data[61] == 4);
	rig_clear();
	expect_drop(piece6(1, 0, 16), R_NET_FRAG_TINY); /* RFC 7112 section 5 */
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT(rig.sent[0]->data[54] == 4 && rig.sent[0]->data[55] == 3);
	stop();
}

/* RFC 6946: a fragment that is all is none, and disturbs no other of its number. */
static void
test_atomic(void)
{
	uint8_t head[8] = { IP_TCP, 0, 0, 0, 0, 0, 0, 1 };

	start(false);
	CU_ASSERT_EQUAL(piece6(1, 0, 64), 0);
	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP6_FRAGMENT, 64, 8 + SIZE);
	rig_add(head, 8);
	rig_add(segment, SIZE);
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT(rig.tcp.len == SIZE && memcmp(rig.tcp.segment, segment, SIZE) == 0);
	expect_whole(piece6(1, 64, SIZE));
	stop();
}

/* 30 and 60 seconds, then the sender is told if the first piece is there (RFC 1122
 * section 3.3.2, RFC 8200 section 4.5). */
static void
test_time(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		uint64_t wait = v4 ? NET_FRAG_US4 : NET_FRAG_US6;
		const uint8_t *d;

		start(v4);
		if (v4)
			rig_arp(1, mac_peer, peer4, us4, mac_all);
		else
			rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
		rig_input();
		rig_clear();
		CU_ASSERT_EQUAL(piece(v4, 1, 0, 64), 0);
		CU_ASSERT_EQUAL(piece(v4, 2, 64, SIZE), 0);
		rig.now += wait - 1;
		net_poll(rig.net, rig.now);
		CU_ASSERT_EQUAL(net_get_load(rig.net).frags, 2);
		CU_ASSERT_EQUAL(net_next(rig.net, rig.now), rig.now + 1);
		rig_clear();
		net_poll(rig.net, ++rig.now);
		CU_ASSERT_EQUAL(rig.drops[R_NET_FRAG_TIME], 2);
		CU_ASSERT_EQUAL(net_get_load(rig.net).frags, 0);
		CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
		d = rig.sent[0]->data + (v4 ? 34 : 54);
		CU_ASSERT(d[0] == (v4 ? 11 : 3) && d[1] == 1);
		d += 8;
		CU_ASSERT(v4 ? d[9] == IP_TCP && (d[6] & 0x20) : d[6] == IP6_FRAGMENT && d[40] == IP_TCP);
		CU_ASSERT(memcmp(d + (v4 ? 20 : 48), segment, 64) == 0);
		stop();
	}
}

/* Buffers count whole: the oldest of a source goes, then the oldest of all. */
static void
test_caps(void)
{
	uint32_t each = NET_FRAG_SOURCE_BYTES / BUF_SIZE;

	start(true);
	for (uint32_t i = 0; i < each + 3; i++, rig.now++)
		CU_ASSERT_EQUAL(piece4(2, (uint16_t)i, 0, 64), 0);
	CU_ASSERT_EQUAL(rig.drops[R_NET_FRAG_SOURCE], 3);
	CU_ASSERT_EQUAL(net_get_load(rig.net).frag_bytes, NET_FRAG_SOURCE_BYTES);
	CU_ASSERT_EQUAL(piece4(2, 2, 64, SIZE), 0); /* that one had gone */
	CU_ASSERT_EQUAL(rig.drops[R_NET_FRAG_SOURCE], 4);
	CU_ASSERT_EQUAL_FATAL(piece4(2, 7, 64, SIZE), 2); /* and that one had not */
	rig_free(rig.tcp.whole);
	stop();
	start(true);
	for (uint32_t i = 0; i < NET_FRAG_MAX + 5; i++, rig.now++)
		CU_ASSERT_EQUAL(piece4((uint8_t)(10 + i / 4), (uint16_t)i, 0, 64), 0);
	CU_ASSERT_EQUAL(net_get_load(rig.net).frags, NET_FRAG_MAX);
	CU_ASSERT_EQUAL(rig.drops[R_NET_FRAG_MAX], 5);
	CU_ASSERT(net_get_load(rig.net).frag_bytes <= NET_FRAG_BYTES);
	stop();
}

static void
test_pieces(void)
{
	start(true);
	for (uint32_t i = 0; i < 51; i++)
		CU_ASSERT_EQUAL(piece4(2, 1, 24 + 8 * i > 416 ? 416 : 24 + 8 * i, 24 + 8 * i > 416 ? SIZE : 32 + 8 * i) == 2,
		    false);
	net_clear(rig.net);
	rig.drops[R_NET_IP_FRAGMENT] = 0;
	/* beyond a packet buffer */
	rig_eth(mac_us, mac_peer, ETH_IP4);
	rig_ip4(peer4, us4, IP_TCP, 64);
	rig.in.data[20] = 0x20;
	rig.in.data[21] = 0xff;
	fix4();
	rig_add(segment, 64);
	expect_drop(rig_input(), R_NET_FRAG_SIZE);
	stop();
}

/* ---- extension headers ---- */

/* `count` headers of `type` of eight bytes each, then TCP. */
static int
chain(uint8_t type, uint32_t count, const uint8_t body[6])
{
	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, count > 0 ? type : IP_TCP, 64, 8 * count + SIZE);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t head[8] = { i + 1 < count ? type : IP_TCP, 0 };

		memcpy(head + 2, body, 6);
		rig_add(head, 8);
	}
	rig_add(segment, SIZE);
	return rig_input();
}

static void
test_headers(void)
{
	static const uint8_t padn[6] = { 1, 4 }, unknown_skip[6] = { 0x1e, 4 }, unknown_drop[6] = { 0x5e, 4 },
		unknown_tell[6] = { 0x9e, 4 }, alert[6] = { 5, 2, 0, 0, 0, 0 }, over[6] = { 0x1e, 5 },
		left[6] = { 2, 1 }, done[6] = { 0, 0 };

	start(false);
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig_input();
	rig_clear();
	CU_ASSERT_EQUAL(chain(IP6_DEST_OPTIONS, NET_EXT_MAX, padn), 1);
	CU_ASSERT(rig.tcp.len == SIZE && memcmp(rig.tcp.segment, segment, SIZE) == 0);
	CU_ASSERT_EQUAL(chain(IP6_DEST_OPTIONS, NET_EXT_MAX, unknown_skip), 1);
	CU_ASSERT_EQUAL(chain(IP6_HOP_BY_HOP, 1, alert), 1);
	CU_ASSERT_EQUAL(chain(IP6_ROUTING, 1, done), 1);
	expect_drop(chain(IP6_DEST_OPTIONS, NET_EXT_MAX + 1, padn), R_NET_IP6_CHAIN);
	expect_drop(chain(IP6_DEST_OPTIONS, 1, unknown_drop), R_NET_IP_OPTIONS);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	/* RFC 8200 section 4.2, 4.1, 4.4: a parameter problem says where */
	expect_drop(chain(IP6_DEST_OPTIONS, 1, unknown_tell), R_NET_IP_OPTIONS);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT(rig.sent[0]->data[54] == 4 && rig.sent[0]->data[55] == 2 && rig.sent[0]->data[61] == 42);
	rig_clear();
	expect_drop(chain(IP6_HOP_BY_HOP, 2, padn), R_NET_IP6_CHAIN);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT(rig.sent[0]->data[55] == 1 && rig.sent[0]->data[61] == 40);
	rig_clear();
	expect_drop(chain(IP6_ROUTING, 1, left), R_NET_IP_OPTIONS);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT(rig.sent[0]->data[55] == 0 && rig.sent[0]->data[61] == 42);
	expect_drop(chain(IP6_DEST_OPTIONS, 1, over), R_NET_IP6_CHAIN);
	stop();
}

/* RFC 6980: neighbour discovery in pieces is none, not even in one. */
static void
test_discovery(void)
{
	static const uint8_t target[16] = { 0xfd, [15] = 1 };
	uint8_t head[8] = { IP_ICMP6, 0, 0, 0, 0, 0, 0, 9 };
	uint8_t whole[32] = { 135 };

	start(false);
	memcpy(whole + 8, target, 16);
	whole[24] = whole[25] = 1;
	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP6_FRAGMENT, 255, 8 + 32);
	rig_add(head, 8);
	rig_add(whole, 32);
	expect_drop(rig_input(), R_NET_IP_FRAGMENT);
	for (int i = 0; i < 2; i++) {
		head[3] = i == 0 ? 1 : 16;
		rig_eth(mac_us, mac_peer, ETH_IP6);
		rig_ip6(peer6, us6, IP6_FRAGMENT, 255, 8 + 16);
		rig_add(head, 8);
		rig_add(whole + 16 * i, 16);
		CU_ASSERT_EQUAL(rig_input(), 0);
	}
	CU_ASSERT_EQUAL(rig.drops[R_NET_IP_FRAGMENT], 1);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "pieces in every order", test_whole },
		{ "what overlaps ends the datagram", test_overlap },
		{ "lengths and first pieces that cannot be", test_bad },
		{ "atomic fragments", test_atomic },
		{ "given up after a time", test_time },
		{ "limits of a source and of all", test_caps },
		{ "limits of a datagram", test_pieces },
		{ "IPv6 extension headers", test_headers },
		{ "neighbour discovery in pieces", test_discovery },
		CU_TEST_INFO_NULL,
	};

	return suite_run("frag", tests);
}
