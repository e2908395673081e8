#include "control/plugconf.h"

#include <ctype.h>
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
	static const char *const names[SANDBOX_ROW_COUNT] = { [SANDBOX_PLAIN] = "plain",
		[SANDBOX_FILES] = "files",
		[SANDBOX_NET] = "net",
		[SANDBOX_LOCAL] = "local" };

	*why = "Sandbox is none of plain, files, net and local";
	for (int i = 0; i < SANDBOX_ROW_COUNT; i++)
		if (is(value, names[i])) {
			p->sandbox = (enum sandbox_row)i;
			return 0;
		}
	return -1;
}

/* Decimal digits, and a letter where `units` is set. */
static bool
number(struct word value, bool units, uint64_t least, uint64_t most, uint64_t *n)
{
	static const char letters[] = "kmg";
	const char *letter;
	size_t i;

	*n = 0;
	for (i = 0; i < value.len && isdigit((unsigned char)value.text[i]); i++)
		if ((*n = *n * 10 + (uint64_t)(value.text[i] - '0')) > UINT32_MAX)
			return false;
	if (units && i > 0 && i + 1 == value.len) {
		letter = strchr(letters, tolower((unsigned char)value.text[i]));
		if (letter == NULL || *letter == '\0')
			return false;
		*n <<= 10 * (letter - letters + 1);
		i++;
	}
	return i > 0 && i == value.len && *n >= least && *n <= most;
}

static int
small(struct word value, uint32_t least, uint32_t most, uint32_t *to)
{
	uint64_t n;

	if (!number(value, false, least, most, &n))
		return -1;
	*to = (uint32_t)n;
	return 0;
}

static int
task_threads(struct plugconf *p, struct word value, const char **why)
{
	*why = "TaskThreads is not a number from 1 to 64";
	return small(value, 1, 64, &p->task_threads);
}

static int
task_queue(struct plugconf *p, struct word value, const char **why)
{
	*why = "TaskQueue is not a number from 1 to 65536";
	return small(value, 1, 65536, &p->task_queue);
}

static int
open_queue(struct plugconf *p, struct word value, const char **why)
{
	*why = "OpenQueue is not a number from 1 to 65536";
	return small(value, 1, 65536, &p->open_queue);
}

static int
open_timeout(struct plugconf *p, struct word value, const char **why)
{
	*why = "OpenTimeout is not a number from 1 to 3600";
	return small(value, 1, 3600, &p->open_timeout);
}

static int
memory(struct plugconf *p, struct word value, const char **why)
{
	*why = "MemoryMax is not 16M to 1024G";
	return number(value, true, 16ull << 20, 1ull << 40, &p->memory) ? 0 : -1;
}

static int
files(struct plugconf *p, struct word value, const char **why)
{
	*why = "FilesMax is not 32 to 1000000";
	return small(value, 32, 1000000, &p->files);
}

static int
threads(struct plugconf *p, struct word value, const char **why)
{
	*why = "ThreadsMax is not 1 to 10000";
	return small(value, 1, 10000, &p->threads);
}

static int
cpu(struct plugconf *p, struct word value, const char **why)
{
	*why = "CPUMax is not 0 to 100000 percent";
	return small(value, 0, 100000, &p->cpu);
}

static int
watchdog(struct plugconf *p, struct word value, const char **why)
{
	*why = "Watchdog is not 0 to 3600 seconds";
	return small(value, 0, 3600, &p->watchdog);
}

static int
restart_delay(struct plugconf *p, struct word value, const char **why)
{
	*why = "RestartDelayMax is not 0 to 3600 seconds";
	return small(value, 0, 3600, &p->restart_delay);
}

void
plugconf_default(struct plugconf *p)
{
	*p = (struct plugconf){ .sandbox = SANDBOX_PLAIN,
		.memory = 512ull << 20,
		.files = 4096,
		.threads = 128,
		.watchdog = 15,
		.restart_delay = 60,
		.task_threads = PLUGCONF_TASK_THREADS,
		.task_queue = PLUGCONF_TASK_QUEUE,
		.open_queue = PLUGCONF_OPEN_QUEUE,
		.open_timeout = PLUGCONF_OPEN_TIMEOUT };
}

static const struct {
	const char *name;
	int (*set)(struct plugconf *p, struct word value, const char **why);
} rows[] = {
	{ "RunAs", run_as },
	{ "Sandbox", sandbox },
	{ "TaskThreads", task_threads },
	{ "TaskQueue", task_queue },
	{ "OpenQueue", open_queue },
	{ "OpenTimeout", open_timeout },
	{ "MemoryMax", memory },
	{ "FilesMax", files },
	{ "ThreadsMax", threads },
	{ "CPUMax", cpu },
	{ "Watchdog", watchdog },
	{ "RestartDelayMax", restart_delay },
};

int
plugconf_parse(struct plugconf *p, const char *text, size_t len, const char **why)
{
	const char *end = text + len, *at, *next;
	struct word keyword;
	size_t i;

	plugconf_default(p);
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
