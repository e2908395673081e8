/* Steps of channels in numbers: windows, streams, requests as they are on the wire. */
#include "tests/interop/script_client.h"

#include <inttypes.h>
#include <stdlib.h>

static struct view
text(const struct words *w, int i)
{
	const char *at = word(w, i, "");

	return view_of((const uint8_t *)at, strlen(at));
}

static int
do_open_as(const struct words *w)
{
	script_chan = client_open_as(c, w->word[1], number(w, 2, 0), number(w, 3, 0), text(w, 4));
	return script_chan >= 0 ? 0 : -1;
}

static int
do_refused(const struct words *w)
{
	int r = client_open_recv(c, script_chan);

	if (r == 0)
		return client_fail(c, "the open was not refused");
	if (r > 0 && c->chan[script_chan].refusal != number(w, 1, 0)) {
		snprintf(c->error, sizeof(c->error), "refused with %" PRIu32, c->chan[script_chan].refusal);
		return -1;
	}
	return r > 0 ? 0 : -1;
}

static int
do_accept(const struct words *w)
{
	c->accept = strcmp(w->word[1], "on") == 0;
	return 0;
}

/* What the plugin of conform.sh is to do. */
static int
do_ask_send(const struct words *w)
{
	return client_request(c, script_chan, "do@conform", text(w, 1), true);
}

static int
do_ask(const struct words *w)
{
	int r = do_ask_send(w) != 0 ? -1 : client_reply(c, script_chan);

	return r > 0 ? client_fail(c, "the plugin did not do it") : r;
}

static int
request(const struct words *w, bool want_reply)
{
	uint8_t body[1024];
	ssize_t len = unhex(body, sizeof(body), word(w, 2, ""));

	return len < 0 ? client_fail(c, "not hex") :
	    client_request(c, script_chan, w->word[1], view_of(body, (size_t)len), want_reply);
}

static int
do_request(const struct words *w)
{
	return request(w, true);
}

static int
do_notify(const struct words *w)
{
	return request(w, false);
}

static int
do_failure(const struct words *w)
{
	int r = client_reply(c, script_chan);

	(void)w;
	return r == 0 ? client_fail(c, "the request was granted") : r > 0 ? 0 : -1;
}

static int
do_extended(const struct words *w)
{
	return client_data(c, script_chan, number(w, 1, 0), text(w, 2));
}

static int
do_packet(const struct words *w)
{
	static const uint8_t zeros[1 << 18];
	size_t len = number(w, 2, 0);

	return len > sizeof(zeros) ? client_fail(c, "too much") :
	    client_data(c, script_chan, number(w, 1, 0), view_of(zeros, len));
}

static int
do_adjust(const struct words *w)
{
	return client_adjust(c, script_chan, number(w, 1, 0));
}

static int
do_window(const struct words *w)
{
	const struct client_chan *ch = &c->chan[script_chan < 0 ? 0 : script_chan];
	uint32_t expected = number(w, 1, 0);

	while (ch->send_window < expected && !ch->closed)
		if (client_step(c) != 0)
			return -1;
	if (ch->send_window >= expected && (expected > 0 || ch->send_window == 0))
		return 0;
	snprintf(c->error, sizeof(c->error), "the window is %" PRIu32, ch->send_window);
	return -1;
}

/* Bytes of data and of stderr, exactly, all that came so far. */
static int
do_came(const struct words *w)
{
	const struct client_chan *ch = &c->chan[script_chan < 0 ? 0 : script_chan];

	if (ch->received == number(w, 1, 0) && ch->received_ext == number(w, 2, 0))
		return 0;
	snprintf(c->error, sizeof(c->error), "%" PRIu64 " and %" PRIu64 " came", ch->received, ch->received_ext);
	return -1;
}

/* What is so now: nothing is waited for. */
static int
do_not(const struct words *w)
{
	const struct client_chan *ch = &c->chan[script_chan < 0 ? 0 : script_chan];
	bool so = strcmp(w->word[1], "eof") == 0 ? ch->eof : strcmp(w->word[1], "closed") == 0 ? ch->closed : true;

	return so ? client_fail(c, "it is so, or is not known") : 0;
}

const struct command script_wire[] = {
	{ "open-as", 4, 5, do_open_as, "TYPE WINDOW MAX [BODY]: only sends it" },
	{ "refused", 2, 2, do_refused, "CODE: the open is, so" },
	{ "accept", 2, 2, do_accept, "on|off: channels that the server opens" },
	{ "ask", 2, 2, do_ask, "COMMAND of the conformance plugin, done" },
	{ "ask-send", 2, 2, do_ask_send, "COMMAND" },
	{ "request", 2, 3, do_request, "NAME [HEX]: a reply is wanted, not waited for" },
	{ "notify", 2, 3, do_notify, "NAME [HEX]: no reply is wanted" },
	{ "failure", 1, 1, do_failure, "is the reply" },
	{ "extended", 3, 3, do_extended, "STREAM TEXT" },
	{ "packet", 3, 3, do_packet, "STREAM COUNT: one message of zeros, whatever the window" },
	{ "adjust", 2, 2, do_adjust, "COUNT: open the server's window so much more" },
	{ "window", 2, 2, do_window, "COUNT: ours opens to that at least; 0: it is shut now" },
	{ "came", 2, 3, do_came, "COUNT [STDERR]: bytes so far" },
	{ "not", 2, 2, do_not, "eof|closed: the channel is, now" },
	{ .name = NULL },
};
