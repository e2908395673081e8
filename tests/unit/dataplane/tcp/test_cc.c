/*
 * Congestion control against numbers worked out by hand from the RFCs.
 */
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_cc.h"
#include "tests/lib/suite.h"

#define MSS 1000u

static struct tcp_cc_stats stats;

static struct cc_event
event(uint64_t ms, uint32_t una, uint32_t acked, uint32_t flight)
{
	return (struct cc_event){ .now = ms * 1000, .mss = MSS, .flight = flight, .una = una,
		.acked = acked, .snd_max = una + flight, .stats = &stats };
}

static void
start(struct tcp_cc *cc, const char *name)
{
	stats = (struct tcp_cc_stats){ 0 };
	cc_init(cc, cc_find(name), MSS, 0);
}

static void
ack(struct tcp_cc *cc, uint64_t ms, uint32_t acked, uint32_t flight)
{
	struct cc_event ev = event(ms, 100, acked, flight);

	cc_ack(cc, &ev);
}

/* A recovery at `ms` from beginning to end: cwnd is ssthresh after it. */
static void
lose(struct tcp_cc *cc, uint64_t ms)
{
	struct cc_event ev = event(ms, 1, 0, cc->cwnd);

	cc_enter(cc, &ev, true);
	ev.una = cc->recover;
	cc_recovery_ack(cc, &ev);
	cc->cwnd = cc->ssthresh;
}

static void
test_names(void)
{
	CU_ASSERT(cc_find("cubic") >= 0);
	CU_ASSERT(cc_find("newreno") >= 0);
	CU_ASSERT_NOT_EQUAL(cc_find("newreno"), cc_find("cubic"));
	CU_ASSERT_EQUAL(cc_find(NULL), cc_find("cubic"));
	CU_ASSERT_EQUAL(cc_find("vegas"), -1);
}

/* RFC 6928 section 2 */
static void
test_initial_window(void)
{
	struct tcp_cc cc;

	cc_init(&cc, 0, MSS, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 10 * MSS);
	cc_init(&cc, 0, 1460, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 14600);
	cc_init(&cc, 0, 9000, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 18000);
}

static void
test_slow_start_and_avoidance(void)
{
	struct tcp_cc cc;

	start(&cc, "newreno");
	ack(&cc, 0, 2 * MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 12 * MSS);
	ack(&cc, 0, 100 * MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 20 * MSS); /* at most eight segments per ACK */
	ack(&cc, 0, MSS, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 20 * MSS); /* not used, not grown */
	cc.cwnd = 40 * MSS;
	lose(&cc, 0);
	for (int i = 0; i < 20; i++)
		ack(&cc, 0, MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.cwnd, 21 * MSS); /* one segment per round trip */
}

static void
test_recovery(void)
{
	struct cc_event ev = event(0, 0, 0, 10 * MSS);
	struct tcp_cc cc;

	start(&cc, "newreno");
	ev.snd_max = 10001;
	CU_ASSERT(cc_may_enter(&cc, 1, false));
	cc_enter(&cc, &ev, false);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 8 * MSS);
	CU_ASSERT_FALSE(cc_may_enter(&cc, 1, true));
	cc_dupack(&cc, MSS, 1);
	CU_ASSERT_EQUAL(cc.cwnd, 9 * MSS);
	ev = event(0, 3001, 3 * MSS, 10 * MSS);
	CU_ASSERT(cc_recovery_ack(&cc, &ev)); /* partial */
	CU_ASSERT_EQUAL(cc.cwnd, 7 * MSS);
	CU_ASSERT(cc.recovery);
	ev = event(0, 10001, 7 * MSS, 7 * MSS);
	CU_ASSERT_FALSE(cc_recovery_ack(&cc, &ev));
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
	struct cc_event ev = event(0, 1, 0, 10 * MSS);
	struct tcp_cc cc;

	start(&cc, "newreno");
	cc_timeout(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	ev.flight = MSS;
	cc_timeout(&cc, &ev, false);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	ack(&cc, 0, 3 * MSS, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, 2 * MSS); /* RFC 3465 section 2.3: L = 1 */
	cc_timeout(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 2 * MSS);
	cc_syn_lost(&cc, MSS);
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
}

