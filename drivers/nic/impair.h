/*
 * A stage in front of a port that impairs both directions, seeded and
 * deterministic (wire.h): for tests only.
 */
#ifndef POSTERN_DRIVERS_NIC_IMPAIR_H
#define POSTERN_DRIVERS_NIC_IMPAIR_H

#include "drivers/nic/port.h"
#include "drivers/nic/wire.h"

struct impair_config {
	struct wire_conf up;   /* toward the service */
	struct wire_conf down; /* from it */
	uint64_t seed;
};

/* impair_parse(c, text): NAME=VALUE,... for both directions, up.NAME=VALUE or
 * down.NAME=VALUE for one. P is a chance, 0.01 or 1%; TIME 5ms, 300us, 1s:
 *
 *   loss=P                     each frame by itself
 *   burst-loss=IN/OUT[/P]      bursts: chances to enter and to leave them, and the
 *                              loss in them (1)
 *   reorder=P[/TIME|/Npkt]     late by up to TIME (1500us), or until N have passed
 *   dup=P corrupt=P truncate=P
 *   delay=TIME jitter=TIME     in order
 *   stall=P/TIME               nothing moves for so long
 *   rate=N[kbit|mbit|gbit]     bits per second of a bottleneck, and what waits in
 *   queue=N[k|m|pkt]           front of it: bytes or frames (256k)
 *   seed=N
 *
 * 0, or -1 with *error pointing at a static text. */
int impair_parse(struct impair_config *c, const char *text, const char **error);

/* impair_open(below, c): takes `below` over. NULL when out of memory. Workers
 * of one device each have a stage of their own. */
struct port *impair_open(struct port *below, const struct impair_config *c);

#endif
