/*
 * ARP, neighbour discovery, routes.
 */
#include "tests/unit/dataplane/net/rig.h"

static struct net_ip us, peer, us_6, peer_6;

static void
begin(void)
{
	rig_start();
	rig_clear();
	us = ip_v4(us4);
	peer = ip_v4(peer4);
	us_6 = ip_v6(us6);
	peer_6 = ip_v6(peer6);
}

static bool
sent_to(uint32_t i, const uint8_t mac[6], uint16_t type)
{
	const uint8_t *d = rig.sent[i]->data;

	return i < rig.sent_count && memcmp(d, mac, 6) == 0 && (d[12] << 8 | d[13]) == type;
}

static void
test_arp_answers(void)
{
	static const uint8_t probe[4];

	begin();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	CU_ASSERT_EQUAL(rig_input(), 0);
	CU_ASSERT(sent_to(0, mac_peer, ETH_ARP));
	CU_ASSERT_EQUAL(rig.sent[0]->data[21], 2);
	CU_ASSERT(memcmp(rig.sent[0]->data + 28, us4, 4) == 0);
	rig_arp(1, mac_other, probe, us4, mac_all); /* somebody tries our address */
	rig_input();
	CU_ASSERT(sent_to(1, mac_other, ETH_ARP));
	rig_arp(1, mac_peer, peer4, peer4, mac_all); /* not our question */
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	rig_arp(1, mac_peer, us4, us4, mac_all); /* says it is us */
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	rig_arp(7, mac_peer, peer4, us4, mac_all);
	rig_input();
	rig_arp(1, mac_all, peer4, us4, mac_all);
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	CU_ASSERT(rig.drops[R_NET_ARP] >= 3);
	CU_ASSERT_EQUAL(rig.drops[R_NET_DUPLICATE], 1);
	rig_stop();
}

static void
test_resolve(void)
{
	begin();
	for (uint16_t i = 0; i < NET_NEIGH_WAIT; i++)
		CU_ASSERT_EQUAL(rig_output(&us, &peer, i), 0);
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 99), -R_NET_NEIGH_WAIT);
	CU_ASSERT_EQUAL(rig.sent_count, 1); /* one question */
	CU_ASSERT(sent_to(0, mac_all, ETH_ARP));
	CU_ASSERT_EQUAL(rig_busy(), NET_NEIGH_WAIT);
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 1 + NET_NEIGH_WAIT);
	for (uint32_t i = 0; i < NET_NEIGH_WAIT; i++) {
		CU_ASSERT(sent_to(1 + i, mac_peer, ETH_IP4));
		CU_ASSERT_EQUAL(rig.sent[1 + i]->data[35], i); /* in order */
	}
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

static void
test_resolve_fails(void)
{
	begin();
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	while (net_next(rig.net, rig.now) != UINT64_MAX) {
		CU_ASSERT(net_next(rig.net, rig.now) <= rig.now + 1000000);
		rig.now = net_next(rig.net, rig.now);
		net_poll(rig.net, rig.now);
	}
	CU_ASSERT_EQUAL(rig.sent_count, 3);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NEIGH_FAIL], 1);
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

static void
after(uint64_t span)
{
	rig.now += span;
	net_poll(rig.net, rig.now);
}

/* RFC 4861 section 7.3.3: used while it is stale, it has DELAY_FIRST_PROBE_TIME to be
 * confirmed; then it is asked by unicast, and used on. */
static void
test_stale(void)
{
	begin();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(rig.sent_count == 1 && sent_to(0, mac_peer, ETH_IP4));
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), rig.now + 5000000);
	after(4999999);
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	after(1);
	CU_ASSERT(sent_to(1, mac_peer, ETH_ARP));
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(2, mac_peer, ETH_IP4));
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	rig_clear();
	after(29999999);
	rig_output(&us, &peer, 1);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), UINT64_MAX); /* reachable */
	after(1);
	rig_output(&us, &peer, 1);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), rig.now + 5000000); /* stale, and used */
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	/* A connection that makes progress is as good as an answer: section 7.3.1. */
	net_confirm(rig.net, peer.b, rig.now);
	after(5000000);
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	CU_ASSERT_EQUAL(rig.net->stats.neigh_confirmed, 1);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), UINT64_MAX);
	rig_stop();
}

