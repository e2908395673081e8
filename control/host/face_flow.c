#include "control/host/face_flow.h"

#include <stdlib.h>

#include "control/host/face.h"
#include "control/host/host.h"

#define READY_ALL 0x1fu

/* ---- bytes of the peer ---- */

int32_t
channel_read(const struct postern_host *face, struct postern_channel channel, uint32_t *stream,
    void *buffer, uint64_t size, uint64_t *took)
{
	struct host *h = host_of(face);
	struct view data;
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (stream == NULL || took == NULL || (buffer == NULL && size > 0) || (c->flags & CHAN_F_OFFERING))
		return POSTERN_E_INVAL;
	*took = 0;
	*stream = POSTERN_STREAM_DATA;
	if (c->flags & (CHAN_F_CLOSING | CHAN_F_FAULT))
		return POSTERN_E_CLOSED;
	if (!chan_front(h, c, stream, &data))
		return c->flags & (CHAN_F_PEER_EOF | CHAN_F_GONE) ? POSTERN_E_CLOSED : POSTERN_E_AGAIN;
	*took = data.len < size ? data.len : size;
	if (*took > 0) {
		memcpy(buffer, data.data, *took);
		chan_taken(h, c, *took);
	}
	return POSTERN_OK;
}

int32_t
channel_await(const struct postern_host *face, struct postern_channel channel, uint32_t events,
    void (*ready)(void *context, uint32_t events), void *context)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if ((events & ~READY_ALL) != 0 || (events != 0 && ready == NULL))
		return POSTERN_E_INVAL;
	c->awaited = events;
	c->ready = ready;
	c->ready_context = context;
	if (events != 0)
		chan_touch(h, c);
	return POSTERN_OK;
}

int32_t
channel_grow(const struct postern_host *face, struct postern_channel channel, uint64_t bytes,
    uint32_t force)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	if (force > 1)
		return POSTERN_E_INVAL;
	if (c->flags & (CHAN_F_PEER_EOF | CHAN_F_SHUT))
		return POSTERN_E_CLOSED;
	if (c->window > LINK_WINDOW_MAX || bytes > LINK_WINDOW_MAX - c->window)
		return POSTERN_E_NOMEM;
	c->window += (uint32_t)bytes;
	c->grown += bytes;
	if (force)
		c->flags |= CHAN_F_ADJUST;
	chan_touch(h, c);
	return POSTERN_OK;
}

/* ---- its end ---- */

int32_t
channel_hold(const struct postern_host *face, struct postern_channel channel)
{
	int32_t r;
	struct chan *c = face_live(host_of(face), channel, &r);

	if (c == NULL)
		return r;
	if (c->producers == UINT32_MAX)
		return POSTERN_E_NOMEM;
	c->producers++;
	return POSTERN_OK;
}

int32_t
channel_release(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->producers == 0)
		return POSTERN_E_INVAL;
	c->producers--;
	r = chan_end(h, c);
	if (r != POSTERN_OK)
		c->producers++;
	return r;
}

int32_t
channel_abort(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->flags & CHAN_F_GONE)
		return POSTERN_E_CLOSED;
	chan_abort(h, c);
	return POSTERN_OK;
}

int32_t
channel_label(const struct postern_host *face, struct postern_channel channel, struct postern_view text)
{
	int32_t r;
	struct chan *c = face_chan(host_of(face), channel, &r);
	char *fresh;

	if (c == NULL)
		return r;
	if (text.len > HOST_LABEL_MAX || (text.len > 0 && text.data == NULL))
		return POSTERN_E_INVAL;
	fresh = text.len > 0 ? strndup(text.data, text.len) : strdup("");
	if (fresh == NULL)
		return POSTERN_E_NOMEM;
	free(c->label);
	c->label = fresh;
	return POSTERN_OK;
}

/* ---- numbers ---- */

static uint64_t
flag(const struct chan *c, uint32_t bits)
{
	return (c->flags & bits) != 0;
}

static uint64_t
credit(const struct chan *c)
{
	return (c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_GONE)) || c->start_token != 0 ? 0 : c->credit;
}

static uint64_t
receive_left(const struct chan *c)
{
	uint64_t used = c->in.bytes + c->held;

	return (c->flags & (CHAN_F_PEER_EOF | CHAN_F_GONE)) || used > c->window ? 0 : c->window - used;
}

