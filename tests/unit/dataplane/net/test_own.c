/*
 * Our own addresses: announced, asked for, defended; groups that are said to be heard.
 */
#include <stdlib.h>

#include "tests/unit/dataplane/net/rig.h"

static struct net_ip us_6, link_6;

/* What was sent from `from` on: how many frames that begin with this, behind the
 * Ethernet header at `off`. */
static uint32_t
sent_like(uint32_t off, const void *bytes, size_t len)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rig.sent_count; i++)
		count += rig.sent[i]->len >= off + len && memcmp(rig.sent[i]->data + off, bytes, len) == 0;
	return count;
}

static uint32_t
announced4(void) /* RFC 5227 section 3: a request, sender and target the same */
{
	static const uint8_t like[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 10, 0, 0, 1 };

	return sent_like(12, like, sizeof(like));
}

static uint32_t
probed4(void) /* section 2.1.1: no sender's address */
{
	static const uint8_t like[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 10, 0, 0, 1 };

	return sent_like(12, like, sizeof(like));
}

static uint32_t
announced6(void) /* override, not solicited; to all nodes */
{
	uint8_t like[] = { 0x20, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	return sent_like(58, like, sizeof(like));
}

static uint32_t
probed6(void) /* RFC 4862 section 5.4.2: no source, to the group; nothing behind */
{
	uint8_t like[62] = { 0x60, [4] = 0, 24, 58, 255, [24] = 0xff, 2, [35] = 1, 0xff, [39] = 1, 135 };
	uint32_t count = 0;

	for (uint32_t i = 0; i < rig.sent_count; i++) {
		const uint8_t *d = rig.sent[i]->data;

		count += rig.sent[i]->len == 78 && memcmp(d + 14, like, 41) == 0 &&
		    memcmp(d + 62, us6, 16) == 0;
	}
	return count;
}

static void
begin(enum net_dad probe4, enum net_dad dad6)
{
	rig_start();
	us_6 = ip_v6(us6);
	link_6 = rig.net->link_local;
	rig_stop(); /* once more, as the one that speaks */
	rig_start_with(&(struct net_conf){
	    .addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
	    .addr_count = 2,
	    .speaks = true,
	    .probe4 = probe4,
	    .dad6 = dad6,
	});
}

/* Runs until `us` later, at the times that net asks for. */
static void
run(uint64_t us)
{
	uint64_t end = rig.now + us;

	while (net_next(rig.net, rig.now) <= end) {
		rig.now = net_next(rig.net, rig.now);
		net_poll(rig.net, rig.now);
	}
	rig.now = end;
}

static void
test_announce(void)
{
	begin(NET_DAD_OFF, NET_DAD_OFF);
	CU_ASSERT(announced4() == 1 && announced6() == 1);
	run(999999);
	CU_ASSERT(announced4() == 1 && announced6() == 1);
	run(1);
	CU_ASSERT(announced4() == 1 && announced6() == 2);
	run(1000000);
	CU_ASSERT(announced4() == 2 && announced6() == 3);
	run(60000000);
	CU_ASSERT(announced4() == NET_ANNOUNCE4 && announced6() == NET_ANNOUNCE6);
	CU_ASSERT_EQUAL(rig.net->stats.announced, NET_ANNOUNCE4 + 2 * NET_ANNOUNCE6);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), UINT64_MAX);
	/* The same once more changes nothing; one that is new is announced, alone. */
	rig_clear();
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	rig.conf.addr[rig.conf.addr_count++] = (struct net_addr){ 4, 24, { 10, 9, 0, 1 } };
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	CU_ASSERT(announced4() == 0 && announced6() == 0);
	CU_ASSERT_EQUAL(sent_like(12, (const uint8_t[]){ 8, 6 }, 2), 1);
	rig_stop();
}

/* Frames go another way: said to the link again, as at the start. */
static void
test_announce_again(void)
{
	begin(NET_DAD_OFF, NET_DAD_OFF);
	run(60000000);
	rig_clear();
	net_announce(rig.net, rig.now);
	run(60000000);
	CU_ASSERT(announced4() == NET_ANNOUNCE4 && announced6() == NET_ANNOUNCE6);
	rig_stop();
}

/* A worker that does not speak says nothing. */
static void
test_silent(void)
{
	rig_start();
	run(60000000);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	rig_stop();
}

static void
answer_to_arp(uint32_t want)
{
	rig_clear();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, want);
	rig_clear();
}

/* RFC 5227 section 2.1: three questions, and nothing else until then. */
static void
test_probe(void)
{
	uint64_t start;

	begin(NET_DAD_FIRST, NET_DAD_OFF);
	start = rig.now;
	CU_ASSERT_EQUAL(announced4(), 0);
	answer_to_arp(0);
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 0);
	while (!own_used(rig.net, 0)) {
		rig.now = net_next(rig.net, rig.now);
		CU_ASSERT_FATAL(rig.now <= start + 7000000);
		net_poll(rig.net, rig.now);
		CU_ASSERT_EQUAL(announced4(), own_used(rig.net, 0));
	}
	CU_ASSERT_EQUAL(probed4(), 3);
	CU_ASSERT(rig.now >= start + 4000000); /* 2 * PROBE_MIN + ANNOUNCE_WAIT */
	answer_to_arp(1);
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 1);
	rig_stop();
}

