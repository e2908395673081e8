/*
 * Virtual routers: every cell of the state machine, its times, its packets, and whose
 * the addresses are.
 */
#include "tests/unit/dataplane/net/rig.h"

#include <stdlib.h>

#include "dataplane/net/vrrp.h"

#define CENTI 10000u /* us */

static const uint8_t vmac4[6] = { 0, 0, 0x5e, 0, 1, 51 };
static const uint8_t vmac6[6] = { 0, 0, 0x5e, 0, 2, 52 };
static const uint8_t vip4[4] = { 10, 0, 0, 100 };
static const uint8_t vlink6[16] = { 0xfe, 0x80, [15] = 0x64 };
static const uint8_t vip6[16] = { 0xfd, [15] = 0x64 };
static const uint8_t peer_link6[16] = { 0xfe, 0x80, [15] = 2 };

static struct net_conf conf;

static void
begin(uint8_t priority, bool preempt, bool accept)
{
	conf = (struct net_conf){
	    .addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
	    .addr_count = 2,
	    .speaks = true,
	    .vrrp = { { .family = 4, .vrid = 51, .priority = priority, .addr_count = 1, .preempt = preempt,
			  .accept = accept, .interval = 100, .addr = { { 10, 0, 0, 100 } } },
		{ .family = 6, .vrid = 52, .priority = priority, .addr_count = 2, .preempt = preempt,
		    .accept = accept, .interval = 100, .addr = { { 0xfe, 0x80, [15] = 0x64 }, { 0xfd, [15] = 0x64 } } } },
	    .vrrp_count = 2,
	};
	rig_start_with(&conf);
}

static enum vrrp_state
state(uint32_t i)
{
	return rig.net->vrrp[i].state;
}

/* Runs until `span` later, at the times that net asks for; frames are kept. */
static void
run(uint64_t span)
{
	uint64_t end = rig.now + span;

	while (net_next(rig.net, rig.now) <= end) {
		rig.now = net_next(rig.net, rig.now);
		if (rig.sent_count > SENT_MAX / 2)
			rig_clear();
		net_poll(rig.net, rig.now);
	}
	rig.now = end;
}

/* The n-th VRRP packet that was sent, of either family; NULL: there is none. */
static const uint8_t *
advert(uint32_t n, bool v4)
{
	for (uint32_t i = 0; i < rig.sent_count; i++) {
		const uint8_t *d = rig.sent[i]->data;

		if (d[v4 ? 23 : 20] == 112 && d[12] == (v4 ? 0x08 : 0x86) && n-- == 0)
			return d;
	}
	return NULL;
}

/* An advertisement of another router; the checksum is good but for `spoil`. */
static void
hear_as(bool v4, uint8_t version, uint8_t vrid, uint8_t priority, uint16_t interval, const uint8_t *src,
    uint8_t ttl, bool spoil)
{
	uint8_t head[8] = { version, vrid, priority, v4 ? 1 : 2, (uint8_t)(interval >> 8), (uint8_t)interval };
	static const uint8_t all4[4] = { 224, 0, 0, 18 }, all6[16] = { 0xff, 2, [15] = 0x12 };
	struct net_ip s = v4 ? ip_v4(src) : ip_v6(src), d = v4 ? ip_v4(all4) : ip_v6(all6);
	uint32_t start;

	if (v4) {
		rig_eth((const uint8_t[6]){ 1, 0, 0x5e, 0, 0, 18 }, vmac4, ETH_IP4);
		rig_ip4(src, all4, 112, 12);
		rig.in.data[22] = ttl;
		rig.in.data[24] = rig.in.data[25] = 0;
		rig_sum(14, 10, &s, &d, IP_ICMP); /* a plain sum */
	} else {
		rig_eth((const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 0x12 }, vmac6, ETH_IP6);
		rig_ip6(src, all6, 112, ttl, 40);
	}
	start = rig.in.len;
	rig_add(head, 8);
	rig_add(v4 ? vip4 : vlink6, v4 ? 4 : 16);
	if (!v4)
		rig_add(vip6, 16);
	rig_sum(start, 6, &s, &d, 112);
	if (spoil)
		rig.in.data[start + 7] ^= 1;
	CU_ASSERT_EQUAL(rig_input(), 0);
}

