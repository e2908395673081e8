/*
 * The members of a bond: "tap:tap0+tap:tap1", each as a port of its own would be said.
 */
#include "drivers/nic/device.h"

#include <stdio.h>
#include <string.h>

bool
nic_member(const char *device, uint32_t i, char *dst, size_t size)
{
	char all[NIC_DEVICE_MAX];
	char *rest = all, *at;

	nic_device_name(device, all, sizeof(all));
	while ((at = strsep(&rest, "+")) != NULL)
		if (i-- == 0)
			return (size_t)snprintf(dst, size, "%s", at) < size;
	return false;
}

/* Its row's arguments are those of the first device of its kind: another number. */
int
nic_member_args(const char *member, uint32_t i, uint16_t mtu, char *dst, size_t size)
{
	const char *wrong;
	const struct nic_driver *d = nic_driver_of(member, &wrong);
	char args[512];
	size_t len;
	int n;

	if (d == NULL || nic_device_args(member, 1, mtu, args, sizeof(args)) < 0)
		return -1;
	if (d->vdev == NULL)
		n = snprintf(dst, size, "%s", args);
	else {
		len = strlen(d->vdev) - 1;
		n = snprintf(dst, size, "%.*s%u%s", (int)len, args, i, args + len + 1);
	}
	return n >= 0 && (size_t)n < size ? n : -1;
}
