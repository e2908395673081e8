#include "dataplane/worker/worker.h"

#include <stddef.h>
#include <string.h>

/*
 * Records on their way to gate and clerk. Each waits in its connection's own
 * queue, in the worker's memory, from the moment it was opened until a step
 * names it as done; a copy goes into the owner's ring as soon as there is room.
 * A new owner gets the adopt image first, then all that is not done, in order.
 *
 * Records may be done out of order; those that are leave the queue when they
 * reach its front.
 */
struct up_head {
	uint32_t serial; /* 0: not outstanding, done once it was sent */
	uint32_t len;
	uint32_t seq;
	uint32_t chan;
	uint64_t arg;
	uint16_t op;
	uint8_t msg;
	uint8_t done;
	uint8_t ask; /* not of the peer: it does not count among those that stop reading it */
};

#define UP_BUDGET 64u     /* connections served in one poll */
#define ADOPT_BUDGET 256u /* slots looked at in one poll */

bool
up_ready(const struct worker *w, const struct conn *c)
{
	(void)w;
	if (c->ssh.phase == SSH_PHASE_SERVICE || c->ssh.phase == SSH_PHASE_AUTH)
		return c->pending == 0;
	return c->pending < (c->ssh.phase == SSH_PHASE_OPEN ? UP_MAX_OPEN : UP_MAX_KEX) &&
	       c->undone.len < UP_MAX_BYTES;
}

static int
append(struct worker *w, struct conn *c, struct up_head *h, struct view payload)
{
	if (!fifo_fits(&c->undone, &w->pool, sizeof(*h) + payload.len))
		return -R_SSH_QUEUE;
	(void)fifo_put(&c->undone, &w->pool, h, sizeof(*h));
	(void)fifo_put(&c->undone, &w->pool, payload.data, payload.len);
	conn_list_add(w, c, LIST_UP);
	return 0;
}

/* One that is outstanding from here on. */
static int
append_new(struct worker *w, struct conn *c, struct up_head *h, struct view payload)
{
	int r;

	h->serial = c->serial + 1 != 0 ? c->serial + 1 : 1;
	h->len = (uint32_t)payload.len;
	r = append(w, c, h, payload);
	if (r == 0)
		c->serial = h->serial;
	return r;
}

int
up_record(struct worker *w, struct conn *c, uint16_t op, struct view payload, uint32_t seq, uint32_t chan,
    uint64_t arg)
{
	struct up_head h = { .seq = seq, .chan = chan, .arg = arg, .op = op };
	int r;

	if (op == LINK_UP_RECORD && payload.len > 0)
		h.msg = payload.data[0];
	r = append_new(w, c, &h, payload);
	if (r == 0)
		c->pending++;
	return r;
}

int
up_ask(struct worker *w, struct conn *c, uint16_t op, struct view payload, struct ssh_ask from,
    bool want)
{
	struct up_head h = { .seq = want,
		.chan = LINK_CHAN_NONE,
		.arg = (uint64_t)from.link << 32 | from.id,
		.op = op,
		.ask = 1 };

	return append_new(w, c, &h, payload);
}

int
up_tell(struct worker *w, struct conn *c, uint16_t op, uint32_t chan)
{
	struct up_head h = { .chan = chan, .op = op };

	return append(w, c, &h, view_of(NULL, 0));
}

static bool
head_at(const struct conn *c, uint32_t off, struct up_head *h)
{
	return fifo_copy(&c->undone, off, h, sizeof(*h)) == sizeof(*h);
}

/* Offset of the record among those that were sent, or -1. */
static int64_t
find(const struct conn *c, uint32_t serial)
{
	struct up_head h;

	if (serial == 0)
		return -1;
	for (uint32_t off = 0; off < c->sent && head_at(c, off, &h); off += sizeof(h) + h.len)
		if (h.serial == serial && !h.done)
			return off;
	return -1;
}

bool
up_has(struct worker *w, struct conn *c, uint32_t serial)
{
	(void)w;
	return find(c, serial) >= 0;
}

