#include "control/host/limits.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "abi/link/layout.h"

#define LIBRARIES (256ull << 20) /* room for what the plugin's object brings */

static int
lower(int what, uint64_t to)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return -errno;
	if (now.rlim_max != RLIM_INFINITY && to > now.rlim_max)
		to = now.rlim_max;
	now.rlim_cur = now.rlim_max = to;
	return setrlimit((__rlimit_resource_t)what, &now) != 0 ? -errno : 0;
}

#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any limit */

/* Pages that are mapped, as the kernel counts them for RLIMIT_AS. */
static uint64_t
mapped(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Two limits: of memory that is written, and, for shared mappings, which that does not
 * count, of all addresses. */
static int
lower_memory(uint64_t most, uint32_t links)
{
	uint64_t link = 2 * (LINK_HOST_ARENA + LINK_HOST_RING * sizeof(struct link_entry));
	uint64_t now = mapped();
	int r = lower(RLIMIT_DATA, most);

	if (r == 0 && now > 0)
		r = lower(RLIMIT_AS, now + most + links * link + LIBRARIES);
	return r;
}

#else

static int
lower_memory(uint64_t most, uint32_t links)
{
	(void)most, (void)links;
	return 0;
}

#endif

int
limits_set(const struct plugconf *conf, uint32_t links)
{
	int r = lower_memory(conf->memory, links);

	return r == 0 ? lower(RLIMIT_NOFILE, conf->files) : r;
}
