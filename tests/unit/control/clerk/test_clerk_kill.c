/* Clerk is destroyed and built anew between any two events of a busy connection:
 * rekeys by either side, opens, requests, starts, global requests. Every request
 * is answered once and in order, every program started once. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/control/clerk/clerkbench.h"

#define TRY(what, number)                \
	do {                             \
		if (!(what))             \
			return (number); \
	} while (0)

static bool
global(struct clerkbench *k, bool ok)
{
	return bench_take(&k->b, ok ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE).len == 1;
}

/* A shell with everything, its requests in one burst. */
static int
shell(struct clerkbench *k, uint32_t peers)
{
	uint32_t ours = clerkbench_session(k, peers);
	struct clerk_started s;

	TRY(ours < CLERK_CHAN_MAX, -1);
	clerkbench_pty(k, ours, true, 80);
	clerkbench_env(k, ours, false, "LANG", "C.UTF-8");
	clerkbench_env(k, ours, true, "LC_ALL", "C");
	clerkbench_env(k, ours, true, "PATH", "/evil");
	clerkbench_window(k, ours, 132);
	clerkbench_text(k, ours, "signal", false, "INT");
	clerkbench_request(k, ours, "shell", true, view_of(NULL, 0));
	bench_run(&k->b);
	TRY(clerkbench_reply(k, peers, true), -2);
	TRY(clerkbench_reply(k, peers, true), -3);
	TRY(clerkbench_reply(k, peers, false), -4);
	TRY(clerkbench_started(k, &s), -5);
	TRY(s.ours == ours && s.kind == LINK_START_SHELL && s.want_reply && s.cols == 132, -6);
	TRY(s.env_count == 2 && s.text.len == 0, -7);
	return 0;
}

/* Two channels whose starts cross, a subsystem that is not there, requests that
 * wait behind a start. */
static int
crossing(struct clerkbench *k)
{
	uint32_t a = clerkbench_session(k, 1000), b = clerkbench_session(k, 4000000000u);
	struct clerk_started s;

	clerkbench_text(k, a, "exec", false, "true");
	clerkbench_text(k, b, "subsystem", true, "nothing");
	clerkbench_text(k, b, "subsystem", true, "echo");
	clerkbench_global(k, "keepalive@openssh.com", true);
	clerkbench_text(k, a, "exec", true, "false"); /* a second one */
	bench_run(&k->b);
	/* How the channels fall among each other is free, the order in each is not. */
	for (int starts = 0, refused = 0, globals = 0, second = 0; starts + refused + globals + second < 5;) {
		const struct bench_out *o = bench_next(&k->b);
		struct cur c;

		TRY(o != NULL, -10);
		if (o->kind == OUT_CHAN_START) {
			k->b.out_at--;
			TRY(clerkbench_started(k, &s), -11);
			TRY(s.ours == a
				? s.kind == LINK_START_EXEC && view_is(s.text, "true") && second == 0
				: s.kind == LINK_START_SUBSYSTEM && view_is(s.text, "echo") && refused == 1,
			    -12);
			starts++;
			continue;
		}
		TRY(o->kind == OUT_RECORD, -13);
		c = cur_of(o->bytes + 1, o->len - 1);
		if (o->bytes[0] == SSH_MSG_REQUEST_FAILURE) {
			globals++;
		} else {
			TRY(o->bytes[0] == SSH_MSG_CHANNEL_FAILURE, -14);
			if (cur_u32(&c) == 1000)
				second++;
			else
				refused++;
		}
		TRY(second <= 1 && refused <= 1 && globals <= 1, -15);
	}
	return 0;
}

static int
rekeys(struct clerkbench *k)
{
	struct bench *b = &k->b;
	int r;

	bench_client_kexinit(b, kex_offer_default(true), false, false);
	TRY((r = bench_client_exchange(b, kex_offer_default(true), false)) == 0, -30 + r);
	bench_up(b, LINK_UP_REKEY, 0);
	bench_run(b);
	bench_client_kexinit(b, kex_offer_default(true), false, false);
	TRY((r = bench_client_exchange(b, kex_offer_default(true), false)) == 0, -40 + r);
	bench_client_kexinit(b, kex_offer_default(true), false, false);
	bench_up(b, LINK_UP_REKEY, 0);
	TRY((r = bench_client_exchange(b, kex_offer_default(true), false)) == 0, -50 + r);
	bench_up(b, LINK_UP_REKEY, 0);
	bench_client_kexinit(b, kex_offer_default(true), false, false);
	TRY((r = bench_client_exchange(b, kex_offer_default(true), false)) == 0, -60 + r);
	return 0;
}