/* RFC 5681 section 4.1; 3/4 of the window stays known (RFC 2861 section 3). */
static void
test_idle(void)
{
	struct cc_event ev = event(0, 1, 0, 0);
	struct tcp_cc cc;

	start(&cc, "newreno");
	cc.cwnd = 200 * MSS;
	lose(&cc, 0);
	CU_ASSERT_EQUAL(cc.ssthresh, 100 * MSS);
	cc.cwnd = 160 * MSS;
	cc_idle(&cc, &ev, false);
	CU_ASSERT_EQUAL(cc.cwnd, 160 * MSS);
	CU_ASSERT_EQUAL(stats.idle_restarts, 0);
	cc_idle(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(cc.ssthresh, 120 * MSS);
	CU_ASSERT_EQUAL(stats.idle_restarts, 1);
	cc_idle(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 120 * MSS);
	CU_ASSERT_EQUAL(stats.idle_restarts, 1);
}

static void
test_cube_root(void)
{
	static const struct {
		uint64_t x;
		uint32_t root;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 7, 1 }, { 8, 2 }, { 26, 2 }, { 27, 3 }, { 999, 9 }, { 1000, 10 },
		{ 75000000000ull, 4217 },                /* 75^(1/3) s = 4.21716 s */
		{ 26999999999ull, 2999 }, { 27000000000ull, 3000 },
		{ UINT64_MAX, 2642245 } };               /* 2642245^3 < 2^64 < 2642246^3 */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(cc_cube_root(rows[i].x), rows[i].root);
	for (uint64_t r = 2; r < 2642245; r += 977) {
		CU_ASSERT_EQUAL(cc_cube_root(r * r * r), r);
		CU_ASSERT_EQUAL(cc_cube_root(r * r * r - 1), r - 1);
	}
}

/* RFC 9438: from 100 segments 70 are left (section 4.6), W_max is 100; K =
 * ((100 - 70) / 0.4)^(1/3) = 4.217 s (figure 2); W_cubic(0) = 70, W_cubic(K) = 100,
 * W_cubic(K + 5 s) = 100 + 0.4 * 125 = 150 (figure 1). */
static void
test_cubic_curve(void)
{
	struct tcp_cc cc;

	start(&cc, "cubic");
	cc.cwnd = 100 * MSS;
	lose(&cc, 0);
	CU_ASSERT_EQUAL(cc.ssthresh, 70 * MSS);
	CU_ASSERT_EQUAL(cc.cubic.w_max, 100 * MSS);
	CU_ASSERT_EQUAL(cc.cubic.prior, 100 * MSS);
	ack(&cc, 500, MSS, cc.cwnd);
	CU_ASSERT_EQUAL(stats.epochs, 1);
	CU_ASSERT_EQUAL(cc.k, 4217);
	CU_ASSERT_EQUAL(cc.cubic.epoch, 500);
	CU_ASSERT(cc_cubic_window(&cc, MSS, 0) - 70 * MSS < 10);
	CU_ASSERT_EQUAL(cc_cubic_window(&cc, MSS, 4217), 100 * MSS);
	CU_ASSERT_EQUAL(cc_cubic_window(&cc, MSS, 2217), 96800); /* 100 - 0.4 * 8 */
	CU_ASSERT_EQUAL(cc_cubic_window(&cc, MSS, 9217), 150 * MSS);
	CU_ASSERT_EQUAL(cc_cubic_window(&cc, MSS, UINT32_MAX), 100 * MSS + 112584836); /* 65.535 s */
}

/* Section 4.4: per window of ACKs the whole way to W_cubic(t + RTT); here t = 2.217 s
 * (82.53 segments Reno-like at most), RTT 1 s: W_cubic(3.217 s) = 100 - 0.4 = 99.6. */
