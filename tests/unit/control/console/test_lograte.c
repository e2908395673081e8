/* A user's host that logs without end. */
#include "control/console/lograte.h"
#include "tests/lib/suite.h"

#define NOW 1000000u

static uint32_t
lines(struct lograte *r, uid_t uid, uint64_t now, uint32_t tries)
{
	uint32_t dropped, n = 0;

	for (uint32_t i = 0; i < tries; i++)
		n += lograte_take(r, uid, now, &dropped);
	return n;
}

static void
test_limit(void)
{
	static struct lograte r;
	uint32_t dropped = 0;

	CU_ASSERT_EQUAL(lines(&r, 1000, NOW, 1000), LOGRATE_BURST);
	/* another one's are untouched */
	CU_ASSERT_EQUAL(lines(&r, 1001, NOW, 50), 50);
	CU_ASSERT_FALSE(lograte_take(&r, 1000, NOW + 10, &dropped));
	CU_ASSERT_TRUE(lograte_take(&r, 1000, NOW + 1000, &dropped));
	CU_ASSERT_EQUAL(dropped, 1000 - LOGRATE_BURST + 1);
	CU_ASSERT_EQUAL(lines(&r, 1000, NOW + 1000, 1000), LOGRATE_PER_SECOND - 1);
	/* never more than the burst, however long it was quiet */
	CU_ASSERT_EQUAL(lines(&r, 1000, NOW + 3600000, 1000), LOGRATE_BURST);
}

/* A little at a time adds up, and a clock that is set back takes nothing away. */
static void
test_clock(void)
{
	static struct lograte r;
	uint32_t dropped, n = 0;

	CU_ASSERT_EQUAL(lines(&r, 7, NOW, 1000), LOGRATE_BURST);
	for (uint64_t at = NOW; at < NOW + 10000; at += 7)
		n += lograte_take(&r, 7, at, &dropped);
	CU_ASSERT(n > 9 * LOGRATE_PER_SECOND / 2 && n <= 10 * LOGRATE_PER_SECOND);
	CU_ASSERT_FALSE(lograte_take(&r, 7, 5000, &dropped));
	CU_ASSERT_TRUE(lograte_take(&r, 7, 6000, &dropped));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "so many and no more", test_limit },
		{ "clock", test_clock },
		CU_TEST_INFO_NULL,
	};

	return suite_run("log rate", tests);
}
