/*
 * The whole core with a virtual clock: frames through IP into TCP with two connections,
 * one over IPv4 that was accepted and one over IPv6 that we opened, and their owner's
 * calls.
 *
 * Input: a byte for the configuration, then events. The low four bits of an event's
 * first byte choose, bit 4 says which connection:
 *   0  raw: 16-bit length, a frame        1  segment: see segment()
 *   2  the same in fragments: offset of the cut, bytes of overlap
 *   3  the same behind extension headers  4  time: 16-bit milliseconds
 *   5  write   6  read   7  shut down, close or abort
 *   8  ICMP error: kind, MTU, offset      9  ARP or neighbour discovery
 *   10 the last frame once more           11 no packet buffers for some allocations
 *   12 time: 16-bit seconds
 *
 * What comes out must be whole frames with right checksums, that carry the right bytes;
 * what is read must be what was sent; every block is somebody's; and when both
 * connections are over, nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_info.h"
#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_wire.h"
#include "dataplane/worker/emit.h"
#include "tests/fuzz/tcp/pkts.h"

#define CONNS 2u
#define BLOCKS 512u
#define FRAME_MAX 1514u
#define EVENTS 300
#define POLLS 1000
#define PEER_ISS 5000u
#define HOUR_US 3600000000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
	struct tcp *t;
	uint32_t ours;       /* our first sequence number; */
	uint32_t sent;       /* behind the highest that came out */
	uint32_t heard;      /* what it acknowledged last */
	uint32_t wrote, read;
	bool known;          /* `ours` is, */
	bool again;          /* and was another one: bytes are not looked at any more */
};

static struct {
	struct net *net;
	struct tcp_stack *stack;
	struct tcp_config cfg;
	struct pool pool;
	void *net_mem, *mem, *pool_mem;
	uint64_t now;
	struct end end[CONNS];
	bool raw;            /* somebody else may have written into the streams */
	uint8_t last[FRAME_MAX];
	uint32_t last_len;
} f;

