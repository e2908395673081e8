/*
 * Bytes that arrived out of order, as runs in order of sequence number.
 *
 * A run is a fifo; a segment that continues one is packed behind it, so that
 * the charge stays near the bytes held. The runs are listed in a block, and in
 * more where there are many, which are held only while there is something to
 * keep. So the worst that a peer can do, one byte per run, costs a block per run.
 */
#ifndef POSTERN_TCP_REASM_H
#define POSTERN_TCP_REASM_H

#include "dataplane/mem/fifo.h"
#include "dataplane/mem/vec.h"
#include "dataplane/tcp/tcp_opt.h"

struct tcp_run {
	uint32_t seq;
	struct fifo bytes;
};

#define TCP_RUN_LEAF 40u     /* runs of a block */
#define TCP_RUN_MAX (TCP_RUN_LEAF * (VEC_LEAVES - 1u))
#define TCP_RUN_RECENT 8u

struct tcp_runs {
	struct vec list;     /* of struct tcp_run */
	/* In which runs bytes came last, the newest first: a sequence number of each. */
	uint32_t recent[TCP_RUN_RECENT];
	uint32_t recent_count;
	struct tcp_run home[TCP_RUN_LEAF];
};
_Static_assert(sizeof(struct tcp_runs) <= POOL_DATA, "the first runs and what tells of them are one block");

struct tcp_reasm {
	struct block *table; /* struct tcp_runs; NULL when empty */
	uint32_t count;
	uint32_t blocks;     /* held in runs */
};

/* tcp_reasm_add(r, p, seq, data, len, blocks_max): keep what is new of it; at
 * most blocks_max blocks in all. Returns how many bytes were new and kept; less
 * than all of the new ones when a cap was reached, and then *full is set. */
uint32_t tcp_reasm_add(struct tcp_reasm *r, struct pool *p, uint32_t seq, const uint8_t *data,
    uint32_t len, uint32_t blocks_max, bool *full);

/* tcp_reasm_held(r, seq, end, held): the first part of [seq, end) that is there
 * already. */
bool tcp_reasm_held(const struct tcp_reasm *r, uint32_t seq, uint32_t end, struct tcp_range *held);

/* tcp_reasm_next(r, p, seq, len): the first contiguous piece of the byte at
 * `seq`, or NULL. What lies before seq is given up. */
const uint8_t *tcp_reasm_next(struct tcp_reasm *r, struct pool *p, uint32_t seq, size_t *len);

/* tcp_reasm_sack(r, out, max): what is held as SACK blocks, the one that was
 * added to last first (RFC 2018 section 4). Returns how many: at most TCP_RUN_RECENT. */
uint32_t tcp_reasm_sack(const struct tcp_reasm *r, struct tcp_range *out, uint32_t max);

/* Blocks charged, the table's too. */
uint32_t tcp_reasm_blocks(const struct tcp_reasm *r);

void tcp_reasm_clear(struct tcp_reasm *r, struct pool *p);

#endif
