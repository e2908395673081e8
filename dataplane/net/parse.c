/*
 * A frame's headers, each checked once.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define IP6_TRAFFIC_SHIFT 20u
#define ECN_MASK 3u
#define IP6_NEXT_AT 6u
#define IP4_MORE 0x2000u
#define IP4_OFFSET_MASK 0x1fffu
#define IP4_UNIT 8u
#define ND_FIRST 133u
#define ND_LAST 137u

static int
ip4_header_good(const uint8_t *p, uint32_t len, bool csum_good, uint32_t *total)
{
	struct cur c = cur_of(p, len);
	uint8_t first = cur_u8(&c);

	cur_u8(&c);
	*total = cur_u16(&c);
	if (len < IP4_SIZE)
		return -R_NET_SHORT;
	if (first >> 4 != 4 || (first & 0x0f) < 5)
		return -R_NET_IP_VERSION;
	if ((first & 0x0f) > 5)
		return -R_NET_IP_OPTIONS;
	if (*total < IP4_SIZE || *total > len)
		return -R_NET_IP_LENGTH;
	if (!csum_good && csum_fold(csum_add(0, p, IP4_SIZE)) != 0)
		return -R_NET_IP_CSUM;
	return 0;
}

static void
ip4_fragment(struct net_frame *f)
{
	uint32_t word = (uint32_t)f->ip[6] << 8 | f->ip[7];

	f->frag = (word & (IP4_MORE | IP4_OFFSET_MASK)) != 0;
	f->frag_more = word & IP4_MORE;
	f->frag_off = (word & IP4_OFFSET_MASK) * IP4_UNIT;
	f->frag_id = (uint32_t)f->ip[4] << 8 | f->ip[5];
	f->frag_proto = f->proto;
}

static int
ip4_parse(const struct net *n, const uint8_t *p, uint32_t len, struct net_frame *f)
{
	uint32_t total;
	int r = ip4_header_good(p, len, f->csum_good, &total);

	if (r < 0)
		return r;
	f->ip = p;
	f->hop_limit = p[8];
	f->ecn = p[1] & ECN_MASK;
	f->proto = p[9];
	f->src = ip_v4(p + 12);
	f->dst = ip_v4(p + 16);
	f->data = p + IP4_SIZE;
	f->len = total - IP4_SIZE;
	ip4_fragment(f);
	if (f->proto == IP_VRRP && vrrp_group(&f->dst) && !f->frag)
		return ip_source_good(n, &f->src) ? 0 : -R_NET_IP_SOURCE;
	/* Never to a broadcast or multicast, of either layer (MUST-57, RFC 1122
	 * section 3.2.2). */
	if (!net_owns(n, &f->dst) || !f->to_us)
		return -R_NET_NOT_OURS;
	return ip_source_good(n, &f->src) ? 0 : -R_NET_IP_SOURCE;
}

/* What extension headers say; f->data is behind them, or behind that of a fragment. */
static int
ip6_headers(struct net *n, struct net_frame *f, uint64_t now)
{
	uint32_t len = IP6_SIZE + f->len;
	struct icmp_say say;
	struct ip6_chain c;
	int r;

	if (f->proto == IP_TCP || f->proto == IP_ICMP6)
		return 0;
	r = ip6_walk(&c, f->ip, len);
	if (r < 0 && c.say != NULL) {
		say = *c.say;
		say.word = c.say_at;
		icmp_error(n, f, &say, now);
	}
	if (r < 0)
		return r;
	f->proto = c.proto;
	f->next_at = (uint16_t)c.next_at;
	f->frag = c.frag_at != 0;
	f->frag_more = c.frag_more;
	f->frag_off = c.frag_off;
	f->frag_id = c.frag_id;
	c.off = f->frag ? c.frag_at + IP6_FRAG_SIZE : c.off;
	f->data = f->ip + c.off;
	f->len = len - c.off;
	/* RFC 6980 */
	return c.atomic && c.proto == IP_ICMP6 && f->len > 0 && f->data[0] >= ND_FIRST &&
	    f->data[0] <= ND_LAST ? -R_NET_IP_FRAGMENT : 0;
}

