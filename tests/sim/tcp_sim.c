/*
 * Two TCP stacks, one wire, virtual time, one number.
 *
 * Everything of a run follows from its seed: the wire, the buffers, who opens,
 * how the applications write, read, pause and close. Each end sends at least
 * 256 KiB and checks every byte that it gets. All seeds together must have met
 * each way of recovery and each way of closing, or the test fails.
 *
 *   tcp_sim                 SIM_SEEDS seeds (environment), 4000 without
 *   tcp_sim --seed N [-v]   that one alone
 *   tcp_sim --goodput       the table of the algorithms of congestion control
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_fsm.h"
#include "dataplane/tcp/tcp_wire.h"
#include "tests/lib/suite.h"
#include "tests/sim/wire.h"

#define SEEDS 4000u
#define BYTES_MIN (256u * 1024u)
#define POOL_COUNT 2048u
#define PATTERN 65521u /* prime: no block or segment size divides it */
#define PORT 2222u
#define LIMIT_US (4ull * 3600 * 1000000)
#define FRAME_MAX 16384u

enum close_mode { CLOSE_A_FIRST, CLOSE_B_FIRST, CLOSE_TOGETHER, CLOSE_MODES };

/* What the wire takes out of SYN segments: peers without the option. */
enum { STRIP_MSS = 1, STRIP_SHIFT = 2, STRIP_SACK = 4, STRIP_TS = 8 };

struct end {
	struct sim *sim;
	uint32_t id;
	struct pool pool;
	void *pool_mem;
	void *mem;
	size_t mem_size;
	struct tcp_stack *stack;
	struct tcp *t;
	uint64_t wrote, read, total, expect;
	uint64_t pause_until; /* the reader is away */
	uint32_t chunk;
	bool slow;
	bool connected, eof, shut, closed;
	int reason;
	unsigned states;      /* bits of states seen */
};

struct sim {
	uint64_t seed;
	struct rng rng;
	struct wire wire;
	struct end end[2];
	uint64_t now;
	unsigned strip;
	enum close_mode mode;
	bool both_open;
	const char *error;
	uint8_t frame[FRAME_MAX];
	uint8_t buf[65536];
	uint8_t pattern[2][PATTERN];
};

static struct reached {
	uint64_t bytes, rto, fast, reassembled, zero, timewait;
	uint64_t first_a, first_b, together, both_open, wrapped, rst, cookies;
} reached;
static struct tcp_loss_stats loss;
static struct tcp_cc_stats cc;

static bool verbose;

static void
fail(struct sim *s, const char *why)
{
	if (s->error == NULL)
		s->error = why;
}

/* ---- callbacks ---- */

static void
strip_options(struct sim *s, struct tcp_seg_out *o)
{
	static const uint8_t bit_of[] = { [2] = STRIP_MSS, [3] = STRIP_SHIFT, [4] = STRIP_SACK,
		[8] = STRIP_TS };

	for (uint32_t i = 0; i < o->options_len;) {
		uint8_t kind = o->options[i];
		uint32_t len = kind <= 1 ? 1 : o->options[i + 1];

		if (kind < sizeof(bit_of) && (s->strip & bit_of[kind]))
			memset(o->options + i, 1, len);
		i += len;
	}
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	struct end *e = owner;
	struct sim *s = e->sim;
	struct tcp_seg_out copy = *o;
	int n;

	if ((o->flags & TCP_SYN) && s->strip != 0)
		strip_options(s, &copy);
	if (o->flags & TCP_RST)
		reached.rst++;
	n = tcp_seg_build(&copy, s->frame, sizeof(s->frame));
	if (n < 0)
		fail(s, "segment does not build");
	else
		wire_send(&s->wire, 1 - e->id, s->frame, (uint32_t)n, s->now);
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	struct end *e = owner;

	(void)now;
	if (e->t != NULL && e->t != t)
		fail(e->sim, "accepted twice");
	e->t = t;
	e->connected = true;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct end *e = owner;

	(void)now;
	if (t != e->t)
		fail(e->sim, "event of an unknown connection");
	if (events & TCP_EV_CONNECTED)
		e->connected = true;
	if (events & TCP_EV_EOF)
		e->eof = true;
	if (events & TCP_EV_CLOSED) {
		e->closed = true;
		e->reason = reason;
		e->t = NULL;
	}
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	(void)reason;
}

