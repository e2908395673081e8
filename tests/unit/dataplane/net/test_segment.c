/*
 * Runs of segments: cut as a stack that sends each by itself would, summed as the
 * slow way sums.
 */
#include <stdlib.h>

#include "dataplane/net/csum_wide.h"
#include "dataplane/tcp/tcp_wire.h"
#include "dataplane/worker/emit.h"
#include "tests/unit/dataplane/net/rig.h"

#define BLOCKS 64u
#define PAYLOAD 40000u
#define ETH 14u

static struct pool pool;
static struct fifo queue;
static uint8_t payload[PAYLOAD];
static uint64_t dice = 88172645463325252u;

static uint32_t
below(uint32_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(dice >> 32) % n;
}

static int
set_up(void)
{
	void *mem = aligned_alloc(64, pool_size(BLOCKS));

	if (mem == NULL)
		return 1;
	pool_init(&pool, mem, BLOCKS);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		payload[i] = (uint8_t)below(256);
	return 0;
}

/* The queue holds the payload, beginning anywhere in a block. */
static void
fill(void)
{
	uint32_t skip = below(POOL_DATA);

	fifo_clear(&queue, &pool);
	fifo_init(&queue, false);
	CU_ASSERT(fifo_put(&queue, &pool, payload, skip));
	CU_ASSERT(fifo_put(&queue, &pool, payload, PAYLOAD));
	fifo_take(&queue, &pool, skip);
}

/* ---- sums ---- */

static void
test_wide(void)
{
	static const unsigned widths[] = { 256, 512 };
	uint8_t copy[8192 + 64];
	unsigned tried = 0;

	for (unsigned w = 0; w < 2; w++) {
		if (widths[w] > csum_wide_have())
			continue;
		tried++;
		for (uint32_t i = 0; i < 3000; i++) {
			uint32_t len = 64 * (1 + below(128)), at = below(PAYLOAD - len), to = below(64);
			uint64_t slow = csum_add_slow(0, payload + at, len);

			memset(copy, 0, sizeof(copy));
			CU_ASSERT_EQUAL(csum_wide(widths[w], payload + at, copy + to, len), slow);
			CU_ASSERT_EQUAL(memcmp(copy + to, payload + at, len), 0);
			CU_ASSERT_EQUAL(copy[to + len], 0);
			CU_ASSERT_EQUAL(csum_wide(widths[w], payload + at, NULL, len), slow);
		}
	}
	printf("(%u of 2) ", tried);
}

static void
test_ones(void)
{
	static uint8_t ones[65536 - 64];

	memset(ones, 0xff, sizeof(ones));
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, ones, sizeof(ones))), 0);
	CU_ASSERT_EQUAL(csum_add(0, ones, sizeof(ones)), csum_add_slow(0, ones, sizeof(ones)));
	CU_ASSERT_EQUAL(csum_fold(UINT64_MAX), 0);
	CU_ASSERT_EQUAL(csum_fold(0), 0xffff);
}

static void
test_copy(void)
{
	static uint8_t dst[9200];

	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t off, len = below(i % 2 ? 9000 : 200);
		struct fifo_pos at;
		uint64_t sum;

		if (i % 64 == 0)
			fill();
		off = below(PAYLOAD - len);
		at = fifo_seek(&queue, off);
		memset(dst, 0x5a, sizeof(dst));
		sum = csum_copy(dst, &queue, &at, len, false);
		CU_ASSERT_EQUAL(memcmp(dst, payload + off, len), 0);
		CU_ASSERT_EQUAL(dst[len], 0x5a);
		CU_ASSERT_EQUAL(csum_fold(sum), csum_fold(csum_add_slow(0, payload + off, len)));
		CU_ASSERT_EQUAL(csum_fold(csum_add(0, dst, len)), csum_fold(sum));
		at = fifo_seek(&queue, off);
		CU_ASSERT_EQUAL(csum_copy(dst, &queue, &at, len, true), 0);
		CU_ASSERT_EQUAL(memcmp(dst, payload + off, len), 0);
	}
}

/* ---- runs ---- */

static void
know(bool v6)
{
	struct net_ip us = v6 ? ip_v6(us6) : ip_v4(us4);
	struct net_ip peer = v6 ? ip_v6(peer6) : ip_v4(peer4);

	(void)rig_output(&us, &peer, 1);
	if (v6)
		rig_nd(136, 0x60000000u, peer6, us6, peer6, mac_peer, mac_us);
	else
		rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	rig_clear();
}

