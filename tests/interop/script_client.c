/*
 * script-client: an SSH client that does what it is told, step by step, for
 * shell tests that stop or kill the server in between.
 *
 * usage: script-client [STEP...]      steps as arguments, or else one per line
 *                                     of standard input
 *
 * One line per step and event on standard output: the step's name and what came
 * of it; "AT NAME" from `pause NAME`, which then waits for a line of standard
 * input. The first step that fails prints "ERROR step: text" and ends the
 * program with 1; a step with "!" in front must fail. `script-client help`
 * lists the steps. See client.h for what the client does by itself.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/client.h"

#define WORDS 8

static struct client client;
static struct client *const c = &client;
static int chan; /* the one that steps are about */
static bool verbose;
static bool done;

struct words {
	const char *word[WORDS];
	int count;
};

static const char *
word(const struct words *w, int i, const char *otherwise)
{
	return i < w->count ? w->word[i] : otherwise;
}

static uint32_t
number(const struct words *w, int i, uint32_t otherwise)
{
	return i < w->count ? (uint32_t)strtoul(w->word[i], NULL, 0) : otherwise;
}

static void
print_hex(FILE *f, const char *name, const uint8_t *data, size_t len)
{
	fprintf(f, "%s ", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", data[i]);
	fputc('\n', f);
}

static ssize_t
unhex(uint8_t *out, size_t max, const char *text)
{
	size_t len = 0;

	for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
		char pair[3] = { text[0], text[1], '\0' };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) || len == max)
			return -1;
		out[len++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return text[0] == '\0' ? (ssize_t)len : -1;
}

/* ---- connection ---- */

static int
do_connect(const struct words *w)
{
	return client_connect(c, w->word[1], w->word[2]);
}

static int
do_ident_send(const struct words *w)
{
	if (w->count > 1)
		snprintf(c->ident_ours, sizeof(c->ident_ours), "%s", w->word[1]);
	return client_ident_send(c);
}

static int
do_ident_recv(const struct words *w)
{
	(void)w;
	if (client_ident_recv(c) != 0)
		return -1;
	printf("server-ident %s\n", c->ident_theirs);
	return 0;
}

static int
do_ident(const struct words *w)
{
	return do_ident_send(w) != 0 ? -1 : do_ident_recv(w);
}

static int
do_disconnect(const struct words *w)
{
	(void)w;
	return client_disconnect(c);
}

static int
do_drop(const struct words *w)
{
	(void)w;
	close(c->fd);
	c->fd = -1;
	return 0;
}

static int
do_expect_close(const struct words *w)
{
	if (client_expect_close(c) != 0)
		return -1;
	printf("closed disconnect=%" PRIu32 " %s\n", c->disconnect, c->disconnect_text);
	return c->disconnect == number(w, 1, c->disconnect) ? 0 : client_fail(c, "another code was expected");
}

/* For what is no record: the line before a close. */
static int
do_expect_end(const struct words *w)
{
	(void)w;
	while (!c->closed)
		if (client_fill(c) != 0 && !c->closed)
			return -1;
	printf("text ");
	for (size_t i = 0; i < c->inbuf.len; i++) {
		int ch = c->inbuf.data[c->inbuf.start + i];

		putchar(isprint(ch) ? ch : '?');
	}
	printf("\n");
	return 0;
}

/* ---- key exchange ---- */

static int
do_kexinit_send(const struct words *w)
{
	c->guess = strcmp(word(w, 1, ""), "guess") == 0;
	return client_kexinit_send(c);
}

static int
do_kexinit_recv(const struct words *w)
{
	(void)w;
	if (client_kexinit_recv(c) != 0)
		return -1;
	printf("negotiated kex=%s host-key=%s cipher=%s strict=%d ext-info=%d\n", c->choice.kex,
	    c->choice.host_key, c->choice.cipher_c2s, c->strict, c->ext_info);
	return 0;
}

static int
do_kexinit(const struct words *w)
{
	return do_kexinit_send(w) != 0 ? -1 : do_kexinit_recv(w);
}

static int
do_kexdh_send(const struct words *w)
{
	(void)w;
	return client_kexdh_send(c);
}

