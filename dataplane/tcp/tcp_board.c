#include "dataplane/tcp/tcp_board.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/tcp/tcp_seq.h"

#define LOST_SEGMENTS 2u /* RFC 6675 section 4: DupThresh - 1 */

static uint32_t
start_of(const struct tcp_board *b, uint32_t i)
{
	return i > 0 ? tcp_board_at(b, i - 1)->end : b->una;
}

void
tcp_board_init(struct tcp_board *b, struct pool *p, uint32_t una)
{
	memset(b, 0, offsetof(struct tcp_board, ranges));
	vec_init(&b->ranges, p, b->home, sizeof(b->home[0]), TCP_SENT_LEAF);
	b->una = b->fack = b->again = b->lost_at = una;
	b->round = (struct cc_round){ una, una };
}

void
tcp_board_fini(struct tcp_board *b)
{
	vec_fini(&b->ranges);
}

static uint32_t
later(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a : b;
}

/* i and the one behind it become one. */
static void
merge(struct tcp_board *b, uint32_t i)
{
	const struct tcp_sent *first = tcp_board_at(b, i);
	struct tcp_sent *second = tcp_board_at(b, i + 1);

	second->at = later(first->at, second->at);
	second->flags |= first->flags;
	vec_remove(&b->ranges, i);
}

static bool
alike(uint32_t a, uint32_t b)
{
	return ((a ^ b) & (TCP_SENT_HELD | TCP_SENT_LOST)) == 0;
}

/* What is in flight is many times what tells of it, and other connections come first. */
static bool
may_grow(const struct tcp_board *b)
{
	const struct vec *v = &b->ranges;

	return v->leaves == 0 || ((tcp_board_end(b) - b->una) / TCP_LEAF_BYTES >= v->leaves &&
	    v->pool->free_count > v->pool->count / 8);
}

bool
tcp_board_room(struct tcp_board *b, uint32_t n)
{
	struct vec *v = &b->ranges;

	if (vec_room(v) < n && v->first >= n)
		vec_pack(v);
	return vec_room(v) >= n || (may_grow(b) && vec_grow(v));
}

/* Places for `n` more ranges. What is held comes first: its time is of no use. */
static bool
reserve(struct tcp_board *b, uint32_t n)
{
	if (tcp_board_room(b, n))
		return true;
	for (uint32_t i = 0; i + 1 < tcp_board_count(b) && vec_room(&b->ranges) < n;)
		if (alike(tcp_board_at(b, i)->flags, tcp_board_at(b, i + 1)->flags))
			merge(b, i);
		else
			i++;
	if (vec_room(&b->ranges) < n)
		vec_pack(&b->ranges);
	return vec_room(&b->ranges) >= n;
}

/* Index of the range that `seq` lies in; count when none. */
static uint32_t
find(const struct tcp_board *b, uint32_t seq)
{
	uint32_t low = 0;
	uint32_t high = tcp_board_count(b);

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (seq_leq(tcp_board_at(b, mid)->end, seq))
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

	if (i == tcp_board_count(b) || seq_leq(seq, start_of(b, i)))
		return i;
	vec_insert(&b->ranges, i);
	*tcp_board_at(b, i) = *tcp_board_at(b, i + 1);
	tcp_board_at(b, i)->end = seq;
	return i + 1;
}

static void
set_flags(struct tcp_board *b, uint32_t i, uint32_t flags)
{
	struct tcp_sent *s = tcp_board_at(b, i);
	uint32_t start = start_of(b, i);
	uint32_t len = s->end - start;
	uint32_t was = s->flags;

	b->held += ((flags & TCP_SENT_HELD) ? len : 0) - ((was & TCP_SENT_HELD) ? len : 0);
	b->lost += ((flags & TCP_SENT_LOST) ? len : 0) - ((was & TCP_SENT_LOST) ? len : 0);
	s->flags = flags;
	if ((flags & TCP_SENT_LOST) && seq_lt(start, b->lost_at))
		b->lost_at = start;
}