static const uint8_t us_mac[6] = { 2, 0, 0, 0, 0, 1 }, peer_mac[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t us4[4] = { 10, 0, 0, 1 }, peer4[4] = { 10, 0, 0, 2 };
static const uint8_t us6[16] = { 0xfd, [15] = 1 }, peer6[16] = { 0xfd, [15] = 2 };
static uint8_t scratch[65536];

static uint8_t
byte_at(uint32_t off)
{
	return (uint8_t)(off * 7 + off / 251);
}

static struct tcp_tuple
tuple(uint32_t k)
{
	struct tcp_tuple t = { .local_port = k == 0 ? 22 : 50000, .remote_port = k == 0 ? 40000 : 830 };
	struct net_ip local = k == 0 ? ip_v4(us4) : ip_v6(us6);
	struct net_ip remote = k == 0 ? ip_v4(peer4) : ip_v6(peer6);

	memcpy(t.local.b, local.b, 16);
	memcpy(t.remote.b, remote.b, 16);
	return t;
}

/* ---- what the rooms call ---- */

/* A segment of ours: its place in the stream says its bytes. */
static void
check_segment(uint32_t k, const uint8_t *b, uint32_t len)
{
	struct tcp_tuple t = tuple(k);
	struct end *e = &f.end[k];
	struct tcp_seg seg;

	require(tcp_seg_parse(&seg, b, len, t.local.b, t.remote.b) == 0);
	if (seg.tuple.local_port != t.remote_port || seg.tuple.remote_port != t.local_port ||
	    (seg.flags & TCP_RST))
		return;
	if (seg.flags & TCP_SYN) {
		e->again |= (e->known && e->ours != seg.seq) ||
		    ((seg.flags & TCP_ACK) && seg.ack != PEER_ISS + 1);
		e->known = true;
		e->ours = seg.seq;
		e->sent = seg.seq + 1;
	}
	for (uint32_t i = 0; i < seg.data_len; i++)
		require(e->again || seg.data[i] == byte_at(seg.seq - e->ours - 1 + i));
	if ((int32_t)(seg.seq + seg.data_len - e->sent) > 0)
		e->sent = seg.seq + seg.data_len;
	if (seg.flags & TCP_ACK)
		e->heard = seg.ack;
}

static void
check_ip(const uint8_t *ip, uint32_t len, bool v4)
{
	uint32_t head = v4 ? IP4_SIZE : IP6_SIZE;
	struct net_ip src = v4 ? ip_v4(ip + 12) : ip_v6(ip + 8);
	struct net_ip dst = v4 ? ip_v4(ip + 16) : ip_v6(ip + 24);
	uint8_t proto = v4 ? ip[9] : ip[6];

	require(len >= head && len <= 1500);
	if (v4) {
		require(csum_fold(csum_add(0, ip, IP4_SIZE)) == 0);
		require((uint32_t)(ip[2] << 8 | ip[3]) == len && (ip[6] & 0x40) != 0 && ip[4] == 0 && ip[5] == 0);
	} else {
		require((uint32_t)(ip[4] << 8 | ip[5]) == len - IP6_SIZE);
	}
	if (proto == IP_TCP) {
		require(csum_fold(csum_add(csum_pseudo(&src, &dst, IP_TCP, len - head), ip + head, len - head)) == 0);
		if (memcmp(dst.b, tuple(v4 ? 0 : 1).remote.b, 16) == 0)
			check_segment(v4 ? 0 : 1, ip + head, len - head);
	} else if (proto == IP_ICMP) {
		require(csum_fold(csum_add(0, ip + head, len - head)) == 0);
	} else if (proto == IP_ICMP6) {
		require(csum_fold(csum_add(csum_pseudo(&src, &dst, IP_ICMP6, len - head), ip + head,
		    len - head)) == 0);
	}
}

static void
on_send(void *owner, struct pkt *p)
{
	uint16_t type = (uint16_t)(p->data[12] << 8 | p->data[13]);

	require(p->len >= ETH_SIZE && p->len <= FRAME_MAX && p->data >= p->head);
	require(memcmp(p->data + 6, us_mac, 6) == 0);
	if (type == ETH_IP4 || type == ETH_IP6)
		check_ip(p->data + ETH_SIZE, p->len - ETH_SIZE, type == ETH_IP4);
	on_free(owner, p);
}

static void
on_tcp_error(void *owner, const struct net_error *from)
{
	struct tcp_icmp e = { .tuple.local_port = from->local_port, .tuple.remote_port = from->remote_port,
		.seq = from->seq, .reason = from->reason, .hard = from->hard, .mtu = from->mtu,
		.size = from->size };

	(void)owner;
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
	struct tcp_tuple want = tuple(0);

	(void)owner;
	(void)now;
	if (f.end[0].t != NULL || memcmp(tcp_tuple(t), &want, sizeof(want)) != 0)
		return -1;
	f.end[0].t = t;
	f.end[0].wrote = f.end[0].read = 0;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)now;
	require(t == f.end[0].t || t == f.end[1].t);
	require(reason >= 0 && reason < REASON_MAX);
	if (events & TCP_EV_CLOSED)
		f.end[t == f.end[1].t].t = NULL;
}

/* ---- time ---- */

static void
poll_core(void)
{
	int left = POLLS;

	for (; left > 0 && tcp_next(f.stack, f.now) <= f.now; left--)
		tcp_poll(f.stack, f.now);
	require(left > 0); /* it comes to rest */
	net_poll(f.net, f.now);
}

static void
pass_time(uint64_t us, int steps)
{
	uint64_t end = f.now + us;

	while (steps-- > 0) {
		uint64_t next = tcp_next(f.stack, f.now), net = net_next(f.net, f.now);

		next = net < next ? net : next;
		if (next > end)
			break;
		f.now = next > f.now ? next : f.now;
		poll_core();
	}
	f.now = end;
	poll_core();
}

/* ---- frames ---- */

static void
look(struct pkt *p)
{
	struct net_tcp out;
	struct tcp_seg seg;
	int r = net_input(f.net, p, &out, f.now);

	if (r == 2) {
		look(out.whole);
		on_free(NULL, out.whole);
	} else if (r == 1) {
		require(out.segment >= p->data && out.segment + out.len <= p->data + p->len);
		if (tcp_seg_parse(&seg, out.segment, out.len, out.local, out.remote) == 0)
			tcp_input(f.stack, &seg, f.now);
	}
}

