#include "tests/sim/path.h"

#include <stdlib.h>
#include <string.h>

bool
path_new(struct path *p)
{
	memset(p, 0, sizeof(*p));
	p->heaps = calloc(2 * PATH_HOPS * PATH_FRAMES, sizeof(*p->heaps));
	return p->heaps != NULL;
}

void
path_init(struct path *p, const struct path_conf *c, uint64_t seed)
{
	p->conf = *c;
	p->frames = p->damaged = 0;
	for (uint32_t to = 0; to < 2; to++)
		for (uint32_t hop = 0; hop < PATH_HOPS; hop++) {
			uint32_t i = to * PATH_HOPS + hop;

			wire_init(&p->to[to][hop], &c->to[to][hop], seed + i, p->heaps + i * PATH_FRAMES,
			    PATH_FRAMES);
		}
}

void
path_clear(struct path *p)
{
	void *frame;

	for (uint32_t to = 0; to < 2; to++)
		for (uint32_t hop = 0; hop < PATH_HOPS; hop++)
			while ((frame = wire_drain(&p->to[to][hop])) != NULL)
				free(frame);
}

void
path_free(struct path *p)
{
	path_clear(p);
	free(p->heaps);
}

static struct path_frame *
frame_new(uint32_t to, const void *data, uint32_t len)
{
	struct path_frame *f = malloc(sizeof(*f) + len);

	if (f == NULL)
		abort();
	*f = (struct path_frame){ .to = to, .len = len };
	memcpy(f->data, data, len);
	return f;
}

/* `f` comes to a wire and is the wire's, or gone. */
static void
enter(struct wire *w, struct path_frame *f, uint64_t now)
{
	struct wire_fate fate;
	struct path_frame *twin = NULL;

	if (!wire_judge(w, f->len, now, &fate)) {
		free(f);
		return;
	}
	f->damaged |= fate.flip != 0 || fate.len != f->len;
	if (fate.copies == 2) {
		twin = frame_new(f->to, f->data, f->len);
		twin->damaged = f->damaged;
	}
	if (!wire_put(w, &fate, 0, f))
		free(f);
	if (twin != NULL && !wire_put(w, &fate, 1, twin))
		free(twin);
}

void
path_send(struct path *p, uint32_t to, const void *data, uint32_t len, uint64_t now)
{
	p->frames++;
	enter(&p->to[to][0], frame_new(to, data, len), now);
}

uint64_t
path_next(const struct path *p)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t to = 0; to < 2; to++)
		for (uint32_t hop = 0; hop < p->conf.hops[to]; hop++) {
			uint64_t at = wire_next(&p->to[to][hop]);

			next = at < next ? at : next;
		}
	return next;
}

/* The wire whose frame is there first. */
static struct wire *
first(struct path *p, uint32_t *to, uint32_t *hop)
{
	uint64_t next = path_next(p);

	for (*to = 0; *to < 2; ++*to)
		for (*hop = 0; *hop < p->conf.hops[*to]; ++*hop)
			if (wire_next(&p->to[*to][*hop]) == next)
				return &p->to[*to][*hop];
	return NULL;
}

struct path_frame *
path_take(struct path *p, uint64_t now)
{
	uint64_t at;

	while ((at = path_next(p)) <= now) {
		uint32_t to, hop;
		struct path_frame *f = wire_take(first(p, &to, &hop), at);

		if (hop + 1 < p->conf.hops[to]) {
			enter(&p->to[to][hop + 1], f, at);
			continue;
		}
		if (!f->damaged)
			return f;
		p->damaged++;
		free(f);
	}
	return NULL;
}

void
path_stats(const struct path *p, struct wire_stats *st)
{
	const uint64_t *from;
	uint64_t *into = (uint64_t *)(void *)st;

	memset(st, 0, sizeof(*st));
	for (uint32_t i = 0; i < 2 * PATH_HOPS; i++) {
		from = (const uint64_t *)(const void *)&p->to[i / PATH_HOPS][i % PATH_HOPS].stats;
		for (uint32_t k = 0; k < sizeof(*st) / sizeof(*into); k++)
			into[k] += from[k];
	}
}
