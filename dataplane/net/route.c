/*
 * The next hop: on the link, or a gateway per family.
 */
#include "dataplane/net/net_priv.h"

static bool
same_prefix(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	uint32_t bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	return memcmp(a, b, bytes) == 0 && (mask == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

bool
route_on_link(const struct net *n, const struct net_ip *dst)
{
	bool v4 = ip_is_v4(dst);

	if (!v4 && ip_link_local(dst))
		return true;
	for (uint32_t i = 0; i < n->addr_count; i++) {
		const struct net_addr *a = &n->addr[i];

		if (v4 == (a->family == 4) && same_prefix(a->b, v4 ? dst->b + 12 : dst->b, a->prefix))
			return true;
	}
	return false;
}

int
route_next_hop(const struct net *n, const struct net_ip *dst, struct net_ip *hop)
{
	int family = ip_is_v4(dst) ? 0 : 1;

	if (route_on_link(n, dst)) {
		*hop = *dst;
		return 0;
	}
	if (!n->gateway_on[family])
		return -R_NET_NO_ROUTE;
	*hop = n->gateway[family];
	return 0;
}
