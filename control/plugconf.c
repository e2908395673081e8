#include "control/plugconf.h"

#include <string.h>
#include <strings.h>

struct word {
	const char *text;
	size_t len;
};

static struct word
next_word(const char **at, const char *end)
{
	struct word w;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	w.text = *at;
	while (*at < end && strchr(" \t\r\n", **at) == NULL)
		(*at)++;
	w.len = (size_t)(*at - w.text);
	return w;
}

static bool
is(struct word w, const char *text)
{
	return strlen(text) == w.len && strncasecmp(w.text, text, w.len) == 0;
}

static int
run_as(struct plugconf *p, struct word value, const char **why)
{
	*why = "RunAs is neither user nor service";
	p->user = is(value, "user");
	return p->user || is(value, "service") ? 0 : -1;
}

static int
sandbox(struct plugconf *p, struct word value, const char **why)
{
	*why = "Sandbox is neither plain nor files";
	p->sandbox = is(value, "files") ? SANDBOX_FILES : SANDBOX_PLAIN;
	return p->sandbox != SANDBOX_PLAIN || is(value, "plain") ? 0 : -1;
}

static const struct {
	const char *name;
	int (*set)(struct plugconf *p, struct word value, const char **why);
} rows[] = {
	{ "RunAs", run_as },
	{ "Sandbox", sandbox },
};

int
plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why)
{
	const char *end = text + len, *at, *next;
	struct word keyword;
	size_t i;

	p->user = false;
	p->sandbox = SANDBOX_PLAIN;
	for (at = text; at < end; at = next) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (line_end == NULL)
			line_end = end;
		next = line_end < end ? line_end + 1 : end;
		keyword = next_word(&at, line_end);
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (is(keyword, rows[i].name) && rows[i].set(p, next_word(&at, line_end), why) != 0)
				return -1;
	}
	return 0;
}
