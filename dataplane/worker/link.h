/*
 * The worker's end of a link: one gate, clerk or host.
 *
 * The steward makes it (regions mapped, bells there), the worker gives it an id
 * and owns it until it hands it back with EV_LINK_GONE.
 *
 * A link is hot while something goes on: its ring is looked at in every poll.
 * Before it goes cold its armed flag is set, so that the other side rings.
 */
#ifndef POSTERN_DATAPLANE_WORKER_LINK_H
#define POSTERN_DATAPLANE_WORKER_LINK_H

#include "abi/link/bell.h"
#include "abi/link/op.h"
#include "abi/link/region.h"
#include "abi/link/ring.h"
#include "abi/link/slot.h"

#define LINK_MAX 4096u     /* links of one worker */
#define LINK_ROLE_MAX 64u  /* gates, and clerks */

struct link {
	uint32_t id;           /* with the worker's number; used once, never 0 */
	uint32_t role;         /* LINK_GATE, LINK_CLERK or LINK_HOST */
	uint32_t index;        /* of a gate or clerk */
	uint32_t conn;         /* the only connection of a user host, else */
	uint32_t gen;          /* LINK_CONN_NONE and 0 */
	struct region own;
	struct region peer;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_CONTROL_RING];
	struct link_slot *slots; /* gate and clerk */
	struct view plugin;    /* host: its name, as the supervisor said */
	uint32_t asks;         /* host: ASK_* that are not answered */
	int wait_fd;
	int ring_fd;           /* -1 in tests without bells */
	uint32_t hot_at;       /* place among the hot ones, plus 1; 0: cold */
	bool ring_wanted;      /* something was published since the last bell */
	bool stalled;          /* something did not fit */
	bool end_wanted;       /* HOST_END is owed */
	int reason;            /* why it ended */
	struct link *next;     /* among those that ended */
};

static_assert(LINK_HOST_RING <= LINK_CONTROL_RING, "arena_end serves both");

/* link_setup(l): rings over regions that are mapped already. */
void link_setup(struct link *l);

#endif
