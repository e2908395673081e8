/* Exports another symbol than a plugin's; loading it at all is the failure. */
#include <stdlib.h>

#include <postern/postern.h>

static int32_t
create(const struct postern_host *host, struct postern_plugin **out)
{
	(void)host;
	*out = NULL;
	return POSTERN_E_FAIL;
}

POSTERN_EXPORT const struct postern_entry postern_plugin_v9 = { sizeof(struct postern_entry), 0,
	POSTERN_LITERAL("org.test.wrong"), POSTERN_LITERAL("1"), create };

__attribute__((constructor)) static void
loaded(void)
{
	abort();
}
