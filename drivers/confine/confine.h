/*
 * System call filters, through libseccomp.
 *
 * confine_filter(allow, kill, all_threads): from here on the process (every
 * thread of it with all_threads, TSYNC) may make only the calls named in
 * `allow`; those in `kill` end it; every other call fails with EPERM. Names
 * unknown on this kernel are skipped. Sets no_new_privs first. Some calls are
 * narrowed by argument wherever they are allowed: prctl cannot make the process
 * dumpable, mmap and mprotect cannot make memory executable unless
 * "mmap-exec" is listed, fcntl F_SETFL is free, socket only for the families
 * listed as "socket-unix", "socket-inet". Returns 0, or -1 with errno.
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

/* confine_secrets(): not dumpable, core size 0. 0 or -1 with errno. */
int confine_secrets(void);

#endif
