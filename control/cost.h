/*
 * What exchanges in prime fields may cost. A client makes a server calculate for
 * milliseconds with a number that it made up, so these exchanges take tokens, of their
 * source and of all together; those on curves take none and never wait. Who finds too few
 * waits, in order; who would wait behind too many is refused.
 *
 * A token is an exchange in a group of 2048 bits, about 1 ms; larger ones cost by the
 * square. Sources are IPv4 addresses and IPv6 networks of 64 bits. Of sources that are not
 * in the table any more nothing is owed: one is forgotten when others need its place, the
 * one that may do most first. No clock, no allocation.
 *
 * A process begins with what the rates give in a second, not with the bursts: one that is
 * started anew all the time gives nobody more than that.
 */
#ifndef POSTERN_CONTROL_COST_H
#define POSTERN_CONTROL_COST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define COST_SETS 256u
#define COST_WAYS 4u

/* Before login, for all gates together; each has its share of the first two. */
#define COST_GATE_BURST 256u
#define COST_GATE_RATE 200u /* per second */
#define COST_GATE_SOURCE_BURST 64u
#define COST_GATE_SOURCE_RATE 16u
#define COST_GATES_MAX 8u /* what more there are has the share of these: one exchange must fit */
/* After login, of one clerk. */
#define COST_CLERK_BURST 4096u
#define COST_CLERK_RATE 400u
#define COST_CLERK_SOURCE_BURST 1024u
#define COST_CLERK_SOURCE_RATE 100u
/* Exchanges that wait, in one process. */
#define COST_WAITING_MAX 256u
#define COST_WAITING_SOURCE 32u

struct cost_limits {
	uint32_t burst, rate, source_burst, source_rate;
};

struct cost_bucket {
	uint64_t left;  /* thousandths of tokens */
	uint64_t at_ms; /* when it was counted last */
};

struct cost_source {
	uint64_t key; /* 0: free */
	uint32_t waiting;
	struct cost_bucket bucket;
};

struct cost_counts {
	uint64_t exchanges; /* that were paid for */
	uint64_t waited;
	uint64_t refused;
};

/* One that waits; inside whatever it is of. */
struct cost_ticket {
	TAILQ_ENTRY(cost_ticket) at;
	uint64_t key;
	uint32_t tokens;
	bool queued;
	void *of;
};

struct cost {
	struct cost_limits limits;
	uint64_t seed; /* of the table's places */
	bool begun;
	uint64_t begun_ms;
	bool short_of_all; /* somebody waits for the common tokens: nobody passes by */
	uint32_t waiting;
	struct cost_bucket bucket;
	struct cost_counts counts;
	TAILQ_HEAD(, cost_ticket) queue;
	struct cost_source source[COST_SETS][COST_WAYS];
};

/* cost_init(k, limits, seed). cost_limit(k, limits): from now on. */
void cost_init(struct cost *k, const struct cost_limits *limits, uint64_t seed);
void cost_limit(struct cost *k, const struct cost_limits *limits);

uint32_t cost_tokens(unsigned bits);
/* cost_key(address): of its text, in either family. */
uint64_t cost_key(const char *address);

enum cost_answer { COST_GO, COST_WAIT, COST_REFUSED };

/* cost_ask(k, t, now_ms): t has key, tokens and of; with COST_WAIT it is queued. */
enum cost_answer cost_ask(struct cost *k, struct cost_ticket *t, uint64_t now_ms);

/* cost_next(k, now_ms): the first in the queue that may go, taken out and paid for, or
 * NULL. */
struct cost_ticket *cost_next(struct cost *k, uint64_t now_ms);

/* cost_leave(k, t): it waits no more; nothing, if it did not. */
void cost_leave(struct cost *k, struct cost_ticket *t);

#endif
