/*
 * What of the kernel is below a port, asked without DPDK: private to drivers/nic.
 */
#ifndef POSTERN_DRIVERS_NIC_IFACE_H
#define POSTERN_DRIVERS_NIC_IFACE_H

/* iface_mtu(name): 0 when there is none. */
int iface_mtu(const char *name);

/* iface_queues(name, pairs): how many queues it may receive on, at least 1; of
 * these *pairs, at least 1, are queue pairs that an XDP socket can have. */
int iface_queues(const char *name, int *pairs);

/* socket_clear(path): remove a socket that nobody listens at any more. 0, or -1
 * with errno when there is something else. */
int socket_clear(const char *path);

#endif
