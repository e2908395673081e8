#include "drivers/nic/dpdk_fd.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FD_MAX 1024

static bool known[FD_MAX];

static void
each_fd(void (*fn)(int fd, void *arg), void *arg)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] != '.' && fd != dirfd(d) && fd >= 0 && fd < FD_MAX)
			fn(fd, arg);
	}
	closedir(d);
}

static void
remember(int fd, void *arg)
{
	(void)arg;
	known[fd] = true;
}

void
fd_snapshot(void)
{
	memset(known, 0, sizeof(known));
	each_fd(remember, NULL);
}

static int
domain_of(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 ? domain : -1;
}

static void
try_fd(int fd, void *arg)
{
	int *found = arg;
	int domain = known[fd] || *found >= 0 ? -1 : domain_of(fd);

	if (domain == AF_PACKET || domain == AF_XDP)
		*found = fd;
}

static void
packet_tune(int fd)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct packet_mreq all = { .mr_type = PACKET_MR_ALLMULTI };
	socklen_t len = sizeof(at);
	int on = 1;

	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return;
	all.mr_ifindex = at.sll_ifindex;
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
}

int
fd_find_packet(void)
{
	int fd = -1;

	each_fd(try_fd, &fd);
	if (fd >= 0 && domain_of(fd) == AF_PACKET)
		packet_tune(fd);
	return fd;
}
