/*
 * The configuration file: whatever is accepted must survive its own dump.
 */
#include <stdlib.h>
#include <string.h>

#include "control/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
told(void *ctx, bool fatal, const char *line)
{
	(void)fatal;
	*(size_t *)ctx += strlen(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf a, b;
	size_t ctx = 0;
	char *dump;

	if (conf_parse(&a, (const char *)data, size, "fuzz", told, &ctx) != 0)
		return 0;
	dump = conf_dump(&a);
	if (dump == NULL || conf_parse(&b, dump, strlen(dump), "dump", told, &ctx) != 0 ||
	    memcmp(&a, &b, sizeof a) != 0)
		abort();
	free(dump);
	return 0;
}
