#include "control/host/outq.h"

#include <stdlib.h>

#define OUTQ_HEADER 8u

int
outq_put(struct outq *q, uint16_t op, struct view payload, bool must)
{
	size_t need = OUTQ_HEADER + payload.len;
	struct put w;
	uint8_t *grown;

	if (!must && (payload.len > OUTQ_REQUEST_MAX || q->end - q->start + need > OUTQ_MAX))
		return -1;
	if (q->size - q->end < need) {
		size_t used = q->end - q->start;

		grown = malloc(used + need + 64);
		if (grown == NULL)
			return -1;
		if (used > 0)
			memcpy(grown, q->buf + q->start, used);
		free(q->buf);
		*q = (struct outq){ grown, used + need + 64, 0, used };
	}
	w = put_of(q->buf + q->end, q->size - q->end);
	put_u16(&w, op);
	put_u16(&w, 0);
	put_sview(&w, payload);
	q->end += put_len(&w);
	return 0;
}

bool
outq_peek(const struct outq *q, uint16_t *op, struct view *payload)
{
	struct cur c;

	if (outq_empty(q))
		return false;
	c = cur_of(q->buf + q->start, q->end - q->start);
	*op = cur_u16(&c);
	cur_u16(&c);
	*payload = cur_string(&c);
	return !c.bad;
}

void
outq_take(struct outq *q)
{
	uint16_t op;
	struct view payload;

	if (!outq_peek(q, &op, &payload))
		return;
	q->start += OUTQ_HEADER + payload.len;
	if (outq_empty(q))
		outq_clear(q);
}

void
outq_clear(struct outq *q)
{
	free(q->buf);
	memset(q, 0, sizeof(*q));
}
