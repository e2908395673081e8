/* Channels of the scripted client, RFC 4254. */
#include "tests/lib/client.h"

#define REQUEST_MAX 8192

static struct client_chan *
chan_of(struct client *c, int chan)
{
	if (chan < 0 || (unsigned)chan >= CLIENT_CHANS || !c->chan[chan].used) {
		client_fail(c, "no such channel");
		return NULL;
	}
	return &c->chan[chan];
}

static int
say(struct client *c, const struct put *w)
{
	return w->bad ? client_fail(c, "message too long") : client_say(c, put_view(w));
}

/* ---- opening ---- */

static int
chan_new(struct client *c, uint32_t window, uint32_t max)
{
	int chan = 0;

	while ((unsigned)chan < CLIENT_CHANS && c->chan[chan].used)
		chan++;
	if ((unsigned)chan == CLIENT_CHANS)
		return client_fail(c, "too many channels");
	memset(&c->chan[chan], 0, sizeof(c->chan[chan]));
	c->chan[chan].used = true;
	c->chan[chan].recv_window = window;
	c->chan[chan].recv_max = max;
	return chan;
}

int
client_open_as(struct client *c, const char *type, uint32_t window, uint32_t max, struct view body)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));
	int chan = chan_new(c, window, max);

	if (chan < 0)
		return -1;
	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&w, type);
	put_u32(&w, (uint32_t)chan);
	put_u32(&w, window);
	put_u32(&w, max);
	put_bytes(&w, body.data, body.len);
	return say(c, &w) == 0 ? chan : -1;
}

int
client_open_send(struct client *c, const char *type)
{
	return client_open_as(c, type, CLIENT_WINDOW, SSH_CHAN_PACKET_MAX, view_of(NULL, 0));
}

int
client_open_recv(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (!ch->open && !ch->refused)
		if (client_step(c) != 0)
			return -1;
	if (ch->refused)
		ch->used = false;
	return ch->open ? 0 : 1;
}

/* ---- what the server sends ---- */

static int
send_number(struct client *c, const struct client_chan *ch, uint8_t number)
{
	uint8_t buf[8];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, number);
	put_u32(&w, ch->peer);
	return say(c, &w);
}

static int
adjust(struct client *c, struct client_chan *ch)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	if (ch->hold || ch->close_sent || ch->consumed < CLIENT_WINDOW / 4)
		return 0;
	put_u8(&w, SSH_MSG_CHANNEL_WINDOW_ADJUST);
	put_u32(&w, ch->peer);
	put_u32(&w, ch->consumed);
	ch->recv_window += ch->consumed;
	ch->consumed = 0;
	return say(c, &w);
}

int
client_release(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	ch->hold = false;
	return adjust(c, ch);
}

static void
keep_tail(struct client_chan *ch, struct view data)
{
	size_t len = data.len < sizeof(ch->tail) ? data.len : sizeof(ch->tail);
	size_t old = ch->tail_len;

	if (old + len > sizeof(ch->tail)) {
		old = sizeof(ch->tail) - len;
		memmove(ch->tail, ch->tail + ch->tail_len - old, old);
	}
	memcpy(ch->tail + old, data.data + data.len - len, len);
	ch->tail_len = old + len;
}

static int
take_data(struct client *c, struct client_chan *ch, struct cur *p, bool extended)
{
	struct view data;

	if (extended)
		cur_u32(p);
	data = cur_string(p);
	if (!cur_done(p))
		return client_fail(c, "malformed data");
	if (data.len > ch->recv_window)
		return client_fail(c, "the server overran the window");
	if (data.len > ch->recv_max)
		return client_fail(c, "a message beyond the maximum packet");
	if (ch->eof || ch->closed)
		return client_fail(c, "data after EOF");
	ch->recv_window -= (uint32_t)data.len;
	ch->consumed += (uint32_t)data.len;
	*(extended ? &ch->received_ext : &ch->received) += data.len;
	if (data.len > 0)
		keep_tail(ch, data);
	if (ch->out != NULL && !extended && fwrite(data.data, 1, data.len, ch->out) != data.len)
		return client_fail(c, "cannot write the output");
	return adjust(c, ch);
}

static int
take_request(struct client *c, struct client_chan *ch, struct cur *p)
{
	struct view name = cur_string(p);
	bool want_reply = cur_bool(p);

	if (view_is(name, "exit-status")) {
		ch->status = cur_u32(p);
		ch->has_status = true;
	} else if (view_is(name, "exit-signal")) {
		struct view signal = cur_string(p);

		snprintf(ch->signal, sizeof(ch->signal), "%.*s", (int)signal.len,
		    signal.data != NULL ? (const char *)signal.data : "");
		ch->has_signal = true;
	}
	return want_reply ? send_number(c, ch, SSH_MSG_CHANNEL_FAILURE) : 0;
}