static void
hear(bool v4, uint8_t priority, uint16_t interval, const uint8_t *src)
{
	hear_as(v4, 0x31, v4 ? 51 : 52, priority, interval, src, 255, false);
}

/* Written from RFC 5798 sections 6.4.1 to 6.4.3: the next state, and what is done:
 * i interval, a advertise, z with priority 0, g gratuitous, A and D and S the timers.
 * A Master answers a lesser one at once, which RFC 9568 section 6.4.3 has added. */
static void
test_cells(void)
{
	static const char *const rows[VRRP_STATES][VRRP_EVENTS] = {
		/*   start owner   shut   time    zero   above  eq+    eq     below  below, no preempt */
		{ "B D", "M agA", "I ", "I ", "I ", "I ", "I ", "I ", "I ", "I " },
		{ "B ", "B ", "I ", "M agA", "B S", "B iD", "B iD", "B iD", "B ", "B iD" },
		{ "M ", "M ", "I z", "M aA", "M aA", "B iD", "B iD", "M a", "M a", "M a" },
	};
	static const char letters[] = "iazgADS";

	for (int s = 0; s < VRRP_STATES; s++)
		for (int e = 0; e < VRRP_EVENTS; e++) {
			const struct vrrp_cell *c = vrrp_cell((enum vrrp_state)s, (enum vrrp_event)e);
			uint8_t actions = 0;

			for (const char *at = rows[s][e] + 2; *at != '\0'; at++)
				actions |= (uint8_t)(1u << (strchr(letters, *at) - letters));
			CU_ASSERT_EQUAL("IBM"[c->to], rows[s][e][0]);
			CU_ASSERT_EQUAL(c->actions, actions);
		}
}

/* Section 6.1. */
static void
test_times(void)
{
	CU_ASSERT_EQUAL(vrrp_skew_us(100, 100), 609375); /* 60.9 centiseconds */
	CU_ASSERT_EQUAL(vrrp_down_us(100, 100), 3609375);
	CU_ASSERT_EQUAL(vrrp_skew_us(254, 100), 7812);
	CU_ASSERT_EQUAL(vrrp_down_us(1, 4095), 3 * 40950000u + 40950000ull * 255 / 256);
	begin(100, true, true);
	CU_ASSERT(state(0) == VRRP_BACKUP && state(1) == VRRP_BACKUP);
	run(3609374);
	CU_ASSERT(state(0) == VRRP_BACKUP && advert(0, true) == NULL);
	run(1);
	CU_ASSERT(state(0) == VRRP_MASTER && state(1) == VRRP_MASTER);
	CU_ASSERT_PTR_NOT_NULL(advert(0, true));
	CU_ASSERT_PTR_NULL(advert(1, true));
	run(999999);
	CU_ASSERT_PTR_NULL(advert(1, true));
	run(1);
	CU_ASSERT_PTR_NOT_NULL(advert(1, true));
	CU_ASSERT_PTR_NOT_NULL(advert(1, false));
	CU_ASSERT_EQUAL(rig.net->stats.vrrp_master, 2);
	rig_stop();
}

/* Sections 5.1 and 5.2, byte by byte. */
static void
test_packet(void)
{
	static const uint8_t want4[] = { 1, 0, 0x5e, 0, 0, 0x12, 0, 0, 0x5e, 0, 1, 51, 8, 0, 0x45, 0, 0, 32, 0, 0, 0x40, 0,
		255, 112 };
	static const uint8_t body4[] = { 10, 0, 0, 1, 224, 0, 0, 18, 0x31, 51, 200, 1, 0, 100 };
	static const uint8_t want6[] = { 0x33, 0x33, 0, 0, 0, 0x12, 0, 0, 0x5e, 0, 2, 52, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40,
		112, 255 };
	static const uint8_t body6[] = { 0x31, 52, 200, 2, 0, 100 };
	const uint8_t *d;
	struct net_ip s, t;

	begin(200, true, true);
	run(4000000);
	d = advert(0, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT(memcmp(d, want4, sizeof(want4)) == 0 && memcmp(d + 26, body4, sizeof(body4)) == 0);
	CU_ASSERT(memcmp(d + 42, vip4, 4) == 0);
	s = ip_v4(d + 26);
	t = ip_v4(d + 30);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&s, &t, 112, 12), d + 34, 12)), 0);
	d = advert(0, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT(memcmp(d, want6, sizeof(want6)) == 0 && memcmp(d + 54, body6, sizeof(body6)) == 0);
	s = ip_v6(d + 22);
	t = ip_v6(d + 38);
	CU_ASSERT(ip_eq(&s, &rig.net->link_local) && d[38] == 0xff && d[53] == 0x12);
	CU_ASSERT(memcmp(d + 62, vlink6, 16) == 0 && memcmp(d + 78, vip6, 16) == 0);
	CU_ASSERT_EQUAL(csum_fold(csum_add(csum_pseudo(&s, &t, 112, 40), d + 54, 40)), 0);
	rig_stop();
}

