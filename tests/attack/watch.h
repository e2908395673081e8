/*
 * A connection of somebody else, watched: where a forgery of it does the most harm.
 */
#ifndef POSTERN_TESTS_ATTACK_WATCH_H
#define POSTERN_TESTS_ATTACK_WATCH_H

#include "tests/attack/raw.h"

/* What the two ends were last seen to say. */
struct watch {
	uint16_t port;
	bool up, down;        /* a segment of either was seen */
	uint32_t next;        /* sequence number that the peer sends next */
	uint32_t acked;       /* of the victim's */
	uint32_t victim_next;
	uint16_t window;
	uint8_t stamp[12];    /* timestamps option of the peer */
	bool stamp_on;
};

/* watch_begin(r, w, port): of SELF and that port; false with a line on stderr when
 * nothing of it is seen. */
bool watch_begin(struct raw *r, struct watch *w, const char *port);

/* watch_look(r, w): everything that has come until now; at first, until both ends have
 * spoken. A packet socket does not hear itself. watch_see: one segment. */
bool watch_look(struct raw *r, struct watch *w);
void watch_see(struct raw *r, struct watch *w, const struct raw_seg *s);

/* watch_segment(r, w): as the peer's next one would be. watch_inside: a sequence number
 * in the window, where the peer does not write yet. */
struct raw_seg watch_segment(struct raw *r, const struct watch *w);
uint32_t watch_inside(struct raw *r, const struct watch *w);

#endif
