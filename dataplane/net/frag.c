/*
 * Fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * A datagram is put together in one packet buffer, at its place, and is then a frame
 * like any other: who put it in puts it in again. What overlaps ends the datagram, and
 * so does what follows of it (RFC 5722). All that is held is charged at whole buffers,
 * to its source and to the worker; beyond a limit the oldest goes.
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define UNIT 8u
#define DATAGRAM_MAX 65535u
#define ECN_CE 3u
#define ND_FIRST 133u
#define ND_LAST 137u
#define SOURCE6_BYTES 8u     /* of an IPv6 address: who has one has its /64 */

static const struct icmp_say time_exceeded = { .type4 = 11, .code4 = 1, .type6 = 3, .code6 = 1 };
static const struct icmp_say bad_length = { .type6 = 4, .code6 = 0, .word = 4 };

static uint32_t
head_size(const struct frag *d)
{
	return ETH_SIZE + (ip_is_v4(&d->src) ? IP4_SIZE : IP6_SIZE + IP6_FRAG_SIZE);
}

static void
buffer_free(struct net *n, struct frag *d)
{
	if (d->pkt == NULL)
		return;
	n->frag_bytes -= d->pkt->truesize;
	n->ops.free(n->owner, d->pkt);
	d->pkt = NULL;
}

static void
forget(struct net *n, struct frag *d)
{
	buffer_free(n, d);
	d->used = false;
	n->frag_used--;
}

/* The rest of it is dropped until its time is over. */
static int
spoil(struct net *n, struct frag *d, int reason)
{
	buffer_free(n, d);
	d->dead = true;
	return -reason;
}

static struct frag *
find(struct net *n, const struct net_frame *f)
{
	for (uint32_t i = 0; i < NET_FRAG_MAX && n->frag_used > 0; i++) {
		struct frag *d = &n->frag[i];

		if (d->used && d->id == f->frag_id && d->proto == f->frag_proto && ip_eq(&d->src, &f->src) &&
		    ip_eq(&d->dst, &f->dst))
			return d;
	}
	return NULL;
}

static bool
same_source(const struct net_ip *a, const struct net_ip *b)
{
	return ip_is_v4(a) ? ip_eq(a, b) : memcmp(a->b, b->b, SOURCE6_BYTES) == 0;
}

/* The oldest; of one source, unless NULL. *bytes: what they all hold. */
static struct frag *
oldest(struct net *n, const struct net_ip *src, uint32_t *bytes)
{
	struct frag *old = NULL;

	*bytes = 0;
	for (uint32_t i = 0; i < NET_FRAG_MAX; i++) {
		struct frag *d = &n->frag[i];

		if (!d->used || (src != NULL && !same_source(&d->src, src)))
			continue;
		*bytes += d->pkt != NULL ? d->pkt->truesize : 0;
		if (old == NULL || d->since < old->since)
			old = d;
	}
	return old;
}

static void
give_up(struct net *n, struct frag *d, int reason)
{
	n->ops.drop(n->owner, reason);
	forget(n, d);
}

/* A place for one more. */
static struct frag *
place_free(struct net *n)
{
	uint32_t i = 0, bytes;

	if (n->frag_used == NET_FRAG_MAX)
		give_up(n, oldest(n, NULL, &bytes), R_NET_FRAG_MAX);
	while (n->frag[i].used)
		i++;
	return &n->frag[i];
}

/* Room for one more buffer of so many bytes. */
static void
make_room(struct net *n, const struct net_ip *src, uint32_t truesize)
{
	struct frag *d;
	uint32_t bytes;

	while ((d = oldest(n, src, &bytes)) != NULL && bytes + truesize > NET_FRAG_SOURCE_BYTES)
		give_up(n, d, R_NET_FRAG_SOURCE);
	while ((d = oldest(n, NULL, &bytes)) != NULL && bytes + truesize > NET_FRAG_BYTES)
		give_up(n, d, R_NET_FRAG_MAX);
}

