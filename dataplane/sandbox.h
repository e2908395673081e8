/*
 * What postern-dp may still do once its port is open: no capability, an account
 * of its own, not dumpable, and the system calls of one list, on every thread.
 */
#ifndef POSTERN_DATAPLANE_SANDBOX_H
#define POSTERN_DATAPLANE_SANDBOX_H

#include <sys/types.h>

struct sandbox {
	uid_t uid;
	gid_t gid;
};

/* sandbox_find(s, account): look the account up. 0, or -1 with a line on stderr. */
int sandbox_find(struct sandbox *s, const char *account);

/* sandbox_begin(): before any thread is started: what must not be given by an
 * exec, in this thread and all that come of it. 0 or -1 with errno. */
int sandbox_begin(void);

/* sandbox_enter(s, driver_calls): the rest, for all threads. The port's driver may
 * make its own system calls besides; the list ends with NULL. 0, or -1 with a
 * line on stderr: the process must end. */
int sandbox_enter(const struct sandbox *s, const char *const *driver_calls);

#endif
