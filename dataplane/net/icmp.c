/*
 * ICMP (RFC 792, RFC 1122 section 3.2.2) and ICMPv6 (RFC 4443): echo, and
 * errors about our TCP segments. Everything else is dropped.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define ECHO_REPLY 0u
#define UNREACHABLE 3u
#define ECHO 8u
#define TIME_EXCEEDED 11u
#define PARAMETER 12u
#define UNREACHABLE_PROTO 2u
#define UNREACHABLE_PORT 3u

#define UNREACHABLE6 1u
#define TOO_BIG6 2u
#define TIME_EXCEEDED6 3u
#define PARAMETER6 4u
#define UNREACHABLE6_PORT 4u
#define PARAMETER6_NEXT 1u
#define ECHO6 128u
#define ECHO_REPLY6 129u
#define ND6_FIRST 135u
#define ND6_LAST 136u

#define ICMP_SIZE 8u
#define CSUM_OFF 2u
#define SECOND_US 1000000u

/* A bucket of ICMP_BURST answers that fills with ICMP_RATE per second. */
static bool
allowed(struct net *n, uint64_t now)
{
	uint64_t add = (now - n->icmp_at) / (SECOND_US / ICMP_RATE);

	if (add > 0) {
		n->icmp_tokens = n->icmp_tokens + add > ICMP_BURST ? ICMP_BURST :
		    n->icmp_tokens + (uint32_t)add;
		n->icmp_at = now;
	}
	if (n->icmp_tokens == 0)
		return false;
	n->icmp_tokens--;
	return true;
}

static int
echo(struct net *n, const struct net_frame *f, uint8_t proto, uint8_t type, uint64_t now)
{
	uint64_t sum = 0;
	struct net_ip hop;
	struct pkt *p;
	struct put w;

	if (!allowed(n, now))
		return -R_NET_ICMP_RATE;
	if (route_next_hop(n, &f->src, &hop) < 0)
		return -R_NET_NO_ROUTE;
	p = net_alloc(n, f->len);
	if (p == NULL)
		return 0;
	memcpy(p->data, f->data, f->len);
	w = put_of(p->data, p->len);
	put_u8(&w, type);
	put_u8(&w, 0);
	put_u16(&w, 0);
	if (proto == IP_ICMP6)
		sum = csum_pseudo(&f->dst, &f->src, IP_ICMP6, f->len);
	sum = csum_add(sum, p->data, f->len);
	w = put_of(p->data + CSUM_OFF, 2);
	put_u16(&w, csum_fold(sum));
	ip_push(p, &f->dst, &f->src, proto, NET_HOP_LIMIT);
	(void)neigh_send(n, p, &hop, &f->dst, now);
	return 0;
}

/* The quoted segment: both ports and the sequence number are in its first
 * eight bytes, which every error carries. */
static int
tcp_error(struct net *n, struct cur *c, const struct net_ip *local, const struct net_ip *remote,
    bool hard)
{
	uint16_t local_port = cur_u16(c);
	uint16_t remote_port = cur_u16(c);
	uint32_t seq = cur_u32(c);

	if (c->bad || !net_owns(n, local))
		return -R_NET_ICMP;
	n->ops.tcp_error(n->owner, local->b, local_port, remote->b, remote_port, seq, hard);
	return 0;
}

static int
error4(struct net *n, const struct net_frame *f, bool hard)
{
	struct cur c = cur_of(f->data + ICMP_SIZE, f->len - ICMP_SIZE);
	struct view head = cur_take(&c, IP4_SIZE);
	struct net_ip local, remote;
	uint32_t size;

	if (c.bad || head.data[0] >> 4 != 4 || head.data[9] != IP_TCP)
		return -R_NET_ICMP;
	size = (head.data[0] & 0x0fu) * 4u;
	if (size < IP4_SIZE)
		return -R_NET_ICMP;
	cur_take(&c, size - IP4_SIZE);
	local = ip_v4(head.data + 12);
	remote = ip_v4(head.data + 16);
	return tcp_error(n, &c, &local, &remote, hard);
}

int
icmp4_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	uint8_t type, code;

	if (f->len < ICMP_SIZE || csum_fold(csum_add(0, f->data, f->len)) != 0)
		return -R_NET_ICMP;
	type = f->data[0];
	code = f->data[1];
	switch (type) {
	case ECHO:
		return code == 0 ? echo(n, f, IP_ICMP, ECHO_REPLY, now) : -R_NET_ICMP;
	case UNREACHABLE:
		/* RFC 1122 section 4.2.3.9 */
		return error4(n, f, code == UNREACHABLE_PROTO || code == UNREACHABLE_PORT);
	case TIME_EXCEEDED:
	case PARAMETER:
		return error4(n, f, false);
	default:
		return -R_NET_ICMP;
	}
}

static int
error6(struct net *n, const struct net_frame *f, bool hard)
{
	struct cur c = cur_of(f->data + ICMP_SIZE, f->len - ICMP_SIZE);
	struct view head = cur_take(&c, IP6_SIZE);
	struct net_ip local, remote;

	if (c.bad || head.data[0] >> 4 != 6 || head.data[6] != IP_TCP)
		return -R_NET_ICMP;
	local = ip_v6(head.data + 8);
	remote = ip_v6(head.data + 24);
	return tcp_error(n, &c, &local, &remote, hard);
}

int
icmp6_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	uint64_t sum = csum_pseudo(&f->src, &f->dst, IP_ICMP6, f->len);
	uint8_t type, code;

	if (f->len < ICMP_SIZE || csum_fold(csum_add(sum, f->data, f->len)) != 0)
		return -R_NET_ICMP;
	type = f->data[0];
	code = f->data[1];
	if (type == ND6_FIRST || type == ND6_LAST)
		return nd_input(n, f, now);
	if (ip_unspecified(&f->src) || ip_multicast(&f->dst))
		return -R_NET_ICMP;
	switch (type) {
	case ECHO6:
		return code == 0 ? echo(n, f, IP_ICMP6, ECHO_REPLY6, now) : -R_NET_ICMP;
	case UNREACHABLE6:
		return error6(n, f, code == UNREACHABLE6_PORT);
	case PARAMETER6:
		return error6(n, f, code == PARAMETER6_NEXT);
	case TOO_BIG6:
	case TIME_EXCEEDED6:
		return error6(n, f, false);
	default:
		return -R_NET_ICMP;
	}
}
