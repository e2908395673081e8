/* What the tests of gate's rules share. */
#ifndef POSTERN_TEST_GATE_RULES_H
#define POSTERN_TEST_GATE_RULES_H

#include "tests/lib/suite.h"
#include "tests/unit/control/gate/gatebench.h"

static inline void
send_msg(struct gatebench *g, uint8_t msg)
{
	uint8_t buf[16] = { msg };

	bench_send(&g->b, view_of(buf, msg == SSH_MSG_EXT_INFO ? 5 : sizeof(buf)));
}

static inline struct gatebench *
at_kex(bool strict)
{
	struct gatebench *g = gatebench_new();

	bench_client_init(&g->b.client, strict, true);
	bench_ident(&g->b);
	return g;
}

/* The connection ends for this reason, and the log says so; frees g. */
static inline void
ends(struct gatebench *g, int reason)
{
	bench_run(&g->b);
	CU_ASSERT_TRUE(bench_closed(&g->b, reason));
	CU_ASSERT_NOT_EQUAL(g->last_log[0], '\0');
	gatebench_free(g);
}

#endif
