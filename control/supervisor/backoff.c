#include "control/supervisor/backoff.h"

#include <string.h>

/* A wait is no quiet time: nothing ran. */
static void
forgive(struct backoff *b, uint64_t now_ms)
{
	uint64_t since = b->until_ms > b->failed_ms ? b->until_ms : b->failed_ms;

	if (b->failures > 0 && now_ms >= since && now_ms - since >= BACKOFF_QUIET_MS)
		memset(b, 0, sizeof(*b));
}

uint32_t
backoff_wait(struct backoff *b, uint64_t now_ms)
{
	forgive(b, now_ms);
	return b->until_ms > now_ms ? (uint32_t)(b->until_ms - now_ms) : 0;
}

uint32_t
backoff_failed(struct backoff *b, uint64_t now_ms, uint32_t most_ms)
{
	uint32_t wait = 0;

	forgive(b, now_ms);
	if (b->failures < UINT32_MAX)
		b->failures++;
	if (b->failures >= 2) {
		uint32_t doublings = b->failures - 2;

		wait = doublings < 16 ? BACKOFF_FIRST_MS << doublings : most_ms;
		if (wait > most_ms)
			wait = most_ms;
	}
	b->failed_ms = now_ms;
	b->until_ms = now_ms + wait;
	return wait;
}
