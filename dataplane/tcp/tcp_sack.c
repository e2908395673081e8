#include "dataplane/tcp/tcp_sack.h"

#include <string.h>

#include "dataplane/tcp/tcp_seq.h"

#define LOST_SEGMENTS 2u /* RFC 6675 section 4: DupThresh - 1 */

static void
remove_range(struct tcp_sack *b, uint32_t at)
{
	b->count--;
	memmove(&b->r[at], &b->r[at + 1], (b->count - at) * sizeof(b->r[0]));
}

/* Joins the ranges behind `at` that it has reached. */
static void
join(struct tcp_sack *b, uint32_t at)
{
	while (at + 1 < b->count && seq_geq(b->r[at].end, b->r[at + 1].start)) {
		if (seq_gt(b->r[at + 1].end, b->r[at].end))
			b->r[at].end = b->r[at + 1].end;
		remove_range(b, at + 1);
	}
}

static bool
insert(struct tcp_sack *b, struct tcp_range in)
{
	uint32_t i = 0;

	while (i < b->count && seq_lt(b->r[i].end, in.start))
		i++;
	if (i < b->count && seq_geq(in.end, b->r[i].start)) {
		bool fresh = seq_lt(in.start, b->r[i].start) || seq_gt(in.end, b->r[i].end);

		if (seq_lt(in.start, b->r[i].start))
			b->r[i].start = in.start;
		if (seq_gt(in.end, b->r[i].end))
			b->r[i].end = in.end;
		join(b, i);
		return fresh;
	}
	if (b->count == TCP_SACK_MAX)
		return false;
	memmove(&b->r[i + 1], &b->r[i], (b->count - i) * sizeof(b->r[0]));
	b->r[i] = in;
	b->count++;
	return true;
}

bool
tcp_sack_update(struct tcp_sack *b, uint32_t una, uint32_t max, const struct tcp_range *in,
    uint32_t count)
{
	bool fresh = false;

	for (uint32_t i = 0; i < count; i++) {
		/* A first block at or below what is acknowledged is a D-SACK (RFC 2883). */
		if (seq_leq(in[i].start, una) || seq_geq(in[i].start, in[i].end) ||
		    seq_gt(in[i].end, max))
			continue;
		if (insert(b, in[i]))
			fresh = true;
	}
	return fresh;
}

void
tcp_sack_advance(struct tcp_sack *b, uint32_t una)
{
	while (b->count > 0 && seq_leq(b->r[0].end, una))
		remove_range(b, 0);
	if (b->count > 0 && seq_lt(b->r[0].start, una))
		b->r[0].start = una;
}

uint32_t
tcp_sack_edge(const struct tcp_sack *b, uint32_t una, uint32_t mss)
{
	uint32_t held = 0;

	for (uint32_t i = b->count; i > 0; i--) {
		held += b->r[i - 1].end - b->r[i - 1].start;
		if (held > LOST_SEGMENTS * mss)
			return b->r[i - 1].start;
	}
	return una;
}

bool
tcp_sack_hole(const struct tcp_sack *b, uint32_t from, uint32_t edge, struct tcp_range *hole)
{
	for (uint32_t i = 0; i < b->count && seq_lt(from, edge); i++) {
		if (seq_leq(b->r[i].end, from))
			continue;
		if (seq_leq(b->r[i].start, from)) {
			from = b->r[i].end;
			continue;
		}
		hole->start = from;
		hole->end = seq_lt(b->r[i].start, edge) ? b->r[i].start : edge;
		return true;
	}
	return false;
}

/* Bytes held in [from, to). */
static uint32_t
held(const struct tcp_sack *b, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t start = seq_gt(b->r[i].start, from) ? b->r[i].start : from;
		uint32_t end = seq_lt(b->r[i].end, to) ? b->r[i].end : to;

		if (seq_lt(start, end))
			n += end - start;
	}
	return n;
}

uint32_t
tcp_sack_pipe(const struct tcp_sack *b, uint32_t una, uint32_t max, uint32_t edge)
{
	uint32_t again = seq_lt(b->again, edge) ? b->again : edge;
	uint32_t pipe = max - edge - held(b, edge, max);

	if (seq_gt(again, una))
		pipe += again - una - held(b, una, again);
	return pipe;
}
