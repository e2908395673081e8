/*
 * The conformance plugin does what the peer of a channel asks it for, a word for a method
 * of the ABI, and says what it was told meanwhile.
 *
 * The request "do@conform" has a command as its body. Its reply says whether the result
 * was POSTERN_OK; with "not N" in front of the command, whether it was -N. Commands that
 * tell something write it as a line of data.
 */
#include "conform.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conform self;

struct chan *
chan_new(struct postern_channel id)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->id = id;
		c->takes = 1;
		c->end = -1;
	}
	return c;
}

/* ---- what it writes ---- */

void
push(struct chan *c)
{
	static const char filler[4096];
	uint64_t took = 0;

	while (c->lines_len > 0) {
		if (self.channels->write(self.host, c->id, 0, postern_view_of(c->lines, c->lines_len), &took) != POSTERN_OK || took == 0)
			return;
		c->lines_len -= took;
		memmove(c->lines, c->lines + took, c->lines_len);
	}
	while (c->left > 0) {
		uint64_t n = c->left < sizeof(filler) ? c->left : sizeof(filler);

		if (self.channels->write(self.host, c->id, c->left_stream, postern_view_of(filler, n), &took) != POSTERN_OK)
			return;
		c->left -= took;
		if (took < n)
			return;
	}
	if (c->end >= 0) {
		self.channels->exit_status(self.host, c->id, (uint32_t)c->end);
		self.channels->close(self.host, c->id);
	}
}

void
tell(struct chan *c, const char *format, ...)
{
	size_t room = sizeof(c->lines) - c->lines_len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(c->lines + c->lines_len, room, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n + 1 < room) {
		c->lines_len += (size_t)n;
		c->lines[c->lines_len++] = '\n';
	}
	push(c);
}

void
event(struct chan *c, const char *format, ...)
{
	size_t len = strlen(c->events);
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->events + len, sizeof(c->events) - len, format, ap);
	va_end(ap);
}

/* ---- commands ---- */

const char *
word_of(const struct words *w, int i)
{
	return w->word[i] != NULL ? w->word[i] : "";
}

uint64_t
number_of(const struct words *w, int i)
{
	return strtoull(word_of(w, i), NULL, 0);
}

struct postern_view
view_of(const struct words *w, int i)
{
	return postern_text(word_of(w, i));
}

static int32_t
run(struct chan *c, struct words *w)
{
	static const struct command *const tables[] = { commands_channel, commands_more };
	char *at = w->text;

	for (int i = 0; i < 4 && *at != '\0'; i++) {
		w->word[i] = at;
		if (i == 3 || (at = strchr(at, ' ')) == NULL)
			break;
		*at++ = '\0';
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct command *row = tables[i]; row->name != NULL; row++)
			if (strcmp(word_of(w, 0), row->name) == 0)
				return row->run(c, w);
	return POSTERN_E_NOSUCH;
}

static int32_t
command(struct chan *c, struct postern_view body)
{
	struct words w = { .word = { NULL } };
	long expected = 0;
	char *rest = NULL;

	if (body.len >= sizeof(w.text))
		return POSTERN_E_INVAL;
	memcpy(w.text, body.data, body.len);
	if (strncmp(w.text, "not ", 4) == 0) {
		expected = -strtol(w.text + 4, &rest, 10);
		memmove(w.text, rest + 1, strlen(rest));
	}
	return run(c, &w) == expected ? POSTERN_OK : POSTERN_E_FAIL;
}

/* ---- channels ---- */

static int32_t
open_answer(struct postern_channel channel, const struct postern_start *start)
{
	static const struct {
		const char *word;
		int32_t result;
	} answers[] = { { "denied", POSTERN_E_DENIED }, { "nosuch", POSTERN_E_NOSUCH }, { "nomem", POSTERN_E_NOMEM },
	    { "failed", POSTERN_E_FAIL } };

	for (size_t i = 0; start->kind == POSTERN_START_OPEN && i < sizeof(answers) / sizeof(answers[0]); i++)
		if (postern_view_is(start->body, answers[i].word))
			return answers[i].result;
	if (start->kind != POSTERN_START_OPEN || !postern_view_is(start->body, "later"))
		return POSTERN_OK;
	if (self.opens == WAITING_MAX)
		return POSTERN_E_NOMEM;
	self.open[self.opens].channel = channel;
	self.open[self.opens++].token = start->token;
	return POSTERN_E_AGAIN;
}

static int32_t
conform_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	int32_t r = open_answer(channel, start);
	struct chan *c;
	int len;

	(void)plugin;
	if (r != POSTERN_OK && r != POSTERN_E_AGAIN)
		return r;
	c = chan_new(channel);
	if (c == NULL)
		return POSTERN_E_NOMEM;
	len = snprintf(c->start, sizeof(c->start), "start %u %.*s [%.*s] term %.*s %ux%u modes %u env", (unsigned)start->kind,
	    (int)start->name.len, (const char *)start->name.data, (int)start->body.len, (const char *)start->body.data,
	    (int)start->terminal.len, (const char *)start->terminal.data, (unsigned)start->window.columns,
	    (unsigned)start->window.rows, (unsigned)start->modes.len);
	for (uint64_t i = 0; i < start->environment_count && len > 0 && (size_t)len < sizeof(c->start); i++)
		len += snprintf(c->start + len, sizeof(c->start) - (size_t)len, " %.*s=%.*s",
		    (int)start->environment[i].name.len, (const char *)start->environment[i].name.data,
		    (int)start->environment[i].value.len, (const char *)start->environment[i].value.data);
	*context = c;
	return r;
}

