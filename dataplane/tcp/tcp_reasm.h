/*
 * Bytes that arrived out of order, as runs in order of sequence number.
 *
 * A run is a fifo; a segment that continues one is packed behind it, so that
 * the charge stays near the bytes held. The number of runs is what fits in one
 * block, which is held only while there is something to keep. So the worst
 * that a peer can do, one byte per run, costs a block per run.
 */
#ifndef POSTERN_TCP_REASM_H
#define POSTERN_TCP_REASM_H

#include "dataplane/mem/fifo.h"
#include "dataplane/tcp/tcp_opt.h"

struct tcp_run {
	uint32_t seq;
	uint32_t stamp;      /* when it was last added to, as a count */
	struct fifo bytes;
};

#define TCP_RUN_MAX (POOL_DATA / sizeof(struct tcp_run))
_Static_assert(TCP_RUN_MAX <= 255, "tcp_reasm.count has eight bits");

struct tcp_reasm {
	struct block *table; /* of struct tcp_run; NULL when empty */
	uint32_t count : 8;
	uint32_t blocks : 24; /* held in runs: a receive buffer is at most 2^30 bytes */
	uint32_t stamp;
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
 * added to last first (RFC 2018 section 4). Returns how many. */
uint32_t tcp_reasm_sack(const struct tcp_reasm *r, struct tcp_range *out, uint32_t max);

/* Blocks charged, the table's too. */
uint32_t tcp_reasm_blocks(const struct tcp_reasm *r);

void tcp_reasm_clear(struct tcp_reasm *r, struct pool *p);

#endif