/* The frame alone in a buffer of its size: a read behind it is found. */
static void
inject(const uint8_t *frame, uint32_t len)
{
	uint8_t *buf = malloc(len > 0 ? len : 1);
	struct pkt p = { .head = buf, .data = buf, .size = len, .len = len };

	require(buf != NULL);
	memcpy(buf, frame, len);
	if (frame != f.last && len <= FRAME_MAX) {
		memcpy(f.last, frame, len);
		f.last_len = len;
	}
	look(&p);
	free(buf);
	poll_core();
}

/* An IP packet from the peer of connection k: `extra` bytes in front of `body`. */
static void
inject_ip(uint32_t k, uint8_t proto, uint16_t id, uint16_t word, const uint8_t *extra, uint32_t extra_len,
    const uint8_t *body, uint32_t len)
{
	static uint8_t frame[FRAME_MAX];
	struct put w = put_of(frame, sizeof(frame));
	uint16_t sum;

	put_bytes(&w, us_mac, 6);
	put_bytes(&w, peer_mac, 6);
	put_u16(&w, k == 0 ? ETH_IP4 : ETH_IP6);
	if (k == 0) {
		put_u16(&w, 0x4500);
		put_u16(&w, (uint16_t)(IP4_SIZE + len));
		put_u16(&w, id);
		put_u16(&w, word);
		put_u16(&w, (uint16_t)(0x4000 | proto));
		put_u16(&w, 0);
		put_bytes(&w, peer4, 4);
		put_bytes(&w, us4, 4);
		sum = csum_fold(csum_add(0, frame + ETH_SIZE, IP4_SIZE));
		frame[24] = (uint8_t)(sum >> 8);
		frame[25] = (uint8_t)sum;
		extra_len = 0;
	} else {
		put_u32(&w, 0x60000000u);
		put_u16(&w, (uint16_t)(extra_len + len));
		put_u8(&w, proto);
		put_u8(&w, proto == IP_ICMP6 && len >= 24 && body[0] >= 133 ? 255 : 64);
		put_bytes(&w, peer6, 16);
		put_bytes(&w, us6, 16);
		put_bytes(&w, extra, extra_len);
	}
	put_bytes(&w, body, len);
	if (!w.bad)
		inject(frame, (uint32_t)put_len(&w));
}

/* A segment of the peer; its bytes follow from its place. Fields: flags, offsets of the
 * numbers from those that fit, window, options and their length, payload (times four). */
static uint32_t
segment(struct cur *c, uint32_t k, uint8_t *b)
{
	struct tcp_tuple t = tuple(k);
	struct net_ip src, dst;
	const struct end *e = &f.end[k];
	uint8_t flags = cur_u8(c);
	uint32_t seq = e->heard + (uint32_t)(int16_t)cur_u16(c);
	uint32_t ack = e->sent + (uint32_t)(int16_t)cur_u16(c);
	uint16_t window = cur_u16(c);
	struct view options = cur_take(c, cur_u8(c) % 11u * 4u);
	uint32_t data = 4u * cur_u8(c), len = 20u + (uint32_t)options.len + data;
	struct put w = put_of(b, len);
	uint16_t sum;

	if (c->bad)
		return 0;
	put_u16(&w, t.remote_port);
	put_u16(&w, t.local_port);
	put_u32(&w, seq);
	put_u32(&w, ack);
	put_u8(&w, (uint8_t)((20u + options.len) / 4u << 4));
	put_u8(&w, flags);
	put_u16(&w, window);
	put_u32(&w, 0);
	put_bytes(&w, options.data, options.len);
	for (uint32_t i = 0; i < data; i++)
		put_u8(&w, byte_at(seq - PEER_ISS - 1 + i));
	memcpy(src.b, t.remote.b, 16);
	memcpy(dst.b, t.local.b, 16);
	sum = csum_fold(csum_add(csum_pseudo(&src, &dst, IP_TCP, len), b, len));
	b[16] = (uint8_t)(sum >> 8);
	b[17] = (uint8_t)sum;
	return len;
}

