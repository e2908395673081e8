#include "drivers/confine/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
kept(const int *keep, size_t count, int cap)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (keep[i] == cap)
			return true;
	return false;
}

/* Without CAP_SETPCAP the bounding set stays; with no_new_privs and no exec it
 * gives nothing. */
static int
empty_bounding(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM)
			return -1;
	return 0;
}

int
confine_reduce(const int *keep, size_t count)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct now[2], want[2];
	int cap;

	if (syscall(SYS_capget, &head, now) != 0)
		return -1;
	memset(want, 0, sizeof(want));
	for (cap = 0; cap < 64; cap++) {
		uint32_t bit = 1u << (cap % 32);

		if (!kept(keep, count, cap) || (now[cap / 32].permitted & bit) == 0)
			continue;
		want[cap / 32].permitted |= bit;
		want[cap / 32].effective |= bit;
	}
	return syscall(SYS_capset, &head, want) != 0 ? -1 : 0;
}

int
confine_caps(const int *keep, size_t count)
{
	if (empty_bounding() != 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return -1;
	return confine_reduce(keep, count);
}

int
confine_undumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ? -1 : 0;
}

int
confine_secrets(void)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return -1;
	return confine_undumpable();
}
