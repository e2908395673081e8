/*
 * The workers of one port, and the only thing that passes between them: frames,
 * through rings with one producer and one consumer.
 *
 * A flow has one owner, told from the frame alone: the hash of the flow's ends
 * (net/flow.h) names a flow group, the table of groups a worker. On which queue
 * a frame arrives does not matter: who receives what is not its own hands it
 * over. So one queue for all, queues that the device fills by a hash that nobody
 * knows, and frames that spill into another queue are one case, and no segment
 * ever meets a worker that would answer a live connection with RST.
 *
 * Where neighbours are, every worker keeps for itself: ARP and neighbour
 * discovery are answered by who received them and copied to all others. Worker 0
 * speaks for the port: it asks for and announces the addresses, and what comes of it
 * the others follow, by one word that it alone writes.
 *
 * A ring that is full drops, counted; nobody waits for anybody. Frames move
 * with their buffers: each worker may free what another allocated (port.h).
 */
#ifndef POSTERN_DATAPLANE_WORKER_CREW_H
#define POSTERN_DATAPLANE_WORKER_CREW_H

#include "abi/link/meter.h"
#include "dataplane/net/flow.h"
#include "drivers/nic/pkt.h"

#define CREW_MAX 32u      /* workers; a worker's number has 8 bits in an id */
#define CREW_GROUPS 512u  /* flow groups */
#define CREW_RING 2048u   /* frames under way from one worker to another: what a queue of a port holds */

enum crew_kind {
	CREW_FLOW = 1, /* of a flow of the receiver's */
	CREW_NEWS,     /* a copy, to be overheard */
};

struct crew_item {
	struct pkt *pkt;
	enum crew_kind kind;
};

struct crew_ring {
	_Alignas(64) uint32_t head; /* written by the producer */
	uint32_t tail_seen;         /* the producer's last look at tail */
	_Alignas(64) uint32_t tail; /* written by the consumer */
	struct crew_item slot[CREW_RING];
};

struct crew_seat {
	_Alignas(64) uint32_t armed; /* it sleeps: ring its bell */
	int bell;                    /* eventfd, or -1 */
	const struct meter *meter;
};

/* Constant after crew_init, but for armed flags, rings and the face. */
struct crew {
	uint32_t count;
	struct flow_key key;
	uint8_t owner[CREW_GROUPS];
	_Alignas(64) uint64_t face; /* net_face of worker 0 */
	struct crew_seat seat[CREW_MAX];
	struct crew_ring ring[]; /* count * count: from row, to column */
};

size_t crew_size(uint32_t count);

/* crew_init(c, count, key): in zeroed memory of crew_size bytes, 64-byte aligned;
 * the meters are the caller's to set. 0, or -1 with errno: no bells. */
int crew_init(struct crew *c, uint32_t count, const uint8_t key[FLOW_KEY_SIZE]);
void crew_fini(struct crew *c);

static inline uint32_t
crew_owner(const struct crew *c, uint32_t hash)
{
	return c->owner[hash % CREW_GROUPS];
}

/* crew_pass(c, from, to, p, kind): true: p is the receiver's now. News take no
 * more than half of a ring. [thread of `from`] */
bool crew_pass(struct crew *c, uint32_t from, uint32_t to, struct pkt *p, enum crew_kind kind);

/* crew_wake(c, to): after passing: ring, if it sleeps. */
void crew_wake(struct crew *c, uint32_t to);

/* crew_take(c, me, items, max): what was passed to me, of each sender in order. */
uint32_t crew_take(struct crew *c, uint32_t me, struct crew_item *items, uint32_t max);

/* crew_arm(c, me): before sleeping. True: something is there already, and me is
 * not armed. crew_disarm: after. */
bool crew_arm(struct crew *c, uint32_t me);
void crew_disarm(struct crew *c, uint32_t me);

static inline void
crew_face_set(struct crew *c, uint64_t face)
{
	if (c->face != face)
		__atomic_store_n(&c->face, face, __ATOMIC_RELAXED);
}

static inline uint64_t
crew_face(const struct crew *c)
{
	return __atomic_load_n(&c->face, __ATOMIC_RELAXED);
}

/* crew_sum(c, me, id): what the meters of all workers but me say, a moment ago. */
uint64_t crew_sum(const struct crew *c, uint32_t me, enum meter_id id);

#endif
