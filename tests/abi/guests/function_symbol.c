/* The right name on a function. */
#include <stdlib.h>

void postern_plugin_v1(void);

__attribute__((visibility("default"))) void
postern_plugin_v1(void)
{
}

__attribute__((constructor)) static void
loaded(void)
{
	abort();
}
