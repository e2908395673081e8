/*
 * Input: records of a peer that stands before or in authentication: u8 phase (even:
 * SERVICE), then u16 length and bytes each. Warden and the supervisor answer as in
 * the unit tests. Whatever comes, the worker's rules hold, and nobody is logged in
 * without warden's yes to a proof.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/gate/gatebench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gatebench *g = gatebench_new();
	struct cur c = cur_of(data, size);

	gatebench_keyed_short(g);
	if ((cur_u8(&c) & 1) != 0) {
		gatebench_service(g, "ssh-userauth");
		bench_run(&g->b);
	}
	for (int n = 0; n < 100 && cur_left(&c) >= 2; n++) {
		struct view record = cur_take(&c, cur_u16(&c));

		if (!c.bad)
			bench_send(&g->b, record);
		bench_run(&g->b);
	}
	if (g->b.faults != 0 || (g->b.phase == SSH_PHASE_OPEN && !g->b.granted) ||
	    (!g->b.closed && !bench_clean(&g->b)))
		abort();
	gatebench_free(g);
	return 0;
}
