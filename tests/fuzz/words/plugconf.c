/*
 * A plugin's NAME.conf: what is in it for us, and what the plugin serves. What was read
 * goes to the clerks as a table; a table of anybody's making is taken or refused.
 */
#include <stdlib.h>
#include <string.h>

#include "control/plugconf.h"
#include "control/serves.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
there_and_back(const struct serves *s)
{
	static uint8_t one[SERVES_MAX * 256], two[SERVES_MAX * 256];
	struct put w = put_of(one, sizeof(one)), again = put_of(two, sizeof(two));
	static struct serves back;

	serves_encode(s, &w);
	if (w.bad || serves_decode(&back, put_view(&w)) != 0)
		abort();
	serves_encode(&back, &again);
	if (!view_eq(put_view(&w), put_view(&again)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct serves s;
	char *text = malloc(size > 0 ? size : 1);
	const char *why = NULL;
	struct plugconf p;

	if (size > 0)
		memcpy(text, data, size);
	if (plugconf_parse(&p, text, size, &why) != 0 && why == NULL)
		abort();
	memset(&s, 0, sizeof(s));
	why = NULL;
	if (serves_lines(&s, "one", text, size, &why) != 0 && (why == NULL || s.count != 0))
		abort();
	there_and_back(&s);
	if (serves_decode(&s, view_of(data, size)) == 0)
		there_and_back(&s);
	free(text);
	return 0;
}
