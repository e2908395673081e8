#include <stdlib.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"

/* The same connections over the real engines of AES-128-GCM. */

static void
transfer(const struct cipher_engine *(*engine)(uint16_t), size_t step, uint64_t goal)
{
	struct duo *d = duo_new(SUITE_AES128_GCM);
	unsigned turns = 0;
	bool more = true;

	for (int s = 0; s < 2; s++)
		d->s[s].env.engine = engine;
	d->step = step;
	duo_login(d);
	CU_ASSERT_EQUAL(d->s[SRV].c.in.engine, engine(SUITE_AES128_GCM));
	duo_channel(d, 0, 1u << 20, 32768);
	for (int s = 0; s < 2; s++) {
		d->s[s].host[0].goal = goal;
		d->s[s].host[0].eof_at_goal = true;
		d->s[s].room_each = 40000;
	}
	while (more) {
		more = duo_write(d, SRV);
		more |= duo_write(d, CLI);
		if (turns++ % 10 == 0 && d->s[CLI].host[0].got < goal)
			duo_rekey(d, (turns / 10) & 1);
		more |= duo_turn(d);
	}
	for (int s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(d->s[s].fatal, 0);
		CU_ASSERT_EQUAL(d->s[s].host[0].got, goal);
		CU_ASSERT(!d->s[s].host[0].bad);
		CU_ASSERT(d->s[s].kex_count > 2);
	}
	duo_free(d);
}

static void
test_chosen(void)
{
	CU_ASSERT_EQUAL_FATAL(cipher_start(NULL, &(const char *){ NULL }), 0);
	transfer(cipher_engine_for, 0, 3000000);
	transfer(cipher_engine_for, 333, 100000);
}

static void
test_reference(void)
{
	CU_ASSERT_EQUAL_FATAL(cipher_start("ref", &(const char *){ NULL }), 0);
	transfer(cipher_engine_for, 0, 150000);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the engine chosen at start", test_chosen },
		{ "the reference", test_reference },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gcm", tests);
}