static bool
number(const struct chan *c, uint32_t what, uint64_t *value)
{
	switch (what) {
	case POSTERN_CHANNEL_CREDIT:
		*value = credit(c);
		return true;
	case POSTERN_CHANNEL_SEND_LEFT:
		*value = credit(c) > 0 || c->start_token != 0 ? c->credit + c->beyond : 0;
		return true;
	case POSTERN_CHANNEL_RECEIVE_LEFT:
		*value = receive_left(c);
		return true;
	case POSTERN_CHANNEL_OWED:
		*value = owed_total(&c->owed);
		return true;
	case POSTERN_CHANNEL_READY:
		*value = chan_ready(c);
		return true;
	case POSTERN_CHANNEL_LOW_WATER:
		*value = c->low_water > 0 ? c->low_water : 1;
		return true;
	default:
		return false;
	}
}

/* Numbers that are kept as they are told. */
static bool
kept(const struct chan *c, uint32_t what, uint64_t *value)
{
	const struct {
		uint32_t what;
		uint64_t value;
	} rows[] = {
		{ POSTERN_CHANNEL_UNREAD, c->in.bytes },
		{ POSTERN_CHANNEL_HELD, c->held },
		{ POSTERN_CHANNEL_WINDOW, c->first_window },
		{ POSTERN_CHANNEL_MAX_PACKET, c->max_packet },
		{ POSTERN_CHANNEL_PEER_WINDOW, c->peer_window },
		{ POSTERN_CHANNEL_PEER_MAX_PACKET, c->peer_packet },
		{ POSTERN_CHANNEL_PEER_EOF, flag(c, CHAN_F_PEER_EOF) },
		{ POSTERN_CHANNEL_LOCAL_EOF, flag(c, CHAN_F_LOCAL_EOF) },
		{ POSTERN_CHANNEL_PEER_CLOSED, flag(c, CHAN_F_SHUT | CHAN_F_GONE) },
		{ POSTERN_CHANNEL_LOCAL_CLOSED, flag(c, CHAN_F_CLOSING) },
		{ POSTERN_CHANNEL_CONSUME_BY_HAND, flag(c, CHAN_F_BY_HAND) },
		{ POSTERN_CHANNEL_EXTENDED, c->extended },
		{ POSTERN_CHANNEL_LINGER, c->linger_ms },
		{ POSTERN_CHANNEL_PRODUCERS, c->producers },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].what == what) {
			*value = rows[i].value;
			return true;
		}
	return false;
}

int32_t
channel_get(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    uint64_t *value)
{
	int32_t r;
	struct chan *c = face_any(host_of(face), channel, &r);

	if (value != NULL)
		*value = 0;
	if (c == NULL)
		return r;
	if (value == NULL)
		return POSTERN_E_INVAL;
	return number(c, what, value) || kept(c, what, value) ? POSTERN_OK : POSTERN_E_NOSUCH;
}

static int32_t
set_by_hand(struct chan *c, uint64_t value)
{
	if (value > 1 || (value == 0 && c->held > 0))
		return POSTERN_E_INVAL;
	c->flags = value ? c->flags | CHAN_F_BY_HAND : c->flags & ~CHAN_F_BY_HAND;
	return POSTERN_OK;
}

/* What is ignored from here on may be at the front of what was not taken. */
static int32_t
set_extended(struct chan *c, uint64_t value)
{
	if (value > POSTERN_EXTENDED_IGNORE)
		return POSTERN_E_INVAL;
	c->extended = (uint32_t)value;
	return POSTERN_OK;
}

int32_t
channel_set(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    uint64_t value)
{
	struct host *h = host_of(face);
	uint32_t stream;
	struct view data;
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	switch (what) {
	case POSTERN_CHANNEL_CONSUME_BY_HAND:
		return set_by_hand(c, value);
	case POSTERN_CHANNEL_EXTENDED:
		r = set_extended(c, value);
		if (r == POSTERN_OK && !(c->flags & CHAN_F_OFFERING)) {
			(void)chan_front(h, c, &stream, &data);
			chan_touch(h, c);
		}
		return r;
	case POSTERN_CHANNEL_LOW_WATER:
		if (value == 0 || value > HOST_LOW_WATER_MAX)
			return POSTERN_E_INVAL;
		c->low_water = (uint32_t)value;
		return POSTERN_OK;
	case POSTERN_CHANNEL_LINGER:
		if (value > HOST_LINGER_MAX_MS)
			return POSTERN_E_INVAL;
		c->linger_ms = (uint32_t)value;
		return POSTERN_OK;
	default:
		return POSTERN_E_NOSUCH;
	}
}
