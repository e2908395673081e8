/*
 * Rings with arenas: one producer, one consumer, each in its own process.
 *
 * The producer writes payload into its arena and an entry into its ring, then
 * publishes the head. The consumer copies entries out, checks them, and gives
 * everything up to an index back by storing its tail in its own header. The
 * producer frees (and for secrets wipes) arena space when it sees that tail.
 *
 * Nothing here trusts the other side: its head and tail are loaded once and
 * bounded against what this side knows; a wild index is -R_LINK_INDEX, after
 * which the link must be closed.
 *
 * Arena space is handed out in ring order as one contiguous piece per entry;
 * a piece never wraps.
 */
#ifndef POSTERN_LINK_RING_H
#define POSTERN_LINK_RING_H

#include <stdbool.h>

#include "abi/link/region.h"
#include "abi/wire/cursor.h"

/* What the producer knows about its own region. */
struct ring_out {
	struct region *own;
	const struct region *other;
	uint32_t head;       /* next entry to fill */
	uint32_t tail;       /* entries given back so far */
	uint32_t arena_head; /* bytes ever handed out, gaps included */
	uint32_t arena_tail; /* bytes ever given back */
	uint32_t *arena_end; /* per entry: arena_head after it; ring_count of them */
	bool wipe;           /* wipe given-back arena space: control links */
};

/* What the consumer knows about the other side's region. */
struct ring_in {
	struct region *own;
	const struct region *other;
	uint32_t tail;       /* next entry to read */
};

/* ring_out_init(o, own, other, arena_end, wipe): `arena_end` has own->ring_count
 * members and stays the caller's. */
void ring_out_init(struct ring_out *o, struct region *own, const struct region *other,
    uint32_t *arena_end, bool wipe);
void ring_in_init(struct ring_in *i, struct region *own, const struct region *other);

/* ring_reclaim(o): take back what the consumer has finished. 0 or -R_LINK_INDEX. */
int ring_reclaim(struct ring_out *o);

/* ring_room(o, len): would an entry with `len` payload bytes fit now? */
bool ring_room(struct ring_out *o, uint32_t len);

/*
 * ring_reserve(o, len): room for a payload of `len` bytes in the arena, valid
 * until ring_publish. NULL when entry or arena space is missing. The bytes are
 * this side's own until published.
 */
uint8_t *ring_reserve(struct ring_out *o, uint32_t len);

/*
 * ring_publish(o, e, len): make `e` visible, with the reserved payload of which
 * `len` bytes are used (0 and no ring_reserve for none). Sets e->off and
 * e->len. Precondition: ring_room was true or ring_reserve succeeded.
 */
void ring_publish(struct ring_out *o, struct link_entry *e, uint32_t len);

/* ring_send(o, e, payload): reserve, copy and publish. False: no room. */
bool ring_send(struct ring_out *o, struct link_entry *e, struct view payload);

/*
 * ring_peek(i, e, payload): copy the next entry out and bound its payload
 * against the arena. 1: there is one; 0: empty; -R_LINK_*: the other side
 * broke the protocol. The payload is shared memory: read it once.
 */
int ring_peek(struct ring_in *i, struct link_entry *e, struct view *payload);

/* ring_take(i): the entry last peeked is finished; its payload may vanish. */
void ring_take(struct ring_in *i);

/* ring_pending(i): something is there (a hint, for the re-check after arming). */
bool ring_pending(const struct ring_in *i);

/* ring_arm / ring_disarm: say in the own header that this side will sleep.
 * After arming, re-check with ring_pending before sleeping. */
void ring_arm(struct region *own);
void ring_disarm(struct region *own);

/* ring_armed(other): the other side sleeps; ring its bell after publishing. */
bool ring_armed(const struct region *other);

#endif