/* Section 7.1: what makes no difference. */
static void
test_bad(void)
{
	static const struct {
		uint8_t version, vrid, ttl;
		uint16_t interval;
		bool spoil;
	} rows[] = { { 0x21, 51, 255, 100, false }, { 0x32, 51, 255, 100, false }, { 0x31, 50, 255, 100, false },
		{ 0x31, 51, 254, 100, false }, { 0x31, 51, 1, 100, false }, { 0x31, 51, 255, 100, true },
		{ 0x31, 51, 255, 0, false } };

	begin(100, true, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hear_as(true, rows[i].version, rows[i].vrid, 254, rows[i].interval, peer4, rows[i].ttl, rows[i].spoil);
		CU_ASSERT_EQUAL(rig.drops[R_NET_VRRP], i + 1);
	}
	rig.in.len = 34 + 9; /* cut */
	rig_input();
	run(3700000);
	CU_ASSERT_EQUAL(state(0), VRRP_MASTER);
	CU_ASSERT_EQUAL(rig.net->stats.vrrp_in, 0);
	rig_stop();
}

/* Backup and Master against priorities, both families. */
static void
test_election(void)
{
	static const uint8_t lesser[4] = { 10, 0, 0, 0 + 200 };

	for (int v4 = 0; v4 < 2; v4++) {
		uint32_t i = v4 ? 0 : 1;
		const uint8_t *src = v4 ? peer4 : peer_link6;

		begin(100, true, true);
		for (int k = 0; k < 20; k++) { /* a greater one keeps us where we are */
			hear(v4, 200, 100, src);
			run(1000000);
			CU_ASSERT_EQUAL(state(i), VRRP_BACKUP);
		}
		hear(v4, 200, 10, src); /* his interval counts from here on */
		run(3 * 10 * CENTI + 60938);
		CU_ASSERT_EQUAL(state(i), VRRP_MASTER);
		rig_clear();
		hear(v4, 50, 100, src); /* a lesser one is told at once */
		CU_ASSERT(state(i) == VRRP_MASTER && advert(0, v4) != NULL);
		rig_clear();
		hear(v4, 0, 100, src);
		CU_ASSERT(state(i) == VRRP_MASTER && advert(0, v4) != NULL);
		hear(v4, 101, 100, src);
		CU_ASSERT_EQUAL(state(i), VRRP_BACKUP);
		hear(v4, 0, 100, src); /* it goes: Skew_Time, and we are there */
		run(609374);
		CU_ASSERT_EQUAL(state(i), VRRP_BACKUP);
		run(1);
		CU_ASSERT_EQUAL(state(i), VRRP_MASTER);
		hear(v4, 50, 100, src); /* lesser: preempted by timeout */
		CU_ASSERT_EQUAL(state(i), VRRP_MASTER);
		rig_stop();
	}
	/* equal: the greater address */
	begin(100, true, true);
	run(4000000);
	hear(true, 100, 100, (const uint8_t[4]){ 10, 0, 0, 0 });
	CU_ASSERT_EQUAL(state(0), VRRP_MASTER); /* no host has that address: dropped */
	hear(true, 100, 100, lesser);
	CU_ASSERT_EQUAL(state(0), VRRP_BACKUP);
	rig_stop();
	conf.addr[0].b[3] = 250;
	rig_start_with(&conf);
	run(4000000);
	hear(true, 100, 100, lesser);
	CU_ASSERT_EQUAL(state(0), VRRP_MASTER);
	rig_stop();
}

