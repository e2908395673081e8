#include "control/host/host.h"

#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "control/log.h"

void
chan_touch(struct host *h, struct chan *c)
{
	if (c->flags & CHAN_F_DIRTY)
		return;
	c->flags |= CHAN_F_DIRTY;
	c->next_dirty = h->dirty;
	h->dirty = c;
}

void
chan_consumed(struct host *h, struct chan *c, uint64_t n)
{
	if (n == 0)
		return;
	c->took += n;
	chan_touch(h, c);
}

/* ---- out ---- */

/* Message 92 in place of 100, and nothing of the channel after it. */
static bool
refuse_out(struct host *h, struct chan *c)
{
	uint32_t code = c->refuse_code != 0 ? c->refuse_code : SSH_OPEN_CONNECT_FAILED;

	if (!host_out(h, c, LINK_DOWN_CHAN_REFUSE, code, view_str(c->refuse_text != NULL ? c->refuse_text : "")))
		return false;
	outq_clear(&c->out);
	c->flags |= CHAN_F_CLOSING | CHAN_F_LOCAL_EOF;
	return true;
}

static bool
reply_out(struct host *h, struct chan *c, bool success)
{
	if ((c->flags & CHAN_F_OPENING) && !success)
		return refuse_out(h, c);
	return host_out(h, c, LINK_DOWN_CHAN_REPLY, success ? 1 : 0, view_of(NULL, 0));
}

bool
chan_flush(struct host *h, struct chan *c)
{
	bool success;
	struct view payload;
	uint16_t op;

	if (c->flags & CHAN_F_GONE) {
		owed_clear(&c->owed);
		outq_clear(&c->out);
		return true;
	}
	while (owed_peek(&c->owed, &success)) {
		if (!reply_out(h, c, success))
			return false;
		c->flags &= ~CHAN_F_OPENING;
		owed_take(&c->owed);
	}
	while (outq_peek(&c->out, &op, &payload)) {
		if (!host_out(h, c, op, 0, payload))
			return false;
		outq_take(&c->out);
	}
	/* The close before it left in its place; the data behind that is dropped. */
	if ((c->flags & CHAN_F_ABORT) && !host_out(h, c, LINK_DOWN_CHAN_CLOSE, 1, view_of(NULL, 0)))
		return false;
	c->flags &= ~CHAN_F_ABORT;
	return true;
}

static bool
took_out(struct host *h, struct chan *c)
{
	struct link_entry e = { .op = LINK_DOWN_CHAN_TOOK, .arg = { c->took, c->grown,
	    (c->flags & CHAN_F_ADJUST) != 0 } };

	return host_send(h, c, &e, view_of(NULL, 0));
}

static bool
tell_took(struct host *h, struct chan *c)
{
	if (c->took == 0 && c->grown == 0 && !(c->flags & CHAN_F_ADJUST))
		return true;
	if (!(c->flags & (CHAN_F_GONE | CHAN_F_CLOSING)) && !took_out(h, c))
		return false;
	c->took = 0;
	c->grown = 0;
	c->flags &= ~CHAN_F_ADJUST;
	return true;
}

static void
linger_done(void *ctx)
{
	struct chan *c = ctx;

	c->abort_timer = 0;
	chan_abort(c->host, c);
}

void
chan_close(struct host *h, struct chan *c)
{
	if (c->flags & CHAN_F_CLOSING)
		return;
	c->flags |= CHAN_F_CLOSING | CHAN_F_LOCAL_EOF;
	c->flags &= ~(CHAN_F_WANT_WRITE | CHAN_F_RESUME);
	owed_fail_all(&c->owed);
	chan_waited(h, c);
	if (outq_put(&c->out, LINK_DOWN_CHAN_CLOSE, view_of(NULL, 0), true) != 0)
		log_error("%s: out of memory closing a channel", h->name);
	if (c->linger_ms > 0)
		c->abort_timer = loop_after(h->loop, c->linger_ms, linger_done, c);
	chan_touch(h, c);
}

void
chan_abort(struct host *h, struct chan *c)
{
	chan_close(h, c);
	c->flags |= CHAN_F_ABORT;
	chan_touch(h, c);
}

