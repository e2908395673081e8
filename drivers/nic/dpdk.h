/*
 * Ports on DPDK's ethdev, whatever the driver below.
 *
 * The process that includes dpdk.c is the only EAL process. nic_eal_start must
 * run before anything else, as root; after nic_open no call here needs a
 * privilege, but each driver makes the system calls that its row in device.c
 * lists.
 */
#ifndef POSTERN_DRIVERS_NIC_DPDK_H
#define POSTERN_DRIVERS_NIC_DPDK_H

#include "drivers/nic/port.h"

#define NIC_WORKERS_MAX 64u

struct nic_config {
	const char *device;    /* "af_packet:eth1", as device.h has it */
	bool huge;             /* false: --no-huge --no-shconf */
	int main_cpu;          /* of the steward thread, or -1 */
	uint32_t workers;
	uint32_t queue_max;    /* receive queues that are used; 0: one per worker */
	int worker_cpu[NIC_WORKERS_MAX]; /* two workers may share a CPU */
	uint32_t pkt_count;              /* packet buffers of each worker: nobody else allocates there */
	bool promiscuous;                /* frames to other addresses than its own come too */
	uint16_t mtu;                    /* as much of it as the device can */
};

/* nic_eal_start(c, program): start EAL. 0, or -1 with a line on stderr saying
 * what and what to do. */
int nic_eal_start(const struct nic_config *c, const char *program);

/* nic_open(c, ports): configure and start the device: one port per worker. A
 * worker that has no receive queue of its own can still send. 0, or -1 with a
 * line on stderr. */
int nic_open(const struct nic_config *c, struct port **ports);

/* nic_link_up(): the device's other end is there, as far as its driver can tell.
 * [any thread] */
bool nic_link_up(void);

/* nic_launch(worker, fn, arg): run fn(arg) on this worker's pinned thread. 0 or -1. */
int nic_launch(uint32_t worker, int (*fn)(void *), void *arg);

/* nic_wait(worker): wait for it to return; its result. */
int nic_wait(uint32_t worker);

/* nic_stop(ports, count): close them, stages in front of them included, then EAL. */
void nic_stop(struct port **ports, uint32_t count);

#endif
