/*
 * Starting a role: a child that executes this very program file again.
 *
 * The program is held open from the start, so that what is started later is
 * what runs now, also after the file on disk was replaced. The child gets its
 * sockets as descriptors 3 to 5, nothing else that is open, an environment of
 * its own, no signal blocked or ignored.
 */
#ifndef POSTERN_CONTROL_SPAWN_H
#define POSTERN_CONTROL_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/role.h"

struct spawn {
	enum role_id role;
	uint32_t index;
	int supervisor_fd;        /* becomes 3; the caller keeps its own copy */
	int log_fd;               /* becomes 4; -1: none */
	int leader_fd;            /* becomes 5 (console: its own log socket); -1: none */
	bool keep_stderr;         /* else descriptor 2 is /dev/null */
	bool keep_umask;          /* the starting process's (a login's), else 022 */
	bool dies_with_parent;    /* SIGKILL when the starting process ends */
	int (*before)(void *ctx); /* in the child, before exec: 0 goes on; may be NULL.
	                             Descriptors are in place when it is called. */
	void *ctx;
};

/* spawn_init(): hold the program file open; once at start, before anything could
 * replace it. 0 or -errno. */
int spawn_init(void);

/* spawn_files(): raise the soft limit of open files to the hard one for this
 * process; children that are started get the old one back. */
void spawn_files(void);

/* spawn_clean_signals(): in a child before exec: every signal as at login, none
 * blocked. */
void spawn_clean_signals(void);

/* spawn_role(s, pidfd): the child's pid, *pidfd close-on-exec; or -errno. */
pid_t spawn_role(const struct spawn *s, int *pidfd);

#endif