int32_t
chan_end(struct host *h, struct chan *c)
{
	if (c->producers > 0 || (c->flags & CHAN_F_CLOSING))
		return POSTERN_OK;
	if ((c->flags & CHAN_F_EOF_NOTED) && !(c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_SHUT))) {
		if (outq_put(&c->out, LINK_DOWN_CHAN_EOF, view_of(NULL, 0), true) != 0)
			return POSTERN_E_NOMEM;
		c->flags |= CHAN_F_LOCAL_EOF;
		chan_touch(h, c);
	}
	if (c->flags & CHAN_F_CLOSE_NOTED)
		chan_close(h, c);
	return POSTERN_OK;
}

void
chan_fault(struct host *h, struct chan *c, const char *what)
{
	if (c->flags & CHAN_F_FAULT)
		return;
	log_error("plugin %s: channel %u: %s", h->name, (unsigned)c->number, what);
	c->flags |= CHAN_F_FAULT;
	chan_close(h, c);
}

/* ---- in: data ---- */

/* The plugin has them: consumed, or to be consumed by hand. */
static void
charge(struct host *h, struct chan *c, uint64_t n)
{
	if (c->flags & CHAN_F_BY_HAND)
		c->held += n;
	else
		chan_consumed(h, c, n);
}

/*
 * Let the plugin take from one run of bytes. How many it took, or -1 when it
 * wants or gets no more of this channel.
 */
static int64_t
offer(struct host *h, struct chan *c, uint32_t stream, struct view data)
{
	uint64_t took = 0;
	int32_t r;

	c->flags |= CHAN_F_OFFERING;
	r = h->subsystem->data(c->context, stream, view_out(data), &took);
	c->flags &= ~CHAN_F_OFFERING;
	if (took > data.len) {
		chan_fault(h, c, "took more than it was offered");
		return -1;
	}
	if (r < 0 && r != POSTERN_E_AGAIN) {
		chan_fault(h, c, "data failed");
		return -1;
	}
	charge(h, c, took);
	return (int64_t)took;
}

/* Merged extended data is data; ignored is as good as consumed. */
bool
chan_front(struct host *h, struct chan *c, uint32_t *stream, struct view *data)
{
	while (inq_peek(&c->in, stream, data)) {
		if (*stream == POSTERN_STREAM_DATA || c->extended == POSTERN_EXTENDED_SEPARATE)
			return true;
		if (c->extended == POSTERN_EXTENDED_MERGE) {
			*stream = POSTERN_STREAM_DATA;
			return true;
		}
		chan_consumed(h, c, data->len);
		inq_take(&c->in, data->len);
	}
	return false;
}

void
chan_taken(struct host *h, struct chan *c, uint64_t n)
{
	charge(h, c, n);
	inq_take(&c->in, (size_t)n);
	chan_touch(h, c);
}

void
chan_discard(struct host *h, struct chan *c)
{
	chan_consumed(h, c, c->in.bytes);
	inq_clear(&c->in);
	c->flags &= ~(CHAN_F_PAUSED | CHAN_F_DISCARD);
}

static bool
takes_data(const struct chan *c)
{
	return (c->flags & CHAN_F_OPEN) && !(c->flags & (CHAN_F_CLOSING | CHAN_F_FAULT));
}

static void
offer_queued(struct host *h, struct chan *c)
{
	uint32_t stream;
	struct view data;
	int64_t took;

	c->flags &= ~(CHAN_F_PAUSED | CHAN_F_RESUME);
	while (takes_data(c) && chan_front(h, c, &stream, &data)) {
		took = offer(h, c, stream, data);
		if (took < 0)
			break;
		inq_take(&c->in, (size_t)took);
		if (c->flags & CHAN_F_DISCARD) {
			chan_discard(h, c);
		} else if ((uint64_t)took < data.len) {
			c->flags |= CHAN_F_PAUSED;
			break;
		}
	}
	if (!takes_data(c))
		chan_discard(h, c);
}