static struct tcp_seg_out
run_of(bool v6, uint32_t off, uint32_t len, uint32_t mss, uint8_t flags, uint32_t options)
{
	struct net_ip us = v6 ? ip_v6(us6) : ip_v4(us4);
	struct net_ip peer = v6 ? ip_v6(peer6) : ip_v4(peer4);
	struct tcp_seg_out o = { .seq = 0xfffffe00u + below(1000), .ack = 77, .flags = flags | TCP_ACK,
		.window = 999, .options_len = options, .from = &queue, .at = fifo_seek(&queue, off),
		.len = len, .mss = mss, .hop_limit = 9, .traffic = 0x2a };

	memcpy(o.tuple.local.b, us.b, 16);
	memcpy(o.tuple.remote.b, peer.b, 16);
	o.tuple.local_port = 22;
	o.tuple.remote_port = 40000;
	for (uint32_t i = 0; i < options; i++)
		o.options[i] = (uint8_t)below(256);
	return o;
}

/* IP says how long it is and whose; where TCP begins. */
static const uint8_t *
check_ip(const struct pkt *p, bool v6, uint32_t *len)
{
	const uint8_t *ip = p->data + ETH;
	uint32_t total = p->len - ETH;

	CU_ASSERT_EQUAL(memcmp(p->data, mac_peer, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p->data + 6, mac_us, 6), 0);
	if (v6) {
		CU_ASSERT_EQUAL((uint32_t)(ip[4] << 8 | ip[5]), total - IP6_SIZE);
		CU_ASSERT_EQUAL((ip[0] << 8 | ip[1]) & 0xff0, 0x2a0);
		CU_ASSERT_EQUAL(ip[7], 9);
	} else {
		CU_ASSERT_EQUAL((uint32_t)(ip[2] << 8 | ip[3]), total);
		CU_ASSERT_EQUAL(ip[1], 0x2a);
		CU_ASSERT_EQUAL(ip[4] | ip[5], 0);
		CU_ASSERT_EQUAL(ip[8], 9);
		CU_ASSERT_EQUAL(csum_fold(csum_add_slow(0, ip, IP4_SIZE)), 0);
	}
	*len = total - (v6 ? IP6_SIZE : IP4_SIZE);
	return ip + (v6 ? IP6_SIZE : IP4_SIZE);
}

/* The frame is that segment, built by itself. */
static void
check_frame(struct pkt *p, const struct tcp_seg_out *one, bool v6)
{
	static uint8_t want[BUF_SIZE];
	uint32_t len;
	const uint8_t *tcp = check_ip(p, v6, &len);
	struct net_ip src = ip_v6(one->tuple.local.b), dst = ip_v6(one->tuple.remote.b);
	uint64_t pseudo = csum_pseudo(&src, &dst, IP_TCP, len);
	uint16_t field = (uint16_t)(tcp[16] << 8 | tcp[17]);

	if (p->flags & PKT_CSUM_TCP) {
		CU_ASSERT_EQUAL(field, (uint16_t)~csum_fold(pseudo));
	} else {
		CU_ASSERT_EQUAL(csum_fold(csum_add_slow(pseudo, tcp, len)), 0);
	}
	CU_ASSERT_EQUAL(tcp_seg_build(one, want, sizeof(want)), (int)len);
	want[16] = tcp[16];
	want[17] = tcp[17];
	CU_ASSERT_EQUAL(memcmp(tcp, want, len), 0);
}

static uint32_t
check_run(const struct tcp_seg_out *o, bool v6, uint32_t frames)
{
	struct tcp_seg_out one;
	uint32_t off = 0, n = 0;

	do {
		off = tcp_cut(o, off, &one);
		if (n < frames)
			check_frame(rig.sent[n], &one, v6);
		n++;
	} while (off != 0);
	return n;
}

