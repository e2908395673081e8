#include "tools/pluginrun/run.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct text_row {
	const char *name;
	size_t at;
	size_t size;
};

struct number_row {
	const char *name;
	size_t at;
	size_t size;
};

#define TEXT(name, member) { name, offsetof(struct grant, member), sizeof(((struct grant *)0)->member) }

static const struct text_row texts[] = {
	TEXT("user", user),
	TEXT("home", home),
	TEXT("shell", shell),
	TEXT("methods", methods),
	TEXT("key", key),
	TEXT("peer", peer),
	TEXT("local", local),
};

static const struct number_row numbers[] = {
	TEXT("uid", uid),
	TEXT("gid", gid),
	TEXT("peer-port", peer_port),
	TEXT("local-port", local_port),
	TEXT("restrictions", restrictions),
};

static int
set_text(struct grant *g, const struct text_row *row, const char *value)
{
	if (strlen(value) >= row->size)
		return -1;
	snprintf((char *)g + row->at, row->size, "%s", value);
	return 0;
}

static int
set_number(struct grant *g, const struct number_row *row, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 0);
	uint16_t small = (uint16_t)n;
	uint32_t large = (uint32_t)n;

	if (end == value || *end != '\0' || n > (row->size == 2 ? UINT16_MAX : UINT32_MAX))
		return -1;
	memcpy((char *)g + row->at, row->size == 2 ? (void *)&small : (void *)&large, row->size);
	return 0;
}

int
facts_set(struct run *r, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	size_t len = eq != NULL ? (size_t)(eq - assignment) : 0, i;

	if (eq == NULL)
		return -1;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strlen(texts[i].name) == len && memcmp(texts[i].name, assignment, len) == 0)
			return set_text(&r->facts, &texts[i], eq + 1);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strlen(numbers[i].name) == len && memcmp(numbers[i].name, assignment, len) == 0)
			return set_number(&r->facts, &numbers[i], eq + 1);
	return -1;
}

int
facts_init(struct run *r)
{
	struct passwd *pw = getpwuid(getuid());
	struct grant *g = &r->facts;

	memset(g, 0, sizeof(*g));
	g->uid = getuid();
	g->gid = getgid();
	snprintf(g->user, sizeof(g->user), "%s", pw != NULL ? pw->pw_name : "nobody");
	snprintf(g->home, sizeof(g->home), "%s", pw != NULL ? pw->pw_dir : "/");
	snprintf(g->shell, sizeof(g->shell), "%s", pw != NULL ? pw->pw_shell : "/bin/sh");
	snprintf(g->methods, sizeof(g->methods), "publickey");
	snprintf(g->peer, sizeof(g->peer), "192.0.2.1");
	snprintf(g->local, sizeof(g->local), "192.0.2.2");
	g->peer_port = 50000;
	g->local_port = 22;
	return 0;
}