static const struct tcp_ops ops = {
	.emit = on_emit,
	.accept = on_accept,
	.event = on_event,
	.drop = on_drop,
};

/* ---- applications ---- */

static void
app_write(struct sim *s, struct end *e)
{
	while (e->wrote < e->total) {
		size_t room = tcp_room(e->t);
		uint32_t at = (uint32_t)(e->wrote % PATTERN);
		size_t len = 1 + rng_below(&s->rng, e->chunk);

		if (len > e->total - e->wrote)
			len = (size_t)(e->total - e->wrote);
		if (len > PATTERN - at)
			len = PATTERN - at;
		if (len > room)
			len = room;
		if (len == 0)
			break;
		if (tcp_put(e->t, s->pattern[e->id] + at, len) != 0)
			break;
		e->wrote += len;
	}
}

static void
app_read(struct sim *s, struct end *e)
{
	const uint8_t *want = s->pattern[1 - e->id];

	while (s->now >= e->pause_until && tcp_readable(e->t) > 0) {
		size_t len = tcp_peek(e->t, s->buf, 1 + rng_below(&s->rng, e->chunk));

		for (size_t i = 0; i < len; i++)
			if (s->buf[i] != want[(e->read + i) % PATTERN])
				fail(s, "wrong byte");
		tcp_take(e->t, len);
		e->read += len;
		if (e->slow && rng_below(&s->rng, 40) == 0)
			e->pause_until = s->now + rng_below(&s->rng, 3000000);
	}
}

static bool
app_may_shut(const struct sim *s, const struct end *e)
{
	switch (s->mode) {
	case CLOSE_A_FIRST:
		return e->id == 0 || e->eof;
	case CLOSE_B_FIRST:
		return e->id == 1 || e->eof;
	default:
		return true;
	}
}

static void
app_run(struct sim *s, struct end *e)
{
	struct tcp_info info;

	if (e->t == NULL || !e->connected)
		return;
	app_read(s, e);
	app_write(s, e);
	tcp_get_info(e->t, &info);
	e->states |= 1u << info.state;
	if (!e->shut && e->wrote == e->total && app_may_shut(s, e)) {
		tcp_shutdown(e->t, s->now);
		e->shut = true;
	}
	if (e->shut && e->eof && tcp_readable(e->t) == 0) {
		reached.rto += info.timeouts;
		reached.fast += info.fast_retransmits;
		reached.reassembled += info.reassembled;
		reached.zero += info.zero_windows;
		tcp_close(e->t, s->now);
		e->eof = false; /* closed once */
	}
}

/* ---- one run ---- */

static void
pick_wire(struct sim *s)
{
	static const uint32_t losses[] = { 0, 0, 100, 1000, 1000, 3000, 8000, 20000 };
	struct rng *r = &s->rng;
	struct wire_conf c = {
		.loss = losses[rng_below(r, 8)],
		.dup = rng_below(r, 3) == 0 ? rng_below(r, 5000) : 0,
		.reorder = rng_below(r, 3) == 0 ? rng_below(r, 20000) : 0,
		.delay_us = 20 + rng_below(r, rng_below(r, 2) ? 2000 : 100000),
		.jitter_us = 10 + rng_below(r, 20000),
	};

	if (rng_below(r, 3) == 0) {
		c.byte_ns = 1 + rng_below(r, 400);
		c.queue_us = 2000 + rng_below(r, 100000);
	}
	/* A radio link that says nothing for a while: what is late looks lost. */
	if (rng_below(r, 3) == 0) {
		c.stall = 1 + rng_below(r, 1000);
		c.stall_us = 200000 + rng_below(r, 1000000);
	}
	wire_init(&s->wire, &c, r);
	if (verbose)
		printf("loss %u dup %u reorder %u delay %u jitter %u byte_ns %u queue %u\n", c.loss, c.dup,
		    c.reorder, c.delay_us, c.jitter_us, c.byte_ns, c.queue_us);
}

static struct tcp_tuple
tuple_of(uint32_t id, bool v4)
{
	struct tcp_tuple t = { 0 };

	if (v4)
		t.local.b[10] = t.local.b[11] = t.remote.b[10] = t.remote.b[11] = 0xff;
	else
		t.local.b[0] = t.remote.b[0] = 0xfd;
	t.local.b[15] = (uint8_t)(1 + id);
	t.remote.b[15] = (uint8_t)(2 - id);
	t.local_port = id == 0 ? 40000 : PORT;
	t.remote_port = id == 0 ? PORT : 40000;
	return t;
}

