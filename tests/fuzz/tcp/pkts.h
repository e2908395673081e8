/*
 * Packet buffers of a fuzzed stack: a fixed number, each given out once at a time. What
 * the rooms under test call with nothing of a target's own in it.
 */
#ifndef POSTERN_FUZZ_PKTS_H
#define POSTERN_FUZZ_PKTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "abi/wire/reason.h"
#include "drivers/nic/pkt.h"

#define PKTS_COUNT 96u
#define PKTS_SIZE 2048u

static struct {
	struct pkt pkt[PKTS_COUNT];
	uint8_t bytes[PKTS_COUNT][PKTS_SIZE];
	bool busy[PKTS_COUNT];
	uint32_t starve; /* allocations that fail */
} pkts;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static struct pkt *
on_alloc(void *owner)
{
	(void)owner;
	if (pkts.starve > 0) {
		pkts.starve--;
		return NULL;
	}
	for (uint32_t i = 0; i < PKTS_COUNT; i++) {
		if (pkts.busy[i])
			continue;
		pkts.busy[i] = true;
		pkts.pkt[i] = (struct pkt){ .head = pkts.bytes[i], .data = pkts.bytes[i] + PKT_HEADROOM,
			.size = PKTS_SIZE, .truesize = PKTS_SIZE };
		return &pkts.pkt[i];
	}
	return NULL;
}

static void
on_free(void *owner, struct pkt *p)
{
	(void)owner;
	require(pkts.busy[p - pkts.pkt]);
	pkts.busy[p - pkts.pkt] = false;
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	require(reason > 0 && reason < REASON_MAX);
}

#endif
