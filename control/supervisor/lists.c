/*
 * What every worker of the dataplane says of its connections and channels, or one of
 * them of a page of TCP, in pieces, for console. It is passed on unread, since a peer
 * chose parts of it. One list is under way at a time; who asks meanwhile waits for the
 * next, so that nobody gets one that is older than the question. All who ask for all
 * share one.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "control/supervisor/supervisor.h"

#define LIST_MS 3000u
#define LIST_BYTES_MAX (256u * 1024 * 1024)

static void list_begin(struct sup *s);

static void
list_done(struct sup *s)
{
	struct list *l = &s->list;
	bool more = false;
	int i;

	loop_cancel(s->loop, l->timer);
	l->timer = 0;
	l->tag = 0;
	for (i = 0; i < LIST_ASKS_MAX; i++) {
		struct list_wait *w = &l->wait[i];

		if (w->what == NULL)
			continue;
		if (w->next) {
			more = true;
			continue;
		}
		status_answer(s, w->what, w->tag, l->fd);
		w->what = NULL;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (more)
		list_begin(s);
}

/* A worker that does not answer leaves the list without rows: half of them would look
 * like all. */
static void
list_give_up(struct sup *s)
{
	if (s->list.fd >= 0)
		close(s->list.fd);
	s->list.fd = -1;
	list_done(s);
}

static void
list_late(void *ctx)
{
	struct sup *s = ctx;

	s->list.timer = 0;
	log_warn("the dataplane does not say what its connections are");
	list_give_up(s);
}

static uint64_t
workers_known(const struct sup *s)
{
	uint64_t bits = 0;
	int i;

	for (i = 0; i < SUP_WORKERS_MAX; i++)
		if (s->attach.meter_fd[i] >= 0)
			bits |= 1ull << i;
	return bits;
}

static struct list_wait *
list_first(struct list *l)
{
	struct list_wait *first = NULL;
	int i;

	for (i = 0; i < LIST_ASKS_MAX; i++) {
		struct list_wait *w = &l->wait[i];

		if (w->what != NULL && (first == NULL || (int32_t)(w->turn - first->turn) < 0))
			first = w;
	}
	return first;
}

static uint32_t
page_worker(const struct list_wait *w)
{
	struct cur c = cur_of(w->page, w->page_len);

	return cur_u32(&c) >> LINK_WORKER_SHIFT;
}

/* Whom it is asked of: all workers, or that of the page. */
static uint64_t
list_workers(const struct sup *s, const struct list_wait *w)
{
	uint64_t known = attach_on(s) ? workers_known(s) : 0;
	uint32_t worker;

	if (w->page_len == 0)
		return known;
	worker = page_worker(w);
	if (s->attach.minor < 2 || worker >= SUP_WORKERS_MAX)
		return 0;
	return known & 1ull << worker;
}

static void
list_send(struct sup *s, const struct list_wait *w)
{
	uint8_t room[16 + LIST_PAGE_MAX];
	struct put p = put_of(room, sizeof(room));

	attach_begin(&p, w->page_len == 0 ? ATTACH_LIST : ATTACH_LIST_TCP);
	put_u32(&p, s->list.tag);
	put_bytes(&p, w->page, w->page_len);
	attach_packet(s, &p, NULL, 0);
}

static void
list_begin(struct sup *s)
{
	struct list *l = &s->list;
	struct list_wait *first = list_first(l);
	int i;

	for (i = 0; i < LIST_ASKS_MAX; i++)
		l->wait[i].next = &l->wait[i] != first && (first->page_len > 0 || l->wait[i].page_len > 0);
	l->tag = sup_tag(s);
	l->len = 0;
	l->workers = list_workers(s, first);
	l->fd = l->workers != 0 ? memfd_create("postern-rows", MFD_CLOEXEC) : -1;
	if (l->fd < 0) {
		list_done(s);
		return;
	}
	l->timer = loop_after(s->loop, LIST_MS, list_late, s);
	list_send(s, first);
}

void
list_ask(struct sup *s, const char *what, uint32_t tag, struct view page)
{
	struct list *l = &s->list;
	struct list_wait *w;
	int i;

	for (i = 0; i < LIST_ASKS_MAX && l->wait[i].what != NULL; i++)
		;
	if (i == LIST_ASKS_MAX || page.len > LIST_PAGE_MAX) {
		status_answer(s, what, tag, -1);
		return;
	}
	w = &l->wait[i];
	*w = (struct list_wait){ .what = what, .tag = tag, .turn = l->turn++, .next = true };
	if (page.len > 0)
		memcpy(w->page, page.data, page.len);
	w->page_len = page.len;
	if (l->tag == 0)
		list_begin(s);
}

void
list_rows(struct sup *s, uint32_t tag, uint32_t worker, bool last, struct view rows)
{
	struct list *l = &s->list;

	if (tag != l->tag || l->tag == 0 || worker >= SUP_WORKERS_MAX || !(l->workers & 1ull << worker))
		return;
	if (l->len + rows.len > LIST_BYTES_MAX || write(l->fd, rows.data, rows.len) != (ssize_t)rows.len) {
		log_error("the list of connections is too long");
		list_give_up(s);
		return;
	}
	l->len += rows.len;
	if (last)
		l->workers &= ~(1ull << worker);
	if (l->workers == 0)
		list_done(s);
}

void
lists_end(struct sup *s)
{
	if (s->list.tag != 0)
		list_give_up(s);
}