/* Somebody answers, or asks for it too: it is left to him, and tried again later. */
static void
test_taken(void)
{
	static const uint8_t nobody[4];

	for (int asks = 0; asks < 2; asks++) {
		begin(NET_DAD_FIRST, NET_DAD_OFF);
		run(1500000);
		rig_clear();
		rig_arp(1, mac_us, nobody, us4, mac_all); /* our own question comes back */
		rig_input();
		CU_ASSERT_EQUAL(rig.net->own[0].state, OWN_TENTATIVE);
		if (asks)
			rig_arp(1, mac_other, nobody, us4, mac_all);
		else
			rig_arp(2, mac_other, us4, us4, mac_us);
		rig_input();
		CU_ASSERT_EQUAL(rig.net->own[0].state, OWN_TAKEN);
		CU_ASSERT_EQUAL(rig.drops[R_NET_DUPLICATE], 1);
		run(59000000);
		answer_to_arp(0);
		CU_ASSERT_EQUAL(probed4(), 0);
		run(10000000);
		CU_ASSERT(own_used(rig.net, 0));
		answer_to_arp(1);
		rig_stop();
	}
}

/* RFC 5227 section 2.4 (c): kept, and said once in ten seconds. */
static void
test_defend(void)
{
	begin(NET_DAD_OFF, NET_DAD_OFF);
	run(60000000);
	rig_clear();
	for (int i = 0; i < 100; i++) {
		rig_arp(2, mac_other, us4, us4, mac_all);
		rig_input();
		rig.now += 100000;
	}
	CU_ASSERT_EQUAL(announced4(), 1);
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	rig_arp(2, mac_other, us4, us4, mac_all);
	rig_input();
	CU_ASSERT_EQUAL(announced4(), 2);
	CU_ASSERT_EQUAL(rig.net->stats.defended, 2);
	CU_ASSERT_EQUAL(rig.net->stats.duplicates, 101);
	CU_ASSERT(own_used(rig.net, 0));
	rig_stop();
}

/* RFC 4862 section 5.4; with RFC 4429 it answers meanwhile, without override. */
static void
test_dad6(void)
{
	struct net_ip group = ip_solicited(&us_6);
	uint8_t group_mac[6];

	mac_of_group(group_mac, &group);
	for (int d = NET_DAD_OPTIMISTIC; d <= NET_DAD_FIRST; d++) {
		bool first = d == NET_DAD_FIRST;

		begin(NET_DAD_OFF, (enum net_dad)d);
		CU_ASSERT_EQUAL(probed6(), !first);
		rig_clear();
		rig_nd(135, 0, peer6, group.b, us6, mac_peer, group_mac);
		rig_input();
		CU_ASSERT_EQUAL(rig.sent_count, !first);
		if (!first)
			CU_ASSERT_EQUAL(rig.sent[0]->data[58], 0x40);
		run(2000000);
		CU_ASSERT_EQUAL(probed6(), first);
		CU_ASSERT(announced6() > 0);
		rig_clear();
		rig_nd(135, 0, peer6, group.b, us6, mac_peer, group_mac);
		rig_input();
		CU_ASSERT(rig.sent_count == 1 && rig.sent[0]->data[58] == 0x60);
		rig_stop();
	}
}

/* RFC 4429 section 3.2: no question from an address that is not certain yet; what waits
 * for the answer goes out when it is. */
static void
test_optimistic_asks_nobody(void)
{
	static const uint8_t solicit = 135;
	struct net_ip peer_6 = ip_v6(peer6);

	begin(NET_DAD_OFF, NET_DAD_OPTIMISTIC);
	rig_clear();
	CU_ASSERT_EQUAL(rig_output(&us_6, &peer_6, 7), 0);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	run(2000000);
	CU_ASSERT(own_used(rig.net, 1) && sent_like(54, &solicit, 1) >= 1);
	rig_nd(136, 0x60000000, peer6, us6, peer6, mac_peer, mac_us);
	rig_clear();
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	rig_stop();
}

