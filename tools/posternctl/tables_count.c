#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/posternctl/posternctl.h"

/* ---- what is counted: since the start, or within so many seconds ---- */

/* The row of the same name, which stands at the same place unless a reason came up
 * meanwhile. */
static const struct js *
same_row(const struct js *list, size_t i, const char *key, const char *name)
{
	const struct js *at = js_at(list, i);
	size_t k;

	if (strcmp(js_str(at, key), name) == 0)
		return at;
	for (k = 0; k < js_count(list); k++)
		if (strcmp(js_str(js_at(list, k), key), name) == 0)
			return js_at(list, k);
	return NULL;
}

static uint64_t
grown(const struct js *now, const struct js *before, const char *key)
{
	uint64_t a = js_u64(now, key), b = js_u64(before, key);

	return a > b ? a - b : 0;
}

static void
heads(const char *name, int width, const struct js *workers, double seconds)
{
	size_t i;

	printf("%-*s %14s", width, name, "TOTAL");
	if (seconds > 0)
		printf(" %10s", "PER SECOND");
	for (i = 0; js_count(workers) > 1 && i < js_count(workers); i++)
		printf("     worker %" PRIu64, js_u64(js_at(workers, i), "worker"));
	printf("  WHAT\n");
}

/* A line for what happened; for what did not, with --all alone. */
static void
count_row(const struct js *d, const struct js *before, int width, const struct count_view *v)
{
	const struct js *workers = js_get(d, "workers");
	const struct js *earlier = js_get(before, "workers");
	uint64_t total = grown(d, before, "total");
	size_t i;

	if (total == 0 && !v->all)
		return;
	printf("%-*s %14" PRIu64, width, plain(js_str(d, v->name)), total);
	if (v->seconds > 0)
		printf(" %10.1f", (double)total / v->seconds);
	for (i = 0; js_count(workers) > 1 && i < js_count(workers); i++)
		printf(" %12" PRIu64, grown(js_at(workers, i), js_at(earlier, i), "count"));
	printf("  %s\n", plain(js_str(d, "text")));
	if (v->explain && js_str(d, "explanation")[0] != '\0')
		printf("%*s%s\n", 4, "", plain(js_str(d, "explanation")));
}

void
table_counts(const struct js *a, const struct js *before, const struct count_view *v)
{
	const struct js *list = js_get(a, v->list);
	const struct js *earlier = js_get(before, v->list);
	int width = strcmp(v->name, "reason") == 0 ? 20 : 22;
	char title[32];
	size_t i;

	snprintf(title, sizeof(title), "%s", strcmp(v->name, "reason") == 0 ? "REASON" : "COUNTER");
	heads(title, width, js_get(js_at(list, 0), "workers"), v->seconds);
	for (i = 0; i < js_count(list); i++) {
		const struct js *d = js_at(list, i);

		count_row(d, same_row(earlier, i, v->name, js_str(d, v->name)), width, v);
	}
}

/* ---- limits ---- */

static const char *
or_dash(const struct js *o, const char *key)
{
	static char room[4][24];
	static unsigned turn;
	char *to = room[turn++ % 4];

	if (js_get(o, key) == NULL)
		return "-";
	snprintf(to, sizeof(room[0]), "%" PRIu64, js_u64(o, key));
	return to;
}

static void
limit_row(const struct js *l, const struct js *w, bool several)
{
	char name[48];

	snprintf(name, sizeof(name), several ? "%s/%" PRIu64 : "%s", plain(js_str(l, "name")),
	    js_u64(w, "worker"));
	printf("%-22s %10" PRIu64 " %10" PRIu64 " %10s %10s %10s  %-12s %s\n", name, js_u64(w, "limit"),
	    js_u64(w, "default"), or_dash(w, "current"), or_dash(w, "high_water"), or_dash(w, "refused"),
	    plain(js_str(l, "unit")), plain(js_str(l, "text")));
}

static void
limit_rows(const struct js *list)
{
	size_t i, k;

	for (i = 0; i < js_count(list); i++) {
		const struct js *l = js_at(list, i);
		const struct js *workers = js_get(l, "workers");

		for (k = 0; k < js_count(workers); k++)
			limit_row(l, js_at(workers, k), js_count(workers) > 1);
	}
}

void
table_limits(const struct js *a)
{
	if (js_count(js_get(a, "limits")) == 0)
		printf("no worker: the dataplane is not attached\n");
	printf("%-22s %10s %10s %10s %10s %10s  %-12s %s\n", "LIMIT", "LIMIT", "DEFAULT", "NOW", "HIGHEST", "REFUSED",
	    "UNIT", "WHAT");
	limit_rows(js_get(a, "limits"));
	limit_rows(js_get(a, "control"));
}
