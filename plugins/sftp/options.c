#include "options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "request.h"

struct word {
	const char *at;
	size_t len;
};

struct line {
	const char *at;
	const char *end;
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int
next_word(struct line *l, struct word *w)
{
	while (l->at < l->end && is_blank(*l->at))
		l->at++;
	w->at = l->at;
	while (l->at < l->end && !is_blank(*l->at))
		l->at++;
	w->len = (size_t)(l->at - w->at);
	return w->len > 0;
}

static int
is(struct word w, const char *text)
{
	return strlen(text) == w.len && strncasecmp(text, w.at, w.len) == 0;
}

/* A number of this base up to `max`, or -1. */
static int64_t
number(struct word w, unsigned base, uint32_t max)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < w.len; i++) {
		if (w.at[i] < '0' || w.at[i] >= (char)('0' + base))
			return -1;
		v = v * base + (uint64_t)(w.at[i] - '0');
		if (v > max)
			return -1;
	}
	return w.len > 0 ? (int64_t)v : -1;
}

/* ---- values ---- */

static int
keep(char to[OPTIONS_DIRECTORY_MAX], struct word w)
{
	if (w.len >= OPTIONS_DIRECTORY_MAX)
		return -1;
	memcpy(to, w.at, w.len);
	to[w.len] = '\0';
	return 0;
}

static int
set_directory(struct options *o, struct word w)
{
	return keep(o->directory, w);
}

static int
set_log(struct options *o, struct word w)
{
	static const struct {
		const char *name;
		enum sftp_log level;
	} rows[] = {
		{ "QUIET", SFTP_LOG_QUIET }, { "FATAL", SFTP_LOG_ERROR }, { "ERROR", SFTP_LOG_ERROR },
		{ "INFO", SFTP_LOG_INFO }, { "VERBOSE", SFTP_LOG_INFO }, { "DEBUG", SFTP_LOG_DEBUG },
		{ "DEBUG1", SFTP_LOG_DEBUG }, { "DEBUG2", SFTP_LOG_DEBUG }, { "DEBUG3", SFTP_LOG_DEBUG },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is(w, rows[i].name)) {
			o->log = rows[i].level;
			return 0;
		}
	return -1;
}

static int
set_umask(struct options *o, struct word w)
{
	int64_t v = number(w, 8, 0777);

	o->umask = (uint32_t)v;
	return v >= 0 ? 0 : -1;
}

static int
request_bits(struct word w, uint64_t *bits)
{
	const char *end = w.at + w.len, *comma;
	int op;

	for (*bits = 0; w.at <= end; w.at = comma + 1) {
		comma = memchr(w.at, ',', (size_t)(end - w.at));
		if (comma == NULL)
			comma = end;
		op = request_named(w.at, (size_t)(comma - w.at));
		if (op < 0)
			return -1;
		*bits |= UINT64_C(1) << op;
	}
	return 0;
}

static int
set_allowed(struct options *o, struct word w)
{
	uint64_t bits;

	if (request_bits(w, &bits) != 0)
		return -1;
	o->allowed &= bits;
	return 0;
}

static int
set_denied(struct options *o, struct word w)
{
	uint64_t bits;

	if (request_bits(w, &bits) != 0)
		return -1;
	o->allowed &= ~bits;
	return 0;
}

static int
set_nothing(struct options *o, struct word w)
{
	(void)o;
	(void)w;
	return 0;
}

static int
set_read_only(struct options *o, struct word w)
{
	(void)w;
	o->read_only = 1;
	return 0;
}

static const struct {
	char letter;
	int takes_value;
	int (*set)(struct options *o, struct word value);
} rows[] = {
	{ 'R', 0, set_read_only },
	{ 'd', 1, set_directory },
	{ 'e', 0, set_nothing },
	{ 'f', 1, set_nothing },
	{ 'l', 1, set_log },
	{ 'P', 1, set_denied },
	{ 'p', 1, set_allowed },
	{ 'u', 1, set_umask },
};

