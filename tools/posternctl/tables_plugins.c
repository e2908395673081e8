#include <inttypes.h>
#include <stdio.h>

#include "tools/posternctl/posternctl.h"

static void
sum_up(void *ctx, const char *key, uint64_t n)
{
	(void)key;
	*(uint64_t *)ctx += n;
}

static void
cause_row(void *ctx, const char *key, uint64_t n)
{
	(void)ctx;
	if (n > 0)
		printf(" %s %" PRIu64, plain(key), n);
}

static void
counter_row(void *ctx, const char *key, uint64_t n)
{
	bool *begun = ctx;

	printf("%s %s %" PRIu64, *begun ? "," : "    counted:", plain(key), n);
	*begun = true;
}

static void
plugin_row(const struct js *p)
{
	uint64_t failed = 0;
	bool begun = false;

	js_each(js_get(p, "ends"), sum_up, &failed);
	printf("%-16s %-8s %6" PRIu64 " %8" PRIu64 " %8" PRIu64 "  ", plain(js_str(p, "plugin")),
	    plain(js_str(p, "runs_as")), js_u64(p, "hosts"), js_u64(p, "starts"), failed);
	if (js_u64(p, "waits_ms") > 0)
		printf("waits %" PRIu64 " ms\n", js_u64(p, "waits_ms"));
	else
		printf("%s\n", js_u64(p, "retired") > 0 ? "old hosts finish" : "well");
	js_each(js_get(p, "counters"), counter_row, &begun);
	if (begun)
		printf("\n");
	if (failed == 0)
		return;
	printf("    ended by:");
	js_each(js_get(p, "ends"), cause_row, NULL);
	printf("\n    last (%s ago): %s\n", age(js_u64(p, "last_ms") / 1000), plain(js_str(p, "last")));
}

void
table_plugins(const struct js *a)
{
	const struct js *list = js_get(a, "plugins");

	printf("%-16s %-8s %6s %8s %8s  %s\n", "PLUGIN", "AS", "HOSTS", "STARTS", "FAILED", "STATE");
	for (size_t i = 0; i < js_count(list); i++)
		plugin_row(js_at(list, i));
}
