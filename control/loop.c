#include "control/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define TIMER_SLOT_BITS 20
#define TIMER_SLOTS_MAX (1u << TIMER_SLOT_BITS)
#define TIMER_GEN_MASK ((1u << (31 - TIMER_SLOT_BITS)) - 1)

struct watch {
	loop_fd_fn *fn;
	void *ctx;
	uint32_t gen; /* an event read for an earlier use of this number is not told */
	bool used;
};

struct timer {
	uint64_t due;
	loop_timer_fn *fn;
	void *ctx;
	uint32_t gen;
	uint32_t at; /* place in the heap */
	uint32_t next_free;
	bool used;
};

struct loop {
	int epoll;
	bool stop;
	struct watch *watch;
	size_t watch_count;
	struct timer *timer; /* slots */
	uint32_t *heap;      /* slot numbers, soonest first */
	uint32_t timer_size;
	uint32_t heap_count;
	uint32_t free_slot; /* timer_size: none */
};

uint64_t
loop_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		free(l);
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	close(l->epoll);
	free(l->watch);
	free(l->timer);
	free(l->heap);
	free(l);
}

/* ---- descriptors ---- */

static int
watch_room(struct loop *l, int fd)
{
	size_t want = l->watch_count == 0 ? 64 : l->watch_count;
	struct watch *grown;

	while (want <= (size_t)fd)
		want *= 2;
	if (want == l->watch_count)
		return 0;
	grown = realloc(l->watch, want * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	memset(grown + l->watch_count, 0, (want - l->watch_count) * sizeof(*grown));
	l->watch = grown;
	l->watch_count = want;
	return 0;
}

int
loop_watch(struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *ctx)
{
	struct epoll_event ev = { 0 };
	struct watch *w;
	int r;

	if (fd < 0)
		return -EBADF;
	r = watch_room(l, fd);
	if (r != 0)
		return r;
	w = &l->watch[fd];
	if (!w->used)
		w->gen++;
	if (events & LOOP_IN)
		ev.events |= EPOLLIN;
	if (events & LOOP_OUT)
		ev.events |= EPOLLOUT;
	ev.data.u64 = (uint64_t)w->gen << 32 | (uint32_t)fd;
	if (epoll_ctl(l->epoll, w->used ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0)
		return -errno;
	w->fn = fn;
	w->ctx = ctx;
	w->used = true;
	return 0;
}

void
loop_unwatch(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->watch_count || !l->watch[fd].used)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
	l->watch[fd].used = false;
}

static void
watch_tell(struct loop *l, const struct epoll_event *ev)
{
	uint32_t fd = (uint32_t)ev->data.u64;
	uint32_t gen = (uint32_t)(ev->data.u64 >> 32);
	struct watch *w = &l->watch[fd];
	unsigned events = 0;

	if (!w->used || w->gen != gen)
		return;
	if (ev->events & EPOLLIN)
		events |= LOOP_IN;
	if (ev->events & EPOLLOUT)
		events |= LOOP_OUT;
	if (ev->events & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HUP;
	w->fn(w->ctx, (int)fd, events);
}

/* ---- timers: a binary heap of slots ---- */

static bool
timer_before(const struct loop *l, uint32_t a, uint32_t b)
{
	return l->timer[l->heap[a]].due < l->timer[l->heap[b]].due;
}

static void
timer_swap(struct loop *l, uint32_t a, uint32_t b)
{
	uint32_t t = l->heap[a];

	l->heap[a] = l->heap[b];
	l->heap[b] = t;
	l->timer[l->heap[a]].at = a;
	l->timer[l->heap[b]].at = b;
}

static void
timer_rise(struct loop *l, uint32_t at)
{
	while (at > 0 && timer_before(l, at, (at - 1) / 2)) {
		timer_swap(l, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void
timer_sink(struct loop *l, uint32_t at)
{
	for (;;) {
		uint32_t least = at;
		uint32_t child = 2 * at + 1;

		if (child < l->heap_count && timer_before(l, child, least))
			least = child;
		if (child + 1 < l->heap_count && timer_before(l, child + 1, least))
			least = child + 1;
		if (least == at)
			return;
		timer_swap(l, at, least);
		at = least;
	}
}

static int
timer_room(struct loop *l)
{
	uint32_t want = l->timer_size == 0 ? 16 : l->timer_size * 2;
	struct timer *timer;
	uint32_t *heap;
	uint32_t i;

	if (l->free_slot < l->timer_size)
		return 0;
	if (want > TIMER_SLOTS_MAX)
		return -ENOMEM;
	timer = realloc(l->timer, want * sizeof(*timer));
	if (timer == NULL)
		return -ENOMEM;
	l->timer = timer;
	heap = realloc(l->heap, want * sizeof(*heap));
	if (heap == NULL)
		return -ENOMEM;
	l->heap = heap;
	memset(timer + l->timer_size, 0, (want - l->timer_size) * sizeof(*timer));
	for (i = l->timer_size; i < want; i++)
		timer[i].next_free = i + 1;
	l->free_slot = l->timer_size;
	l->timer_size = want;
	return 0;
}

int
loop_after(struct loop *l, uint32_t ms, loop_timer_fn *fn, void *ctx)
{
	struct timer *t;
	uint32_t slot;
	int r = timer_room(l);

	if (r != 0)
		return r;
	slot = l->free_slot;
	t = &l->timer[slot];
	l->free_slot = t->next_free;
	t->due = loop_now_ms() + ms;
	t->fn = fn;
	t->ctx = ctx;
	t->used = true;
	/* never 0, so that an id is never 0 */
	t->gen = t->gen % TIMER_GEN_MASK + 1;
	t->at = l->heap_count++;
	l->heap[t->at] = slot;
	timer_rise(l, t->at);
	return (int)(t->gen << TIMER_SLOT_BITS | slot);
}

static void
timer_remove(struct loop *l, uint32_t slot)
{
	struct timer *t = &l->timer[slot];
	uint32_t at = t->at;

	timer_swap(l, at, l->heap_count - 1);
	l->heap_count--;
	if (at < l->heap_count) {
		timer_rise(l, at);
		timer_sink(l, at);
	}
	t->used = false;
	t->next_free = l->free_slot;
	l->free_slot = slot;
}

void
loop_cancel(struct loop *l, int id)
{
	uint32_t slot = (uint32_t)id & (TIMER_SLOTS_MAX - 1);

	if (id <= 0 || slot >= l->timer_size || !l->timer[slot].used ||
	    l->timer[slot].gen != (uint32_t)id >> TIMER_SLOT_BITS)
		return;
	timer_remove(l, slot);
}

/* Timers due at `now`; one that a callback sets anew waits for the next turn. */
static void
timers_tell(struct loop *l)
{
	uint64_t now = loop_now_ms();
	uint32_t most = l->heap_count;

	while (most-- > 0 && l->heap_count > 0 && !l->stop) {
		uint32_t slot = l->heap[0];
		struct timer t = l->timer[slot];

		if (t.due > now)
			return;
		timer_remove(l, slot);
		t.fn(t.ctx);
	}
}

/*
 * How long until the first timer, NULL: for ever. To the nanosecond: a timer then
 * fires when the clock comes to its millisecond. A wait in whole milliseconds would
 * carry the fraction of the moment it began at to the moment it ends, and that is
 * how long the work before it took: what a delay of warden's has to hide.
 */
static const struct timespec *
timers_wait(const struct loop *l, struct timespec *wait)
{
	struct timespec now;
	int64_t ns;

	if (l->heap_count == 0)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)(l->timer[l->heap[0]].due * 1000000) - ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
	if (ns < 0)
		ns = 0;
	*wait = (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	return wait;
}

static const struct timespec at_once;

/* Kernels before 5.11, and valgrind, do not know the call that waits to the nanosecond. */
static int
wait_events(const struct loop *l, struct epoll_event *ev, const struct timespec *wait)
{
	int n = epoll_pwait2(l->epoll, ev, EVENTS_MAX, wait, NULL);

	if (n >= 0 || errno != ENOSYS)
		return n;
	return epoll_wait(l->epoll, ev, EVENTS_MAX,
	    wait == NULL ? -1 : (int)(wait->tv_sec * 1000 + (wait->tv_nsec + 999999) / 1000000));
}

int
loop_run(struct loop *l, int (*before)(void *ctx), void *ctx)
{
	struct epoll_event ev[EVENTS_MAX];
	struct timespec space;
	const struct timespec *wait;
	int i, n;

	l->stop = false;
	while (!l->stop) {
		wait = before != NULL && before(ctx) != 0 ? &at_once : timers_wait(l, &space);
		if (l->stop)
			break;
		n = wait_events(l, ev, wait);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < n && !l->stop; i++)
			watch_tell(l, &ev[i]);
		timers_tell(l);
	}
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
