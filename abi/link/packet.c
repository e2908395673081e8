#include "abi/link/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union fd_space {
	char bytes[CMSG_SPACE(PACKET_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int (*packet_close)(int fd) = close;

int
packet_send(int sock, struct view data, const int *fds, int n)
{
	union fd_space space;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data.data, .iov_len = data.len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n < 0 || n > PACKET_FDS_MAX)
		return -EINVAL;
	if (n > 0) {
		struct cmsghdr *cm;

		memset(&space, 0, sizeof(space));
		mh.msg_control = space.bytes;
		mh.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, (size_t)n * sizeof(int));
	}
	if (sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EWOULDBLOCK || errno == ENOBUFS ? -EAGAIN : -errno;
}

static int
collect(struct msghdr *mh, int *fds)
{
	int n = 0;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		size_t count;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		count = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (n < PACKET_FDS_MAX)
				fds[n++] = fd;
			else
				packet_close(fd);
		}
	}
	return n;
}

int
packet_recv(int sock, void *buf, size_t size, size_t *len, int *fds, int *n)
{
	union fd_space space;
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.bytes,
	    .msg_controllen = sizeof(space.bytes) };
	ssize_t got;

	*n = 0;
	do
		got = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	*n = collect(&mh, fds);
	if (got == 0 || (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		for (int i = 0; i < *n; i++)
			packet_close(fds[i]);
		*n = 0;
		return -1;
	}
	*len = (size_t)got;
	return 1;
}
