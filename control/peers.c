#include "control/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"

#define MESSAGES_PER_TURN 64

struct peers_waiting {
	struct peers_waiting *next;
	struct msg m;
	uint8_t body[];
};

static void
waiting_free(struct role_peer *peer)
{
	struct peers_waiting *w = peer->head;

	peer->head = w->next;
	peer->waiting -= w->m.body.len + sizeof *w;
	explicit_bzero(w->body, w->m.body.len);
	free(w);
	if (peer->head == NULL)
		peer->tail = NULL;
}

static void
cut(struct role_peer *peer)
{
	struct peers *all = peer->all;

	if (all == NULL || peer->fd < 0)
		return;
	loop_unwatch(all->loop, peer->fd);
	close(peer->fd);
	peer->fd = -1;
	while (peer->head != NULL)
		waiting_free(peer);
	if (all->change != NULL)
		all->change(all->ctx, peer, false);
	if (peer->role == ROLE_SUPERVISOR)
		loop_stop(all->loop);
}

static int
introduced(struct peers *p, struct msg *m)
{
	struct cur body = cur_view(m->body);
	uint8_t role = cur_u8(&body);
	uint32_t index = cur_u32(&body);

	if (!cur_done(&body) || m->fd_count != 1 || role >= ROLE_COUNT || role == ROLE_SUPERVISOR)
		return -1;
	peers_add(p, (enum role_id)role, index, msg_take_fd(m, 0));
	return 0;
}

static int
handle(struct peers *p, struct role_peer *from, struct msg *m)
{
	if (from->role == ROLE_SUPERVISOR && m->type == MSG_PEER)
		return introduced(p, m);
	if (from->role == ROLE_SUPERVISOR && m->type == MSG_STOP) {
		loop_stop(p->loop);
		return 0;
	}
	return p->fn(p->ctx, from, m);
}

static void
flush(struct role_peer *peer)
{
	while (peer->head != NULL) {
		int r = msg_send(peer->fd, &peer->head->m);

		if (r == -EAGAIN)
			return;
		if (r != 0) {
			cut(peer);
			return;
		}
		waiting_free(peer);
	}
}

static void ready(void *ctx, int fd, unsigned events);

static void
watch(struct role_peer *peer)
{
	unsigned events = LOOP_IN | (peer->head != NULL ? LOOP_OUT : 0);

	if (peer->fd >= 0 && loop_watch(peer->all->loop, peer->fd, events, ready, peer) != 0)
		log_error("%s %u: cannot be watched", roles[peer->role].name, peer->index);
}

/* A turn's worth of messages; -1: the peer is to be cut. */
static int
receive(struct peers *p, struct role_peer *peer, int fd)
{
	uint32_t serial = peer->serial;
	struct msg m;

	for (int n = 0; n < MESSAGES_PER_TURN && peer->fd == fd && peer->serial == serial; n++) {
		int r = msg_recv(fd, &m, p->buf);

		if (r != 1)
			return r;
		r = handle(p, peer, &m);
		msg_drop_fds(&m);
		if (m.body.len > 0)
			explicit_bzero(p->buf, (size_t)(m.body.data - p->buf) + m.body.len);
		if (r != 0 && peer->fd == fd && peer->serial == serial) {
			log_warn("%s %u: message %s refused", roles[peer->role].name, peer->index,
			    msg_name(m.type));
			return -1;
		}
	}
	return 0;
}

static void
ready(void *ctx, int fd, unsigned events)
{
	struct role_peer *peer = ctx;
	uint32_t serial = peer->serial;

	if (peer->fd != fd)
		return;
	if ((events & LOOP_OUT) != 0) {
		flush(peer);
		watch(peer);
	}
	if ((events & (LOOP_IN | LOOP_HUP)) == 0 || peer->fd != fd)
		return;
	if (receive(peer->all, peer, fd) != 0 && peer->fd == fd && peer->serial == serial)
		cut(peer);
}

int
peers_add(struct peers *p, enum role_id role, uint32_t index, int fd)
{
	struct role_peer *peer = peers_find(p, role, index);

	if (peer != NULL)
		cut(peer);
	for (peer = p->list; peer < p->list + PEERS_MAX && peer->fd >= 0; peer++)
		;
	if (peer == p->list + PEERS_MAX || fd < 0) {
		log_error("%s %u: no place for it", roles[role].name, index);
		if (fd >= 0)
			close(fd);
		return -ENFILE;
	}
	*peer = (struct role_peer){
		.all = p, .role = role, .index = index, .fd = fd, .serial = ++p->next_serial
	};
	watch(peer);
	if (p->change != NULL)
		p->change(p->ctx, peer, true);
	return 0;
}

int
peers_start(
    struct peers *p, struct loop *loop, int supervisor_fd, peers_fn *fn, peers_change_fn *change, void *ctx)
{
	*p = (struct peers){ .loop = loop, .fn = fn, .change = change, .ctx = ctx };
	for (size_t i = 0; i < PEERS_MAX; i++)
		p->list[i].fd = -1;
	p->buf = malloc(MSG_MAX);
	if (p->buf == NULL)
		return -ENOMEM;
	return peers_add(p, ROLE_SUPERVISOR, 0, supervisor_fd);
}

void
peers_end(struct peers *p)
{
	p->change = NULL;
	for (size_t i = 0; i < PEERS_MAX; i++)
		cut(&p->list[i]);
	if (p->buf != NULL)
		explicit_bzero(p->buf, MSG_MAX);
	free(p->buf);
	p->buf = NULL;
}

struct role_peer *
peers_find(struct peers *p, enum role_id role, uint32_t index)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (p->list[i].fd >= 0 && p->list[i].role == role && p->list[i].index == index)
			return &p->list[i];
	return NULL;
}

struct role_peer *
peers_by_serial(struct peers *p, uint32_t serial)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (p->list[i].fd >= 0 && p->list[i].serial == serial)
			return &p->list[i];
	return NULL;
}

void
peers_hang_up(struct role_peer *peer)
{
	if (peer != NULL && peer->fd >= 0)
		shutdown(peer->fd, SHUT_RDWR);
}

static int
wait_turn(struct role_peer *peer, const struct msg *m)
{
	struct peers_waiting *w;
	size_t cost = sizeof *w + m->body.len;

	if (m->fd_count > 0)
		return -EAGAIN;
	if (peer->waiting + cost > PEERS_QUEUE_MAX || (w = malloc(cost)) == NULL)
		return -ENOBUFS;
	w->next = NULL;
	w->m = *m;
	if (m->body.len > 0)
		memcpy(w->body, m->body.data, m->body.len);
	w->m.body.data = w->body;
	if (peer->tail != NULL)
		peer->tail->next = w;
	else
		peer->head = w;
	peer->tail = w;
	peer->waiting += cost;
	return 0;
}

int
peers_send(struct role_peer *peer, const struct msg *m)
{
	bool first;
	int r;

	if (peer == NULL || peer->fd < 0)
		return -ENOTCONN;
	first = peer->head == NULL;
	r = first ? msg_send(peer->fd, m) : -EAGAIN;
	if (r == -EAGAIN) {
		r = wait_turn(peer, m);
		if (r == 0 && first)
			watch(peer);
	}
	if (r != 0 && r != -EAGAIN)
		peers_hang_up(peer);
	return r;
}
