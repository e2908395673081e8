/*
 * Input: a byte that says how to begin, then steps against one stack.
 *
 * Begin (low two bits): nothing but a listener; a passive connection,
 * established; an active one in SYN-SENT; one that has sent data and closed.
 * Bit 2 leaves options out of the handshake, bit 3 makes the buffers small.
 *
 * A step is a byte: its low three bits choose
 *   0  raw: length byte, that many bytes of header and payload
 *   1  segment: flags, 16-bit offsets from the numbers that fit, window, length
 *      of options and their bytes, payload length (times four)
 *   2  wait: 16-bit milliseconds     3  write      4  read
 *   5  shutdown                      6  close or abort (bit 3)
 *   7  ICMP error (bit 3: hard), sequence offset
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/cursor.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_wire.h"

#define BLOCKS 256u
#define SMALL 4096u
#define POLLS 100
#define PEER_ISS 1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct tcp_stack *stack;
	struct tcp_config cfg;
	struct pool pool;
	void *mem, *pool_mem;
	struct tcp *t;
	uint64_t now;
	uint32_t ours;       /* behind the highest that the stack sent */
	uint32_t peers;      /* what it acknowledged last */
	uint32_t emitted;
} f;

static uint8_t payload[2048];

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	uint8_t buf[2048];
	struct tcp_seg_out one;
	struct tcp_seg seg;
	uint32_t off = 0;
	int n;

	(void)owner;
	do {
		off = tcp_cut(o, off, &one);
		n = tcp_seg_build(&one, buf, sizeof(buf));
		require(n > 0 && one.options_len % 4 == 0 && one.options_len <= 40);
		require(tcp_seg_parse(&seg, buf, (uint32_t)n, o->tuple.remote.b, o->tuple.local.b) == 0);
		f.emitted++;
		if (one.flags & TCP_RST)
			continue;
		f.ours = one.seq + seg.data_len + ((one.flags & (TCP_SYN | TCP_FIN)) ? 1 : 0);
		if (one.flags & TCP_ACK)
			f.peers = one.ack;
	} while (off != 0);
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner;
	(void)now;
	if (f.t != NULL)
		return -1;
	f.t = t;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)now;
	require(t == f.t);
	require(reason >= 0 && reason < REASON_MAX);
	if (events & TCP_EV_CLOSED)
		f.t = NULL;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	require(reason > 0 && reason < REASON_MAX);
}

static void
check(void)
{
	struct tcp_info info = { 0 };
	struct tcp_stats st;
	uint32_t reasm = f.cfg.reasm_max / POOL_BLOCK + 1;
	uint32_t bufs = (f.cfg.rcv_buf + f.cfg.snd_buf) / (uint32_t)POOL_DATA + 5;

	tcp_get_stats(f.stack, &st);
	require(st.conn_open <= f.cfg.conn_max && st.half_open <= f.cfg.half_open_max);
	if (f.t != NULL) {
		tcp_get_info(f.t, f.now, &info);
		require(info.blocks <= reasm + bufs);
		require(tcp_readable(f.t) <= f.cfg.rcv_buf + 64);
	}
	require(f.pool.free_count + info.blocks == f.pool.count);
}

static void
poll_stack(void)
{
	int left = POLLS;

	for (; left > 0 && tcp_next(f.stack, f.now) <= f.now; left--)
		tcp_poll(f.stack, f.now);
	require(left > 0); /* it comes to rest */
}

static struct tcp_tuple
tuple(void)
{
	struct tcp_tuple t = { .local_port = 22, .remote_port = 40000 };

	t.local.b[0] = t.remote.b[0] = 0xfd;
	t.local.b[15] = 1;
	t.remote.b[15] = 2;
	return t;
}

static void
inject(uint8_t flags, uint32_t seq, uint32_t ack, uint16_t window, const uint8_t *options,
    uint32_t options_len, uint32_t len)
{
	struct tcp_seg seg = { .tuple = tuple(), .seq = seq, .ack = ack, .flags = flags,
		.window = window, .options = options, .options_len = options_len, .data = payload,
		.data_len = len };

	tcp_input(f.stack, &seg, f.now);
	poll_stack();
}

static void
step_raw(struct cur *c)
{
	struct tcp_tuple t = tuple();
	struct view v = cur_take(c, cur_u8(c));
	struct tcp_seg seg;

	if (c->bad || tcp_seg_parse(&seg, v.data, (uint32_t)v.len, t.local.b, t.remote.b) != 0)
		return;
	tcp_input(f.stack, &seg, f.now);
	poll_stack();
}

static void
step_segment(struct cur *c)
{
	uint8_t flags = cur_u8(c);
	uint32_t seq = f.peers + (uint32_t)(int16_t)cur_u16(c);
	uint32_t ack = f.ours + (uint32_t)(int16_t)cur_u16(c);
	uint16_t window = cur_u16(c);
	struct view options = cur_take(c, cur_u8(c) % 41u);
	uint32_t len = 4u * cur_u8(c);

	if (!c->bad)
		inject(flags, seq, ack, window, options.data, (uint32_t)options.len, len);
}