static int
do_kexdh_recv(const struct words *w)
{
	(void)w;
	if (client_kexdh_recv(c) != 0)
		return -1;
	print_hex(stdout, "host-key", c->host_key, c->host_key_len);
	print_hex(stdout, "session-id", c->session_id, sizeof(c->session_id));
	return 0;
}

static int
do_kexdh(const struct words *w)
{
	return do_kexdh_send(w) != 0 ? -1 : do_kexdh_recv(w);
}

static int
do_newkeys_send(const struct words *w)
{
	(void)w;
	return client_newkeys_send(c);
}

static int
do_newkeys_recv(const struct words *w)
{
	(void)w;
	return client_newkeys_recv(c);
}

static int
do_newkeys(const struct words *w)
{
	return do_newkeys_send(w) != 0 ? -1 : do_newkeys_recv(w);
}

static int
do_kex(const struct words *w)
{
	(void)w;
	if (client_kex(c) != 0)
		return -1;
	printf("exchanges %u\n", c->exchanges);
	return 0;
}

static int
do_wait_rekey(const struct words *w)
{
	if (client_rekeyed(c, number(w, 1, c->exchanges + 1)) != 0)
		return -1;
	printf("exchanges %u\n", c->exchanges);
	return 0;
}

static int
do_markers(const struct words *w)
{
	c->markers = strcmp(w->word[1], "on") == 0;
	return 0;
}

static int
do_keys_to(const struct words *w)
{
	FILE *f = fopen(w->word[1], "we");

	if (f == NULL)
		return client_fail(c, "cannot write there");
	for (unsigned i = 0; i < c->exchanges && i < CLIENT_EXCHANGES; i++) {
		const struct client_secrets *s = &c->secrets[i];

		print_hex(f, "shared", s->shared, s->shared_len);
		print_hex(f, "key-c2s", s->c2s.key, 16);
		print_hex(f, "key-s2c", s->s2c.key, 16);
	}
	return fclose(f) == 0 ? 0 : client_fail(c, "cannot write there");
}

/* ---- login ---- */

static int
do_service_send(const struct words *w)
{
	return client_service_send(c, word(w, 1, "ssh-userauth"));
}

static int
do_service_recv(const struct words *w)
{
	(void)w;
	return client_service_recv(c);
}

static int
do_service(const struct words *w)
{
	return do_service_send(w) != 0 ? -1 : do_service_recv(w);
}

static int
send_key(const struct words *w, bool sign)
{
	struct client_key key;
	const char *why;

	if (client_key_load(&key, w->word[2], &why) != 0)
		return client_fail(c, why);
	return client_auth_key_send(c, w->word[1], &key, sign);
}

static int
do_auth_none_send(const struct words *w)
{
	return client_auth_none_send(c, w->word[1]);
}

static int
do_auth_query_send(const struct words *w)
{
	return send_key(w, false);
}

static int
do_auth_send(const struct words *w)
{
	return send_key(w, true);
}

/* Fails unless the answer is the expected one; any will do for -1. */
static int
auth_answer(int expected)
{
	static const char *const names[] = { "success", "failure", "pk-ok" };
	int r = client_auth_recv(c);

	if (r < 0)
		return -1;
	printf("auth %s", names[r]);
	if (r == CLIENT_AUTH_FAILURE)
		printf(" methods=%s partial=%d", c->methods, c->partial);
	printf("\n");
	return expected < 0 || r == expected ? 0 : client_fail(c, "another answer was expected");
}

static int
do_auth_recv(const struct words *w)
{
	(void)w;
	return auth_answer(-1);
}

static int
do_auth_none(const struct words *w)
{
	return do_auth_none_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_FAILURE);
}

static int
do_auth_query(const struct words *w)
{
	return do_auth_query_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_PK_OK);
}

static int
do_auth(const struct words *w)
{
	return do_auth_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_SUCCESS);
}

/* ---- channels ---- */

static int
do_open_send(const struct words *w)
{
	chan = client_open_send(c, word(w, 1, "session"));
	return chan >= 0 ? 0 : -1;
}

