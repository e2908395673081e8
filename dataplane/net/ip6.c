/*
 * IPv6 extension headers (RFC 8200 section 4), with limits on how many there are and
 * how much they say (RFC 8504 section 5.3). Nothing that they ask for is served: what
 * may be skipped is skipped.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define UNIT 8u
#define PAD1 0u
#define PADN 1u
#define PAD_MAX 7u           /* RFC 8504 section 5.3 */
#define ROUTER_ALERT 5u
#define ACTION_SHIFT 6u
#define ACTION_SKIP 0u
#define ACTION_DISCARD 1u    /* 2 and 3 tell the sender */
#define FRAGMENT_MORE 1u
#define FRAGMENT_MASK 0xfff8u

static const struct icmp_say header_field = { .type6 = 4, .code6 = 0 };
static const struct icmp_say next_header = { .type6 = 4, .code6 = 1 };
static const struct icmp_say option = { .type6 = 4, .code6 = 2 };
static const struct icmp_say chain = { .type6 = 4, .code6 = 3 }; /* RFC 7112 section 5 */

static int
wrong(struct ip6_chain *c, const struct icmp_say *say, uint32_t at, int reason)
{
	c->say = say;
	c->say_at = at;
	return -reason;
}

/* The options of one header of `len` bytes at `at`: section 4.2. */
static int
options(struct ip6_chain *c, const uint8_t *ip, uint32_t at, uint32_t len)
{
	uint32_t end = at + len, pad = 0;

	for (at += 2; at < end;) {
		uint8_t type = ip[at];
		uint32_t size = type == PAD1 ? 1 : at + 1 < end ? 2u + ip[at + 1] : 0;

		if (size == 0 || size > end - at)
			return wrong(c, &header_field, at, R_NET_IP6_CHAIN);
		pad = type == PAD1 || type == PADN ? pad + size : 0;
		if (pad > PAD_MAX || (pad == 0 && ++c->options > NET_EXT_OPTIONS_MAX))
			return -R_NET_IP6_CHAIN;
		if (type > PADN && type != ROUTER_ALERT && type >> ACTION_SHIFT != ACTION_SKIP)
			return type >> ACTION_SHIFT == ACTION_DISCARD ? -R_NET_IP_OPTIONS :
			    wrong(c, &option, at, R_NET_IP_OPTIONS);
		at += size;
	}
	return 0;
}

static int
routing(struct ip6_chain *c, const uint8_t *ip)
{
	/* Section 4.4; of type 0, RFC 5095. Nothing goes on from here. */
	return ip[c->off + 3] == 0 ? 0 : wrong(c, &header_field, c->off + 2, R_NET_IP_OPTIONS);
}

/* A fragment that is the whole datagram is none (RFC 6946). */
static bool
fragment(struct ip6_chain *c, const uint8_t *ip)
{
	struct cur at = cur_of(ip + c->off + 2, 6);
	uint32_t word = cur_u16(&at);

	if ((word & (FRAGMENT_MASK | FRAGMENT_MORE)) == 0) {
		c->atomic = true;
		return false;
	}
	c->frag_at = c->off;
	c->frag_off = word & FRAGMENT_MASK;
	c->frag_more = word & FRAGMENT_MORE;
	c->frag_id = cur_u32(&at);
	return true;
}

static bool
is_extension(uint8_t proto)
{
	return proto == IP6_HOP_BY_HOP || proto == IP6_ROUTING || proto == IP6_FRAGMENT ||
	    proto == IP6_DEST_OPTIONS;
}

static int
one(struct ip6_chain *c, const uint8_t *ip, uint32_t end, uint32_t count)
{
	uint32_t len;
	int r = 0;

	if (c->proto == IP6_HOP_BY_HOP && count > 0) /* section 4.1: only the first */
		return wrong(c, &next_header, c->next_at, R_NET_IP6_CHAIN);
	if (count == NET_EXT_MAX)
		return -R_NET_IP6_CHAIN;
	if (end - c->off < UNIT)
		return -R_NET_IP_LENGTH;
	len = c->proto == IP6_FRAGMENT ? UNIT : (ip[c->off + 1] + 1u) * UNIT;
	if (len > end - c->off)
		return -R_NET_IP_LENGTH;
	if (c->proto == IP6_ROUTING)
		r = routing(c, ip);
	else if (c->proto != IP6_FRAGMENT)
		r = options(c, ip, c->off, len);
	else if (fragment(c, ip) && c->frag_off > 0)
		return 0; /* of a later fragment nothing more is known */
	return r < 0 ? r : (int)len;
}

/* What must be there of the upper layer, so that its ports can be seen. */
static uint32_t
least(uint8_t proto)
{
	return proto == IP_TCP ? TCP_MIN_SIZE : proto == IP_NONE ? 0 : UNIT;
}

int
ip6_walk(struct ip6_chain *c, const uint8_t *ip, uint32_t len)
{
	*c = (struct ip6_chain){ .proto = ip[6], .off = IP6_SIZE, .next_at = 6 };
	for (uint32_t count = 0; is_extension(c->proto); count++) {
		int r = one(c, ip, len, count);

		/* RFC 7112 section 5: the first fragment has all headers. */
		if (r == -R_NET_IP_LENGTH && c->frag_at != 0)
			return wrong(c, &chain, 0, R_NET_FRAG_TINY);
		if (r <= 0)
			return r;
		c->next_at = c->off;
		c->proto = ip[c->off];
		c->off += (uint32_t)r;
	}
	if (c->frag_at != 0 && len - c->off < least(c->proto))
		return wrong(c, &chain, 0, R_NET_FRAG_TINY);
	return 0;
}
