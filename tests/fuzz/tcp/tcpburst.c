/*
 * Two stacks hear the same segments, one by one or in bursts: they must say the same,
 * hold the same bytes and know the same.
 *
 * Input: a byte of options (bit 0: no timestamps, 1: small buffers, 2: no SACK, 3: IPv4,
 * 4: ECN), then steps of a byte; the low three bits choose
 *   0-4  the next segment in order: PSH by bit 3, length by another byte
 *   5    one that is different, as another byte says: FIN, behind or ahead of its place,
 *        another timestamp or an old one, SACK blocks, no options, RST, SYN or URG
 *   6    from here on another acknowledgement, window, timestamp, station or mark
 *   7    the burst arrives; then by bits 3 to 5 something is read, written, waited for,
 *        sent, or closed
 */
#include "tests/fuzz/tcp/tcpburst.h"

#include <stdlib.h>
#include <string.h>

#include "abi/wire/cursor.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_wire.h"

#define BLOCKS 512u
#define SMALL 8192u
#define BURST 32u
#define LOG 512u
#define PEER_ISS 1000u
#define STEPS 600
#define SEG_MAX 1600u

struct said {
	uint32_t seq, ack, len;
	uint16_t window;
	uint8_t flags, via, options_len;
	uint8_t options[40];
};

struct side {
	struct pool pool;
	void *mem, *pool_mem;
	struct tcp_stack *stack;
	struct tcp *t;
	struct said said[LOG];
	uint32_t count;
	uint32_t drops[REASON_MAX];
	unsigned events;
};

struct tcpburst_met tcpburst_met;
static struct side side[2]; /* one by one, in bursts */
static struct tcp_config cfg;
static uint64_t now;
static uint8_t text[4096], read_buf[2][65536];
static uint32_t iss;     /* of the stacks */

/* What the peer sends next. */
static struct {
	struct tcp_seg seg[BURST];
	uint8_t options[BURST][40];
	uint32_t count;
	uint32_t seq, ack, ts;
	uint16_t window;
	uint8_t via;
	bool plain; /* no options */
	bool v4;
	uint8_t ecn;
} peer;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the stacks ---- */

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct side *s = owner;
	struct tcp_seg_out one;
	uint32_t off = 0;

	do {
		struct said *w = &s->said[s->count++ % LOG];

		off = tcp_cut(o, off, &one);
		*w = (struct said){ .seq = one.seq, .ack = one.ack, .len = one.len, .window = one.window,
			.flags = one.flags, .via = one.via, .options_len = (uint8_t)one.options_len };
		memcpy(w->options, one.options, one.options_len);
		if (one.flags & TCP_SYN)
			iss = one.seq;
	} while (off != 0);
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t at)
{
	struct side *s = owner;

	(void)at;
	if (s->t != NULL)
		return -1;
	s->t = t;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t at)
{
	struct side *s = owner;

	(void)t, (void)reason, (void)at;
	s->events |= events;
	if (events & TCP_EV_CLOSED)
		s->t = NULL;
}

static void
on_drop(void *owner, int reason)
{
	struct side *s = owner;

	s->drops[reason]++;
}

static void
side_init(struct side *s)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	static const uint8_t secret[32] = { 9 };
	void *mem = s->mem, *pool_mem = s->pool_mem;

	memset(s, 0, sizeof(*s));
	s->mem = mem != NULL ? mem : aligned_alloc(64, tcp_stack_size(&cfg));
	s->pool_mem = pool_mem != NULL ? pool_mem : aligned_alloc(64, pool_size(BLOCKS));
	memset(s->mem, 0, tcp_stack_size(&cfg));
	pool_init(&s->pool, s->pool_mem, BLOCKS);
	s->stack = tcp_stack_init(s->mem, &cfg, &ops, &s->pool, s, secret);
	require(s->stack != NULL);
	tcp_listen(s->stack, 22);
}

/* ---- the peer ---- */

static struct tcp_tuple
tuple(void)
{
	struct tcp_tuple t = { .local_port = 22, .remote_port = 40000 };

	if (peer.v4)
		t.local.b[10] = t.local.b[11] = t.remote.b[10] = t.remote.b[11] = 0xff;
	else
		t.local.b[0] = t.remote.b[0] = 0xfd;
	t.local.b[15] = 1;
	t.remote.b[15] = 2;
	return t;
}

static struct tcp_seg *
seg_new(uint8_t flags, uint32_t len)
{
	struct tcp_opts o = { .ts_on = true, .ts_val = peer.ts, .ts_ecr = 1 };
	struct tcp_seg *g = &peer.seg[peer.count];
	uint8_t *options = peer.options[peer.count++];

	*g = (struct tcp_seg){ .tuple = tuple(), .seq = peer.seq, .ack = peer.ack, .flags = flags,
		.window = peer.window, .via = peer.via, .ecn = peer.ecn, .options = options,
		.data = text + peer.seq % 997, .data_len = len };
	g->options_len = peer.plain ? 0 : tcp_opt_write(&o, options);
	return g;
}

/* ---- both ---- */

static void
same(void)
{
	struct tcp_info info[2];
	uint32_t n;

	require(side[0].count == side[1].count);
	n = side[0].count < LOG ? side[0].count : LOG;
	require(memcmp(side[0].said, side[1].said, n * sizeof(side[0].said[0])) == 0);
	require((side[0].t == NULL) == (side[1].t == NULL) && side[0].events == side[1].events);
	require(memcmp(side[0].drops, side[1].drops, sizeof(side[0].drops)) == 0);
	require(side[0].pool.free_count == side[1].pool.free_count);
	if (side[0].t == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		memset(&info[i], 0, sizeof(info[i]));
		tcp_get_info(side[i].t, now, &info[i]);
	}
	require(memcmp(&info[0], &info[1], sizeof(info[0])) == 0);
	require(tcp_next(side[0].stack, now) == tcp_next(side[1].stack, now));
}

