#include "control/host/host.h"

#include "abi/link/bell.h"
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
host_out(struct host *h, const struct chan *c, uint16_t op, uint64_t arg, struct view payload)
{
	struct link_entry e = { .op = op, .conn = c->conn, .gen = c->gen, .chan = c->number,
	    .seq = c->use, .arg = { arg } };

	if (!ring_send(&h->out, &e, payload)) {
		host_blocked(h);
		return false;
	}
	h->rang = true;
	return true;
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

/*
 * One entry: out of shared memory, given back, then acted on. A plugin never
 * sees bytes that another process can still change.
 */
static int
take_one(struct host *h)
{
	struct link_entry e;
	struct view payload;
	int r = ring_peek(&h->in, &e, &payload);

	if (r <= 0)
		return r;
	if (payload.len > sizeof(h->scratch))
		return -R_LINK_RANGE;
	memcpy(h->scratch, payload.data, payload.len);
	payload.data = h->scratch;
	ring_take(&h->in);
	r = chan_entry(h, &e, payload);
	return r < 0 ? r : 1;
}

int
host_poll(struct host *h)
{
	int i, r = 0;
	bool work = false;

	if (h->linked) {
		if (ring_reclaim(&h->out) != 0)
			return -R_LINK_INDEX;
		for (i = 0; i < HOST_BATCH && (r = take_one(h)) > 0; i++)
			work = true;
		if (r < 0)
			return r;
	}
	h->blocked = false;
	if (chan_settle_all(h))
		work = true;
	if (h->rang) {
		h->rang = false;
		if (h->linked && ring_armed(&h->other))
			bell_ring(h->bell_other);
	}
	return work ? 1 : 0;
}

int
host_sleep(struct host *h)
{
	if (!h->linked)
		return 0;
	ring_arm(&h->own);
	if (!ring_pending(&h->in))
		return 0;
	ring_disarm(&h->own);
	return 1;
}

void
host_wake(struct host *h)
{
	if (h->linked)
		ring_disarm(&h->own);
}
