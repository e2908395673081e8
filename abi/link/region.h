/*
 * A region: one memory file that one side writes and the other reads.
 *
 * Ownership: region_create makes a file that this process writes;
 * region_attach maps a file that the other side made. Both release with
 * region_close. Thread: any, but one thread at a time per region.
 */
#ifndef POSTERN_LINK_REGION_H
#define POSTERN_LINK_REGION_H

#include "abi/link/layout.h"

struct region {
	uint8_t *base;      /* mapping, NULL when closed */
	size_t size;
	int fd;             /* of the creator: to be handed over; -1 for a reader */
	uint32_t ring_count;
	uint32_t arena_size;
	uint16_t minor;     /* of who made it: LINK_MINOR there */
};

static inline struct link_header *
region_header(const struct region *r)
{
	return (struct link_header *)r->base;
}

static inline struct link_entry *
region_entries(const struct region *r)
{
	return (struct link_entry *)(r->base + LINK_PAGE);
}

static inline uint8_t *
region_arena(const struct region *r)
{
	return r->base + LINK_PAGE + (size_t)r->ring_count * sizeof(struct link_entry);
}

/* region_size(ring_count, arena_size): bytes of the whole file. */
size_t region_size(uint32_t ring_count, uint32_t arena_size);

/*
 * region_create(r, name, ring_count, arena_size): make, map and seal a memory
 * file (no shrink, no grow, no future write, no more seals; close-on-exec).
 * Memory is locked and left out of core dumps where the limits allow it.
 * Returns 0, or -errno with nothing left behind.
 */
int region_create(struct region *r, const char *name, uint32_t ring_count, uint32_t arena_size);

/*
 * region_attach(r, fd): map what the other side made, read-only, after checking
 * seals, size, magic and version, and that ring_count and arena_size are the
 * ones expected. `fd` stays the caller's. Returns 0 or -R_LINK_*.
 */
int region_attach(struct region *r, int fd, uint32_t ring_count, uint32_t arena_size);

/* region_close(r): wipe if it is ours, unmap, close. Safe on a zeroed region. */
void region_close(struct region *r);

#endif
