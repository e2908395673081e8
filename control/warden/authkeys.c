#include "control/warden/authkeys.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/kex/base64.h"

#define NO_ALL (GRANT_NO_PTY | GRANT_NO_FORWARD | GRANT_NO_AGENT | GRANT_NO_X11 | GRANT_NO_RC)

/* Options that only restrict or lift a restriction, in the order of the line.
 * no-touch-required lifts one of security keys, which are not accepted. */
static const struct option {
	const char *name;
	uint32_t set;
	uint32_t clear;
} options[] = {
	{ "restrict", NO_ALL, 0 },
	{ "no-pty", GRANT_NO_PTY, 0 },
	{ "pty", 0, GRANT_NO_PTY },
	{ "no-port-forwarding", GRANT_NO_FORWARD, 0 },
	{ "port-forwarding", 0, GRANT_NO_FORWARD },
	{ "no-agent-forwarding", GRANT_NO_AGENT, 0 },
	{ "agent-forwarding", 0, GRANT_NO_AGENT },
	{ "no-x11-forwarding", GRANT_NO_X11, 0 },
	{ "x11-forwarding", 0, GRANT_NO_X11 },
	{ "no-user-rc", GRANT_NO_RC, 0 },
	{ "user-rc", 0, GRANT_NO_RC },
	{ "no-touch-required", 0, 0 },
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct cur *c)
{
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
}

/* The bytes up to the next blank. */
static struct view
word(struct cur *c)
{
	const uint8_t *start = c->p;

	while (c->p < c->end && !is_blank(*c->p))
		c->p++;
	return view_of(start, (size_t)(c->p - start));
}

/* The option list: to the first blank outside quotes. A backslash takes a quote
 * literally. False: a quote is not closed. */
static bool
option_list(struct cur *c, struct view *list)
{
	const uint8_t *start = c->p;
	bool quoted = false;

	for (; c->p < c->end && (quoted || !is_blank(*c->p)); c->p++) {
		if (*c->p == '\\' && c->p + 1 < c->end && c->p[1] == '"')
			c->p++;
		else if (*c->p == '"')
			quoted = !quoted;
	}
	*list = view_of(start, (size_t)(c->p - start));
	return !quoted;
}

/* The next option of a list, its value with it: to a comma outside quotes. */
static struct view
next_option(struct cur *c)
{
	const uint8_t *start = c->p;
	bool quoted = false;
	struct view v;

	for (; c->p < c->end && (quoted || *c->p != ','); c->p++) {
		if (*c->p == '\\' && c->p + 1 < c->end && c->p[1] == '"')
			c->p++;
		else if (*c->p == '"')
			quoted = !quoted;
	}
	v = view_of(start, (size_t)(c->p - start));
	if (c->p < c->end)
		c->p++;
	return v;
}

static const struct option *
option_find(struct view name)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strlen(options[i].name) == name.len &&
		    strncasecmp(options[i].name, (const char *)name.data, name.len) == 0)
			return &options[i];
	return NULL;
}

static bool
is_command(struct view text)
{
	static const char name[] = "command=";

	return text.len >= sizeof name - 1 && strncasecmp((const char *)text.data, name, sizeof name - 1) == 0;
}

/* What stands between the quotes, which it must be within; a backslash before a quote is
 * left out. The list has been seen to close its quotes. */
static bool
dequote(char *out, size_t size, struct view value)
{
	size_t n = 0;

	if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"')
		return false;
	for (size_t i = 1; i < value.len - 1; i++) {
		if (value.data[i] == '"')
			return false;
		if (value.data[i] == '\\' && value.data[i + 1] == '"' && ++i == value.len - 1)
			return false;
		if (n + 1 >= size)
			return false;
		out[n++] = (char)value.data[i];
	}
	out[n] = '\0';
	return true;
}

/* The command that a key forces: one, that fits into a grant. One that is empty would
 * force nothing. The file server's arguments are its configuration's. */
