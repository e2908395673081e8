#include "dataplane/tcp/tcp_board.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/tcp/tcp_seq.h"

#define LOST_SEGMENTS 2u /* RFC 6675 section 4: DupThresh - 1 */

static uint32_t
start_of(const struct tcp_board *b, uint32_t i)
{
	return i > 0 ? b->r[i - 1].end : b->una;
}

void
tcp_board_init(struct tcp_board *b, uint32_t una)
{
	memset(b, 0, offsetof(struct tcp_board, r));
	b->una = b->fack = b->again = una;
	b->round = (struct cc_round){ una, una };
}

static uint32_t
later(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a : b;
}

static void
remove_at(struct tcp_board *b, uint32_t i)
{
	b->count--;
	memmove(&b->r[i], &b->r[i + 1], (b->count - i) * sizeof(b->r[0]));
}

/* i and the one behind it become one. */
static void
merge(struct tcp_board *b, uint32_t i)
{
	b->r[i + 1].at = later(b->r[i].at, b->r[i + 1].at);
	b->r[i + 1].flags |= b->r[i].flags;
	remove_at(b, i);
}

static bool
alike(uint32_t a, uint32_t b)
{
	return ((a ^ b) & (TCP_SENT_HELD | TCP_SENT_LOST)) == 0;
}

/* Places for `n` more ranges. What is held comes first: its time is of no use. */
static bool
reserve(struct tcp_board *b, uint32_t n)
{
	for (uint32_t i = 0; i + 1 < b->count && b->count + n > TCP_SENT_MAX;)
		if (alike(b->r[i].flags, b->r[i + 1].flags))
			merge(b, i);
		else
			i++;
	return b->count + n <= TCP_SENT_MAX;
}

