/*
 * A link without a worker: the other end of a host's link, in the same process. Who
 * holds it plays the dataplane: sends entries up, takes what the host publishes.
 *
 * One thread holds both ends, so nobody sleeps and no bell is needed.
 */
#ifndef TOOLS_PLUGINRUN_DOUBLE_H
#define TOOLS_PLUGINRUN_DOUBLE_H

#include "abi/link/layout.h"
#include "abi/link/op.h"
#include "control/linkend.h"

struct double_end {
	struct region own;
	struct region other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_HOST_RING];
	int bell_wait;
};

/* double_join(d, l): `l`, of a host, is up and its worker is `d`. 0, or -1: then
 * double_leave. */
int double_join(struct double_end *d, struct linkend *l);
void double_leave(struct double_end *d);

#endif
