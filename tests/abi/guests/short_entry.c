/* An entry that says it is shorter than any entry. */
#include <stddef.h>

#include <postern/postern.h>

static int32_t
create(const struct postern_host *host, struct postern_plugin **out)
{
	(void)host;
	*out = NULL;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = { 16, 0, POSTERN_LITERAL("org.test.short"),
	POSTERN_LITERAL("1"), create };
