/*
 * Key slots: the page through which gate or clerk hands a key set to the worker.
 *
 * Both sides write, so it carries no write seal; it is locked and left out of
 * core dumps on both. Each slot has one filler and one taker; a slot belongs to
 * the taker from the moment its state says FULL, and is wiped by it.
 */
#ifndef POSTERN_LINK_SLOT_H
#define POSTERN_LINK_SLOT_H

#include "abi/link/layout.h"

/* slots_create / slots_attach: LINK_SLOT_COUNT slots; sealed against shrink,
 * grow and more seals. 0; -errno or -R_LINK_SEALS. slots_close wipes. */
int slots_create(struct link_slot **slots, int *fd);
int slots_attach(struct link_slot **slots, int fd);
void slots_close(struct link_slot *slots);

/* slot_fill(slots, keys): copy into a free slot; its index, or -R_LINK_SLOT when
 * none is free (wait for the worker). `keys` stays the caller's, to be wiped. */
int slot_fill(struct link_slot *slots, const struct link_slot *keys);

/* slot_take(slots, index, conn, gen, keys): copy out and wipe. 0, or
 * -R_LINK_SLOT when it was not filled for this connection: *keys is wiped. */
int slot_take(struct link_slot *slots, uint32_t index, uint32_t conn, uint32_t gen,
    struct link_slot *keys);

#endif
