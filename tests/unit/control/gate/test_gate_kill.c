/* Gate is destroyed and built anew between any two events of a login; the login
 * succeeds on the same connection all the same. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/control/gate/gatebench.h"

enum variant { STRICT, PLAIN, SERVER_FIRST, BOTH_CROSS, WRONG_GUESS, DIALOGUE, VARIANT_COUNT };

static const char *const names[] = { "strict", "without strict and ext-info", "our KEXINIT first",
	"deadline behind the KEXINIT", "wrong guess", "a dialogue" };

static int
key_exchange(struct gatebench *g, enum variant v)
{
	static const uint8_t guess[] = { SSH_MSG_KEX_ECDH_INIT, 0, 0, 0, 1, 9 };
	struct kex_offer offer = *kex_offer_default(true);
	struct bench *b = &g->b;

	bench_client_init(&b->client, v != PLAIN, v != PLAIN);
	bench_ident(b);
	if (v == SERVER_FIRST)
		bench_up(b, LINK_UP_DEADLINE, LINK_DEADLINE_KEXINIT);
	if (v == WRONG_GUESS)
		offer.kex = "diffie-hellman-group1-sha1,curve25519-sha256";
	bench_client_kexinit(b, &offer, v == WRONG_GUESS, true);
	if (v == BOTH_CROSS)
		bench_up(b, LINK_UP_DEADLINE, LINK_DEADLINE_KEXINIT);
	if (v == WRONG_GUESS)
		bench_send(b, view_of(guess, sizeof(guess)));
	return bench_client_exchange(b, &offer, true);
}

static uint32_t
run(enum variant v, uint32_t kill0, uint32_t kill1, uint64_t seed, uint32_t *kills)
{
	struct gatebench *g = gatebench_new();
	struct note n;
	uint32_t events;
	int r;

	g->b.kill_at[0] = kill0;
	g->b.kill_at[1] = kill1;
	g->b.kill_seed = seed;
	r = key_exchange(g, v);
	if (r == 0)
		r = v == DIALOGUE ? gatebench_login_dialogue(g) : gatebench_login(g);
	if (r != 0) {
		fprintf(stderr, "%s, killed at %u and %u, seed %llu: %d\n", names[v], kill0, kill1,
		    (unsigned long long)seed, r);
		CU_FAIL("login failed");
	}
	CU_ASSERT_EQUAL(note_decode(&n, view_of(g->b.note, g->b.note_len)), 0);
	CU_ASSERT_TRUE(view_is(n.auth_user, "alice"));
	CU_ASSERT_EQUAL(n.auth_failures, 1);
	CU_ASSERT_EQUAL(n.auth_queries, v == DIALOGUE ? 0 : 2);
	CU_ASSERT_PTR_NULL(g->b.obj);
	CU_ASSERT_EQUAL(n.kex_state, 0);
	CU_ASSERT_TRUE((n.flags & NOTE_F_FIRST_DONE) != 0); /* a rekey keeps the session id */
	CU_ASSERT_EQUAL((n.flags & NOTE_F_STRICT) != 0, v != PLAIN);
	CU_ASSERT_EQUAL(n.kexinit_peer.len + n.kexinit_ours.len, 0);
	CU_ASSERT_TRUE(view_eq(n.session_id, view_of(g->b.client.session_id, g->b.client.session_id_len)));
	*kills += g->b.kills;
	events = g->b.event;
	gatebench_free(g);
	return events;
}

static void
test_no_kill(void)
{
	uint32_t kills = 0;

	for (int v = 0; v < VARIANT_COUNT; v++)
		CU_ASSERT_TRUE(run(v, BENCH_NEVER, BENCH_NEVER, 0, &kills) >= 12);
	CU_ASSERT_EQUAL(kills, 0);
}

static void
test_each_event(void)
{
	for (int v = 0; v < VARIANT_COUNT; v++) {
		uint32_t kills = 0, events = run(v, BENCH_NEVER, BENCH_NEVER, 0, &kills);

		for (uint32_t k = 0; k < events; k++)
			run(v, k, BENCH_NEVER, 0, &kills);
		CU_ASSERT_EQUAL(kills, events);
	}
}

static void
test_twice(void)
{
	for (int v = 0; v < VARIANT_COUNT; v++) {
		uint32_t kills = 0, events = run(v, BENCH_NEVER, BENCH_NEVER, 0, &kills);

		for (uint32_t k = 0; k < events; k++)
			for (uint32_t d = 1; d < 4; d++)
				run(v, k, k + d, 0, &kills);
		CU_ASSERT_TRUE(kills > 5 * events);
	}
}

static void
test_random(void)
{
	uint32_t kills = 0;

	for (uint64_t seed = 1; seed <= 60; seed++)
		run((int)(seed % VARIANT_COUNT), BENCH_NEVER, BENCH_NEVER, seed * 0x9e3779b97f4a7c15u,
		    &kills);
	CU_ASSERT_TRUE(kills > 100);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a login, undisturbed", test_no_kill },
		{ "killed before each event", test_each_event },
		{ "killed twice", test_twice },
		{ "killed at random", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gate: killed and taken over", tests);
}
