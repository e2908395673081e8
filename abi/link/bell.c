#include "abi/link/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "abi/wire/reason.h"

#define HUSH_ROUNDS 4 /* a hostile ringer must not keep the sleeper reading */

int
bell_create(int *wait_fd, int *ring_fd)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return -errno;
	*wait_fd = fds[0];
	*ring_fd = fds[1];
	return 0;
}

static int
option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

int
bell_adopt(int ring_fd)
{
	if (option(ring_fd, SO_DOMAIN) != AF_UNIX || option(ring_fd, SO_TYPE) != SOCK_STREAM)
		return -R_LINK_SEALS;
	return 0;
}

void
bell_ring(int ring_fd)
{
	uint8_t one = 1;
	struct iovec iov = { .iov_base = &one, .iov_len = 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (sendmsg(ring_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

int
bell_hush(int wait_fd)
{
	uint8_t sink[512];

	for (int i = 0; i < HUSH_ROUNDS; i++) {
		struct iovec iov = { .iov_base = sink, .iov_len = sizeof(sink) };
		struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n = recvmsg(wait_fd, &mh, MSG_DONTWAIT);

		if (n == 0)
			return -R_PEER_GONE;
		if (n < (ssize_t)sizeof(sink))
			break;
	}
	return 0;
}
