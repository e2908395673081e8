#include "dataplane/net/net_priv.h"

size_t
net_size(void)
{
	return sizeof(struct net);
}

struct net *
net_init(void *mem, const uint8_t mac[6], uint16_t mtu, const struct net_ops *ops, void *owner,
    const uint8_t secret[16])
{
	struct net *n = mem;

	memcpy(n->mac, mac, 6);
	n->mtu = mtu;
	n->ops = *ops;
	n->owner = owner;
	memcpy(n->key, secret, 16);
	n->link_local = link_local_of(mac);
	neigh_init(n);
	return n;
}

void
net_offload(struct net *n, bool tx_csum)
{
	n->tx_csum = tx_csum;
}

static struct net_ip
ip_of(const struct net_addr *a)
{
	return a->family == 4 ? ip_v4(a->b) : ip_v6(a->b);
}

static bool
addr_good(const struct net_addr *a)
{
	return (a->family == 4 && a->prefix <= 32) || (a->family == 6 && a->prefix <= 128);
}

static void
announce(struct net *n)
{
	nd_announce(n, &n->link_local);
	for (uint32_t i = 0; i < n->addr_count; i++) {
		if (n->addr[i].family == 4)
			arp_announce(n, &n->addr_ip[i]);
		else
			nd_announce(n, &n->addr_ip[i]);
	}
}

int
net_configure(struct net *n, const struct net_addr *addr, uint32_t addr_count,
    const struct net_addr *gateway, uint32_t gateway_count, uint64_t now)
{
	if (addr_count > NET_ADDR_MAX || gateway_count > 2)
		return -R_LIMIT;
	for (uint32_t i = 0; i < addr_count; i++)
		if (!addr_good(&addr[i]))
			return -R_LIMIT;
	for (uint32_t i = 0; i < addr_count; i++) {
		n->addr[i] = addr[i];
		n->addr_ip[i] = ip_of(&addr[i]);
	}
	n->addr_count = addr_count;
	n->gateway_on[0] = n->gateway_on[1] = false;
	for (uint32_t i = 0; i < gateway_count; i++) {
		int family = gateway[i].family == 4 ? 0 : 1;

		n->gateway[family] = ip_of(&gateway[i]);
		n->gateway_on[family] = true;
	}
	icmp_out_init(n, now);
	announce(n);
	return 0;
}

void
net_get_stats(const struct net *n, struct net_stats *st)
{
	*st = n->stats;
}
