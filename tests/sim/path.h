/*
 * What lies between two ends in virtual time: for each direction one bad wire or two
 * behind each other (drivers/nic/wire.h).
 *
 * Frames whose bits or length a wire has changed are carried to the end and counted
 * there: checksums tell every one of them.
 */
#ifndef POSTERN_SIM_PATH_H
#define POSTERN_SIM_PATH_H

#include "drivers/nic/wire.h"
#include "tests/sim/rng.h"

#define PATH_HOPS 2u
#define PATH_FRAMES 16384u /* under way on one wire */

struct path_frame {
	uint32_t to;
	uint32_t len;
	bool damaged;
	uint8_t data[];
};

struct path_conf {
	struct wire_conf to[2][PATH_HOPS]; /* by the end that it leads to */
	uint32_t hops[2];
};

struct path {
	struct path_conf conf;
	struct wire to[2][PATH_HOPS];
	struct wire_frame *heaps;
	uint64_t frames;
	uint64_t damaged;
};

/* path_new(p): once; false: no memory. path_init(p, c, seed): nothing under way. */
bool path_new(struct path *p);
void path_init(struct path *p, const struct path_conf *c, uint64_t seed);
/* Frees what is under way. */
void path_clear(struct path *p);
void path_free(struct path *p);

/* path_send(p, to, data, len, now): a copy of the bytes travels to end `to`. */
void path_send(struct path *p, uint32_t to, const void *data, uint32_t len, uint64_t now);

/* path_next(p): when something moves; UINT64_MAX: nothing travels. */
uint64_t path_next(const struct path *p);

/* path_take(p, now): the next whole frame that has arrived, the caller's to free;
 * NULL. */
struct path_frame *path_take(struct path *p, uint64_t now);

/* path_stats(p, st): of all wires together. */
void path_stats(const struct path *p, struct wire_stats *st);

#endif
