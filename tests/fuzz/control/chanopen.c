/*
 * Input: records of a logged-in peer that has one session channel: u16 length and
 * bytes each; length 65535 stands for "that channel's number is free again". The
 * worker's rules hold, and everything is answered.
 */
#include <stdlib.h>

#include "tests/unit/control/clerk/clerkbench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the worker would have refused before: messages that its own tables stop. */
static bool
comes_up(const struct clerkbench *k, struct view r)
{
	struct cur c = cur_view(r);
	uint8_t msg = cur_u8(&c);
	uint32_t ours = cur_u32(&c);

	if (msg != SSH_MSG_CHANNEL_REQUEST)
		return true;
	return !c.bad && ours < BENCH_CHAN_MAX && k->b.chan[ours].used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clerkbench *k = clerkbench_new(0);
	struct cur c = cur_of(data, size);

	clerkbench_session(k, 5);
	for (int n = 0; n < 100 && cur_left(&c) >= 2; n++) {
		uint16_t len = cur_u16(&c);
		struct view record;

		if (len == UINT16_MAX && k->b.chan[0].used) {
			bench_chan_free(&k->b, 0);
		} else {
			record = cur_take(&c, len);
			if (!c.bad && comes_up(k, record))
				bench_send(&k->b, record);
		}
		bench_run(&k->b);
	}
	if (k->b.faults != 0 || (!k->b.closed && !bench_clean(&k->b)))
		abort();
	clerkbench_free(k);
	return 0;
}
