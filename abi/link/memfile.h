/*
 * Sealed memory files, as region, slot and meter need them, and the page of a
 * host's counters (control/counters.h).
 */
#ifndef POSTERN_LINK_MEMFILE_H
#define POSTERN_LINK_MEMFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * memfile_create(name, size, fd, shared): make, map writable, lock where the
 * limits allow, keep out of core dumps, and seal. With `shared` both sides may
 * write (key slots), else nobody but this mapping ever can. NULL and -errno in
 * *fd when it fails.
 */
void *memfile_create(const char *name, size_t size, int *fd, bool shared);

/* memfile_attach(fd, size, shared): check seals and size, map read-only (or
 * writable when shared). NULL when something is not as promised. */
void *memfile_attach(int fd, size_t size, bool shared);

#endif
