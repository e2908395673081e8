/*
 * Typed messages between processes of the control side.
 *
 * One message is one SOCK_SEQPACKET packet: u16 type, u8 major and u8 minor
 * version, u32 conn, u32 gen, u32 tag, then the body: fields written with cursor.h in the order
 * that msg.def gives; descriptors travel beside it. A receiver checks type,
 * sender and the whole body (cur_done) before it acts; what is not in its table
 * is refused and, between roles, ends the sender's connection.
 *
 * Versions: hosts and login leaders outlive the supervisor that started them, so
 * messages are versioned as the link is. Another major version is malformed; a
 * higher minor one only adds types and flags.
 */
#ifndef POSTERN_CONTROL_MSG_H
#define POSTERN_CONTROL_MSG_H

#include <stdint.h>

#include "abi/wire/cursor.h"

#ifndef POSTERN_NEXT
#define POSTERN_NEXT 0 /* make NEXT=1: the next minor version, for the upgrade tests */
#endif

#define MSG_MAJOR 1
#define MSG_MINOR POSTERN_NEXT
#define MSG_MAX 65536u /* whole packet; authorized_keys travel as descriptors */
#define MSG_FDS_MAX 16

enum msg_type {
#define MSG(NAME, number, from, to, fds, text) MSG_##NAME = (number),
#include "control/msg.def"
#undef MSG
};

struct msg {
	uint16_t type;
	uint32_t conn;
	uint32_t gen;
	uint32_t tag;         /* the asker's own; an answer repeats it */
	struct view body;     /* borrows from the buffer it was received into */
	int fds[MSG_FDS_MAX]; /* received: the reader's; -1 where there is none */
	int fd_count;
};

/*
 * msg_send(fd, m): send without blocking; descriptors stay the caller's.
 * 0; -EAGAIN when the receiver is slow; -EPIPE and others when it is gone.
 */
int msg_send(int fd, const struct msg *m);

/* msg_pack(m, buf): the packet's bytes into buf (MSG_MAX), without descriptors,
 * for who queues packets. The length; 0 when it is too long. */
size_t msg_pack(const struct msg *m, uint8_t *buf);

/*
 * msg_recv(fd, m, buf): receive one message into buf (MSG_MAX bytes), without
 * blocking. 1: *m is set, its descriptors are close-on-exec. 0: nothing there.
 * -1: the other end is gone or sent something malformed.
 */
int msg_recv(int fd, struct msg *m, uint8_t *buf);

/* msg_drop_fds(m): close the descriptors that were not taken (>= 0). */
void msg_drop_fds(struct msg *m);

/* msg_take_fd(m, i): descriptor i becomes the caller's; -1 if absent. */
int msg_take_fd(struct msg *m, int i);

/* msg_pair(fds): a connected pair, close-on-exec, non-blocking. 0 or -errno. */
int msg_pair(int fds[2]);

const char *msg_name(uint16_t type);

#endif
