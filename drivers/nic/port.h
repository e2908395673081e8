/*
 * A port, as one worker sees it: a queue pair where its frames come from and go
 * to. A device with several queues, or several workers, gives one struct port to
 * each worker. One interface, several drivers: dpdk (any ethdev), pair (two
 * ports joined in memory, for tests), impair (a stage in front of another port
 * that loses, delays and reorders, for tests).
 *
 * Thread: all calls from the worker that owns the port, except open and close.
 * Packets may be handed from worker to worker of one device: each may free or
 * send what another received or allocated. Time is an argument, in microseconds
 * of the worker's clock.
 */
#ifndef POSTERN_DRIVERS_NIC_PORT_H
#define POSTERN_DRIVERS_NIC_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nic/pkt.h"

#define PORT_BURST 32u

/* How the device spreads what arrives over its workers' receive queues. */
enum port_spread {
	PORT_SPREAD_NONE,  /* everything arrives at one worker: the others have no rx */
	PORT_SPREAD_FLOW,  /* a flow stays on the queue where it began */
	PORT_SPREAD_LOOSE, /* mostly so, but frames of a flow can come elsewhere */
};

struct port;

struct port_ops {
	/* Up to n received frames; each is the caller's until freed or sent. Called
	 * without a receive queue too: a stage that delays sends from here. */
	uint32_t (*rx)(struct port *, struct pkt **pkts, uint32_t n, uint64_t now_us);
	/* Send up to n frames, which are the port's afterwards; returns how many
	 * were taken, the others stay the caller's. */
	uint32_t (*tx)(struct port *, struct pkt **pkts, uint32_t n, uint64_t now_us);
	/* An empty frame buffer with PKT_HEADROOM before data, len 0; or NULL. */
	struct pkt *(*alloc)(struct port *);
	void (*free)(struct port *, struct pkt *);
	/* A descriptor to wait for reading, or -1: then next_us says when to look. */
	int (*wait_fd)(struct port *);
	/* Before waiting: from here on frames make wait_fd readable. The order that
	 * loses none: arm, look at rx once more, wait. */
	void (*arm)(struct port *);
	/* After waiting: takes what made wait_fd readable, an error too. */
	void (*wake)(struct port *, bool error);
	/* When rx must be looked at though wait_fd is quiet: a delay stage, or a
	 * port without a descriptor. UINT64_MAX for never. */
	uint64_t (*next_us)(struct port *, uint64_t now_us);
	/* The device is closed with its last port. */
	void (*close)(struct port *);
};

struct port {
	const struct port_ops *ops;
	uint8_t mac[6];
	uint16_t mtu;      /* bytes of an IP packet */
	uint32_t frame_max;/* bytes of a frame that tx accepts */
	uint32_t queue;    /* index of its worker */
	bool rx;           /* it has a receive queue of its own */
	uint32_t cut_max;  /* bytes of a frame with PKT_CUT, 0: it cuts none; its packets are
	                    * freed by their first */
	bool tx_csum;      /* it completes the checksum of PKT_CSUM_TCP; others must not see that */
	enum port_spread spread;
	uint32_t moves;    /* times that its frames began to go another way: tell the link again */
};

#endif
