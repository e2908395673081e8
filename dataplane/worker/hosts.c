#include "dataplane/worker/worker.h"

#include <string.h>

#define HOST_BUDGET 64u      /* entries of one host in one poll */
#define HOST_REQUEST_MAX 8192u

/* ---- toward the host ---- */

static const uint16_t host_ops[] = {
	[CHAN_UP_OPEN] = LINK_UP_CHAN_OPEN,
	[CHAN_UP_DATA] = LINK_UP_CHAN_DATA,
	[CHAN_UP_EOF] = LINK_UP_CHAN_EOF,
	[CHAN_UP_REQUEST] = LINK_UP_CHAN_REQUEST,
	[CHAN_UP_CREDIT] = LINK_UP_CHAN_CREDIT,
	[CHAN_UP_SHUT] = LINK_UP_CHAN_SHUT,
	[CHAN_UP_CLOSED] = LINK_UP_CHAN_CLOSED,
	[CHAN_UP_WINDOW] = LINK_UP_CHAN_WINDOW,
};

/* Fields of the note that are facts of the connection. */
static const struct {
	uint8_t note;
	uint8_t fact;
} noted[] = {
	{ NOTE_NAMES, FACT_NAMES },
	{ NOTE_IDENT_PEER, FACT_IDENT_PEER },
};

/* The note is looked into behind what is written already. */
static void
put_noted(struct put *p, const struct conn *c, uint8_t *scratch, size_t room)
{
	struct view body;
	struct cur in;
	unsigned seen = 0;
	uint16_t version;
	uint8_t number;

	if (c->note.len == 0 || c->note.len > room)
		return;
	(void)fifo_copy(&c->note, 0, scratch, c->note.len);
	if (note_open(&in, view_of(scratch, c->note.len), &version) != 0)
		return;
	while (note_next(&in, &number, &body) > 0)
		for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
			if (number == noted[i].note && body.len <= FACT_MAX && !(seen & 1u << i)) {
				note_put(p, noted[i].fact, body);
				seen |= 1u << i;
			}
}

/* The payload of CHAN_OPEN: what clerk wrote, and who it is for. */
static struct view
open_payload(struct worker *w, const struct conn *c, const struct ssh_chan *ch, struct view payload)
{
	struct put p = put_of(w->image, WORKER_IMAGE_MAX);
	uint8_t *at, windows[8];
	struct put two = put_of(windows, sizeof(windows));
	size_t mark, scratch;

	put_bytes(&p, payload.data, payload.len);
	mark = put_mark(&p);
	at = put_room(&p, c->grant.len);
	if (at != NULL)
		(void)fifo_copy(&c->grant, 0, at, c->grant.len);
	if (c->grant.len > 0) {
		put_u32(&two, ch->window_out_first);
		put_u32(&two, ch->packet_out_max);
		note_put(&p, FACT_CHANNEL, put_view(&two));
		note_put(&p, FACT_SESSION_ID, view_of(c->first_hash, c->first_hash_len));
		scratch = put_len(&p) + 4 * (FACT_MAX + 8u);
		if (scratch < WORKER_IMAGE_MAX)
			put_noted(&p, c, w->image + scratch, WORKER_IMAGE_MAX - scratch);
	}
	put_fill(&p, mark);
	return view_of(w->image, put_len(&p));
}

static void
entry_for(const struct worker *w, const struct conn *c, const struct ssh_chan *ch,
    struct link_entry *e, uint16_t op)
{
	memset(e, 0, sizeof(*e));
	e->op = op;
	e->conn = conn_id(w, c);
	e->gen = c->gen;
	e->chan = ch->ours;
	e->seq = ch->use;
}

bool
host_send(struct worker *w, struct conn *c, struct ssh_chan *ch, enum chan_up what, uint64_t arg0,
    uint64_t arg1, struct view payload)
{
	struct link *l = link_find(w, ch->link);
	struct link_entry e;

	if (l == NULL)
		return true; /* nobody is there to be told */
	if (what == CHAN_UP_WINDOW && l->peer.minor < LINK_MINOR_WINDOW)
		return false; /* what comes beyond what it knows is our fault for it */
	if (what == CHAN_UP_OPEN) {
		payload = open_payload(w, c, ch, payload);
		if (ch->use == 0)
			ch->use = ++c->chan_serial;
	}
	entry_for(w, c, ch, &e, host_ops[what]);
	e.arg[0] = arg0;
	e.arg[1] = arg1;
	if (what == CHAN_UP_OPEN) {
		e.arg[2] = ch->window_in_max;
		e.arg[3] = ch->replies_owed == 0;
	}
	if (what == CHAN_UP_OPEN && (ch->flags & CHAN_ASKED)) {
		e.op = LINK_UP_CHAN_OPENED;
		e.arg[3] = ch->ask;
	}
	if (link_send(w, l, &e, payload)) {
		if (e.op == LINK_UP_CHAN_OPENED)
			l->asks--;
		return true;
	}
	if (c->state == CONN_LIVE)
		conn_list_add(w, c, LIST_STALL);
	return false;
}

