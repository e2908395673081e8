#include "control/supervisor/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/link/packet.h"

struct line_packet {
	struct line_packet *next;
	int fds[PACKET_FDS_MAX];
	int fd_count;
	size_t len;
	uint8_t data[];
};

static void
packet_free(struct line_packet *p)
{
	int i;

	for (i = 0; i < p->fd_count; i++)
		close(p->fds[i]);
	free(p);
}

static void
queue_drop(struct line *l)
{
	struct line_packet *p;

	while ((p = l->first) != NULL) {
		l->first = p->next;
		packet_free(p);
	}
	l->last = NULL;
	l->queued = 0;
}

static int
fail(struct line *l, int r)
{
	l->failed = true;
	queue_drop(l);
	return r;
}

static void
on_event(void *ctx, int fd, unsigned events)
{
	struct line *l = ctx;

	if ((events & LOOP_OUT) && !l->failed) {
		while (l->first != NULL) {
			struct line_packet *p = l->first;
			int r = packet_send(fd, view_of(p->data, p->len), p->fds, p->fd_count);

			if (r == -EAGAIN)
				break;
			if (r != 0) {
				fail(l, r);
				break;
			}
			l->first = p->next;
			l->queued -= p->len;
			packet_free(p);
		}
		if (l->first == NULL) {
			l->last = NULL;
			loop_watch(l->loop, fd, LOOP_IN, on_event, l);
		}
	}
	if (events & (LOOP_IN | LOOP_HUP))
		l->fn(l->ctx, fd, events);
}

int
line_open(struct line *l, struct loop *loop, int fd, loop_fd_fn *fn, void *ctx)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	l->loop = loop;
	l->fn = fn;
	l->ctx = ctx;
	return loop_watch(loop, fd, LOOP_IN, on_event, l);
}

void
line_close(struct line *l)
{
	if (l->loop == NULL || l->fd < 0)
		return;
	loop_unwatch(l->loop, l->fd);
	close(l->fd);
	l->fd = -1;
	queue_drop(l);
}

static int
enqueue(struct line *l, struct view data, const int *fds, int n)
{
	struct line_packet *p;

	if (l->queued + data.len > LINE_QUEUE_MAX)
		return fail(l, -EAGAIN);
	p = calloc(1, sizeof(*p) + data.len);
	if (p == NULL)
		return fail(l, -ENOMEM);
	p->len = data.len;
	memcpy(p->data, data.data, data.len);
	for (; p->fd_count < n; p->fd_count++) {
		p->fds[p->fd_count] = fcntl(fds[p->fd_count], F_DUPFD_CLOEXEC, 3);
		if (p->fds[p->fd_count] < 0) {
			packet_free(p);
			return fail(l, -EMFILE);
		}
	}
	if (l->last != NULL)
		l->last->next = p;
	else
		l->first = p;
	l->last = p;
	l->queued += p->len;
	return loop_watch(l->loop, l->fd, LOOP_IN | LOOP_OUT, on_event, l);
}

int
line_packet(struct line *l, struct view data, const int *fds, int n)
{
	int r;

	if (l->fd < 0 || l->failed)
		return -EPIPE;
	if (l->first != NULL)
		return enqueue(l, data, fds, n);
	r = packet_send(l->fd, data, fds, n);
	if (r == -EAGAIN)
		return enqueue(l, data, fds, n);
	return r != 0 ? fail(l, r) : 0;
}

int
line_msg(struct line *l, const struct msg *m)
{
	uint8_t buf[MSG_MAX];
	size_t len = msg_pack(m, buf);

	if (len == 0)
		return -EMSGSIZE;
	return line_packet(l, view_of(buf, len), m->fds, m->fd_count);
}
