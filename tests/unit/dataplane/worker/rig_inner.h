/* What the parts of the rig share. */
#ifndef POSTERN_TEST_RIG_INNER_H
#define POSTERN_TEST_RIG_INNER_H

#include "tests/unit/dataplane/worker/rig.h"

/* Zeroed pages that cost nothing until they are touched; they go with the rig. */
void *rig_area(struct rig *r, size_t size);

/* Key, IV and sizes of one direction, all bytes `fill`. */
void rig_key_set(struct link_keys *k, uint8_t fill);

/* rig_client.c: the client's TCP and net. */
void client_start(struct rig *r);
void client_poll(struct rig *r);

#endif