static void
test_cubic_growth(void)
{
	struct cc_event ev;
	struct tcp_cc cc;

	start(&cc, "cubic");
	cc.cwnd = 100 * MSS;
	lose(&cc, 0);
	ack(&cc, 0, 0, cc.cwnd);
	ev = event(2217, 100, 7 * MSS, cc.cwnd);
	ev.srtt = 1000000;
	cc_ack(&cc, &ev); /* a tenth of the window: a tenth of (99.6 - 70) */
	CU_ASSERT_EQUAL(cc.cwnd, 72960);
	CU_ASSERT_EQUAL(stats.cubic, 1);
	CU_ASSERT_EQUAL(stats.friendly, 0);
	/* At most half as much again: after 20 s W_cubic is beyond 1500. */
	ev = event(20000, 100, cc.cwnd, cc.cwnd);
	cc_ack(&cc, &ev);
	CU_ASSERT_EQUAL(cc.cwnd, 72960 + 36480);
}

/* Section 4.3: W_est grows by 9/17 of a segment per window, from cwnd_prior by one;
 * section 4.7: fast convergence. */
static void
test_cubic_friendly(void)
{
	struct tcp_cc cc;

	start(&cc, "cubic");
	cc.cwnd = 20 * MSS;
	lose(&cc, 0);
	CU_ASSERT_EQUAL(cc.cwnd, 14 * MSS);
	for (int i = 0; i < 17; i++)
		ack(&cc, 1, cc.cwnd, cc.cwnd);
	/* Twelve windows of 529 bytes reach 20.3 segments, five of 1000 follow. */
	CU_ASSERT_EQUAL(cc.cwnd, 14000 + 12 * 529 + 5 * 1000);
	CU_ASSERT_EQUAL(cc.cubic.w_est, cc.cwnd);
	CU_ASSERT(stats.friendly > 0);
	cc.cwnd = 18 * MSS;
	cc.cubic.w_max = 20 * MSS;
	lose(&cc, 2);
	CU_ASSERT_EQUAL(cc.cubic.w_max, 15300); /* 18 * (1 + 0.7) / 2 */
	CU_ASSERT_EQUAL(cc.cubic.prior, 18 * MSS);
	CU_ASSERT_EQUAL(stats.converged, 1);
}

/* Section 4.2: idle time moves the epoch; section 4.8: after a timeout K is 0 and
 * W_max the window in which congestion avoidance begins; section 4.9.2: undo. */
static void
test_cubic_life(void)
{
	struct cc_event ev = event(0, 1, 0, 100 * MSS);
	struct tcp_cc before, cc;

	start(&cc, "cubic");
	cc.cwnd = 100 * MSS;
	lose(&cc, 0);
	ack(&cc, 1000, MSS, cc.cwnd);
	ack(&cc, 61000, MSS, MSS); /* not used */
	CU_ASSERT_EQUAL(cc.cubic.epoch, 61000);
	ev.now = 91000000;
	cc_idle(&cc, &ev, false);
	CU_ASSERT_EQUAL(cc.cubic.epoch, 91000);
	CU_ASSERT_EQUAL(stats.shifts, 2);
	before = cc;
	CU_ASSERT_EQUAL(cc.cwnd, 70 * MSS);
	cc_timeout(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 49 * MSS); /* of the window: more is not under way */
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
	cc.cwnd = 49 * MSS;
	ack(&cc, 92000, MSS, cc.cwnd);
	CU_ASSERT_EQUAL(cc.k, 0);
	CU_ASSERT_EQUAL(cc.cubic.w_max, 49 * MSS);
	cc_undo(&cc, &before, 1);
	CU_ASSERT_EQUAL(cc.cubic.w_max, 100 * MSS);
	CU_ASSERT_EQUAL(cc.cubic.epoch, 91000);
	CU_ASSERT_EQUAL(cc.k, 4217);
	CU_ASSERT_FALSE(cc.after_rto);
}

/* `n` ACKs of a segment with this round trip; ten are a round. */
static void
round_of(struct tcp_cc *cc, uint32_t *una, int n, uint32_t rtt)
{
	for (int i = 0; i < n; i++) {
		struct cc_event ev = event(0, *una += MSS, MSS, cc->cwnd);

		ev.rtt = rtt;
		ev.snd_max = *una + 9 * MSS;
		cc_ack(cc, &ev);
	}
}

