#include "control/console/lograte.h"

static void
refill(struct lograte_row *b, uint64_t now_ms)
{
	uint64_t more;

	if (!b->used) {
		b->used = true;
		b->left = LOGRATE_BURST;
		b->since_ms = now_ms;
		return;
	}
	if (now_ms < b->since_ms) /* the clock was set back */
		b->since_ms = now_ms;
	more = (now_ms - b->since_ms) * LOGRATE_PER_SECOND / 1000;
	if (more == 0)
		return;
	b->left = more < LOGRATE_BURST - b->left ? b->left + (uint32_t)more : LOGRATE_BURST;
	b->since_ms = now_ms;
}

bool
lograte_take(struct lograte *r, uid_t uid, uint64_t now_ms, uint32_t *dropped)
{
	struct lograte_row *b = &r->row[uid % LOGRATE_ROWS];

	*dropped = 0;
	refill(b, now_ms);
	if (b->left == 0) {
		b->dropped++;
		return false;
	}
	b->left--;
	*dropped = b->dropped;
	b->dropped = 0;
	return true;
}