/* Index of the range that `seq` lies in; count when none. */
static uint32_t
find(const struct tcp_board *b, uint32_t seq)
{
	uint32_t low = 0;
	uint32_t high = b->count;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (seq_leq(b->r[mid].end, seq))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A range begins at `seq` afterwards, if seq is in flight; there is a place. */
static uint32_t
cut(struct tcp_board *b, uint32_t seq)
{
	uint32_t i = find(b, seq);

	if (i == b->count || seq_leq(seq, start_of(b, i)))
		return i;
	memmove(&b->r[i + 1], &b->r[i], (b->count - i) * sizeof(b->r[0]));
	b->count++;
	b->r[i].end = seq;
	return i + 1;
}

static void
set_flags(struct tcp_board *b, uint32_t i, uint32_t flags)
{
	uint32_t len = b->r[i].end - start_of(b, i);
	uint32_t was = b->r[i].flags;

	b->held += ((flags & TCP_SENT_HELD) ? len : 0) - ((was & TCP_SENT_HELD) ? len : 0);
	b->lost += ((flags & TCP_SENT_LOST) ? len : 0) - ((was & TCP_SENT_LOST) ? len : 0);
	b->r[i].flags = flags;
}

void
tcp_board_sent(struct tcp_board *b, uint32_t end, uint64_t now, uint32_t grain)
{
	struct tcp_sent *last = b->count > 0 ? &b->r[b->count - 1] : NULL;

	b->prr_out += end - tcp_board_end(b);
	if (last != NULL && last->flags == 0 && (uint32_t)now - last->at <= grain) {
		last->end = end;
		return;
	}
	if (!reserve(b, 1)) {
		/* Alternating to the last place: the last one counts as under way. */
		last = &b->r[b->count - 1];
		set_flags(b, b->count - 1, 0);
		last->at = (uint32_t)now;
		last->end = end;
		return;
	}
	b->r[b->count++] = (struct tcp_sent){ .end = end, .at = (uint32_t)now };
}

void
tcp_board_probe(struct tcp_board *b, uint32_t seq, uint16_t len)
{
	uint32_t i = cut(b, seq);

	b->r[i].flags = TCP_SENT_PROBE;
	b->probe_len = len;
	b->probe_end = seq + len;
}

uint32_t
tcp_board_flags(const struct tcp_board *b, uint32_t seq)
{
	uint32_t i = seq_lt(seq, b->una) ? b->count : find(b, seq);

	return i < b->count ? b->r[i].flags : 0;
}

void
tcp_board_again(struct tcp_board *b, uint32_t seq, uint32_t end, uint64_t now)
{
	bool exact = reserve(b, 2);
	uint32_t i = exact ? cut(b, seq) : find(b, seq);

	if (exact)
		cut(b, end);
	b->again = later(b->again, end);
	b->prr_out += end - seq;
	for (; i < b->count && seq_lt(start_of(b, i), end); i++) {
		if (b->r[i].flags & TCP_SENT_HELD)
			continue;
		set_flags(b, i, TCP_SENT_AGAIN);
		b->r[i].at = (uint32_t)now;
		if (i > 0 && b->r[i - 1].flags == TCP_SENT_AGAIN && b->r[i - 1].at == (uint32_t)now)
			merge(b, --i);
	}
}

/* RFC 8985 section 6.2 steps 2 and 3, for [.., end) of a range. */
static void
deliver(struct tcp_board *b, const struct tcp_sent *s, uint32_t end, struct tcp_news *n)
{
	uint32_t rtt = (uint32_t)n->now - s->at;
	bool again = s->flags & TCP_SENT_AGAIN;

	if (seq_gt(end, b->fack))
		b->fack = end;
	else if (seq_lt(end, b->fack) && !again)
		n->reordered = true;
	if (!again && seq_leq(end, b->undo_end))
		n->once = true;
	/* An answer to the first transmission says nothing of the second. */
	if (again && ((n->echo_on && n->echo_age > rtt) || (n->min_rtt != UINT32_MAX && rtt < n->min_rtt)))
		return;
	if (!b->rack_on || seq_gt(s->at, b->rack_at) ||
	    (s->at == b->rack_at && seq_gt(end, b->rack_end))) {
		b->rack_on = true;
		b->rack_at = s->at;
		b->rack_end = end;
		b->rack_rtt = rtt;
	}
}

void
tcp_board_ack(struct tcp_board *b, uint32_t una, struct tcp_news *n)
{
	uint32_t gone = 0;

	while (gone < b->count && seq_lt(b->una, una)) {
		struct tcp_sent *s = &b->r[gone];
		uint32_t end = seq_lt(una, s->end) ? una : s->end;
		uint32_t len = end - b->una;

		if (s->flags & TCP_SENT_HELD) {
			b->held -= len;
		} else {
			n->bytes += len;
			deliver(b, s, end, n);
		}
		if (s->flags & TCP_SENT_LOST)
			b->lost -= len;
		b->una = end;
		if (end == s->end)
			gone++;
	}
	b->una = una;
	b->count -= gone;
	if (gone > 0)
		memmove(b->r, b->r + gone, b->count * sizeof(b->r[0]));
	b->again = later(b->again, una);
}

static void
hold(struct tcp_board *b, uint32_t seq, uint32_t end, struct tcp_news *n)
{
	uint32_t i = find(b, seq);

	/* Most blocks grow one that is known: nothing to cut. */
	while (i < b->count && (b->r[i].flags & TCP_SENT_HELD))
		seq = b->r[i++].end;
	if (seq_geq(seq, end) || i == b->count || !reserve(b, 2))
		return;
	cut(b, end);
	for (i = cut(b, seq); i < b->count && seq_leq(b->r[i].end, end); i++) {
		if (b->r[i].flags & TCP_SENT_HELD)
			continue;
		n->bytes += b->r[i].end - start_of(b, i);
		deliver(b, &b->r[i], b->r[i].end, n);
		set_flags(b, i, TCP_SENT_HELD);
	}
}

/* What is held and touches is one range. */
static void
join_held(struct tcp_board *b)
{
	uint32_t to = 0;

	for (uint32_t i = 1; i < b->count; i++) {
		if (!(b->r[to].flags & b->r[i].flags & TCP_SENT_HELD))
			to++;
		b->r[to] = b->r[i];
	}
	if (b->count > 0)
		b->count = to + 1;
}

void
tcp_board_sack(struct tcp_board *b, const struct tcp_range *in, uint32_t count,
    struct tcp_news *n)
{
	uint32_t before = n->bytes;
	uint32_t end = tcp_board_end(b);

	for (uint32_t i = 0; i < count; i++) {
		/* A first block at or below what is acknowledged is a D-SACK (RFC 2883). */
		if (seq_lt(b->una, in[i].start) && seq_lt(in[i].start, in[i].end) &&
		    seq_leq(in[i].end, end))
			hold(b, in[i].start, in[i].end, n);
	}
	if (n->bytes != before)
		join_held(b);
}

uint32_t
tcp_board_lose(struct tcp_board *b, uint32_t seq, uint32_t end)
{
	uint32_t before = b->lost;
	uint32_t i;

	if (!reserve(b, 2))
		return 0;
	cut(b, end);
	for (i = cut(b, seq); i < b->count && seq_lt(start_of(b, i), end); i++)
		if (!(b->r[i].flags & (TCP_SENT_HELD | TCP_SENT_LOST)))
			set_flags(b, i, b->r[i].flags | TCP_SENT_LOST);
	return b->lost - before;
}

void
tcp_board_mark(struct tcp_board *b, uint32_t i)
{
	set_flags(b, i, b->r[i].flags | TCP_SENT_LOST);
}

uint32_t
tcp_board_found(struct tcp_board *b)
{
	uint32_t lost = b->lost;

	for (uint32_t i = 0; i < b->count && b->lost > 0; i++)
		if (b->r[i].flags & TCP_SENT_LOST)
			set_flags(b, i, b->r[i].flags & ~TCP_SENT_LOST);
	return lost;
}

void
tcp_board_forget(struct tcp_board *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (b->r[i].flags & TCP_SENT_HELD)
			set_flags(b, i, 0);
	b->fack = b->una;
}

bool
tcp_board_next(const struct tcp_board *b, struct tcp_range *lost)
{
	uint32_t i;

	if (b->lost == 0)
		return false;
	for (i = 0; i < b->count && !(b->r[i].flags & TCP_SENT_LOST); i++)
		;
	lost->start = start_of(b, i);
	lost->end = b->r[i].end;
	while (i + 1 < b->count && (b->r[i + 1].flags & TCP_SENT_LOST))
		lost->end = b->r[++i].end;
	return true;
}

uint32_t
tcp_board_edge(const struct tcp_board *b, uint32_t mss)
{
	uint32_t held = 0;

	for (uint32_t i = b->held > 0 ? b->count : 0; i > 0; i--) {
		if (!(b->r[i - 1].flags & TCP_SENT_HELD))
			continue;
		held += b->r[i - 1].end - start_of(b, i - 1);
		if (held > LOST_SEGMENTS * mss)
			return start_of(b, i - 1);
	}
	return b->una;
}

bool
tcp_board_doubt(const struct tcp_board *b, uint32_t from, struct tcp_range *r)
{
	for (uint32_t i = find(b, from); i < b->count && seq_lt(start_of(b, i), b->fack); i++) {
		if (b->r[i].flags & ~TCP_SENT_PROBE)
			continue;
		r->start = seq_gt(start_of(b, i), from) ? start_of(b, i) : from;
		r->end = b->r[i].end;
		return true;
	}
	return false;
}

bool
tcp_board_last(const struct tcp_board *b, struct tcp_range *r)
{
	uint32_t i = b->count;

	while (i > 0 && (b->r[i - 1].flags & TCP_SENT_HELD))
		i--;
	if (i == 0)
		return false;
	r->start = start_of(b, i - 1);
	r->end = b->r[i - 1].end;
	return true;
}
