#include "dataplane/net/ends.h"

#include "dataplane/net/net_priv.h"

#define TAG_SIZE 4u
#define TAGS_MAX 2u
#define TAG_TYPE 0x8100u       /* IEEE 802.1Q */
#define TAG_TYPE_OUTER 0x88a8u /* IEEE 802.1ad */
#define TCP_HEAD 20u
#define FRAGMENT_OFFSET 0x1fffu

static uint32_t
word16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void
v4_mapped(uint8_t to[16], const uint8_t from[4])
{
	struct net_ip ip = ip_v4(from);

	memcpy(to, ip.b, 16);
}

/* TCP at `at`, as far as it is there. */
static void
ports(const uint8_t *frame, uint32_t at, struct net_ends *e)
{
	if (at + TCP_HEAD > e->end)
		return;
	e->tcp = at;
	e->src_port = (uint16_t)word16(frame + at);
	e->dst_port = (uint16_t)word16(frame + at + 2);
}

static bool
ends4(const uint8_t *frame, uint32_t at, uint32_t len, struct net_ends *e)
{
	const uint8_t *ip = frame + at;
	uint32_t head, total;

	if (len - at < IP4_SIZE || ip[0] >> 4 != 4)
		return false;
	head = (ip[0] & 15u) * 4u;
	total = word16(ip + 2);
	if (head < IP4_SIZE || head > len - at || total < head)
		return false;
	e->end = at + (total < len - at ? total : len - at);
	v4_mapped(e->src, ip + 12);
	v4_mapped(e->dst, ip + 16);
	if (ip[9] == IP_TCP && (word16(ip + 6) & FRAGMENT_OFFSET) == 0)
		ports(frame, at + head, e);
	return true;
}

/* Behind extension headers nobody of ours speaks TCP. */
static bool
ends6(const uint8_t *frame, uint32_t at, uint32_t len, struct net_ends *e)
{
	const uint8_t *ip = frame + at;
	uint32_t total;

	if (len - at < IP6_SIZE || ip[0] >> 4 != 6)
		return false;
	total = IP6_SIZE + word16(ip + 4);
	e->end = at + (total < len - at ? total : len - at);
	memcpy(e->src, ip + 8, 16);
	memcpy(e->dst, ip + 24, 16);
	if (ip[6] == IP_TCP)
		ports(frame, at + IP6_SIZE, e);
	return true;
}

bool
net_ends(const uint8_t *frame, uint32_t len, struct net_ends *e)
{
	uint32_t at = ETH_SIZE - 2, type;

	memset(e, 0, sizeof(*e));
	if (len < ETH_SIZE)
		return false;
	type = word16(frame + at);
	for (uint32_t tags = 0; tags < TAGS_MAX && (type == TAG_TYPE || type == TAG_TYPE_OUTER); tags++) {
		at += TAG_SIZE;
		if (at + 2 > len)
			return false;
		type = word16(frame + at);
	}
	at += 2;
	if (type == ETH_IP4)
		return ends4(frame, at, len, e);
	return type == ETH_IP6 && ends6(frame, at, len, e);
}

bool
net_ends_csum(const uint8_t *frame, const struct net_ends *e, uint8_t csum[2])
{
	uint16_t field;

	if (e->tcp == 0)
		return false;
	field = csum_fold(csum_add(0, frame + e->tcp, e->end - e->tcp));
	csum[0] = (uint8_t)(field >> 8);
	csum[1] = (uint8_t)field;
	return true;
}
