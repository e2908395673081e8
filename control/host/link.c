#include "control/host/host.h"

#include "abi/link/op.h"
#include "abi/wire/reason.h"

static void
room_again(void *ctx)
{
	struct host *h = ctx;

	h->room_timer = 0;
}

/* The worker does not ring when it gives room back: look again by time. */
void
host_blocked(struct host *h)
{
	h->blocked = true;
	if (h->room_timer <= 0)
		h->room_timer = loop_after(h->loop, HOST_ROOM_MS, room_again, h);
}

bool
host_out_entry(struct host *h, struct link_entry *e, struct view payload)
{
	struct linkend *l = host_link(h, e->conn);

	if (!ring_send(&l->out, e, payload)) {
		host_blocked(h);
		return false;
	}
	h->rang |= 1u << (l - h->link);
	return true;
}

bool
host_send(struct host *h, const struct chan *c, struct link_entry *e, struct view payload)
{
	e->conn = c->conn;
	e->gen = c->gen;
	e->chan = c->number;
	e->seq = c->use;
	return host_out_entry(h, e, payload);
}

bool
host_out(struct host *h, const struct chan *c, uint16_t op, uint64_t arg, struct view payload)
{
	struct link_entry e = { .op = op, .arg = { arg } };

	return host_send(h, c, &e, payload);
}

uint64_t
host_out_data(struct host *h, struct chan *c, uint32_t stream, struct view data)
{
	uint64_t done = 0;

	while (done < data.len && c->credit > 0) {
		uint64_t n = data.len - done;

		if (n > c->credit)
			n = c->credit;
		if (n > HOST_CHUNK)
			n = HOST_CHUNK;
		if (!host_out(h, c, LINK_DOWN_CHAN_DATA, stream, view_of(data.data + done, n)))
			break;
		c->credit -= n;
		done += n;
	}
	return done;
}

/* Of what follows a fault nothing is believed. A worker speaks for its own
 * connections. */
static void
take(void *ctx, struct linkend *l, const struct link_entry *e, struct view payload)
{
	struct host *h = ctx;

	if (h->fault < 0)
		return;
	if (e->conn != LINK_CONN_NONE && e->conn >> LINK_WORKER_SHIFT != l->worker)
		h->fault = -R_LINK_CONN;
	else
		h->fault = chan_entry(h, e, payload);
}

int
host_poll(struct host *h)
{
	bool work = false;

	for (uint32_t i = 0; i < h->link_count; i++) {
		int n = linkend_poll(&h->link[i], HOST_BATCH, take, h);

		if (n < 0 || h->fault < 0)
			return n < 0 ? n : h->fault;
		work |= n > 0;
	}
	h->blocked = false;
	if (chan_settle_all(h))
		work = true;
	query_settle(h);
	for (; h->rang != 0; h->rang &= h->rang - 1) {
		struct linkend *l = &h->link[__builtin_ctz(h->rang)];

		if (l->up)
			linkend_ring(l);
	}
	return work ? 1 : 0;
}

int
host_sleep(struct host *h)
{
	bool quiet = true;

	for (uint32_t i = 0; i < h->link_count; i++)
		quiet &= linkend_sleep(&h->link[i]);
	if (quiet)
		return 0;
	host_wake(h);
	return 1;
}

void
host_wake(struct host *h)
{
	for (uint32_t i = 0; i < h->link_count; i++)
		linkend_wake(&h->link[i]);
}
