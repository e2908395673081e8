#include "control/host/face.h"
#include "control/host/face_flow.h"
#include "control/host/host.h"

#include "abi/link/op.h"

/* ---- data ---- */

static int32_t
channel_writev(const struct postern_host *face, struct postern_channel channel, uint32_t stream,
    const struct postern_view *pieces, uint64_t count, uint64_t *took)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c;
	uint64_t i, n;

	if (took != NULL)
		*took = 0; /* whatever the answer: who does not look at it has written nothing */
	c = face_live(h, channel, &r);
	if (c == NULL)
		return r;
	if (took == NULL || (pieces == NULL && count > 0))
		return POSTERN_E_INVAL;
	for (i = 0; i < count; i++)
		if (pieces[i].len > 0 && pieces[i].data == NULL)
			return POSTERN_E_INVAL;
	if (c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_SHUT))
		return POSTERN_E_CLOSED;
	if (!host_link(h, c->conn)->up || c->start_token != 0 || !chan_flush(h, c)) {
		c->flags |= CHAN_F_WANT_WRITE;
		chan_touch(h, c);
		return POSTERN_OK;
	}
	for (i = 0; i < count; i++) {
		n = host_out_data(h, c, stream, view_of(pieces[i].data, pieces[i].len));
		*took += n;
		if (n < pieces[i].len) {
			c->flags |= CHAN_F_WANT_WRITE;
			chan_touch(h, c);
			break;
		}
	}
	return POSTERN_OK;
}

static int32_t
channel_write(const struct postern_host *face, struct postern_channel channel, uint32_t stream,
    struct postern_view data, uint64_t *took)
{
	return channel_writev(face, channel, stream, &data, 1, took);
}

static int32_t
channel_await_credit(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_SHUT))
		return POSTERN_E_CLOSED;
	c->flags |= CHAN_F_WANT_WRITE;
	chan_touch(h, c);
	return POSTERN_OK;
}

static int32_t
channel_consume(const struct postern_host *face, struct postern_channel channel, uint64_t bytes)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (bytes > c->held)
		return POSTERN_E_INVAL;
	c->held -= bytes;
	chan_consumed(h, c, bytes);
	return POSTERN_OK;
}

static int32_t
channel_resume(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->flags & CHAN_F_CLOSING)
		return POSTERN_E_CLOSED;
	c->flags |= CHAN_F_RESUME;
	chan_touch(h, c);
	return POSTERN_OK;
}

static int32_t
channel_discard(const struct postern_host *face, struct postern_channel channel, uint64_t *dropped)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_chan(h, channel, &r);

	if (c == NULL)
		return r;
	if (dropped != NULL)
		*dropped = c->in.bytes;
	/* Inside data() the bytes are still in the plugin's hands. */
	if (c->flags & CHAN_F_OFFERING) {
		c->flags |= CHAN_F_DISCARD;
	} else {
		chan_discard(h, c);
		chan_touch(h, c);
	}
	return POSTERN_OK;
}

/* ---- end ---- */

static int32_t
queue(struct host *h, struct chan *c, uint16_t op, struct view payload, bool must)
{
	if (outq_put(&c->out, op, payload, must) != 0)
		return must ? POSTERN_E_NOMEM : POSTERN_E_AGAIN;
	chan_touch(h, c);
	return POSTERN_OK;
}

static int32_t
channel_eof(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->flags & (CHAN_F_LOCAL_EOF | CHAN_F_EOF_NOTED | CHAN_F_SHUT))
		return POSTERN_E_CLOSED;
	c->flags |= CHAN_F_EOF_NOTED;
	r = chan_end(h, c);
	if (r != POSTERN_OK)
		c->flags &= ~CHAN_F_EOF_NOTED;
	return r;
}

static int32_t
send_exit(struct host *h, struct chan *c, const struct put *w)
{
	int32_t r;

	if (w->bad)
		return POSTERN_E_INVAL;
	if (c->flags & CHAN_F_EXIT)
		return POSTERN_E_CLOSED;
	r = queue(h, c, LINK_DOWN_CHAN_REQUEST, put_view(w), false);
	if (r == POSTERN_OK)
		c->flags |= CHAN_F_EXIT;
	return r;
}

static int32_t
channel_exit_status(const struct postern_host *face, struct postern_channel channel, uint32_t status)
{
	struct host *h = host_of(face);
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	put_cstr(&w, "exit-status");
	put_u32(&w, status);
	return send_exit(h, c, &w);
}

static int32_t
channel_exit_signal(const struct postern_host *face, struct postern_channel channel,
    struct postern_view name, uint32_t core_dumped, struct postern_view message)
{
	struct host *h = host_of(face);
	uint8_t buf[OUTQ_REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	put_cstr(&w, "exit-signal");
	put_string(&w, name.data, name.len);
	put_bool(&w, core_dumped != 0);
	put_string(&w, message.data, message.len);
	put_cstr(&w, ""); /* language tag */
	return send_exit(h, c, &w);
}

static int32_t
channel_reply(const struct postern_host *face, struct postern_channel channel, uint64_t token,
    uint32_t success)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	if (success > 1 || chan_resolve(h, c, token, success != 0) != 0)
		return POSTERN_E_INVAL;
	return POSTERN_OK;
}

static int32_t
channel_refuse(const struct postern_host *face, struct postern_channel channel, uint64_t token,
    int32_t result, struct postern_view text)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	if (result >= 0 || (text.data == NULL && text.len > 0) ||
	    chan_refuse(h, c, token, result, view_of(text.data, text.len)) != 0)
		return POSTERN_E_INVAL;
	return POSTERN_OK;
}

static int32_t
channel_request(const struct postern_host *face, struct postern_channel channel,
    struct postern_view name, struct postern_view body)
{
	struct host *h = host_of(face);
	uint8_t buf[OUTQ_REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));
	int32_t r;
	struct chan *c = face_live(h, channel, &r);

	if (c == NULL)
		return r;
	put_string(&w, name.data, name.len);
	put_bytes(&w, body.data, body.len);
	if (w.bad || name.len == 0)
		return POSTERN_E_INVAL;
	return queue(h, c, LINK_DOWN_CHAN_REQUEST, put_view(&w), false);
}

static int32_t
channel_close(const struct postern_host *face, struct postern_channel channel)
{
	struct host *h = host_of(face);
	int32_t r;
	struct chan *c = face_any(h, channel, &r);

	if (c == NULL)
		return r;
	if (c->flags & (CHAN_F_CLOSING | CHAN_F_CLOSE_NOTED))
		return POSTERN_E_CLOSED;
	if (c->flags & CHAN_F_ASKING) { /* closed as soon as it is open */
		c->flags |= CHAN_F_CLOSING | CHAN_F_LOCAL_EOF;
		return POSTERN_OK;
	}
	c->flags |= CHAN_F_CLOSE_NOTED;
	return chan_end(h, c);
}

const struct postern_if_channel face_channel = {
	.write = channel_write,
	.writev = channel_writev,
	.await_credit = channel_await_credit,
	.consume = channel_consume,
	.resume = channel_resume,
	.discard = channel_discard,
	.eof = channel_eof,
	.exit_status = channel_exit_status,
	.exit_signal = channel_exit_signal,
	.reply = channel_reply,
	.refuse = channel_refuse,
	.request = channel_request,
	.close = channel_close,
	.get = channel_get,
	.set = channel_set,
	.read = channel_read,
	.await = channel_await,
	.grow = channel_grow,
	.hold = channel_hold,
	.release = channel_release,
	.abort = channel_abort,
	.label = channel_label,
};
