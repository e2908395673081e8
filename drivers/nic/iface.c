#include "drivers/nic/iface.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int
ask(const char *name, unsigned long request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), got;

	if (fd < 0)
		return -1;
	(void)snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
	got = ioctl(fd, request, r);
	(void)close(fd);
	return got;
}

int
iface_mtu(const char *name)
{
	struct ifreq r = { .ifr_mtu = 0 };

	return ask(name, SIOCGIFMTU, &r) == 0 ? r.ifr_mtu : 0;
}

int
iface_channels(const char *name)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq r = { .ifr_data = (void *)&c };

	if (ask(name, SIOCETHTOOL, &r) != 0 || c.combined_count == 0)
		return 1;
	return (int)c.combined_count;
}