static void
ev_fragments(struct cur *c, uint32_t k)
{
	static uint8_t b[2048];
	uint32_t len = segment(c, k, b);
	uint32_t cut = 8u * cur_u8(c), over = 8u * (cur_u8(c) & 3u), id = cur_u8(c);

	if (len == 0 || cut >= len || over > cut)
		return;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t start = i == 0 ? 0 : cut - over, end = i == 0 ? cut : len;
		uint16_t word = (uint16_t)(start | (i == 0 ? 1u : 0u));
		uint8_t head[8] = { IP_TCP, 0, (uint8_t)(word >> 8), (uint8_t)word, 0, 0, 0, (uint8_t)id };

		if (k == 0)
			inject_ip(k, IP_TCP, (uint16_t)id, (uint16_t)(start / 8 | (i == 0 ? 0x2000u : 0u)), NULL, 0,
			    b + start, end - start);
		else
			inject_ip(k, IP6_FRAGMENT, 0, 0, head, 8, b + start, end - start);
	}
}

static void
ev_chain(struct cur *c, uint32_t k)
{
	static const uint8_t types[4] = { IP6_HOP_BY_HOP, IP6_DEST_OPTIONS, IP6_ROUTING, IP6_FRAGMENT };
	static uint8_t b[2048];
	uint8_t head[10 * 8] = { 0 };
	uint32_t count = cur_u8(c) % 11u;
	uint32_t kinds = cur_u32(c);
	struct view bytes = cur_take(c, 6u * count);
	uint32_t len = segment(c, k, b);
	uint8_t first = IP_TCP;

	if (len == 0)
		return;
	for (uint32_t i = count; i > 0; i--) {
		uint8_t *h = head + 8 * (i - 1);

		h[0] = first;
		memcpy(h + 2, bytes.data + 6 * (i - 1), 6);
		first = types[kinds >> 2 * (i - 1) & 3u];
	}
	inject_ip(k, first, 0, 0, head, 8 * count, b, len);
}

static void
ev_icmp(struct cur *c, uint32_t k)
{
	uint8_t type = cur_u8(c), code = cur_u8(c);
	uint16_t mtu = cur_u16(c), size = cur_u16(c);
	uint32_t seq = f.end[k].sent + (uint32_t)(int16_t)cur_u16(c);
	struct tcp_tuple t = tuple(k);
	struct net_ip src = ip_v6(peer6), dst = ip_v6(us6);
	uint8_t b[8 + IP6_SIZE + 8];
	struct put w = put_of(b, sizeof(b));
	uint32_t len;
	uint16_t sum;

	put_u8(&w, type);
	put_u8(&w, code);
	put_u16(&w, 0);
	put_u32(&w, mtu);
	if (k == 0) {
		put_u16(&w, 0x4500);
		put_u16(&w, size);
		put_u32(&w, 0x4000u);
		put_u32(&w, 0x40060000u);
		put_bytes(&w, us4, 4);
		put_bytes(&w, peer4, 4);
	} else {
		put_u32(&w, 0x60000000u);
		put_u16(&w, size);
		put_u16(&w, IP_TCP << 8 | 64);
		put_bytes(&w, us6, 16);
		put_bytes(&w, peer6, 16);
	}
	put_u16(&w, t.local_port);
	put_u16(&w, t.remote_port);
	put_u32(&w, seq);
	len = (uint32_t)put_len(&w);
	sum = csum_fold(csum_add(k == 0 ? 0 : csum_pseudo(&src, &dst, IP_ICMP6, len), b, len));
	b[2] = (uint8_t)(sum >> 8);
	b[3] = (uint8_t)sum;
	inject_ip(k, k == 0 ? IP_ICMP : IP_ICMP6, 0, 0x4000, NULL, 0, b, len);
}

static void
ev_neighbour(struct cur *c, uint32_t k)
{
	struct net_ip src = ip_v6(peer6), dst = ip_v6(us6);
	uint8_t how = cur_u8(c), mac = cur_u8(c);
	uint8_t b[32] = { (uint8_t)(135 + (how & 1)), [4] = (uint8_t)(how & 0xe0) };
	uint16_t sum;

	if (k == 0) {
		uint8_t arp[42] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, mac, 8, 6, 0, 1, 8, 0, 6, 4, 0,
			(uint8_t)(1 + (how & 1)), 2, 0, 0, 0, 0, mac, 10, 0, 0, (uint8_t)(how >> 1), [38] = 10, 0, 0, 1 };

		inject(arp, sizeof(arp));
		return;
	}
	memcpy(b + 8, how & 1 ? peer6 : us6, 16);
	b[24] = how & 1 ? 2 : 1;
	b[25] = how & 2 ? 1 : 0;
	memcpy(b + 26, (uint8_t[6]){ 2, 0, 0, 0, 0, mac }, 6);
	sum = csum_fold(csum_add(csum_pseudo(&src, &dst, IP_ICMP6, 32), b, 32));
	b[2] = (uint8_t)(sum >> 8);
	b[3] = (uint8_t)sum;
	inject_ip(1, IP_ICMP6, 0, 0, NULL, 0, b, 32);
}

