#include "drivers/nic/iface.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
iface_queues(const char *name, int *pairs)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq r = { .ifr_data = (void *)&c };

	*pairs = 1;
	if (ask(name, SIOCETHTOOL, &r) != 0 || c.combined_count + c.rx_count == 0)
		return 1;
	if (c.combined_count > 0)
		*pairs = (int)c.combined_count;
	return (int)(c.combined_count + c.rx_count);
}

static int
socket_try(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), got;

	if (fd < 0)
		return -1;
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	got = connect(fd, (const struct sockaddr *)&at, sizeof(at));
	(void)close(fd);
	return got;
}

int
socket_clear(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode) || socket_try(path) == 0 || errno != ECONNREFUSED) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(path);
}