static void
pick_config(struct rng *r, struct tcp_config *c)
{
	static const uint16_t mtus[] = { 1500, 1500, 1280, 9000, 576, 1492 };

	tcp_config_default(c, mtus[rng_below(r, 6)]);
	c->conn_max = 8;
	c->half_open_max = 4;
	c->timewait_max = 4;
	if (rng_below(r, 2))
		c->rcv_buf = 4096 + rng_below(r, 200000);
	if (rng_below(r, 2))
		c->snd_buf = 4096 + rng_below(r, 200000);
	if (rng_below(r, 4) == 0)
		c->reasm_max = POOL_BLOCK * (2 + rng_below(r, 20));
	c->rack = rng_below(r, 4) > 0;
	c->cc = rng_below(r, 3) > 0 ? "cubic" : "newreno";
	if (rng_below(r, 4) == 0)
		c->cookie_at = 0;
	c->retries = 40; /* the wire may lose a fifth of everything */
	c->syn_retries = 20;
	c->finwait2_us = 900000000; /* an orphan asks often enough */
	c->timewait_us = 900000000; /* longer than any back-off in LAST-ACK */
}

static void
end_init(struct sim *s, uint32_t id)
{
	struct end *e = &s->end[id];
	struct rng *r = &s->rng;
	struct tcp_config c;
	uint8_t secret[32];
	uint32_t blocks = rng_below(r, 8) == 0 ? 96 + rng_below(r, 200) : POOL_COUNT;
	void *pool_mem = e->pool_mem;
	void *mem = e->mem;

	memset(e, 0, sizeof(*e));
	e->sim = s;
	e->id = id;
	e->pool_mem = pool_mem;
	pick_config(r, &c);
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)rng_next(r);
	e->mem_size = tcp_stack_size(&c);
	e->mem = mem != NULL ? mem : aligned_alloc(64, e->mem_size);
	memset(e->mem, 0, e->mem_size);
	pool_init(&e->pool, e->pool_mem, blocks);
	e->stack = tcp_stack_init(e->mem, &c, &ops, &e->pool, e, secret);
	e->total = e->expect = BYTES_MIN + rng_below(r, BYTES_MIN / 4);
	e->chunk = 1u << (6 + rng_below(r, 10));
	e->slow = rng_below(r, 3) == 0;
	if (verbose)
		printf("end %u: mtu %u rcv %u snd %u reasm %u blocks %u chunk %u slow %d\n", id,
		    c.mss4 + 40u, c.rcv_buf, c.snd_buf, c.reasm_max, blocks, e->chunk, e->slow);
	/* One run in eight crosses the end of the sequence space. */
	if (id == 0 && rng_below(r, 8) == 0) {
		struct tcp_tuple t = tuple_of(0, true);
		uint32_t hash = (uint32_t)siphash24(secret, &t, sizeof(t));

		s->now = 4ull * (uint32_t)(0u - 100000u - hash);
		reached.wrapped++;
	}
}

static void
open_ends(struct sim *s, bool v4, bool both)
{
	struct tcp_tuple a = tuple_of(0, v4);
	struct tcp_tuple b = tuple_of(1, v4);

	s->both_open = both;
	if (both)
		s->end[1].t = tcp_connect(s->end[1].stack, &b, NULL, s->now);
	else
		tcp_listen(s->end[1].stack, PORT);
	s->end[0].t = tcp_connect(s->end[0].stack, &a, NULL, s->now);
}

static void
print_end(const struct end *e)
{
	struct tcp_info info = { 0 };

	if (e->t != NULL)
		tcp_get_info(e->t, &info);
	printf("end %u: %s wrote %" PRIu64 " read %" PRIu64 " of %" PRIu64 " flight %u cwnd %u rto %u "
	       "eof %d shut %d closed %d reason %d free %u\n",
	    e->id, tcp_fsm_name(info.state), e->wrote, e->read, e->total, info.in_flight, info.cwnd,
	    info.rto_us, e->eof, e->shut, e->closed, e->reason, e->pool.free_count);
}

static uint64_t
next_time(const struct sim *s)
{
	uint64_t next = wire_next(&s->wire);

	for (int i = 0; i < 2; i++) {
		const struct end *e = &s->end[i];
		uint64_t at = tcp_next(e->stack, s->now);

		if (at < next)
			next = at;
		if (e->t != NULL && e->pause_until > s->now && e->pause_until < next)
			next = e->pause_until;
	}
	return next;
}