/* RFC 9406 section 4.2, 40 ms: the threshold is 40 / 8 = 5 ms. */
static void
test_hystart(void)
{
	struct tcp_cc cc;
	uint32_t una = 1;
	uint32_t was;

	start(&cc, "cubic");
	round_of(&cc, &una, 10, 40000);
	round_of(&cc, &una, 10, 44999); /* a microsecond short */
	CU_ASSERT_FALSE(cc.css);
	start(&cc, "cubic");
	una = 1;
	round_of(&cc, &una, 10, 40000);
	round_of(&cc, &una, 7, 45000); /* seven samples do not do */
	CU_ASSERT_FALSE(cc.css);
	round_of(&cc, &una, 1, 45000);
	CU_ASSERT(cc.css);
	CU_ASSERT_EQUAL(stats.css, 1);
	was = cc.cwnd;
	round_of(&cc, &una, 1, 45000);
	CU_ASSERT_EQUAL(cc.cwnd, was + MSS / 4);
	round_of(&cc, &una, 10, 44000); /* it was jitter */
	CU_ASSERT_FALSE(cc.css);
	CU_ASSERT_EQUAL(stats.css_back, 1);
}

static void
test_hystart_end(void)
{
	struct tcp_cc cc;
	uint32_t una = 1;

	start(&cc, "cubic");
	round_of(&cc, &una, 10, 40000);
	for (int i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(cc.ssthresh, UINT32_MAX);
		round_of(&cc, &una, 10, 60000);
	}
	CU_ASSERT_EQUAL(stats.css, 1);
	CU_ASSERT_EQUAL(stats.css_done, 1);
	CU_ASSERT(cc.ssthresh <= cc.cwnd);
	CU_ASSERT_EQUAL(cc.k, 0); /* RFC 9438 section 4.10 */
	CU_ASSERT_EQUAL(cc.cubic.w_max, cc.ssthresh);
}

/* RFC 3168 section 6.1.2, RFC 9438 section 4.6: down to a window of one segment. */
static void
test_marks(void)
{
	struct tcp_cc cc;
	struct cc_event ev;

	start(&cc, "cubic");
	ev = event(0, 1, 0, cc.cwnd);
	CU_ASSERT(cc_ecn(&cc, &ev));
	CU_ASSERT(cc.cwnd == 7 * MSS && cc.ssthresh == 7 * MSS);
	CU_ASSERT_FALSE(cc.recovery);
	CU_ASSERT_FALSE(cc.css);
	cc.cwnd = 2 * MSS;
	ev = event(0, 1, 0, 2 * MSS);
	CU_ASSERT(cc_ecn(&cc, &ev));
	CU_ASSERT(cc.cwnd == MSS && cc.ssthresh == 2 * MSS);
	ev = event(0, 1, 0, MSS);
	CU_ASSERT_FALSE(cc_ecn(&cc, &ev));
	CU_ASSERT_EQUAL(cc.cwnd, MSS);
}

/* A mark and a loss of one window are one event, and no undo takes the mark back. */
static void
test_mark_and_loss(void)
{
	struct tcp_cc cc, before;
	struct cc_event ev;

	start(&cc, "newreno");
	ev = event(0, 1, 0, cc.cwnd);
	CU_ASSERT(cc_ecn(&cc, &ev));
	CU_ASSERT_EQUAL(cc.cwnd, 5 * MSS);
	before = cc;
	ev.reduced = true;
	cc_enter(&cc, &ev, true);
	CU_ASSERT(cc.recovery && cc.cwnd == 5 * MSS && cc.ssthresh == 5 * MSS);
	before.cwnd = before.ssthresh = 10 * MSS;
	cc_undo(&cc, &before, 1);
	CU_ASSERT(cc.cwnd == 5 * MSS && cc.ssthresh == 5 * MSS);
	start(&cc, "newreno");
	before = cc;
	ev = event(0, 1, 0, cc.cwnd);
	cc_enter(&cc, &ev, true);
	cc.marked = true;
	cc_undo(&cc, &before, 1);
	CU_ASSERT_FALSE(cc.recovery);
	CU_ASSERT_EQUAL(cc.cwnd, 5 * MSS);
}

/* 3 GiB without a loss, and then one. */
static void
test_long_without_loss(void)
{
	struct tcp_cc cc;
	struct cc_event ev;
	uint32_t una = 1;

	start(&cc, "cubic");
	for (int i = 0; i < 3 * 1024; i++) {
		una += 1u << 20;
		ev = event(0, una, 1u << 20, 1u << 20);
		cc_ack(&cc, &ev);
		CU_ASSERT(cc_may_enter(&cc, una, false));
	}
}

