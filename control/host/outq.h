/*
 * What a channel has to say and the ring has no room for yet: end of data,
 * requests, close; never data. In order; while something waits here the channel
 * takes no data, so write order stays wire order. A zeroed struct is empty.
 */
#ifndef POSTERN_CONTROL_HOST_OUTQ_H
#define POSTERN_CONTROL_HOST_OUTQ_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

#define OUTQ_MAX 8192u      /* bytes of requests that wait */
#define OUTQ_REQUEST_MAX 4096u

struct outq {
	uint8_t *buf;
	size_t size;
	size_t start;
	size_t end;
};

/* outq_put(q, op, payload): with `must` (end of data, close: once each) the bound
 * does not hold. 0, or -1 when it does not fit. */
int outq_put(struct outq *q, uint16_t op, struct view payload, bool must);
bool outq_peek(const struct outq *q, uint16_t *op, struct view *payload);
void outq_take(struct outq *q);
void outq_clear(struct outq *q);

static inline bool
outq_empty(const struct outq *q)
{
	return q->start == q->end;
}

#endif