static int
do_open_recv(const struct words *w)
{
	int r = client_open_recv(c, chan);

	(void)w;
	if (r > 0) {
		printf("refused %" PRIu32 "\n", c->chan[chan].refusal);
		return client_fail(c, "the open was refused");
	}
	if (r == 0)
		printf("channel %d window=%" PRIu32 "\n", chan, c->chan[chan].send_window);
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
	chan = (int)number(w, 1, 0);
	return 0;
}

static int
do_reply(const struct words *w)
{
	int r = client_reply(c, chan);

	(void)w;
	return r > 0 ? client_fail(c, "the request was refused") : r;
}

static int
do_pty_send(const struct words *w)
{
	return client_pty(c, chan, word(w, 1, "xterm"), number(w, 2, 80), number(w, 3, 24));
}

static int
do_pty(const struct words *w)
{
	return do_pty_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_env(const struct words *w)
{
	int r = client_env(c, chan, w->word[1], w->word[2]) != 0 ? -1 : client_reply(c, chan);

	printf("env-reply %d\n", r);
	return r < 0 ? -1 : 0;
}

static int
do_shell_send(const struct words *w)
{
	(void)w;
	return client_shell(c, chan);
}

static int
do_shell(const struct words *w)
{
	return do_shell_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_exec_send(const struct words *w)
{
	return client_exec(c, chan, w->word[1]);
}

static int
do_exec(const struct words *w)
{
	return do_exec_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_subsystem_send(const struct words *w)
{
	return client_subsystem(c, chan, w->word[1]);
}

static int
do_subsystem(const struct words *w)
{
	return do_subsystem_send(w) != 0 ? -1 : do_reply(w);
}

static int
do_window_change(const struct words *w)
{
	return client_window_change(c, chan, number(w, 1, 80), number(w, 2, 24));
}

static int
do_signal(const struct words *w)
{
	return client_signal(c, chan, w->word[1]);
}

static int
do_data(const struct words *w)
{
	return client_write(c, chan, w->word[1], strlen(w->word[1]));
}

static int
do_line(const struct words *w)
{
	return do_data(w) != 0 ? -1 : client_write(c, chan, "\n", 1);
}

static int
do_zeros(const struct words *w)
{
	static const uint8_t zeros[1 << 16];
	uint64_t left = strtoull(w->word[1], NULL, 0);

	while (left > 0) {
		size_t n = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		if (client_write(c, chan, zeros, n) != 0)
			return -1;
		left -= n;
	}
	return 0;
}

static int
do_out(const struct words *w)
{
	if (chan < 0 || (unsigned)chan >= CLIENT_CHANS)
		return client_fail(c, "no such channel");
	c->chan[chan].out = fopen(w->word[1], "we");
	return c->chan[chan].out != NULL ? 0 : client_fail(c, "cannot write there");
}

static int
do_eof(const struct words *w)
{
	(void)w;
	return client_eof(c, chan);
}

static int
do_close(const struct words *w)
{
	(void)w;
	return client_close(c, chan);
}

static int
do_hold(const struct words *w)
{
	if (chan < 0 || (unsigned)chan >= CLIENT_CHANS)
		return client_fail(c, "no such channel");
	c->chan[chan].hold = strcmp(w->word[1], "on") == 0;
	return c->chan[chan].hold ? 0 : client_release(c, chan);
}

static int
do_expect_data(const struct words *w)
{
	return client_wait_text(c, chan, w->word[1]);
}

static int
do_wait_bytes(const struct words *w)
{
	if (client_wait_bytes(c, chan, strtoull(w->word[1], NULL, 0)) != 0)
		return -1;
	printf("received %" PRIu64 "\n", c->chan[chan].received);
	return 0;
}

static int
do_wait_eof(const struct words *w)
{
	(void)w;
	return client_wait_eof(c, chan);
}

static int
do_wait_exit(const struct words *w)
{
	const struct client_chan *ch;

	if (client_wait_exit(c, chan) != 0)
		return -1;
	ch = &c->chan[chan];
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
	FILE *out = chan >= 0 && (unsigned)chan < CLIENT_CHANS ? c->chan[chan].out : NULL;

	(void)w;
	if (client_wait_close(c, chan) != 0)
		return -1;
	printf(
	    "received %" PRIu64 " stderr %" PRIu64 "\n", c->chan[chan].received, c->chan[chan].received_ext);
	c->chan[chan].out = NULL;
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

/* ---- anything ---- */

static int
do_send(const struct words *w)
{
	static uint8_t payload[SSH_PAYLOAD_MAX];
	ssize_t len = unhex(payload, sizeof(payload), w->word[1]);

	return len < 0 ? client_fail(c, "not hex") : client_send(c, view_of(payload, (size_t)len));
}

static int
do_flip(const struct words *w)
{
	c->flip = (int)number(w, 1, 0);
	return 0;
}

static int
do_chop(const struct words *w)
{
	c->chop = number(w, 1, 0);
	return 0;
}

static int
do_raw(const struct words *w)
{
	static uint8_t bytes[65536];
	ssize_t len = unhex(bytes, sizeof(bytes), w->word[1]);

	return len < 0 ? client_fail(c, "not hex") : client_raw(c, bytes, (size_t)len);
}

static int
do_expect(const struct words *w)
{
	if (client_expect(c, (uint8_t)number(w, 1, 0)) != 0)
		return -1;
	print_hex(stdout, "record", c->payload.data, c->payload.len < 512 ? c->payload.len : 512);
	return 0;
}

static int
do_see(const struct words *w)
{
	do
		if (client_recv(c) != 0)
			return -1;
	while (c->payload.data[0] != number(w, 1, 0));
	return 0;
}

static int
do_pause(const struct words *w)
{
	char line[64];

	printf("AT %s\n", word(w, 1, "pause"));
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL ? 0 : client_fail(c, "standard input ended");
}

static int
do_timeout(const struct words *w)
{
	c->timeout_ms = (int)(1000 * number(w, 1, 15));
	return 0;
}

static int
do_verbose(const struct words *w)
{
	(void)w;
	verbose = true;
	return 0;
}

static int
do_quit(const struct words *w)
{
	(void)w;
	done = true;
	return 0;
}

static int do_help(const struct words *w);

struct command {
	const char *name;
	int least, most; /* words with the name; the last one is the rest of the line */
	int (*run)(const struct words *);
	const char *help;
};

static const struct command commands[] = {
	{ "connect", 3, 3, do_connect, "HOST PORT" },
	{ "ident", 1, 2, do_ident, "[LINE]: ident-send and ident-recv" },
	{ "ident-send", 1, 2, do_ident_send, "[LINE]" },
	{ "ident-recv", 1, 1, do_ident_recv, "" },
	{ "markers", 2, 2, do_markers, "on|off: offer strict kex and EXT_INFO" },
	{ "kexinit", 1, 2, do_kexinit, "[guess]: kexinit-send and kexinit-recv" },
	{ "kexinit-send", 1, 2, do_kexinit_send, "[guess]" },
	{ "kexinit-recv", 1, 1, do_kexinit_recv, "" },
	{ "kexdh", 1, 1, do_kexdh, "kexdh-send and kexdh-recv" },
	{ "kexdh-send", 1, 1, do_kexdh_send, "" },
	{ "kexdh-recv", 1, 1, do_kexdh_recv, "" },
	{ "newkeys", 1, 1, do_newkeys, "newkeys-send and newkeys-recv" },
	{ "newkeys-send", 1, 1, do_newkeys_send, "" },
	{ "newkeys-recv", 1, 1, do_newkeys_recv, "" },
	{ "kex", 1, 1, do_kex, "what is left of the exchange, or a new one" },
	{ "rekey", 1, 1, do_kex, "the same" },
	{ "wait-rekey", 1, 2, do_wait_rekey, "[COUNT]: until so many exchanges, or one more, are done" },
	{ "keys-to", 2, 2, do_keys_to, "FILE: secrets of all exchanges, in hex" },
	{ "service", 1, 2, do_service, "[NAME]: service-send and service-recv" },
	{ "service-send", 1, 2, do_service_send, "[NAME]" },
	{ "service-recv", 1, 1, do_service_recv, "" },
	{ "auth-none", 2, 2, do_auth_none, "USER; expects FAILURE" },
	{ "auth-none-send", 2, 2, do_auth_none_send, "USER" },
	{ "auth-query", 3, 3, do_auth_query, "USER KEYFILE; expects PK_OK" },
	{ "auth-query-send", 3, 3, do_auth_query_send, "USER KEYFILE" },
	{ "auth", 3, 3, do_auth, "USER KEYFILE; expects SUCCESS" },
	{ "auth-send", 3, 3, do_auth_send, "USER KEYFILE" },
	{ "auth-recv", 1, 1, do_auth_recv, "any answer" },
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
	{ "send", 2, 2, do_send, "HEX: a payload, sealed" },
	{ "raw", 2, 2, do_raw, "HEX: bytes as they are" },
	{ "flip", 2, 2, do_flip, "N: change a bit of the Nth byte of the next record; -1: the last" },
	{ "chop", 2, 2, do_chop, "N: send in pieces of N bytes; 0: whole" },
	{ "expect", 2, 2, do_expect, "NUMBER: until a record with that message number" },
	{ "see", 2, 2, do_see, "NUMBER: the same, and nothing is done about what comes" },
	{ "expect-close", 1, 2, do_expect_close,
	    "[CODE]: until the server closes, with that DISCONNECT; 0: none" },
	{ "expect-end", 1, 1, do_expect_end, "until the server closes, reading text" },
	{ "disconnect", 1, 1, do_disconnect, "send DISCONNECT" },
	{ "drop", 1, 1, do_drop, "close the socket" },
	{ "pause", 1, 2, do_pause, "NAME: print AT NAME, wait for a line on standard input" },
	{ "timeout", 2, 2, do_timeout, "SECONDS: of every wait" },
	{ "verbose", 1, 1, do_verbose, "print every record's number" },
	{ "help", 1, 1, do_help, "this list" },
	{ "quit", 1, 1, do_quit, "" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int
do_help(const struct words *w)
{
	(void)w;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-16s %s\n", commands[i].name, commands[i].help);
	done = true;
	return 0;
}

static const struct command *
command_of(const char *line)
{
	size_t len = strcspn(line, " \t");

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strlen(commands[i].name) == len && strncmp(commands[i].name, line, len) == 0)
			return &commands[i];
	return NULL;
}

/* At most `most` words; the last one is what is left of the line. */
static void
split(struct words *w, char *line, int most)
{
	w->count = 0;
	while (w->count < most) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		w->word[w->count++] = line;
		if (w->count == most)
			break;
		line += strcspn(line, " \t");
		if (*line != '\0')
			*line++ = '\0';
	}
}

static int
run_step(const char *step)
{
	static char line[2 * SSH_PAYLOAD_MAX + 64];
	bool must_fail = step[0] == '!';
	const struct command *cmd;
	struct words w;
	int r;

	snprintf(line, sizeof(line), "%s", step + (must_fail ? 1 : 0));
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	cmd = command_of(line);
	if (cmd != NULL)
		split(&w, line, cmd->most);
	if (cmd == NULL || w.count < cmd->least) {
		printf("ERROR %s: no such step, or words are missing\n", line);
		return -1;
	}
	r = cmd->run(&w);
	if ((r != 0) != must_fail) {
		printf("ERROR %s: %s\n", cmd->name, r != 0 ? c->error : "did not fail");
		return -1;
	}
	printf("%s %s%s\n", cmd->name, r != 0 ? "failed: " : "ok", r != 0 ? c->error : "");
	fflush(stdout);
	return 0;
}

static void
watch(struct client *cl, void *arg, struct view payload)
{
	(void)cl;
	(void)arg;
	if (verbose)
		printf("* %u %zu\n", payload.data[0], payload.len);
}

int
main(int argc, char **argv)
{
	static char line[2 * SSH_PAYLOAD_MAX + 64];
	int r = client_init(c, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	c->watch = watch;
	if (r != 0)
		printf("ERROR init: %s\n", c->error);
	for (int i = 1; i < argc && r == 0 && !done; i++)
		r = run_step(argv[i]);
	while (argc == 1 && r == 0 && !done && fgets(line, sizeof(line), stdin) != NULL)
		r = run_step(line);
	client_fini(c);
	return r == 0 ? 0 : 1;
}
