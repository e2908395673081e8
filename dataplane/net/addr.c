/*
 * Addresses: which are ours, which may be a source (RFC 1122 section 3.2.1.3,
 * RFC 4291, RFC 6890).
 */
#include "dataplane/net/net_priv.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
ip_is_v4(const struct net_ip *ip)
{
	return memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

struct net_ip
ip_v4(const uint8_t b[4])
{
	struct net_ip ip;

	memcpy(ip.b, mapped, sizeof(mapped));
	memcpy(ip.b + 12, b, 4);
	return ip;
}

struct net_ip
ip_v6(const uint8_t b[16])
{
	struct net_ip ip;

	memcpy(ip.b, b, 16);
	return ip;
}

bool
ip_eq(const struct net_ip *a, const struct net_ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
ip_multicast(const struct net_ip *ip)
{
	return ip_is_v4(ip) ? ip->b[12] >= 224 && ip->b[12] < 240 : ip->b[0] == 0xff;
}

bool
ip_unspecified(const struct net_ip *ip)
{
	static const struct net_ip zero;

	if (ip_is_v4(ip))
		return memcmp(ip->b + 12, zero.b, 4) == 0;
	return ip_eq(ip, &zero);
}

bool
ip_link_local(const struct net_ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static bool
v4_broadcast(const struct net *n, const struct net_ip *ip)
{
	uint32_t v = (uint32_t)ip->b[12] << 24 | (uint32_t)ip->b[13] << 16 | (uint32_t)ip->b[14] << 8 |
	    ip->b[15];

	for (uint32_t i = 0; i < n->addr_count; i++) {
		const struct net_addr *a = &n->addr[i];
		uint32_t net = (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 |
		    (uint32_t)a->b[2] << 8 | a->b[3];
		uint32_t host;

		if (a->family != 4 || a->prefix == 0 || a->prefix >= 31)
			continue;
		host = UINT32_MAX >> a->prefix;
		if ((v | host) == (net | host) && ((v & host) == host || (v & host) == 0))
			return true;
	}
	return false;
}

bool
ip_source_good(const struct net *n, const struct net_ip *ip)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (net_owns(n, ip))
		return false;
	if (!ip_is_v4(ip))
		return ip->b[0] != 0xff && !ip_unspecified(ip) && memcmp(ip->b, loopback6, 16) != 0;
	/* 0/8, 127/8, multicast, reserved, and broadcasts of our own networks */
	return ip->b[12] != 0 && ip->b[12] != 127 && ip->b[12] < 224 && !v4_broadcast(n, ip);
}

bool
net_owns(const struct net *n, const struct net_ip *ip)
{
	uint32_t i = own_find(n, ip);

	return i != OWN_NONE ? own_used(n, i) : n->vrrp_count > 0 && vrrp_accepts(n, ip);
}

struct net_ip
ip_solicited(const struct net_ip *ip)
{
	/* RFC 4291 section 2.7.1 */
	struct net_ip group = { .b = { 0xff, 0x02, [11] = 0x01, [12] = 0xff } };

	memcpy(group.b + 13, ip->b + 13, 3);
	return group;
}

static void
group_add(struct net_ip *groups, uint32_t *count, const struct net_ip *g)
{
	for (uint32_t i = 0; i < *count; i++)
		if (ip_eq(&groups[i], g))
			return;
	groups[(*count)++] = *g;
}

uint32_t
net_groups(const struct net *n, struct net_ip groups[NET_GROUPS_MAX])
{
	static const struct net_ip vrrp = { .b = { 0xff, 0x02, [15] = 0x12 } };
	struct net_ip g = ip_solicited(&n->link_local);
	uint32_t count = 0;

	group_add(groups, &count, &g);
	for (uint32_t i = 0; i < n->addr_count; i++) {
		g = ip_solicited(&n->addr_ip[i]);
		if (n->addr[i].family == 6)
			group_add(groups, &count, &g);
	}
	for (uint32_t i = 0; i < n->vrrp_count; i++) {
		const struct vrrp *v = &n->vrrp[i];

		if (v->v4)
			continue;
		group_add(groups, &count, &vrrp);
		for (uint32_t k = 0; k < v->addr_count; k++) {
			g = ip_solicited(&v->addr[k]);
			group_add(groups, &count, &g);
		}
	}
	return count;
}

bool
net_joined(const struct net *n, const struct net_ip *group)
{
	static const struct net_ip all_nodes = { .b = { 0xff, 0x02, [15] = 0x01 } };
	struct net_ip groups[NET_GROUPS_MAX];
	uint32_t count = net_groups(n, groups);

	for (uint32_t i = 0; i < count; i++)
		if (ip_eq(&groups[i], group))
			return true;
	return ip_eq(group, &all_nodes);
}

void
mac_of_group(uint8_t mac[6], const struct net_ip *group)
{
	/* RFC 2464 section 7 */
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

struct net_ip
link_local_of(const uint8_t mac[6])
{
	/* RFC 4291 appendix A: modified EUI-64 */
	struct net_ip ip = { .b = { 0xfe, 0x80, [8] = (uint8_t)(mac[0] ^ 0x02), [9] = mac[1],
	    [10] = mac[2], [11] = 0xff, [12] = 0xfe, [13] = mac[3], [14] = mac[4], [15] = mac[5] } };

	return ip;
}