static void
test_runs(void)
{
	static const uint8_t flags[] = { 0, TCP_PSH, TCP_FIN, TCP_PSH | TCP_FIN, TCP_PSH | TCP_CWR };
	uint32_t several = 0, odd = 0;

	rig_start();
	know(false);
	know(true);
	fill();
	for (uint32_t i = 0; i < 4000; i++) {
		bool v6 = i % 2;
		uint32_t options = 4 * below(11), most = 1500 - (v6 ? 40 : 20) - 20 - options;
		uint32_t mss = below(3) ? most : 1 + below(most), len = below(below(3) ? 16 * mss : mss + 2);
		struct tcp_seg_out o = run_of(v6, below(PAYLOAD - len), len, mss, flags[below(5)], options);

		net_offload(rig.net, i % 5 == 0, 0);
		CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
		CU_ASSERT_EQUAL(rig.sent_count, len > 0 ? (len + mss - 1) / mss : 1);
		CU_ASSERT_EQUAL(check_run(&o, v6, rig.sent_count), rig.sent_count);
		several += rig.sent_count > 1;
		odd += mss % 2;
		rig_clear();
	}
	CU_ASSERT(several > 1000 && odd > 300);
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

static void
test_flags(void)
{
	struct tcp_seg_out o;

	rig_start();
	know(false);
	fill();
	o = run_of(false, 0, 2500, 1000, TCP_PSH | TCP_FIN | TCP_CWR, 12);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 3);
	CU_ASSERT_EQUAL(rig.sent[0]->data[ETH + 20 + 13], TCP_ACK | TCP_CWR);
	CU_ASSERT_EQUAL(rig.sent[1]->data[ETH + 20 + 13], TCP_ACK);
	CU_ASSERT_EQUAL(rig.sent[2]->data[ETH + 20 + 13], TCP_ACK | TCP_PSH | TCP_FIN);
	CU_ASSERT_EQUAL(rig.sent[2]->len, ETH + 20 + 32 + 500);
	rig_clear();
	rig_stop();
}

/* Packets run out: what went out is told, and its last segment is not the run's. */
static void
test_no_packets(void)
{
	struct tcp_seg_out o;

	rig_start();
	know(false);
	fill();
	o = run_of(false, 0, 10000, 1000, TCP_PSH | TCP_FIN, 0);
	for (uint32_t i = 0; i < SENT_MAX - 3; i++)
		rig.busy[i] = true;
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 3000);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 3);
	(void)check_run(&o, false, 3);
	CU_ASSERT_EQUAL(rig.drops[R_NET_NO_PKT], 1);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), -R_NET_NO_PKT);
	rig_clear();
	rig_stop();
}

/* Nobody knows the neighbour: some wait, the others are lost, nothing leaks. */
static void
test_unknown(void)
{
	struct tcp_seg_out o;

	rig_start();
	fill();
	o = run_of(false, 0, 9000, 1000, TCP_PSH, 12);
	rig_clear();
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), -R_NET_NEIGH_WAIT);
	CU_ASSERT_EQUAL(rig.sent_count, 1); /* the question */
	CU_ASSERT_EQUAL(rig_busy(), NET_NEIGH_WAIT);
	rig_clear();
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, NET_NEIGH_WAIT);
	(void)check_run(&o, false, NET_NEIGH_WAIT);
	rig_clear();
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

/* What cannot be is refused, and the packet given back. */
static void
test_wrong(void)
{
	struct tcp_seg_out o;

	rig_start();
	know(false);
	fill();
	o = run_of(false, 0, 3000, 1461, TCP_PSH, 0);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), -R_INTERNAL);
	o = run_of(false, 0, 3000, 0, TCP_PSH, 0);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), -R_INTERNAL);
	o = run_of(false, 0, 3000, 1449, TCP_PSH, 12);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), -R_INTERNAL);
	CU_ASSERT_EQUAL(rig.sent_count, 0);
	CU_ASSERT_EQUAL(rig_busy(), 0);
	rig_stop();
}