static int
on_data(struct host *h, struct chan *c, uint32_t stream, struct view data)
{
	int64_t took = 0;

	if (data.len > c->window || c->in.bytes + c->held > c->window - data.len)
		return -R_LINK_CREDIT;
	if (!takes_data(c))
		return 0;
	if (stream != POSTERN_STREAM_DATA && c->extended == POSTERN_EXTENDED_IGNORE) {
		chan_consumed(h, c, data.len);
		return 0;
	}
	if (c->extended == POSTERN_EXTENDED_MERGE)
		stream = POSTERN_STREAM_DATA;
	if (c->in.bytes == 0 && !(c->flags & CHAN_F_PAUSED) && h->subsystem->data != NULL)
		took = offer(h, c, stream, data);
	if (took < 0 || !takes_data(c))
		return 0;
	data = view_of(data.data + took, data.len - (size_t)took);
	if (c->flags & CHAN_F_DISCARD) {
		c->flags &= ~CHAN_F_DISCARD;
		chan_consumed(h, c, data.len);
		return 0;
	}
	if (data.len == 0)
		return 0;
	c->flags |= CHAN_F_PAUSED;
	if (c->awaited != 0)
		chan_touch(h, c);
	/* A byte of each stream in turn would cost nine times the window. */
	if (inq_cost(&c->in) + data.len > (uint64_t)c->window + HOST_TURNS_MAX)
		chan_fault(h, c, "the peer changes streams too often");
	else if (inq_put(&c->in, stream, data) != 0)
		chan_fault(h, c, "out of memory for the peer's data");
	return 0;
}

/* ---- end ---- */

static void
finish(struct host *h, struct chan *c)
{
	uint32_t reason = POSTERN_CLOSED_BOTH;

	if (!(c->flags & CHAN_F_OPEN))
		return;
	if (c->flags & CHAN_F_FAULT)
		reason = POSTERN_CLOSED_FAULT;
	else if (c->gone_reason != 0)
		reason = POSTERN_CLOSED_CONNECTION;
	c->flags |= CHAN_F_CLOSING;
	h->subsystem->closed(c->context, reason);
	c->flags &= ~CHAN_F_OPEN;
	c->context = NULL;
	chans_revoke(&h->chans, c);
}

static void
linger_over(void *ctx)
{
	struct chan *c = ctx;

	c->linger = 0;
	inq_clear(&c->in);
	chan_touch(c->host, c);
}

static void
on_linger(struct host *h, struct chan *c)
{
	c->flags |= CHAN_F_RESUME;
	if (c->linger > 0)
		return;
	c->linger = loop_after(h->loop, HOST_LINGER_MS, linger_over, c);
	if (c->linger < 0) {
		c->linger = 0;
		inq_clear(&c->in);
	}
}

/* A peer may send, say EOF and close at once: what it sent is still delivered,
 * unless the connection broke or the plugin has already closed. */
static void
on_closed(struct host *h, struct chan *c, uint32_t reason)
{
	/* A broken connection is no end of data. */
	c->flags |= CHAN_F_GONE | (reason == 0 ? CHAN_F_PEER_EOF : CHAN_F_EOF_TOLD);
	c->gone_reason = reason;
	c->credit = 0;
	chans_unhash(&h->chans, c);
	if (reason != 0 || !takes_data(c))
		inq_clear(&c->in);
	if (c->in.bytes > 0)
		on_linger(h, c);
	chan_touch(h, c);
}

/* The peer closed: what it sent before is still delivered, for a while. */
static void
on_shut(struct host *h, struct chan *c)
{
	c->flags |= CHAN_F_PEER_EOF | CHAN_F_SHUT;
	c->credit = 0;
	if (c->in.bytes > 0)
		on_linger(h, c);
	chan_touch(h, c);
}

static void
untouch(struct host *h, struct chan *c)
{
	struct chan **at = &h->dirty;

	while (*at != NULL && *at != c)
		at = &(*at)->next_dirty;
	if (*at == c)
		*at = c->next_dirty;
}

void
chan_release(struct host *h, struct chan *c)
{
	finish(h, c);
	chan_waited(h, c);
	if (c->flags & CHAN_F_DIRTY)
		untouch(h, c);
	if (c->linger > 0)
		loop_cancel(h->loop, c->linger);
	if (c->abort_timer > 0)
		loop_cancel(h->loop, c->abort_timer);
	conns_leave(&h->conns, c->on);
	chans_free(&h->chans, c);
}

