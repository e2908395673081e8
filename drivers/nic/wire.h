/*
 * One direction of a bad wire: what happens to each frame, decided by a seed.
 *
 * The same decisions for a port under test (impair.h), the simulator and a wire
 * between kernels. Nothing but numbers: the owner has the frames, the clock
 * (microseconds) and the memory. Tests only.
 *
 * A frame goes through these in turn, each of which may be off:
 *
 *   loss, alone or in bursts -> a queue in front of a bottleneck -> silence
 *     -> delay and jitter, which keep the order -> reordering -> a second copy
 *     -> damage: bits, length
 *
 * The same configuration, seed, and frames at the same times give the same fate.
 */
#ifndef POSTERN_DRIVERS_NIC_WIRE_H
#define POSTERN_DRIVERS_NIC_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_MILLION 1000000u
#define WIRE_QUEUE_FRAMES 1024u /* at most, where the queue counts frames */
#define WIRE_LATE_MAX 64u       /* frames that wait for others to pass them */

/* Chances are parts per million, per frame. */
struct wire_conf {
	uint32_t loss;
	uint32_t burst_in;     /* Gilbert-Elliott: from the good state to the bad one, */
	uint32_t burst_out;    /* back again, */
	uint32_t burst_loss;   /* and the loss in the bad one */
	uint64_t rate;         /* bits per second of the bottleneck; 0: none */
	uint32_t queue_bytes;  /* what waits in front of it, the frame that is being */
	uint32_t queue_frames; /* sent included; 0: no such limit. Drop tail */
	uint32_t stall;        /* nothing moves, then all in order, */
	uint32_t stall_us;     /* for so long */
	uint32_t delay_us;
	uint32_t jitter_us;    /* up to so much more; in order */
	uint32_t reorder;
	uint32_t reorder_us;   /* late by up to so much; or, where it is 0, */
	uint32_t reorder_by;   /* until so many others have passed, and no longer than */
	uint32_t reorder_max_us; /* so. */
	uint32_t duplicate;    /* the copy is late by up to reorder_us */
	uint32_t corrupt;      /* a few neighbouring bits change: never so that a
	                        * checksum of 16 bits could miss it */
	uint32_t truncate;     /* the end is missing */
};

struct wire_stats {
	uint64_t frames;
	uint64_t lost;
	uint64_t burst_lost;
	uint64_t queue_lost;   /* no room in the queue */
	uint64_t stalls;
	uint64_t late;         /* reordered */
	uint64_t duplicated;
	uint64_t corrupted;
	uint64_t truncated;
	uint64_t full;         /* no room in the owner's memory */
};

/* A frame under way, or what the owner calls so. */
struct wire_frame {
	uint64_t due;
	uint64_t order;        /* frames that are due together keep their order */
	void *item;
};

struct wire_late {
	uint64_t due;
	uint32_t passes;       /* still to come */
	void *item;
};

/* What becomes of one frame. */
struct wire_fate {
	uint64_t due[2];
	uint32_t copies;       /* 0: lost */
	uint32_t len;          /* of what is left of it */
	uint32_t flip_bit;     /* first of the bits that change */
	uint32_t flip;         /* which of the 15 from there on; 0: none */
	bool late;             /* the first copy waits until others have passed */
};

struct wire {
	struct wire_conf c;
	struct wire_stats stats;
	uint64_t rng;
	bool bad;              /* state of the bursts */
	uint64_t busy;         /* ns: until when the bottleneck sends */
	uint64_t held;         /* until when nothing moves */
	uint64_t last_due;
	uint64_t order;
	uint64_t sent[WIRE_QUEUE_FRAMES]; /* ns: when the last frames have left the queue */
	uint32_t sent_at;
	struct wire_late late[WIRE_LATE_MAX];
	uint32_t late_count;
	struct wire_frame *heap;
	uint32_t count;
	uint32_t size;
};

/* wire_random(state): splitmix64: one word of state, so that a seed is a whole run. */
uint64_t wire_random(uint64_t *state);

/* wire_init(w, c, seed, heap, size): `heap` has room for `size` frames. */
void wire_init(struct wire *w, const struct wire_conf *c, uint64_t seed, struct wire_frame *heap,
    uint32_t size);

/* wire_judge(w, len, now, f): a frame of so many bytes comes; `f` says what is to
 * be done with it. False: it is lost. */
bool wire_judge(struct wire *w, uint32_t len, uint64_t now, struct wire_fate *f);

/* wire_damage(f, data): the bits, of what is left of it. */
void wire_damage(const struct wire_fate *f, uint8_t *data);

/* wire_put(w, f, copy, item): copy 0 or 1 of the frame travels. False: no room. */
bool wire_put(struct wire *w, const struct wire_fate *f, uint32_t copy, void *item);

/* wire_next(w): when the next frame is there; UINT64_MAX: none is under way. */
uint64_t wire_next(const struct wire *w);

/* wire_take(w, now): the next frame that is there; NULL. */
void *wire_take(struct wire *w, uint64_t now);

/* wire_drain(w): any frame, for the end; NULL. */
void *wire_drain(struct wire *w);

#endif
