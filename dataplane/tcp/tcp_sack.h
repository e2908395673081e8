/*
 * What the peer holds out of order, as it says (RFC 2018), and what of ours is
 * therefore lost (RFC 6675).
 *
 * The board is a hint: it is forgotten with every timeout, its number of ranges
 * is fixed, and a range that finds no room is left out.
 */
#ifndef POSTERN_TCP_SACK_H
#define POSTERN_TCP_SACK_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/tcp/tcp_opt.h"

#define TCP_SACK_MAX 16u

struct tcp_sack {
	struct tcp_range r[TCP_SACK_MAX]; /* in order, apart from each other */
	uint32_t count;
	uint32_t again;      /* HighRxt: holes below it were sent again */
};

/* tcp_sack_update(b, una, max, in, count): take the blocks of a segment that
 * lie in what is outstanding. True when they say something new. */
bool tcp_sack_update(struct tcp_sack *b, uint32_t una, uint32_t max, const struct tcp_range *in,
    uint32_t count);

/* Everything before `una` is acknowledged. */
void tcp_sack_advance(struct tcp_sack *b, uint32_t una);

/* tcp_sack_edge(b, una, mss): what is before it and not held is lost: more than
 * two segments behind it have arrived (IsLost). `una` when nothing is. */
uint32_t tcp_sack_edge(const struct tcp_sack *b, uint32_t una, uint32_t mss);

/* tcp_sack_hole(b, from, edge, hole): the first range that is not held at or
 * behind `from`, cut at `edge`. */
bool tcp_sack_hole(const struct tcp_sack *b, uint32_t from, uint32_t edge, struct tcp_range *hole);

/* tcp_sack_pipe(b, una, max, edge): bytes that are still under way (SetPipe). */
uint32_t tcp_sack_pipe(const struct tcp_sack *b, uint32_t una, uint32_t max, uint32_t edge);

#endif
