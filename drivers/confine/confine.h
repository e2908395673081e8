/*
 * System call filters, through libseccomp.
 *
 * confine_filter(allow, kill, all_threads): from here on the process (every
 * thread of it with all_threads, TSYNC) may make only the calls named in
 * `allow`; those in `kill` end it; every other call fails with EPERM. Names
 * unknown on this kernel are skipped. Sets no_new_privs first. Both lists end
 * with NULL. Returns 0, or -1 with errno.
 *
 * Some names are narrowed by argument, or are no system call:
 *	prctl        harmless options; PR_SET_DUMPABLE only to 0
 *	mmap, mprotect   never executable
 *	load         mmap of a file, executable and not writable: shared objects
 *	open-read    open and openat for reading, creating nothing
 *	fstat        of a descriptor, never of a path
 *	raise        tgkill of the own process
 *	threads      clone for threads only; clone3 is told not to exist
 *	tty          ioctls of a terminal's master, without TIOCSTI
 *	socket-unix, socket-inet   socket (and socketpair) of that family
 *
 * confine_caps(keep, count): bounding and ambient sets emptied, permitted and
 * effective reduced to the capability numbers in `keep` (of this thread).
 */
#ifndef POSTERN_DRIVERS_CONFINE_H
#define POSTERN_DRIVERS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

int confine_filter(const char *const *allow, const char *const *kill, bool all_threads);
int confine_caps(const int *keep, size_t count);

/* confine_reduce(keep, count): permitted and effective reduced likewise, for a
 * root process whose programs must be free: the bounding set stays, and an exec
 * by root gives all of it again. */
int confine_reduce(const int *keep, size_t count);

/* confine_secrets(): not dumpable, core size 0. confine_undumpable(): only the
 * first of these, which an exec undoes. 0 or -1 with errno. */
int confine_secrets(void);
int confine_undumpable(void);

#endif