/* ---- lines ---- */

static int
argument(struct options *o, struct line *l, struct word w, char why[128])
{
	struct word value;
	size_t i, at;

	if (w.len < 2 || w.at[0] != '-') {
		snprintf(why, 128, "not an option: %.*s", (int)(w.len < 64 ? w.len : 64), w.at);
		return -1;
	}
	for (at = 1; at < w.len; at++) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && rows[i].letter != w.at[at]; i++)
			;
		value = (struct word){ w.at + at + 1, w.len - at - 1 };
		if (i == sizeof(rows) / sizeof(rows[0]) ||
		    (rows[i].takes_value && value.len == 0 && !next_word(l, &value)) ||
		    rows[i].set(o, value) != 0) {
			snprintf(why, 128, "option -%c is unknown or its value wrong", w.at[at]);
			return -1;
		}
		if (rows[i].takes_value)
			break;
	}
	return 0;
}

static int
limit(struct line *l, const char *keyword, uint32_t min, uint32_t max, uint32_t *to, char why[128])
{
	struct word w;
	int64_t v = next_word(l, &w) ? number(w, 10, max) : -1;

	if (v < min) {
		snprintf(why, 128, "%s: a number from %u to %u is expected", keyword, (unsigned)min,
		    (unsigned)max);
		return -1;
	}
	*to = (uint32_t)v;
	return 0;
}

/* One word: the rest of a name with a blank in it must not be lost. */
static int
root_line(struct options *o, struct line *l, char why[128])
{
	struct word w, more;

	if (next_word(l, &w) && (w.at[0] == '/' || w.at[0] == '%') && !next_word(l, &more) && keep(o->root, w) == 0)
		return 0;
	snprintf(why, 128, "Root: one absolute directory without blanks is expected");
	return -1;
}

static int
one_line(struct options *o, struct line *l, const char *name, size_t name_len, char why[128])
{
	uint32_t kib = OPTIONS_BUFFERED;
	struct word w;

	if (!next_word(l, &w))
		return 0;
	if (is(w, "MaxHandles"))
		return limit(l, "MaxHandles", 1, OPTIONS_HANDLES_MAX, &o->handles, why);
	if (is(w, "MaxRequests"))
		return limit(l, "MaxRequests", 1, OPTIONS_REQUESTS_MAX, &o->requests, why);
	if (is(w, "Root"))
		return root_line(o, l, why);
	if (is(w, "MaxBuffered")) {
		if (limit(l, "MaxBuffered", OPTIONS_BUFFERED_MIN, OPTIONS_BUFFERED_MAX, &kib, why) != 0)
			return -1;
		o->buffered = (size_t)kib * 1024;
		return 0;
	}
	if (!is(w, "Subsystem") || !next_word(l, &w) || w.len != name_len ||
	    memcmp(w.at, name, name_len) != 0)
		return 0;
	while (next_word(l, &w))
		if (argument(o, l, w, why) != 0)
			return -1;
	return 0;
}

int
options_parse(
    struct options *o, const char *text, size_t len, const char *name, size_t name_len, char why[128])
{
	const char *end = text + len, *next;
	struct line l;

	*o = (struct options){ .umask = OPTIONS_UMASK_LOGIN,
		.handles = OPTIONS_HANDLES,
		.requests = OPTIONS_REQUESTS,
		.buffered = (size_t)OPTIONS_BUFFERED * 1024,
		.allowed = (UINT64_C(1) << OP_COUNT) - 1,
		.log = SFTP_LOG_ERROR };
	for (; text < end; text = next) {
		l.at = text;
		l.end = memchr(text, '\n', (size_t)(end - text));
		if (l.end == NULL)
			l.end = end;
		next = l.end + 1;
		if (one_line(o, &l, name, name_len, why) != 0)
			return -1;
	}
	return 0;
}
