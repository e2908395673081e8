#include "control/msg.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/packet.h"

#define MSG_HEADER 16u

static_assert(MSG_FDS_MAX == PACKET_FDS_MAX, "a message carries what a packet can");

size_t
msg_pack(const struct msg *m, uint8_t *buf)
{
	uint8_t head[MSG_HEADER];
	struct put w = put_of(head, sizeof(head));

	if (m->body.len > MSG_MAX - MSG_HEADER)
		return 0;
	put_u16(&w, m->type);
	put_u8(&w, MSG_MAJOR);
	put_u8(&w, MSG_MINOR);
	put_u32(&w, m->conn);
	put_u32(&w, m->gen);
	put_u32(&w, m->tag);
	memcpy(buf, head, sizeof(head));
	if (m->body.len > 0)
		memcpy(buf + MSG_HEADER, m->body.data, m->body.len);
	return MSG_HEADER + m->body.len;
}

int
msg_send(int fd, const struct msg *m)
{
	uint8_t buf[MSG_MAX];
	size_t len = msg_pack(m, buf);
	int r;

	if (len == 0)
		return -EMSGSIZE;
	r = packet_send(fd, view_of(buf, len), m->fds, m->fd_count);
	/* Some messages carry a password. */
	explicit_bzero(buf, len);
	return r;
}

int
msg_recv(int fd, struct msg *m, uint8_t *buf)
{
	struct cur c;
	size_t len = 0;
	uint8_t major;
	int r, i;

	memset(m, 0, sizeof(*m));
	r = packet_recv(fd, buf, MSG_MAX, &len, m->fds, &m->fd_count);
	if (r != 1)
		return r;
	for (i = m->fd_count; i < MSG_FDS_MAX; i++)
		m->fds[i] = -1;
	c = cur_of(buf, len);
	m->type = cur_u16(&c);
	major = cur_u8(&c);
	cur_u8(&c);
	m->conn = cur_u32(&c);
	m->gen = cur_u32(&c);
	m->tag = cur_u32(&c);
	m->body = cur_take(&c, cur_left(&c));
	if (len < MSG_HEADER || major != MSG_MAJOR) {
		msg_drop_fds(m);
		return -1;
	}
	return 1;
}

void
msg_drop_fds(struct msg *m)
{
	int i;

	for (i = 0; i < m->fd_count; i++) {
		if (m->fds[i] >= 0)
			packet_close(m->fds[i]);
		m->fds[i] = -1;
	}
}

int
msg_take_fd(struct msg *m, int i)
{
	int fd;

	if (i < 0 || i >= m->fd_count)
		return -1;
	fd = m->fds[i];
	m->fds[i] = -1;
	return fd;
}

int
msg_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return -errno;
	return 0;
}

const char *
msg_name(uint16_t type)
{
	switch (type) {
#define MSG(NAME, number, from, to, fds, text) \
	case number:                           \
		return #NAME;
#include "control/msg.def"
#undef MSG
	}
	return "?";
}
