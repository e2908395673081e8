/*
 * A stage in front of a port that impairs both directions, seeded and
 * deterministic: for tests only.
 */
#ifndef POSTERN_DRIVERS_NIC_IMPAIR_H
#define POSTERN_DRIVERS_NIC_IMPAIR_H

#include "drivers/nic/port.h"

struct impair_config {
	double loss;          /* probability 0..1, per frame and direction */
	double reorder;       /* probability that a frame is held back a while */
	double duplicate;
	uint32_t delay_us;    /* one way */
	uint32_t jitter_us;
	uint64_t seed;
};

/* impair_parse(c, text): "loss=0.01,reorder=0.02,dup=0,delay=5ms,seed=7".
 * 0, or -1 with *error pointing at a static text. */
int impair_parse(struct impair_config *c, const char *text, const char **error);

/* impair_open(below, c): takes `below` over. NULL when out of memory. Workers
 * of one device each have a stage of their own. */
struct port *impair_open(struct port *below, const struct impair_config *c);

#endif
