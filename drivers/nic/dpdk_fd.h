/*
 * Finding the descriptors that a port driver opened: private to drivers/nic.
 */
#ifndef POSTERN_DRIVERS_NIC_DPDK_FD_H
#define POSTERN_DRIVERS_NIC_DPDK_FD_H

#include "drivers/nic/dpdk.h"

/* fd_snapshot(): remember which descriptors are open now. */
void fd_snapshot(void);

/* fd_find_packet(): the first packet or XDP socket that was opened since, or
 * -1. What the socket need not see (frames that the kernel sends on the same
 * interface) is switched off; group frames are switched on: both end with the
 * socket and leave the interface's flags alone. */
int fd_find_packet(void);

#endif
