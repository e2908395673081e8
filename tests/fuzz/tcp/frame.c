/*
 * Input: frames, each a 16-bit length and its bytes. The top bit of the length
 * says that the port has verified the checksums; the next that those of IPv4
 * and ICMP are to be put right, so that what is behind them is reached.
 *
 * What is TCP goes to a stack that listens, and its answers out again. Where
 * workers share a port, the owner of a frame is told from the frame alone: it must
 * be the owner of the connection that the frame then turns out to be for.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/cursor.h"
#include "dataplane/net/flow.h"
#include "dataplane/net/net_priv.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/worker/emit.h"
#include "tests/fuzz/tcp/pkts.h"

#define BLOCKS 64u
#define LEN_MAX 1514u
#define GOOD 0x8000u
#define REPAIR 0x4000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct net *net;
	struct tcp_stack *stack;
	struct tcp_config cfg;
	struct pool pool;
	void *mem, *pool_mem;
	uint64_t now;
	struct flow_key key;
	enum flow_whose whose;
	uint32_t hash;
} f;

static void
on_send(void *owner, struct pkt *p)
{
	require(p->len >= ETH_SIZE && p->len <= LEN_MAX && p->data >= p->head);
	/* Ours, or those of our virtual routers. */
	require(memcmp(p->data + 6, "\2\0\0\0\0\1", 6) == 0 || memcmp(p->data + 6, "\0\0\x5e\0\1\x33", 6) == 0 ||
	    memcmp(p->data + 6, "\0\0\x5e\0\2\x33", 6) == 0);
	on_free(owner, p);
}

/* The hash over a connection's ends, seen from the peer. */
static uint32_t
flow_of(const uint8_t local[16], uint16_t local_port, const uint8_t remote[16], uint16_t remote_port)
{
	uint8_t b[36];
	struct put w = put_of(b, sizeof(b));
	bool v4 = ip_is_v4((const struct net_ip *)local);

	put_bytes(&w, v4 ? remote + 12 : remote, v4 ? 4 : 16);
	put_bytes(&w, v4 ? local + 12 : local, v4 ? 4 : 16);
	put_u16(&w, remote_port);
	put_u16(&w, local_port);
	return flow_hash(&f.key, b, (uint32_t)put_len(&w));
}

static void
on_tcp_error(void *owner, const struct net_error *from)
{
	struct tcp_icmp e = { .tuple.local_port = from->local_port,
		.tuple.remote_port = from->remote_port, .seq = from->seq, .reason = from->reason,
		.hard = from->hard, .mtu = from->mtu, .size = from->size };

	(void)owner;
	require(from->reason > 0 && from->reason < REASON_MAX);
	/* A quoted header with options is nobody's, ours have none. */
	require(f.whose == FLOW_HERE ||
	    (f.whose == FLOW_ONE &&
	    f.hash == flow_of(from->local, from->local_port, from->remote, from->remote_port)));
	memcpy(e.tuple.local.b, from->local, 16);
	memcpy(e.tuple.remote.b, from->remote, 16);
	if (from->too_big)
		tcp_icmp_too_big(f.stack, &e, f.now);
	else
		tcp_icmp_error(f.stack, &e, f.now);
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	(void)owner;
	return net_emit(f.net, o, f.now);
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner;
	(void)t;
	(void)now;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)reason;
	if (!(events & TCP_EV_CLOSED))
		tcp_take(t, tcp_readable(t));
	if (events & TCP_EV_EOF)
		tcp_close(t, now);
}

