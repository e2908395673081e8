#include "drivers/nic/wire.h"

#include <string.h>

#define FLIP_BITS 15u /* a burst that short changes every checksum of 16 bits */
#define FRAME_MIN 14u /* what truncation leaves: an Ethernet header */

uint64_t
wire_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t
below(struct wire *w, uint32_t n)
{
	return (uint32_t)(wire_random(&w->rng) % n);
}

static bool
chance(struct wire *w, uint32_t millionths)
{
	return millionths != 0 && below(w, WIRE_MILLION) < millionths;
}

void
wire_init(struct wire *w, const struct wire_conf *c, uint64_t seed, struct wire_frame *heap, uint32_t size)
{
	memset(w, 0, sizeof(*w));
	w->c = *c;
	w->rng = seed;
	w->heap = heap;
	w->size = size;
}

static bool
lost(struct wire *w)
{
	if (w->c.burst_in != 0) {
		if (chance(w, w->bad ? w->c.burst_out : w->c.burst_in))
			w->bad = !w->bad;
		if (w->bad && chance(w, w->c.burst_loss)) {
			w->stats.burst_lost++;
			return true;
		}
	}
	if (!chance(w, w->c.loss))
		return false;
	w->stats.lost++;
	return true;
}

/* When it has left the bottleneck; false: its queue is full. In nanoseconds, so that
 * fast wires do not round. */
static bool
bottleneck(struct wire *w, uint32_t len, uint64_t *at)
{
	uint64_t now = *at * 1000;
	uint64_t *oldest;

	if (w->c.rate == 0)
		return true;
	if (w->busy < now)
		w->busy = now;
	if (w->c.queue_bytes != 0 &&
	    (w->busy - now) / 1000 * w->c.rate / 8000000 + len > w->c.queue_bytes && w->busy > now)
		return false;
	if (w->c.queue_frames != 0) {
		oldest = &w->sent[w->sent_at];
		if (*oldest > now)
			return false;
		w->busy += len * 8000000000ull / w->c.rate;
		*oldest = w->busy;
		w->sent_at = (w->sent_at + 1) % w->c.queue_frames;
	} else {
		w->busy += len * 8000000000ull / w->c.rate;
	}
	*at = (w->busy + 999) / 1000;
	return true;
}

static uint64_t
silence(struct wire *w, uint64_t at)
{
	if (at >= w->held && chance(w, w->c.stall)) {
		w->held = at + w->c.stall_us;
		w->stats.stalls++;
	}
	return at < w->held ? w->held : at;
}

/* Jitter alone must not reorder: only the reorder setting does that. */
static uint64_t
in_order(struct wire *w, uint64_t at)
{
	at += w->c.delay_us;
	if (w->c.jitter_us != 0)
		at += below(w, w->c.jitter_us);
	if (at < w->last_due)
		at = w->last_due;
	w->last_due = at;
	return at;
}

static void
order_of(struct wire *w, struct wire_fate *f)
{
	if (!chance(w, w->c.reorder))
		return;
	w->stats.late++;
	if (w->c.reorder_us != 0)
		f->due[0] += 1 + below(w, w->c.reorder_us);
	else
		f->late = w->c.reorder_by != 0;
}

static void
damage_of(struct wire *w, struct wire_fate *f)
{
	if (chance(w, w->c.truncate) && f->len > FRAME_MIN) {
		f->len = FRAME_MIN + below(w, f->len - FRAME_MIN);
		w->stats.truncated++;
	}
	if (chance(w, w->c.corrupt) && f->len > 2) {
		f->flip = 1u | below(w, 1u << FLIP_BITS);
		f->flip_bit = below(w, f->len * 8 - FLIP_BITS);
		w->stats.corrupted++;
	}
}

bool
wire_judge(struct wire *w, uint32_t len, uint64_t now, struct wire_fate *f)
{
	uint64_t at = now;

	memset(f, 0, sizeof(*f));
	f->len = len;
	w->stats.frames++;
	if (lost(w))
		return false;
	if (!bottleneck(w, len, &at)) {
		w->stats.queue_lost++;
		return false;
	}
	f->copies = 1;
	f->due[0] = f->due[1] = in_order(w, silence(w, at));
	order_of(w, f);
	if (chance(w, w->c.duplicate)) {
		f->copies = 2;
		f->due[1] += w->c.reorder_us != 0 ? below(w, w->c.reorder_us) : 0;
		w->stats.duplicated++;
	}
	damage_of(w, f);
	return true;
}

void
wire_damage(const struct wire_fate *f, uint8_t *data)
{
	for (uint32_t i = 0; i < FLIP_BITS; i++)
		if (f->flip >> i & 1u)
			data[(f->flip_bit + i) / 8] ^= (uint8_t)(0x80u >> (f->flip_bit + i) % 8);
}

static bool
earlier(const struct wire_frame *a, const struct wire_frame *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
heap_push(struct wire *w, struct wire_frame f)
{
	uint32_t at = w->count++;

	while (at > 0 && earlier(&f, &w->heap[(at - 1) / 2])) {
		w->heap[at] = w->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	w->heap[at] = f;
}

static void *
heap_pop(struct wire *w)
{
	void *item = w->heap[0].item;
	struct wire_frame last = w->heap[--w->count];
	uint32_t at = 0;

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= w->count)
			break;
		if (child + 1 < w->count && earlier(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!earlier(&w->heap[child], &last))
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = last;
	return item;
}

/* One frame has passed those that wait for it: who has let enough of them by goes
 * right behind it. */
static void
passed(struct wire *w, uint64_t due)
{
	for (uint32_t i = 0; i < w->late_count;) {
		struct wire_late *l = &w->late[i];

		if (--l->passes > 0) {
			i++;
			continue;
		}
		heap_push(w, (struct wire_frame){ due < l->due ? due : l->due, w->order++, l->item });
		*l = w->late[--w->late_count];
	}
}

bool
wire_put(struct wire *w, const struct wire_fate *f, uint32_t copy, void *item)
{
	uint64_t due = f->due[copy];

	if (w->count + w->late_count >= w->size) {
		w->stats.full++;
		return false;
	}
	if (f->late && copy == 0 && w->late_count < WIRE_LATE_MAX) {
		w->late[w->late_count++] = (struct wire_late){ .due = due + w->c.reorder_max_us,
			.passes = w->c.reorder_by, .item = item };
		return true;
	}
	heap_push(w, (struct wire_frame){ due, w->order++, item });
	if (copy == 0)
		passed(w, due);
	return true;
}

/* Of those that nobody passes in time. */
static uint32_t
late_first(const struct wire *w)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < w->late_count; i++)
		if (w->late[i].due < w->late[first].due)
			first = i;
	return first;
}

uint64_t
wire_next(const struct wire *w)
{
	uint64_t next = w->count > 0 ? w->heap[0].due : UINT64_MAX;
	uint64_t late = w->late_count > 0 ? w->late[late_first(w)].due : UINT64_MAX;

	return late < next ? late : next;
}

void *
wire_take(struct wire *w, uint64_t now)
{
	if (w->late_count > 0) {
		struct wire_late *l = &w->late[late_first(w)];

		if (l->due <= now && (w->count == 0 || l->due <= w->heap[0].due)) {
			void *item = l->item;

			*l = w->late[--w->late_count];
			return item;
		}
	}
	return w->count > 0 && w->heap[0].due <= now ? heap_pop(w) : NULL;
}

void *
wire_drain(struct wire *w)
{
	return wire_take(w, UINT64_MAX);
}