static void
test_taken6(void)
{
	static const uint8_t none[16], all[16] = { 0xff, 2, [15] = 1 };
	struct net_ip group;
	uint8_t group_mac[6];

	for (int how = 0; how < 3; how++) {
		bool used = how == 2; /* optimistic: it was used already */

		begin(NET_DAD_OFF, used ? NET_DAD_OPTIMISTIC : NET_DAD_FIRST);
		group = ip_solicited(&us_6);
		mac_of_group(group_mac, &group);
		if (how == 0) /* section 5.4.4 */
			rig_nd(136, 0x20000000, us6, all, us6, mac_peer, group_mac);
		else if (how == 1) /* section 5.4.3 */
			rig_nd(135, 0, none, group.b, us6, NULL, group_mac);
		else
			rig_nd(136, 0x20000000, us6, all, us6, mac_other, group_mac);
		rig_input();
		CU_ASSERT_EQUAL(rig.net->own[1].state, OWN_TAKEN);
		CU_ASSERT_EQUAL(rig.drops[R_NET_DUPLICATE], 1);
		rig_tcp6();
		CU_ASSERT_EQUAL(rig_input(), 0);
		run(5000000);
		CU_ASSERT_EQUAL(announced6(), 0);
		CU_ASSERT(own_used(rig.net, OWN_LINK_LOCAL));
		rig_stop();
	}
}

/* Other workers know what the one that speaks has found. */
static void
test_follow(void)
{
	struct net *speaker;
	uint64_t face;

	begin(NET_DAD_FIRST, NET_DAD_FIRST);
	speaker = rig.net;
	face = net_face(speaker);
	rig_start_with(&(struct net_conf){
	    .addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
	    .addr_count = 2,
	    .probe4 = NET_DAD_FIRST,
	    .dad6 = NET_DAD_FIRST,
	});
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 0);
	net_follow(rig.net, face);
	CU_ASSERT_EQUAL(rig_input(), 0);
	net_follow(rig.net, face | 1);
	CU_ASSERT_EQUAL(rig_input(), 1);
	rig_tcp6();
	CU_ASSERT_EQUAL(rig_input(), 0);
	net_follow(rig.net, face);
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 0);
	net_follow(rig.net, (face | 3) + (1ull << 48)); /* of another configuration */
	CU_ASSERT_EQUAL(rig_input(), 0);
	rig_stop();
	free(speaker);
}

/* RFC 3810 section 5.2: hop limit 1, a router alert, to ff02::16. */
static void
test_mld(void)
{
	static const uint8_t like[] = { 0x60, 0, 0, 0, 0, 36, 0, 1 };
	static const uint8_t report[] = { 58, 0, 5, 2, 0, 0, 1, 0, 143, 0 };
	static const uint8_t all[16] = { 0xff, 2, [15] = 1 }, router[16] = { 0xfe, 0x80, [15] = 9 };
	uint8_t query[36] = { 58, 0, 5, 2, 0, 0, 1, 0, 130, 0, 0, 0, 0x03, 0xe8 };
	struct net_ip s, d = ip_v6(all);
	const uint8_t *f = NULL;
	uint64_t asked;

	begin(NET_DAD_OFF, NET_DAD_OFF);
	run(60000000);
	CU_ASSERT_EQUAL(sent_like(14, like, sizeof(like)), 2);
	CU_ASSERT_EQUAL(sent_like(54, report, sizeof(report)), 2);
	for (uint32_t i = 0; i < rig.sent_count && f == NULL; i++)
		if (memcmp(rig.sent[i]->data + 54, report, sizeof(report)) == 0)
			f = rig.sent[i]->data;
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT(f[0] == 0x33 && f[5] == 0x16 && f[38] == 0xff && f[53] == 0x16);
	CU_ASSERT(f[69] == 1 && f[70] == 4); /* both addresses have one group; to exclude mode */
	s = ip_v6(f + 22);
	d = ip_v6(f + 38);
	CU_ASSERT(ip_eq(&s, &link_6));
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&s, &d, IP_ICMP6, 28), f + 62, 28)), 0);
	/* asked: within the time that the query gives, in exclude mode */
	for (int bad = 0; bad < 3; bad++) {
		rig_clear();
		s = ip_v6(router);
		d = ip_v6(all);
		rig_eth((const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, mac_peer, ETH_IP6);
		rig_ip6(bad == 1 ? peer6 : router, all, 0, bad == 2 ? 2 : 1, sizeof(query));
		rig_add(query, sizeof(query));
		s = ip_v6(bad == 1 ? peer6 : router);
		rig_sum(62, 2, &s, &d, IP_ICMP6);
		rig_input();
		asked = rig.now;
		run(5000000);
		CU_ASSERT_EQUAL(sent_like(54, report, sizeof(report)), bad == 0);
		if (bad == 0)
			CU_ASSERT(rig.sent_count == 1 && rig.sent[0]->data[70] == 2);
		CU_ASSERT(rig.now >= asked);
	}
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "each address is announced, so often", test_announce },
		{ "and once more when frames go another way", test_announce_again },
		{ "who does not speak", test_silent },
		{ "an IPv4 address is asked for first", test_probe },
		{ "and left to who has it", test_taken },
		{ "an address in use is defended", test_defend },
		{ "duplicate address detection", test_dad6 },
		{ "an optimistic address asks nobody", test_optimistic_asks_nobody },
		{ "an IPv6 address that is taken", test_taken6 },
		{ "workers that follow", test_follow },
		{ "listener reports", test_mld },
		CU_TEST_INFO_NULL,
	};

	return suite_run("own", tests);
}