void
chan_end_all(struct host *h)
{
	uint32_t i;

	ask_end_all(h);
	for (i = 0; i < h->chans.size; i++) {
		struct chan *c = h->chans.place[i].chan;

		if (c == NULL || (c->flags & CHAN_F_ASKING))
			continue;
		c->flags |= CHAN_F_GONE;
		c->gone_reason = R_PEER_GONE;
		chan_release(h, c);
	}
}

/* ---- settle ---- */

static bool
tell_eof(struct host *h, struct chan *c)
{
	if ((c->flags & (CHAN_F_PEER_EOF | CHAN_F_EOF_TOLD)) != CHAN_F_PEER_EOF || c->in.bytes > 0 ||
	    !takes_data(c))
		return false;
	c->flags |= CHAN_F_EOF_TOLD;
	if (h->subsystem->eof != NULL)
		h->subsystem->eof(c->context);
	return true;
}

/* After the peer's last data and its EOF. */
static bool
tell_shut(struct host *h, struct chan *c)
{
	if ((c->flags & (CHAN_F_SHUT | CHAN_F_SHUT_TOLD)) != CHAN_F_SHUT || c->in.bytes > 0 ||
	    !takes_data(c))
		return false;
	c->flags |= CHAN_F_SHUT_TOLD;
	if (h->subsystem->hangup != NULL)
		h->subsystem->hangup(c->context);
	else
		chan_close(h, c);
	return true;
}

/* A window that has no more than the credit may never have: the mark must not wait
 * for it. */
static bool
may_write(const struct chan *c)
{
	return c->credit > 0 && (c->credit >= c->low_water || c->beyond == 0) && c->start_token == 0 &&
	    takes_data(c) && !(c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_SHUT));
}

uint32_t
chan_ready(const struct chan *c)
{
	uint32_t stream, events = 0;
	struct view data;

	if (takes_data(c) && inq_peek(&c->in, &stream, &data))
		events |= stream == POSTERN_STREAM_DATA || c->extended == POSTERN_EXTENDED_MERGE ?
		    POSTERN_READY_DATA : POSTERN_READY_EXTENDED;
	if (may_write(c))
		events |= POSTERN_READY_WRITE;
	if (c->in.bytes == 0 && (c->flags & (CHAN_F_PEER_EOF | CHAN_F_GONE)))
		events |= POSTERN_READY_EOF;
	if (c->in.bytes == 0 && (c->flags & (CHAN_F_SHUT | CHAN_F_GONE)))
		events |= POSTERN_READY_CLOSED;
	return events;
}

static bool
tell_ready(struct host *h, struct chan *c)
{
	uint32_t events = c->awaited & chan_ready(c);

	if ((events & POSTERN_READY_WRITE) && !ring_room(&host_link(h, c->conn)->out, HOST_CHUNK)) {
		host_blocked(h);
		chan_touch(h, c);
		events &= ~POSTERN_READY_WRITE;
	}
	if (events == 0 || !(c->flags & CHAN_F_OPEN))
		return false;
	c->awaited = 0;
	c->ready(c->ready_context, events);
	return true;
}

static bool
tell_writable(struct host *h, struct chan *c)
{
	if (!(c->flags & CHAN_F_WANT_WRITE) || !may_write(c))
		return false;
	if (!ring_room(&host_link(h, c->conn)->out, HOST_CHUNK)) {
		host_blocked(h);
		return false;
	}
	c->flags &= ~CHAN_F_WANT_WRITE;
	c->flags |= CHAN_F_RESUME;
	if (h->subsystem->writable != NULL)
		h->subsystem->writable(c->context, c->credit);
	return true;
}

/* *work: the plugin was called. The channel may be gone afterwards. */
static void
settle(struct host *h, struct chan *c, bool *work)
{
	bool flushed = chan_flush(h, c);

	if (flushed && tell_writable(h, c))
		*work = true;
	/* A plugin may ask for the next offer inside this one. */
	if ((c->flags & CHAN_F_RESUME) && c->in.bytes > 0 && h->subsystem->data != NULL) {
		offer_queued(h, c);
		*work = true;
	} else {
		c->flags &= ~CHAN_F_RESUME;
	}
	if (!takes_data(c) && c->in.bytes > 0)
		chan_discard(h, c);
	if (tell_eof(h, c))
		*work = true;
	if (tell_shut(h, c))
		*work = true;
	if (tell_ready(h, c))
		*work = true;
	flushed = chan_flush(h, c) && tell_took(h, c);
	if (c->flags & CHAN_F_FAULT)
		finish(h, c);
	if ((c->flags & CHAN_F_GONE) && c->in.bytes == 0) {
		chan_release(h, c);
		*work = true;
		return;
	}
	if (!flushed || ((c->flags & CHAN_F_WANT_WRITE) && may_write(c)))
		chan_touch(h, c);
}

