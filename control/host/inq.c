#include "control/host/inq.h"

#include <stdlib.h>

struct segment {
	uint32_t stream;
	uint32_t len;
};

#define INQ_FIRST 4096u

static struct segment
segment_get(const struct inq *q, size_t at)
{
	struct segment s;

	memcpy(&s, q->buf + at, sizeof(s));
	return s;
}

static void
segment_set(struct inq *q, size_t at, struct segment s)
{
	memcpy(q->buf + at, &s, sizeof(s));
}

static int
room(struct inq *q, size_t need)
{
	size_t used = q->end - q->start;
	size_t want = q->size == 0 ? INQ_FIRST : q->size;
	uint8_t *grown;

	if (q->size - q->end >= need)
		return 0;
	/* Moving costs what is in it; worth it when half of the buffer is free. */
	if (q->size > 0 && used + need <= q->size / 2) {
		memmove(q->buf, q->buf + q->start, used);
		q->last -= q->start;
		q->start = 0;
		q->end = used;
		return 0;
	}
	while (want < used + need)
		want *= 2;
	if (want < used * 2)
		want = used * 2;
	grown = malloc(want);
	if (grown == NULL)
		return -1;
	if (used > 0)
		memcpy(grown, q->buf + q->start, used);
	free(q->buf);
	q->buf = grown;
	q->size = want;
	q->last -= q->start;
	q->start = 0;
	q->end = used;
	return 0;
}

int
inq_put(struct inq *q, uint32_t stream, struct view data)
{
	struct segment s = { stream, 0 };

	if (data.len == 0)
		return 0;
	if (data.len > UINT32_MAX / 4 || room(q, data.len + sizeof(s)) != 0)
		return -1;
	if (q->end > q->start)
		s = segment_get(q, q->last);
	if (q->end == q->start || s.stream != stream || s.len > UINT32_MAX / 4) {
		q->last = q->end;
		q->end += sizeof(s);
		s.stream = stream;
		s.len = 0;
	}
	s.len += (uint32_t)data.len;
	segment_set(q, q->last, s);
	memcpy(q->buf + q->end, data.data, data.len);
	q->end += data.len;
	q->bytes += data.len;
	return 0;
}

bool
inq_peek(const struct inq *q, uint32_t *stream, struct view *data)
{
	struct segment s;

	if (q->end == q->start)
		return false;
	s = segment_get(q, q->start);
	*stream = s.stream;
	*data = view_of(q->buf + q->start + sizeof(s), s.len);
	return true;
}

void
inq_take(struct inq *q, size_t len)
{
	struct segment s = segment_get(q, q->start);

	if (len == 0)
		return;
	q->bytes -= len;
	if (len == s.len) {
		q->start += sizeof(s) + len;
	} else {
		/* The header moves up to the bytes that are left. */
		s.len -= (uint32_t)len;
		if (q->last == q->start)
			q->last += len;
		q->start += len;
		segment_set(q, q->start, s);
	}
	if (q->start == q->end)
		inq_clear(q);
}

void
inq_clear(struct inq *q)
{
	free(q->buf);
	memset(q, 0, sizeof(*q));
}
