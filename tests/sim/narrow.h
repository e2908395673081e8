/*
 * A router on the path that carries no more than its MTU, which may change in a run. It
 * tells, or it is a black hole. Somebody else forges what it would tell.
 */
#ifndef POSTERN_SIM_NARROW_H
#define POSTERN_SIM_NARROW_H

#include "dataplane/tcp/tcp.h"
#include "tests/sim/rng.h"

#define NARROW_TOLD 64u /* under way back; what is told beyond is lost */

struct narrow_told {
	uint64_t at;
	uint32_t to;         /* end */
	uint32_t seq;
	uint16_t mtu, size;
};

struct narrow {
	uint32_t header;     /* bytes of an IP header */
	uint16_t mtu[2];     /* at first, and later; 0: all pass */
	uint64_t change_at;
	uint32_t delay_us;   /* of what is told */
	bool tells;
	uint32_t forged;     /* per 100000 segments */
	struct narrow_told told[NARROW_TOLD];
	uint32_t count;
	uint64_t dropped;
};

void narrow_init(struct narrow *n, struct rng *r, bool v4, uint64_t now);
/* A segment of `len` bytes of end `from`: does it pass? */
bool narrow_pass(struct narrow *n, struct rng *r, uint32_t from, uint32_t seq, uint32_t len, uint64_t now);
uint64_t narrow_next(const struct narrow *n);
/* What has come back by now. */
bool narrow_take(struct narrow *n, struct narrow_told *t, uint64_t now);

#endif