/* RFC 9293 MUST-20 (b): a connection that repeats in vain makes its neighbour stale. */
static void
test_doubted(void)
{
	begin();
	rig_output(&us, &peer, 1);
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	rig_clear();
	after(1000000);
	rig_output(&us, &peer, 1);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), UINT64_MAX); /* reachable */
	net_doubt(rig.net, peer.b, rig.now);
	rig_output(&us, &peer, 1);
	CU_ASSERT_EQUAL(net_next(rig.net, rig.now), rig.now + 5000000);
	after(5000000);
	CU_ASSERT(sent_to(2, mac_peer, ETH_ARP));
	rig_stop();
}

/* What a neighbour says of itself, without being asked, makes it no more certain. */
static void
test_unasked_is_stale(void)
{
	begin();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	rig_arp(1, mac_other, peer4, us4, mac_all); /* nobody uses it: the newer word counts */
	rig_input();
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(0, mac_other, ETH_IP4));
	rig_arp(1, mac_peer, peer4, us4, mac_all); /* now somebody does */
	rig_input();
	CU_ASSERT(sent_to(1, mac_other, ETH_ARP));
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(0, mac_other, ETH_IP4));
	rig_stop();
}

/* A confirmed entry is not changed by who was not asked. */
static void
test_spoof(void)
{
	begin();
	rig_output(&us, &peer, 1);
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	rig_clear();
	rig_arp(1, mac_other, peer4, us4, mac_all);
	rig_input();
	CU_ASSERT(sent_to(0, mac_peer, ETH_ARP)); /* the old one is asked */
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(0, mac_peer, ETH_IP4));
	rig_arp(2, mac_peer, peer4, us4, mac_us); /* it is still there */
	rig_input();
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(0, mac_peer, ETH_IP4));
	/* This time it is silent: the address has moved. */
	rig_arp(1, mac_other, peer4, us4, mac_all);
	rig_input();
	for (int i = 0; i < 4; i++) {
		rig.now += 1000000;
		net_poll(rig.net, rig.now);
	}
	rig_clear();
	rig_output(&us, &peer, 1);
	CU_ASSERT(sent_to(0, mac_all, ETH_ARP));
	rig_arp(2, mac_other, peer4, us4, mac_us);
	rig_input();
	CU_ASSERT(sent_to(1, mac_other, ETH_IP4));
	rig_stop();
}

static void
test_routes(void)
{
	static const uint8_t far4[4] = { 192, 0, 2, 1 };
	static const uint8_t gw4[4] = { 10, 0, 0, 254 };
	static const uint8_t far6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	static const uint8_t gw6[16] = { 0xfd, [15] = 0xfe };
	struct net_ip far_4 = ip_v4(far4), far_6 = ip_v6(far6);

	begin();
	rig_output(&us, &far_4, 1);
	CU_ASSERT(memcmp(rig.sent[0]->data + 14 + 24, gw4, 4) == 0);
	rig_output(&us_6, &far_6, 1);
	CU_ASSERT(memcmp(rig.sent[1]->data + 54 + 8, gw6, 16) == 0);
	CU_ASSERT_EQUAL(net_configure(rig.net, &(struct net_conf){ .addr_count = 0 }, rig.now), 0);
	CU_ASSERT_EQUAL(rig_output(&us, &far_4, 1), -R_NET_NO_ROUTE);
	rig_stop();
}

/* The longest prefix wins, in whatever order they are said; what is on a link
 * needs none. */
static void
test_longest(void)
{
	static const struct {
		uint8_t to[4];
		uint8_t hop[4];
	} rows[] = { { { 192, 0, 2, 1 }, { 10, 0, 0, 12 } }, { { 192, 0, 2, 129 }, { 10, 0, 0, 13 } },
		{ { 192, 0, 2, 200 }, { 10, 0, 0, 14 } }, { { 192, 0, 3, 1 }, { 10, 0, 0, 254 } },
		{ { 10, 0, 0, 9 }, { 10, 0, 0, 9 } }, { { 10, 1, 2, 3 }, { 10, 1, 2, 3 } } };
	struct net_route more[] = { { { 4, 24, { 192, 0, 2, 77 } }, { 10, 0, 0, 12 } },
		{ { 4, 32, { 192, 0, 2, 200 } }, { 10, 0, 0, 14 } },
		{ { 4, 25, { 192, 0, 2, 128 } }, { 10, 0, 0, 13 } },
		{ { 4, 25, { 192, 0, 2, 128 } }, { 10, 0, 0, 15 } } };
	struct net_ip hop, to;

	begin();
	memcpy(rig.conf.route + 2, more, sizeof(more));
	rig.conf.route_count = 6;
	rig.conf.addr[2] = (struct net_addr){ 4, 16, { 10, 1, 0, 1 } };
	rig.conf.addr_count = 3;
	CU_ASSERT_EQUAL_FATAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		to = ip_v4(rows[i].to);
		CU_ASSERT_EQUAL(route_next_hop(rig.net, &to, &hop), 0);
		CU_ASSERT(ip_is_v4(&hop) && memcmp(hop.b + 12, rows[i].hop, 4) == 0);
	}
	to = ip_v6((const uint8_t[16]){ 0x20, 1 });
	CU_ASSERT_EQUAL(route_next_hop(rig.net, &to, &hop), 0);
	CU_ASSERT_EQUAL(hop.b[15], 0xfe);
	rig.conf.route_count = NET_ROUTE_MAX + 1;
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), -R_LIMIT);
	CU_ASSERT_EQUAL(rig.net->route_count, 6); /* as it was */
	rig_stop();
}

