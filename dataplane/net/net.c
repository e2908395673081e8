#include "dataplane/net/net_priv.h"
#include "dataplane/net/vrrp.h"

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
	n->own_due = n->mld_due = n->vrrp_due = n->frag_due = NET_NEVER;
	neigh_init(n);
	via_clear(n);
	return n;
}

void
net_offload(struct net *n, bool tx_csum, uint32_t cut_max)
{
	n->tx_csum = tx_csum;
	n->cut_max = cut_max;
}

static bool
addr_good(const struct net_addr *a)
{
	return (a->family == 4 && a->prefix <= 32) || (a->family == 6 && a->prefix <= 128);
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
	if (conf_check(c) != 0 || vrrp_check(c) != 0 || route_set(n, c) != 0)
		return -R_LIMIT;
	n->to_sender = c->to_sender;
	n->speaks = c->speaks;
	n->probe4 = c->probe4 == NET_DAD_OFF ? NET_DAD_OFF : NET_DAD_FIRST;
	n->dad6 = c->dad6;
	own_set(n, c, now);
	vrrp_set(n, c, now);
	icmp_out_init(n, now);
	net_poll(n, now);
	return 0;
}

void
net_poll(struct net *n, uint64_t now)
{
	neigh_poll(n, now);
	frag_poll(n, now);
	own_poll(n, now);
	vrrp_poll(n, now);
	mld_poll(n, now);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
net_next(const struct net *n, uint64_t now)
{
	uint64_t due = earlier(earlier(n->neigh_due, n->own_due), earlier(n->mld_due, n->vrrp_due));

	due = earlier(due, n->frag_due);

	return due < now ? now : due;
}

struct net_load
net_get_load(const struct net *n)
{
	struct net_load load = { .neighbours = n->neigh_used, .asked = n->neigh_asked,
		.virtual_routers = n->vrrp_count, .frags = n->frag_used, .frag_bytes = n->frag_bytes };

	for (uint32_t i = 0; i < n->vrrp_count; i++)
		load.masters += n->vrrp[i].state == VRRP_MASTER;
	return load;
}

void
net_get_stats(const struct net *n, struct net_stats *st)
{
	*st = n->stats;
}
