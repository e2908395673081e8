/*
 * A control process's end of a link to one worker: own region, own bell, own key
 * slots (gate and clerk), and what the worker gave for them.
 *
 *   linkend_request   make region, bell and slots anew, ask the supervisor for
 *                     the link (MSG_LINK)
 *   linkend_up        MSG_LINK_UP came: the rings run
 *   linkend_poll      hand up entries out, each copied into private memory first
 *   linkend_send      publish an entry; what has no room waits here, in order
 *   linkend_sleep     arm, before waiting on wait_fd
 *   linkend_down      MSG_LINK_DOWN, or the worker broke the rules: forget it
 *
 * Every link has new memory: nothing of the old one is used again. The worker is
 * not believed: a wild index or range is an error after which the caller calls
 * linkend_down and linkend_request. One thread.
 *
 * Polling hands nothing out while entries wait for room, so what waits is bounded
 * by what the caller sends on other occasions (an answer per request it made).
 */
#ifndef POSTERN_CONTROL_LINKEND_H
#define POSTERN_CONTROL_LINKEND_H

#include <stdbool.h>

#include "abi/link/bell.h"
#include "abi/link/region.h"
#include "abi/link/ring.h"
#include "abi/link/slot.h"
#include "control/msg.h"
#include "control/step.h"

/* The longest up payload: an adopt image with everything in it. */
#define LINKEND_PAYLOAD_MAX 65536u

struct linkend_queued;

struct linkend {
	uint32_t role; /* LINK_GATE, LINK_CLERK or LINK_HOST */
	uint32_t worker;
	uint32_t link_id; /* valid when up */
	bool up;
	bool asked; /* MSG_LINK is out */
	struct region own;
	struct region other;
	struct ring_out out;
	struct ring_in in;
	uint32_t *arena_end;
	struct link_slot *slots; /* NULL for a host */
	int slots_fd;
	uint32_t slot_head[LINK_SLOT_COUNT]; /* ring position after the step that names it */
	int wait_fd;                         /* watch it for reading; linkend_hush */
	int own_ring_fd;                     /* handed over with MSG_LINK, ours until it is up */
	int peer_ring_fd;
	struct linkend_queued *queue, **queue_end;
	uint8_t *payload; /* LINKEND_PAYLOAD_MAX, private copy of what is polled */
};

void linkend_init(struct linkend *l, uint32_t role, uint32_t worker);

/* linkend_make(l): memory, bell and slots, for a process that may soon make none;
 * linkend_request does it otherwise. 0 or -errno: then linkend_down. */
int linkend_make(struct linkend *l);

/* linkend_request(l, supervisor): 0; -EAGAIN: the supervisor is slow, call again;
 * another -errno. Closes what an earlier link left. */
int linkend_request(struct linkend *l, int supervisor);

/* linkend_up(l, m): m is a LINK_UP for this worker. 0 or -R_*: then the link is
 * not up and the caller may ask again. Descriptors of m stay m's. */
int linkend_up(struct linkend *l, const struct msg *m);

/* linkend_down(l): wipes what this side wrote: only when the worker reads it no
 * more. A process that merely ends leaves its memory as it is. */
void linkend_down(struct linkend *l);

/* What to do with one entry; the payload is private memory until it returns. */
typedef void linkend_fn(void *ctx, struct linkend *l, const struct link_entry *e, struct view payload);

/* linkend_poll(l, budget, fn, ctx): entries handed out (0: none, or no room for
 * answers), or -R_LINK_*. */
int linkend_poll(struct linkend *l, int budget, linkend_fn *fn, void *ctx);

/* linkend_send(l, e, payload): published or queued, in order. 0 or -R_NOMEM. */
int linkend_send(struct linkend *l, struct link_entry *e, struct view payload);
int linkend_step(struct linkend *l, const struct step *s);

/* linkend_ring(l): the worker's bell, if it has armed; for who publishes in l->out
 * without linkend_send. */
void linkend_ring(struct linkend *l);

/* linkend_flush(l): publish what waits, as far as there is room. True: nothing
 * waits any more. */
bool linkend_flush(struct linkend *l);

/* linkend_starved(l): there is no room for an answer; nothing is polled. The
 * worker does not ring for room: poll again after a while. */
bool linkend_starved(struct linkend *l);

/* linkend_drained(l): the worker has finished all that was sent. */
bool linkend_drained(struct linkend *l);

/* linkend_sleep(l): arm. True: nothing can be polled now, waiting is safe.
 * linkend_wake disarms; linkend_hush takes what was rung: -R_PEER_GONE, the
 * worker is gone or has given the link up. */
bool linkend_sleep(struct linkend *l);
void linkend_wake(struct linkend *l);
int linkend_hush(struct linkend *l);

/* linkend_slot(l, keys): put one pending key set into a free slot; the step that
 * names it must be the next entry sent. The slot's number, or -R_LINK_SLOT: none
 * is free now. Slots whose entry the worker finished without taking the keys (a
 * connection that was gone) are wiped and used again. */
int linkend_slot(struct linkend *l, const struct link_slot *keys);

#endif