static struct frag *
begin(struct net *n, const struct net_frame *f, uint64_t now)
{
	struct frag *d = place_free(n);
	struct pkt *p = net_alloc(n, 0);

	if (p == NULL)
		return NULL;
	p->data -= ETH_SIZE + IP6_FRAG_SIZE; /* as large as one in one piece */
	make_room(n, &f->src, p->truesize);
	*d = (struct frag){ .used = true, .src = f->src, .dst = f->dst, .id = f->frag_id,
		.proto = f->frag_proto, .since = now, .pkt = p };
	d->due = now + (ip_is_v4(&f->src) ? NET_FRAG_US4 : NET_FRAG_US6);
	if (d->due < n->frag_due)
		n->frag_due = d->due;
	n->frag_used++;
	n->frag_bytes += p->truesize;
	return d;
}

/* Its place among the pieces, which are in order; 0 or -R_NET_*. */
static int
insert(struct frag *d, uint32_t start, uint32_t end)
{
	uint32_t i = 0;

	while (i < d->count && d->piece[i].start < start)
		i++;
	if (i < d->count && d->piece[i].start == start && d->piece[i].end == end)
		return -R_NET_IP_FRAGMENT; /* once more: RFC 8200 section 4.5 */
	if ((i > 0 && d->piece[i - 1].end > start) || (i < d->count && end > d->piece[i].start))
		return -R_NET_FRAG_OVERLAP;
	if (d->count == NET_FRAG_PIECES)
		return -R_NET_FRAG_PIECES;
	memmove(&d->piece[i + 1], &d->piece[i], (d->count - i) * sizeof(d->piece[0]));
	d->piece[i].start = (uint16_t)start;
	d->piece[i].end = (uint16_t)end;
	d->count++;
	d->got += end - start;
	return 0;
}

static int
place(struct net *n, struct frag *d, const struct net_frame *f)
{
	uint32_t end = f->frag_off + f->len;
	uint32_t head = head_size(d);
	int r;

	if ((d->total != 0 && end > d->total) || (!f->frag_more && d->total != 0 && end != d->total) ||
	    (!f->frag_more && d->count > 0 && d->piece[d->count - 1].end > end))
		return spoil(n, d, R_NET_FRAG_BAD);
	if (head + end > pkt_tailroom(d->pkt))
		return spoil(n, d, R_NET_FRAG_SIZE);
	r = insert(d, f->frag_off, end);
	if (r == -R_NET_IP_FRAGMENT)
		return r;
	if (r < 0)
		return spoil(n, d, -r);
	if (!f->frag_more)
		d->total = end;
	d->ce |= f->ecn == ECN_CE;
	memcpy(d->pkt->data + head + f->frag_off, f->data, f->len);
	if (f->frag_off == 0) {
		memcpy(d->pkt->data + ETH_SIZE, f->ip, IP6_SIZE < head - ETH_SIZE ? IP6_SIZE : IP4_SIZE);
		if (!ip_is_v4(&d->src))
			memcpy(d->pkt->data + ETH_SIZE + IP6_SIZE, f->data - IP6_FRAG_SIZE, IP6_FRAG_SIZE);
	}
	return 0;
}

/* ---- whole ---- */

/* Neighbour discovery is never fragmented: RFC 6980. */
static bool
is_discovery(const struct frag *d)
{
	const uint8_t *ip = d->pkt->data + ETH_SIZE + IP6_FRAG_SIZE;
	struct ip6_chain c;

	return !ip_is_v4(&d->src) && ip6_walk(&c, ip, IP6_SIZE + d->total) == 0 && c.proto == IP_ICMP6 &&
	    ip[c.off] >= ND_FIRST && ip[c.off] <= ND_LAST;
}

