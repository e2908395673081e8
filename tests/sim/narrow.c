#include "tests/sim/narrow.h"

#include <string.h>

#define LEAST4 552u
#define LEAST6 1280u

void
narrow_init(struct narrow *n, struct rng *r, bool v4, uint64_t now)
{
	static const uint16_t mtus[] = { 0, 1500, 1492, 1400, 1280, 576 };
	uint32_t choices = v4 ? 6 : 5;

	memset(n, 0, sizeof(*n));
	n->header = v4 ? 20 : 40;
	if (!rng_one_in(r, 3))
		return;
	n->mtu[0] = mtus[rng_below(r, choices)];
	n->mtu[1] = rng_below(r, 2) ? mtus[rng_below(r, choices)] : n->mtu[0];
	n->change_at = now + rng_below(r, 1u << (10 + rng_below(r, 12)));
	n->delay_us = 10 + rng_below(r, 50000);
	n->tells = rng_below(r, 3) > 0;
	n->forged = rng_one_in(r, 2) ? 1 + rng_below(r, 5000) : 0;
}

static void
tell(struct narrow *n, uint32_t to, uint32_t seq, uint32_t mtu, uint32_t size, uint64_t now)
{
	if (n->count < NARROW_TOLD)
		n->told[n->count++] = (struct narrow_told){ .at = now + n->delay_us, .to = to, .seq = seq,
			.mtu = (uint16_t)mtu, .size = (uint16_t)size };
}

bool
narrow_pass(struct narrow *n, struct rng *r, uint32_t from, uint32_t seq, uint32_t len, uint64_t now)
{
	uint32_t mtu = n->mtu[now >= n->change_at];
	uint32_t size = len + n->header;

	/* What is quoted exists, or once did, or never will. */
	if (n->forged != 0 && rng_below(r, 100000) < n->forged)
		tell(n, from, seq + (rng_one_in(r, 3) ? rng_below(r, 1u << 20) : 0),
		    n->header == 20 ? LEAST4 - rng_below(r, 300) : LEAST6, 1500, now);
	if (mtu == 0 || size <= mtu)
		return true;
	n->dropped++;
	if (n->tells)
		tell(n, from, seq, n->header == 20 && rng_one_in(r, 8) ? 0 : mtu, size, now);
	return false;
}

uint64_t
narrow_next(const struct narrow *n)
{
	return n->count > 0 ? n->told[0].at : UINT64_MAX;
}

bool
narrow_take(struct narrow *n, struct narrow_told *t, uint64_t now)
{
	if (n->count == 0 || n->told[0].at > now)
		return false;
	*t = n->told[0];
	memmove(n->told, n->told + 1, --n->count * sizeof(n->told[0]));
	return true;
}