/* RFC 6724 section 5 */
static void
test_source(void)
{
	static const uint8_t far6[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, [15] = 9 };
	static const uint8_t link6[16] = { 0xfe, 0x80, [15] = 9 };
	struct net_ip far4 = ip_v4((const uint8_t[4]){ 10, 1, 7, 7 }), got;

	begin();
	rig.conf.addr[2] = (struct net_addr){ 4, 16, { 10, 1, 0, 1 } };
	rig.conf.addr[3] = (struct net_addr){ 6, 64, { 0x20, 0x01, 0x0d, 0xb8, [15] = 3 } };
	rig.conf.addr_count = 4;
	CU_ASSERT_EQUAL_FATAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	CU_ASSERT_EQUAL(net_source(rig.net, peer.b, got.b), 0);
	CU_ASSERT(ip_eq(&got, &us));
	CU_ASSERT_EQUAL(net_source(rig.net, far4.b, got.b), 0);
	CU_ASSERT_EQUAL(got.b[13], 1);
	CU_ASSERT_EQUAL(net_source(rig.net, far6, got.b), 0);
	CU_ASSERT_EQUAL(got.b[15], 3);
	CU_ASSERT_EQUAL(net_source(rig.net, peer6, got.b), 0);
	CU_ASSERT(ip_eq(&got, &us_6));
	CU_ASSERT_EQUAL(net_source(rig.net, link6, got.b), 0);
	CU_ASSERT(ip_eq(&got, &rig.net->link_local)); /* rule 2 */
	CU_ASSERT_EQUAL(net_source(rig.net, us.b, got.b), 0);
	CU_ASSERT(ip_eq(&got, &us)); /* rule 1 */
	rig.conf = (struct net_conf){ .addr_count = 0 };
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	CU_ASSERT_EQUAL(net_source(rig.net, peer.b, got.b), -R_NET_NO_ROUTE);
	rig_stop();
}

/* Answers to where the segment came from, whatever routes and neighbours say. */
static void
test_to_sender(void)
{
	uint8_t stranger[6] = { 2, 1, 0, 0, 0, 0 };
	uint8_t first;

	begin();
	rig_tcp4();
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT_EQUAL(rig.tcp.via, 0); /* nobody has asked for it */
	rig.conf.to_sender = true;
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), 0);
	rig_clear();
	rig_tcp4();
	memcpy(rig.in.data + 6, mac_other, 6);
	CU_ASSERT_EQUAL(rig_input(), 1);
	CU_ASSERT_NOT_EQUAL(first = rig.tcp.via, 0);
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	CU_ASSERT(rig.sent_count == 1 && sent_to(0, mac_other, ETH_IP4));
	for (int i = 0; i < 1000; i++) { /* more stations than there are numbers */
		stranger[4] = (uint8_t)(i >> 8);
		stranger[5] = (uint8_t)i;
		rig_clear();
		rig_tcp4();
		memcpy(rig.in.data + 6, stranger, 6);
		CU_ASSERT_EQUAL(rig_input(), 1);
		CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
		CU_ASSERT(sent_to(0, stranger, ETH_IP4));
	}
	rig_clear();
	rig.tcp.via = 0; /* our own open: by its route */
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	CU_ASSERT(sent_to(0, mac_all, ETH_ARP));
	rig_stop();
}

