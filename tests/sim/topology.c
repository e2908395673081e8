/* The path of a run: everything that a wire can do, each in some of the runs. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

/* From `least` on, the orders of magnitude alike. */
static uint64_t
spread(struct rng *r, uint64_t least, uint32_t doublings)
{
	uint64_t base = least << rng_below(r, doublings);

	return base + rng_next(r) % base;
}

static void
pick_loss(struct rng *r, struct wire_conf *c)
{
	static const uint32_t losses[] = { 0, 0, 1000, 10000, 10000, 30000, 80000, 200000 };

	c->loss = losses[rng_below(r, 8)];
	if (rng_one_in(r, 6)) {
		c->burst_in = 200 + rng_below(r, 10000);
		/* Bursts are counted in frames: a longer one would outlast all the tries that
		 * a connection has, which are minutes apart at the end. */
		c->burst_out = 300000 + rng_below(r, 400000);
		c->burst_loss = 300000 + rng_below(r, 700001);
	}
	if (rng_one_in(r, 6))
		c->corrupt = rng_below(r, 20000);
	if (rng_one_in(r, 6))
		c->truncate = rng_below(r, 20000);
}

static void
pick_order(struct rng *r, struct wire_conf *c)
{
	c->delay_us = 20 + rng_below(r, rng_below(r, 2) ? 2000 : 100000);
	if (rng_one_in(r, 4))
		c->jitter_us = 1 + rng_below(r, c->delay_us);
	c->reorder_us = 10 + rng_below(r, 20000);
	c->duplicate = rng_one_in(r, 3) ? rng_below(r, 50000) : 0;
	c->reorder = rng_one_in(r, 3) ? rng_below(r, 200000) : 0;
	if (rng_one_in(r, 3)) {
		c->reorder_us = 0;
		c->reorder_by = 1 + rng_below(r, 10);
		c->reorder_max_us = 20000;
	}
}

/* A queue of some full segments at the least: below that no path is usable. */
static void
pick_bottleneck(struct rng *r, struct wire_conf *c)
{
	c->rate = spread(r, 500000, 12);
	if (rng_below(r, 2))
		c->queue_frames = 4 + rng_below(r, 200);
	else
		c->queue_bytes = (uint32_t)spread(r, 40000, 5);
}

static void
pick_wire(struct rng *r, struct wire_conf *c)
{
	*c = (struct wire_conf){ 0 };
	pick_loss(r, c);
	pick_order(r, c);
	if (rng_one_in(r, 3))
		pick_bottleneck(r, c);
	/* A radio link that says nothing for a while: what is late looks lost. */
	if (rng_one_in(r, 3)) {
		c->stall = 10 + rng_below(r, 10000);
		c->stall_us = 200000 + rng_below(r, 1000000);
	}
}

/* A second router: slower or faster, and honest but for its queue. */
static void
pick_second(struct rng *r, struct wire_conf *c)
{
	*c = (struct wire_conf){ .delay_us = 20 + rng_below(r, 20000) };
	pick_bottleneck(r, c);
}

static void
show(const struct wire_conf *c, uint32_t to, uint32_t hop)
{
	printf("to %u hop %u: loss %u burst %u/%u/%u dup %u reorder %u us %u by %u delay %u jitter %u rate %" PRIu64
	       " queue %u bytes %u frames stall %u us %u corrupt %u truncate %u\n",
	    to, hop, c->loss, c->burst_in, c->burst_out, c->burst_loss, c->duplicate, c->reorder, c->reorder_us,
	    c->reorder_by, c->delay_us, c->jitter_us, c->rate, c->queue_bytes, c->queue_frames, c->stall,
	    c->stall_us, c->corrupt, c->truncate);
}

void
sim_topology(struct sim *s)
{
	struct path_conf c = { .hops = { 1, 1 } };
	struct rng *r = &s->rng;
	bool alike = rng_below(r, 2);

	pick_wire(r, &c.to[0][0]);
	pick_wire(r, &c.to[1][0]);
	if (alike)
		c.to[1][0] = c.to[0][0];
	for (uint32_t to = 0; to < 2; to++)
		if (rng_one_in(r, 4)) {
			c.hops[to] = 2;
			pick_second(r, &c.to[to][1]);
		}
	path_init(&s->path, &c, rng_next(r));
	narrow_init(&s->narrow, r, s->seed % 2 == 0, s->now);
	if (sim_verbose)
		printf("narrow: mtu %u then %u after %" PRIu64 " us, tells %d, forged %u\n", s->narrow.mtu[0],
		    s->narrow.mtu[1], s->narrow.change_at - s->now, s->narrow.tells, s->narrow.forged);
	for (uint32_t to = 0; sim_verbose && to < 2; to++)
		for (uint32_t hop = 0; hop < c.hops[to]; hop++)
			show(&c.to[to][hop], to, hop);
}