/* ---- the owner ---- */

static void
ev_write(struct end *e, uint32_t n)
{
	if (e->t == NULL)
		return;
	for (uint32_t i = 0; i < n; i++)
		scratch[i] = byte_at(e->wrote + i);
	if (tcp_put(e->t, scratch, n) == 0)
		e->wrote += n;
}

static void
ev_read(struct end *e, uint32_t n)
{
	size_t len;

	if (e->t == NULL)
		return;
	len = tcp_peek(e->t, scratch, n);
	for (size_t i = 0; i < len; i++)
		require(f.raw || e->again || scratch[i] == byte_at(e->read + (uint32_t)i));
	tcp_take(e->t, len);
	e->read += (uint32_t)len;
}

static void
ev_end(struct end *e, uint8_t how)
{
	if (e->t == NULL)
		return;
	if (how % 3 == 0) {
		tcp_shutdown(e->t, f.now);
	} else if (how % 3 == 1) {
		tcp_close(e->t, f.now);
	} else {
		struct tcp *t = e->t;

		e->t = NULL;
		tcp_abort(t, 0, f.now);
	}
}

static void
ev_raw(struct cur *c)
{
	uint32_t len = cur_u16(c) % (FRAME_MAX + 1u);
	struct view v = cur_take(c, len);

	if (c->bad)
		return;
	f.raw = true;
	inject(v.data, (uint32_t)v.len);
}

static void
event(struct cur *c)
{
	static uint8_t b[2048];
	uint8_t op = cur_u8(c);
	uint32_t k = op >> 4 & 1u, len;

	switch (op & 15) {
	case 0:
		ev_raw(c);
		break;
	case 1:
		len = segment(c, k, b);
		if (len > 0)
			inject_ip(k, IP_TCP, 0, 0x4000, NULL, 0, b, len);
		break;
	case 2:
		ev_fragments(c, k);
		break;
	case 3:
		ev_chain(c, k);
		break;
	case 4:
		pass_time(1000ull * cur_u16(c), 64);
		break;
	case 5:
		ev_write(&f.end[k], 1u + 16u * cur_u8(c));
		break;
	case 6:
		ev_read(&f.end[k], 1u + 16u * cur_u8(c));
		break;
	case 7:
		ev_end(&f.end[k], cur_u8(c));
		break;
	case 8:
		ev_icmp(c, k);
		break;
	case 9:
		ev_neighbour(c, k);
		break;
	case 10:
		inject(f.last, f.last_len);
		break;
	case 11:
		pkts.starve = cur_u8(c);
		break;
	default:
		pass_time(1000000ull * cur_u16(c), 64);
		break;
	}
	poll_core();
}

static void
check(void)
{
	struct tcp_stats st;
	uint32_t held = 0;

	tcp_get_stats(f.stack, &st);
	require(st.conn_open <= f.cfg.conn_max && st.half_open <= f.cfg.half_open_max);
	for (uint32_t k = 0; k < CONNS; k++) {
		struct tcp_info info;

		if (f.end[k].t == NULL)
			continue;
		tcp_get_info(f.end[k].t, f.now, &info);
		require(info.mss <= 1460 && info.mss >= 200 && info.pmtu <= 1500);
		require(tcp_readable(f.end[k].t) <= f.cfg.rcv_buf + 64);
		held += info.blocks;
	}
	require(f.pool.free_count + held <= f.pool.count);
	require(net_get_load(f.net).frag_bytes <= NET_FRAG_BYTES);
}

/* ---- beginning and end ---- */

