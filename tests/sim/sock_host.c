/*
 * A host: its clock, its packets, and the rooms below it.
 */
#include "dataplane/worker/emit.h"
#include "tests/sim/sock_priv.h"

#define MTU_DEFAULT 1500u
#define MTU_MIN 576u
#define MTU_MIN6 1280u
#define MTU_MAX 9216u
#define PACKET_MAX 65535u
#define SOCKETS_DEFAULT 1024u
#define BLOCKS_DEFAULT 8192u
#define ALIGN 64u
#define ND_FIRST 133u
#define ND_LAST 137u

static const uint8_t own_mac[6] = { 0x02, 0, 0, 0, 0, 1 };
static const uint8_t far_mac[6] = { 0x02, 0, 0, 0, 0, 2 };

/* ---- what the rooms call ---- */

static struct pkt *
pkt_new(uint32_t room)
{
	struct pkt *p = calloc(1, sizeof(*p) + PKT_HEADROOM + room);

	if (p == NULL)
		return NULL;
	p->head = (uint8_t *)(p + 1);
	p->data = p->head + PKT_HEADROOM;
	p->size = p->truesize = PKT_HEADROOM + room;
	return p;
}

static struct pkt *
on_alloc(void *owner)
{
	const struct sock_host *h = owner;

	return pkt_new(h->conf.mtu);
}

static void
on_free(void *owner, struct pkt *p)
{
	(void)owner;
	free(p);
}

static void
on_drop(void *owner, int reason)
{
	struct sock_host *h = owner;

	if (reason >= 0 && (uint32_t)reason < REASON_MAX)
		h->drops[reason]++;
}

static bool
is_discovery(const uint8_t *ip, uint32_t len)
{
	return ip[0] >> 4 == 6 && len > IP6_SIZE && ip[6] == IP_ICMP6 && ip[IP6_SIZE] >= ND_FIRST &&
	    ip[IP6_SIZE] <= ND_LAST;
}

static void
on_send(void *owner, struct pkt *p)
{
	struct sock_host *h = owner;
	uint32_t len = p->len - ETH_SIZE;
	const uint8_t *ip = p->data + ETH_SIZE;
	bool arp = (p->data[12] << 8 | p->data[13]) == ETH_ARP;
	struct packet *o;

	if (!arp && !is_discovery(ip, len) && (o = malloc(sizeof(*o) + len)) != NULL) {
		*o = (struct packet){ .at = h->now, .len = len };
		memcpy(o->data, ip, len);
		*h->out_end = o;
		h->out_end = &o->next;
	}
	free(p);
}

/* Every neighbour has the same address, and is known before it is asked for. */
static void
know(struct sock_host *h, const struct net_ip *ip)
{
	struct net_ip hop;

	if (route_next_hop(h->net, ip, &hop) == 0)
		neigh_learn(h->net, &hop, far_mac, true, true, h->now);
}

static void
on_tcp_error(void *owner, const struct net_error *from)
{
	struct sock_host *h = owner;
	struct tcp_icmp e = { .tuple.local_port = from->local_port,
		.tuple.remote_port = from->remote_port, .seq = from->seq, .reason = from->reason,
		.hard = from->hard, .mtu = from->mtu, .size = from->size };

	memcpy(e.tuple.local.b, from->local, 16);
	memcpy(e.tuple.remote.b, from->remote, 16);
	if (from->too_big)
		tcp_icmp_too_big(h->stack, &e, h->now);
	else
		tcp_icmp_error(h->stack, &e, h->now);
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct sock_host *h = owner;
	struct net_ip to = ip_v6(o->tuple.remote.b);

	know(h, &to);
	return net_emit(h->net, o, h->now);
}

static const struct net_ops net_ops = {
	.alloc = on_alloc,
	.send = on_send,
	.free = on_free,
	.drop = on_drop,
	.tcp_error = on_tcp_error,
};

static const struct tcp_ops tcp_ops = {
	.emit = on_emit,
	.accept = sock_on_accept,
	.event = sock_on_event,
	.drop = on_drop,
};

/* ---- new, free ---- */

static bool
zero(const uint8_t *b, size_t len)
{
	uint8_t any = 0;

	while (len > 0)
		any |= b[--len];
	return any == 0;
}