bool
host_tell(struct worker *w, struct conn *c, struct ssh_ask to, enum host_up what, uint64_t arg,
    struct view payload)
{
	struct link *l = link_find(w, to.link);
	struct link_entry e;

	if (l == NULL)
		return true; /* nobody is there to be told */
	memset(&e, 0, sizeof(e));
	e.op = what == HOST_UP_REFUSED ? LINK_UP_OPEN_REFUSED : LINK_UP_GLOBAL_ANSWER;
	e.conn = conn_id(w, c);
	e.gen = c->gen;
	e.chan = LINK_CHAN_NONE;
	e.arg[0] = arg;
	e.arg[3] = to.id;
	if (!link_send(w, l, &e, payload)) {
		conn_list_add(w, c, LIST_STALL);
		return false;
	}
	l->asks--;
	return true;
}

static bool
send_end(struct worker *w, struct link *l)
{
	struct link_entry e;

	memset(&e, 0, sizeof(e));
	e.op = LINK_UP_HOST_END;
	e.conn = l->conn;
	e.gen = l->gen;
	e.chan = LINK_CHAN_NONE;
	e.arg[0] = l->conn != LINK_CONN_NONE && conn_find(w, l->conn, l->gen) == NULL;
	return link_send(w, l, &e, view_of(NULL, 0));
}

void
host_end_wanted(struct worker *w, struct conn *c)
{
	if (!c->login)
		return;
	for (uint32_t i = 0; i < LINK_MAX; i++) {
		struct link *l = w->links[i];

		if (l == NULL || l->role != LINK_HOST || l->conn != conn_id(w, c) || l->gen != c->gen)
			continue;
		l->end_wanted = !send_end(w, l);
	}
}

void
host_lost(struct worker *w, struct link *l)
{
	for (uint32_t i = 0; i < w->used_slots; i++) {
		struct conn *c = &w->conns[i];

		if (l->conn != LINK_CONN_NONE && l->conn != conn_id(w, c))
			continue;
		if (c->state != CONN_LIVE)
			continue;
		ssh_host_gone(&c->ssh, l->id);
		queries_lost(w, c, l->id);
		conn_touch(w, c);
	}
}

/* Links that were full: when there is room again, what waited goes on. */
static void
room_again(struct worker *w, struct link *l)
{
	l->stalled = false;
	if (l->end_wanted)
		l->end_wanted = !send_end(w, l);
	if (l->role != LINK_HOST)
		return;
	for (uint32_t n = w->list[LIST_STALL].count; n > 0; n--) {
		struct conn *c = conn_list_take(w, LIST_STALL);

		if (c->state != CONN_LIVE)
			continue;
		ssh_host_ready(&c->ssh, l->id);
		queries_pump(w, c);
		conn_list_add(w, c, LIST_STALL);
		conn_touch(w, c);
	}
}

/* A connection stays on the list while any link is full: it may wait for
 * several, and being asked for nothing costs little. */
uint32_t
stall_stage(struct worker *w)
{
	uint32_t done = 0, left = 0;

	if (w->stalled == 0)
		return 0;
	for (uint32_t i = 0; i < LINK_MAX; i++) {
		struct link *l = w->links[i];

		if (l == NULL || !l->stalled)
			continue;
		if (ring_reclaim(&l->out) == 0 && l->out.head - l->out.tail < l->own.ring_count / 2) {
			room_again(w, l);
			done++;
		}
		left += l->stalled;
	}
	w->stalled = left;
	if (left == 0)
		while (conn_list_take(w, LIST_STALL) != NULL)
			;
	return done;
}

/* ---- from the host ---- */

static int
do_data(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)w;
	if (e->arg[0] > UINT32_MAX)
		return -R_LINK_ITEM;
	return ssh_host_data(&c->ssh, ch, (uint32_t)e->arg[0], payload);
}

static int
do_took(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	int r;

	(void)w;
	(void)payload;
	/* After a CLOSE nothing counts as unread any more. */
	if ((ch->flags & CHAN_CLOSE_OUT) != 0)
		return 0;
	r = ssh_host_took(&c->ssh, ch, e->arg[0]);
	if (r == 0 && (e->arg[1] != 0 || e->arg[2] != 0))
		ssh_host_grow(&c->ssh, ch, e->arg[1], e->arg[2] == 1);
	return r;
}

static int
do_eof(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)w;
	(void)e;
	(void)payload;
	return ssh_host_eof(&c->ssh, ch);
}

/* Its fields are looked at: out of shared memory first. */
static int
do_request(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)e;
	if (payload.len > HOST_REQUEST_MAX)
		return -R_LINK_ITEM;
	memcpy(w->step, payload.data, payload.len);
	return ssh_host_request(&c->ssh, ch, view_of(w->step, payload.len));
}