static int32_t
conform_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct chan *c = context;

	if (!c->takes)
		return POSTERN_OK;
	*(stream == POSTERN_STREAM_DATA ? &c->data : &c->extended) += bytes.len;
	c->stream = stream;
	*took = bytes.len;
	return POSTERN_OK;
}

static void
conform_closed(void *context, uint32_t reason)
{
	self.closed[reason < 3 ? reason : 2]++;
	free(context);
}

static void
conform_eof(void *context)
{
	event(context, "eof.");
}

static void
conform_writable(void *context, uint64_t credit)
{
	event(context, "writable %" PRIu64 ".", credit);
	push(context);
}

static void
conform_window_change(void *context, const struct postern_window *window)
{
	event(context, "size %ux%u.", (unsigned)window->columns, (unsigned)window->rows);
}

static void
conform_signal(void *context, struct postern_view name)
{
	event(context, "signal %.*s.", (int)name.len, (const char *)name.data);
}

static int32_t
conform_break(void *context, uint64_t token, uint32_t milliseconds)
{
	(void)token;
	event(context, "break %u.", (unsigned)milliseconds);
	return POSTERN_OK;
}

static int32_t
conform_request(void *context, uint64_t token, struct postern_view name, struct postern_view body)
{
	struct chan *c = context;

	if (postern_view_is(name, "do@conform"))
		return command(c, body);
	event(c, "request %.*s.", (int)name.len, (const char *)name.data);
	if (!c->later || c->tokens == WAITING_MAX)
		return POSTERN_E_NOSUCH;
	c->token[c->tokens++] = token;
	return POSTERN_E_AGAIN;
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("conform") },
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("asks") },
	{ POSTERN_START_OPEN, 0, POSTERN_LITERAL("open@conform") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = conform_open,
	.data = conform_data,
	.closed = conform_closed,
	.eof = conform_eof,
	.writable = conform_writable,
	.window_change = conform_window_change,
	.signal = conform_signal,
	.send_break = conform_break,
	.request = conform_request,
};

/* ---- requests that are no channel's ---- */

/* By turns with success and its body, and without. */
static void
answer(void *context)
{
	static unsigned answered;
	struct waiting_global *at = context;
	uint32_t success = answered++ % 2 == 0;

	self.connections->reply(self.host, at->connection, at->token, success, postern_text(success ? "body" : ""));
	at->token = 0;
}

/* Answered later. */
static int32_t
conform_asked(struct postern_plugin *plugin, struct postern_connection connection, uint64_t session, uint64_t token,
    uint32_t kind, uint32_t wanted, struct postern_view name, struct postern_view body)
{
	struct waiting_global *at = self.global;
	uint64_t id;

	(void)plugin, (void)session, (void)kind, (void)wanted, (void)name, (void)body;
	while (at < self.global + WAITING_MAX && at->token != 0)
		at++;
	if (at == self.global + WAITING_MAX || self.loop->timer(self.host, 1, answer, at, &id) != POSTERN_OK)
		return POSTERN_E_NOMEM;
	at->connection = connection;
	at->token = token;
	return POSTERN_E_AGAIN;
}

static const struct postern_answers answers_rows[] = {
	{ POSTERN_REQUEST_GLOBAL, 0, POSTERN_LITERAL("global@conform") },
};

static const struct postern_if_requests requests = {
	.answers = answers_rows,
	.answers_count = 1,
	.request = conform_asked,
};

static const void *
conform_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	if (postern_view_is(id, POSTERN_IF_REQUESTS))
		return &requests;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static struct postern_plugin instance = { .size = sizeof(instance), .query = conform_query };

static int32_t
conform_create(const struct postern_host *from, struct postern_plugin **out)
{
	self.host = from;
	self.channels = from->query(from, postern_text(POSTERN_IF_CHANNEL));
	self.sessions = from->query(from, postern_text(POSTERN_IF_SESSION));
	self.connections = from->query(from, postern_text(POSTERN_IF_CONNECTION));
	self.logs = from->query(from, postern_text(POSTERN_IF_LOG));
	self.loop = from->query(from, postern_text(POSTERN_IF_LOOP));
	*out = &instance;
	return self.channels != NULL && self.sessions != NULL && self.connections != NULL && self.logs != NULL && self.loop != NULL ? POSTERN_OK : POSTERN_E_NOSUCH;
}

const struct postern_entry postern_plugin_v1 = {
	.size = sizeof(postern_plugin_v1),
	.abi_minor = POSTERN_ABI_MINOR,
	.id = POSTERN_LITERAL("org.postern.conform"),
	.version = POSTERN_LITERAL("0.1"),
	.create = conform_create,
};
