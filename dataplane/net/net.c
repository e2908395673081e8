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
	via_clear(n);
	return n;
}

void
net_offload(struct net *n, bool tx_csum)
{
	n->tx_csum = tx_csum;
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

static int
conf_check(const struct net_conf *c)
{
	if (c->addr_count > NET_ADDR_MAX)
		return -R_LIMIT;
	for (uint32_t i = 0; i < c->addr_count; i++)
		if (!addr_good(&c->addr[i]))
			return -R_LIMIT;
	return 0;
}

int
net_configure(struct net *n, const struct net_conf *c, uint64_t now)
{
	if (conf_check(c) != 0 || route_set(n, c) != 0)
		return -R_LIMIT;
	for (uint32_t i = 0; i < c->addr_count; i++) {
		n->addr[i] = c->addr[i];
		n->addr_ip[i] = ip_of(c->addr[i].family, c->addr[i].b);
	}
	n->addr_count = c->addr_count;
	n->to_sender = c->to_sender;
	icmp_out_init(n, now);
	announce(n);
	return 0;
}

void
net_get_stats(const struct net *n, struct net_stats *st)
{
	*st = n->stats;
}
