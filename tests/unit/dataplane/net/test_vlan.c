/*
 * A VLAN in front of the whole room: ARP, neighbour discovery, echo and TCP with tags.
 */
#include "dataplane/net/vlan.h"
#include "tests/unit/dataplane/net/rig.h"

#define VLAN 100u

static void
tag(uint16_t tci)
{
	uint8_t *d = rig.in.data;

	memmove(d + 16, d + 12, rig.in.len - 12);
	memcpy(d + 12, (uint8_t[4]){ 0x81, 0, (uint8_t)(tci >> 8), (uint8_t)tci }, 4);
	rig.in.len += 4;
}

/* As a worker does it: 1 for TCP, 0, or what it is dropped for. */
static int
arrive(uint16_t vlan)
{
	int r = vlan_in(vlan, &rig.in);

	return r < 0 ? r : rig_input();
}

static void
test_in(void)
{
	static const struct {
		uint16_t vlan, tci;
		bool tagged;
		int result;
	} rows[] = {
		{ VLAN_NONE, 0, false, 1 },
		{ VLAN_NONE, 0xe000, true, 1 }, /* a priority alone */
		{ VLAN_NONE, 100, true, -R_NET_VLAN },
		{ VLAN, 100, true, 1 },
		{ VLAN, 0xf064, true, 1 },      /* with priority and DEI */
		{ VLAN, 101, true, -R_NET_VLAN },
		{ VLAN, 0, true, -R_NET_VLAN },
		{ VLAN, 0, false, -R_NET_VLAN },
		{ VLAN_MAX, 0x0ffe, true, 1 },
	};

	rig_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			if (v6)
				rig_tcp6();
			else
				rig_tcp4();
			if (rows[i].tagged)
				tag(rows[i].tci);
			CU_ASSERT_EQUAL(arrive(rows[i].vlan), rows[i].result);
		}
	rig_tcp4();
	tag(VLAN);
	rig.in.len = 17;
	CU_ASSERT_EQUAL(arrive(VLAN), -R_NET_SHORT);
	rig.in.len = 13;
	CU_ASSERT_EQUAL(arrive(VLAN_NONE), -R_NET_SHORT);
	/* A second tag is no type that is served. */
	rig_tcp4();
	tag(VLAN);
	tag(VLAN);
	CU_ASSERT_EQUAL(arrive(VLAN), 0);
	CU_ASSERT_EQUAL(rig.drops[R_NET_ETHERTYPE], 1);
	rig_stop();
}

/* Every frame that answers, tagged, and without its tag what it was. */
static void
expect_tagged(void)
{
	uint8_t before[BUF_SIZE];

	CU_ASSERT(rig.sent_count > 0);
	for (uint32_t i = 0; i < rig.sent_count; i++) {
		struct pkt *p = rig.sent[i];
		uint32_t len = p->len;

		memcpy(before, p->data, len);
		vlan_out(VLAN, p);
		CU_ASSERT_EQUAL(p->len, len + 4);
		CU_ASSERT(memcmp(p->data, before, 12) == 0 && memcmp(p->data + 12, "\x81\0\0\x64", 4) == 0);
		CU_ASSERT(memcmp(p->data + 16, before + 12, len - 12) == 0);
		CU_ASSERT_EQUAL(vlan_in(VLAN, p), 0);
		CU_ASSERT(p->len == len && memcmp(p->data, before, len) == 0);
		vlan_out(VLAN_NONE, p);
		CU_ASSERT(p->len == len && memcmp(p->data, before, len) == 0);
	}
	rig_clear();
}

static void
test_answers(void)
{
	struct net_ip us = ip_v4(us4), peer = ip_v4(peer4);

	rig_start();
	rig_clear();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	tag(VLAN);
	CU_ASSERT_EQUAL(arrive(VLAN), 0);
	expect_tagged();
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	tag(VLAN);
	CU_ASSERT_EQUAL(arrive(VLAN), 0);
	expect_tagged();
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 7), 0);
	expect_tagged();
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "which frames are taken", test_in },
		{ "ARP, neighbour discovery and TCP with tags", test_answers },
		CU_TEST_INFO_NULL,
	};

	return suite_run("vlan", tests);
}