static void
deliver(struct sim *s)
{
	struct frame f;

	while (wire_take(&s->wire, &f, s->now)) {
		struct end *e = &s->end[f.to];
		struct tcp_tuple t = tuple_of(f.to, e->stack != NULL && s->seed % 2 == 0);
		struct tcp_seg seg;

		if (tcp_seg_parse(&seg, f.data, f.len, t.local.b, t.remote.b) != 0)
			fail(s, "segment does not parse");
		else
			tcp_input(e->stack, &seg, s->now);
		free(f.data);
	}
}

static bool
over(const struct sim *s)
{
	return s->end[0].closed && s->end[1].closed;
}

static void
loop(struct sim *s)
{
	uint64_t start = s->now;
	uint64_t steps = 0;

	while (!over(s) && s->error == NULL) {
		uint64_t next = next_time(s);

		if (next == UINT64_MAX)
			fail(s, "nothing will happen any more");
		if (next - start > LIMIT_US || ++steps > 20000000)
			fail(s, "takes too long");
		if (s->error != NULL)
			break;
		s->now = next > s->now ? next : s->now;
		deliver(s);
		for (int i = 0; i < 2; i++)
			app_run(s, &s->end[i]);
		for (int i = 0; i < 2; i++)
			tcp_poll(s->end[i].stack, s->now);
		if (verbose && steps % 100000 == 0)
			printf("%" PRIu64 " us: read %" PRIu64 " %" PRIu64 "\n", s->now - start,
			    s->end[0].read, s->end[1].read);
	}
	if (verbose) {
		printf("%.3f s, %" PRIu64 " frames\n", (double)(s->now - start) / 1e6, s->wire.frames);
		print_end(&s->end[0]);
		print_end(&s->end[1]);
	}
}

/* Stray segments and TIME-WAIT run out; nothing may be left. */
static void
drain(struct sim *s)
{
	uint64_t next;

	while ((next = next_time(s)) != UINT64_MAX && s->error == NULL) {
		s->now = next > s->now ? next : s->now;
		deliver(s);
		tcp_poll(s->end[0].stack, s->now);
		tcp_poll(s->end[1].stack, s->now);
	}
}

#define LOSS(name) { #name, offsetof(struct tcp_loss_stats, name) }
static const struct {
	const char *name;
	size_t off;
} losses[] = { LOSS(recoveries), LOSS(reno), LOSS(rack_lost), LOSS(lost_again), LOSS(count_lost),
	LOSS(reo_timeouts), LOSS(reordering), LOSS(reneged), LOSS(prr_reduced), LOSS(prr_bound), LOSS(doubt), LOSS(rescue), LOSS(limited),
	LOSS(probes), LOSS(probes_fresh), LOSS(probe_losses), LOSS(frto), LOSS(undo_frto), LOSS(undo_eifel), LOSS(undo_dsack),
	LOSS(dsack_in), LOSS(dsack_out) };
#undef LOSS

#define CC(name) { #name, offsetof(struct tcp_cc_stats, name) }
static const struct {
	const char *name;
	size_t off;
} ccs[] = { CC(css), CC(css_back), CC(css_done), CC(epochs), CC(cubic), CC(friendly), CC(converged),
	CC(shifts), CC(idle_restarts) };
#undef CC

static uint64_t *
cc_at(struct tcp_cc_stats *st, size_t i)
{
	return (uint64_t *)(void *)((uint8_t *)st + ccs[i].off);
}

static uint64_t *
loss_at(struct tcp_loss_stats *st, size_t i)
{
	return (uint64_t *)(void *)((uint8_t *)st + losses[i].off);
}

static void
count_loss(struct tcp_loss_stats *st)
{
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		*loss_at(&loss, i) += *loss_at(st, i);
}

static void
count_cc(struct tcp_cc_stats *st)
{
	for (size_t i = 0; i < sizeof(ccs) / sizeof(ccs[0]); i++)
		*cc_at(&cc, i) += *cc_at(st, i);
}

static void
check_end(struct sim *s, struct end *e)
{
	struct tcp_stats st;

	if (e->reason != 0)
		fail(s, reason_text(e->reason));
	if (e->wrote != e->total || e->read != s->end[1 - e->id].total)
		fail(s, "bytes are missing");
	tcp_get_stats(e->stack, &st);
	count_loss(&st.loss);
	count_cc(&st.cc);
	reached.cookies += st.guard.cookies_in;
	if (st.conn_open != 0 || st.half_open != 0 || st.timewait != 0)
		fail(s, "a connection is left");
	if (e->pool.free_count != e->pool.count)
		fail(s, "blocks are left");
}

