/* An instance without methods. */
#include <stddef.h>

#include <postern/postern.h>

static struct postern_plugin empty = { sizeof(empty), 0, NULL, NULL, NULL, NULL, NULL };

static int32_t
create(const struct postern_host *host, struct postern_plugin **out)
{
	(void)host;
	*out = &empty;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = { sizeof(struct postern_entry), 0,
	POSTERN_LITERAL("org.test.empty"), POSTERN_LITERAL("1"), create };