static void
test_nd_answers(void)
{
	struct net_ip group = ip_solicited(&us_6);
	static const uint8_t none[16];
	uint8_t group_mac[6];
	const uint8_t *d;

	begin();
	mac_of_group(group_mac, &group);
	rig_nd(135, 0, peer6, group.b, us6, mac_peer, group_mac);
	CU_ASSERT_EQUAL(rig_input(), 0);
	CU_ASSERT_FATAL(sent_to(0, mac_peer, ETH_IP6));
	d = rig.sent[0]->data;
	CU_ASSERT(d[54] == 136 && d[58] == 0x60 && d[21] == 255);
	CU_ASSERT(memcmp(d + 62, us6, 16) == 0 && memcmp(d + 80, mac_us, 6) == 0);
	rig_nd(135, 0, none, group.b, us6, NULL, group_mac); /* duplicate detection */
	rig_input();
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 2);
	CU_ASSERT_EQUAL(rig.sent[1]->data[58], 0x20);
	rig_nd(135, 0, peer6, group.b, peer6, mac_peer, group_mac); /* another's address */
	rig_input();
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	rig.in.data[21] = 254; /* forwarded */
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 2);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ND], 2);
	rig_stop();
}

static void
test_nd_resolve(void)
{
	begin();
	rig_output(&us_6, &peer_6, 7);
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	CU_ASSERT(rig.sent[0]->data[0] == 0x33 && rig.sent[0]->data[54] == 135);
	rig_nd(136, 0x60000000, peer6, us6, peer6, mac_peer, mac_us);
	rig_input();
	CU_ASSERT(sent_to(1, mac_peer, ETH_IP6));
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

static void
test_nd_bad_options(void)
{
	begin();
	for (int length = 0; length < 256; length++) {
		struct net_ip s = ip_v6(peer6), d = ip_v6(us6);

		rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
		rig.in.data[79] = (uint8_t)length;
		rig.in.data[56] = rig.in.data[57] = 0;
		rig_sum(54, 2, &s, &d, IP_ICMP6);
		rig_input();
		CU_ASSERT_EQUAL(rig.sent_count, length == 1);
		rig_clear();
	}
	rig_stop();
}

/* More neighbours than the table holds: what is not in use makes room. */
static void
test_full(void)
{
	uint32_t answered = 0;

	begin();
	for (uint32_t i = 0; i < 3 * NET_NEIGH_MAX; i++) {
		uint8_t ip[4] = { 10, 0, 0, (uint8_t)(3 + i % 200) };

		uint8_t mac[6] = { 2, 0, 0, 9, 0, ip[3] };

		rig_clear();
		rig_arp(1, mac, ip, us4, mac_all);
		rig_input();
		answered += rig.sent_count;
	}
	CU_ASSERT_EQUAL(answered, 3 * NET_NEIGH_MAX);
	CU_ASSERT_EQUAL(rig.net->neigh_fresh, 200);
	for (uint32_t i = 0; i < 2 * NET_NEIGH_MAX; i++) {
		uint8_t to[16] = { 0xfd, [13] = 1, (uint8_t)(i >> 8), (uint8_t)i };
		struct net_ip dst = ip_v6(to);

		rig_clear();
		rig.now += 10000;
		if (rig_output(&us_6, &dst, 1) == -R_NET_NEIGH_FULL)
			break;
		/* Packets wait in the entries: the rig has few, so let them fail. */
		if (rig_busy() + 8 > SENT_MAX)
			for (int k = 0; k < 4; k++) {
				rig_clear();
				rig.now += 1000000;
				net_poll(rig.net, rig.now);
			}
	}
	CU_ASSERT(rig.net->neigh_fresh <= NET_NEIGH_MAX);
	rig_stop();
}

/* Written from RFC 4861 section 7.3.2 and appendix C, but for the entries in use whom
 * somebody else claims: those are asked (P with D). -: nothing changes; +: the new MAC
 * is taken; w: a while to be confirmed; a: asked; D: asked if one may. */
static void
test_cells(void)
{
	static const char *const rows[NEIGH_STATES][NEIGH_EVENTS] = {
		/*                    used  same  other says  other confirm time */
		[NEIGH_INCOMPLETE] = { "I-", "I-", "R+", "I-", "S+", "I-", "I-" },
		[NEIGH_REACHABLE] = { "R-", "R.", "PD", "R-", "PD", "R.", "R-" },
		[NEIGH_STALE] = { "Dw", "R.", "S+", "S-", "S+", "R.", "S-" },
		[NEIGH_DELAY] = { "D-", "R.", "PD", "D-", "PD", "R.", "Pa" },
		[NEIGH_PROBE] = { "P-", "R.", "P-", "P-", "P-", "R.", "P-" },
	};
	static const char states[] = "FIRSDP", actions[] = "-.+waD";

	for (int s = NEIGH_INCOMPLETE; s < NEIGH_STATES; s++)
		for (int e = 0; e < NEIGH_EVENTS; e++) {
			const struct neigh_cell *c = neigh_cell((enum neigh_state)s, (enum neigh_event)e);

			CU_ASSERT_EQUAL(states[c->to], rows[s][e][0]);
			CU_ASSERT_EQUAL(actions[c->action], rows[s][e][1]);
		}
}

/* Nobody makes us ask the whole link, and who does not answer takes a quarter of the
 * table at most. */
static void
test_ask_limits(void)
{
	uint32_t asked = 0, refused = 0;

	begin();
	for (uint32_t i = 0; i < 100; i++) {
		struct net_ip dst = ip_v4((const uint8_t[4]){ 10, 0, 0, (uint8_t)(100 + i) });
		int r = rig_output(&us, &dst, 1);

		asked += rig.sent_count;
		rig_clear();
		refused += r == -R_NET_NEIGH_RATE;
		if (rig_busy() + 4 > SENT_MAX) /* the rig has few packets */
			neigh_step(rig.net, &rig.net->neigh[rig.net->neigh_fresh - 1],
			    NEIGH_E_SAYS_OTHER, mac_peer, rig.now);
		rig_clear();
	}
	CU_ASSERT_EQUAL(asked, NEIGH_ASK_BURST);
	CU_ASSERT_EQUAL(refused, 100 - NEIGH_ASK_BURST);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NEIGH_RATE], refused);
	rig.now += 1000000 / NEIGH_ASK_RATE; /* one more */
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 1), 0);
	CU_ASSERT_EQUAL(rig.net->stats.neigh_asked, NEIGH_ASK_BURST + 1);
	rig_clear();
	rig.net->neigh_asked = NET_NEIGH_ASKED_MAX;
	rig.now += 10000000;
	CU_ASSERT_EQUAL(rig_output(&us_6, &peer_6, 1), -R_NET_NEIGH_FULL);
	rig_stop();
}