/* What plugins ask of the peer: each is answered once. */
static int
asks(struct clerkbench *k)
{
	const struct bench_out *o;
	struct cur c;
	uint32_t ours;

	bench_asked(&k->b, LINK_UP_ASKED_OPEN, "pipe", "pipe@example.org");
	bench_asked(&k->b, LINK_UP_ASKED_OPEN, "other", "pipe@example.org");
	bench_asked(&k->b, LINK_UP_ASKED_GLOBAL, "pipe", "ping@example.org");
	bench_run(&k->b);
	TRY((o = bench_take_kind(&k->b, OUT_CHAN_ASKED)) != NULL, -80);
	c = cur_of(o->bytes, o->len);
	ours = cur_u32(&c);
	TRY(cur_u32(&c) == clerk_window(ours) && cur_u32(&c) == SSH_CHAN_PACKET_MAX, -81);
	TRY((o = bench_take_kind(&k->b, OUT_REFUSE)) != NULL, -82);
	c = cur_of(o->bytes, o->len);
	TRY(cur_u32(&c) == SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, -83);
	TRY(bench_take_kind(&k->b, OUT_GLOBAL_ASKED) != NULL, -84);
	bench_chan_free(&k->b, ours);
	bench_run(&k->b);
	return 0;
}

/* What plugins answer: each is asked once, replies are in order with clerk's own, and
 * the shell comes after the answers, with their variables. */
static int
asked(struct clerkbench *k)
{
	static const uint8_t order[] = { SSH_MSG_REQUEST_SUCCESS, SSH_MSG_REQUEST_FAILURE, SSH_MSG_REQUEST_SUCCESS };
	uint32_t ours = clerkbench_session(k, 31), global = 0, queries = 0;
	struct clerk_started s;

	k->b.host_bytes = view_of("\0\0\0\5COLOR\0\0\0\3red", 16);
	clerkbench_global(k, "count@example.org", true);
	clerkbench_global(k, "unknown@example.org", true);
	clerkbench_global(k, "count@example.org", false);
	clerkbench_global(k, "count@example.org", true);
	clerkbench_request(k, ours, "paint@example.org", true, view_of(NULL, 0));
	clerkbench_env(k, ours, true, "PATH", "/evil");
	clerkbench_request(k, ours, "paint@example.org", false, view_of(NULL, 0));
	clerkbench_request(k, ours, "shell", true, view_of(NULL, 0));
	bench_run(&k->b);
	for (; k->b.out_at < k->b.out_count && k->b.out[k->b.out_at].kind != OUT_CHAN_START; k->b.out_at++) {
		const struct bench_out *o = &k->b.out[k->b.out_at];

		queries += o->kind == OUT_QUERY;
		if (o->kind == OUT_RECORD && (o->bytes[0] == SSH_MSG_REQUEST_SUCCESS ||
		    o->bytes[0] == SSH_MSG_REQUEST_FAILURE))
			TRY(global < 3 && o->bytes[0] == order[global++], -81);
	}
	TRY(queries == 5 && global == 3, -82);
	TRY(clerkbench_started(k, &s) && s.kind == LINK_START_SHELL && s.env_count == 1, -83);
	TRY(s.env.len == 16 && memcmp(s.env.data, k->b.host_bytes.data, 16) == 0, -84);
	bench_run(&k->b);
	while (bench_next(&k->b) != NULL)
		;
	bench_chan_free(&k->b, ours);
	bench_run(&k->b);
	return 0;
}