static void
arrive(void)
{
	for (uint32_t i = 0; i < peer.count; i++)
		tcp_input(side[0].stack, &peer.seg[i], now);
	tcp_input_burst(side[1].stack, peer.seg, peer.count, now);
	tcpburst_met.segments += peer.count;
	peer.count = 0;
	same();
}

static void
read_both(size_t len)
{
	size_t n[2] = { 0, 0 };

	for (unsigned i = 0; i < 2 && side[i].t != NULL; i++) {
		n[i] = tcp_peek(side[i].t, read_buf[i], len);
		tcp_take(side[i].t, n[i]);
	}
	require(n[0] == n[1] && memcmp(read_buf[0], read_buf[1], n[0]) == 0);
}

static void
act(uint8_t what)
{
	for (unsigned i = 0; i < 2; i++) {
		if (what == 2 && side[i].t != NULL)
			(void)tcp_put(side[i].t, text, 2000);
		if (what == 5 && side[i].t != NULL)
			tcp_shutdown(side[i].t, now);
		if (what == 6 && side[i].t != NULL)
			tcp_close(side[i].t, now);
	}
	if (what == 1)
		read_both(sizeof(read_buf[0]));
	if (what == 3)
		now += 41000;
	if (what == 4)
		now += 700;
	for (unsigned i = 0; i < 2 && what != 7; i++)
		tcp_poll(side[i].stack, now);
	same();
}

static void
different(uint8_t how)
{
	struct tcp_seg *g = seg_new(TCP_ACK, 100);
	struct tcp_opts o = { .ts_on = true, .ts_val = peer.ts, .ts_ecr = 1, .sack_count = 1,
		.sack = { { peer.ack, peer.ack + 100 } } };

	if (how & 0x01)
		g->flags |= TCP_FIN;
	if (how & 0x02)
		g->seq -= 150;
	if (how & 0x04)
		g->seq += 100;
	if (how & 0x08)
		o.ts_val += 1;
	if (how & 0x10)
		o.ts_val -= 1000;
	if (!(how & 0x20))
		o.sack_count = 0;
	g->options_len = how & 0x40 ? 0 : tcp_opt_write(&o, (uint8_t *)(uintptr_t)g->options);
	if (how & 0x80)
		g->flags = how & 1 ? TCP_RST : how & 2 ? TCP_SYN | TCP_ACK : TCP_ACK | TCP_URG;
	g->data = text + g->seq % 997;
	if (g->seq == peer.seq && !(how & 0x80))
		peer.seq += g->data_len;
}

static void
change(uint8_t how)
{
	const struct side *s = &side[0];

	if ((how & 1) && s->count > 0)
		peer.ack = s->said[(s->count - 1) % LOG].seq + s->said[(s->count - 1) % LOG].len;
	if (how & 2)
		peer.window ^= 0x100;
	if (how & 4)
		peer.ts++;
	if (how & 8)
		peer.via ^= 1;
	if (how & 16)
		peer.ecn = (peer.ecn + 1) & 3;
}

static void
step(struct cur *c)
{
	uint8_t op = cur_u8(c);
	uint32_t len;

	switch (op & 7) {
	default:
		len = 1 + cur_u8(c) * 6u;
		seg_new(op & 8 ? TCP_ACK | TCP_PSH : TCP_ACK, len);
		peer.seq += len;
		break;
	case 5:
		different(cur_u8(c));
		break;
	case 6:
		change(cur_u8(c));
		break;
	case 7:
		arrive();
		act(op >> 3 & 7);
		break;
	}
	if (peer.count == BURST)
		arrive();
}

static void
begin(uint8_t how)
{
	struct tcp_opts o = { .mss_on = true, .mss = 1460, .sack_ok = !(how & 4), .ts_on = !(how & 1),
		.ts_val = peer.ts, .shift_on = true, .shift = 3 };
	struct tcp_seg *g;

	peer.plain = how & 1;
	peer.v4 = how & 8;
	g = seg_new(how & 16 ? TCP_SYN | TCP_ECE | TCP_CWR : TCP_SYN, 0);
	g->options_len = tcp_opt_write(&o, (uint8_t *)(uintptr_t)g->options);
	peer.seq++;
	arrive();
	peer.ack = iss + 1;
	seg_new(TCP_ACK, 0);
	arrive();
	require(side[0].t != NULL && side[1].t != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t how = cur_u8(&c);
	struct tcp_stats st;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	tcp_config_default(&cfg, 1500);
	cfg.conn_max = 2;
	cfg.half_open_max = 2;
	cfg.timewait_max = 2;
	cfg.ecn = 2;
	cfg.rcv_buf = cfg.snd_buf = how & 2 ? SMALL : 1u << 18;
	now = 1000000;
	memset(&peer, 0, sizeof(peer));
	peer.seq = PEER_ISS;
	peer.ts = 5000;
	peer.window = 4000;
	side_init(&side[0]);
	side_init(&side[1]);
	begin(how);
	for (int i = 0; i < STEPS && cur_left(&c) > 0; i++)
		step(&c);
	arrive();
	read_both(sizeof(read_buf[0]));
	tcp_get_stats(side[1].stack, &st);
	tcpburst_met.together += st.together;
	tcpburst_met.acks += side[0].count;
	tcpburst_met.closed += side[0].t == NULL;
	for (unsigned i = 0; i < 2; i++) {
		if (side[i].t != NULL)
			tcp_abort(side[i].t, 0, now);
		side[i].t = NULL;
		require(side[i].pool.free_count == side[i].pool.count);
	}
	return 0;
}
