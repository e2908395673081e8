/*
 * One packet with descriptors over a SOCK_SEQPACKET socket: what the attach
 * socket (attach.h) and the roles' typed messages are sent with. Never blocks.
 */
#ifndef POSTERN_LINK_PACKET_H
#define POSTERN_LINK_PACKET_H

#include <stddef.h>

#include "abi/wire/cursor.h"

#define PACKET_FDS_MAX 16

/* packet_send(sock, data, fds, n): 0, -EAGAIN when the receiver is slow, another
 * -errno when it is gone. Descriptors stay the caller's. */
int packet_send(int sock, struct view data, const int *fds, int n);

/* packet_recv(sock, buf, size, len, fds, n): 1 and *len, *n set (descriptors
 * close-on-exec, the caller's); 0 nothing there; -1 end of the connection or a
 * packet that was cut. fds has PACKET_FDS_MAX members. */
int packet_recv(int sock, void *buf, size_t size, size_t *len, int *fds, int *n);

/*
 * How a descriptor that came in a packet and is not wanted is closed: close, unless
 * the process says otherwise. The last close of a file may wait for whoever serves
 * it, and that may be the sender.
 */
extern int (*packet_close)(int fd);

#endif
