/* The right name on something too small to be an entry. */
#include <stdint.h>
#include <stdlib.h>

extern const uint32_t postern_plugin_v1;
__attribute__((visibility("default"))) const uint32_t postern_plugin_v1 = 48;

__attribute__((constructor)) static void
loaded(void)
{
	abort();
}
