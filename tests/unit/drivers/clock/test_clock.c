#include <time.h>

#include "drivers/clock/clock.h"
#include "tests/lib/suite.h"

static uint64_t
monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* Against CLOCK_MONOTONIC: between two readings of it, give or take the error of
 * the calibration; and never back. */
static void
watch(void)
{
	uint64_t last = clock_us();
	unsigned close = 0;

	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_us();

		CU_ASSERT(now >= last);
		last = now;
	}
	for (int i = 0; i < 1000; i++) {
		uint64_t before = monotonic_us(), now = clock_us(), after = monotonic_us();

		close += now + 200 >= before && now <= after + 200;
	}
	CU_ASSERT(close >= 990);
}

static void
test_before_start(void)
{
	watch();
}

static void
test_started(void)
{
	uint64_t before = clock_us();

	clock_start();
	CU_ASSERT(clock_us() + 200 >= before);
	watch();
	clock_start();
	watch();
}

static void
test_others(void)
{
	uint64_t cycles = clock_cycles();

	CU_ASSERT(clock_cycles() > cycles || clock_cycles() > cycles);
	CU_ASSERT(clock_unix_ms() / 1000 >= 1700000000u);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "before start", test_before_start },
		{ "started", test_started },
		{ "cycles and date", test_others },
		CU_TEST_INFO_NULL,
	};

	return suite_run("clock", tests);
}
