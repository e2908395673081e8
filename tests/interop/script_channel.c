/* Steps of channels. */
#include "tests/interop/script_client.h"

#include <inttypes.h>
#include <stdlib.h>

int script_chan;

static int
do_open_send(const struct words *w)
{
	script_chan = client_open_send(c, word(w, 1, "session"));
	return script_chan >= 0 ? 0 : -1;
}

static int
do_open_recv(const struct words *w)
{
	int r = client_open_recv(c, script_chan);

	(void)w;
	if (r > 0) {
		printf("refused %" PRIu32 "\n", c->chan[script_chan].refusal);
		return client_fail(c, "the open was refused");
	}
	if (r == 0)
		printf("channel %d window=%" PRIu32 "\n", script_chan, c->chan[script_chan].send_window);
	return r;
}

static int
do_open(const struct words *w)
{
	return do_open_send(w) != 0 ? -1 : do_open_recv(w);
}

static int
do_channel(const struct words *w)
{
	script_chan = (int)number(w, 1, 0);
	return 0;
}

static int
do_reply(const struct words *w)
{
	int r = client_reply(c, script_chan);

	(void)w;
	return r > 0 ? client_fail(c, "the request was refused") : r;
}

static int
do_pty_send(const struct words *w)
{
	return client_pty(c, script_chan, word(w, 1, "xterm"), number(w, 2, 80), number(w, 3, 24));
}

