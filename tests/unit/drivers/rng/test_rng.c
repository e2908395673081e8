#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/rng/rng.h"
#include "tests/lib/suite.h"

static void
test_fixed(void)
{
	struct rng a, b, c;
	uint8_t whole[100], cut[100], other[100];

	rng_fixed(&a, 1);
	rng_fixed(&b, 1);
	rng_fixed(&c, 2);
	rng_fill(&a, whole, sizeof(whole));
	for (size_t at = 0, n = 1; at < sizeof(cut); at += n, n = n % 7 + 1)
		rng_fill(&b, cut + at, at + n > sizeof(cut) ? sizeof(cut) - at : n);
	rng_fill(&c, other, sizeof(other));
	CU_ASSERT_EQUAL(memcmp(whole, cut, sizeof(cut)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(whole, other, sizeof(other)), 0);
}

/* Sizes around the buffer's: every byte is written, and none comes twice. */
static void
test_system_sizes(void)
{
	struct rng r;
	uint8_t seen[64][16];
	uint8_t big[600];

	rng_system(&r);
	for (int i = 0; i < 64; i++) {
		rng_fill(&r, seen[i], 16);
		for (int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(memcmp(seen[i], seen[j], 16), 0);
	}
	for (size_t len = 0; len <= sizeof(big); len += 75) {
		unsigned changed = 0;

		memset(big, 0, sizeof(big));
		rng_fill(&r, big, len);
		for (size_t i = 0; i < len; i++)
			changed += big[i] != 0;
		CU_ASSERT(changed >= len / 2);
		for (size_t i = len; i < sizeof(big); i++)
			CU_ASSERT_EQUAL(big[i], 0);
	}
}

/* What was given out cannot be read back from the buffer. */
static void
test_system_forgets(void)
{
	struct rng r;
	uint8_t out[32];

	rng_system(&r);
	rng_fill(&r, out, sizeof(out));
	for (size_t i = 0; i + sizeof(out) <= sizeof(r.buffer); i++)
		CU_ASSERT_NOT_EQUAL(memcmp(r.buffer + i, out, sizeof(out)), 0);
}

static void
test_system_fork(void)
{
	struct rng r;
	uint8_t mine[16], theirs[16];
	int fds[2];
	pid_t pid;

	rng_system(&r);
	rng_fill(&r, mine, sizeof(mine));
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		rng_fill(&r, theirs, sizeof(theirs));
		_exit(write(fds[1], theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
	}
	rng_fill(&r, mine, sizeof(mine));
	CU_ASSERT_EQUAL(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	CU_ASSERT_NOT_EQUAL(memcmp(mine, theirs, sizeof(mine)), 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "fixed stream repeats", test_fixed },
		{ "system, all sizes", test_system_sizes },
		{ "system forgets", test_system_forgets },
		{ "system after fork", test_system_fork },
		CU_TEST_INFO_NULL,
	};

	return suite_run("rng", tests);
}
