/*
 * A wire in virtual time: loses, duplicates, delays and reorders by a seed.
 */
#ifndef POSTERN_SIM_WIRE_H
#define POSTERN_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
/* Below n; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);
/* True in `per_100k` of 100000 cases. */
bool rng_hit(struct rng *r, uint32_t per_100k);

struct wire_conf {
	uint32_t loss;       /* per 100000 */
	uint32_t dup;
	uint32_t reorder;
	uint32_t delay_us;
	uint32_t jitter_us;  /* of what is reordered */
	uint32_t byte_ns;    /* of a bottleneck; 0: none */
	uint32_t queue_us;   /* what the bottleneck holds */
	uint32_t stall;      /* per 100000: everything waits, in order, */
	uint32_t stall_us;   /* for so long */
};

struct frame {
	uint64_t at;
	uint64_t order;      /* frames of the same time keep theirs */
	uint32_t to;
	uint32_t len;
	uint8_t *data;
};

struct wire {
	struct wire_conf conf;
	struct rng *rng;
	struct frame *heap;
	uint32_t count;
	uint32_t size;
	uint64_t order;
	uint64_t busy[2];    /* until when the bottleneck sends */
	uint64_t held[2];    /* until when nothing moves */
	uint64_t frames;
};

void wire_init(struct wire *w, const struct wire_conf *conf, struct rng *rng);
void wire_fini(struct wire *w);
/* A copy of the bytes travels to end `to`. */
void wire_send(struct wire *w, uint32_t to, const void *data, uint32_t len, uint64_t now);
/* UINT64_MAX: nothing travels. */
uint64_t wire_next(const struct wire *w);
/* The next frame that is due; the caller frees its data. */
bool wire_take(struct wire *w, struct frame *f, uint64_t now);

#endif
