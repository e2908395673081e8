#include "control/linkend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/wire/reason.h"

struct linkend_queued {
	struct linkend_queued *next;
	struct link_entry entry;
	size_t len;
	uint8_t data[];
};

void
linkend_init(struct linkend *l, uint32_t role, uint32_t worker)
{
	memset(l, 0, sizeof(*l));
	l->role = role;
	l->worker = worker;
	l->own.fd = l->other.fd = -1;
	l->slots_fd = l->wait_fd = l->own_ring_fd = l->peer_ring_fd = -1;
	l->queue_end = &l->queue;
}

static void
drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
queue_free_first(struct linkend *l)
{
	struct linkend_queued *q = l->queue;

	l->queue = q->next;
	if (l->queue == NULL)
		l->queue_end = &l->queue;
	explicit_bzero(q->data, q->len);
	free(q);
}

void
linkend_down(struct linkend *l)
{
	uint32_t role = l->role, worker = l->worker;

	while (l->queue != NULL)
		queue_free_first(l);
	slots_close(l->slots);
	region_close(&l->own);
	region_close(&l->other);
	drop_fd(&l->slots_fd);
	drop_fd(&l->wait_fd);
	drop_fd(&l->own_ring_fd);
	drop_fd(&l->peer_ring_fd);
	free(l->arena_end);
	if (l->payload != NULL)
		explicit_bzero(l->payload, LINKEND_PAYLOAD_MAX);
	free(l->payload);
	linkend_init(l, role, worker);
}

int
linkend_make(struct linkend *l)
{
	bool host = l->role == LINK_HOST;
	uint32_t count = host ? LINK_HOST_RING : LINK_CONTROL_RING;
	int r = region_create(&l->own, host ? "postern-host" : "postern-control", count,
	    host ? LINK_HOST_ARENA : LINK_CONTROL_ARENA);

	if (r != 0)
		return r;
	l->arena_end = calloc(count, sizeof(*l->arena_end));
	l->payload = malloc(LINKEND_PAYLOAD_MAX);
	if (l->arena_end == NULL || l->payload == NULL)
		return -ENOMEM;
	if (!host && (r = slots_create(&l->slots, &l->slots_fd)) != 0)
		return r;
	return bell_create(&l->wait_fd, &l->own_ring_fd);
}

static int
ask(struct linkend *l, int supervisor)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_LINK, .conn = LINK_CONN_NONE };
	int r;

	put_u32(&w, l->worker);
	m.body = put_view(&w);
	m.fds[0] = l->own.fd;
	m.fds[1] = l->own_ring_fd;
	m.fds[2] = l->slots_fd;
	m.fd_count = l->role == LINK_HOST ? 2 : 3;
	r = msg_send(supervisor, &m);
	if (r == 0)
		l->asked = true;
	return r;
}

int
linkend_request(struct linkend *l, int supervisor)
{
	int r;

	if (l->asked || l->up)
		linkend_down(l);
	if (l->own.base == NULL && (r = linkend_make(l)) != 0) {
		linkend_down(l);
		return r;
	}
	return ask(l, supervisor);
}

int
linkend_up(struct linkend *l, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t worker = cur_u32(&c);
	uint32_t id = cur_u32(&c);
	int r;

	if (!cur_done(&c) || worker != l->worker || m->fd_count != 2 || !l->asked || l->up)
		return -R_LINK_OP;
	r = region_attach(&l->other, m->fds[0], l->own.ring_count, l->own.arena_size);
	if (r != 0)
		return r;
	r = bell_adopt(m->fds[1]);
	if (r == 0 && (l->peer_ring_fd = dup(m->fds[1])) < 0)
		r = -R_NOMEM;
	if (r != 0) {
		region_close(&l->other);
		return r;
	}
	ring_out_init(&l->out, &l->own, &l->other, l->arena_end, l->role != LINK_HOST);
	ring_in_init(&l->in, &l->own, &l->other);
	/* The worker's alone now: when it goes, the bell says so. */
	drop_fd(&l->own_ring_fd);
	l->link_id = id;
	l->up = true;
	return 0;
}

void
linkend_ring(struct linkend *l)
{
	if (ring_armed(&l->other))
		bell_ring(l->peer_ring_fd);
}

