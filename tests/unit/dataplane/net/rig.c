#include "tests/unit/dataplane/net/rig.h"

#include <stdlib.h>

struct rig rig;
const uint8_t mac_us[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t mac_peer[6] = { 2, 0, 0, 0, 0, 2 };
const uint8_t mac_other[6] = { 2, 0, 0, 0, 0, 3 };
const uint8_t mac_all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
const uint8_t us4[4] = { 10, 0, 0, 1 };
const uint8_t peer4[4] = { 10, 0, 0, 2 };
const uint8_t us6[16] = { 0xfd, [15] = 1 };
const uint8_t peer6[16] = { 0xfd, [15] = 2 };

static struct pkt *
on_alloc(void *owner)
{
	(void)owner;
	for (uint32_t i = 0; i < SENT_MAX && !rig.no_pkt; i++) {
		struct pkt *p = &rig.pkts[i];

		if (rig.busy[i])
			continue;
		rig.busy[i] = true;
		*p = (struct pkt){ .head = rig.bufs[i], .data = rig.bufs[i] + PKT_HEADROOM,
			.size = BUF_SIZE, .truesize = BUF_SIZE };
		return p;
	}
	return NULL;
}

static void
on_free(void *owner, struct pkt *p)
{
	(void)owner;
	CU_ASSERT(rig.busy[p - rig.pkts]);
	rig.busy[p - rig.pkts] = false;
}

static void
on_send(void *owner, struct pkt *p)
{
	(void)owner;
	CU_ASSERT_FATAL(rig.sent_count < SENT_MAX);
	rig.sent[rig.sent_count++] = p;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	rig.drops[reason]++;
}

static void
on_tcp_error(void *owner, const struct net_error *e)
{
	(void)owner;
	rig.errors++;
	rig.error = *e;
}

void
rig_start_with(const struct net_conf *c)
{
	static const struct net_ops ops = { on_alloc, on_send, on_free, on_drop, on_tcp_error };
	static const uint8_t secret[16] = { 1, 2, 3 };

	memset(&rig, 0, sizeof(rig));
	rig.now = 1000000;
	rig.net = net_init(calloc(1, net_size()), mac_us, 1500, &ops, NULL, secret);
	rig.conf = *c;
	CU_ASSERT_EQUAL(net_configure(rig.net, &rig.conf, rig.now), 0);
}

void
rig_start(void)
{
	static const struct net_conf conf = {
		.addr = { { 4, 24, { 10, 0, 0, 1 } }, { 6, 64, { 0xfd, [15] = 1 } } },
		.addr_count = 2,
		.route = { { .to = { .family = 4 }, .gateway = { 10, 0, 0, 254 } },
		    { .to = { .family = 6 }, .gateway = { 0xfd, [15] = 0xfe } } },
		.route_count = 2,
	};

	rig_start_with(&conf);
}

void
rig_free(struct pkt *p)
{
	on_free(NULL, p);
}

void
rig_clear(void)
{
	for (uint32_t i = 0; i < rig.sent_count; i++)
		on_free(NULL, rig.sent[i]);
	rig.sent_count = 0;
}

uint32_t
rig_busy(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SENT_MAX; i++)
		n += rig.busy[i];
	return n - rig.sent_count;
}

void
rig_stop(void)
{
	free(rig.net);
}

void
rig_eth(const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	uint8_t t[2] = { (uint8_t)(type >> 8), (uint8_t)type };

	memset(rig.in_buf, 0, sizeof(rig.in_buf));
	rig.in = (struct pkt){ .head = rig.in_buf, .data = rig.in_buf + PKT_HEADROOM, .size = BUF_SIZE };
	rig_add(dst, 6);
	rig_add(src, 6);
	rig_add(t, 2);
}

void
rig_add(const void *data, size_t len)
{
	memcpy(rig.in.data + rig.in.len, data, len);
	rig.in.len += (uint32_t)len;
}