static bool
conf_take(struct sock_conf *c, const struct sock_conf *from)
{
	*c = *from;
	c->prefix4 = c->prefix4 != 0 ? c->prefix4 : 24;
	c->prefix6 = c->prefix6 != 0 ? c->prefix6 : 64;
	c->mtu = c->mtu != 0 ? c->mtu : MTU_DEFAULT;
	c->sockets = c->sockets != 0 ? c->sockets : SOCKETS_DEFAULT;
	c->blocks = c->blocks != 0 ? c->blocks : BLOCKS_DEFAULT;
	return c->prefix4 <= 32 && c->prefix6 <= 128 && c->mtu <= MTU_MAX &&
	    c->mtu >= (zero(c->addr6, 16) ? MTU_MIN : MTU_MIN6) && c->sockets <= 1u << 20 &&
	    c->blocks <= 1u << 20;
}

/* A gateway per family, so that nothing is unreachable: the neighbour of the
 * address. */
static bool
configure(struct sock_host *h)
{
	const struct sock_conf *c = &h->conf;
	struct net_conf conf = { .addr_count = 0 };
	struct net_addr *addr = conf.addr;
	uint32_t n = 0;

	if (!zero(c->addr4, 4)) {
		addr[n] = (struct net_addr){ .family = 4, .prefix = c->prefix4 };
		memcpy(addr[n++].b, c->addr4, 4);
	}
	if (!zero(c->addr6, 16)) {
		addr[n] = (struct net_addr){ .family = 6, .prefix = c->prefix6 };
		memcpy(addr[n++].b, c->addr6, 16);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct net_route *r = &conf.route[i];

		r->to.family = addr[i].family;
		memcpy(r->gateway, addr[i].b, sizeof(r->gateway));
		r->gateway[addr[i].family == 4 ? 3 : 15] ^= 1;
	}
	conf.addr_count = conf.route_count = n;
	return net_configure(h->net, &conf, h->now) == 0;
}

struct sock_host *
sock_host_new(const struct sock_conf *c)
{
	struct sock_host *h = calloc(1, sizeof(*h));
	uint64_t key[2];

	if (h == NULL)
		return NULL;
	h->out_end = &h->out;
	if (!conf_take(&h->conf, c))
		goto fail;
	h->now = h->conf.start;
	h->rng.s = h->conf.seed;
	h->port_next = rng_below(&h->rng, EPHEMERAL_COUNT);
	key[0] = rng_next(&h->rng);
	key[1] = rng_next(&h->rng);
	tune_default(h->conf.mtu, &h->cfg);
	h->sock = calloc(h->conf.sockets, sizeof(*h->sock));
	h->net_mem = calloc(1, net_size());
	if (h->sock == NULL || h->net_mem == NULL)
		goto fail;
	h->net = net_init(h->net_mem, own_mac, h->conf.mtu, &net_ops, h, (const uint8_t *)key);
	if (!configure(h))
		goto fail;
	return h;
fail:
	sock_host_free(h);
	return NULL;
}

int
host_build(struct sock_host *h)
{
	uint64_t key[4];
	size_t size = tcp_stack_size(&h->cfg);

	if (h->stack != NULL)
		return 0;
	for (int i = 0; i < 4; i++)
		key[i] = rng_next(&h->rng);
	h->tcp_mem = aligned_alloc(ALIGN, size);
	h->pool_mem = aligned_alloc(ALIGN, pool_size(h->conf.blocks));
	if (h->tcp_mem != NULL && h->pool_mem != NULL) {
		memset(h->tcp_mem, 0, size);
		pool_init(&h->pool, h->pool_mem, h->conf.blocks);
		h->stack = tcp_stack_init(h->tcp_mem, &h->cfg, &tcp_ops, &h->pool, h, (const uint8_t *)key);
		if (h->stack != NULL)
			return 0;
	}
	free(h->tcp_mem);
	free(h->pool_mem);
	h->tcp_mem = h->pool_mem = NULL;
	return -ENOMEM;
}

static void
packets_free(struct packet *p)
{
	while (p != NULL) {
		struct packet *next = p->next;

		free(p);
		p = next;
	}
}

void
sock_host_free(struct sock_host *h)
{
	if (h == NULL)
		return;
	for (uint32_t i = 0; h->sock != NULL && i < h->conf.sockets; i++)
		free(h->sock[i].rest);
	packets_free(h->in);
	packets_free(h->out);
	free(h->sock);
	free(h->net_mem);
	free(h->tcp_mem);
	free(h->pool_mem);
	free(h);
}

bool
host_owns(const struct sock_host *h, int family, const uint8_t *b)
{
	struct net_ip ip = family == 4 ? ip_v4(b) : ip_v6(b);

	return net_owns(h->net, &ip);
}

/* ---- time and packets ---- */

