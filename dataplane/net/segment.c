/*
 * Segmentation: one TCP header and a stretch of payload become frames.
 *
 * All headers are written once, by those who write them for one packet, and copied
 * from packet to packet. A segment differs from the first in its sequence number; in
 * PSH and FIN, which are the last one's, and CWR, which is the first one's (RFC 3168
 * section 6.1.2: in the first new data); in its length, if it is the last; and in its
 * checksum, of which the headers' part is summed once. A port that cuts by itself is
 * given the whole instead. The identification of IPv4
 * packets is 0 in all of them: they are atomic (RFC 6864 section 4.1).
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define TCP_SEQ_OFF 4u
#define TCP_FLAGS_OFF 12u    /* the word that they are in */
#define TCP_CSUM_OFF 16u
#define TCP_LAST_ONLY 0x00090000u  /* FIN, PSH, in that word */
#define TCP_FIRST_ONLY 0x00800000u /* CWR */
#define IP4_TOTAL_OFF 2u
#define IP4_CSUM_OFF 10u
#define IP6_LENGTH_OFF 4u

struct frames {
	const struct net_run *run;
	struct net_ip src, dst, hop;
	const uint8_t *mac;  /* of the next hop, where it is known: the link's header is there */
	bool v4;
	uint32_t header;     /* bytes of TCP's header */
	uint32_t head;       /* of all headers, */
	uint32_t link;       /* and of the link's */
	uint32_t seq;
	uint32_t flags;      /* the word that they are in */
	uint64_t sum;        /* of the other words of TCP's header */
};

static uint32_t
word_at(const uint8_t *p)
{
	struct cur c = cur_of(p, 4);

	return cur_u32(&c);
}

static void
put_half(uint8_t *p, uint16_t v)
{
	struct put w = put_of(p, 2);

	put_u16(&w, v);
}

/* What a word adds to a sum. */
static uint64_t
native(uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(v);
#else
	return v;
#endif
}

static void
put_word(uint8_t *p, uint32_t v)
{
	struct put w = put_of(p, 4);

	put_u32(&w, v);
}

/* Checks, and finds the next hop. */
static int
frames_init(const struct net *n, struct frames *f, const struct pkt *p, const struct net_run *r)
{
	uint32_t first = r->len > r->mss ? r->mss : r->len;

	f->run = r;
	f->src = ip_v6(r->local);
	f->dst = ip_v6(r->remote);
	f->v4 = ip_is_v4(&f->dst);
	f->header = p->len;
	if (p->len < TCP_MIN_SIZE || p->len % 4 != 0 || (r->len > 0 && first == 0) ||
	    p->len + first + (f->v4 ? IP4_SIZE : IP6_SIZE) > n->mtu || ip_is_v4(&f->src) != f->v4 ||
	    p->data != p->head + PKT_HEADROOM || pkt_tailroom(p) < first)
		return -R_INTERNAL;
	/* What is another Master's now is no source of ours. */
	if (n->vrrp_count > 0 && !net_owns(n, &f->src))
		return -R_NET_NOT_OURS;
	f->mac = via_mac(n, r->mark.via);
	if (f->mac == NULL && route_next_hop(n, &f->dst, &f->hop) < 0)
		return -R_NET_NO_ROUTE;
	return 0;
}

/* The headers of the first packet, for `len` bytes of payload. */
static void
headers(struct net *n, struct frames *f, struct pkt *p, uint32_t len, uint64_t now)
{
	const uint8_t *tcp = p->data;
	struct net_mark mark = f->run->mark;
	const uint8_t *ip;

	f->seq = word_at(tcp + TCP_SEQ_OFF);
	f->flags = word_at(tcp + TCP_FLAGS_OFF);
	f->sum = csum_add_slow(0, tcp, f->header);
	f->sum -= native(f->seq) + native(f->flags);
	p->len += len;
	if (mark.hop_limit == 0)
		mark.hop_limit = NET_HOP_LIMIT;
	ip_push_mark(p, &f->src, &f->dst, IP_TCP, mark);
	ip = p->data;
	if (f->mac == NULL)
		f->mac = neigh_ready(n, &f->hop, &f->src, now);
	if (f->mac != NULL)
		eth_push(n, p, f->mac, f->v4 ? ETH_IP4 : ETH_IP6);
	f->link = (uint32_t)(ip - p->data);
	f->head = p->len - len;
}

/* The same in front of another segment. */
static void
headers_copy(const struct frames *f, struct pkt *to, const struct pkt *from, uint32_t len)
{
	to->data = to->head + PKT_HEADROOM + f->header - f->head;
	to->len = f->head + len;
	memcpy(to->data, from->data, f->head);
	put_half(to->head + PKT_HEADROOM + TCP_CSUM_OFF, 0);
}

/* IP says how long a shorter one is. */
static void
shorten(const struct frames *f, uint8_t *ip, uint32_t len)
{
	uint32_t payload = f->header + len;

	if (!f->v4) {
		put_half(ip + IP6_LENGTH_OFF, (uint16_t)payload);
		return;
	}
	put_half(ip + IP4_TOTAL_OFF, (uint16_t)(IP4_SIZE + payload));
	put_half(ip + IP4_CSUM_OFF, 0);
	put_half(ip + IP4_CSUM_OFF, csum_fold(csum_add_slow(0, ip, IP4_SIZE)));
}

