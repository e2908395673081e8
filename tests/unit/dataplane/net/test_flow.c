/*
 * Whose a frame is, when workers share a port.
 */
#include "dataplane/net/flow.h"

#include <stdlib.h>

#include "tests/unit/dataplane/net/rig.h"
#include "tests/vector/vector.h"

static struct flow_key key;

static void
rss_case(const struct vector *v)
{
	struct view source = vector_get(v, "source"), to = vector_get(v, "destination");
	struct view want = vector_get(v, "hash"), ports = vector_get(v, "ports");
	uint8_t tuple[FLOW_NIBBLES / 2];
	uint32_t hash;

	CU_ASSERT_EQUAL_FATAL(vector_get(v, "key").len, FLOW_KEY_SIZE);
	CU_ASSERT_FATAL(2 * source.len + ports.len <= sizeof(tuple) && to.len == source.len);
	flow_key_init(&key, vector_get(v, "key").data);
	memcpy(tuple, source.data, source.len);
	memcpy(tuple + source.len, to.data, to.len);
	memcpy(tuple + 2 * source.len, ports.data, ports.len);
	hash = flow_hash(&key, tuple, (uint32_t)(2 * source.len + ports.len));
	CU_ASSERT_EQUAL(hash, (uint32_t)want.data[0] << 24 | (uint32_t)want.data[1] << 16 |
	    (uint32_t)want.data[2] << 8 | want.data[3]);
}

static void
test_vectors(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/rss.txt", rss_case), 8);
}

static void
begin(void)
{
	uint8_t k[FLOW_KEY_SIZE];

	for (uint32_t i = 0; i < sizeof(k); i++)
		k[i] = (uint8_t)(i * 91 + 17);
	flow_key_init(&key, k);
	rig_start();
	rig_clear();
}

static enum flow_whose
whose(uint32_t *hash)
{
	return flow_whose(&key, rig.in.data, rig.in.len, hash);
}

/* The error that a router sends about a segment of ours, as it quotes it. */
static void
quote4(uint8_t type, uint16_t local_port, uint16_t remote_port)
{
	uint8_t q[8 + 28] = { type, 3, [8] = 0x45, [8 + 9] = IP_TCP };
	static const uint8_t router[4] = { 10, 0, 0, 77 };

	memcpy(q + 8 + 12, us4, 4);
	memcpy(q + 8 + 16, peer4, 4);
	q[28] = (uint8_t)(local_port >> 8);
	q[29] = (uint8_t)local_port;
	q[30] = (uint8_t)(remote_port >> 8);
	q[31] = (uint8_t)remote_port;
	rig_eth(mac_us, mac_other, ETH_IP4);
	rig_ip4(router, us4, IP_ICMP, sizeof(q));
	rig_add(q, sizeof(q));
}

static void
quote6(uint8_t type, uint16_t local_port, uint16_t remote_port)
{
	uint8_t q[8 + 48] = { type, 0, [8] = 0x60, [8 + 6] = IP_TCP };
	static const uint8_t router[16] = { 0xfd, [15] = 0x77 };

	memcpy(q + 8 + 8, us6, 16);
	memcpy(q + 8 + 24, peer6, 16);
	q[48] = (uint8_t)(local_port >> 8);
	q[49] = (uint8_t)local_port;
	q[50] = (uint8_t)(remote_port >> 8);
	q[51] = (uint8_t)remote_port;
	rig_eth(mac_us, mac_other, ETH_IP6);
	rig_ip6(router, us6, IP_ICMP6, 64, sizeof(q));
	rig_add(q, sizeof(q));
}

static uint16_t
port_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
test_segments_and_errors(void)
{
	uint32_t segment = 0, error = 1;
	uint16_t remote, local;

	begin();
	rig_tcp4();
	remote = port_at(rig.in.data + ETH_SIZE + IP4_SIZE);
	local = port_at(rig.in.data + ETH_SIZE + IP4_SIZE + 2);
	CU_ASSERT_EQUAL(whose(&segment), FLOW_ONE);
	for (uint8_t type = 0; type < 20; type++) {
		bool is_error = type == 3 || type == 11 || type == 12;

		quote4(type, local, remote);
		CU_ASSERT_EQUAL(whose(&error), is_error ? FLOW_ONE : FLOW_HERE);
		CU_ASSERT_EQUAL(error, type < 3 ? 1u : segment);
	}
	quote4(3, local, (uint16_t)(remote + 1));
	CU_ASSERT_EQUAL(whose(&error), FLOW_ONE);
	CU_ASSERT_NOT_EQUAL(error, segment);
	rig_stop();
}

static void
test_errors6(void)
{
	uint32_t segment = 0, error = 1;
	uint16_t remote, local;

	begin();
	rig_tcp6();
	remote = port_at(rig.in.data + ETH_SIZE + IP6_SIZE);
	local = port_at(rig.in.data + ETH_SIZE + IP6_SIZE + 2);
	CU_ASSERT_EQUAL(whose(&segment), FLOW_ONE);
	for (uint8_t type = 0; type < 5; type++) {
		quote6(type, local, remote);
		CU_ASSERT_EQUAL(whose(&error), type >= 1 ? FLOW_ONE : FLOW_HERE);
		CU_ASSERT_EQUAL(error, type >= 1 ? segment : 1u);
	}
	rig_stop();
}

