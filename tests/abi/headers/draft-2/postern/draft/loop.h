/*
 * postern.loop/1, offered by the host: waiting without a thread of one's own.
 * All methods and callbacks are [plugin-thread].
 */
#ifndef POSTERN_DRAFT_LOOP_H
#define POSTERN_DRAFT_LOOP_H

#include "../host.h"

#define POSTERN_IF_LOOP "postern.loop/1"

#define POSTERN_READABLE 0x1u
#define POSTERN_WRITABLE 0x2u
#define POSTERN_HANGUP 0x4u /* told always, whatever was asked for */

struct postern_if_loop {
	/*
	 * Call `ready` whenever the plugin's own descriptor is in one of `events`
	 * (level, not edge). A second call for the same descriptor changes events,
	 * callback and context; events 0 only tells a hang-up. unwatch it before
	 * closing it. POSTERN_E_DENIED for a descriptor that is the host's.
	 */
	int32_t (*watch)(const struct postern_host *host, int32_t fd, uint32_t events,
	    void (*ready)(void *context, int32_t fd, uint32_t events), void *context);
	int32_t (*unwatch)(const struct postern_host *host, int32_t fd);

	/* Call `fire` once, `milliseconds` from now. cancel after it has fired is
	 * POSTERN_E_NOSUCH. */
	int32_t (*timer)(const struct postern_host *host, uint64_t milliseconds,
	    void (*fire)(void *context), void *context, uint64_t *id);
	int32_t (*cancel)(const struct postern_host *host, uint64_t id);

	/* Milliseconds of a clock that never goes back. */
	uint64_t (*now)(const struct postern_host *host);
};

#endif
