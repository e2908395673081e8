/*
 * Two ports joined in memory: what one sends the other receives. For tests and
 * virtual time; no DPDK. pair_open returns 0 or -1; close each port with
 * ops->close. `depth` is the number of frames each direction holds.
 */
#ifndef POSTERN_DRIVERS_NIC_PAIR_H
#define POSTERN_DRIVERS_NIC_PAIR_H

#include "drivers/nic/port.h"

int pair_open(struct port **a, struct port **b, uint32_t depth, uint16_t mtu);

#endif