static void
test_preempt(void)
{
	for (int preempt = 0; preempt < 2; preempt++) {
		begin(200, preempt, true);
		for (int k = 0; k < 10; k++) {
			hear(true, 50, 100, peer4);
			run(1000000);
		}
		CU_ASSERT_EQUAL(state(0), preempt ? VRRP_MASTER : VRRP_BACKUP);
		rig_stop();
	}
	begin(VRRP_OWNER, true, false); /* whose own they are: at once, and for good */
	CU_ASSERT_EQUAL(state(0), VRRP_MASTER);
	hear(true, 254, 100, peer4);
	CU_ASSERT_EQUAL(state(0), VRRP_MASTER);
	CU_ASSERT(vrrp_accepts(rig.net, &rig.net->vrrp[0].addr[0]));
	rig_stop();
}

static void
test_shutdown(void)
{
	const uint8_t *d;

	begin(100, true, true);
	net_shutdown(rig.net, rig.now); /* a Backup has nothing to say */
	CU_ASSERT(state(0) == VRRP_INITIALIZE && advert(0, true) == NULL);
	run(10000000);
	CU_ASSERT_EQUAL(state(0), VRRP_INITIALIZE);
	rig_stop();
	begin(100, true, true);
	run(4000000);
	rig_clear();
	net_shutdown(rig.net, rig.now);
	d = advert(0, true);
	CU_ASSERT(d != NULL && d[36] == 0 && d[35] == 51);
	d = advert(0, false);
	CU_ASSERT(d != NULL && d[56] == 0);
	CU_ASSERT_EQUAL(rig.net->stats.vrrp_left, 2);
	rig_stop();
}

static uint32_t
arp_answers(const uint8_t sha[6])
{
	uint32_t count = 0;

	rig_clear();
	rig_arp(1, mac_peer, peer4, vip4, mac_all);
	rig_input();
	for (uint32_t i = 0; i < rig.sent_count; i++) {
		const uint8_t *d = rig.sent[i]->data;

		/* section 8.1.2: the frame comes from the station, what it says is virtual */
		count += d[13] == 6 && d[21] == 2 && memcmp(d + 22, sha, 6) == 0 && memcmp(d + 6, mac_us, 6) == 0;
	}
	return count;
}

static uint32_t
nd_answers(void)
{
	struct net_ip target = ip_v6(vip6), group = ip_solicited(&target);
	uint8_t group_mac[6];
	uint32_t count = 0;

	rig_clear();
	mac_of_group(group_mac, &group);
	rig_nd(135, 0, peer6, group.b, vip6, mac_peer, group_mac);
	rig_input();
	for (uint32_t i = 0; i < rig.sent_count; i++) {
		const uint8_t *d = rig.sent[i]->data;

		count += d[54] == 136 && d[58] == 0xe0 && memcmp(d + 80, vmac6, 6) == 0;
	}
	return count;
}

static int
tcp_to(const uint8_t mac[6])
{
	struct net_ip src = ip_v4(peer4), dst = ip_v4(vip4);

	rig_tcp4();
	memcpy(rig.in.data, mac, 6);
	memcpy(rig.in.data + 30, vip4, 4);
	rig.in.data[24] = rig.in.data[25] = 0;
	rig.in.data[50] = rig.in.data[51] = 0;
	rig_sum(34, 16, &src, &dst, IP_TCP);
	rig.in.data[24] = rig.in.data[25] = 0;
	{
		uint16_t sum = csum_fold(csum_add(0, rig.in.data + 14, 20));

		rig.in.data[24] = (uint8_t)(sum >> 8);
		rig.in.data[25] = (uint8_t)sum;
	}
	return rig_input();
}

