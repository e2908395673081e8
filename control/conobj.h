/*
 * One connection as gate and clerk hold it: its name, and the control part of its
 * note as last written. There is no other state that matters: what an event means
 * is read from the note, and the answer writes the note anew. So an object that is
 * rebuilt from an adopt image is the same object. What else hangs on it (requests
 * to keeper, warden or supervisor) belongs to records that are not done, which the
 * worker sends again.
 */
#ifndef POSTERN_CONTROL_CONOBJ_H
#define POSTERN_CONTROL_CONOBJ_H

#include <stdbool.h>

#include "abi/link/note.h"
#include "control/conhash.h"

#define CONOBJ_ADDRESS_MAX 48u

struct exchange;
struct exchange_group;

struct conobj {
	struct conhash_node node; /* first */
	uint8_t phase;            /* enum ssh_phase, as far as this side knows */
	bool closing;             /* our CLOSE is out: nothing is answered any more */
	uint16_t port;
	uint16_t local_port;
	uint32_t note_len;
	uint8_t *note;
	struct exchange *exchange;    /* a message 30 or 32 that is not answered yet */
	struct exchange_group *group; /* of a group exchange, from message 31 to its end */
	char address[CONOBJ_ADDRESS_MAX];
	char local[CONOBJ_ADDRESS_MAX];
};

/* What gate and clerk need of an adopt image; views borrow from it. The rest (HOLD,
 * pending keys, the first hash, deadlines) the worker keeps for itself: the note
 * and the records that come again say the same. */
struct adopt {
	uint8_t phase;
	struct view address;
	uint16_t port;
	struct view local;
	uint16_t local_port;
	struct view note;
	struct view grant;
	struct view ident; /* empty: the worker does not tell */
	uint32_t chan_count;
	uint32_t chan[NOTE_CHAN_MAX]; /* our numbers of those that exist */
};

/* adopt_decode(a, image): 0 or -R_LINK_NOTE. */
int adopt_decode(struct adopt *a, struct view image);

/* conobj_init(p, conn, gen, a): take over from an image: 0, -R_LINK_NOTE,
 * -R_NOMEM. conobj_fini releases the note. */
int conobj_init(struct conobj *p, uint32_t conn, uint32_t gen, const struct adopt *a);
void conobj_fini(struct conobj *p);

/* conobj_store(p, image): this is the note now. 0 or -R_NOMEM. */
int conobj_store(struct conobj *p, struct view image);

#endif