static int
ip6_parse(struct net *n, const uint8_t *p, uint32_t len, struct net_frame *f, uint64_t now)
{
	struct cur c = cur_of(p, len);
	uint32_t word = cur_u32(&c);
	uint32_t payload = cur_u16(&c);
	bool ours;

	if (len < IP6_SIZE)
		return -R_NET_SHORT;
	if (word >> 28 != 6)
		return -R_NET_IP_VERSION;
	if (payload > len - IP6_SIZE)
		return -R_NET_IP_LENGTH;
	f->ip = p;
	f->ecn = word >> IP6_TRAFFIC_SHIFT & ECN_MASK;
	f->proto = cur_u8(&c);
	f->hop_limit = cur_u8(&c);
	f->src = ip_v6(p + 8);
	f->dst = ip_v6(p + 24);
	f->next_at = IP6_NEXT_AT;
	f->data = p + IP6_SIZE;
	f->len = payload;
	/* A v4-mapped address is never on the wire, and here it would be IPv4. */
	if (ip_is_v4(&f->src) || ip_is_v4(&f->dst))
		return -R_NET_IP_SOURCE;
	if (f->proto == IP6_HOP_BY_HOP && ip_multicast(&f->dst) && mld_head(f)) {
		f->proto = IP_ICMP6;
		f->data += IP6_HBH_SIZE;
		f->len -= IP6_HBH_SIZE;
	}
	if (f->proto == IP_VRRP && vrrp_group(&f->dst))
		return ip_source_good(n, &f->src) ? 0 : -R_NET_IP_SOURCE;
	ours = net_owns(n, &f->dst);
	if (!ours && !(f->proto == IP_ICMP6 && net_joined(n, &f->dst)))
		return -R_NET_NOT_OURS;
	if (ours && !f->to_us)
		return -R_NET_NOT_OURS;
	/* Only duplicate address detection has no source, or one of ours: nd.c. */
	if (!ip_source_good(n, &f->src) &&
	    !(f->proto == IP_ICMP6 && (ip_unspecified(&f->src) || net_owns(n, &f->src))))
		return -R_NET_IP_SOURCE;
	return ours ? ip6_headers(n, f, now) : 0;
}

static int
tcp_part(struct net *n, const struct net_frame *f, struct net_tcp *out)
{
	uint64_t sum;

	if (f->len < TCP_MIN_SIZE)
		return -R_TCP_SHORT;
	if (!f->csum_good) {
		sum = csum_pseudo(&f->src, &f->dst, IP_TCP, f->len);
		if (csum_fold(csum_add(sum, f->data, f->len)) != 0)
			return -R_TCP_CSUM;
	}
	memcpy(out->local, f->dst.b, 16);
	memcpy(out->remote, f->src.b, 16);
	out->segment = f->data;
	out->ecn = f->ecn;
	out->len = f->len;
	out->via = n->to_sender ? via_of(n, f->eth_src) : 0;
	return 1;
}

/* RFC 1122 sections 3.2.2.1 and 4.1.3.1, RFC 4443 section 3.1. */
static int
not_served(struct net *n, const struct net_frame *f, uint64_t now)
{
	if (f->proto == IP_UDP) {
		icmp_error(n, f, &icmp_no_port, now);
		return -R_NET_NO_PORT;
	}
	if (f->proto != IP_NONE) {
		struct icmp_say say = icmp_no_proto;

		say.word = f->next_at;
		icmp_error(n, f, &say, now);
	}
	return -R_NET_PROTO;
}

static int
ip_input(struct net *n, const uint8_t *p, uint32_t len, uint16_t type, struct net_frame *f,
    struct net_tcp *out, uint64_t now)
{
	bool v4 = type == ETH_IP4;
	int r = v4 ? ip4_parse(n, p, len, f) : ip6_parse(n, p, len, f, now);

	if (r < 0)
		return r;
	if (f->frag)
		return n->overhears ? 0 : frag_input(n, f, &out->whole, now);
	if (f->proto == IP_TCP)
		return tcp_part(n, f, out);
	if (f->proto == IP_VRRP && vrrp_group(&f->dst))
		return vrrp_input(n, f, now);
	if (f->proto == (v4 ? IP_ICMP : IP_ICMP6))
		return v4 ? icmp4_input(n, f, now) : icmp6_input(n, f, now);
	return not_served(n, f, now);
}

static int
frame_input(struct net *n, struct pkt *p, struct net_tcp *out, uint64_t now)
{
	struct net_frame f = { .csum_good = p->flags & PKT_CSUM_GOOD };
	const uint8_t *data = p->data;
	uint16_t type;

	if (p->len < ETH_SIZE)
		return -R_NET_SHORT;
	type = (uint16_t)(data[12] << 8 | data[13]);
	f.eth_src = data + 6;
	f.to_us = memcmp(data, n->mac, 6) == 0 || (n->vrrp_count > 0 && vrrp_frame_to_us(n, data));
	if (!f.to_us && !(data[0] & 1))
		return -R_NET_NOT_OURS;
	data += ETH_SIZE;
	if (type == ETH_ARP)
		return arp_input(n, data, p->len - ETH_SIZE, f.to_us, now);
	if (type == ETH_IP4 || type == ETH_IP6)
		return ip_input(n, data, p->len - ETH_SIZE, type, &f, out, now);
	return -R_NET_ETHERTYPE;
}

int
net_input(struct net *n, struct pkt *p, struct net_tcp *out, uint64_t now)
{
	int r = frame_input(n, p, out, now);

	if (r < 0)
		n->ops.drop(n->owner, -r);
	return r > 0 ? r : 0;
}

/* What is wrong with it was counted where it was received. */
void
net_overhear(struct net *n, struct pkt *p, uint64_t now)
{
	struct net_tcp none;

	n->overhears = true;
	(void)frame_input(n, p, &none, now);
	n->overhears = false;
}
