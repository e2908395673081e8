/*
 * Client and server, whole: the client's engine against the real gate and clerk, by
 * byte strings alone. Every run has its own algorithms, login, data, pieces on the
 * wire, rekeys by either side or both at places in the connection's life, and one in
 * four a record that is changed or lost. What is whole arrives whole; what was harmed
 * ends both sides, and no byte is ever wrong. A failure is one number.
 *
 * SEEDS=n and SEED=first choose the range.
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"
#include "tests/sim/ssh/joined.h"

#define SEEDS 3000u

#define KEY(name) "tests/unit/control/keeper/keys/" name
static const char *const keys[SRVEND_KEYS] = { KEY("ed25519"), KEY("ecdsa256"), KEY("ecdsa384"),
	KEY("ecdsa521"), KEY("rsa2048") };

static uint64_t
env_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static bool
occurred(const char *what, const char *name, unsigned count)
{
	if (count == 0)
		printf("\n%s %s has not occurred", what, name);
	return count > 0;
}

static const char *const suite_names[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = #NAME,
	SUITE_LIST(SUITE)
#undef SUITE
};

static void
check_algorithms(void)
{
	for (size_t i = 0; kex_method_at(i) != NULL; i++)
		CU_ASSERT(occurred("method", kex_method_at(i)->name, reached.kex[i]));
	for (size_t i = 0; sign_at(i) != NULL; i++) {
		CU_ASSERT(occurred("host key", sign_at(i)->name, reached.host_key[i]));
		CU_ASSERT(occurred("host key", sign_at(i)->cert_name, reached.host_cert[i]));
		CU_ASSERT(occurred("user key", sign_at(i)->name, reached.user_key[i]));
	}
	for (unsigned i = 1; i < SUITE_COUNT; i++)
		CU_ASSERT(occurred("suite", suite_names[i], reached.suite[i]));
}

static void
check_places(void)
{
	static const char *const places[PLACE_COUNT] = { "login", "opening", "starting", "data", "client's EOF",
		"server's EOF", "closing", "no channel" };
	static const char *const who[WHO_COUNT] = { "client", "server", "both" };

	for (unsigned p = 0; p < PLACE_COUNT; p++)
		for (unsigned w = 0; w < WHO_COUNT; w++) {
			char name[64];

			snprintf(name, sizeof(name), "%s, %s", places[p], who[w]);
			CU_ASSERT(occurred("rekey", name, reached.rekey[p][w]));
		}
}

static void
check_rest(void)
{
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT(reached.methods[i] > 0);
	for (unsigned way = 0; way < 2; way++)
		CU_ASSERT(reached.harm[HARM_FLIP][way] > 0 && reached.harm[HARM_DROP][way] > 0);
	CU_ASSERT(reached.compression[0] > 0 && reached.compression[1] > 0);
	CU_ASSERT(reached.by_limit > 0 && reached.whole > 0 && reached.bytewise > 0);
}

static void
test_seeds(void)
{
	uint64_t first = env_number("SEED", 1), count = env_number("SEEDS", SEEDS);
	static struct srvend_world w;

	CU_ASSERT_EQUAL_FATAL(srvend_world_init(&w, keys), 0);
	for (uint64_t seed = first; seed < first + count; seed++) {
		const char *why = joined_run(&w, seed);

		if (why != NULL) {
			printf("\nSEED=%llu SEEDS=1 fails: %s\n", (unsigned long long)seed, why);
			CU_FAIL("a run failed");
			break;
		}
	}
	srvend_world_fini(&w);
	printf("\nseeds from %llu: %u whole, %u harmed and ended, %u exchanges, %u by limits, %u bytewise\n",
	    (unsigned long long)first, reached.whole, reached.caught, reached.exchanges, reached.by_limit,
	    reached.bytewise);
	if (count < SEEDS || CU_get_number_of_failures() != 0)
		return;
	check_algorithms();
	check_places();
	check_rest();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "random connections", test_seeds },
		CU_TEST_INFO_NULL,
	};
	const char *why = NULL;

	if (pk_start() != 0 || cipher_start(NULL, &why) != 0) {
		printf("no library: %s\n", why);
		return 1;
	}
	return suite_run("sim_joined", tests);
}
