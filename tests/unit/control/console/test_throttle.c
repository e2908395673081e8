/* Refusals by MaxStartups in the log: as sshd says them, and no line a peer can make. */
#include <string.h>

#include "control/console/throttle.h"
#include "tests/lib/suite.h"

static struct throttle t;
static char line[160];

static const char *
look(uint64_t count, uint64_t now_s)
{
	return throttle_look(&t, count, now_s * 1000, line, sizeof(line)) ? line : "";
}

static void
begin(uint64_t count)
{
	memset(&t, 0, sizeof(t));
	t.what = "MaxStartups";
	CU_ASSERT_STRING_EQUAL(look(count, 100), ""); /* those of before */
}

static void
test_course(void)
{
	begin(7);
	CU_ASSERT_STRING_EQUAL(look(7, 102), "");
	CU_ASSERT_STRING_EQUAL(look(8, 104), "beginning MaxStartups throttling");
	CU_ASSERT_STRING_EQUAL(look(20, 106), "");
	CU_ASSERT_STRING_EQUAL(look(20, 112), "");
	CU_ASSERT_STRING_EQUAL(look(20, 116), "exited MaxStartups throttling after 12s, 13 connections dropped");
	CU_ASSERT_STRING_EQUAL(look(20, 900), "");
	CU_ASSERT_STRING_EQUAL(look(21, 902), "beginning MaxStartups throttling");
}

static void
test_long(void)
{
	uint64_t count = 0;
	unsigned lines = 0;

	begin(0);
	for (uint64_t s = 102; s < 102 + 7200; s += 2)
		lines += look(count += 1000, s)[0] != '\0';
	CU_ASSERT_EQUAL(lines, 1 + 7200 / 300 - 1);
	CU_ASSERT_STRING_EQUAL(line, "in MaxStartups throttling for 1h55m, 3451000 connections dropped");
	CU_ASSERT_STRING_EQUAL(
	    look(count, 7400), "exited MaxStartups throttling after 2h01m, 3600000 connections dropped");
}

/* The dataplane began anew: it counts from nothing. */
static void
test_new(void)
{
	begin(500);
	CU_ASSERT_STRING_EQUAL(look(0, 102), "");
	CU_ASSERT_STRING_EQUAL(look(3, 104), "beginning MaxStartups throttling");
	CU_ASSERT_STRING_EQUAL(look(2, 106), "");
	CU_ASSERT_STRING_EQUAL(look(2, 200), "exited MaxStartups throttling after 1m36s, 2 connections dropped");
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "begin, go on, end", test_course },
		{ "a long one", test_long },
		{ "a new dataplane", test_new },
		CU_TEST_INFO_NULL,
	};

	return suite_run("throttle", tests);
}