static void
count_close(const struct sim *s)
{
	unsigned closing = 1u << TCP_CLOSING;
	unsigned last_ack = 1u << TCP_LAST_ACK;

	if ((s->end[0].states | s->end[1].states) & closing)
		reached.together++;
	if (s->end[1].states & last_ack)
		reached.first_a++;
	if (s->end[0].states & last_ack)
		reached.first_b++;
	reached.both_open += s->both_open;
	reached.bytes += s->end[0].read + s->end[1].read;
}

static const char *
run_seed(struct sim *s, uint64_t seed)
{
	s->seed = seed;
	s->rng.s = seed * 0x2545f4914f6cdd1du + 1;
	s->error = NULL;
	s->now = rng_next(&s->rng) >> 24;
	s->strip = rng_below(&s->rng, 2) ? rng_below(&s->rng, 16) : 0;
	s->mode = (enum close_mode)rng_below(&s->rng, CLOSE_MODES);
	for (int i = 0; i < 2; i++)
		for (uint32_t j = 0; j < PATTERN; j++)
			s->pattern[i][j] = (uint8_t)(rng_next(&s->rng) >> 16);
	pick_wire(s);
	end_init(s, 0);
	end_init(s, 1);
	open_ends(s, seed % 2 == 0, rng_below(&s->rng, 10) == 0);
	loop(s);
	drain(s);
	for (int i = 0; i < 2; i++)
		check_end(s, &s->end[i]);
	count_close(s);
	wire_fini(&s->wire);
	return s->error;
}

static struct sim *
sim_new(void)
{
	struct sim *s = calloc(1, sizeof(*s));

	for (int i = 0; s != NULL && i < 2; i++)
		s->end[i].pool_mem = aligned_alloc(64, pool_size(POOL_COUNT));
	return s;
}

static void
sim_free(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		free(s->end[i].pool_mem);
		free(s->end[i].mem);
	}
	free(s);
}

/* ---- goodput of the algorithms: one direction, everything else at its default ---- */

#define GOODPUT_BYTES (32u << 20)
#define GOODPUT_RUNS 4u

static const struct point {
	uint32_t loss;       /* per 100000 */
	uint32_t rtt_ms;
	uint32_t least;      /* CUBIC, per cent of NewReno */
} points[] = {
	/* The Reno-friendly region (RFC 9438 section 4.3). Where losses fall at random,
	 * a window that grows by a and keeps b of it is as sqrt(a / (1 - b)): 9/17 and 0.7
	 * are 0.94 of 1 and 0.5. */
	{ 100, 50, 85 },
	{ 1000, 50, 85 },
	/* Large windows are what CUBIC is for. */
	{ 10, 200, 150 },
};

static void
goodput_end(struct sim *s, uint32_t id, const char *name)
{
	struct end *e = &s->end[id];
	struct tcp_config c;
	uint8_t secret[32] = { (uint8_t)id };

	tcp_config_default(&c, 1500);
	c.conn_max = c.half_open_max = c.timewait_max = 4;
	c.cc = name;
	*e = (struct end){ .sim = s, .id = id, .pool_mem = e->pool_mem, .chunk = 16384 };
	e->mem = aligned_alloc(64, tcp_stack_size(&c));
	memset(e->mem, 0, tcp_stack_size(&c));
	pool_init(&e->pool, e->pool_mem, POOL_COUNT);
	e->stack = tcp_stack_init(e->mem, &c, &ops, &e->pool, e, secret);
	e->total = e->expect = id == 0 ? GOODPUT_BYTES : 0;
}

/* Microseconds from the SYN to the end; the same losses for each algorithm. */
static uint64_t
goodput_run(const struct point *p, const char *name, uint64_t seed)
{
	struct wire_conf conf = { .loss = p->loss, .delay_us = p->rtt_ms * 500 };
	struct sim *s = sim_new();
	uint64_t took;

	s->rng.s = seed;
	s->mode = CLOSE_A_FIRST;
	wire_init(&s->wire, &conf, &s->rng);
	goodput_end(s, 0, name);
	goodput_end(s, 1, name);
	s->seed = 1;
	open_ends(s, false, false);
	loop(s);
	took = s->now;
	CU_ASSERT_PTR_NULL(s->error);
	CU_ASSERT_EQUAL(s->end[1].read, GOODPUT_BYTES);
	wire_fini(&s->wire);
	sim_free(s);
	return took;
}

