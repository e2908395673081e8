/*
 * Headers in front of what is sent.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define IP4_DF 0x4000u
#define IP4_CSUM_OFF 10u

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
	eth_push_from(p, n->mac, dst, type);
}

void
eth_push_from(struct pkt *p, const uint8_t src[6], const uint8_t dst[6], uint16_t type)
{
	struct put w = put_of(push(p, ETH_SIZE), ETH_SIZE);

	put_bytes(&w, dst, 6);
	put_bytes(&w, src, 6);
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
	sum = csum_fold(csum_add_slow(0, at, IP4_SIZE));
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
