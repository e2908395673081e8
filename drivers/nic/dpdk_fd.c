#include "drivers/nic/dpdk_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

struct search {
	unsigned skip;
	int found;
};

/* Descriptors come in rising order, as the driver opened them. */
static void
try_fd(int fd, void *arg)
{
	struct search *s = arg;
	int domain = known[fd] || s->found >= 0 ? -1 : domain_of(fd);

	if (domain != AF_PACKET && domain != AF_XDP)
		return;
	if (s->skip == 0)
		s->found = fd;
	else
		s->skip--;
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
fd_find_packet(unsigned n)
{
	struct search s = { .skip = n, .found = -1 };

	each_fd(try_fd, &s);
	if (s.found >= 0 && domain_of(s.found) == AF_PACKET)
		packet_tune(s.found);
	return s.found;
}

bool
fd_promiscuous(int fd)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	socklen_t len = sizeof(at);

	if (fd < 0 || domain_of(fd) != AF_PACKET || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return false;
	all.mr_ifindex = at.sll_ifindex;
	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0;
}

void
fd_hush(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_ASYNC) != 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_ASYNC);
}

bool
fd_is_event(int fd)
{
	char link[64], name[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	if (n < 0)
		return false;
	name[n] = '\0';
	return strcmp(name, "anon_inode:[eventfd]") == 0;
}