/* A port that cuts gets the headers once and all the payload behind them. */
static void
check_whole(struct pkt *p, const struct tcp_seg_out *o, bool v6)
{
	static uint8_t flat[70000], want[70000];
	struct net_ip src = ip_v6(o->tuple.local.b), dst = ip_v6(o->tuple.remote.b);
	uint32_t len = 0, ip = v6 ? IP6_SIZE : IP4_SIZE;
	uint8_t *tcp = flat + ETH + ip;

	CU_ASSERT_EQUAL(p->flags, PKT_CUT);
	CU_ASSERT_EQUAL(p->cut, o->mss);
	CU_ASSERT_EQUAL(pkt_whole(p), ETH + ip + 20 + o->options_len + o->len);
	for (struct pkt *q = p; q != NULL; q = q->next) {
		memcpy(flat + len, q->data, q->len);
		len += q->len;
		CU_ASSERT(q->data + q->len <= q->head + q->size);
	}
	CU_ASSERT_EQUAL(len, pkt_whole(p));
	CU_ASSERT_EQUAL((uint32_t)(v6 ? flat[ETH + 4] << 8 | flat[ETH + 5] : flat[ETH + 2] << 8 | flat[ETH + 3]),
	    len - ETH - (v6 ? ip : 0));
	CU_ASSERT_EQUAL((uint16_t)(tcp[16] << 8 | tcp[17]), (uint16_t)~csum_fold(csum_pseudo(&src, &dst, IP_TCP, 0)));
	CU_ASSERT_EQUAL(tcp_seg_build(o, want, sizeof(want)), (int)(len - ETH - ip));
	want[16] = tcp[16];
	want[17] = tcp[17];
	CU_ASSERT_EQUAL(memcmp(tcp, want, len - ETH - ip), 0);
}

static void
free_chain(void)
{
	struct pkt *p = rig.sent[0]->next;

	while (p != NULL) {
		rig.busy[p - rig.pkts] = false;
		p = p->next;
	}
	rig_clear();
}

static void
test_port_cuts(void)
{
	struct tcp_seg_out o;

	rig_start();
	know(false);
	know(true);
	fill();
	net_offload(rig.net, true, 32768);
	for (uint32_t i = 0; i < 500; i++) {
		bool v6 = i % 2;
		uint32_t len = 1001 + below(31000);

		o = run_of(v6, below(PAYLOAD - len), len, 1000, TCP_PSH | TCP_FIN, 12);
		CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
		CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
		check_whole(rig.sent[0], &o, v6);
		free_chain();
	}
	/* one segment, and what is too long, are nothing to cut */
	o = run_of(false, 0, 1000, 1000, TCP_PSH, 12);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 1);
	CU_ASSERT_EQUAL(rig.sent[0]->flags, PKT_CSUM_TCP);
	rig_clear();
	o = run_of(false, 0, 33000, 1400, TCP_PSH, 12);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
	CU_ASSERT_EQUAL(rig.sent_count, 24);
	CU_ASSERT_EQUAL(check_run(&o, false, 24), 24);
	rig_clear();
	/* packets for a part of it: by ourselves, as far as they go */
	o = run_of(false, 0, 9000, 1000, TCP_PSH, 12);
	for (uint32_t i = 0; i < SENT_MAX - 3; i++)
		rig.busy[i] = true;
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 3000);
	CU_ASSERT_EQUAL(rig.sent_count, 3);
	(void)check_run(&o, false, 3);
	rig_clear();
	rig_stop();
}

/* To whom nobody knows the way, segments wait one by one. */
static void
test_cuts_unknown(void)
{
	struct tcp_seg_out o;

	rig_start();
	rig_clear();
	fill();
	net_offload(rig.net, true, 32768);
	o = run_of(false, 0, 3000, 1000, TCP_PSH, 12);
	CU_ASSERT_EQUAL(net_emit(rig.net, &o, rig.now), 0);
	CU_ASSERT_EQUAL(rig_busy(), 3);
	rig_clear();
	rig_arp(2, mac_peer, peer4, us4, mac_us);
	rig_input();
	CU_ASSERT_EQUAL_FATAL(rig.sent_count, 3);
	(void)check_run(&o, false, 3);
	rig_clear();
	rig_stop();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "wide sums are the slow one", test_wide },
		{ "sums of ones", test_ones },
		{ "copying sums, whatever the pieces", test_copy },
		{ "a run is its segments, each by itself", test_runs },
		{ "FIN and PSH are the last one's, CWR the first one's", test_flags },
		{ "packets run out in a run", test_no_packets },
		{ "a run to nobody knows where", test_unknown },
		{ "runs that cannot be", test_wrong },
		{ "a port that cuts", test_port_cuts },
		{ "a port that cuts, to nobody knows where", test_cuts_unknown },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("segment", set_up, NULL, tests);
}
