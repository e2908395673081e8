/*
 * A capture: frames of chosen connections, copied by a worker into a ring of their
 * own for console, as they are on the wire; or a trace, of the same form: what their
 * records are, a line for each, and nothing that is in them.
 *
 * One leg per worker, and for each leg a pair of regions (ring.h): the worker's has
 * the frames, console's nothing but its index. The worker never waits: what does not
 * fit is counted, and every entry says how many frames there were and how many of
 * them are missing. The last entry is FRAME_END; then nothing comes any more.
 *
 * Nothing is captured that was not asked for, and nothing that is not on the wire:
 * from the first key exchange on that is ciphertext.
 */
#ifndef POSTERN_LINK_CAPTURE_H
#define POSTERN_LINK_CAPTURE_H

#include "abi/link/filter.h"

#define CAPTURE_MAX 4u                 /* at the same time, of a service */
#define CAPTURE_RING 4096u             /* frames of a leg on their way */
#define CAPTURE_ARENA (4u << 20)       /* and their bytes */
#define CAPTURE_READ_RING 64u          /* of console's region, which stays empty */
#define CAPTURE_READ_ARENA 4096u

#define CAPTURE_SNAP_DEFAULT 65535u    /* bytes kept of a frame */
#define CAPTURE_SNAP_MIN 64u
#define CAPTURE_SNAP_MAX 65535u
#define CAPTURE_BYTES_DEFAULT (64ull << 20)   /* kept bytes of frames */
#define CAPTURE_BYTES_MAX (16ull << 30)
#define CAPTURE_PACKETS_DEFAULT 1000000u
#define CAPTURE_PACKETS_MAX 1000000000u
#define CAPTURE_SECONDS_DEFAULT 60u
#define CAPTURE_SECONDS_MAX 86400u

enum capture_kind {
	CAPTURE_FRAMES = 0,
	CAPTURE_RECORDS = 1, /* a trace */
};

/* What is asked for. Each limit ends the capture; each worker keeps to them by
 * itself, console to their sum over all. */
struct capture_ask {
	struct link_filter filter;
	uint32_t snap;
	uint32_t seconds;
	uint64_t bytes;
	uint32_t packets;          /* frames or records */
	uint8_t kind;              /* enum capture_kind */
};

/* On the wire: filter, u32 snap, u32 seconds, u64 bytes, u32 packets, and u8 kind where
 * it is not frames. */
void capture_ask_put(struct put *w, const struct capture_ask *a);

/* capture_ask_get(c, a): 0; -R_LINK_ITEM: not within the bounds above. */
int capture_ask_get(struct cur *c, struct capture_ask *a);

/* Entries: arg[0] nanoseconds since 1970, arg[1] length of the frame and, in its top
 * bit, CAPTURE_OUT, arg[2] frames that fitted the filter so far, arg[3] of them ones
 * that are missing. */
#define CAPTURE_OUT (1ull << 63)

/* Of a trace: arg[1] bytes on the wire, MAC included. `serial` is the phase (enum
 * ssh_phase) and the length of the payload, which is 0 where it would tell that of a
 * password. `chan` is the recipient's channel in messages 91 to 100. */
#define TRACE_SERIAL(phase, payload) ((uint32_t)(phase) << 24 | (uint32_t)(payload))
#define TRACE_PHASE(serial) ((serial) >> 24)
#define TRACE_PAYLOAD(serial) ((serial) & 0xffffffu)

#endif
