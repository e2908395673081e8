#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/posternctl/posternctl.h"

/* ---- workers ---- */

static double
share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static const char *
per(uint64_t cycles, uint64_t n)
{
	static char room[4][24];
	static unsigned turn;
	char *to = room[turn++ % 4];

	if (n == 0)
		return "-";
	snprintf(to, sizeof(room[0]), (double)cycles / (double)n < 100 ? "%.2f" : "%.0f",
	    (double)cycles / (double)n);
	return to;
}

/* Counters only grow: since an earlier answer, or since the start. */
static uint64_t
since(const struct js *now, const struct js *before, const char *key)
{
	uint64_t a = js_u64(now, key), b = js_u64(before, key);

	return a > b ? a - b : 0;
}

static void
stage_row(const struct js *s, const struct js *before, uint64_t whole)
{
	uint64_t cycles = since(s, before, "cycles");
	uint64_t bytes = since(s, before, "bytes");
	uint64_t units = since(s, before, "units");
	char unit[32];

	snprintf(unit, sizeof(unit), "%s/%s", per(cycles, units), plain(js_str(s, "unit")));
	printf("  %-8s %8s %6.1f %% %9s %9s %16s %9s\n", plain(js_str(s, "stage")), amount(cycles),
	    share(cycles, whole), amount(since(s, before, "calls")), amount(units), unit, per(cycles, bytes));
}

static void
idle_row(const char *name, uint64_t cycles, uint64_t whole, uint64_t times, const char *what)
{
	printf(
	    "  %-8s %8s %6.1f %% %9s  %s\n", name, amount(cycles), share(cycles, whole), amount(times), what);
}

static void
worker_rows(const struct js *w, const struct js *before, double seconds)
{
	const struct js *stages = js_get(w, "stages");
	const struct js *earlier = js_get(before, "stages");
	uint64_t work = since(w, before, "cycles_work");
	uint64_t spin = since(w, before, "cycles_spin");
	uint64_t asleep = since(w, before, "cycles_asleep");
	uint64_t hz = js_u64(w, "cycles_second");
	uint64_t all = (uint64_t)(seconds * (double)hz);
	uint64_t whole;
	size_t i;

	/* A sleep is counted when it is over. */
	if (all > work + spin + asleep)
		asleep = all - work - spin;
	whole = work + spin + asleep;

	printf("worker %" PRIu64 ": %" PRIu64 " connections, %" PRIu64 " channels, busy %.1f %% of %s",
	    js_u64(w, "worker"), js_u64(w, "connections"), js_u64(w, "channels"), share(work, whole),
	    hz > 0 ? span(whole / hz) : "the time");
	printf(" at %s cycles/s\n", hz > 0 ? amount(hz) : "?");
	printf("  %-8s %8s %8s %9s %9s %16s %9s\n", "STAGE", "CYCLES", "SHARE", "CALLS", "UNITS",
	    "CYCLES/UNIT", "PER BYTE");
	for (i = 0; i < js_count(stages); i++)
		stage_row(js_at(stages, i), js_at(earlier, i), whole);
	idle_row("spin", spin, whole, since(w, before, "polls") - since(w, before, "polls_useful"),
	    "polls that found nothing");
	idle_row("sleep", asleep, whole, since(w, before, "sleeps"), "times asleep");
}

void
table_workers(const struct js *a, const struct js *before, double seconds)
{
	const struct js *list = js_get(a, "workers");
	const struct js *earlier = js_get(before, "workers");
	size_t i;

	if (js_count(list) == 0)
		printf("no worker: the dataplane is not attached\n");
	for (i = 0; i < js_count(list); i++)
		worker_rows(js_at(list, i), js_at(earlier, i), seconds);
}
