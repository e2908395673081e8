/*
 * A network interface of the kernel below a port: private to drivers/nic.
 */
#ifndef POSTERN_DRIVERS_NIC_IFACE_H
#define POSTERN_DRIVERS_NIC_IFACE_H

/* iface_mtu(name): 0 when there is none. */
int iface_mtu(const char *name);

/* iface_channels(name): receive and transmit queues in pairs, at least 1. */
int iface_channels(const char *name);

#endif
