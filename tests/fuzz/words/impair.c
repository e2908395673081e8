/*
 * The words of an impairment (--impair, NAME=VALUE,...): taken or refused with a line.
 * What is taken are chances up to one, and delays that a wire can keep.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/nic/impair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct wire_conf *c)
{
	const uint32_t chances[] = { c->loss, c->burst_in, c->burst_out, c->burst_loss, c->stall, c->reorder,
		c->duplicate, c->corrupt, c->truncate };

	for (size_t i = 0; i < sizeof(chances) / sizeof(chances[0]); i++)
		if (chances[i] > 1000000)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct impair_config c;
	const char *error = NULL;

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (impair_parse(&c, text, &error) == 0) {
		check(&c.up);
		check(&c.down);
	} else if (error == NULL || error[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
