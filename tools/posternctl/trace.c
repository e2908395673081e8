#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/posternctl/posternctl.h"

static void
print_record(const struct js *o)
{
	uint64_t ns = js_u64(o, "time_ns");
	time_t s = (time_t)(ns / 1000000000u);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&s, &tm) != NULL)
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%s.%06" PRIu64 " %s %-3s #%" PRIu64 " %-7s %3" PRIu64 " %s", clock, ns % 1000000000u / 1000,
	    plain(js_str(o, "session")), plain(js_str(o, "direction")), js_u64(o, "seq"), plain(js_str(o, "phase")),
	    js_u64(o, "message"), plain(js_str(o, "name")));
	if (js_get(o, "channel") != NULL)
		printf(" channel %" PRIu64, js_u64(o, "channel"));
	if (js_u64(o, "payload") > 0)
		printf(" %" PRIu64 " bytes,", js_u64(o, "payload"));
	printf(" %" PRIu64 " on the wire\n", js_u64(o, "wire"));
}

void
trace_print(const char *text)
{
	struct js *o = js_parse(text, strlen(text));

	if (js_get(o, "records") != NULL)
		printf("%" PRIu64 " records, %" PRIu64 " more are missing\n", js_u64(o, "records"), js_u64(o, "missed"));
	else if (o != NULL)
		print_record(o);
	js_free(o);
}