static void
handshake(uint32_t k, const uint8_t *options, uint32_t options_len)
{
	uint8_t in[64] = { k == 0 ? TCP_SYN : TCP_SYN | TCP_ACK, 0, 0, 0, 0, 0x20, 0, (uint8_t)(options_len / 4) };
	static uint8_t b[2048];
	struct cur c;

	memcpy(in + 8, options, options_len);
	f.end[k].heard = PEER_ISS;
	c = cur_of(in, 9 + options_len);
	inject_ip(k, IP_TCP, 0, 0x4000, NULL, 0, b, segment(&c, k, b));
	if (k == 1)
		return;
	memcpy(in, (uint8_t[9]){ TCP_ACK, 0, 0, 0, 0, 0x20, 0, 0, 0 }, 9);
	c = cur_of(in, 9);
	inject_ip(k, IP_TCP, 0, 0x4000, NULL, 0, b, segment(&c, k, b));
}

static void
set_up(uint8_t how)
{
	static const struct net_ops net_ops = { on_alloc, on_send, on_free, on_drop, on_tcp_error };
	static const struct tcp_ops tcp_ops = { on_emit, on_accept, on_event, on_drop };
	static const struct net_conf conf = {
		.addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
		.addr_count = 2,
	};
	static const uint8_t secret[32] = { 9 };

	tcp_config_default(&f.cfg, 1500);
	f.cfg.conn_max = 6;
	f.cfg.half_open_max = 3;
	f.cfg.timewait_max = 2;
	f.cfg.path_age_us = how & 1 ? 20000000 : 600000000;
	f.cfg.rack = !(how & 2);
	f.cfg.timestamps = !(how & 4);
	f.cfg.rcv_buf = f.cfg.snd_buf = how & 8 ? 8192 : 131072;
	f.cfg.cookie_at = how & 16 ? 0 : f.cfg.half_open_max + 1;
	if (f.mem == NULL) {
		f.net_mem = malloc(net_size());
		f.mem = aligned_alloc(64, tcp_stack_size(&f.cfg));
		f.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	}
	memset(f.net_mem, 0, net_size());
	memset(f.mem, 0, tcp_stack_size(&f.cfg));
	memset(pkts.busy, 0, sizeof(pkts.busy));
	memset(f.end, 0, sizeof(f.end));
	f.last_len = pkts.starve = 0;
	f.raw = false;
	f.now = 1000000;
	pool_init(&f.pool, f.pool_mem, BLOCKS);
	f.stack = tcp_stack_init(f.mem, &f.cfg, &tcp_ops, &f.pool, NULL, secret);
	f.net = net_init(f.net_mem, us_mac, 1500, &net_ops, NULL, secret);
	require(f.stack != NULL && net_configure(f.net, &conf, f.now) == 0);
}

static void
begin(uint8_t how)
{
	struct tcp_opts o = { .mss_on = true, .mss = 1460, .shift_on = true, .shift = 4,
		.sack_ok = !(how & 32) };
	struct tcp_tuple t = tuple(1);
	uint8_t options[40];
	uint32_t len = tcp_opt_write(&o, options);
	uint8_t who[2] = { 4, 2 };
	struct cur c = cur_of(who, 2);

	ev_neighbour(&c, 0);
	who[0] = 2;
	c = cur_of(who, 2);
	ev_neighbour(&c, 1);
	tcp_listen(f.stack, 22);
	handshake(0, options, len);
	f.end[1].t = tcp_connect(f.stack, &t, NULL, f.now);
	require(f.end[1].t != NULL);
	poll_core();
	handshake(1, options, len);
	require(f.end[0].t != NULL && f.end[1].t != NULL);
}

/* Everything runs out; what is left then would be left for ever. */
static void
finish(void)
{
	struct tcp_stats st;

	pkts.starve = 0;
	for (uint32_t k = 0; k < CONNS; k++)
		ev_end(&f.end[k], 2);
	net_clear(f.net);
	pass_time(HOUR_US, 100000);
	tcp_get_stats(f.stack, &st);
	require(st.conn_open == 0 && st.half_open == 0 && st.timewait == 0);
	require(f.pool.free_count == f.pool.count);
	require(net_get_load(f.net).frags == 0);
	for (uint32_t i = 0; i < PKTS_COUNT; i++)
		require(!pkts.busy[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t how = cur_u8(&c);

	set_up(how);
	begin(how);
	for (int i = 0; i < EVENTS && cur_left(&c) > 0; i++) {
		event(&c);
		check();
	}
	finish();
	return 0;
}