static void
test_everybody(void)
{
	uint32_t hash;

	begin();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	CU_ASSERT_EQUAL(whose(&hash), FLOW_ALL);
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	CU_ASSERT_EQUAL(whose(&hash), FLOW_ALL);
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	CU_ASSERT_EQUAL(whose(&hash), FLOW_ALL);
	rig_nd(136, 0x60000000u, peer6, us6, peer6, mac_peer, mac_us);
	CU_ASSERT_EQUAL(whose(&hash), FLOW_ALL);
	rig_eth(mac_us, mac_peer, 0x88cc);
	rig_add("0123456789012345678901234567890123456789", 40);
	CU_ASSERT_EQUAL(whose(&hash), FLOW_HERE);
	rig_stop();
}

/* A frame that was cut anywhere: nothing is read behind its end. */
static void
test_short(void)
{
	uint32_t hash = 0;

	begin();
	for (int kind = 0; kind < 4; kind++) {
		uint32_t whole, owned = 0;

		if (kind == 0)
			rig_tcp4();
		else if (kind == 1)
			rig_tcp6();
		else if (kind == 2)
			quote4(3, 1, 2);
		else
			quote6(1, 1, 2);
		whole = rig.in.len;
		for (uint32_t len = 0; len <= whole; len++) {
			uint8_t *exact = malloc(len + (len == 0));

			memcpy(exact, rig.in.data, len);
			owned += flow_whose(&key, exact, len, &hash) == FLOW_ONE;
			free(exact);
		}
		CU_ASSERT(owned > 0 && owned < whole);
	}
	rig_stop();
}

/* Another worker's ARP and discovery: learned, never answered. */
static void
test_overhear(void)
{
	struct net_ip us = ip_v4(us4), peer = ip_v4(peer4), us_6 = ip_v6(us6), peer_6 = ip_v6(peer6);
	static const uint8_t nobody[16];
	uint32_t asked;

	begin();
	CU_ASSERT_EQUAL(rig_output(&us, &peer, 7), 0);
	asked = rig.sent_count;
	CU_ASSERT_EQUAL(rig_busy(), 1);
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	net_overhear(rig.net, &rig.in, rig.now);
	CU_ASSERT_EQUAL(rig_busy(), 0);
	CU_ASSERT_EQUAL(rig.sent_count, asked + 1);
	rig_clear();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	net_overhear(rig.net, &rig.in, rig.now);
	rig_nd(135, 0, peer6, us6, us6, mac_peer, mac_us);
	net_overhear(rig.net, &rig.in, rig.now);
	rig_nd(135, 0, nobody, us6, us6, NULL, mac_us);
	net_overhear(rig.net, &rig.in, rig.now);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	/* The solicitation said where it is: nothing has to be asked. */
	CU_ASSERT_EQUAL(rig_output(&us_6, &peer_6, 7), 0);
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	CU_ASSERT_EQUAL(memcmp(rig.sent[0]->data, mac_peer, 6), 0);
	/* Received by ourselves the same is answered again. */
	rig_clear();
	rig_arp(1, mac_peer, peer4, us4, mac_all);
	rig_input();
	CU_ASSERT_EQUAL(rig.sent_count, 1);
	rig_stop();
}

/* All pieces of a datagram come to one worker; what they are pieces of does not matter. */
static void
test_pieces(void)
{
	uint32_t hash[4] = { 0, 1, 2, 3 };

	begin();
	for (uint32_t i = 0; i < 4; i++) {
		rig_tcp4();
		rig.in.data[ETH_SIZE + 6] = i < 3 ? 0x20 : 0;
		rig.in.data[ETH_SIZE + 7] = (uint8_t)(i * 8);
		rig.in.data[ETH_SIZE + IP4_SIZE] = (uint8_t)i; /* no port, later */
		CU_ASSERT_EQUAL(whose(&hash[i]), FLOW_ONE);
		CU_ASSERT_EQUAL(hash[i], hash[0]);
	}
	rig_stop();
}

/* The owner of a segment behind extension headers is that of one without. */
static void
test_behind(void)
{
	static const uint8_t head[8] = { IP_TCP, 0, 1, 4 };
	static const uint8_t piece[8] = { IP_TCP, 0, 0, 1 };
	uint32_t plain = 0, other = 1, pieces[2] = { 2, 3 };
	uint8_t *ip;

	begin();
	rig_tcp6();
	CU_ASSERT_EQUAL(whose(&plain), FLOW_ONE);
	for (uint32_t i = 0; i < 3; i++) {
		rig_tcp6();
		ip = rig.in.data + ETH_SIZE;
		memmove(ip + IP6_SIZE + 8, ip + IP6_SIZE, rig.in.len - ETH_SIZE - IP6_SIZE);
		memcpy(ip + IP6_SIZE, i == 0 ? head : piece, 8);
		ip[6] = i == 0 ? IP6_DEST_OPTIONS : IP6_FRAGMENT;
		ip[5] = (uint8_t)(ip[5] + 8);
		ip[IP6_SIZE + 3] = (uint8_t)(i == 2 ? 8 : ip[IP6_SIZE + 3]);
		rig.in.len += 8;
		CU_ASSERT_EQUAL(whose(i == 0 ? &other : &pieces[i - 1]), FLOW_ONE);
	}
	CU_ASSERT_EQUAL(other, plain);
	CU_ASSERT_EQUAL(pieces[0], pieces[1]);
	rig_stop();
}

static const CU_TestInfo tests[] = {
	{ "Toeplitz: published vectors", test_vectors },
	{ "segments and the errors about them", test_segments_and_errors },
	{ "the same for IPv6", test_errors6 },
	{ "pieces of a datagram", test_pieces },
	{ "segments behind extension headers", test_behind },
	{ "what everybody wants to hear", test_everybody },
	{ "frames that were cut", test_short },
	{ "overhearing answers nothing", test_overhear },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("flow", tests);
}
