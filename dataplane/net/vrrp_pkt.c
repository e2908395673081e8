/*
 * Advertisements (RFC 5798 section 5): built, and checked as section 7.1 says.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define VRRP_VERSION_TYPE 0x31u /* version 3, ADVERTISEMENT */
#define VRRP_SIZE 8u            /* without addresses */
#define VRRP_INTERVAL_MASK 0x0fffu
#define CSUM_OFF 6u

static const struct net_ip group4 = { .b = { [10] = 0xff, 0xff, 224, 0, 0, 18 } }; /* section 5.1.1.2 */
static const struct net_ip group6 = { .b = { 0xff, 0x02, [15] = 0x12 } };          /* section 5.1.2.2 */

void
vrrp_mac(const struct vrrp *v, uint8_t mac[6])
{
	/* Section 7.3 */
	const uint8_t m[6] = { 0x00, 0x00, 0x5e, 0x00, v->v4 ? 0x01 : 0x02, v->vrid };

	memcpy(mac, m, 6);
}

bool
vrrp_group(const struct net_ip *dst)
{
	return ip_eq(dst, &group4) || ip_eq(dst, &group6);
}

void
vrrp_send(struct net *n, const struct vrrp *v, uint8_t priority)
{
	static const uint8_t mac4[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x12 };
	uint32_t size = v->v4 ? 4 : 16;
	struct pkt *p = net_alloc(n, VRRP_SIZE + v->addr_count * size);
	const struct net_ip *src = vrrp_primary(n, v);
	const struct net_ip *dst = v->v4 ? &group4 : &group6;
	uint8_t mac[6], from[6];
	struct put w;
	uint64_t sum;

	if (p == NULL)
		return;
	w = put_of(p->data, p->len);
	put_u8(&w, VRRP_VERSION_TYPE);
	put_u8(&w, v->vrid);
	put_u8(&w, priority);
	put_u8(&w, v->addr_count);
	put_u16(&w, v->interval);
	put_u16(&w, 0);
	for (uint32_t i = 0; i < v->addr_count; i++)
		put_bytes(&w, v->addr[i].b + (v->v4 ? 12 : 0), size);
	sum = csum_add(csum_pseudo(src, dst, IP_VRRP, p->len), p->data, p->len);
	w = put_of(p->data + CSUM_OFF, 2);
	put_u16(&w, csum_fold(sum));
	ip_push(p, src, dst, IP_VRRP, VRRP_TTL);
	mac_of_group(mac, dst);
	vrrp_mac(v, from); /* section 7.2: bridges learn from it where the Master is */
	eth_push_from(p, from, v->v4 ? mac4 : mac, v->v4 ? ETH_IP4 : ETH_IP6);
	n->stats.vrrp_out++;
	n->ops.send(n->owner, p);
}

/* Section 7.1. A version 2 router has another format and another checksum. */
int
vrrp_read(const struct net_frame *f, struct vrrp_advert *a)
{
	struct cur c = cur_of(f->data, f->len);
	uint64_t sum = csum_pseudo(&f->src, &f->dst, IP_VRRP, f->len);
	uint8_t first = cur_u8(&c);

	a->vrid = cur_u8(&c);
	a->priority = cur_u8(&c);
	a->addr_count = cur_u8(&c);
	a->interval = cur_u16(&c) & VRRP_INTERVAL_MASK;
	cur_u16(&c);
	cur_take(&c, a->addr_count * (ip_is_v4(&f->src) ? 4u : 16u));
	if (c.bad || first != VRRP_VERSION_TYPE || f->hop_limit != VRRP_TTL || a->interval == 0 ||
	    csum_fold(csum_add(sum, f->data, f->len)) != 0)
		return -R_NET_VRRP;
	return 0;
}
