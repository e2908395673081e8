/*
 * ICMP (RFC 792, RFC 1122 section 3.2.2) and ICMPv6 (RFC 4443) out: answers to
 * echo, and errors about what we do not serve. Each has a rate of its own, so
 * that no flood of one takes the other's.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define ICMP_SIZE 8u
#define CSUM_OFF 2u
#define SECOND_US 1000000u
#define QUOTE4_MAX 576u      /* bytes of the whole error: RFC 1812 section 4.3.2.3 */
#define QUOTE6_MAX 1280u     /* RFC 4443 section 2.4 (c) */
#define ERROR6_END 128u      /* ICMPv6 types below are errors: RFC 4443 section 2.1 */

static const uint8_t error4_types[] = { 3, 4, 5, 11, 12 };

const struct icmp_say icmp_no_port = { .type4 = 3, .code4 = 3, .type6 = 1, .code6 = 4 };
/* For IPv6 that is a parameter problem at the next header field (RFC 8200 section 4). */
const struct icmp_say icmp_no_proto = { .type4 = 3, .code4 = 2, .type6 = 4, .code6 = 1 };

void
icmp_out_init(struct net *n, uint64_t now)
{
	n->echo = (struct bucket){ .tokens = ICMP_ECHO_BURST, .at = now };
	n->error = (struct bucket){ .tokens = ICMP_ERROR_BURST, .at = now };
}

bool
bucket_take(struct bucket *b, uint32_t rate, uint32_t burst, uint64_t now)
{
	uint64_t add = (now - b->at) / (SECOND_US / rate);

	if (add > 0) {
		b->tokens = b->tokens + add > burst ? burst : b->tokens + (uint32_t)add;
		b->at = now;
	}
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}

/* p holds an ICMP message with a zero checksum: from us, to `dst`. */
static void
finish(struct net *n, struct pkt *p, const struct net_ip *src, const struct net_ip *dst,
    const struct net_ip *hop, uint64_t now)
{
	bool v4 = ip_is_v4(dst);
	uint64_t sum = v4 ? 0 : csum_pseudo(src, dst, IP_ICMP6, p->len);
	struct put w = put_of(p->data + CSUM_OFF, 2);

	put_u16(&w, csum_fold(csum_add(sum, p->data, p->len)));
	ip_push(p, src, dst, v4 ? IP_ICMP : IP_ICMP6, NET_HOP_LIMIT);
	(void)neigh_send(n, p, hop, src, now);
}

int
icmp_echo(struct net *n, const struct net_frame *f, uint8_t type, uint64_t now)
{
	struct net_ip hop;
	struct pkt *p;
	struct put w;

	if (!bucket_take(&n->echo, ICMP_ECHO_RATE, ICMP_ECHO_BURST, now))
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
	n->stats.echoes++;
	finish(n, p, &f->dst, &f->src, &hop, now);
	return 0;
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e): no error about an error, about
 * what was sent to many, or to nobody in particular. */
static bool
due(const struct net_frame *f)
{
	if (!f->to_us || ip_multicast(&f->dst) || ip_unspecified(&f->src) || ip_multicast(&f->src))
		return false;
	if (f->proto == IP_ICMP6)
		return f->len > 0 && f->data[0] >= ERROR6_END;
	for (size_t i = 0; f->proto == IP_ICMP && i < sizeof(error4_types); i++)
		if (f->len == 0 || f->data[0] == error4_types[i])
			return false;
	return true;
}

void
icmp_error(struct net *n, const struct net_frame *f, const struct icmp_say *say, uint64_t now)
{
	bool v4 = ip_is_v4(&f->src);
	uint32_t quote = (uint32_t)(f->data - f->ip) + f->len; /* all of the packet */
	uint32_t max = (v4 ? QUOTE4_MAX - IP4_SIZE : QUOTE6_MAX - IP6_SIZE) - ICMP_SIZE;
	struct net_ip hop;
	struct pkt *p;
	struct put w;

	if (!due(f) || n->overhears || route_next_hop(n, &f->src, &hop) < 0)
		return;
	if (!bucket_take(&n->error, ICMP_ERROR_RATE, ICMP_ERROR_BURST, now)) {
		n->ops.drop(n->owner, R_NET_ICMP_RATE);
		return;
	}
	if (quote > max)
		quote = max;
	p = net_alloc(n, ICMP_SIZE + quote);
	if (p == NULL)
		return;
	w = put_of(p->data, p->len);
	put_u8(&w, v4 ? say->type4 : say->type6);
	put_u8(&w, v4 ? say->code4 : say->code6);
	put_u16(&w, 0);
	put_u32(&w, v4 ? 0 : say->word);
	put_bytes(&w, f->ip, quote);
	n->stats.errors_out++;
	finish(n, p, &f->dst, &f->src, &hop, now);
}