uint64_t
sock_now(const struct sock_host *h)
{
	return h->now;
}

void
host_run(struct sock_host *h)
{
	if (h->stack == NULL)
		return;
	while (tcp_next(h->stack, h->now) <= h->now)
		tcp_poll(h->stack, h->now);
}

uint64_t
sock_next(const struct sock_host *h)
{
	uint64_t at = h->in != NULL ? h->in->at : SOCK_NEVER;
	uint64_t timer = h->stack != NULL ? tcp_next(h->stack, h->now) : SOCK_NEVER;

	return at < timer ? at : timer;
}

static bool
source(const struct packet *in, struct net_ip *ip)
{
	if (in->len >= IP4_SIZE && in->data[0] >> 4 == 4)
		*ip = ip_v4(in->data + 12);
	else if (in->len >= IP6_SIZE && in->data[0] >> 4 == 6)
		*ip = ip_v6(in->data + 8);
	else
		return false;
	return true;
}

static void
look(struct sock_host *h, struct pkt *p)
{
	struct net_tcp part;
	struct tcp_seg seg;
	int r = net_input(h->net, p, &part, h->now);

	if (r == 2) { /* the last piece of a datagram */
		look(h, part.whole);
	} else if (r == 1) {
		if (tcp_seg_parse(&seg, part.segment, part.len, part.local, part.remote) == 0) {
			seg.ecn = part.ecn;
			tcp_input(h->stack, &seg, h->now);
		} else {
			on_drop(h, R_TCP_SHORT);
		}
	}
	free(p);
}

/* The Ethernet header in front of it is as if to us alone. */
static void
arrive(struct sock_host *h, const struct packet *in)
{
	struct pkt *p = pkt_new((uint32_t)in->len);
	struct net_ip ip;

	if (p == NULL)
		return;
	if (source(in, &ip))
		know(h, &ip);
	memcpy(p->data, in->data, in->len);
	p->data -= ETH_SIZE;
	p->len = (uint32_t)in->len + ETH_SIZE;
	memcpy(p->data, own_mac, 6);
	memcpy(p->data + 6, far_mac, 6);
	p->data[12] = in->data[0] >> 4 == 6 ? 0x86 : 0x08;
	p->data[13] = in->data[0] >> 4 == 6 ? 0xdd : 0x00;
	look(h, p);
}

/* Everything that is due at h->now. */
static void
turn(struct sock_host *h)
{
	host_run(h);
	while (h->in != NULL && h->in->at <= h->now) {
		struct packet *in = h->in;

		h->in = in->next;
		arrive(h, in);
		free(in);
		host_run(h);
	}
}

int
sock_advance(struct sock_host *h, uint64_t to)
{
	uint64_t at;

	if (to < h->now)
		return -EINVAL;
	while ((at = sock_next(h)) <= to) {
		h->now = at > h->now ? at : h->now;
		turn(h);
	}
	h->now = to;
	return 0;
}

int
sock_inject(struct sock_host *h, const void *packet, size_t len, uint64_t at)
{
	struct packet **where = &h->in;
	struct packet *in;
	int r;

	if (at < h->now)
		return -EINVAL;
	if (len == 0 || len > PACKET_MAX)
		return -EMSGSIZE;
	r = host_build(h);
	if (r < 0)
		return r;
	in = malloc(sizeof(*in) + len);
	if (in == NULL)
		return -ENOMEM;
	*in = (struct packet){ .at = at, .len = len };
	memcpy(in->data, packet, len);
	while (*where != NULL && (*where)->at <= at)
		where = &(*where)->next;
	in->next = *where;
	*where = in;
	turn(h);
	return 0;
}

int
sock_take(struct sock_host *h, void *buf, size_t size, uint64_t *at)
{
	struct packet *o = h->out;
	int len;

	if (o == NULL)
		return -EAGAIN;
	if (o->len > size)
		return -EMSGSIZE;
	memcpy(buf, o->data, o->len);
	if (at != NULL)
		*at = o->at;
	len = (int)o->len;
	h->out = o->next;
	if (h->out == NULL)
		h->out_end = &h->out;
	free(o);
	return len;
}

int64_t
sock_drops(const struct sock_host *h, const char *name)
{
	int64_t all = 0;

	for (uint32_t i = 0; i < REASON_MAX; i++) {
		if (name != NULL && strcmp(reason_name((int)i), name) == 0)
			return (int64_t)h->drops[i];
		all += (int64_t)h->drops[i];
	}
	return name == NULL ? all : -ENOENT;
}
