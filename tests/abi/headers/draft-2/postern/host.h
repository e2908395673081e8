/*
 * postern plugin ABI: what a plugin sees of the process that loaded it.
 *
 * A host process loads one plugin. It has already taken its identity and its
 * sandbox when the plugin's first instruction runs.
 *
 * Threads. Every method of this ABI carries a tag:
 *   [plugin-thread]  the one thread on which the host calls this instance. Calls
 *                    are never concurrent and must not block: a plugin that
 *                    blocks stops every channel of its host, no other.
 *   [task-thread]    a thread that the host made for one task; may block.
 *   [any-thread]     any thread of the process, at any time.
 * A method called from another thread than its tag allows returns
 * POSTERN_E_THREAD and changes nothing; a debug host ends the process.
 *
 * Memory. Nobody frees the other side's memory. What a call passes is borrowed
 * until it returns; what an object hands out lives as long as its method says.
 */
#ifndef POSTERN_HOST_H
#define POSTERN_HOST_H

#include "result.h"

#define POSTERN_ABI_MINOR 0 /* what these headers describe */

/*
 * A root struct: begins with its size and grows only at the end. Before using
 * a member that a later minor version added, compare `size`.
 */
struct postern_host {
	uint32_t size;
	uint32_t abi_minor;
	void *impl; /* the host's own: leave it alone */

	/*
	 * The interface with this id ("postern.channel/1"), or NULL when this host
	 * does not offer it; live without it then. It is valid until the plugin's
	 * destroy has returned. [any-thread]
	 */
	const void *(*query)(const struct postern_host *host, struct postern_view id);
};

#endif