bool
chan_settle_all(struct host *h)
{
	struct chan *list = h->dirty;
	bool work = false;

	h->dirty = NULL;
	while (list != NULL) {
		struct chan *c = list;

		list = c->next_dirty;
		c->flags &= ~CHAN_F_DIRTY;
		c->next_dirty = NULL;
		settle(h, c, &work);
	}
	return work;
}

/* ---- entries ---- */

static int
on_open(struct host *h, const struct link_entry *e, struct view payload)
{
	struct chan *c = chans_find(&h->chans, e->conn, e->gen, e->chan);

	if (c != NULL)
		return -R_LINK_STATE;
	c = chans_new(&h->chans, e->conn, e->gen, e->chan);
	if (c == NULL)
		return -R_NOMEM;
	c->on = conns_join(&h->conns, e->conn, e->gen);
	if (c->on == NULL) {
		chans_free(&h->chans, c);
		return -R_NOMEM;
	}
	c->host = h;
	chan_start(h, c, e, payload);
	return 0;
}

static void
on_credit(struct host *h, struct chan *c, uint64_t n, uint64_t beyond)
{
	if (c->flags & CHAN_F_GONE)
		return;
	c->credit = n > UINT64_MAX - c->credit ? UINT64_MAX : c->credit + n;
	c->beyond = beyond < UINT32_MAX ? beyond : UINT32_MAX;
	if ((c->flags & CHAN_F_WANT_WRITE) || c->awaited != 0)
		chan_touch(h, c);
}

/* The plugin may have asked for all that there is already. */
static void
on_window(struct chan *c, uint64_t more)
{
	uint32_t room = c->window < LINK_WINDOW_MAX ? LINK_WINDOW_MAX - c->window : 0;

	c->window += more < room ? (uint32_t)more : room;
}

int
chan_entry(struct host *h, const struct link_entry *e, struct view payload)
{
	struct chan *c;

	if (e->op == LINK_UP_CHAN_OPEN)
		return on_open(h, e, payload);
	if (e->op == LINK_UP_HOST_END) {
		h->ending = true;
		h->retired = e->arg[0] != 1;
		if (e->arg[0] == 1)
			ask_end_all(h);
		return 0;
	}
	if (e->op == LINK_UP_QUERY || e->op == LINK_UP_SESSION_END || e->op == LINK_UP_CONN_END)
		return query_entry(h, e, payload);
	if (e->op == LINK_UP_CHAN_OPENED || e->op == LINK_UP_OPEN_REFUSED || e->op == LINK_UP_GLOBAL_ANSWER)
		return ask_entry(h, e, payload);
	c = chans_find(&h->chans, e->conn, e->gen, e->chan);
	if (c == NULL)
		return 0;
	switch (e->op) {
	case LINK_UP_CHAN_DATA:
		return on_data(h, c, (uint32_t)e->arg[0], payload);
	case LINK_UP_CHAN_EOF:
		c->flags |= CHAN_F_PEER_EOF;
		chan_touch(h, c);
		break;
	case LINK_UP_CHAN_SHUT:
		on_shut(h, c);
		break;
	case LINK_UP_CHAN_REQUEST:
		chan_request(h, c, e->arg[0] != 0, payload);
		break;
	case LINK_UP_CHAN_CREDIT:
		on_credit(h, c, e->arg[0], e->arg[1]);
		break;
	case LINK_UP_CHAN_WINDOW:
		on_window(c, e->arg[0]);
		break;
	case LINK_UP_CHAN_CLOSED:
		on_closed(h, c, (uint32_t)e->arg[0]);
		break;
	default: /* of a later minor version */
		break;
	}
	return 0;
}