static int
do_pty(const struct words *w)
{
	return do_pty_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_env(const struct words *w)
{
	int r = client_env(c, script_chan, w->word[1], w->word[2]) != 0 ? -1 : client_reply(c, script_chan);

	printf("env-reply %d\n", r);
	return r < 0 ? -1 : 0;
}

static int
do_shell_send(const struct words *w)
{
	(void)w;
	return client_shell(c, script_chan);
}

static int
do_shell(const struct words *w)
{
	return do_shell_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_exec_send(const struct words *w)
{
	return client_exec(c, script_chan, w->word[1]);
}

static int
do_exec(const struct words *w)
{
	return do_exec_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_subsystem_send(const struct words *w)
{
	return client_subsystem(c, script_chan, w->word[1]);
}

static int
do_subsystem(const struct words *w)
{
	return do_subsystem_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_window_change(const struct words *w)
{
	return client_window_change(c, script_chan, number(w, 1, 80), number(w, 2, 24));
}

static int
do_signal(const struct words *w)
{
	return client_signal(c, script_chan, w->word[1]);
}

static int
do_data(const struct words *w)
{
	return client_write(c, script_chan, w->word[1], strlen(w->word[1]));
}

static int
do_line(const struct words *w)
{
	return do_data(w) != 0 ? -1 : client_write(c, script_chan, "\n", 1);
}

static int
do_zeros(const struct words *w)
{
	static const uint8_t zeros[1 << 16];
	uint64_t left = strtoull(w->word[1], NULL, 0);

	while (left > 0) {
		size_t n = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		if (client_write(c, script_chan, zeros, n) != 0)
			return -1;
		left -= n;
	}
	return 0;
}

/* As much as the peer may send now, of zeros. */
static int
do_fill(const struct words *w)
{
	static const uint8_t zeros[1 << 16];

	(void)w;
	if (script_chan < 0 || (unsigned)script_chan >= CLIENT_CHANS)
		return client_fail(c, "no such channel");
	for (uint32_t left = c->chan[script_chan].send_window; left > 0;) {
		uint32_t n = left < sizeof(zeros) ? left : (uint32_t)sizeof(zeros);

		if (client_write(c, script_chan, zeros, n) != 0)
			return -1;
		left -= n;
	}
	return 0;
}

static int
do_out(const struct words *w)
{
	if (script_chan < 0 || (unsigned)script_chan >= CLIENT_CHANS)
		return client_fail(c, "no such channel");
	c->chan[script_chan].out = fopen(w->word[1], "we");
	return c->chan[script_chan].out != NULL ? 0 : client_fail(c, "cannot write there");
}

static int
do_eof(const struct words *w)
{
	(void)w;
	return client_eof(c, script_chan);
}

static int
do_close(const struct words *w)
{
	(void)w;
	return client_close(c, script_chan);
}

static int
do_hold(const struct words *w)
{
	if (script_chan < 0 || (unsigned)script_chan >= CLIENT_CHANS)
		return client_fail(c, "no such channel");
	c->chan[script_chan].hold = strcmp(w->word[1], "on") == 0;
	return c->chan[script_chan].hold ? 0 : client_release(c, script_chan);
}

static int
do_expect_data(const struct words *w)
{
	return client_wait_text(c, script_chan, w->word[1]);
}

static int
do_wait_bytes(const struct words *w)
{
	if (client_wait_bytes(c, script_chan, strtoull(w->word[1], NULL, 0)) != 0)
		return -1;
	printf("received %" PRIu64 "\n", c->chan[script_chan].received);
	return 0;
}

static int
do_wait_eof(const struct words *w)
{
	(void)w;
	return client_wait_eof(c, script_chan);
}

static int
do_wait_exit(const struct words *w)
{
	const struct client_chan *ch;

	if (client_wait_exit(c, script_chan) != 0)
		return -1;
	ch = &c->chan[script_chan];
	if (ch->has_status)
		printf("exit-status %" PRIu32 "\n", ch->status);
	else if (ch->has_signal)
		printf("exit-signal %s\n", ch->signal);
	else
		printf("exit-none\n");
	if (w->count > 1 && (!ch->has_status || ch->status != number(w, 1, 0)))
		return client_fail(c, "another exit status was expected");
	return 0;
}

static int
do_wait_close(const struct words *w)
{
	FILE *out = script_chan >= 0 && (unsigned)script_chan < CLIENT_CHANS ? c->chan[script_chan].out : NULL;

	(void)w;
	if (client_wait_close(c, script_chan) != 0)
		return -1;
	printf(
	    "received %" PRIu64 " stderr %" PRIu64 "\n", c->chan[script_chan].received, c->chan[script_chan].received_ext);
	c->chan[script_chan].out = NULL;
	return out == NULL || fclose(out) == 0 ? 0 : client_fail(c, "cannot write the output");
}

static int
do_global(const struct words *w)
{
	int r = client_global(c, w->word[1], true) != 0 ? -1 : client_global_reply(c);

	if (r >= 0)
		printf("global-reply %s\n", r == 0 ? "success" : "failure");
	return r < 0 ? -1 : 0;
}

const struct command script_channel[] = {
	{ "open", 1, 2, do_open, "[TYPE]: open-send and open-recv; later steps are about it" },
	{ "open-send", 1, 2, do_open_send, "[TYPE]" },
	{ "open-recv", 1, 1, do_open_recv, "" },
	{ "channel", 2, 2, do_channel, "N: later steps are about channel N" },
	{ "reply", 1, 1, do_reply, "wait for the reply to a request" },
	{ "pty", 1, 4, do_pty, "[TERM [COLS [ROWS]]]" },
	{ "pty-send", 1, 4, do_pty_send, "[TERM [COLS [ROWS]]]" },
	{ "env", 3, 3, do_env, "NAME VALUE; either reply" },
	{ "shell", 1, 1, do_shell, "" },
	{ "shell-send", 1, 1, do_shell_send, "" },
	{ "exec", 2, 2, do_exec, "COMMAND" },
	{ "exec-send", 2, 2, do_exec_send, "COMMAND" },
	{ "subsystem", 2, 2, do_subsystem, "NAME" },
	{ "subsystem-send", 2, 2, do_subsystem_send, "NAME" },
	{ "window-change", 3, 3, do_window_change, "COLS ROWS" },
	{ "signal", 2, 2, do_signal, "NAME" },
	{ "data", 2, 2, do_data, "TEXT" },
	{ "line", 2, 2, do_line, "TEXT and a newline" },
	{ "zeros", 2, 2, do_zeros, "COUNT bytes of zero" },
	{ "fill", 1, 1, do_fill, "zeros, as many as the window lets through" },
	{ "out", 2, 2, do_out, "FILE: write the channel's data there too" },
	{ "eof", 1, 1, do_eof, "" },
	{ "close", 1, 1, do_close, "" },
	{ "hold", 2, 2, do_hold, "on|off: do not open the channel's window again" },
	{ "expect-data", 2, 2, do_expect_data, "TEXT: until the channel has sent it" },
	{ "wait-bytes", 2, 2, do_wait_bytes, "COUNT: until the channel has sent so many" },
	{ "wait-eof", 1, 1, do_wait_eof, "" },
	{ "wait-exit", 1, 2, do_wait_exit, "[STATUS]: until exit-status, exit-signal or CLOSE" },
	{ "wait-close", 1, 1, do_wait_close, "" },
	{ "global", 2, 2, do_global, "NAME: a global request; either reply" },
	{ .name = NULL },
};
