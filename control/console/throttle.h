/*
 * Refusals by MaxStartups as sshd logs them: a line when they begin, one from time to time
 * while they go on, and one when they are over. The dataplane counts; whoever it refuses
 * can make no more lines than these.
 */
#ifndef POSTERN_CONSOLE_THROTTLE_H
#define POSTERN_CONSOLE_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_LOOK_MS 2000u   /* between two looks at the counters */
#define THROTTLE_TELL_MS 300000u /* between two lines while it goes on */
#define THROTTLE_OVER_MS 10000u  /* nobody was refused for so long: it is over */

struct throttle {
	const char *what; /* the keyword */
	bool seen, on;
	uint64_t count;              /* refused, at the last look */
	uint64_t from;               /* when it began */
	uint64_t from_ms, told_ms, last_ms;
};

/* throttle_look(t, count, now_ms, line, size): so many were refused since the dataplane
 * began; one that counts less is a new one. True: there is a line to log. */
bool throttle_look(struct throttle *t, uint64_t count, uint64_t now_ms, char *line, size_t size);

#endif