static int
do_reply(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)w;
	(void)payload;
	return ssh_host_reply(&c->ssh, ch, e->arg[0] == 1);
}

/* The text goes out with the record: copied out of shared memory first. */
static int
do_refuse(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	if (payload.len > LINK_REFUSE_MAX || e->arg[0] > UINT32_MAX)
		return -R_LINK_ITEM;
	if (payload.len > 0)
		memcpy(w->step, payload.data, payload.len);
	return ssh_host_refuse(&c->ssh, ch, (uint32_t)e->arg[0], view_of(w->step, payload.len));
}

static int
do_close(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)w;
	(void)payload;
	return e->arg[0] == 1 ? ssh_host_abort(&c->ssh, ch) : ssh_host_close(&c->ssh, ch);
}

static int
do_rekey(struct worker *w, struct conn *c, struct ssh_chan *ch, const struct link_entry *e,
    struct view payload)
{
	(void)ch;
	(void)e;
	(void)payload;
	return ssh_host_rekey(&c->ssh, w->now);
}

static const struct host_row {
	uint16_t op;
	bool payload;
	int (*run)(struct worker *, struct conn *, struct ssh_chan *, const struct link_entry *,
	    struct view);
} host_rows[] = {
	{ LINK_DOWN_CHAN_DATA, true, do_data },
	{ LINK_DOWN_CHAN_TOOK, false, do_took },
	{ LINK_DOWN_CHAN_EOF, false, do_eof },
	{ LINK_DOWN_CHAN_REQUEST, true, do_request },
	{ LINK_DOWN_CHAN_REPLY, false, do_reply },
	{ LINK_DOWN_CHAN_CLOSE, false, do_close },
	{ LINK_DOWN_CHAN_REKEY, false, do_rekey },
	{ LINK_DOWN_CHAN_REFUSE, true, do_refuse },
};

static const struct host_row *
row_of(uint16_t op)
{
	for (size_t i = 0; i < sizeof(host_rows) / sizeof(host_rows[0]); i++)
		if (host_rows[i].op == op)
			return &host_rows[i];
	return NULL;
}

/* Faults that a host may run into without breaking a rule: its channel or
 * connection ended while the entry was under way. */
static bool
late(int r)
{
	return r == -R_LINK_CONN || r == -R_LINK_CHAN || r == -R_LINK_STATE;
}

/* Faults of this side: the connection cannot go on. */
static bool
ours(int r)
{
	return r == -R_LIMIT || r == -R_SSH_QUEUE || r == -R_TCP_NO_BLOCK;
}

static int
host_entry(struct worker *w, struct link *l, const struct link_entry *e, struct view payload)
{
	const struct host_row *row = row_of(e->op);
	struct ssh_chan *ch;
	struct conn *c;
	int r;

	if (e->op == LINK_DOWN_ASK_OPEN || e->op == LINK_DOWN_ASK_GLOBAL)
		return ask_entry(w, l, e, payload);
	if (e->op == LINK_DOWN_ANSWER && link_op_allowed(e->op, l->role))
		return query_answer(w, l, e, payload);
	if (row == NULL || !link_op_allowed(e->op, l->role))
		return -R_LINK_OP;
	if (!row->payload && payload.len > 0)
		return -R_LINK_ITEM;
	if (l->conn != LINK_CONN_NONE && (e->conn != l->conn || e->gen != l->gen))
		return -R_LINK_DENIED;
	c = conn_find(w, e->conn, e->gen);
	if (c == NULL || c->close_us != 0)
		return -R_LINK_CONN;
	ch = ssh_chan_of(&c->ssh, e->chan, l->id);
	/* The number may have a new use that this entry is older than: a host gives
	 * back in `seq` what CHAN_OPEN said there. */
	if (ch == NULL || (e->seq != 0 && e->seq != ch->use))
		return -R_LINK_CHAN;
	r = row->run(w, c, ch, e, payload);
	conn_touch(w, c);
	if (ours(r)) {
		conn_end(w, c, r, NULL);
		r = 0;
	}
	return r;
}

uint32_t
host_run(struct worker *w, struct link *l, int *fault)
{
	uint32_t done = 0;

	while (done < HOST_BUDGET && w->pool.free_count > w->pool.count / 64) {
		struct link_entry e;
		struct view payload;
		int r = ring_peek(&l->in, &e, &payload);

		if (r == 1)
			r = host_entry(w, l, &e, payload);
		else if (r == 0)
			break;
		if (r == -R_NOMEM) /* nothing was done: the entry waits for blocks */
			break;
		if (late(r)) {
			meter_drop(w->meter, r);
		} else if (r < 0) {
			*fault = r;
			break;
		}
		ring_take(&l->in);
		meter_add(w->meter, METER_LINK_DOWN, 1);
		done++;
	}
	return done;
}
