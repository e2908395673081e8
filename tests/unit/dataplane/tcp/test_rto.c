#include "dataplane/tcp/tcp_cc.h"
#include "dataplane/tcp/tcp_rto.h"
#include "tests/lib/suite.h"

#define MSS 1000u

static void
test_first_and_next_sample(void)
{
	struct tcp_rto r;

	tcp_rto_init(&r, 1000);
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

	tcp_rto_init(&r, 200000);
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

	tcp_rto_init(&r, 1000);
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

static void
test_slow_start_and_avoidance(void)
{
	struct tcp_cc cc;

	cc_init(&cc, MSS, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 10 * MSS);
	cc_init(&cc, 1460, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 14600);
	cc_init(&cc, 9000, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 18000);
	cc_init(&cc, MSS, 0);
	cc_ack(&cc, MSS, 100, 2 * MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 12 * MSS);
	cc_ack(&cc, MSS, 100, 100 * MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 20 * MSS); /* at most eight segments per ACK */
	cc_ack(&cc, MSS, 100, MSS, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 20 * MSS); /* not used, not grown */
	cc.ssthresh = 20 * MSS;
	for (int i = 0; i < 20; i++)
		cc_ack(&cc, MSS, 100, MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 21 * MSS); /* one segment per round trip */
}

static void
test_recovery(void)
{
	struct tcp_cc cc;

	cc_init(&cc, MSS, 0);
	CU_ASSERT(cc_may_enter(&cc, 1, false));
	cc_enter(&cc, MSS, 10 * MSS, 10001, false);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 8 * MSS);
	CU_ASSERT_FALSE(cc_may_enter(&cc, 1, true));
	cc_dupack(&cc, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 9 * MSS);
	CU_ASSERT(cc_recovery_ack(&cc, MSS, 3001, 3 * MSS, 10 * MSS)); /* partial */
	CU_ASSERT_EQUAL(cc.cwnd, 7 * MSS);
	CU_ASSERT(cc.recovery);
	CU_ASSERT_FALSE(cc_recovery_ack(&cc, MSS, 10001, 7 * MSS, 7 * MSS));
	CU_ASSERT_FALSE(cc.recovery);
	CU_ASSERT(cc.cwnd <= 5 * MSS && cc.cwnd >= MSS);
	/* RFC 6582: the same window is not halved twice. */
	CU_ASSERT_FALSE(cc_may_enter(&cc, 10001, false));
	CU_ASSERT(cc_may_enter(&cc, 10001, true));
	CU_ASSERT(cc_may_enter(&cc, 10002, false));
}

static void
test_timeout(void)
{
	struct tcp_cc cc;

	cc_init(&cc, MSS, 0);
	cc_timeout(&cc, MSS, 10 * MSS, 10001, true);
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	cc_timeout(&cc, MSS, MSS, 10001, false);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	cc_ack(&cc, MSS, 3001, 3 * MSS, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 2 * MSS); /* RFC 3465 section 2.3: L = 1 */
	cc_timeout(&cc, MSS, MSS, 1, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 2 * MSS);
	cc.cwnd = 100 * MSS;
	cc_idle(&cc, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 10 * MSS);
	cc_syn_lost(&cc, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "RFC 6298 arithmetic", test_first_and_next_sample },
		{ "bounds and back-off", test_bounds },
		{ "Karn: what was sent twice is not timed", test_karn },
		{ "slow start and congestion avoidance", test_slow_start_and_avoidance },
		{ "fast recovery, partial and full", test_recovery },
		{ "timeout, idle and a lost SYN", test_timeout },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_rto", tests);
}
