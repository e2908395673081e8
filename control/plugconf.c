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

/* A number from 1 to `most`. */
static int
number(uint32_t *to, struct word value, uint32_t most)
{
	uint32_t n = 0;

	if (value.len == 0 || value.len > 9)
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		if (value.text[i] < '0' || value.text[i] > '9')
			return -1;
		n = n * 10 + (uint32_t)(value.text[i] - '0');
	}
	*to = n;
	return n >= 1 && n <= most ? 0 : -1;
}

static int
task_threads(struct plugconf *p, struct word value, const char **why)
{
	*why = "TaskThreads is not a number from 1 to 64";
	return number(&p->task_threads, value, 64);
}

static int
task_queue(struct plugconf *p, struct word value, const char **why)
{
	*why = "TaskQueue is not a number from 1 to 65536";
	return number(&p->task_queue, value, 65536);
}

static const struct {
	const char *name;
	int (*set)(struct plugconf *p, struct word value, const char **why);
} rows[] = {
	{ "RunAs", run_as },
	{ "Sandbox", sandbox },
	{ "TaskThreads", task_threads },
	{ "TaskQueue", task_queue },
};

int
plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why)
{
	const char *end = text + len, *at, *next;
	struct word keyword;
	size_t i;

	p->user = false;
	p->sandbox = SANDBOX_PLAIN;
	p->task_threads = PLUGCONF_TASK_THREADS;
	p->task_queue = PLUGCONF_TASK_QUEUE;
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