static double
goodput(const struct point *p, const char *name)
{
	uint64_t us = 0;

	for (uint64_t seed = 1; seed <= GOODPUT_RUNS; seed++)
		us += goodput_run(p, name, seed);
	return 8.0 * GOODPUT_BYTES * GOODPUT_RUNS / (double)us;
}

static void
test_goodput(void)
{
	printf("\n  loss %%   RTT ms   CUBIC Mbit/s   NewReno Mbit/s");
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		const struct point *p = &points[i];
		double cubic = goodput(p, "cubic");
		double reno = goodput(p, "newreno");

		printf("\n  %6.2f   %6u   %12.2f   %14.2f ", p->loss / 1000.0, p->rtt_ms, cubic, reno);
		CU_ASSERT(cubic * 100 >= reno * p->least);
	}
}

static uint32_t
seed_count(void)
{
	const char *text = getenv("SIM_SEEDS");

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : SEEDS;
}

static void
test_seeds(void)
{
	struct sim *s = sim_new();
	uint32_t failed = 0;
	uint32_t count = seed_count();

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (uint32_t seed = 1; seed <= count && failed < 10; seed++) {
		const char *why = run_seed(s, seed);

		if (why != NULL) {
			printf("\nseed %u: %s (tcp_sim --seed %u)\n", seed, why, seed);
			failed++;
		}
	}
	CU_ASSERT_EQUAL(failed, 0);
	sim_free(s);
}

static void
test_reached(void)
{
	printf("\n  %" PRIu64 " MiB; RTO %" PRIu64 ", fast retransmit %" PRIu64 ", reassembled %" PRIu64
	       ", zero window %" PRIu64 ";\n  closed first by a %" PRIu64 ", by b %" PRIu64
	       ", together %" PRIu64 "; opened by both %" PRIu64 "; sequence wrapped %" PRIu64
	       "; SYN cookies %" PRIu64 " ",
	    reached.bytes >> 20, reached.rto, reached.fast, reached.reassembled, reached.zero,
	    reached.first_a, reached.first_b, reached.together, reached.both_open, reached.wrapped,
	    reached.cookies);
	CU_ASSERT(reached.rto > 0);
	CU_ASSERT(reached.fast > 0);
	CU_ASSERT(reached.reassembled > 0);
	CU_ASSERT(reached.zero > 0);
	CU_ASSERT(reached.first_a > 0);
	CU_ASSERT(reached.first_b > 0);
	CU_ASSERT(reached.together > 0);
	CU_ASSERT(reached.both_open > 0);
	CU_ASSERT(reached.wrapped > 0);
	CU_ASSERT(reached.cookies > 0);
	printf("\n ");
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		printf(" %s %" PRIu64, losses[i].name, *loss_at(&loss, i));
		CU_ASSERT(*loss_at(&loss, i) > 0);
	}
	printf("\n ");
	for (size_t i = 0; i < sizeof(ccs) / sizeof(ccs[0]); i++) {
		printf(" %s %" PRIu64, ccs[i].name, *cc_at(&cc, i));
		CU_ASSERT(*cc_at(&cc, i) > 0);
	}
	printf(" ");
}

static int
run_one(uint64_t seed)
{
	struct sim *s = sim_new();
	const char *why = run_seed(s, seed);

	printf("seed %" PRIu64 ": %s\n", seed, why != NULL ? why : "good");
	sim_free(s);
	return why != NULL;
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "every seed: bytes exact, both ends closed", test_seeds },
		{ "every recovery and close was met", test_reached },
		{ "goodput of CUBIC and NewReno", test_goodput },
		CU_TEST_INFO_NULL,
	};
	static const CU_TestInfo table[] = {
		{ "goodput of CUBIC and NewReno", test_goodput },
		CU_TEST_INFO_NULL,
	};

	verbose = argc > 3;
	if (argc > 2 && strcmp(argv[1], "--seed") == 0)
		return run_one(strtoull(argv[2], NULL, 10));
	if (argc > 1 && strcmp(argv[1], "--goodput") == 0)
		return suite_run("tcp_sim", table);
	return suite_run("tcp_sim", tests);
}
