/*
 * Captures: what is asked for, whose frames they are, and what a worker's ring says.
 * The ring is a region whose entries and head are the input's; whatever they are,
 * blocks of pcapng come out that follow one another, and the walk ends.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/link/capture.h"
#include "control/console/capture.h"
#include "control/console/pcapng.h"
#include "dataplane/net/ends.h"

#define ENTRIES 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
asked(const uint8_t *data, size_t size)
{
	uint8_t again[128];
	struct put w = put_of(again, sizeof(again));
	struct cur c = cur_of(data, size);
	struct capture_ask a;

	if (capture_ask_get(&c, &a) != 0)
		return;
	if (a.snap < CAPTURE_SNAP_MIN || a.snap > CAPTURE_SNAP_MAX || a.seconds == 0 || a.packets == 0 ||
	    a.bytes == 0 || a.bytes > CAPTURE_BYTES_MAX)
		abort();
	capture_ask_put(&w, &a);
	if (memcmp(again, data, put_len(&w)) != 0)
		abort();
}

static void
ends(const uint8_t *data, size_t size)
{
	/* of its own size, so that a byte behind it is found */
	uint8_t *frame = malloc(size > 0 ? size : 1);
	struct net_ends e;
	uint8_t csum[2];

	if (size > 0)
		memcpy(frame, data, size);
	if (net_ends(frame, (uint32_t)size, &e)) {
		if (e.end > size || (e.tcp != 0 && e.tcp + 20 > e.end))
			abort();
		(void)net_ends_csum(frame, &e, csum);
	}
	free(frame);
}

static void
write_out(const struct leg *l)
{
	static uint8_t block[CAPTURE_SNAP_MAX + PCAPNG_BLOCK_MAX];
	struct pcapng_frame f = { .ns = l->next.arg[0], .len = (uint32_t)l->next.arg[1], .kept = l->bytes };
	size_t len = pcapng_frame(block, &f);
	uint32_t told;

	memcpy(&told, block + 4, sizeof(told));
	if (told != len || len > sizeof(block) || len % 4 != 0)
		abort();
}

static void
ring(const uint8_t *data, size_t size)
{
	static struct region own, other;
	static struct stream s;
	struct leg l = { .stream = &s, .wait_fd = -1 };
	uint32_t head = 0, count = 0;

	if (own.base == NULL && (region_create(&own, "own", CAPTURE_READ_RING, CAPTURE_READ_ARENA) != 0 ||
				    region_create(&other, "other", ENTRIES, 65536u) != 0))
		abort();
	if (size >= 4)
		memcpy(&head, data, 4);
	memset(region_entries(&other), 0, ENTRIES * sizeof(struct link_entry));
	if (size > 4)
		memcpy(region_entries(&other), data + 4,
		    size - 4 < ENTRIES * sizeof(struct link_entry) ? size - 4 : ENTRIES * sizeof(struct link_entry));
	__atomic_store_n(&region_header(&other)->head, head, __ATOMIC_RELEASE);
	ring_in_init(&l.in, &own, &other);
	l.own = own;
	l.other = other;
	while (leg_peek(&l)) {
		if (l.bytes.len > CAPTURE_SNAP_MAX || ++count > ENTRIES)
			abort();
		write_out(&l);
		leg_skip(&l);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	asked(data, size);
	ends(data, size);
	ring(data, size);
	return 0;
}