/* E16: one station makes so many entries, and then no more; others still do. */
static void
test_claim_limit(void)
{
	begin();
	for (uint32_t i = 0; i < NET_NEIGH_PER_MAC + 20; i++) {
		uint8_t ip[4] = { 10, 0, 0, (uint8_t)(10 + i) };

		rig_clear();
		rig_arp(1, mac_other, ip, us4, mac_all);
		rig_input();
		CU_ASSERT_EQUAL(rig.sent_count, 1); /* answered all the same */
	}
	CU_ASSERT_EQUAL(net_get_load(rig.net).neighbours, NET_NEIGH_PER_MAC);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NEIGH_CLAIM], 20);
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	CU_ASSERT_EQUAL(net_get_load(rig.net).neighbours, NET_NEIGH_PER_MAC + 1);
	rig_stop();
}

static void
test_no_packet(void)
{
	begin();
	rig.no_pkt = true;
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	CU_ASSERT_EQUAL(rig_input(), 0);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NO_PKT], 1);
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "ARP is answered for our addresses only", test_arp_answers },
		{ "packets wait for an address, in order", test_resolve },
		{ "a neighbour that does not answer", test_resolve_fails },
		{ "a stale entry is used, then asked or confirmed", test_stale },
		{ "who is in doubt is asked", test_doubted },
		
		{ "what nobody asked for", test_unasked_is_stale },
		{ "every cell of the table", test_cells },
		{ "questions are limited", test_ask_limits },
		{ "a station that claims many addresses", test_claim_limit },
		{ "an unasked answer changes nothing", test_spoof },
		{ "gateways and no route", test_routes },
		{ "the longest prefix", test_longest },
		{ "the address that suits a peer", test_source },
		{ "answers go to the sender", test_to_sender },
		{ "solicitations are answered", test_nd_answers },
		{ "an IPv6 address is found", test_nd_resolve },
		{ "options with lengths that lie", test_nd_bad_options },
		{ "a full table", test_full },
		{ "no packet to answer with", test_no_packet },
		CU_TEST_INFO_NULL,
	};

	return suite_run("neigh", tests);
}