/* Whose the addresses are, by state. */
static void
test_addresses(void)
{
	struct net_ip vip = ip_v4(vip4), peer = ip_v4(peer4);
	uint32_t announced = 0;

	begin(100, true, true);
	CU_ASSERT(arp_answers(vmac4) == 0 && nd_answers() == 0);
	CU_ASSERT(tcp_to(vmac4) == 0 && tcp_to(mac_us) == 0);
	rig_clear();
	run(3609375);
	for (uint32_t i = 0; i < rig.sent_count; i++) { /* gratuitous: section 6.4.2 */
		const uint8_t *d = rig.sent[i]->data;

		announced += d[13] == 6 && memcmp(d + 22, vmac4, 6) == 0 && memcmp(d + 28, vip4, 4) == 0 &&
		    memcmp(d + 38, vip4, 4) == 0;
	}
	CU_ASSERT_EQUAL(announced, 1);
	CU_ASSERT(arp_answers(vmac4) == 1 && nd_answers() == 1);
	CU_ASSERT(tcp_to(vmac4) == 1 && tcp_to(mac_us) == 1);
	CU_ASSERT_EQUAL(tcp_to((const uint8_t[6]){ 0, 0, 0x5e, 0, 1, 50 }), 0);
	/* our own questions from it say the virtual MAC too */
	rig_clear();
	CU_ASSERT_EQUAL(rig_output(&vip, &peer, 1), 0);
	run(6000000);
	hear(true, 200, 100, peer4);
	CU_ASSERT(arp_answers(vmac4) == 0 && tcp_to(vmac4) == 0);
	CU_ASSERT_EQUAL(rig_output(&vip, &peer, 1), -R_NET_NOT_OURS);
	rig_stop();
	begin(100, true, false); /* section 6.1, Accept_Mode */
	run(4000000);
	CU_ASSERT(arp_answers(vmac4) == 1 && tcp_to(vmac4) == 0);
	rig_stop();
}

/* The same configuration again goes on; another one ends what was. */
static void
test_reconfigure(void)
{
	const uint8_t *d;

	begin(100, true, true);
	run(4000000);
	rig_clear();
	CU_ASSERT_EQUAL(net_configure(rig.net, &conf, rig.now), 0);
	CU_ASSERT(state(0) == VRRP_MASTER && advert(0, true) == NULL);
	conf.vrrp[0].priority = 90;
	CU_ASSERT_EQUAL(net_configure(rig.net, &conf, rig.now), 0);
	d = advert(0, true);
	CU_ASSERT(d != NULL && d[36] == 0);
	CU_ASSERT(state(0) == VRRP_BACKUP && state(1) == VRRP_MASTER);
	conf.vrrp_count = NET_VRRP_MAX + 1;
	CU_ASSERT_EQUAL(net_configure(rig.net, &conf, rig.now), -R_LIMIT);
	conf.vrrp_count = 1;
	conf.vrrp[0].interval = VRRP_INTERVAL_MAX + 1;
	CU_ASSERT_EQUAL(net_configure(rig.net, &conf, rig.now), -R_LIMIT);
	rig_stop();
}

static void
test_follow(void)
{
	struct net *speaker;
	uint64_t face;

	begin(100, true, true);
	run(4000000);
	rig_clear();
	speaker = rig.net;
	conf.speaks = false;
	rig_start_with(&conf);
	run(10000000);
	CU_ASSERT(rig.sent_count == 0 && tcp_to(vmac4) == 0);
	face = net_face(speaker);
	net_follow(rig.net, face);
	CU_ASSERT_EQUAL(tcp_to(vmac4), 1);
	hear(true, 200, 100, peer4); /* the one that speaks hears it too */
	CU_ASSERT_EQUAL(tcp_to(vmac4), 1);
	net_follow(rig.net, face & ~(1ull << 32));
	CU_ASSERT_EQUAL(tcp_to(vmac4), 0);
	net_shutdown(rig.net, rig.now);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	rig_stop();
	free(speaker);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every cell of the table", test_cells },
		{ "times", test_times },
		{ "packets", test_packet },
		{ "packets that are refused", test_bad },
		{ "who is Master", test_election },
		{ "preemption and the owner", test_preempt },
		{ "the end", test_shutdown },
		{ "whose the addresses are", test_addresses },
		{ "configured again", test_reconfigure },
		{ "workers that follow", test_follow },
		CU_TEST_INFO_NULL,
	};

	return suite_run("vrrp", tests);
}