static int
force_command(struct authkeys_match *m, struct view text, char *why, size_t size)
{
	const char *wrong = NULL;

	if (m->command[0] != '\0')
		wrong = "a second option \"command\"";
	else if (!dequote(m->command, sizeof m->command, view_of(text.data + 8, text.len - 8)) ||
	    m->command[0] == '\0')
		wrong = "option \"command\" is empty, too long, or not in quotes";
	else if (strncmp(m->command, GRANT_COMMAND_SFTP " ", sizeof GRANT_COMMAND_SFTP) == 0)
		wrong = "option \"command\": arguments of " GRANT_COMMAND_SFTP " are not enforced here";
	if (wrong != NULL)
		snprintf(why, size, "%s, the key is refused", wrong);
	return wrong != NULL ? -1 : 0;
}

/* 0, or -1 with what stands in the way. */
static int
apply_options(struct authkeys_match *m, struct view list, char *why, size_t size)
{
	struct cur c = cur_view(list);

	m->restrictions = 0;
	m->command[0] = '\0';
	if (list.len > 0 && list.data[list.len - 1] == ',') {
		snprintf(why, size, "an option list that ends with a comma");
		return -1;
	}
	while (c.p < c.end) {
		struct view text = next_option(&c);
		const struct option *o = option_find(text);

		if (is_command(text)) {
			if (force_command(m, text, why, size) != 0)
				return -1;
			continue;
		}
		if (o == NULL) {
			const uint8_t *value = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
			size_t len = value != NULL ? (size_t)(value - text.data) : text.len;

			snprintf(why, size, "option \"%.*s\" is not enforced here, the key is refused",
			    (int)(len < 64 ? len : 64), (const char *)text.data);
			return -1;
		}
		m->restrictions = (m->restrictions & ~o->clear) | o->set;
	}
	return 0;
}

/*
 * [options] type key [comment]. Options are what stands before the type: a list
 * may begin with the type's own name only by being one word, so the first word
 * decides.
 */
static int
judge_line(
    struct authkeys_match *m, struct view line, struct view type, struct view key, char *why, size_t size)
{
	struct cur c = cur_view(line);
	struct view list = { NULL, 0 }, found;

	skip_blanks(&c);
	if (c.p == c.end || *c.p == '#')
		return 0;
	found = word(&c);
	if (!view_eq(found, type)) {
		c = cur_view(line);
		skip_blanks(&c);
		if (!option_list(&c, &list))
			return 0;
		skip_blanks(&c);
		found = word(&c);
	}
	skip_blanks(&c);
	if (!view_eq(found, type) || !view_eq(word(&c), key))
		return 0;
	if (memchr(line.data, '\0', line.len) != NULL || memchr(line.data, '\r', line.len) != NULL) {
		snprintf(why, size, "a NUL or carriage return in the line, the key is refused");
		return -1;
	}
	return apply_options(m, list, why, size) == 0 ? 1 : -1;
}

int
authkeys_find(struct authkeys_match *m, struct view file, struct view type, struct view key,
    authkeys_told_fn *told, void *ctx)
{
	struct cur c = cur_view(file);
	char why[160];

	if (file.len > AUTHKEYS_FILE_MAX) {
		told(ctx, 0, "file too large, it is not used");
		return 0;
	}
	for (m->line = 1; c.p < c.end; m->line++) {
		const uint8_t *end = memchr(c.p, '\n', (size_t)(c.end - c.p));
		struct view line = cur_take(&c, (size_t)((end != NULL ? end : c.end) - c.p));
		int r = 0;

		if (end != NULL)
			c.p++;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (m->line > AUTHKEYS_LINES_MAX) {
			told(ctx, 0, "too many lines, the rest is not used");
			return 0;
		}
		if (line.len > AUTHKEYS_LINE_MAX)
			told(ctx, m->line, "line too long, it is not used");
		else if (line.len > 0)
			r = judge_line(m, line, type, key, why, sizeof why);
		if (r > 0)
			return 1;
		if (r < 0)
			told(ctx, m->line, why);
	}
	return 0;
}

size_t
authkeys_text(char out[AUTHKEYS_KEY_TEXT_MAX], struct view blob)
{
	struct put w = put_of(out, AUTHKEYS_KEY_TEXT_MAX - 1);

	base64_encode(&w, blob);
	if (w.bad)
		return 0;
	out[put_len(&w)] = '\0';
	return put_len(&w);
}