bool
up_asked(const struct conn *c, uint32_t serial, struct up_asked *q)
{
	int64_t off = find(c, serial);
	struct up_head h;
	struct cur r;

	if (off < 0 || !head_at(c, (uint32_t)off, &h) || !h.ask || h.len > sizeof(q->bytes))
		return false;
	(void)fifo_copy(&c->undone, (uint32_t)off + (uint32_t)sizeof(h), q->bytes, h.len);
	r = cur_of(q->bytes, h.len);
	q->op = h.op;
	q->from.link = (uint32_t)(h.arg >> 32);
	q->from.id = (uint32_t)h.arg;
	q->want = h.seq != 0;
	(void)cur_string(&r); /* the plugin, for clerk */
	q->name = cur_string(&r);
	q->body = cur_take(&r, cur_left(&r));
	return !r.bad;
}

/* Give back what is done at the front. */
static void
trim(struct worker *w, struct conn *c)
{
	struct up_head h;

	while (c->sent > 0 && head_at(c, 0, &h) && h.done) {
		fifo_take(&c->undone, &w->pool, sizeof(h) + h.len);
		c->sent -= (uint32_t)sizeof(h) + h.len;
	}
	if (c->undone.len == 0)
		fifo_clear(&c->undone, &w->pool);
}

static void
mark_done(struct conn *c, uint32_t off)
{
	uint8_t yes = 1;
	struct fifo_pos pos = fifo_seek(&c->undone, off + (uint32_t)offsetof(struct up_head, done));
	size_t len = 1;
	const uint8_t *at = fifo_read(&c->undone, &pos, &len);

	if (at != NULL)
		memcpy(pos.block->data + (at - pos.block->data), &yes, 1);
}

void
up_done(struct worker *w, struct conn *c, uint32_t serial)
{
	int64_t off = find(c, serial);
	struct up_head h;

	if (off < 0 || !head_at(c, (uint32_t)off, &h))
		return;
	mark_done(c, (uint32_t)off);
	if (!h.ask)
		c->pending--;
	trim(w, c);
	conn_touch(w, c);
}

void
up_clear(struct worker *w, struct conn *c)
{
	fifo_clear(&c->undone, &w->pool);
	c->sent = 0;
	c->pending = 0;
}

static void
entry_for(const struct worker *w, const struct conn *c, struct link_entry *e, uint16_t op)
{
	memset(e, 0, sizeof(*e));
	e->op = op;
	e->conn = conn_id(w, c);
	e->gen = c->gen;
	e->chan = LINK_CHAN_NONE;
}

/* The link whose connection this is now. */
static struct link *
owner_link(const struct worker *w, const struct conn *c)
{
	uint32_t role = c->login ? LINK_CLERK : LINK_GATE;
	uint32_t count = w->role_count[role == LINK_CLERK];

	return count > 0 ? link_of_role(w, role, c->slot % count) : NULL;
}

static bool
tell_closed(struct worker *w, struct conn *c, uint32_t id, int reason)
{
	struct link *l = link_find(w, id);
	struct link_entry e;

	if (l == NULL)
		return true;
	entry_for(w, c, &e, LINK_UP_CLOSED);
	e.arg[0] = (uint64_t)reason;
	return link_send(w, l, &e, view_of(NULL, 0));
}

/* The old owner forgets it first; a link that ended needs no telling. */
static bool
release_old(struct worker *w, struct conn *c)
{
	if (c->release == 0)
		return true;
	if (!tell_closed(w, c, c->release, 0))
		return false;
	c->release = 0;
	return true;
}

static bool
adopt(struct worker *w, struct conn *c, struct link *l)
{
	struct link_entry e;
	size_t len = image_adopt(w, c);
	bool sent;

	if (len == 0) {
		conn_end(w, c, R_LINK_NOTE, NULL);
		return false;
	}
	entry_for(w, c, &e, LINK_UP_ADOPT);
	sent = link_send(w, l, &e, view_of(w->image, len));
	explicit_bzero(w->image, len);
	if (!sent)
		return false;
	c->owner = l->id;
	c->sent = 0;
	return true;
}

