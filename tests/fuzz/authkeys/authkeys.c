/*
 * authorized_keys: one key is looked for in any file. What is found must stand
 * in the line that is named; what is told names a line of the file.
 */
#include <stdlib.h>

#include "control/warden/authkeys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

static unsigned
lines_of(const uint8_t *data, size_t size)
{
	unsigned n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

struct seen {
	unsigned lines;
};

static void
told(void *ctx, unsigned line, const char *why)
{
	const struct seen *s = ctx;

	if (line > s->lines || why[0] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { .lines = lines_of(data, size) };
	struct authkeys_match m;

	if (authkeys_find(&m, view_of(data, size), view_str("ssh-ed25519"), view_str(key), told, &s) > 0 &&
	    (m.line == 0 || m.line > s.lines || memmem(data, size, key, sizeof key - 1) == NULL))
		abort();
	return 0;
}
