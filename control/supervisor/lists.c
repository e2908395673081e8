/*
 * What every worker of the dataplane says of its connections and channels, in pieces,
 * for console. It is passed on unread, since a peer chose parts of it. One list is
 * under way at a time; who asks meanwhile waits for the next, so that nobody gets one
 * that is older than the question.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void
list_begin(struct sup *s)
{
	struct list *l = &s->list;
	uint8_t room[16];
	struct put w = put_of(room, sizeof(room));
	int i;

	for (i = 0; i < LIST_ASKS_MAX; i++)
		l->wait[i].next = false;
	l->tag = sup_tag(s);
	l->len = 0;
	l->workers = attach_on(s) ? workers_known(s) : 0;
	l->fd = l->workers != 0 ? memfd_create("postern-rows", MFD_CLOEXEC) : -1;
	if (l->fd < 0) {
		list_done(s);
		return;
	}
	l->timer = loop_after(s->loop, LIST_MS, list_late, s);
	attach_begin(&w, ATTACH_LIST);
	put_u32(&w, l->tag);
	attach_packet(s, &w, NULL, 0);
}

void
list_ask(struct sup *s, const char *what, uint32_t tag)
{
	struct list *l = &s->list;
	int i;

	for (i = 0; i < LIST_ASKS_MAX && l->wait[i].what != NULL; i++)
		;
	if (i == LIST_ASKS_MAX) {
		status_answer(s, what, tag, -1);
		return;
	}
	l->wait[i] = (struct list_wait){ .what = what, .tag = tag, .next = true };
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