bool
linkend_flush(struct linkend *l)
{
	bool some = false;

	if (!l->up)
		return true;
	while (l->queue != NULL) {
		struct linkend_queued *q = l->queue;

		if (!ring_send(&l->out, &q->entry, view_of(q->data, q->len)))
			break;
		some = true;
		queue_free_first(l);
	}
	if (some)
		linkend_ring(l);
	return l->queue == NULL;
}

static int
enqueue(struct linkend *l, const struct link_entry *e, struct view payload)
{
	struct linkend_queued *q = malloc(sizeof(*q) + payload.len);

	if (q == NULL)
		return -R_NOMEM;
	q->next = NULL;
	q->entry = *e;
	q->len = payload.len;
	if (payload.len > 0)
		memcpy(q->data, payload.data, payload.len);
	*l->queue_end = q;
	l->queue_end = &q->next;
	return 0;
}

int
linkend_send(struct linkend *l, struct link_entry *e, struct view payload)
{
	if (!l->up)
		return 0;
	if (!linkend_flush(l) || !ring_send(&l->out, e, payload))
		return enqueue(l, e, payload);
	linkend_ring(l);
	return 0;
}

int
linkend_step(struct linkend *l, const struct step *s)
{
	struct link_entry e;

	step_entry(s, &e);
	return linkend_send(l, &e, view_of(s->w.start, put_len(&s->w)));
}

bool
linkend_starved(struct linkend *l)
{
	return l->up && (!linkend_flush(l) || (l->role != LINK_HOST && !ring_room(&l->out, STEP_MAX)));
}

bool
linkend_drained(struct linkend *l)
{
	return !l->up || (linkend_flush(l) && ring_reclaim(&l->out) == 0 && l->out.tail == l->out.head);
}

int
linkend_poll(struct linkend *l, int budget, linkend_fn *fn, void *ctx)
{
	int n = 0;

	if (!l->up)
		return 0;
	if (ring_reclaim(&l->out) != 0)
		return -R_LINK_INDEX;
	while (n < budget && l->up && !linkend_starved(l)) {
		struct link_entry e;
		struct view shared;
		int r = ring_peek(&l->in, &e, &shared);

		if (r <= 0)
			return r < 0 ? r : n;
		if (shared.len > LINKEND_PAYLOAD_MAX)
			return -R_LINK_RANGE;
		if (shared.len > 0)
			memcpy(l->payload, shared.data, shared.len);
		ring_take(&l->in);
		n++;
		fn(ctx, l, &e, view_of(l->payload, shared.len));
		if (l->payload != NULL && l->role != LINK_HOST)
			explicit_bzero(l->payload, shared.len);
	}
	return n;
}

bool
linkend_sleep(struct linkend *l)
{
	if (!l->up)
		return true;
	ring_arm(&l->own);
	return !ring_pending(&l->in) || linkend_starved(l);
}

void
linkend_wake(struct linkend *l)
{
	if (l->up)
		ring_disarm(&l->own);
}

int
linkend_hush(struct linkend *l)
{
	return l->wait_fd >= 0 ? bell_hush(l->wait_fd) : 0;
}

/* Full slots whose entry was given back were refused: nobody will take them. */
static void
slots_reclaim(struct linkend *l)
{
	if (l->queue != NULL || ring_reclaim(&l->out) != 0)
		return;
	for (uint32_t i = 0; i < LINK_SLOT_COUNT; i++) {
		struct link_slot *s = &l->slots[i];

		if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != LINK_SLOT_FULL ||
		    (int32_t)(l->out.tail - l->slot_head[i]) < 0)
			continue;
		explicit_bzero(s, sizeof(*s));
		__atomic_store_n(&s->state, LINK_SLOT_FREE, __ATOMIC_RELEASE);
	}
}

int
linkend_slot(struct linkend *l, const struct link_slot *keys)
{
	int r;

	if (!l->up || l->slots == NULL || l->queue != NULL)
		return -R_LINK_SLOT;
	r = slot_fill(l->slots, keys);
	if (r < 0) {
		slots_reclaim(l);
		r = slot_fill(l->slots, keys);
	}
	if (r >= 0)
		l->slot_head[r] = l->out.head + 1;
	return r;
}
