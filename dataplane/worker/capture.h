/*
 * A worker's leg of a capture (abi/link/capture.h).
 *
 * The steward makes it (regions mapped, what is asked for checked), the worker owns
 * it from CMD_CAPTURE until EV_CAPTURE_GONE. It ends when it is stopped or one of its
 * limits is reached; then its last entry is published, and it goes back once the
 * reader has read everything, or when it does not within CAPTURE_DRAIN_US.
 */
#ifndef POSTERN_DATAPLANE_WORKER_CAPTURE_H
#define POSTERN_DATAPLANE_WORKER_CAPTURE_H

#include "abi/link/capture.h"
#include "abi/link/ring.h"

#define CAPTURE_DRAIN_US 5000000u
#define CAPTURE_LOOK_US 10000u /* how often an end that waits for its reader is looked at */

struct capture {
	uint32_t tag;
	uint32_t worker;
	struct capture_ask ask;
	struct region own;
	struct region peer;
	struct ring_out out;
	uint32_t arena_end[CAPTURE_RING];
	int ring_fd;
	/* the worker's */
	bool one;              /* of one connection: its ends */
	uint8_t local[16];
	uint16_t local_port;
	bool published;        /* since the last bell */
	bool over;             /* no more frames */
	bool told;             /* FRAME_END is out */
	int reason;            /* of its end */
	uint64_t until_us;
	uint64_t drain_us;     /* given back then, read or not */
	uint64_t bytes;
	uint64_t seen;
	uint64_t missed;
	/* the steward's */
	bool added;
	struct capture *next;
};

#endif
