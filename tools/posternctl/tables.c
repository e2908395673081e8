#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "tools/posternctl/posternctl.h"

static void
role_row(const struct js *r)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %" PRIu64, plain(js_str(r, "role")), js_u64(r, "index"));
	printf("%-12s %8" PRIu64 " %9s %9" PRIu64 "  %s\n", name, js_u64(r, "pid"), span(js_u64(r, "uptime")),
	    js_u64(r, "restarts"), js_bool(r, "ready") ? "ready" : "starting");
}

/* Cycles have a table of their own. */
static void
counter_row(void *ctx, const char *key, uint64_t n)
{
	(void)ctx;
	if (strncmp(key, "cycles_", 7) != 0 && strncmp(key, "calls_", 6) != 0)
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
status_drop_row(void *ctx, const char *key, uint64_t n)
{
	int r = reason_by_name(key);

	(void)ctx;
	printf("  %-20s %20" PRIu64 "  %s\n", plain(key), n, r >= 0 ? reason_text(r) : "");
}

static void
worker_rows(const struct js *w)
{
	struct js *drops = js_get(w, "drops");
	struct js *load = js_get(w, "load");

	printf("\nworker %" PRIu64 ", load: blocks %s, slots %s, packets %s\n", js_u64(w, "worker"),
	    plain(js_str(load, "blocks")), plain(js_str(load, "slots")), plain(js_str(load, "packets")));
	js_each(js_get(w, "counters"), counter_row, NULL);
	printf("dropped, refused or closed, by reason\n");
	js_each(drops, status_drop_row, NULL);
}

static void
dialogues_row(const struct js *d)
{
	printf("pam          %" PRIu64 " dialogues (at most %" PRIu64 "; %" PRIu64 " so far, %" PRIu64
	       " crashed, %" PRIu64 " over their time, %" PRIu64 " refused)\n\n",
	    js_u64(d, "running"), js_u64(d, "limit"), js_u64(d, "total"), js_u64(d, "crashed"),
	    js_u64(d, "late"), js_u64(d, "refused"));
}

static void
fields_row(const struct js *f)
{
	printf("prime fields %" PRIu64 " exchanges, %" PRIu64 " waited, %" PRIu64
	       " refused (before login %" PRIu64 " tokens at once and %" PRIu64 "/s, of a source %" PRIu64
	       " and %" PRIu64 "/s)\n",
	    js_u64(f, "total"), js_u64(f, "waited"), js_u64(f, "refused"), js_u64(f, "burst"), js_u64(f, "rate"),
	    js_u64(f, "burst_per_source"), js_u64(f, "rate_per_source"));
}

/* The worker that speaks for the port has the numbers. */
static void
virtual_row(const struct js *workers)
{
	uint64_t routers = 0, masters = 0;

	for (size_t i = 0; i < js_count(workers); i++) {
		const struct js *counters = js_get(js_at(workers, i), "counters");

		routers += js_u64(counters, "vrrp_routers");
		masters += js_u64(counters, "vrrp_masters");
	}
	if (routers > 0)
		printf("routers      %" PRIu64 " virtual, Master of %" PRIu64 "\n", routers, masters);
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
	       " service hosts)\n",
	    js_u64(a, "sessions"), js_u64(a, "connections"), js_u64(a, "user_hosts"),
	    js_u64(a, "service_hosts"));
	virtual_row(js_get(a, "workers"));
	fields_row(js_get(a, "field_exchanges"));
	dialogues_row(js_get(a, "pam_dialogues"));
	printf("%-12s %8s %9s %9s  %s\n", "ROLE", "PID", "UP", "RESTARTS", "STATE");
	for (i = 0; i < js_count(list); i++)
		role_row(js_at(list, i));
	list = js_get(a, "workers");
	for (i = 0; i < js_count(list); i++)
		worker_rows(js_at(list, i));
}
