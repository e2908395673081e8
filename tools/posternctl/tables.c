#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "abi/wire/reason.h"
#include "tools/posternctl/posternctl.h"

/* Nothing that a peer chose may reach the terminal as a control character. */
static const char *
plain(const char *text)
{
	static char room[4][256];
	static unsigned turn;
	char *to = room[turn++ % 4];
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < sizeof(room[0]); i++)
		to[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	to[i] = '\0';
	return to;
}

static const char *
span(uint64_t s)
{
	static char room[4][32];
	static unsigned turn;
	char *to = room[turn++ % 4];

	if (s >= 86400)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(to, sizeof(room[0]), "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(to, sizeof(room[0]), "%" PRIu64 "s", s);
	return to;
}

static void
role_row(const struct js *r)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %" PRIu64, plain(js_str(r, "role")), js_u64(r, "index"));
	printf("%-12s %8" PRIu64 " %9s %9" PRIu64 "  %s\n", name, js_u64(r, "pid"), span(js_u64(r, "uptime")),
	    js_u64(r, "restarts"), js_bool(r, "ready") ? "ready" : "starting");
}

static void
counter_row(void *ctx, const char *key, uint64_t n)
{
	(void)ctx;
	printf("  %-20s %20" PRIu64 "\n", plain(key), n);
}

static int
reason_by_name(const char *name)
{
	int i;

	for (i = 0; i < REASON_MAX; i++)
		if (strcmp(reason_name(i), name) == 0)
			return i;
	return -1;
}

static void
drop_row(void *ctx, const char *key, uint64_t n)
{
	int r = reason_by_name(key);

	(void)ctx;
	printf("  %-20s %20" PRIu64 "  %s\n", plain(key), n, r >= 0 ? reason_text(r) : "");
}

static void
worker_rows(const struct js *w)
{
	struct js *drops = js_get(w, "drops");

	printf("\nworker %" PRIu64 "\n", js_u64(w, "worker"));
	js_each(js_get(w, "counters"), counter_row, NULL);
	printf("dropped, refused or closed, by reason\n");
	js_each(drops, drop_row, NULL);
}

void
table_status(const struct js *a)
{
	const struct js *dp = js_get(a, "dataplane");
	const struct js *list = js_get(a, "roles");
	size_t i;

	printf("postern %s, up %s, configuration generation %" PRIu64 "\n", plain(js_str(a, "version")),
	    span(js_u64(a, "uptime")), js_u64(a, "generation"));
	if (js_bool(dp, "attached"))
		printf("dataplane    pid %" PRIu64 ", up %s, attached\n", js_u64(dp, "pid"),
		    span(js_u64(dp, "uptime")));
	else
		printf("dataplane    not attached\n");
	printf("sessions     %" PRIu64 " (%" PRIu64 " connections, %" PRIu64 " user hosts, %" PRIu64
	       " service hosts)\n\n",
	    js_u64(a, "sessions"), js_u64(a, "connections"), js_u64(a, "user_hosts"),
	    js_u64(a, "service_hosts"));
	printf("%-12s %8s %9s %9s  %s\n", "ROLE", "PID", "UP", "RESTARTS", "STATE");
	for (i = 0; i < js_count(list); i++)
		role_row(js_at(list, i));
	list = js_get(a, "workers");
	for (i = 0; i < js_count(list); i++)
		worker_rows(js_at(list, i));
}

static const char *
moment(uint64_t s)
{
	static char room[32];
	time_t at = (time_t)s;
	struct tm tm;

	if (s == 0 || localtime_r(&at, &tm) == NULL)
		return "-";
	strftime(room, sizeof(room), "%Y-%m-%d %H:%M:%S", &tm);
	return room;
}

void
table_sessions(const struct js *a)
{
	const struct js *list = js_get(a, "sessions");
	char peer[320];
	size_t i;

	printf("%-10s %-16s %-24s %-19s %-10s %s\n", "ID", "USER", "PEER", "SINCE", "METHODS", "KEY");
	for (i = 0; i < js_count(list); i++) {
		const struct js *s = js_at(list, i);

		snprintf(peer, sizeof(peer), "%s port %" PRIu64, plain(js_str(s, "peer")), js_u64(s, "port"));
		printf("%-10s %-16s %-24s %-19s %-10s %s\n", plain(js_str(s, "id")), plain(js_str(s, "user")),
		    peer, moment(js_u64(s, "since")), plain(js_str(s, "methods")), plain(js_str(s, "key")));
	}
}