static int
take_close(struct client *c, struct client_chan *ch)
{
	if (ch->closed)
		return client_fail(c, "CLOSE twice");
	ch->closed = true;
	if (ch->close_sent)
		return 0;
	ch->close_sent = true;
	return send_number(c, ch, SSH_MSG_CHANNEL_CLOSE);
}

static int
answer_open(struct client *c, struct cur *p)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	int chan = c->accept ? chan_new(c, CLIENT_WINDOW, SSH_CHAN_PACKET_MAX) : 0;
	uint32_t peer;

	if (chan < 0)
		return -1;
	put_u8(&w, c->accept ? SSH_MSG_CHANNEL_OPEN_CONFIRMATION : SSH_MSG_CHANNEL_OPEN_FAILURE);
	cur_string(p);
	peer = cur_u32(p);
	put_u32(&w, peer);
	if (c->accept) {
		c->chan[chan].peer = peer;
		c->chan[chan].send_window = cur_u32(p);
		c->chan[chan].send_max = cur_u32(p);
		c->chan[chan].open = true;
		put_u32(&w, (uint32_t)chan);
		put_u32(&w, CLIENT_WINDOW);
		put_u32(&w, SSH_CHAN_PACKET_MAX);
	} else {
		put_u32(&w, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
		put_cstr(&w, "");
		put_cstr(&w, "");
	}
	return p->bad ? client_fail(c, "malformed open") : say(c, &w);
}

static int
take(struct client *c, struct client_chan *ch, struct cur *p, uint8_t number)
{
	switch (number) {
	case SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
		ch->peer = cur_u32(p);
		ch->send_window = cur_u32(p);
		ch->send_max = cur_u32(p);
		ch->open = true;
		return 0;
	case SSH_MSG_CHANNEL_OPEN_FAILURE:
		ch->refusal = cur_u32(p);
		ch->refused = true;
		return 0;
	case SSH_MSG_CHANNEL_WINDOW_ADJUST:
		ch->send_window += cur_u32(p);
		return 0;
	case SSH_MSG_CHANNEL_DATA:
	case SSH_MSG_CHANNEL_EXTENDED_DATA:
		return take_data(c, ch, p, number == SSH_MSG_CHANNEL_EXTENDED_DATA);
	case SSH_MSG_CHANNEL_EOF:
		ch->eof = true;
		return 0;
	case SSH_MSG_CHANNEL_CLOSE:
		return take_close(c, ch);
	case SSH_MSG_CHANNEL_REQUEST:
		return take_request(c, ch, p);
	default: /* SUCCESS, FAILURE */
		ch->replies++;
		ch->success = number == SSH_MSG_CHANNEL_SUCCESS;
		return 0;
	}
}

int
client_chan_in(struct client *c, uint8_t number)
{
	struct cur p = cur_view(c->payload);
	uint32_t chan;

	cur_u8(&p);
	if (number == SSH_MSG_CHANNEL_OPEN)
		return answer_open(c, &p);
	chan = cur_u32(&p);
	if (p.bad || chan >= CLIENT_CHANS || !c->chan[chan].used)
		return client_fail(c, "a message for a channel that is not there");
	return take(c, &c->chan[chan], &p, number);
}

/* ---- requests ---- */

int
client_request(struct client *c, int chan, const char *name, struct view rest, bool want_reply)
{
	struct client_chan *ch = chan_of(c, chan);
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	if (ch == NULL)
		return -1;
	put_u8(&w, SSH_MSG_CHANNEL_REQUEST);
	put_u32(&w, ch->peer);
	put_cstr(&w, name);
	put_bool(&w, want_reply);
	put_bytes(&w, rest.data, rest.len);
	return say(c, &w);
}

static int
request_strings(struct client *c, int chan, const char *name, const char *a, const char *b, bool want_reply)
{
	uint8_t buf[REQUEST_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, a);
	if (b != NULL)
		put_cstr(&w, b);
	return w.bad ? client_fail(c, "request too long")
		     : client_request(c, chan, name, put_view(&w), want_reply);
}

int
client_pty(struct client *c, int chan, const char *term, uint32_t cols, uint32_t rows)
{
	static const uint8_t no_modes[] = { 0 };
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, term);
	put_u32(&w, cols);
	put_u32(&w, rows);
	put_u32(&w, 0);
	put_u32(&w, 0);
	put_string(&w, no_modes, sizeof(no_modes));
	return w.bad ? client_fail(c, "terminal too long")
		     : client_request(c, chan, "pty-req", put_view(&w), true);
}

int
client_window_change(struct client *c, int chan, uint32_t cols, uint32_t rows)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	put_u32(&w, cols);
	put_u32(&w, rows);
	put_u32(&w, 0);
	put_u32(&w, 0);
	return client_request(c, chan, "window-change", put_view(&w), false);
}