static void
step_wait(uint32_t ms)
{
	uint64_t end = f.now + 1000ull * ms;

	for (int i = 0; i < 64; i++) {
		uint64_t next = tcp_next(f.stack, f.now);

		if (next > end)
			break;
		f.now = next > f.now ? next : f.now;
		poll_stack();
	}
	f.now = end;
}

static void
step(struct cur *c)
{
	struct tcp_icmp e = { .tuple = tuple(), .reason = R_TCP_ICMP_PORT };
	uint8_t op = cur_u8(c);

	switch (op & 7) {
	case 0:
		step_raw(c);
		break;
	case 1:
		step_segment(c);
		break;
	case 2:
		step_wait(cur_u16(c));
		break;
	case 3:
		if (f.t != NULL)
			(void)tcp_put(f.t, payload, 1 + 8u * (op & 0xf8));
		break;
	case 4:
		if (f.t != NULL)
			tcp_take(f.t, 1 + 8u * (op & 0xf8));
		break;
	case 5:
		if (f.t != NULL)
			tcp_shutdown(f.t, f.now);
		break;
	case 6:
		if (f.t != NULL && (op & 8)) {
			tcp_abort(f.t, 0, f.now);
			f.t = NULL;
		} else if (f.t != NULL) {
			tcp_close(f.t, f.now);
		}
		break;
	default:
		e.seq = f.ours + (uint32_t)(int16_t)cur_u16(c);
		e.hard = op & 8;
		tcp_icmp_error(f.stack, &e, f.now);
		break;
	}
	poll_stack();
}

static void
begin(uint8_t how)
{
	struct tcp_opts o = { .mss_on = true, .mss = 1000, .shift_on = true, .shift = 3,
		.sack_ok = true, .ts_on = true, .ts_val = 1 };
	struct tcp_tuple t = tuple();
	uint8_t options[40];
	uint32_t len = how & 4 ? 0 : tcp_opt_write(&o, options);

	f.peers = PEER_ISS;
	tcp_listen(f.stack, 22);
	if ((how & 3) == 2)
		f.t = tcp_connect(f.stack, &t, NULL, f.now);
	if ((how & 1) == 0)
		return;
	inject(TCP_SYN, PEER_ISS, 0, 8000, options, len, 0);
	o = (struct tcp_opts){ .ts_on = true, .ts_val = 1 };
	len = how & 4 ? 0 : tcp_opt_write(&o, options);
	inject(TCP_ACK, PEER_ISS + 1, f.ours, 1000, options, len, 0);
	require(f.t != NULL);
	tcp_hold(f.t, how & 128);
	if ((how & 3) == 3) {
		(void)tcp_put(f.t, payload, 2000);
		poll_stack();
		tcp_close(f.t, f.now);
		poll_stack();
	}
}

static void
set_up(uint8_t how)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	static const uint8_t secret[32] = { 9 };

	tcp_config_default(&f.cfg, 1500);
	f.cfg.conn_max = 4;
	f.cfg.half_open_max = 2;
	f.cfg.timewait_max = 2;
	if ((how & 17) == 16)
		f.cfg.cookie_at = 0;
	if (how & 32) {
		f.cfg.keepalive = 1;
		f.cfg.keep_idle_ms = 500;
		f.cfg.keep_interval_ms = 100;
		f.cfg.keep_count = 3;
	}
	if (how & 64) {
		f.cfg.user_timeout_ms = 3000;
		f.cfg.persist_ms = 2000;
	}
	f.cfg.nagle = how >> 7;
	f.cfg.reasm_max = 32 * POOL_BLOCK;
	f.cfg.rcv_buf = f.cfg.snd_buf = how & 8 ? SMALL : 65536;
	if (f.mem == NULL) {
		f.mem = aligned_alloc(64, tcp_stack_size(&f.cfg));
		f.pool_mem = aligned_alloc(64, pool_size(BLOCKS));
	}
	memset(f.mem, 0, tcp_stack_size(&f.cfg));
	pool_init(&f.pool, f.pool_mem, BLOCKS);
	f.t = NULL;
	f.now = 1000000;
	f.stack = tcp_stack_init(f.mem, &f.cfg, &ops, &f.pool, NULL, secret);
	require(f.stack != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t how = cur_u8(&c);

	set_up(how);
	begin(how);
	for (int i = 0; i < 200 && cur_left(&c) > 0; i++) {
		step(&c);
		check();
	}
	if (f.t != NULL)
		tcp_abort(f.t, 0, f.now);
	f.t = NULL;
	require(f.pool.free_count == f.pool.count);
	return 0;
}
