#include "tools/pluginrun/double.h"

#include <unistd.h>

#include "abi/link/bell.h"

static int
tell_up(struct double_end *d, struct linkend *l, int ring_fd)
{
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_LINK_UP, .fds = { d->own.fd, ring_fd }, .fd_count = 2 };

	put_u32(&w, l->worker);
	put_u32(&w, 77);
	m.body = put_view(&w);
	l->asked = true;
	return linkend_up(l, &m);
}

int
double_join(struct double_end *d, struct linkend *l)
{
	int ring_fd, r;

	memset(d, 0, sizeof(*d));
	d->own.fd = d->other.fd = d->bell_wait = -1;
	if (linkend_make(l) != 0 || region_create(&d->own, "worker", LINK_HOST_RING, LINK_HOST_ARENA) != 0 ||
	    region_attach(&d->other, l->own.fd, LINK_HOST_RING, LINK_HOST_ARENA) != 0 ||
	    bell_create(&d->bell_wait, &ring_fd) != 0)
		return -1;
	r = tell_up(d, l, ring_fd);
	close(ring_fd);
	if (r != 0)
		return -1;
	ring_out_init(&d->out, &d->own, &d->other, d->arena_end, false);
	ring_in_init(&d->in, &d->own, &d->other);
	return 0;
}

void
double_leave(struct double_end *d)
{
	region_close(&d->own);
	region_close(&d->other);
	if (d->bell_wait >= 0)
		close(d->bell_wait);
}
