#include "control/host/face.h"
#include "control/host/host.h"

#include <stdlib.h>

#include "control/role.h"

_Static_assert(POSTERN_READABLE == LOOP_IN && POSTERN_WRITABLE == LOOP_OUT && POSTERN_HANGUP == LOOP_HUP,
    "one numbering");

struct host_watch {
	struct host_watch *next;
	struct host *host;
	int fd;
	void (*ready)(void *context, int32_t fd, uint32_t events);
	void *context;
};

struct host_timer {
	struct host_timer *next;
	struct host *host;
	uint64_t id;
	int loop_id;
	void (*fire)(void *context);
	void *context;
};

/* ---- descriptors ---- */

static bool
is_ours(const struct host *h, int fd)
{
	for (uint32_t i = 0; i < h->link_count; i++) {
		const struct linkend *l = &h->link[i];

		if (fd == l->wait_fd || fd == l->peer_ring_fd || fd == l->own.fd)
			return true;
	}
	return fd == h->leader || fd == h->tasks.bell || (h->counters != NULL && fd == h->counters_fd) ||
	       fd == ROLE_SUPERVISOR_FD || fd == ROLE_LOG_FD;
}

static struct host_watch **
find_watch(struct host *h, int fd)
{
	struct host_watch **at = &h->watches;

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

static void
on_ready(void *ctx, int fd, unsigned events)
{
	struct host_watch *w = ctx;

	w->ready(w->context, fd, events);
}

/* A plugin may have closed the number and got it again without unwatching it. */
static int
watch_anew(struct host *h, int fd, uint32_t events, struct host_watch *w)
{
	if (loop_watch(h->loop, fd, events, on_ready, w) == 0)
		return 0;
	loop_unwatch(h->loop, fd);
	return loop_watch(h->loop, fd, events, on_ready, w);
}

static int32_t
loop_face_watch(const struct postern_host *face, int32_t fd, uint32_t events,
    void (*ready)(void *context, int32_t fd, uint32_t events), void *context)
{
	struct host *h = host_of(face);
	struct host_watch **at, *w;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	if (fd < 0 || ready == NULL || (events & ~(POSTERN_READABLE | POSTERN_WRITABLE)) != 0)
		return POSTERN_E_INVAL;
	if (is_ours(h, fd))
		return POSTERN_E_DENIED;
	at = find_watch(h, fd);
	w = *at != NULL ? *at : calloc(1, sizeof(*w));
	if (w == NULL)
		return POSTERN_E_NOMEM;
	if (watch_anew(h, fd, events, w) != 0) {
		if (*at == NULL)
			free(w);
		return POSTERN_E_FAIL;
	}
	w->host = h;
	w->fd = fd;
	w->ready = ready;
	w->context = context;
	*at = w;
	return POSTERN_OK;
}

static int32_t
loop_face_unwatch(const struct postern_host *face, int32_t fd)
{
	struct host *h = host_of(face);
	struct host_watch **at, *w;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	at = find_watch(h, fd);
	w = *at;
	if (w == NULL)
		return POSTERN_E_NOSUCH;
	*at = w->next;
	loop_unwatch(h->loop, fd);
	free(w);
	return POSTERN_OK;
}

/* ---- timers ---- */

static struct host_timer **
find_timer(struct host *h, uint64_t id)
{
	struct host_timer **at = &h->timers;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void
on_fire(void *ctx)
{
	struct host_timer t = *(struct host_timer *)ctx;
	struct host_timer **at = find_timer(t.host, t.id);

	*at = t.next;
	free(ctx);
	t.fire(t.context);
}

static int32_t
loop_face_timer(const struct postern_host *face, uint64_t milliseconds, void (*fire)(void *context),
    void *context, uint64_t *id)
{
	struct host *h = host_of(face);
	struct host_timer *t;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	if (fire == NULL || milliseconds > UINT32_MAX / 2)
		return POSTERN_E_INVAL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return POSTERN_E_NOMEM;
	t->loop_id = loop_after(h->loop, (uint32_t)milliseconds, on_fire, t);
	if (t->loop_id <= 0) {
		free(t);
		return POSTERN_E_NOMEM;
	}
	t->host = h;
	t->id = ++h->timer_id;
	t->fire = fire;
	t->context = context;
	t->next = h->timers;
	h->timers = t;
	if (id != NULL)
		*id = t->id;
	return POSTERN_OK;
}

static int32_t
loop_face_cancel(const struct postern_host *face, uint64_t id)
{
	struct host *h = host_of(face);
	struct host_timer **at, *t;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	at = find_timer(h, id);
	t = *at;
	if (t == NULL)
		return POSTERN_E_NOSUCH;
	*at = t->next;
	loop_cancel(h->loop, t->loop_id);
	free(t);
	return POSTERN_OK;
}

static uint64_t
loop_face_now(const struct postern_host *face)
{
	(void)face;
	return loop_now_ms();
}

void
face_loop_fini(struct host *h)
{
	while (h->watches != NULL)
		loop_face_unwatch(&h->face, h->watches->fd);
	while (h->timers != NULL)
		loop_face_cancel(&h->face, h->timers->id);
}

const struct postern_if_loop face_loop = {
	.watch = loop_face_watch,
	.unwatch = loop_face_unwatch,
	.timer = loop_face_timer,
	.cancel = loop_face_cancel,
	.now = loop_face_now,
};