static int
dialogue(struct clerkbench *k)
{
	struct clerk_started s;
	int r;

	TRY((r = shell(k, 0)) == 0, r);
	TRY((r = crossing(k)) == 0, r);
	TRY((r = rekeys(k)) == 0, r);
	TRY((r = asked(k)) == 0, r);
	bench_chan_free(&k->b, 0);
	clerkbench_prove(k, 2, true);
	clerkbench_global(k, "tcpip-forward", true);
	clerkbench_global(k, "no-more-sessions@openssh.com", true);
	clerkbench_global(k, "unknown@example.org", false);
	bench_run(&k->b);
	clerkbench_open(k, "direct-tcpip", 9);
	clerkbench_open(k, "pipe@example.org", 10);
	bench_run(&k->b);
	TRY(clerkbench_proved(k, 2), -69);
	TRY(global(k, false) && global(k, true), -70);
	TRY(bench_take(&k->b, SSH_MSG_CHANNEL_OPEN_FAILURE).len > 0, -71);
	TRY(bench_take_kind(&k->b, OUT_CHAN_NEW) != NULL && clerkbench_started(k, &s), -74);
	TRY(s.kind == LINK_START_OPEN && s.want_reply && view_is(s.text, "pipe@example.org"), -75);
	bench_chan_free(&k->b, s.ours);
	bench_run(&k->b);
	TRY((r = asks(k)) == 0, r);
	TRY(bench_next(&k->b) == NULL, -72);
	return bench_clean(&k->b) ? 0 : -73;
}

static uint32_t
run(uint32_t kill0, uint32_t kill1, uint64_t seed, uint32_t *kills)
{
	struct clerkbench *k = clerkbench_new(0);
	struct note n;
	uint32_t events;
	int r;

	k->b.kill_at[0] = kill0;
	k->b.kill_at[1] = kill1;
	k->b.kill_seed = seed;
	serves_add(&k->env.serves, SERVES_OPEN, view_str("pipe@example.org"), "pipe");
	serves_add(&k->env.serves, SERVES_OPENS, view_str("pipe@example.org"), "pipe");
	serves_add(&k->env.serves, SERVES_REQUESTS, view_str("ping@example.org"), "pipe");
	serves_add(&k->env.serves, SERVES_GLOBAL, view_str("count@example.org"), "count");
	serves_add(&k->env.serves, SERVES_REQUEST, view_str("paint@example.org"), "paint");
	serves_add(&k->env.serves, SERVES_VARIABLE, view_str("COLOR"), "paint");
	r = dialogue(k);
	if (r != 0) {
		fprintf(stderr, "killed at %u and %u, seed %llu: %d\n", kill0, kill1,
		    (unsigned long long)seed, r);
		CU_FAIL("dialogue failed");
	}
	CU_ASSERT_EQUAL(note_decode(&n, view_of(k->b.note, k->b.note_len)), 0);
	CU_ASSERT_EQUAL(n.chan_count, 3); /* one of them is free meanwhile */
	CU_ASSERT_EQUAL(n.kex_state, EXCHANGE_NONE);
	CU_ASSERT_TRUE((n.flags & NOTE_F_NO_MORE_SESSIONS) != 0);
	*kills += k->b.kills;
	events = k->b.event;
	clerkbench_free(k);
	return events;
}

static void
test_no_kill(void)
{
	uint32_t kills = 0;

	CU_ASSERT_TRUE(run(BENCH_NEVER, BENCH_NEVER, 0, &kills) > 30);
}

static void
test_each_event(void)
{
	uint32_t kills = 0, events = run(BENCH_NEVER, BENCH_NEVER, 0, &kills);

	for (uint32_t i = 0; i < events; i++)
		run(i, BENCH_NEVER, 0, &kills);
	CU_ASSERT_EQUAL(kills, events);
}

static void
test_twice(void)
{
	uint32_t kills = 0, events = run(BENCH_NEVER, BENCH_NEVER, 0, &kills);

	for (uint32_t i = 0; i < events; i++)
		for (uint32_t d = 1; d < 4; d++)
			run(i, i + d, 0, &kills);
	CU_ASSERT_TRUE(kills > 5 * events);
}

static void
test_random(void)
{
	uint32_t kills = 0;

	for (uint64_t seed = 1; seed <= 40; seed++)
		run(BENCH_NEVER, BENCH_NEVER, seed * 0x9e3779b97f4a7c15u, &kills);
	CU_ASSERT_TRUE(kills > 100);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a busy connection, undisturbed", test_no_kill },
		{ "killed before each event", test_each_event },
		{ "killed twice", test_twice },
		{ "killed at random", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("clerk: killed and taken over", tests);
}