/* Whoever may send our KEXINIT now is told whether compression has a place. */
static uint64_t
may_zip(struct worker *w, struct conn *c, const struct up_head *h)
{
	if (w->env.zip == NULL || c->state != CONN_LIVE ||
	    (h->op != LINK_UP_DEADLINE && h->op != LINK_UP_REKEY && h->msg != SSH_MSG_KEXINIT))
		return 0;
	return zip_place(&w->zip, &c->ssh.zip, !c->login) ? LINK_MAY_ZIP : 0;
}

/* One record into the ring; its payload is gathered in the arena itself. */
static bool
publish(struct worker *w, struct conn *c, struct link *l, const struct up_head *h)
{
	struct link_entry e;
	uint8_t *at = NULL;

	if (h->len > 0 ? (at = ring_reserve(&l->out, h->len)) == NULL : !ring_room(&l->out, 0)) {
		link_stall(w, l);
		return false;
	}
	if (h->len > 0)
		(void)fifo_copy(&c->undone, c->sent + (uint32_t)sizeof(*h), at, h->len);
	entry_for(w, c, &e, h->op);
	e.msg = h->msg;
	e.chan = h->chan;
	e.serial = h->serial;
	e.seq = h->seq;
	e.arg[0] = h->arg;
	e.arg[1] = may_zip(w, c, h);
	ring_publish(&l->out, &e, h->len);
	l->ring_wanted = true;
	link_heat(w, l);
	meter_add(w->meter, METER_LINK_UP, 1);
	return true;
}

static bool
send_undone(struct worker *w, struct conn *c, struct link *l, uint32_t *done)
{
	struct up_head h;

	while (c->sent < c->undone.len && head_at(c, c->sent, &h)) {
		if (!h.done && !publish(w, c, l, &h))
			return false;
		if (h.serial == 0)
			mark_done(c, c->sent);
		c->sent += (uint32_t)sizeof(h) + h.len;
		(*done)++;
	}
	trim(w, c);
	return true;
}

static bool
tell_conn(struct worker *w, struct conn *c)
{
	struct cmd *e = event_slot(w);

	if (e == NULL)
		return false;
	e->type = EV_CONN;
	e->len = (uint32_t)image_conn(w, c, e->data, sizeof(e->data));
	event_push(w);
	c->tell_conn = false;
	return true;
}

/* True when nothing more is to be told for now. */
static bool
serve(struct worker *w, struct conn *c, uint32_t *done)
{
	struct link *l = owner_link(w, c);

	if (c->tell_conn && !tell_conn(w, c))
		return false;
	if (c->owner != 0 && (l == NULL || l->id != c->owner)) {
		c->release = c->owner;
		c->owner = 0;
	}
	if (!release_old(w, c))
		return false;
	if (l == NULL)
		return true; /* the next link of this role looks for its own */
	if (c->owner != l->id) {
		if (!adopt(w, c, l))
			return c->close_us != 0;
		(*done)++;
	}
	return send_undone(w, c, l, done);
}

/* After a new gate or clerk has come: every connection, a piece at a time. */
static void
look_for_owners(struct worker *w)
{
	uint32_t end = w->adopt_at + ADOPT_BUDGET;

	if (!w->adopting)
		return;
	for (; w->adopt_at < end && w->adopt_at < w->used_slots; w->adopt_at++)
		if (w->conns[w->adopt_at].state == CONN_LIVE)
			conn_list_add(w, &w->conns[w->adopt_at], LIST_UP);
	w->adopting = w->adopt_at < w->used_slots;
}

uint32_t
up_stage(struct worker *w)
{
	uint32_t n, done = 0;

	look_for_owners(w);
	n = w->list[LIST_UP].count;
	for (n = n < UP_BUDGET ? n : UP_BUDGET; n > 0; n--) {
		struct conn *c = conn_list_take(w, LIST_UP);

		if (c->state == CONN_LIVE && !serve(w, c, &done))
			conn_list_add(w, c, LIST_UP);
	}
	return done;
}

bool
up_closed(struct worker *w, struct conn *c)
{
	if (!release_old(w, c))
		return false;
	if (c->owner != 0 && !tell_closed(w, c, c->owner, c->reason))
		return false;
	c->owner = 0;
	return true;
}
