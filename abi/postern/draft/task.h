/*
 * postern.task/1, offered by the host: work off the plugin thread.
 *
 * What may block (a slow file system, a name service, a long computation) is given to
 * a few threads of the host. They have its identity, its sandbox and every signal
 * blocked; a stack of 256 KiB. Work is begun in the order in which it was given, on as
 * many threads as NAME.conf says ("TaskThreads", 4), so two works may run at once and
 * end in any order.
 */
#ifndef POSTERN_DRAFT_TASK_H
#define POSTERN_DRAFT_TASK_H

#include "../host.h"

#define POSTERN_IF_TASK "postern.task/1"

struct postern_if_task {
	/*
	 * Run work(context) on another thread, then, once, done(context) on the plugin
	 * thread, never inside this call. *id (may be NULL) names it for cancel.
	 *
	 * `work` is [task-thread]: of the host's methods it may use those tagged
	 * [any-thread] only. It and the plugin share `context`, which stays the
	 * plugin's: until done it is work's to use, whatever becomes of a channel
	 * meanwhile. A work that never returns keeps its thread for good.
	 *
	 * POSTERN_E_NOMEM: as many as NAME.conf allows ("TaskQueue", 1024) are not done
	 * yet: try again in a `done`. POSTERN_E_CLOSED: the host is stopping.
	 * [plugin-thread]
	 */
	int32_t (*run)(const struct postern_host *host, void (*work)(void *context),
	    void (*done)(void *context), void *context, uint64_t *id);

	/*
	 * POSTERN_OK: it had not begun: neither work nor done is called. Else
	 * POSTERN_E_NOSUCH: it has begun, and done follows or was called.
	 *
	 * A host that stops cancels what has not begun, waits five seconds for what
	 * has, and calls done for that, before it calls the plugin's `stop`. If
	 * something still runs then, the process ends without `stop`. [plugin-thread]
	 */
	int32_t (*cancel)(const struct postern_host *host, uint64_t id);
};

#endif
