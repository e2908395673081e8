/* The worker's end of a control link, for tests: takes MSG_LINK from a supervisor
 * socket, answers LINK_UP, then has both rings. */
#ifndef TESTS_CONTROL_WORKEND_H
#define TESTS_CONTROL_WORKEND_H

#include "abi/link/bell.h"
#include "abi/link/region.h"
#include "abi/link/ring.h"
#include "abi/link/slot.h"
#include "control/msg.h"

struct workend {
	struct region own, other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_CONTROL_RING];
	struct link_slot *slots;
	int wait_fd, own_ring_fd, peer_ring_fd;
	bool up;
};

/* workend_take(w, m): m is a MSG_LINK. 0 or -1. */
int workend_take(struct workend *w, const struct msg *m);
/* workend_answer(w, sock, worker): LINK_UP to the control process. */
int workend_answer(struct workend *w, int sock, uint32_t worker);
bool workend_send(struct workend *w, struct link_entry *e, struct view payload);
void workend_end(struct workend *w);

#endif