/* What is the segment's own; its payload has the sum `payload`. */
static void
finish(const struct net *n, const struct frames *f, struct pkt *p, uint32_t off, uint32_t len,
    uint64_t payload)
{
	uint8_t *tcp = p->head + PKT_HEADROOM;
	uint64_t sum = csum_pseudo(&f->src, &f->dst, IP_TCP, f->header + len);
	uint32_t flags = f->flags;

	if (off > 0)
		flags &= ~TCP_FIRST_ONLY;
	if (off + len < f->run->len)
		flags &= ~TCP_LAST_ONLY;
	if (off > 0)
		put_word(tcp + TCP_SEQ_OFF, f->seq + off);
	if (flags != f->flags || off > 0)
		put_word(tcp + TCP_FLAGS_OFF, flags);
	if (n->tx_csum) {
		p->flags |= PKT_CSUM_TCP;
		put_half(tcp + TCP_CSUM_OFF, (uint16_t)~csum_fold(sum));
		return;
	}
	sum += payload + f->sum + native(f->seq + off) + native(flags);
	put_half(tcp + TCP_CSUM_OFF, csum_fold(sum));
}

static int
send_one(struct net *n, const struct frames *f, struct pkt *p, uint64_t now)
{
	if (f->mac == NULL)
		return neigh_send(n, p, &f->hop, &f->src, now);
	n->ops.send(n->owner, p);
	return 0;
}

/* Bytes of payload of the segment at `off`. */
static uint32_t
next_len(const struct net_run *r, uint32_t off)
{
	return r->len - off < r->mss ? r->len - off : r->mss;
}

/* ---- a port that cuts ---- */

/* Packets for what does not fit into the first; false: there are not enough. */
static bool
chain(struct net *n, struct pkt *p, uint32_t len)
{
	size_t room = pkt_tailroom(p);
	struct pkt *last = p;

	p->next = NULL;
	while (room < len) {
		struct pkt *q = net_alloc(n, 0);

		if (q == NULL)
			break;
		q->next = NULL;
		last = last->next = q;
		room += pkt_tailroom(q);
	}
	while (room < len && p->next != NULL) {
		struct pkt *q = p->next;

		p->next = q->next;
		n->ops.free(n->owner, q);
	}
	return room >= len;
}

/* One frame of all of it, if the port takes that, and it can leave now. */
static bool
port_cuts(struct net *n, struct frames *f, struct pkt *p, const struct net_run *r, uint64_t now)
{
	if (r->len <= r->mss || PKT_HEADROOM + f->header + r->len > n->cut_max)
		return false;
	if (f->mac == NULL)
		f->mac = neigh_ready(n, &f->hop, &f->src, now);
	return f->mac != NULL && chain(n, p, r->len);
}

static void
send_whole(struct net *n, struct frames *f, struct pkt *p, const struct net_run *r, uint64_t now)
{
	uint64_t sum = csum_pseudo(&f->src, &f->dst, IP_TCP, 0);
	struct fifo_pos at = r->at;
	uint32_t left = r->len;

	headers(n, f, p, r->len, now);
	p->len = f->head;
	for (struct pkt *q = p; q != NULL; q = q->next) {
		uint32_t len = pkt_tailroom(q) < left ? (uint32_t)pkt_tailroom(q) : left;

		(void)csum_copy(q->data + q->len, r->from, &at, len, true);
		q->len += len;
		left -= len;
	}
	p->flags |= PKT_CUT;
	p->cut = r->mss;
	put_half(p->head + PKT_HEADROOM + TCP_CSUM_OFF, (uint16_t)~csum_fold(sum));
	n->ops.send(n->owner, p);
}

/* ---- and by ourselves ---- */

struct pkt *
net_packet(struct net *n)
{
	return net_alloc(n, 0);
}

int
net_output_tcp(struct net *n, struct pkt *p, const struct net_run *r, uint64_t now)
{
	struct frames f;
	struct fifo_pos at = r->at;
	uint32_t len = next_len(r, 0), off = 0;
	int err = frames_init(n, &f, p, r);

	if (err < 0)
		return net_refuse(n, p, -err);
	if (port_cuts(n, &f, p, r, now)) {
		send_whole(n, &f, p, r, now);
		return 0;
	}
	headers(n, &f, p, len, now);
	for (;;) {
		uint32_t after = off + len;
		struct pkt *next = NULL;
		uint64_t sum = 0;

		if (len > 0)
			sum = csum_copy(p->head + PKT_HEADROOM + f.header, r->from, &at, len, n->tx_csum);
		finish(n, &f, p, off, len, sum);
		/* It is the port's as soon as it is sent. */
		if (after < r->len && (next = net_alloc(n, f.header + r->mss)) != NULL) {
			len = next_len(r, after);
			headers_copy(&f, next, p, len);
			if (len < r->mss)
				shorten(&f, next->data + f.link, len);
		}
		err = send_one(n, &f, p, now);
		if (err < 0 && next != NULL)
			n->ops.free(n->owner, next);
		if (err < 0 || after == r->len)
			return err;
		if (next == NULL)
			return (int)after;
		p = next;
		off = after;
	}
}