static void
set_up(void)
{
	static const struct net_ops net_ops = { on_alloc, on_send, on_free, on_drop, on_tcp_error };
	static const struct tcp_ops tcp_ops = { on_emit, on_accept, on_event, on_drop };
	static const struct net_conf conf = {
		.addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
		.addr_count = 2,
		.route = { { .to = { .family = 4 }, .gateway = { 10, 0, 0, 254 } } },
		.route_count = 1,
		.speaks = true,
		.vrrp = { { .family = 4, .vrid = 51, .priority = 100, .addr_count = 1, .accept = true, .interval = 1,
			      .addr = { { 10, 0, 0, 100 } } },
		    { .family = 6, .vrid = 51, .priority = 100, .addr_count = 1, .preempt = true, .interval = 1,
			.addr = { { 0xfe, 0x80, [15] = 0x64 } } } },
		.vrrp_count = 2,
	};
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	static const uint8_t secret[32] = { 9 };
	static const uint8_t key[FLOW_KEY_SIZE] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
		0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb };

	tcp_config_default(&f.cfg, 1500);
	f.cfg.conn_max = 8;
	f.cfg.half_open_max = 4;
	f.cfg.timewait_max = 4;
	if (f.mem == NULL) {
		f.net = malloc(net_size());
		f.mem = aligned_alloc(64, tcp_stack_size(&f.cfg));
		f.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	}
	memset(f.net, 0, net_size());
	memset(f.mem, 0, tcp_stack_size(&f.cfg));
	memset(pkts.busy, 0, sizeof(pkts.busy));
	f.now = 1000000;
	flow_key_init(&f.key, key);
	pool_init(&f.pool, f.pool_mem, BLOCKS);
	f.stack = tcp_stack_init(f.mem, &f.cfg, &tcp_ops, &f.pool, NULL, secret);
	f.net = net_init(f.net, mac, 1500, &net_ops, NULL, secret);
	require(f.stack != NULL && net_configure(f.net, &conf, f.now) == 0);
	tcp_listen(f.stack, 22);
}

static void
set_sum(uint8_t *at, uint64_t sum)
{
	uint16_t v = csum_fold(sum);

	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void
repair(struct pkt *p)
{
	uint8_t *d = p->data + ETH_SIZE;
	uint32_t len = p->len - ETH_SIZE;

	if (p->len >= ETH_SIZE + IP4_SIZE + 8 && d[0] == 0x45) {
		uint32_t total = (uint32_t)d[2] << 8 | d[3];

		d[10] = d[11] = 0;
		set_sum(d + 10, csum_add(0, d, IP4_SIZE));
		if (d[9] != IP_ICMP || total < IP4_SIZE + 8 || total > len)
			return;
		d[22] = d[23] = 0;
		set_sum(d + 22, csum_add(0, d + IP4_SIZE, total - IP4_SIZE));
	} else if (p->len >= ETH_SIZE + IP6_SIZE + 8 && d[0] >> 4 == 6 && d[6] == IP_ICMP6) {
		struct net_ip src = ip_v6(d + 8), dst = ip_v6(d + 24);
		uint32_t payload = (uint32_t)d[4] << 8 | d[5];

		if (payload < 8 || payload > len - IP6_SIZE || ip_is_v4(&src))
			return;
		d[42] = d[43] = 0;
		set_sum(d + 42, csum_add(csum_pseudo(&src, &dst, IP_ICMP6, payload), d + IP6_SIZE,
		    payload));
	}
}

static void
look(struct pkt *p)
{
	struct net_tcp out;
	struct tcp_seg seg;
	int r;

	f.whose = flow_whose(&f.key, p->data, p->len, &f.hash);
	r = net_input(f.net, p, &out, f.now);
	require(r == 0 || f.whose == FLOW_ONE);
	if (r == 2) {
		look(out.whole);
		on_free(NULL, out.whole);
	} else if (r == 1) {
		require(out.segment >= p->data && out.segment + out.len <= p->data + p->len);
		if (tcp_seg_parse(&seg, out.segment, out.len, out.local, out.remote) != 0)
			return;
		require(f.hash == flow_of(out.local, seg.tuple.local_port, out.remote, seg.tuple.remote_port));
		tcp_input(f.stack, &seg, f.now);
	}
}

/* The frame alone in a buffer of its size: a read behind it is found. */
static void
one(struct view v, bool good, bool put_right)
{
	uint8_t *buf = malloc(v.len > 0 ? v.len : 1);
	struct pkt p = { .head = buf, .data = buf, .size = (uint32_t)v.len, .len = (uint32_t)v.len,
		.flags = good ? PKT_CSUM_GOOD : 0 };

	require(buf != NULL);
	if (v.len > 0)
		memcpy(buf, v.data, v.len);
	if (put_right)
		repair(&p);
	look(&p);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);

	set_up();
	for (int i = 0; i < 64 && cur_left(&c) > 2; i++) {
		uint16_t head = cur_u16(&c);
		size_t len = head & 0x3fff;

		if (len > LEN_MAX)
			len = LEN_MAX;
		if (len > cur_left(&c))
			len = cur_left(&c);
		one(cur_take(&c, len), head & GOOD, head & REPAIR);
		f.now += 100000;
		tcp_poll(f.stack, f.now);
		net_poll(f.net, f.now);
	}
	net_clear(f.net);
	return 0;
}
