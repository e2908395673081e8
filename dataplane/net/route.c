/*
 * The next hop: on the link, or the gateway of the longest prefix. And the
 * address of ours that suits a peer.
 */
#include "dataplane/net/net_priv.h"

#define MAPPED_BITS 96u /* in front of an IPv4 address */

bool
ip_prefix(const struct net_ip *a, const struct net_ip *b, uint32_t bits)
{
	uint32_t bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	return memcmp(a->b, b->b, bytes) == 0 && (mask == 0 || ((a->b[bytes] ^ b->b[bytes]) & mask) == 0);
}

struct net_ip
ip_of(uint8_t family, const uint8_t *b)
{
	return family == 4 ? ip_v4(b) : ip_v6(b);
}

static uint32_t
bits_of(const struct net_addr *a)
{
	return a->family == 4 ? MAPPED_BITS + a->prefix : a->prefix;
}

bool
route_on_link(const struct net *n, const struct net_ip *dst)
{
	if (!ip_is_v4(dst) && ip_link_local(dst))
		return true;
	for (uint32_t i = 0; i < n->addr_count; i++)
		if (ip_is_v4(dst) == (n->addr[i].family == 4) &&
		    ip_prefix(&n->addr_ip[i], dst, bits_of(&n->addr[i])))
			return true;
	return false;
}

static const struct route *
find(const struct net *n, const struct net_ip *dst)
{
	for (uint32_t i = 0; i < n->route_count; i++)
		if (ip_is_v4(&n->route[i].gateway) == ip_is_v4(dst) &&
		    ip_prefix(&n->route[i].to, dst, n->route[i].bits))
			return &n->route[i];
	return NULL;
}

int
route_next_hop(const struct net *n, const struct net_ip *dst, struct net_ip *hop)
{
	const struct route *r;

	if (route_on_link(n, dst)) {
		*hop = *dst;
		return 0;
	}
	r = find(n, dst);
	if (r == NULL)
		return -R_NET_NO_ROUTE;
	*hop = r->gateway;
	return 0;
}

static bool
family_good(const struct net_addr *a)
{
	return (a->family == 4 && a->prefix <= 32) || (a->family == 6 && a->prefix <= 128);
}

int
route_set(struct net *n, const struct net_conf *c)
{
	if (c->route_count > NET_ROUTE_MAX)
		return -R_LIMIT;
	for (uint32_t i = 0; i < c->route_count; i++)
		if (!family_good(&c->route[i].to))
			return -R_LIMIT;
	n->route_count = 0;
	for (uint32_t i = 0; i < c->route_count; i++) {
		const struct net_addr *to = &c->route[i].to;
		struct route r = { .to = ip_of(to->family, to->b), .bits = bits_of(to),
			.gateway = ip_of(to->family, c->route[i].gateway) };
		uint32_t at = n->route_count++;

		for (; at > 0 && n->route[at - 1].bits < r.bits; at--)
			n->route[at] = n->route[at - 1];
		n->route[at] = r;
	}
	return 0;
}

/* ---- source addresses ---- */

static uint32_t
common_bits(const struct net_ip *a, const struct net_ip *b)
{
	uint32_t bits = 0;

	while (bits < 128 && ip_prefix(a, b, bits + 1))
		bits++;
	return bits;
}

/* RFC 6724 section 5. Rule 2, of the two scopes that are here: an address of the
 * link for a peer on it, and for no other. Rule 8: the longest common prefix. */
static int
rank(const struct net_ip *own, const struct net_ip *remote)
{
	bool same = ip_link_local(own) == ip_link_local(remote);

	return (same ? 256 : 0) + (int)common_bits(own, remote);
}

int
net_source(const struct net *n, const uint8_t remote[16], uint8_t local[16])
{
	struct net_ip to = ip_v6(remote), hop;
	const struct net_ip *best = NULL;
	bool v4 = ip_is_v4(&to);

	if (route_next_hop(n, &to, &hop) < 0)
		return -R_NET_NO_ROUTE;
	if (!v4)
		best = &n->link_local;
	for (uint32_t i = 0; i < n->addr_count; i++) {
		const struct net_ip *own = &n->addr_ip[i];

		if (ip_eq(own, &to)) { /* rule 1 */
			best = own;
			break;
		}
		if (ip_is_v4(own) == v4 && (best == NULL || rank(own, &to) > rank(best, &to)))
			best = own;
	}
	if (best == NULL)
		return -R_NET_NO_ROUTE;
	memcpy(local, best->b, 16);
	return 0;
}
