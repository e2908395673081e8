#include "abi/link/capture.h"

#include "abi/wire/reason.h"

void
capture_ask_put(struct put *w, const struct capture_ask *a)
{
	filter_put(w, &a->filter);
	put_u32(w, a->snap);
	put_u32(w, a->seconds);
	put_u64(w, a->bytes);
	put_u32(w, a->packets);
	if (a->kind != CAPTURE_FRAMES)
		put_u8(w, a->kind);
}

static bool
within(uint64_t v, uint64_t min, uint64_t max)
{
	return v >= min && v <= max;
}

int
capture_ask_get(struct cur *c, struct capture_ask *a)
{
	int r = filter_get(c, &a->filter);

	a->snap = cur_u32(c);
	a->seconds = cur_u32(c);
	a->bytes = cur_u64(c);
	a->packets = cur_u32(c);
	a->kind = cur_left(c) > 0 ? cur_u8(c) : CAPTURE_FRAMES;
	if (r != 0 || c->bad || a->kind > CAPTURE_RECORDS)
		return -R_LINK_ITEM;
	return within(a->snap, CAPTURE_SNAP_MIN, CAPTURE_SNAP_MAX) && within(a->seconds, 1, CAPTURE_SECONDS_MAX) &&
			within(a->bytes, 1, CAPTURE_BYTES_MAX) && within(a->packets, 1, CAPTURE_PACKETS_MAX)
		? 0
		: -R_LINK_ITEM;
}
