/*
 * Bytes of a peer that a plugin has not taken yet, with their streams, in order.
 *
 * One buffer that grows with what is in it; the caller bounds `bytes` by the
 * window that the peer was given. A run of one stream is one segment, so the
 * cost beside the bytes is eight for each change of stream. A zeroed struct is
 * an empty queue.
 */
#ifndef POSTERN_CONTROL_HOST_INQ_H
#define POSTERN_CONTROL_HOST_INQ_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

struct inq {
	uint8_t *buf;
	size_t size;
	size_t start;   /* header of the first segment */
	size_t end;
	size_t last;    /* header of the last segment; end when there is none */
	uint64_t bytes; /* without headers */
};

/* 0, or -1 when memory is out and nothing was queued. */
int inq_put(struct inq *q, uint32_t stream, struct view data);

/* The first segment, borrowed until the next put or take. */
bool inq_peek(const struct inq *q, uint32_t *stream, struct view *data);

/* Drop the first `len` bytes of the first segment. */
void inq_take(struct inq *q, size_t len);

/* What is in it, headers included. */
static inline uint64_t
inq_cost(const struct inq *q)
{
	return q->end - q->start;
}

void inq_clear(struct inq *q);

#endif
