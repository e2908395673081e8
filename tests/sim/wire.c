#include "tests/sim/wire.h"

#include <stdlib.h>
#include <string.h>

uint64_t
rng_next(struct rng *r)
{
	/* splitmix64 */
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(rng_next(r) % n);
}

bool
rng_hit(struct rng *r, uint32_t per_100k)
{
	return per_100k != 0 && rng_below(r, 100000) < per_100k;
}

void
wire_init(struct wire *w, const struct wire_conf *conf, struct rng *rng)
{
	memset(w, 0, sizeof(*w));
	w->conf = *conf;
	w->rng = rng;
}

void
wire_fini(struct wire *w)
{
	for (uint32_t i = 0; i < w->count; i++)
		free(w->heap[i].data);
	free(w->heap);
}

static bool
before(const struct frame *a, const struct frame *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct wire *w, struct frame f)
{
	uint32_t i = w->count++;

	if (w->count > w->size) {
		w->size = w->size ? w->size * 2 : 256;
		w->heap = realloc(w->heap, w->size * sizeof(*w->heap));
		if (w->heap == NULL)
			abort();
	}
	while (i > 0 && before(&f, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = f;
}

static void
travel(struct wire *w, uint32_t to, const void *data, uint32_t len, uint64_t at)
{
	struct frame f = { .at = at + w->conf.delay_us, .order = w->order++, .to = to, .len = len };

	if (rng_hit(w->rng, w->conf.reorder))
		f.at += rng_below(w->rng, w->conf.jitter_us + 1);
	f.data = malloc(len);
	if (f.data == NULL)
		abort();
	memcpy(f.data, data, len);
	push(w, f);
}

void
wire_send(struct wire *w, uint32_t to, const void *data, uint32_t len, uint64_t now)
{
	uint64_t at = now;

	w->frames++;
	if (rng_hit(w->rng, w->conf.loss))
		return;
	if (w->conf.byte_ns != 0) {
		if (w->busy[to] < now)
			w->busy[to] = now;
		if (w->busy[to] - now > w->conf.queue_us)
			return;
		w->busy[to] += 1 + (uint64_t)len * w->conf.byte_ns / 1000;
		at = w->busy[to];
	}
	if (at >= w->held[to] && rng_hit(w->rng, w->conf.stall))
		w->held[to] = at + w->conf.stall_us;
	if (at < w->held[to])
		at = w->held[to];
	travel(w, to, data, len, at);
	if (rng_hit(w->rng, w->conf.dup))
		travel(w, to, data, len, at + rng_below(w->rng, w->conf.jitter_us + 1));
}

uint64_t
wire_next(const struct wire *w)
{
	return w->count > 0 ? w->heap[0].at : UINT64_MAX;
}

bool
wire_take(struct wire *w, struct frame *f, uint64_t now)
{
	struct frame last;
	uint32_t i = 0;

	if (w->count == 0 || w->heap[0].at > now)
		return false;
	*f = w->heap[0];
	last = w->heap[--w->count];
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= w->count)
			break;
		if (child + 1 < w->count && before(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!before(&w->heap[child], &last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return true;
}