void
tcp_board_sent(struct tcp_board *b, uint32_t end, uint64_t now, uint32_t grain)
{
	uint32_t n = tcp_board_count(b);
	struct tcp_sent *last = n > 0 ? tcp_board_at(b, n - 1) : NULL;

	b->prr_out += end - tcp_board_end(b);
	if (last != NULL && last->flags == 0 && (uint32_t)now - last->at <= grain) {
		last->end = end;
		return;
	}
	if (reserve(b, 1)) {
		n = tcp_board_count(b);
		vec_insert(&b->ranges, n);
	} else {
		/* Alternating to the last place: the last one counts as under way. */
		set_flags(b, --n, 0);
	}
	*tcp_board_at(b, n) = (struct tcp_sent){ .end = end, .at = (uint32_t)now };
}

void
tcp_board_probe(struct tcp_board *b, uint32_t seq, uint16_t len)
{
	uint32_t i = cut(b, seq);

	tcp_board_at(b, i)->flags = TCP_SENT_PROBE;
	b->probe_len = len;
	b->probe_end = seq + len;
}

uint32_t
tcp_board_flags(const struct tcp_board *b, uint32_t seq)
{
	uint32_t i = seq_lt(seq, b->una) ? tcp_board_count(b) : find(b, seq);

	return i < tcp_board_count(b) ? tcp_board_at(b, i)->flags : 0;
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
	for (; i < tcp_board_count(b) && seq_lt(start_of(b, i), end); i++) {
		struct tcp_sent *s = tcp_board_at(b, i);
		const struct tcp_sent *before = i > 0 ? tcp_board_at(b, i - 1) : NULL;

		if (s->flags & TCP_SENT_HELD)
			continue;
		set_flags(b, i, TCP_SENT_AGAIN);
		s->at = (uint32_t)now;
		if (before != NULL && before->flags == TCP_SENT_AGAIN && before->at == (uint32_t)now)
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

	while (gone < tcp_board_count(b) && seq_lt(b->una, una)) {
		struct tcp_sent *s = tcp_board_at(b, gone);
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
	if (gone > 0)
		vec_drop(&b->ranges, gone);
	b->again = later(b->again, una);
	b->lost_at = later(b->lost_at, una);
}

/* Ranges around i that are held and touch are one. */
static void
join_held(struct tcp_board *b, uint32_t i)
{
	while (i + 1 < tcp_board_count(b) &&
	    (tcp_board_at(b, i)->flags & tcp_board_at(b, i + 1)->flags & TCP_SENT_HELD))
		vec_remove(&b->ranges, i);
	if (i > 0 && (tcp_board_at(b, i - 1)->flags & tcp_board_at(b, i)->flags & TCP_SENT_HELD))
		vec_remove(&b->ranges, i - 1);
}

static void
hold(struct tcp_board *b, uint32_t seq, uint32_t end, struct tcp_news *n)
{
	uint32_t i = find(b, seq), first;

	/* Most blocks grow one that is known: nothing to cut. */
	for (; i < tcp_board_count(b) && (tcp_board_at(b, i)->flags & TCP_SENT_HELD); i++)
		seq = tcp_board_at(b, i)->end;
	if (seq_geq(seq, end) || i == tcp_board_count(b))
		return;
	if (!reserve(b, 2)) {
		n->full = true;
		return;
	}
	cut(b, end);
	first = cut(b, seq);
	for (i = first; i < tcp_board_count(b) && seq_leq(tcp_board_at(b, i)->end, end); i++) {
		struct tcp_sent *s = tcp_board_at(b, i);

		if (s->flags & TCP_SENT_HELD)
			continue;
		n->bytes += s->end - start_of(b, i);
		deliver(b, s, s->end, n);
		set_flags(b, i, TCP_SENT_HELD);
	}
	join_held(b, first);
}

void
tcp_board_sack(struct tcp_board *b, const struct tcp_range *in, uint32_t count,
    struct tcp_news *n)
{
	uint32_t end = tcp_board_end(b);

	for (uint32_t i = 0; i < count; i++) {
		/* A first block at or below what is acknowledged is a D-SACK (RFC 2883). */
		if (seq_lt(b->una, in[i].start) && seq_lt(in[i].start, in[i].end) &&
		    seq_leq(in[i].end, end))
			hold(b, in[i].start, in[i].end, n);
	}
}

uint32_t
tcp_board_lose(struct tcp_board *b, uint32_t seq, uint32_t end)
{
	uint32_t before = b->lost;
	uint32_t i;

	if (!reserve(b, 2))
		return 0;
	cut(b, end);
	for (i = cut(b, seq); i < tcp_board_count(b) && seq_lt(start_of(b, i), end); i++)
		if (!(tcp_board_at(b, i)->flags & (TCP_SENT_HELD | TCP_SENT_LOST)))
			tcp_board_mark(b, i);
	return b->lost - before;
}

void
tcp_board_mark(struct tcp_board *b, uint32_t i)
{
	set_flags(b, i, tcp_board_at(b, i)->flags | TCP_SENT_LOST);
}

uint32_t
tcp_board_found(struct tcp_board *b)
{
	uint32_t lost = b->lost;

	for (uint32_t i = 0; i < tcp_board_count(b) && b->lost > 0; i++)
		if (tcp_board_at(b, i)->flags & TCP_SENT_LOST)
			set_flags(b, i, tcp_board_at(b, i)->flags & ~TCP_SENT_LOST);
	return lost;
}

void
tcp_board_forget(struct tcp_board *b)
{
	for (uint32_t i = 0; i < tcp_board_count(b); i++)
		if (tcp_board_at(b, i)->flags & TCP_SENT_HELD)
			set_flags(b, i, 0);
	b->fack = b->una;
}

bool
tcp_board_next(struct tcp_board *b, struct tcp_range *lost)
{
	uint32_t i;

	if (b->lost == 0)
		return false;
	for (i = find(b, b->lost_at); !(tcp_board_at(b, i)->flags & TCP_SENT_LOST); i++)
		;
	lost->start = b->lost_at = start_of(b, i);
	lost->end = tcp_board_at(b, i)->end;
	while (++i < tcp_board_count(b) && (tcp_board_at(b, i)->flags & TCP_SENT_LOST))
		lost->end = tcp_board_at(b, i)->end;
	return true;
}

uint32_t
tcp_board_edge(const struct tcp_board *b, uint32_t mss)
{
	uint32_t held = 0;

	for (uint32_t i = b->held > 0 ? tcp_board_count(b) : 0; i > 0; i--) {
		const struct tcp_sent *s = tcp_board_at(b, i - 1);

		if (!(s->flags & TCP_SENT_HELD))
			continue;
		held += s->end - start_of(b, i - 1);
		if (held > LOST_SEGMENTS * mss)
			return start_of(b, i - 1);
	}
	return b->una;
}

bool
tcp_board_doubt(const struct tcp_board *b, uint32_t from, struct tcp_range *r)
{
	for (uint32_t i = find(b, from); i < tcp_board_count(b) && seq_lt(start_of(b, i), b->fack); i++) {
		if (tcp_board_at(b, i)->flags & ~TCP_SENT_PROBE)
			continue;
		r->start = seq_gt(start_of(b, i), from) ? start_of(b, i) : from;
		r->end = tcp_board_at(b, i)->end;
		return true;
	}
	return false;
}

bool
tcp_board_last(const struct tcp_board *b, struct tcp_range *r)
{
	uint32_t i = tcp_board_count(b);

	while (i > 0 && (tcp_board_at(b, i - 1)->flags & TCP_SENT_HELD))
		i--;
	if (i == 0)
		return false;
	r->start = start_of(b, i - 1);
	r->end = tcp_board_at(b, i - 1)->end;
	return true;
}
