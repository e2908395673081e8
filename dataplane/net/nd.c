/*
 * Neighbour discovery (RFC 4861): solicitations and advertisements. Routers'
 * messages are not acted on: the configuration names the gateways.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define ND_SOLICIT 135u
#define ND_ADVERT 136u
#define ND_SIZE 24u
#define ND_OPTION_SIZE 8u
#define ND_SOURCE_MAC 1u
#define ND_TARGET_MAC 2u
#define NA_ROUTER 0x80000000u
#define NA_SOLICITED 0x40000000u
#define NA_OVERRIDE 0x20000000u
#define ICMP_CSUM_OFF 2u

static const struct net_ip all_nodes = { .b = { 0xff, 0x02, [15] = 0x01 } };

static bool
optimistic(const struct net *n, const struct net_ip *ip)
{
	uint32_t i = own_find(n, ip);

	return i != OWN_NONE && n->own[i].state == OWN_OPTIMISTIC;
}

static void
nd_send(struct net *n, uint8_t type, uint32_t flags, const struct net_ip *target,
    const struct net_ip *src, const struct net_ip *dst, const uint8_t mac[6])
{
	bool option = type == ND_ADVERT || !ip_unspecified(src); /* RFC 4861 section 4.3 */
	struct pkt *p = net_alloc(n, ND_SIZE + (option ? ND_OPTION_SIZE : 0));
	uint8_t own[6];
	struct put w;
	uint64_t sum;

	if (p == NULL)
		return;
	w = put_of(p->data, p->len);
	put_u8(&w, type);
	put_u8(&w, 0);
	put_u16(&w, 0);
	put_u32(&w, flags);
	put_bytes(&w, target->b, 16);
	if (option) {
		put_u8(&w, type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC);
		put_u8(&w, 1);
		net_mac_of(n, type == ND_ADVERT ? target : src, own);
		put_bytes(&w, own, 6);
	}
	sum = csum_pseudo(src, dst, IP_ICMP6, p->len);
	sum = csum_add(sum, p->data, p->len);
	w = put_of(p->data + ICMP_CSUM_OFF, 2);
	put_u16(&w, csum_fold(sum));
	ip_push(p, src, dst, IP_ICMP6, ND_HOP_LIMIT);
	eth_push(n, p, mac, ETH_IP6);
	n->ops.send(n->owner, p);
}

void
nd_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac)
{
	struct net_ip group = ip_solicited(ip);
	uint8_t group_mac[6];

	/* RFC 4429 section 3.2: nobody learns where we are from an address that is not
	 * certain to be ours. What waits for the answer waits a little longer. */
	if (optimistic(n, src))
		return;
	mac_of_group(group_mac, &group);
	if (mac != NULL)
		nd_send(n, ND_SOLICIT, 0, ip, src, ip, mac);
	else
		nd_send(n, ND_SOLICIT, 0, ip, src, &group, group_mac);
}

/* RFC 5798 section 8.2.2: a virtual router is one. */
static uint32_t
router(const struct net *n, const struct net_ip *own)
{
	return vrrp_answers(n, own) != NULL ? NA_ROUTER : 0;
}

void
nd_announce(struct net *n, const struct net_ip *own)
{
	uint8_t mac[6];

	mac_of_group(mac, &all_nodes);
	nd_send(n, ND_ADVERT, NA_OVERRIDE | router(n, own), own, own, &all_nodes, mac);
}

/* RFC 4862 section 5.4.2 */
void
nd_probe(struct net *n, const struct net_ip *own)
{
	static const struct net_ip none;

	nd_request(n, own, &none, NULL);
}

/* Another station has an address of ours (RFC 4862 section 5.4.4), or is about to take
 * one that we ask for (5.4.3). What we sent ourselves can come back. */
static bool
conflict(struct net *n, const struct net_frame *f, const struct net_ip *target, bool advert, uint64_t now)
{
	uint32_t i = own_find(n, target);

	if (i == OWN_NONE || memcmp(f->eth_src, n->mac, 6) == 0)
		return false;
	if (!advert && (!ip_unspecified(&f->src) || n->own[i].state != OWN_TENTATIVE))
		return false;
	own_conflict(n, i, now);
	return true;
}

/* The link-layer address option `want`. False when an option is malformed
 * (RFC 4861 section 4.6); *mac is NULL when there is none. */
static bool
find_mac(struct cur *c, uint8_t want, const uint8_t **mac)
{
	*mac = NULL;
	while (cur_left(c) > 0) {
		uint8_t type = cur_u8(c);
		uint8_t units = cur_u8(c);
		struct view body;

		if (c->bad || units == 0)
			return false;
		body = cur_take(c, units * 8u - 2u);
		if (c->bad)
			return false;
		if (type == want && units == 1 && *mac == NULL)
			*mac = body.data;
	}
	return true;
}

/* RFC 4429 section 3.3 */
static uint32_t
override(const struct net *n, const struct net_ip *own)
{
	return (optimistic(n, own) ? 0 : NA_OVERRIDE) | router(n, own);
}

static int
solicit(struct net *n, const struct net_frame *f, const struct net_ip *target, const uint8_t *mac,
    uint64_t now)
{
	const uint8_t *to = mac != NULL ? mac : f->eth_src;
	uint8_t group_mac[6];

	if (conflict(n, f, target, false, now))
		return -R_NET_DUPLICATE;
	if ((!net_owns(n, target) && vrrp_answers(n, target) == NULL) || net_owns(n, &f->src))
		return -R_NET_ND;
	if (ip_unspecified(&f->src)) {
		/* Somebody is about to take our address (RFC 4862 section 5.4.3). */
		if (mac != NULL)
			return -R_NET_ND;
		mac_of_group(group_mac, &all_nodes);
		if (!n->overhears)
			nd_send(n, ND_ADVERT, override(n, target), target, target, &all_nodes, group_mac);
		return 0;
	}
	if (mac != NULL)
		neigh_learn(n, &f->src, mac, false, true, now);
	if (!n->overhears)
		nd_send(n, ND_ADVERT, NA_SOLICITED | override(n, target), target, target, &f->src, to);
	return 0;
}

static int
advert(struct net *n, const struct net_frame *f, const struct net_ip *target, uint32_t flags,
    const uint8_t *mac, uint64_t now)
{
	bool solicited = flags & NA_SOLICITED;

	if (solicited && ip_multicast(&f->dst))
		return -R_NET_ND;
	if (conflict(n, f, target, true, now))
		return -R_NET_DUPLICATE;
	neigh_learn(n, target, mac != NULL ? mac : f->eth_src, solicited, false, now);
	return 0;
}

int
nd_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	struct cur c = cur_of(f->data, f->len);
	uint8_t type = cur_u8(&c);
	uint8_t code = cur_u8(&c);
	struct net_ip target;
	const uint8_t *mac;
	uint32_t flags;

	cur_u16(&c);
	flags = cur_u32(&c);
	cur_copy(&c, target.b, 16);
	if (c.bad || code != 0 || f->hop_limit != ND_HOP_LIMIT || ip_multicast(&target) ||
	    ip_is_v4(&target))
		return -R_NET_ND;
	if (!find_mac(&c, type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC, &mac))
		return -R_NET_ND;
	if (type == ND_SOLICIT)
		return solicit(n, f, &target, mac, now);
	return ip_unspecified(&f->src) ? -R_NET_ND : advert(n, f, &target, flags, mac, now);
}