int
client_shell(struct client *c, int chan)
{
	return client_request(c, chan, "shell", view_of(NULL, 0), true);
}

int
client_exec(struct client *c, int chan, const char *command)
{
	return request_strings(c, chan, "exec", command, NULL, true);
}

int
client_subsystem(struct client *c, int chan, const char *name)
{
	return request_strings(c, chan, "subsystem", name, NULL, true);
}

int
client_env(struct client *c, int chan, const char *name, const char *value)
{
	return request_strings(c, chan, "env", name, value, true);
}

int
client_signal(struct client *c, int chan, const char *name)
{
	return request_strings(c, chan, "signal", name, NULL, false);
}

int
client_reply(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (ch->replies == 0) {
		if (ch->closed)
			return client_fail(c, "closed without a reply");
		if (client_step(c) != 0)
			return -1;
	}
	ch->replies--;
	return ch->success ? 0 : 1;
}

/* ---- data ---- */

int
client_data(struct client *c, int chan, uint32_t stream, struct view data)
{
	static uint8_t buf[SSH_PAYLOAD_MAX];
	struct client_chan *ch = chan_of(c, chan);
	struct put w = put_of(buf, sizeof(buf));

	if (ch == NULL)
		return -1;
	put_u8(&w, stream == 0 ? SSH_MSG_CHANNEL_DATA : SSH_MSG_CHANNEL_EXTENDED_DATA);
	put_u32(&w, ch->peer);
	if (stream != 0)
		put_u32(&w, stream);
	put_string(&w, data.data, data.len);
	ch->send_window -= data.len < ch->send_window ? (uint32_t)data.len : ch->send_window;
	return say(c, &w);
}

int
client_adjust(struct client *c, int chan, uint32_t count)
{
	struct client_chan *ch = chan_of(c, chan);
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	if (ch == NULL)
		return -1;
	put_u8(&w, SSH_MSG_CHANNEL_WINDOW_ADJUST);
	put_u32(&w, ch->peer);
	put_u32(&w, count);
	ch->recv_window += count;
	return say(c, &w);
}

int
client_write(struct client *c, int chan, const void *data, size_t len)
{
	struct client_chan *ch = chan_of(c, chan);
	const uint8_t *p = data;

	if (ch == NULL)
		return -1;
	while (len > 0) {
		size_t n = len < SSH_CHAN_PACKET_MAX ? len : SSH_CHAN_PACKET_MAX;

		if (n > ch->send_max)
			n = ch->send_max;
		if (n > ch->send_window)
			n = ch->send_window;
		if (ch->closed)
			return client_fail(c, "the channel is closed");
		/* While keys are exchanged nothing is piled up behind them. */
		if (n == 0 || (c->kexinit_sent && !c->newkeys_sent && c->automatic)) {
			if (client_step(c) != 0)
				return -1;
			continue;
		}
		if (client_data(c, chan, 0, view_of(p, n)) != 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

int
client_eof(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	return ch != NULL ? send_number(c, ch, SSH_MSG_CHANNEL_EOF) : -1;
}

int
client_close(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL || ch->close_sent)
		return ch == NULL ? -1 : 0;
	ch->close_sent = true;
	return send_number(c, ch, SSH_MSG_CHANNEL_CLOSE);
}

/* ---- waiting ---- */

int
client_wait_text(struct client *c, int chan, const char *text)
{
	struct client_chan *ch = chan_of(c, chan);
	char *at;

	if (ch == NULL)
		return -1;
	while ((at = memmem(ch->tail, ch->tail_len, text, strlen(text))) == NULL) {
		if (ch->closed)
			return client_fail(c, "closed before the text came");
		if (client_step(c) != 0)
			return -1;
	}
	/* What was found is not found again. */
	at += strlen(text);
	ch->tail_len -= (size_t)(at - ch->tail);
	memmove(ch->tail, at, ch->tail_len);
	return 0;
}

int
client_wait_bytes(struct client *c, int chan, uint64_t count)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (ch->received < count) {
		if (ch->closed || ch->eof)
			return client_fail(c, "the channel ended before that");
		if (client_step(c) != 0)
			return -1;
	}
	return 0;
}

int
client_wait_eof(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (!ch->eof && !ch->closed)
		if (client_step(c) != 0)
			return -1;
	return 0;
}

int
client_wait_exit(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (!ch->has_status && !ch->has_signal && !ch->closed)
		if (client_step(c) != 0)
			return -1;
	return 0;
}

int
client_wait_close(struct client *c, int chan)
{
	struct client_chan *ch = chan_of(c, chan);

	if (ch == NULL)
		return -1;
	while (!ch->closed)
		if (client_step(c) != 0)
			return -1;
	if (!ch->close_sent && client_close(c, chan) != 0)
		return -1;
	ch->used = false;
	return 0;
}