void
rig_ip4(const uint8_t src[4], const uint8_t dst[4], uint8_t proto, size_t payload)
{
	size_t total = 20 + payload;
	uint8_t h[20] = { 0x45, 0, (uint8_t)(total >> 8), (uint8_t)total, 0, 0, 0x40, 0, 64, proto };
	uint16_t sum;

	memcpy(h + 12, src, 4);
	memcpy(h + 16, dst, 4);
	sum = csum_fold(csum_add(0, h, 20));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
	rig_add(h, 20);
}

void
rig_ip6(const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint8_t hop, size_t payload)
{
	uint8_t h[40] = { 0x60, [4] = (uint8_t)(payload >> 8), (uint8_t)payload, proto, hop };

	memcpy(h + 8, src, 16);
	memcpy(h + 24, dst, 16);
	rig_add(h, 40);
}

void
rig_sum(size_t start, size_t field, const struct net_ip *src, const struct net_ip *dst, uint8_t proto)
{
	uint32_t len = (uint32_t)(rig.in.len - start);
	uint64_t sum = proto == IP_ICMP ? 0 : csum_pseudo(src, dst, proto, len);
	uint16_t v = csum_fold(csum_add(sum, rig.in.data + start, len));

	rig.in.data[start + field] = (uint8_t)(v >> 8);
	rig.in.data[start + field + 1] = (uint8_t)v;
}

static const uint8_t tcp_bytes[24] = { 0x9c, 0x40, 0, 22, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0,
	[20] = 'd', 'a', 't', 'a' };

void
rig_tcp4(void)
{
	struct net_ip src = ip_v4(peer4), dst = ip_v4(us4);

	rig_eth(mac_us, mac_peer, ETH_IP4);
	rig_ip4(peer4, us4, IP_TCP, sizeof(tcp_bytes));
	rig_add(tcp_bytes, sizeof(tcp_bytes));
	rig_sum(34, 16, &src, &dst, IP_TCP);
}

void
rig_tcp6(void)
{
	struct net_ip src = ip_v6(peer6), dst = ip_v6(us6);

	rig_eth(mac_us, mac_peer, ETH_IP6);
	rig_ip6(peer6, us6, IP_TCP, 64, sizeof(tcp_bytes));
	rig_add(tcp_bytes, sizeof(tcp_bytes));
	rig_sum(54, 16, &src, &dst, IP_TCP);
}

void
rig_arp(uint16_t op, const uint8_t sha[6], const uint8_t spa[4], const uint8_t tpa[4],
    const uint8_t dst[6])
{
	uint8_t h[8] = { 0, 1, 8, 0, 6, 4, 0, (uint8_t)op };

	rig_eth(dst, sha, ETH_ARP);
	rig_add(h, 8);
	rig_add(sha, 6);
	rig_add(spa, 4);
	rig_add(mac_us, 6);
	rig_add(tpa, 4);
}

void
rig_nd(uint8_t type, uint32_t flags, const uint8_t src[16], const uint8_t dst[16],
    const uint8_t target[16], const uint8_t *mac, const uint8_t eth_dst[6])
{
	uint8_t h[8] = { type, [4] = (uint8_t)(flags >> 24) };
	uint8_t opt[2] = { type == 135 ? 1 : 2, 1 };
	struct net_ip s = ip_v6(src), d = ip_v6(dst);

	rig_eth(eth_dst, mac_peer, ETH_IP6);
	rig_ip6(src, dst, IP_ICMP6, 255, 24 + (mac != NULL ? 8 : 0));
	rig_add(h, 8);
	rig_add(target, 16);
	if (mac != NULL) {
		rig_add(opt, 2);
		rig_add(mac, 6);
	}
	rig_sum(54, 2, &s, &d, IP_ICMP6);
}

int
rig_input(void)
{
	return net_input(rig.net, &rig.in, &rig.tcp, rig.now);
}

int
rig_output(const struct net_ip *local, const struct net_ip *remote, uint16_t mark)
{
	struct net_run r = { .local = local->b, .remote = remote->b,
		.mark = { .via = rig.tcp.via } };
	struct pkt *p = on_alloc(NULL);

	memset(p->data, 0, 20);
	p->data[0] = (uint8_t)(mark >> 8);
	p->data[1] = (uint8_t)mark;
	p->data[12] = 0x50;
	p->len = 20;
	return net_output_tcp(rig.net, p, &r, rig.now);
}
