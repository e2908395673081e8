#include "tests/unit/control/desk/workend.h"

#include <string.h>
#include <unistd.h>

int
workend_take(struct workend *w, const struct msg *m)
{
	memset(w, 0, sizeof(*w));
	w->own.fd = w->other.fd = -1;
	w->wait_fd = w->own_ring_fd = w->peer_ring_fd = -1;
	if (m->type != MSG_LINK || m->fd_count != 3)
		return -1;
	if (region_attach(&w->other, m->fds[0], LINK_CONTROL_RING, LINK_CONTROL_ARENA) != 0 ||
	    bell_adopt(m->fds[1]) != 0 || (w->peer_ring_fd = dup(m->fds[1])) < 0 ||
	    slots_attach(&w->slots, m->fds[2]) != 0 ||
	    region_create(&w->own, "worker", LINK_CONTROL_RING, LINK_CONTROL_ARENA) != 0 ||
	    bell_create(&w->wait_fd, &w->own_ring_fd) != 0)
		return -1;
	ring_out_init(&w->out, &w->own, &w->other, w->arena_end, true);
	ring_in_init(&w->in, &w->own, &w->other);
	w->up = true;
	return 0;
}

int
workend_answer(struct workend *w, int sock, uint32_t worker)
{
	uint8_t body[8];
	struct put p = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_LINK_UP, .conn = LINK_CONN_NONE, .fd_count = 2 };

	put_u32(&p, worker);
	put_u32(&p, 12);
	m.body = put_view(&p);
	m.fds[0] = w->own.fd;
	m.fds[1] = w->own_ring_fd;
	return msg_send(sock, &m);
}

bool
workend_send(struct workend *w, struct link_entry *e, struct view payload)
{
	if (!ring_send(&w->out, e, payload))
		return false;
	if (ring_armed(&w->other))
		bell_ring(w->peer_ring_fd);
	return true;
}

void
workend_end(struct workend *w)
{
	if (!w->up)
		return;
	slots_close(w->slots);
	region_close(&w->own);
	region_close(&w->other);
	close(w->wait_fd);
	close(w->own_ring_fd);
	close(w->peer_ring_fd);
	w->up = false;
}
