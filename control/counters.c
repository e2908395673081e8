#include "control/counters.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "abi/link/memfile.h"

/* ---- NAME.conf ---- */

static struct view
next_word(const char **at, const char *end)
{
	const char *from;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	from = *at;
	while (*at < end && memchr(" \t\r\n", **at, 4) == NULL)
		(*at)++;
	return view_of(from, (size_t)(*at - from));
}

static bool
good_name(struct view name)
{
	if (name.len == 0 || name.len > COUNTERS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum(name.data[i]) && (name.data[i] == 0 || strchr("-_.", name.data[i]) == NULL))
			return false;
	return true;
}

static int
add_name(struct counters *c, struct view name, const char **why)
{
	*why = "Counters: a name has at most 31 letters, digits, '-', '_' and '.'";
	if (!good_name(name))
		return -1;
	if (counters_find(c, name) < COUNTERS_MAX)
		return 0;
	*why = "Counters: there are more than 64";
	if (c->count == COUNTERS_MAX)
		return -1;
	memcpy(c->row[c->count++].name, name.data, name.len);
	return 0;
}

static int
one_line(struct counters *c, const char *at, const char *end, const char **why)
{
	struct view word = next_word(&at, end);
	uint32_t words = 0;

	if (word.len != strlen("Counters") || strncasecmp((const char *)word.data, "Counters", word.len) != 0)
		return 0;
	for (; (word = next_word(&at, end)).len > 0 && word.data[0] != '#'; words++)
		if (add_name(c, word, why) != 0)
			return -1;
	*why = "Counters is followed by names";
	return words > 0 ? 0 : -1;
}

int
counters_lines(struct counters *c, const char *text, size_t len, const char **why)
{
	const char *end = text + len, *at, *stop;

	memset(c, 0, sizeof(*c));
	c->magic = COUNTERS_MAGIC;
	for (at = text; at < end; at = stop < end ? stop + 1 : end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		if (one_line(c, at, stop, why) != 0)
			return -1;
	}
	return 0;
}

uint32_t
counters_find(const struct counters *c, struct view name)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (view_is(name, c->row[i].name))
			return i;
	return COUNTERS_MAX;
}

/* ---- the page ---- */

struct counters *
counters_make(const struct counters *names, int *fd)
{
	struct counters *page = memfile_create("postern-counters", sizeof(*page), fd, false);

	if (page != NULL)
		*page = *names;
	return page;
}

const struct counters *
counters_attach(int fd)
{
	return memfile_attach(fd, sizeof(struct counters), false);
}

void
counters_detach(const struct counters *page)
{
	if (page != NULL)
		munmap((void *)(uintptr_t)page, sizeof(*page));
}

/* Volatile: the compiler may not go back to what the host can change. */
static void
copy(struct counters *to, const struct counters *page)
{
	const volatile uint64_t *from = (const volatile uint64_t *)(const void *)page;
	uint64_t words[sizeof(*to) / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = from[i];
	memcpy(to, words, sizeof(*to));
}

static uint64_t
more(uint64_t have, uint64_t n)
{
	return n > (uint64_t)COUNTERS_VALUE_MAX - have ? (uint64_t)COUNTERS_VALUE_MAX : have + n;
}

void
counters_sum(struct counters *to, const struct counters *page)
{
	struct counters has;
	bool had[COUNTERS_MAX] = { false };

	copy(&has, page);
	if (has.magic != COUNTERS_MAGIC || has.count > COUNTERS_MAX)
		return;
	for (uint32_t i = 0; i < has.count; i++) {
		const struct counters_row *r = &has.row[i];
		uint32_t at = counters_find(to, view_of(r->name, strnlen(r->name, sizeof(r->name))));

		/* One name counts once. */
		if (at == COUNTERS_MAX || had[at])
			continue;
		had[at] = true;
		to->row[at].value = more(to->row[at].value, r->value);
	}
}

void
counters_rename(struct counters *c, const struct counters *names)
{
	struct counters now = *names;

	counters_sum(&now, c);
	*c = now;
}
