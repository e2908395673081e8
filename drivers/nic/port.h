/*
 * A port: where frames come from and go to. One interface, several drivers:
 * dpdk (any ethdev), pair (two ports joined in memory, for tests), impair (a
 * stage in front of another port that loses, delays and reorders, for tests).
 *
 * Thread: all calls from the one worker that owns the queue, except open/close.
 * Time is an argument, in microseconds of the worker's clock.
 */
#ifndef POSTERN_DRIVERS_NIC_PORT_H
#define POSTERN_DRIVERS_NIC_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nic/pkt.h"

#define PORT_BURST 32u

struct port;

struct port_ops {
	/* Up to n received frames; each is the caller's until freed or sent. */
	uint32_t (*rx)(struct port *, struct pkt **pkts, uint32_t n, uint64_t now_us);
	/* Send up to n frames, which are the port's afterwards; returns how many
	 * were taken, the others stay the caller's. */
	uint32_t (*tx)(struct port *, struct pkt **pkts, uint32_t n, uint64_t now_us);
	/* An empty frame buffer with PKT_HEADROOM before data, len 0; or NULL. */
	struct pkt *(*alloc)(struct port *);
	void (*free)(struct port *, struct pkt *);
	/* A descriptor that is readable when rx may have something, or -1. */
	int (*wait_fd)(struct port *);
	/* Earliest time at which rx may have something by itself (a delay stage),
	 * UINT64_MAX for never. */
	uint64_t (*next_us)(struct port *);
	void (*close)(struct port *);
};

struct port {
	const struct port_ops *ops;
	uint8_t mac[6];
	uint16_t mtu;      /* bytes of an IP packet */
	uint32_t frame_max;/* bytes of a frame that tx accepts */
};

#endif
