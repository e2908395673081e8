/*
 * Lines of a configuration file: words, quotes, comments, and which keyword
 * they belong to. The values themselves are conf_value.c.
 */
#include "control/conf_row.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX 100 /* then nobody reads on */

void
conf_say(struct conf_parser *p, bool fatal, const char *format, ...)
{
	char line[1024];
	va_list ap;
	/* line 0: the first file itself, which the text names */
	int n = p->line > 0 ? snprintf(line, sizeof line, "%s:%u: ", p->file, p->line) : 0;

	if (n < 0 || (size_t)n >= sizeof line)
		n = 0;
	va_start(ap, format);
	vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
	va_end(ap);
	if (fatal)
		p->errors++;
	if (p->report != NULL)
		p->report(p->ctx, fatal, line);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * The next word of *at, unquoted in place: quotes of either kind join blanks
 * into a word, a backslash takes a quote, a backslash or a blank literally.
 * NULL at the end of the line or at a comment; *open: a quote was not closed.
 */
static char *
next_word(char **at, bool *open)
{
	char *in = *at, *out, *word;
	char quote = 0;

	while (is_blank(*in))
		in++;
	*at = in;
	if (*in == '\0' || *in == '#')
		return NULL;
	word = out = in;
	for (; *in != '\0' && (quote != 0 || !is_blank(*in)); in++) {
		if (*in == '\\' && in[1] != '\0' &&
		    (strchr("\"'\\", in[1]) != NULL || (quote == 0 && in[1] == ' ')))
			*out++ = *++in;
		else if (quote == 0 && (*in == '"' || *in == '\''))
			quote = *in;
		else if (quote != 0 && *in == quote)
			quote = 0;
		else
			*out++ = *in;
	}
	*open = quote != 0;
	*at = *in != '\0' ? in + 1 : in;
	*out = '\0';
	return word;
}

/* The raw text from the second value on, its comment and blanks cut off. */
static void
keep_rest(char rest[CONF_LINE_MAX], const char *at)
{
	char quote = 0;
	size_t len = 0;

	while (is_blank(*at))
		at++;
	for (; *at != '\0'; at++) {
		if (quote == 0 && *at == '#' && (len == 0 || is_blank(at[-1])))
			break;
		if (*at == '\\' && at[1] != '\0')
			rest[len++] = *at++;
		else if (quote == 0 && (*at == '"' || *at == '\''))
			quote = *at;
		else if (*at == quote)
			quote = 0;
		rest[len++] = *at;
	}
	while (len > 0 && is_blank(rest[len - 1]))
		len--;
	rest[len] = '\0';
}

static int
cut_values(struct conf_parser *p, struct conf_args *a, const char *keyword, char *at)
{
	bool open = false;
	char *word;

	a->count = 0;
	a->rest[0] = '\0';
	while ((word = next_word(&at, &open)) != NULL) {
		if (open) {
			conf_say(p, true, "%s: a quote is not closed", keyword);
			return -1;
		}
		if (a->count == CONF_ARGS_MAX) {
			conf_say(p, true, "%s: more than %d values", keyword, CONF_ARGS_MAX);
			return -1;
		}
		a->word[a->count++] = word;
		if (a->count == 1)
			keep_rest(a->rest, at);
	}
	return 0;
}

static void
unknown(struct conf_parser *p, const char *keyword)
{
	const char *near = conf_row_nearest(keyword);

	if (near != NULL)
		conf_say(
		    p, true, "unknown keyword \"%.64s\"; the nearest known one is \"%s\"", keyword, near);
	else
		conf_say(p, true, "unknown keyword \"%.64s\"", keyword);
}

/* Later lines of a keyword that is set are checked, and then not used. */
static bool
accumulates(const struct conf_row *row)
{
	switch (row->kind) {
	case CONF_K_LIST:
	case CONF_K_PATHS:
	case CONF_K_ADDRESSES:
	case CONF_K_ROUTE:
	case CONF_K_LISTEN:
	case CONF_K_VRRP:
	case CONF_K_SUBSYSTEM:
	case CONF_K_INCLUDE:
	case CONF_K_MATCH:
	case CONF_K_PORT:
		return true;
	default:
		return false;
	}
}

static void
one_line(struct conf_parser *p, char *line, struct conf_args *a)
{
	const struct conf_row *row;
	char *keyword, *at;
	bool first;

	while (is_blank(*line))
		line++;
	if (*line == '\0' || *line == '#')
		return;
	keyword = line;
	at = line + strcspn(line, " \t=");
	if (*at != '\0') {
		bool equals = *at == '=';

		*at++ = '\0';
		while (is_blank(*at))
			at++;
		if (!equals && *at == '=')
			at++;
	}
	row = conf_row_find(keyword);
	if (p->skipping && (row == NULL || row->kind != CONF_K_MATCH))
		return;
	if (row == NULL) {
		unknown(p, keyword);
		return;
	}
	if (cut_values(p, a, row->name, at) != 0)
		return;
	if (a->count == 0) {
		conf_say(p, true, "%s: a value is expected", row->name);
		return;
	}
	first = p->seen[row - conf_rows] == 0;
	conf_value(p, row, first || accumulates(row) ? p->conf : p->spare, a);
	p->seen[row - conf_rows] = 1;
}

void
conf_text(struct conf_parser *p, const char *text, size_t len, const char *file)
{
	const char *outer_file = p->file;
	unsigned outer_line = p->line;
	char line[CONF_LINE_MAX];
	struct conf_args *a = malloc(sizeof *a);
	size_t at = 0;

	p->file = file;
	p->line = 0;
	if (a == NULL)
		conf_say(p, true, "out of memory");
	while (a != NULL && at < len && p->errors < ERRORS_MAX) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - (text + at)) : len - at;

		p->line++;
		if (n >= sizeof line) {
			conf_say(p, true, "line longer than %d bytes", CONF_LINE_MAX - 1);
		} else if (memchr(text + at, '\0', n) != NULL) {
			conf_say(p, true, "NUL byte in the line");
		} else {
			memcpy(line, text + at, n);
			while (n > 0 && strchr(" \t\r\f", line[n - 1]) != NULL)
				n--;
			line[n] = '\0';
			one_line(p, line, a);
		}
		at += end != NULL ? (size_t)(end - (text + at)) + 1 : len - at;
	}
	free(a);
	p->file = outer_file;
	p->line = outer_line;
}
