/*
 * Finding the descriptors that a port driver opened: private to drivers/nic.
 */
#ifndef POSTERN_DRIVERS_NIC_DPDK_FD_H
#define POSTERN_DRIVERS_NIC_DPDK_FD_H

#include <stdbool.h>

/* fd_snapshot(): remember which descriptors are open now. */
void fd_snapshot(void);

/* fd_find_packet(n): the n-th packet or XDP socket that was opened since, from
 * 0 and in the order of the queues, or -1. What the socket need not see (frames
 * that the kernel sends on the same interface) is switched off; group frames are
 * switched on: both end with the socket and leave the interface's flags alone. */
int fd_find_packet(unsigned n);

/* fd_promiscuous(fd): frames to every address too, until the socket is closed. False
 * when it is no packet socket. */
bool fd_promiscuous(int fd);

/* fd_hush(fd): no signal for what comes to it. */
void fd_hush(int fd);

/* fd_is_event(fd): an eventfd, which must be read to become quiet. */
bool fd_is_event(int fd);

#endif
