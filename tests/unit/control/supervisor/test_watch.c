/* What the supervisor's watch over hosts is made of, without a host: when one that
 * failed may start again, and what a beat says of one that runs. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "control/plugconf.h"
#include "control/supervisor/backoff.h"
#include "control/supervisor/beat.h"
#include "tests/lib/suite.h"

/* ---- back-off ---- */

static void
test_backoff_table(void)
{
	static const struct {
		uint64_t after; /* ms since the failure before, behind its wait */
		uint32_t wait;
	} rows[] = { { 0, 0 }, { 10, 500 }, { 10, 1000 }, { 10, 2000 }, { 10, 4000 }, { 10, 8000 }, { 10, 16000 },
		{ 10, 32000 }, { 10, 60000 }, { 10, 60000 }, { BACKOFF_QUIET_MS - 1, 60000 }, { BACKOFF_QUIET_MS, 0 },
		{ 10, 500 }, { BACKOFF_QUIET_MS, 0 } };
	struct backoff b = { 0 };
	uint64_t now = 1000;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		now += rows[i].after;
		CU_ASSERT_EQUAL(backoff_wait(&b, now), 0);
		CU_ASSERT_EQUAL(backoff_failed(&b, now, 60000), rows[i].wait);
		CU_ASSERT_EQUAL(backoff_wait(&b, now), rows[i].wait);
		if (rows[i].wait > 0) {
			CU_ASSERT_EQUAL(backoff_wait(&b, now + rows[i].wait - 1), 1);
		}
		now += rows[i].wait;
	}
}

static void
test_backoff_most(void)
{
	struct backoff b = { 0 };

	/* No wait at all, and a count that does not run over. */
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(backoff_failed(&b, 5, 0), 0);
	CU_ASSERT_EQUAL(b.failures, 100);
	b.failures = UINT32_MAX;
	CU_ASSERT_EQUAL(backoff_failed(&b, 5, 3000), 3000);
	CU_ASSERT_EQUAL(b.failures, UINT32_MAX);
}

/* ---- beats ---- */

static struct plugconf limits;
static struct beat beat;
static struct beat_sample now;

static void
fresh(void)
{
	plugconf_default(&limits);
	limits.watchdog = 3;
	memset(&beat, 0, sizeof(beat));
	now = (struct beat_sample){ .state = 'S', .ticks = 0, .threads = 1 };
}

static enum beat_verdict
judge(char state, uint64_t ticks)
{
	now.state = state;
	now.ticks += ticks;
	return beat_judge(&beat, &limits, &now, 100);
}

/* Up to the question. */
static void
ask(void)
{
	for (unsigned i = 1; i < BEAT_IDLE; i++)
		CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_ASK);
}

static void
test_beat_answers(void)
{
	fresh();
	for (int i = 0; i < 5; i++) {
		ask();
		CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
		CU_ASSERT_EQUAL(judge('R', 90), BEAT_WELL);
		beat_answered(&beat);
	}
}

/* Each state, and whether a beat in it counts. */
static void
test_beat_states(void)
{
	static const struct {
		char state;
		uint64_t ticks;
		bool counts;
	} rows[] = { { 'S', 0, true }, { 'D', 0, true }, { 'R', 100, true }, { 'R', BEAT_STARVED, true },
		{ 'R', BEAT_STARVED - 1, false }, { 'R', 0, false }, { 'T', 0, false }, { 't', 0, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh();
		ask();
		CU_ASSERT_EQUAL(judge(rows[i].state, rows[i].ticks), BEAT_WELL);
		CU_ASSERT_EQUAL(judge(rows[i].state, rows[i].ticks), BEAT_WELL);
		CU_ASSERT_EQUAL(judge(rows[i].state, rows[i].ticks), rows[i].counts ? BEAT_HUNG : BEAT_WELL);
	}
	fresh();
	limits.watchdog = 0;
	ask();
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
}

static void
test_beat_threads(void)
{
	fresh();
	limits.threads = 4;
	now.threads = 4;
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
	now.threads = 5;
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
	now.threads = 4;
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
	now.threads = 5;
	beat_answered(&beat);
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_WELL);
	CU_ASSERT_EQUAL(judge('S', 0), BEAT_CROWDED);
}

/* Each window by itself: what it was before does not matter. */
static void
test_beat_cpu(void)
{
	fresh();
	limits.watchdog = 0;
	limits.cpu = 50;
	CU_ASSERT_EQUAL(judge('R', 1000), BEAT_WELL); /* what was before the first */
	for (int round = 0; round < 3; round++)
		for (unsigned i = 0; i < BEAT_CPU_WINDOW; i++)
			CU_ASSERT_NOT_EQUAL(judge('R', 50), BEAT_GREEDY);
	for (unsigned i = 1; i < BEAT_CPU_WINDOW; i++)
		CU_ASSERT_NOT_EQUAL(judge('R', 51), BEAT_GREEDY);
	CU_ASSERT_EQUAL(judge('R', 51), BEAT_GREEDY);
	fresh();
	limits.watchdog = 0;
	for (unsigned i = 0; i < 3 * BEAT_CPU_WINDOW; i++)
		CU_ASSERT_NOT_EQUAL(judge('R', 400), BEAT_GREEDY);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "back-off: the table", test_backoff_table },
		{ "back-off: none, and the most", test_backoff_most },
		{ "a host that answers", test_beat_answers },
		{ "which beats count", test_beat_states },
		{ "too many threads", test_beat_threads },
		{ "too much processor time", test_beat_cpu },
		CU_TEST_INFO_NULL,
	};

	return suite_run("watch", tests);
}
