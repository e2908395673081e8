/*
 * Headers in front of what is sent.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define IP4_DF 0x4000u
#define IP4_CSUM_OFF 10u
#define TCP_CSUM_OFF 16u

struct pkt *
net_alloc(struct net *n, uint32_t len)
{
	struct pkt *p = n->ops.alloc(n->owner);

	if (p == NULL) {
		n->ops.drop(n->owner, R_NET_NO_PKT);
		return NULL;
	}
	p->data = p->head + PKT_HEADROOM;
	p->len = 0;
	if (pkt_tailroom(p) < len) {
		n->ops.drop(n->owner, R_NET_NO_PKT);
		n->ops.free(n->owner, p);
		return NULL;
	}
	p->len = len;
	p->flags = 0;
	return p;
}

static uint8_t *
push(struct pkt *p, uint32_t len)
{
	p->data -= len;
	p->len += len;
	return p->data;
}

void
eth_push(struct net *n, struct pkt *p, const uint8_t dst[6], uint16_t type)
{
	struct put w = put_of(push(p, ETH_SIZE), ETH_SIZE);

	put_bytes(&w, dst, 6);
	put_bytes(&w, n->mac, 6);
	put_u16(&w, type);
}

static void
ip4_push(struct pkt *p, const struct net_ip *src, const struct net_ip *dst, uint8_t proto,
    struct net_mark mark)
{
	uint16_t total = (uint16_t)(p->len + IP4_SIZE);
	uint8_t *at = push(p, IP4_SIZE);
	struct put w = put_of(at, IP4_SIZE);
	uint16_t sum;

	put_u8(&w, 0x45);
	put_u8(&w, mark.traffic);
	put_u16(&w, total);
	put_u16(&w, 0); /* never fragmented, so the identification says nothing: RFC 6864 */
	put_u16(&w, IP4_DF);
	put_u8(&w, mark.hop_limit);
	put_u8(&w, proto);
	put_u16(&w, 0);
	put_bytes(&w, src->b + 12, 4);
	put_bytes(&w, dst->b + 12, 4);
	sum = csum_fold(csum_add(0, at, IP4_SIZE));
	w = put_of(at + IP4_CSUM_OFF, 2);
	put_u16(&w, sum);
}

void
ip_push_mark(struct pkt *p, const struct net_ip *src, const struct net_ip *dst, uint8_t proto,
    struct net_mark mark)
{
	uint16_t payload = (uint16_t)p->len;
	struct put w;

	if (ip_is_v4(dst)) {
		ip4_push(p, src, dst, proto, mark);
		return;
	}
	w = put_of(push(p, IP6_SIZE), IP6_SIZE);
	put_u32(&w, 0x60000000u | (uint32_t)mark.traffic << 20);
	put_u16(&w, payload);
	put_u8(&w, proto);
	put_u8(&w, mark.hop_limit);
	put_bytes(&w, src->b, 16);
	put_bytes(&w, dst->b, 16);
}

void
ip_push(struct pkt *p, const struct net_ip *src, const struct net_ip *dst, uint8_t proto,
    uint8_t hop_limit)
{
	ip_push_mark(p, src, dst, proto, (struct net_mark){ .hop_limit = hop_limit });
}

int
net_refuse(struct net *n, struct pkt *p, int reason)
{
	n->ops.drop(n->owner, reason);
	n->ops.free(n->owner, p);
	return -reason;
}

static void
tcp_csum(const struct net *n, struct pkt *p, const struct net_ip *src, const struct net_ip *dst)
{
	struct put w = put_of(p->data + TCP_CSUM_OFF, 2);
	uint64_t sum = csum_pseudo(src, dst, IP_TCP, p->len);

	if (n->tx_csum) {
		p->flags |= PKT_CSUM_TCP;
		put_u16(&w, (uint16_t)~csum_fold(sum));
	} else {
		put_u16(&w, csum_fold(csum_add(sum, p->data, p->len)));
	}
}

int
net_output_tcp(struct net *n, struct pkt *p, const uint8_t local[16], const uint8_t remote[16],
    struct net_mark mark, uint64_t now)
{
	const uint8_t *mac = via_mac(n, mark.via);
	struct net_ip src = ip_v6(local);
	struct net_ip dst = ip_v6(remote);
	uint32_t header = ip_is_v4(&dst) ? IP4_SIZE : IP6_SIZE;
	struct net_ip hop;

	if (p->len < TCP_MIN_SIZE || p->len + header > n->mtu || ip_is_v4(&src) != ip_is_v4(&dst) ||
	    (size_t)(p->data - p->head) < header + ETH_SIZE)
		return net_refuse(n, p, R_INTERNAL);
	if (mac == NULL && route_next_hop(n, &dst, &hop) < 0)
		return net_refuse(n, p, R_NET_NO_ROUTE);
	tcp_csum(n, p, &src, &dst);
	if (mark.hop_limit == 0)
		mark.hop_limit = NET_HOP_LIMIT;
	ip_push_mark(p, &src, &dst, IP_TCP, mark);
	if (mac != NULL) {
		eth_push(n, p, mac, ip_is_v4(&dst) ? ETH_IP4 : ETH_IP6);
		n->ops.send(n->owner, p);
		return 0;
	}
	return neigh_send(n, p, &hop, &src, now);
}
