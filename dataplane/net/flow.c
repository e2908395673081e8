/*
 * Which flow a frame belongs to, for workers that share a port.
 *
 * The hash is Toeplitz over source, destination, source port, destination port,
 * in the order of the wire, as network cards compute it for receive side
 * scaling. Its key is random: a peer cannot choose whose flows it joins.
 */
#include "dataplane/net/flow.h"

#include "dataplane/net/net_priv.h"

#define KEY_BITS 32u         /* of the key that one input bit selects */
#define IP4_TUPLE 12u
#define IP6_TUPLE 36u
#define PORTS_SIZE 4u
#define ICMP4_HEAD 8u
#define IP4_SRC 12u
#define IP6_SRC 8u
#define PIECE_MASK 0x3fff    /* more fragments; offset */
#define UNREACHABLE 3u
#define TIME_EXCEEDED 11u
#define PARAMETER 12u
#define UNREACHABLE6 1u
#define PARAMETER6 4u
#define ND6_SOLICIT 135u
#define ND6_ADVERT 136u

static_assert(2 * IP6_TUPLE == FLOW_NIBBLES, "one table per nibble of the longest input");
static_assert(FLOW_KEY_SIZE >= IP6_TUPLE + KEY_BITS / 8, "every input bit has its key bits");

static uint32_t
key_at(const uint8_t key[FLOW_KEY_SIZE], uint32_t bit)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < 5; i++)
		bits = bits << 8 | (bit / 8 + i < FLOW_KEY_SIZE ? key[bit / 8 + i] : 0u);
	return (uint32_t)(bits >> (8 - bit % 8));
}

void
flow_key_init(struct flow_key *f, const uint8_t key[FLOW_KEY_SIZE])
{
	for (uint32_t n = 0; n < FLOW_NIBBLES; n++)
		for (uint32_t v = 0; v < 16; v++) {
			f->nibble[n][v] = 0;
			for (uint32_t bit = 0; bit < 4; bit++)
				if ((v & 8u >> bit) != 0)
					f->nibble[n][v] ^= key_at(key, 4 * n + bit);
		}
}

uint32_t
flow_hash(const struct flow_key *f, const uint8_t *tuple, uint32_t len)
{
	uint32_t hash = 0;

	for (uint32_t i = 0; i < len; i++)
		hash ^= f->nibble[2 * i][tuple[i] >> 4] ^ f->nibble[2 * i + 1][tuple[i] & 15];
	return hash;
}

/* Addresses and ports lie side by side only without IP options, which are
 * dropped anyway. A quoted segment is one of ours: its ends are turned round. */
static void
tuple_of(uint8_t *tuple, const uint8_t *addrs, uint32_t addr_size, const uint8_t *ports, bool quoted)
{
	uint8_t *at_port = tuple + 2 * addr_size;

	memcpy(tuple, addrs + (quoted ? addr_size : 0), addr_size);
	memcpy(tuple + addr_size, addrs + (quoted ? 0 : addr_size), addr_size);
	memcpy(at_port, ports + (quoted ? 2 : 0), 2);
	memcpy(at_port + 2, ports + (quoted ? 0 : 2), 2);
}

static bool
hash4(const struct flow_key *f, const uint8_t *ip, uint32_t len, bool quoted, uint32_t *hash)
{
	uint8_t tuple[IP4_TUPLE];

	if (len < IP4_SIZE + PORTS_SIZE || ip[0] != 0x45 || ip[9] != IP_TCP)
		return false;
	tuple_of(tuple, ip + IP4_SRC, 4, ip + IP4_SIZE, quoted);
	*hash = flow_hash(f, tuple, sizeof(tuple));
	return true;
}

static bool
hash6(const struct flow_key *f, const uint8_t *ip, uint32_t len, bool quoted, uint32_t *hash)
{
	uint8_t tuple[IP6_TUPLE];

	if (len < IP6_SIZE + PORTS_SIZE || ip[6] != IP_TCP)
		return false;
	tuple_of(tuple, ip + IP6_SRC, 16, ip + IP6_SIZE, quoted);
	*hash = flow_hash(f, tuple, sizeof(tuple));
	return true;
}

