/* Goodput of the algorithms: one direction, everything else at its default. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

#define GOODPUT_BYTES (32u << 20)
#define GOODPUT_RUNS 8u

static const struct point {
	uint32_t loss;       /* per 100000 */
	uint32_t rtt_ms;
	uint32_t least;      /* CUBIC, per cent of NewReno */
	uint64_t rate;       /* bits per second of a bottleneck; 0: none */
	uint32_t queue;      /* bytes in front of it */
	uint32_t reorder;    /* late by up to 1.5 ms, per million */
} points[] = {
	/* The Reno-friendly region (RFC 9438 section 4.3): no worse than Reno. All that
	 * waits arrives together here, and so do its acknowledgements. */
	{ 100, 50, 100, 0, 0, 0 },
	{ 1000, 50, 100, 0, 0, 0 },
	{ 300, 20, 100, 0, 0, 0 },
	/* Large windows are what CUBIC is for. */
	{ 10, 200, 130, 0, 0, 0 },
};

/* Of the ends of the last run, and of the way that the bytes took. */
static struct tcp_stats last[2];
static struct wire_stats last_wire;

static void
goodput_end(struct sim *s, uint32_t id, const char *name, uint64_t bytes)
{
	struct end *e = &s->end[id];
	struct tcp_config c;
	uint8_t secret[32] = { (uint8_t)id };

	tcp_config_default(&c, 1500);
	c.conn_max = c.half_open_max = c.timewait_max = 4;
	c.cc = name;
	*e = (struct end){ .sim = s, .id = id, .pool_mem = e->pool_mem, .chunk = 16384, .whole = c.snd_buf_init,
		.squeeze_at = UINT64_MAX };
	e->mem = aligned_alloc(64, tcp_stack_size(&c));
	memset(e->mem, 0, tcp_stack_size(&c));
	pool_init(&e->pool, e->pool_mem, SIM_POOL_COUNT);
	e->stack = tcp_stack_init(e->mem, &c, &sim_ops, &e->pool, e, secret);
	e->total = e->expect = id == 0 ? bytes : 0;
	e->rcv_max = c.rcv_buf + (1u << 14);
}

/* Microseconds from the SYN to the end; the same losses for each algorithm. */
static uint64_t
goodput_run(const struct point *p, const char *name, uint64_t seed, uint64_t bytes)
{
	struct wire_conf wire = { .loss = p->loss * 10, .delay_us = p->rtt_ms * 500, .rate = p->rate,
		.queue_bytes = p->queue, .reorder = p->reorder, .reorder_us = 1500 };
	struct path_conf conf = { .to = { { wire }, { wire } }, .hops = { 1, 1 } };
	struct sim *s = sim_new();
	uint64_t took;

	s->rng.s = seed;
	s->mode = CLOSE_A_FIRST;
	s->bursts = p->queue > 0;
	path_init(&s->path, &conf, seed);
	goodput_end(s, 0, name, bytes);
	goodput_end(s, 1, name, bytes);
	s->seed = 1;
	sim_open(s, false, false);
	sim_loop(s);
	took = s->now;
	CU_ASSERT_PTR_NULL(s->error);
	CU_ASSERT_EQUAL(s->end[1].read, bytes);
	for (int i = 0; i < 2; i++)
		tcp_get_stats(s->end[i].stack, &last[i]);
	last_wire = s->path.to[1][0].stats;
	path_clear(&s->path);
	sim_free(s);
	return took;
}

static double
goodput(const struct point *p, const char *name)
{
	uint64_t us = 0;

	for (uint64_t seed = 1; seed <= GOODPUT_RUNS; seed++)
		us += goodput_run(p, name, seed, GOODPUT_BYTES);
	return 8.0 * GOODPUT_BYTES * GOODPUT_RUNS / (double)us;
}

void
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

/* 300 ms and 1 Gbit/s without loss: slow start from ten segments doubles ten times, then buffers of
 * 8 MiB are what limits. With those of the beginning it would take five minutes. */
void
test_growth(void)
{
	static const struct point p = { 0, 300, 0, 1000000000, 0, 0 };
	uint64_t took = goodput_run(&p, "cubic", 1, 64u << 20);

	printf("%.1f s for 64 MiB at 300 ms ", (double)took / 1e6);
	CU_ASSERT(took < 7000000);
	CU_ASSERT_EQUAL(last[1].buf.rcv_capped, 1);
	CU_ASSERT_EQUAL(last[0].buf.snd_capped, 1);
}

/* A bottleneck of 100 Mbit/s with a queue of 256 KiB: slow start overflows it, and one
 * segment in two is lost of hundreds. What is sent again is what was lost, and where the
 * losses are the path's, the window is what one in so many allows: for RFC 5681's
 * algorithm, and CUBIC's on short paths, 1.2 / sqrt(loss) segments in a round trip. */
static const struct bottleneck {
	struct point p;
	uint64_t bytes;
	uint32_t least, most; /* Mbit/s */
} bottlenecks[] = {
	{ { 0, 20, 0, 100000000, 262144, 0 }, 24u << 20, 85, 100 },
	{ { 0, 100, 0, 100000000, 262144, 0 }, 24u << 20, 54, 100 },
	{ { 0, 100, 0, 100000000, 262144, 20000 }, 24u << 20, 40, 100 },
	{ { 0, 300, 0, 100000000, 262144, 0 }, 13u << 20, 16, 100 },
	{ { 1000, 20, 0, 100000000, 262144, 0 }, 24u << 20, 5, 11 },
	{ { 1000, 20, 0, 100000000, 262144, 20000 }, 24u << 20, 5, 11 },
};

void
test_bottleneck(void)
{
	uint64_t grown = 0;

	printf("\n  loss %%   RTT ms   reordered %%   Mbit/s");
	for (size_t i = 0; i < sizeof(bottlenecks) / sizeof(bottlenecks[0]); i++) {
		const struct bottleneck *b = &bottlenecks[i];
		uint64_t us = 0;
		double rate;

		for (uint64_t seed = 101; seed <= 103; seed++) {
			us += goodput_run(&b->p, "cubic", seed, b->bytes);
			grown += last[0].loss.board_grown;
			if (b->p.reorder == 0)
				CU_ASSERT(last[0].retransmits * 9 <= (last_wire.lost + last_wire.queue_lost) * 10);
		}
		rate = 8.0 * 3 * (double)b->bytes / (double)us;
		printf("\n  %6.2f   %6u   %11u   %6.2f ", b->p.loss / 1000.0, b->p.rtt_ms, b->p.reorder / 10000, rate);
		CU_ASSERT(rate >= b->least && rate <= b->most);
	}
	CU_ASSERT(grown > 0);
}
