#include "control/serves.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool
good_name(struct view name)
{
	if (name.len == 0 || name.len > SERVES_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f)
			return false;
	return true;
}

int
serves_add(struct serves *s, enum serves_kind kind, struct view name, const char *plugin)
{
	struct serves_row *r;

	if (!good_name(name) || plugin[0] == '\0' || strlen(plugin) >= sizeof(r->plugin))
		return -1;
	if (serves_has(s, kind, name, view_str(plugin)))
		return 0;
	if (s->count >= SERVES_MAX)
		return -1;
	r = &s->row[s->count++];
	memset(r, 0, sizeof(*r));
	r->kind = (uint8_t)kind;
	memcpy(r->name, name.data, name.len);
	snprintf(r->plugin, sizeof(r->plugin), "%s", plugin);
	return 0;
}

const char *
serves_who(const struct serves *s, enum serves_kind kind, struct view name)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->row[i].kind == kind && view_is(name, s->row[i].name))
			return s->row[i].plugin;
	return NULL;
}

bool
serves_has(const struct serves *s, enum serves_kind kind, struct view name, struct view plugin)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->row[i].kind == kind && view_is(name, s->row[i].name) &&
		    view_is(plugin, s->row[i].plugin))
			return true;
	return false;
}

/* ---- NAME.conf ---- */

/* Words of a line; a keyword's case does not matter, that of a name does. */
static struct view
next_word(const char **at, const char *end)
{
	const char *from;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	from = *at;
	while (*at < end && strchr(" \t\r\n", **at) == NULL)
		(*at)++;
	return view_of(from, (size_t)(*at - from));
}

static bool
word_is(struct view w, const char *text)
{
	return strlen(text) == w.len && strncasecmp((const char *)w.data, text, w.len) == 0;
}

static const struct {
	const char *keyword;
	const char *what; /* of Serves */
	enum serves_kind kind;
} rows[] = {
	{ "Serves", "open", SERVES_OPEN },
	{ "Serves", "global", SERVES_GLOBAL },
	{ "Serves", "request", SERVES_REQUEST },
	{ "Opens", NULL, SERVES_OPENS },
	{ "Requests", NULL, SERVES_REQUESTS },
	{ "Variables", NULL, SERVES_VARIABLE },
	{ "Keyword", NULL, SERVES_KEYWORD },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* One line: names behind the keyword, at least one. */
static int
line(struct serves *s, const char *plugin, const char *at, const char *end, const char **why)
{
	struct view keyword = next_word(&at, end), word;
	size_t i = 0, words = 0;

	while (i < ROWS && !word_is(keyword, rows[i].keyword))
		i++;
	if (i == ROWS)
		return 0;
	if (rows[i].what != NULL) {
		word = next_word(&at, end);
		while (i < ROWS && rows[i].what != NULL && !word_is(word, rows[i].what))
			i++;
		*why = "Serves is followed by open, global or request, and names";
		if (i == ROWS || rows[i].what == NULL)
			return -1;
	}
	*why = "a row of what it serves lacks a name, has one that is none, or there are too many";
	while ((word = next_word(&at, end)).len > 0 && word.data[0] != '#') {
		if (serves_add(s, rows[i].kind, word, plugin) != 0)
			return -1;
		words++;
	}
	return words > 0 ? 0 : -1;
}

int
serves_lines(struct serves *s, const char *plugin, const char *text, size_t len, const char **why)
{
	const char *end = text + len, *at, *next;
	uint32_t before = s->count;

	for (at = text; at < end; at = next) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		next = stop < end ? stop + 1 : end;
		if (line(s, plugin, at, stop, why) != 0) {
			s->count = before;
			return -1;
		}
	}
	return 0;
}

/* ---- messages ---- */

void
serves_encode(const struct serves *s, struct put *w)
{
	put_u32(w, s->count);
	for (uint32_t i = 0; i < s->count; i++) {
		put_u8(w, s->row[i].kind);
		put_cstr(w, s->row[i].name);
		put_cstr(w, s->row[i].plugin);
	}
}

int
serves_decode(struct serves *s, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t count = cur_u32(&c);

	s->count = 0;
	if (count > SERVES_MAX)
		return -1;
	while (count-- > 0 && !c.bad) {
		uint8_t kind = cur_u8(&c);
		struct view name = cur_string(&c);
		struct view plugin = cur_string(&c);
		char id[sizeof(s->row[0].plugin)];

		if (c.bad || kind == 0 || plugin.len >= sizeof(id))
			return -1;
		memcpy(id, plugin.data, plugin.len);
		id[plugin.len] = '\0';
		/* Kinds of a later version are not looked for. */
		if (serves_add(s, (enum serves_kind)kind, name, id) != 0)
			return -1;
	}
	return cur_done(&c) ? 0 : -1;
}
