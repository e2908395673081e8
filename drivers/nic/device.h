/*
 * The names that people give to ports, "DRIVER:DEVICE[,KEY=VALUE...]", and what
 * is known about each driver before it is started: one row per driver. What can
 * be asked of a running device is asked there (dpdk_dev.c), not written here.
 *
 * Needs no DPDK: the control plane checks its configuration with it.
 */
#ifndef POSTERN_DRIVERS_NIC_DEVICE_H
#define POSTERN_DRIVERS_NIC_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/nic/port.h"

#define NIC_DEVICE_MAX 256u /* bytes of a device's name, its end included */

/* What stands behind the colon. */
enum nic_noun { NIC_MEMBERS, NIC_INTERFACE, NIC_PATH, NIC_WORD, NIC_PCI, NIC_ANY };

/* How a worker learns while it sleeps that frames are there. */
enum nic_wait {
	NIC_WAIT_SOCKET, /* the socket that the driver reads from, one per queue */
	NIC_WAIT_INTR,   /* ethdev's receive interrupts */
	NIC_WAIT_NAP,    /* nothing tells: it looks again after a while */
};

struct nic_driver {
	const char *name;         /* before the colon */
	const char *device;       /* behind it, as shown to people */
	const char *when;         /* only with this argument, or NULL */
	enum nic_noun noun;
	const char *vdev;         /* DPDK's name of the device; NULL: one of the PCI bus */
	const char *first;        /* key of the device's name among DPDK's arguments */
	const char *fixed;        /* arguments that it is always given, or NULL */
	bool ring;                /* it is told how large the frames of its packet ring are */
	const char *queues;       /* key of the number of queue pairs, or NULL */
	const char *const *keys;  /* further keys that people may write, or NULL */
	uint16_t queue_max;
	uint16_t rx_ring;         /* descriptors; 0: what the driver recommends */
	uint16_t tx_ring;
	uint16_t mtu_max;         /* 0: what the device says */
	enum nic_wait wait;
	enum port_spread spread;  /* with more than one queue */
	bool kernel;              /* a network interface of the kernel: its MTU counts */
	bool channels;            /* it reads queues of the interface, which must all be read */
	bool mac;                 /* it takes an address of ours, else chance makes one */
	bool twin;                /* the driver's address is that of the other end */
	bool blind;               /* it verifies checksums wrongly: not to be asked */
	bool keeps;               /* closing it needs rights that are gone by then */
	bool link;                /* it knows whether its other end is there */
	bool members;             /* ports below it carry the frames: a bond */
	bool listens;             /* it binds a socket: one that is left over must go */
	const char *const *calls; /* system calls that it makes once it runs */
};

/* nic_driver_of(device): its row; NULL when the name is wrong, and then *wrong
 * says what was expected. */
const struct nic_driver *nic_driver_of(const char *device, const char **wrong);

/* nic_driver_next(d): the rows in order, from NULL to NULL. */
const struct nic_driver *nic_driver_next(const struct nic_driver *d);

/* nic_device_args(device, queues, mtu, dst, size): what EAL is told, for --vdev or
 * --allow. The length, or -1 when it does not fit. */
int nic_device_args(const char *device, uint32_t queues, uint16_t mtu, char *dst, size_t size);

/* nic_frame_room(mtu): the longest frame that a driver may hand over, for packets of so
 * many bytes: a buffer must have as much room. */
uint32_t nic_frame_room(uint16_t mtu);

/* nic_device_mac(device, mac): a local address, the same whenever this machine
 * starts this device. */
void nic_device_mac(const char *device, uint8_t mac[6]);

/* nic_device_name(device, dst, size): what stands behind the colon, without
 * further arguments. */
void nic_device_name(const char *device, char *dst, size_t size);

/* nic_member(device, i, dst, size): the i-th member of a bond, as a device. False:
 * there is none. nic_member_args: what EAL is told of it, as nic_device_args. */
#define NIC_MEMBERS_MAX 8u
bool nic_member(const char *device, uint32_t i, char *dst, size_t size);
int nic_member_args(const char *member, uint32_t i, uint16_t mtu, char *dst, size_t size);

#endif
