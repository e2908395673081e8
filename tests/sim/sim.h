/*
 * Two TCP stacks with an application each, a path between them, virtual time: what the
 * runs by seed (tcp_sim.c) and the measurements (tcp_goodput.c) share.
 */
#ifndef POSTERN_TESTS_SIM_H
#define POSTERN_TESTS_SIM_H

#include "dataplane/tcp/tcp.h"
#include "tests/sim/narrow.h"
#include "tests/sim/path.h"
#include "tests/sim/rng.h"

#define SIM_POOL_COUNT 16384u
#define SIM_PATTERN 65521u /* prime: no block or segment size divides it */
#define SIM_PORT 2222u
#define SIM_FRAME_MAX 16384u
#define SIM_BURST 16u
#define SIM_POLL_US 100u

enum close_mode { CLOSE_A_FIRST, CLOSE_B_FIRST, CLOSE_TOGETHER, CLOSE_MODES };

/* What the wire takes out of SYN segments: peers without the option. */
enum { STRIP_MSS = 1, STRIP_SHIFT = 2, STRIP_SACK = 4, STRIP_TS = 8 };

/* What an end has said and heard, for the invariants (watch.c). */
struct watch {
	uint32_t edge_in;    /* the furthest window that came here */
	uint32_t edge_out;   /* the last one that was offered */
	uint32_t seq_in;     /* behind the furthest byte that came here */
	uint8_t shift_in, shift_out;
	uint32_t sent;       /* behind the furthest byte that was sent */
	bool edge_known, seq_known, offered;
};

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
	struct block *others; /* of the pool, held for a while as if by others */
	uint32_t others_count;
	uint64_t squeeze_at;  /* they take them or give them back; UINT64_MAX: never */
	uint32_t chunk;
	uint32_t whole;       /* the send buffer always takes so much at last */
	bool slow;
	bool waits_read, waits_write; /* until it is told */
	bool holds;           /* says now and then that more is to come */
	bool connected, eof, shut, closed;
	int reason;
	unsigned states;      /* bits of states seen */
	uint32_t rcv_max;     /* bytes that may wait to be read */
	struct watch watch;
};

struct sim {
	uint64_t seed;
	struct rng rng;
	struct path path;
	struct narrow narrow;
	struct end end[2];
	uint64_t now, start;
	unsigned strip;
	uint32_t marks;       /* CE on one in so many packets that may be marked; 0: none */
	enum close_mode mode;
	bool both_open;
	bool bursts;          /* ends look once in SIM_POLL_US, and take what came together */
	const char *error;
	uint8_t frame[SIM_FRAME_MAX];
	uint8_t buf[65536];
	uint8_t pattern[2][SIM_PATTERN];
};

/* What all runs together have met. */
extern struct sim_reached {
	uint64_t bytes, rto, fast, reassembled, zero;
	uint64_t first_a, first_b, together, both_open, wrapped, rst, ghosts, damaged, two_hops, runs;
	uint64_t pruned, narrow, expired;
} sim_reached;
extern bool sim_verbose;
extern const struct tcp_ops sim_ops;

/* sim_new(): both ends without stacks; whoever runs it makes them. NULL: no memory. */
struct sim *sim_new(void);
void sim_free(struct sim *s);

/* sim_fail(s, why): the first reason stays. */
void sim_fail(struct sim *s, const char *why);

/* sim_tuple(id, v4): the connection as end `id` sees it. */
struct tcp_tuple sim_tuple(uint32_t id, bool v4);

/* sim_open(s, v4, both): end 0 connects to end 1, or each to the other. */
void sim_open(struct sim *s, bool v4, bool both);

/* sim_topology(s): the path of a run by seed (topology.c). */
void sim_topology(struct sim *s);

/* sim_loop(s): until both ends are closed, or the run failed. sim_drain(s): stray
 * segments and TIME-WAIT run out. */
void sim_loop(struct sim *s);
void sim_drain(struct sim *s);

/* sim_expired(s): one end had connected, but nothing of it came to the other before its
 * SYN cookie had lost its meaning, so that it was reset: no fault of either. */
bool sim_expired(const struct sim *s);

/* A segment of this end goes out, as the wire has it; one has come; a step is over. */
void watch_out(struct end *e, const struct tcp_seg_out *o);
void watch_in(struct end *e, const struct tcp_seg *seg);
void watch_step(struct end *e, const struct tcp_info *info);

/* What the stacks and the path of a run have met; test_reached(): all of it was. */
void sim_count_stats(struct tcp_stats *st);
void sim_count_path(struct sim *s);
void test_reached(void);

/* test_life(): what ends connections without progress (life.c). */
void test_life(void);
/* test_goodput(): the table of the algorithms of congestion control (tcp_goodput.c). */
void test_goodput(void);
/* test_bottleneck(): a short queue in front of a slow link overflows. */
void test_bottleneck(void);
/* test_growth(): a long path is filled, however small the buffers are at first. */
void test_growth(void);

#endif
