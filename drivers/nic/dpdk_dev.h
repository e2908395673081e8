/*
 * The device below the ports: private to drivers/nic.
 */
#ifndef POSTERN_DRIVERS_NIC_DPDK_DEV_H
#define POSTERN_DRIVERS_NIC_DPDK_DEV_H

#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "drivers/nic/device.h"
#include "drivers/nic/dpdk.h"

/* One worker's side of the device. */
struct dpdk_port {
	struct port port;
	struct dpdk_dev *dev;
	struct rte_mempool *pool;
	uint16_t tx_queue;
	int wait_fd;
	bool intr;            /* wait_fd is an interrupt's: armed before, cleared after */
	uint64_t heard_us;    /* when a frame came last */
	uint64_t link_us;     /* when the link is to be looked at again */
	bool link_down;
};

struct dpdk_dev {
	const struct nic_driver *driver;
	const struct nic_driver *below; /* of a bond's first member; else the same */
	uint16_t primary;     /* of a bond: the member that sends */
	uint64_t bond_us;     /* when it is looked after again */
	uint16_t id;
	uint16_t rx_queues;
	uint16_t tx_queues;
	bool rx_csum; /* it verifies checksums, and can be believed */
	bool tx_csum;
	uint32_t tx_cut;      /* bytes of a frame that it cuts into segments; 0: it does not */
	bool tx_shared;       /* fewer transmit queues than workers */
	uint32_t workers;
	uint32_t open;        /* ports that are not closed yet */
	rte_spinlock_t tx_lock[NIC_WORKERS_MAX];
	struct dpdk_port port[NIC_WORKERS_MAX];
};

/* dev_queues(c): how many queue pairs a virtual device is made with; -1 with a
 * line on stderr. */
int dev_queues(const struct nic_config *c, const struct nic_driver *d);

/* dev_start(d, c): find, configure and start the device and set the facts of its
 * ports. 0, or -1 with a line on stderr. The pools are the caller's. */
int dev_start(struct dpdk_dev *d, const struct nic_config *c);

/* dev_look(d, now_us): whether the member of a bond that sends still can; not for every
 * burst. True: another member carries the frames than before. */
bool dev_look(struct dpdk_dev *d, uint64_t now_us);

/* dev_pools(d, c): a pool for each worker. 0, or -1 with a line on stderr. */
int dev_pools(struct dpdk_dev *d, const struct nic_config *c);

/* pool_room(mtu): bytes of a packet buffer, its headroom included. */
uint16_t pool_room(uint16_t mtu);

#endif
