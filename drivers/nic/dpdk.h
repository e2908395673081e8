/*
 * Ports on DPDK's ethdev, whatever the driver below.
 *
 * The process that includes dpdk.c is the only EAL process. nic_eal_start must
 * run before anything else, as root; after nic_open no call here needs a
 * privilege.
 */
#ifndef POSTERN_DRIVERS_NIC_DPDK_H
#define POSTERN_DRIVERS_NIC_DPDK_H

#include "drivers/nic/port.h"

struct nic_config {
	const char *vdev;      /* e.g. "net_af_packet0,iface=dp0", or NULL */
	bool huge;             /* false: --no-huge --no-shconf */
	uint32_t memory_mb;
	int main_cpu;          /* of the steward thread */
	int worker_cpu;
	uint32_t pkt_count;    /* packet buffers of the pool */
	uint16_t mtu;
};

/* nic_eal_start(c, program): start EAL. 0, or -1 with a line on stderr saying
 * what and what to do. */
int nic_eal_start(const struct nic_config *c, const char *program);

/* nic_open(c): configure and start the first port of EAL. NULL: line on stderr. */
struct port *nic_open(const struct nic_config *c);

/* nic_launch(fn, arg): run fn(arg) on the worker's pinned thread. 0 or -1. */
int nic_launch(int (*fn)(void *), void *arg);

/* nic_wait(): wait for the worker to return; its result. */
int nic_wait(void);

/* nic_stop(port): stop and close port and EAL. */
void nic_stop(struct port *);

#endif
