/* The wires: whole records are harmed, any bytes are cut off. */
#include <stdlib.h>

#include "tests/sim/ssh/joined.h"
#include "tools/client/memconn_inner.h"

void
wire_sealed(struct wire *w, size_t len)
{
	if (w->edges == EDGES_MAX)
		abort();
	w->edge[w->edges++] = (uint32_t)len;
}

/* Bytes of a record in the clear that say something: its padding does not. */
static size_t
telling(const uint8_t *record, size_t len)
{
	struct cur c = cur_of(record, len);
	uint32_t packet = cur_u32(&c);
	uint8_t padding = cur_u8(&c);

	return c.bad || packet + 4 != len || padding + 1u > packet ? len : len - padding;
}

static bool
is_newkeys(const uint8_t *record, size_t len)
{
	return len > 5 && record[5] == SSH_MSG_NEWKEYS;
}

/* Number 0 is the identification line. */
static bool
harm(struct joined *j, struct wire *w, uint8_t *record, size_t len)
{
	size_t may = w->keyed || w->records == 0 ? len : telling(record, len);
	bool mine = w->harm != HARM_NONE && !w->harmed && w->records >= w->at;

	w->records++;
	if (!w->keyed && w->records > 1 && is_newkeys(record, len))
		w->keyed = true;
	if (!mine)
		return false;
	w->harmed = true;
	if (w->harm == HARM_DROP)
		return true;
	record[joined_rnd(j, may)] ^= (uint8_t)(1u << joined_rnd(j, 8));
	return false;
}

bool
wire_load(struct joined *j, int way, struct memconn *from)
{
	struct wire *w = &j->wire[way];
	struct view out = memconn_out(from);
	uint8_t *at = (uint8_t *)out.data;

	for (uint32_t i = 0; i < w->edges; i++) {
		if (!harm(j, w, at, w->edge[i]))
			membytes_put(&w->bytes, view_of(at, w->edge[i]));
		at += w->edge[i];
	}
	if (w->edges == 0)
		return false;
	w->edges = 0;
	memconn_sent(from, out.len);
	return true;
}

bool
wire_deliver(struct joined *j, int way, struct memconn *to)
{
	struct membytes *b = &j->wire[way].bytes;
	size_t len = b->len;

	if (j->chunk != 0 && len > j->chunk)
		len = 1 + joined_rnd(j, j->chunk);
	if (len == 0)
		return false;
	if (to->fatal == 0)
		memconn_in(to, view_of(b->data + b->start, len));
	membytes_take(b, len);
	return true;
}