static void
finish4(struct frag *d, uint8_t *ip)
{
	struct put w = put_of(ip + 2, IP4_SIZE - 2);
	uint16_t sum;

	put_u16(&w, (uint16_t)(IP4_SIZE + d->total));
	put_u32(&w, 0);
	ip[10] = ip[11] = 0;
	ip[1] |= d->ce ? ECN_CE : 0;
	sum = csum_fold(csum_add(0, ip, IP4_SIZE));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void
finish6(struct frag *d, uint8_t *ip)
{
	uint8_t next = ip[IP6_SIZE];

	memmove(ip + IP6_FRAG_SIZE, ip, IP6_SIZE);
	ip += IP6_FRAG_SIZE;
	ip[4] = (uint8_t)(d->total >> 8);
	ip[5] = (uint8_t)d->total;
	ip[6] = next;
	ip[1] |= d->ce ? ECN_CE << 4 : 0;
}

static int
whole(struct net *n, struct frag *d, const struct net_frame *f, struct pkt **out)
{
	bool v4 = ip_is_v4(&d->src);
	struct pkt *p = d->pkt;
	struct put w;

	if (v4)
		finish4(d, p->data + ETH_SIZE);
	else
		finish6(d, p->data + ETH_SIZE);
	if (is_discovery(d))
		return spoil(n, d, R_NET_IP_FRAGMENT);
	p->data += v4 ? 0 : IP6_FRAG_SIZE;
	w = put_of(p->data, ETH_SIZE);
	put_bytes(&w, n->mac, 6);
	put_bytes(&w, f->eth_src, 6);
	put_u16(&w, v4 ? ETH_IP4 : ETH_IP6);
	p->len = ETH_SIZE + (v4 ? IP4_SIZE : IP6_SIZE) + d->total;
	n->frag_bytes -= p->truesize;
	d->pkt = NULL;
	forget(n, d);
	n->stats.frags_whole++;
	*out = p;
	return 2;
}

/* ---- in ---- */

/* The first piece of TCP has its whole header (RFC 1858, RFC 3128); for IPv6 that was
 * looked at with the headers. */
static bool
tiny4(const struct net_frame *f)
{
	uint32_t need = f->proto == IP_TCP ? TCP_MIN_SIZE : UNIT;

	return f->frag_off < need && (f->frag_off > 0 || f->len < need);
}

int
frag_input(struct net *n, const struct net_frame *f, struct pkt **out, uint64_t now)
{
	struct frag *d;
	int r;

	n->stats.frags_in++;
	if (ip_is_v4(&f->src) && tiny4(f))
		return -R_NET_FRAG_TINY;
	if (f->len == 0 || (f->frag_more && f->len % UNIT != 0) || f->frag_off + f->len > DATAGRAM_MAX) {
		if (!ip_is_v4(&f->src))
			icmp_error(n, f, &bad_length, now);
		return -R_NET_FRAG_BAD;
	}
	d = find(n, f);
	if (d == NULL)
		d = begin(n, f, now);
	if (d == NULL)
		return 0;
	if (d->dead)
		return -R_NET_IP_FRAGMENT;
	r = place(n, d, f);
	if (r < 0 || d->got != d->total)
		return r;
	return whole(n, d, f, out);
}

/* ---- time ---- */

/* RFC 1122 section 3.3.2, RFC 8200 section 4.5: told when the first piece is there. */
static void
tell(struct net *n, const struct frag *d, uint64_t now)
{
	struct net_frame f = { .to_us = true, .src = d->src, .dst = d->dst };

	if (d->dead || d->count == 0 || d->piece[0].start != 0)
		return;
	f.ip = d->pkt->data + ETH_SIZE;
	f.data = d->pkt->data + head_size(d);
	f.len = d->piece[0].end;
	f.proto = ip_is_v4(&d->src) ? f.ip[9] : f.ip[IP6_SIZE];
	icmp_error(n, &f, &time_exceeded, now);
}

void
frag_poll(struct net *n, uint64_t now)
{
	if (n->frag_due > now)
		return;
	n->frag_due = NET_NEVER;
	for (uint32_t i = 0; i < NET_FRAG_MAX; i++) {
		struct frag *d = &n->frag[i];

		if (!d->used)
			continue;
		if (d->due <= now) {
			tell(n, d, now);
			give_up(n, d, R_NET_FRAG_TIME);
		} else if (d->due < n->frag_due) {
			n->frag_due = d->due;
		}
	}
}

void
net_clear(struct net *n)
{
	for (uint32_t i = 0; i < NET_FRAG_MAX; i++)
		if (n->frag[i].used)
			forget(n, &n->frag[i]);
	n->frag_due = NET_NEVER;
}