/* RFC 7661 section 4.2: one acknowledgement of a whole window leaves nothing outstanding;
 * what it acknowledged was under way all the same. */
static void
test_pipe(void)
{
	struct cc_round round = { 1, 1 };
	struct tcp_cc cc;
	struct cc_event ev;

	start(&cc, "newreno");
	ev = event(100, 10 * MSS + 1, 10 * MSS, 10 * MSS);
	ev.snd_max = ev.una;
	ev.round = &round;
	cc_ack(&cc, &ev);
	CU_ASSERT_EQUAL(cc.pipe, 10 * MSS);
	CU_ASSERT_FALSE(cc.nvp);
	ev = event(200, 10 * MSS + 1, 0, 3 * MSS);
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), 10 * MSS);
	cc_enter(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 5 * MSS);
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), 5 * MSS); /* never more than the window */
	ev.flight = 20 * MSS; /* most of it held behind a hole */
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), 5 * MSS);
	cc.cwnd = MSS; /* on its way up to ssthresh */
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), 5 * MSS);
	cc.recovery = false;
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), MSS);
}

/* Sections 4.3 and 4.4: a sender that uses little keeps its window for five minutes, but
 * it does not grow, and a loss takes from what was used. */
static void
test_rate_limited(void)
{
	struct cc_round round = { 1, 1 };
	struct tcp_cc cc;
	struct cc_event ev;
	uint32_t una = 1;
	uint32_t window = 40 * MSS;

	start(&cc, "cubic");
	cc_hystart_end(&cc);
	cc.cwnd = window;
	cc.ssthresh = window;
	for (uint64_t ms = 1000; ms < 300000; ms += 100) {
		una += 2 * MSS;
		ev = event(ms, una, 2 * MSS, 2 * MSS);
		ev.snd_max = una;
		ev.round = &round;
		cc_ack(&cc, &ev);
	}
	CU_ASSERT(cc.nvp);
	CU_ASSERT_EQUAL(stats.nvp, 1);
	CU_ASSERT_EQUAL(cc.cwnd, window);
	ev = event(300000, una, 0, 2 * MSS);
	CU_ASSERT_EQUAL(cc_under_way(&cc, &ev), 2 * MSS);
	for (uint64_t ms = 300000; ms < 302000; ms += 100) {
		una += 2 * MSS;
		ev = event(ms, una, 2 * MSS, 2 * MSS);
		ev.snd_max = una;
		ev.round = &round;
		cc_ack(&cc, &ev);
	}
	CU_ASSERT_EQUAL(stats.nvp_cuts, 1); /* section 4.4.3 */
	CU_ASSERT_EQUAL(cc.cwnd, window / 2);
	CU_ASSERT_EQUAL(cc.ssthresh, window);
	cc.cwnd = window;
	ev = event(303000, una, 0, 6 * MSS);
	cc_enter(&cc, &ev, true);
	CU_ASSERT_EQUAL(cc.ssthresh, 4200);
	CU_ASSERT_EQUAL(cc.cubic.w_max, 6 * MSS);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "algorithms by name", test_names },
		{ "ten segments at first", test_initial_window },
		{ "slow start and congestion avoidance", test_slow_start_and_avoidance },
		{ "fast recovery, partial and full", test_recovery },
		{ "timeout and a lost SYN", test_timeout },
		{ "restart after idleness", test_idle },
		{ "cube root", test_cube_root },
		{ "CUBIC: K and the curve", test_cubic_curve },
		{ "CUBIC: growth to the target", test_cubic_growth },
		{ "CUBIC: Reno-friendly region, fast convergence", test_cubic_friendly },
		{ "CUBIC: idle time, timeout, undo", test_cubic_life },
		{ "HyStart++: into conservative slow start and back", test_hystart },
		{ "HyStart++: five rounds", test_hystart_end },
		{ "what was under way at a loss", test_pipe },
		{ "a sender that uses little", test_rate_limited },
		{ "marks", test_marks },
		{ "a mark and a loss", test_mark_and_loss },
		{ "a long time without a loss", test_long_without_loss },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_cc", tests);
}
