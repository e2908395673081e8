#include "dataplane/tcp/tcp_rto.h"
#include "tests/lib/suite.h"

static void
test_first_and_next_sample(void)
{
	struct tcp_rto r;

	tcp_rto_init(&r, TCP_RTO_INIT_US, 1000);
	CU_ASSERT_EQUAL(r.rto, 1000000);
	tcp_rto_sample(&r, 100000); /* (2.2) */
	CU_ASSERT_EQUAL(r.srtt, 100000);
	CU_ASSERT_EQUAL(r.var, 50000);
	CU_ASSERT_EQUAL(r.rto, 300000);
	tcp_rto_sample(&r, 180000); /* (2.3) */
	CU_ASSERT_EQUAL(r.var, 57500);
	CU_ASSERT_EQUAL(r.srtt, 110000);
	CU_ASSERT_EQUAL(r.rto, 340000);
}

static void
test_bounds(void)
{
	struct tcp_rto r;

	tcp_rto_init(&r, TCP_RTO_INIT_US, 200000);
	for (int i = 0; i < 100; i++)
		tcp_rto_sample(&r, 10);
	CU_ASSERT_EQUAL(r.rto, 200000);
	for (int i = 0; i < 40; i++)
		tcp_rto_backoff(&r);
	CU_ASSERT_EQUAL(r.rto, TCP_RTO_MAX_US);
	tcp_rto_sample(&r, 10); /* a new sample ends the back-off */
	CU_ASSERT_EQUAL(r.rto, 200000);
}

static void
test_karn(void)
{
	struct tcp_rto r;

	tcp_rto_init(&r, TCP_RTO_INIT_US, 1000);
	tcp_rto_start(&r, 1000, 0);
	tcp_rto_start(&r, 2000, 50000); /* one at a time */
	CU_ASSERT_FALSE(tcp_rto_ack(&r, 999, 60000));
	tcp_rto_cancel(&r);
	CU_ASSERT_FALSE(tcp_rto_ack(&r, 1000, 70000));
	CU_ASSERT_FALSE(r.measured);
	tcp_rto_start(&r, 5, 100000); /* wrapped */
	CU_ASSERT_FALSE(tcp_rto_ack(&r, 0xfffffff0u, 110000));
	CU_ASSERT(tcp_rto_ack(&r, 5, 140000));
	CU_ASSERT_EQUAL(r.srtt, 40000);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "RFC 6298 arithmetic", test_first_and_next_sample },
		{ "bounds and back-off", test_bounds },
		{ "Karn: what was sent twice is not timed", test_karn },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_rto", tests);
}
