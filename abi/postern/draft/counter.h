/*
 * postern.counter/1, offered by the host: what the plugin counts, for the operator.
 *
 * The names are those of NAME.conf, in at most 64 words altogether:
 *
 *	Counters NAME ...
 *
 * A name has at most 31 letters, digits, '-', '_' and '.'. `posternctl plugins` shows
 * each with the sum over the plugin's hosts: those that run and those that have ended
 * since the supervisor began. A sum stops at 2^63 - 1. So a counter is something that
 * adds up; nothing may depend on it, since a host that runs as a user counts what that
 * user lets it count.
 */
#ifndef POSTERN_DRAFT_COUNTER_H
#define POSTERN_DRAFT_COUNTER_H

#include "../host.h"

#define POSTERN_IF_COUNTER "postern.counter/1"

struct postern_if_counter {
	/*
	 * *counter becomes the number of this name, from 1 on, the same for the life
	 * of the host; every counter is 0 at first. Where it fails *counter is 0,
	 * which add and set take for no counter at all.
	 *
	 * POSTERN_E_NOSUCH: NAME.conf has no such counter. POSTERN_E_INVAL: counter is
	 * NULL. [any-thread]
	 */
	int32_t (*of)(const struct postern_host *host, struct postern_view name, uint32_t *counter);

	/*
	 * n more of it, modulo 2^64. It neither waits nor calls the system.
	 * POSTERN_E_NOSUCH: `of` gave no such number. [any-thread]
	 */
	int32_t (*add)(const struct postern_host *host, uint32_t counter, uint64_t n);

	/*
	 * In place of what was counted in this host: for what the plugin adds up by
	 * itself. POSTERN_E_NOSUCH: as of add. [any-thread]
	 */
	int32_t (*set)(const struct postern_host *host, uint32_t counter, uint64_t value);
};

#endif