/* Pieces have no ports to be told by: both addresses say who puts them together. */
static enum flow_whose
piece(const struct flow_key *f, const uint8_t *addrs, uint32_t addr_size, uint32_t *hash)
{
	static const uint8_t no_ports[PORTS_SIZE];
	uint8_t tuple[IP6_TUPLE];

	tuple_of(tuple, addrs, addr_size, no_ports, false);
	*hash = flow_hash(f, tuple, 2 * addr_size + PORTS_SIZE);
	return FLOW_ONE;
}

/* Behind extension headers, as parse.c finds it. */
static enum flow_whose
behind(const struct flow_key *f, const uint8_t *ip, uint32_t len, uint32_t *hash)
{
	uint32_t size = IP6_SIZE + ((uint32_t)ip[4] << 8 | ip[5]);
	uint8_t tuple[IP6_TUPLE];
	struct ip6_chain c;

	if (size > len || ip6_walk(&c, ip, size) < 0)
		return FLOW_HERE;
	if (c.frag_at != 0)
		return piece(f, ip + IP6_SRC, 16, hash);
	if (c.proto != IP_TCP || size - c.off < PORTS_SIZE)
		return FLOW_HERE;
	tuple_of(tuple, ip + IP6_SRC, 16, ip + c.off, false);
	*hash = flow_hash(f, tuple, sizeof(tuple));
	return FLOW_ONE;
}

static enum flow_whose
whose4(const struct flow_key *f, const uint8_t *ip, uint32_t len, uint32_t *hash)
{
	const uint8_t *icmp = ip + IP4_SIZE;

	if (len >= IP4_SIZE && ip[0] == 0x45 && ((ip[6] << 8 | ip[7]) & PIECE_MASK) != 0)
		return piece(f, ip + IP4_SRC, 4, hash);
	if (hash4(f, ip, len, false, hash))
		return FLOW_ONE;
	if (len >= IP4_SIZE && ip[9] == IP_VRRP)
		return FLOW_ALL;
	if (len < IP4_SIZE + ICMP4_HEAD + IP4_SIZE || ip[0] != 0x45 || ip[9] != IP_ICMP)
		return FLOW_HERE;
	if (icmp[0] != UNREACHABLE && icmp[0] != TIME_EXCEEDED && icmp[0] != PARAMETER)
		return FLOW_HERE;
	return hash4(f, icmp + ICMP4_HEAD, len - IP4_SIZE - ICMP4_HEAD, true, hash) ? FLOW_ONE : FLOW_HERE;
}

static enum flow_whose
whose6(const struct flow_key *f, const uint8_t *ip, uint32_t len, uint32_t *hash)
{
	const uint8_t *icmp = ip + IP6_SIZE;

	if (hash6(f, ip, len, false, hash))
		return FLOW_ONE;
	if (len >= IP6_SIZE && ip[6] == IP_VRRP)
		return FLOW_ALL;
	/* A query for listeners: the worker that speaks answers. */
	if (len >= IP6_SIZE + IP6_HBH_SIZE && ip[6] == IP6_HOP_BY_HOP && ip[IP6_SIZE] == IP_ICMP6)
		return FLOW_ALL;
	if (len >= IP6_SIZE && ip[6] != IP_ICMP6)
		return behind(f, ip, len, hash);
	if (len < IP6_SIZE + ICMP4_HEAD)
		return FLOW_HERE;
	if (icmp[0] == ND6_SOLICIT || icmp[0] == ND6_ADVERT)
		return FLOW_ALL;
	if (icmp[0] < UNREACHABLE6 || icmp[0] > PARAMETER6)
		return FLOW_HERE;
	return hash6(f, icmp + ICMP4_HEAD, len - IP6_SIZE - ICMP4_HEAD, true, hash) ? FLOW_ONE : FLOW_HERE;
}

enum flow_whose
flow_whose(const struct flow_key *f, const uint8_t *frame, uint32_t len, uint32_t *hash)
{
	uint32_t type;

	if (len < ETH_SIZE)
		return FLOW_HERE;
	type = (uint32_t)frame[12] << 8 | frame[13];
	if (type == ETH_ARP)
		return FLOW_ALL;
	if (type == ETH_IP4)
		return whose4(f, frame + ETH_SIZE, len - ETH_SIZE, hash);
	return type == ETH_IP6 ? whose6(f, frame + ETH_SIZE, len - ETH_SIZE, hash) : FLOW_HERE;
}
