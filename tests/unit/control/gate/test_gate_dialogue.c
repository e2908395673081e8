/* Passwords and keyboard-interactive, as gate has them. */
#include <stdlib.h>
#include <string.h>

#include "control/pammsg.h"
#include "tests/unit/control/gate/rules.h"

static struct gatebench *
at_auth(void)
{
	struct gatebench *g = gatebench_new();

	CU_ASSERT_EQUAL_FATAL(gatebench_auth(g), 0);
	return g;
}

static struct gatebench *
prompted(void)
{
	struct gatebench *g = at_auth();

	gatebench_kbdint(g, "alice");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
	return g;
}

static uint32_t
failures(struct gatebench *g)
{
	struct note n;

	CU_ASSERT_EQUAL(note_decode(&n, view_of(g->b.note, g->b.note_len)), 0);
	return n.auth_failures;
}

static bool
holds(const void *data, size_t len, const char *text)
{
	return len > 0 && memmem(data, len, text, strlen(text)) != NULL;
}

/* ---- password ---- */

static void
test_password(void)
{
	struct gatebench *g = at_auth();

	gatebench_request(g, "mallory", "ssh-connection", "password");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT_EQUAL(failures(g), 1);
	gatebench_request(g, "alice", "ssh-connection", "password");
	bench_run(&g->b);
	CU_ASSERT_EQUAL(bench_take(&g->b, SSH_MSG_USERAUTH_SUCCESS).len, 1);
	CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
	CU_ASSERT(bench_clean(&g->b));
	gatebench_free(g);
}

/* Warden alone is told; nothing of it stays when it has answered, nor goes into the
 * note, a step or the log. */
static void
test_password_kept_nowhere(void)
{
	struct gatebench *g = at_auth();
	struct msg m = { .type = MSG_AUTH_NO, .conn = g->b.conn, .gen = g->b.gen };
	uint8_t body[64];
	struct put w = put_of(body, sizeof body);
	struct gate_wait *wait;

	g->b.mute = true;
	gatebench_request(g, "alice", "ssh-connection", "password");
	bench_run(&g->b);
	CU_ASSERT_EQUAL_FATAL(g->b.ask_count, 1);
	CU_ASSERT_EQUAL(g->b.ask[0].to, ASK_WARDEN);
	CU_ASSERT_EQUAL(g->b.ask[0].type, MSG_AUTH_PASSWORD);
	CU_ASSERT(holds(g->b.ask[0].bytes, g->b.ask[0].len, "horse"));
	CU_ASSERT_FALSE(holds(g->b.note, g->b.note_len, "horse"));
	wait = ((struct gate_conn *)g->b.obj)->wait;
	CU_ASSERT_PTR_NOT_NULL_FATAL(wait);
	put_cstr(&w, "password");
	put_bool(&w, false);
	put_bool(&w, true);
	m.tag = g->b.ask[0].tag;
	m.body = put_view(&w);
	gate_answer(&g->env, g->b.obj, ASK_WARDEN, &m, &g->b.act);
	CU_ASSERT_PTR_NULL(((struct gate_conn *)g->b.obj)->wait);
	CU_ASSERT_FALSE(holds(&g->b.act, sizeof g->b.act, "horse"));
	gatebench_free(g);
}

/* What the AUTH_PASSWORD of this request would be. */
static void
password_form(
    struct gatebench *g, bool change, const void *password, size_t len, uint8_t *flags, struct view *passed)
{
	static uint8_t buf[4096];
	struct put w = put_of(buf, sizeof buf);
	struct cur c;

	put_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	put_cstr(&w, "alice");
	put_cstr(&w, "ssh-connection");
	put_cstr(&w, "password");
	put_bool(&w, change);
	put_string(&w, password, len);
	if (change)
		put_cstr(&w, "battery staple");
	g->b.mute = true;
	bench_send(&g->b, put_view(&w));
	bench_run(&g->b);
	CU_ASSERT_EQUAL_FATAL(g->b.ask_count, 1);
	c = cur_of(g->b.ask[0].bytes, g->b.ask[0].len);
	cur_string(&c);
	cur_string(&c);
	*flags = cur_u8(&c);
	*passed = cur_string(&c);
	CU_ASSERT_FALSE(c.bad);
	CU_ASSERT_FALSE(holds(g->b.ask[0].bytes, g->b.ask[0].len, "staple"));
}

static void
test_password_forms(void)
{
	static const char longest[PAM_PASSWORD_MAX + 1];
	char text[PAM_PASSWORD_MAX + 1];
	static const struct {
		bool change;
		size_t len;
		uint8_t flags;
	} forms[] = {
		{ false, 0, 0 },
		{ false, 1, 0 },
		{ false, PAM_PASSWORD_MAX, 0 },
		{ false, PAM_PASSWORD_MAX + 1, AUTH_F_UNFIT },
		{ true, 3, AUTH_F_CHANGE },
		{ true, PAM_PASSWORD_MAX + 1, AUTH_F_CHANGE | AUTH_F_UNFIT },
	};
	struct gatebench *g;
	struct view passed;
	uint8_t flags;

	memset(text, 'p', sizeof text);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		g = at_auth();
		password_form(g, forms[i].change, text, forms[i].len, &flags, &passed);
		CU_ASSERT_EQUAL(flags, forms[i].flags);
		CU_ASSERT_EQUAL(passed.len, forms[i].flags != 0 ? 0 : forms[i].len);
		gatebench_free(g);
	}
	g = at_auth();
	password_form(g, false, longest, 5, &flags, &passed); /* NULs */
	CU_ASSERT(flags == AUTH_F_UNFIT && passed.len == 0);
	gatebench_free(g);
}

/* ---- keyboard-interactive ---- */

static void
test_dialogue(void)
{
	struct gatebench *g = at_auth();
	struct view r;
	struct cur c;

	gatebench_kbdint(g, "alice");
	bench_run(&g->b);
	r = bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST);
	CU_ASSERT_FATAL(r.len > 0);
	c = cur_view(r);
	cur_u8(&c);
	CU_ASSERT(view_is(cur_string(&c), ""));
	CU_ASSERT(view_is(cur_string(&c), "Say it."));
	CU_ASSERT(view_is(cur_string(&c), ""));
	CU_ASSERT_EQUAL(cur_u32(&c), 1);
	CU_ASSERT(view_is(cur_string(&c), "Password: "));
	CU_ASSERT_FALSE(cur_bool(&c));
	CU_ASSERT(cur_done(&c));
	gatebench_response(g, 1, "horse");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
	CU_ASSERT_NOT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
	gatebench_response(g, 0, "");
	bench_run(&g->b);
	CU_ASSERT_EQUAL(bench_take(&g->b, SSH_MSG_USERAUTH_SUCCESS).len, 1);
	CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
	CU_ASSERT_EQUAL(failures(g), 0);
	CU_ASSERT(bench_clean(&g->b));
	gatebench_free(g);
}

/* One dialogue is one try, however many rounds it has. */
static void
test_dialogue_counts_once(void)
{
	struct gatebench *g = prompted();

	gatebench_response(g, 1, "horse");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
	CU_ASSERT_EQUAL(failures(g), 0);
	gatebench_response(g, 1, "horse"); /* nobody asked for that many */
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT_EQUAL(failures(g), 1);
	gatebench_free(g);
}

static void
test_response_forms(void)
{
	static char text[PAM_PASSWORD_MAX + 2];
	static const struct {
		uint32_t count;
		size_t len;
		uint8_t flags;
	} forms[] = {
		{ 0, 0, 0 },
		{ 1, 0, 0 },
		{ PAM_PROMPTS_MAX, 3, 0 },
		{ 2, PAM_PASSWORD_MAX, 0 },
		{ PAM_PROMPTS_MAX + 1, 3, AUTH_F_UNFIT },
		{ 1, PAM_PASSWORD_MAX + 1, AUTH_F_UNFIT },
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct gatebench *g = prompted();
		struct cur c;

		memset(text, 'p', sizeof text);
		text[forms[i].len] = '\0';
		g->b.mute = true;
		gatebench_response(g, forms[i].count, text);
		bench_run(&g->b);
		CU_ASSERT_EQUAL_FATAL(g->b.ask_count, 1);
		CU_ASSERT_EQUAL(g->b.ask[0].type, MSG_AUTH_RESPONSE);
		c = cur_of(g->b.ask[0].bytes, g->b.ask[0].len);
		CU_ASSERT_EQUAL(cur_u8(&c), forms[i].flags);
		CU_ASSERT_EQUAL(cur_u32(&c), forms[i].flags != 0 ? 0 : forms[i].count);
		for (uint32_t k = 0; k < forms[i].count && forms[i].flags == 0; k++)
			CU_ASSERT_EQUAL(cur_string(&c).len, forms[i].len);
		CU_ASSERT(cur_done(&c));
		gatebench_free(g);
	}
}

static void
test_response_without_prompt(void)
{
	struct gatebench *g = at_auth();

	gatebench_response(g, 1, "horse");
	ends(g, R_AUTH_DIALOGUE);
	/* another request ends the dialogue; what answers it is late then */
	g = prompted();
	gatebench_request(g, "alice", "ssh-connection", "none");
	gatebench_response(g, 1, "horse");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	ends(g, R_AUTH_DIALOGUE);
	g = prompted();
	g->dialogue_lost = true;
	gatebench_response(g, 1, "horse");
	ends(g, R_AUTH_DIALOGUE);
	g = gatebench_new();
	CU_ASSERT_EQUAL(gatebench_keyed(g, true, true), 0);
	gatebench_response(g, 1, "horse");
	ends(g, R_SSH_PHASE);
}

/* Another dialogue in the place of the one that was begun. */
static void
test_begun_again(void)
{
	struct gatebench *g = prompted();

	gatebench_kbdint(g, "alice");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
	CU_ASSERT_EQUAL(failures(g), 0);
	gatebench_response(g, 1, "horse");
	gatebench_response(g, 0, "");
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
	CU_ASSERT_EQUAL(bench_take(&g->b, SSH_MSG_USERAUTH_SUCCESS).len, 1);
	gatebench_free(g);
}

static void
test_rounds_capped(void)
{
	struct gatebench *g = at_auth();

	for (uint32_t i = 0; i <= GATE_REQUESTS_MAX; i++)
		gatebench_kbdint(g, "alice");
	ends(g, R_AUTH_PACKETS);
}

/* Prompts of a warden that makes no sense. */
static void
test_bad_prompts(void)
{
	static const struct {
		uint32_t count;
		bool whole;
	} bad[] = { { PAM_PROMPTS_MAX + 1, true }, { 2, false }, { 0xffffffffu, false } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct gatebench *g = at_auth();
		struct msg m = { .type = MSG_AUTH_PROMPT, .conn = g->b.conn, .gen = g->b.gen };
		uint8_t body[1024];
		struct put w = put_of(body, sizeof body);

		g->b.mute = true;
		gatebench_kbdint(g, "alice");
		bench_run(&g->b);
		put_cstr(&w, "");
		put_cstr(&w, "");
		put_cstr(&w, "");
		put_u32(&w, bad[i].count);
		for (uint32_t k = 0; bad[i].whole && k < bad[i].count; k++) {
			put_cstr(&w, "?");
			put_bool(&w, true);
		}
		m.tag = g->b.ask[0].tag;
		m.body = put_view(&w);
		gate_answer(&g->env, g->b.obj, ASK_WARDEN, &m, &g->b.act);
		CU_ASSERT(g->b.act.refused);
		CU_ASSERT_EQUAL(g->b.act.reason, R_AUTH_WARDEN);
		gatebench_free(g);
	}
}

/* Which answer fits which question: every cell, by hand. */
static void
test_answers(void)
{
	static const struct {
		enum ask_to from;
		uint16_t type;
		bool list, query, password, kbdint, response;
	} rows[] = {
		{ ASK_WARDEN, MSG_AUTH_NO, true, true, true, true, true },
		{ ASK_WARDEN, MSG_AUTH_PK_OK, false, true, false, false, false },
		{ ASK_WARDEN, MSG_AUTH_PROMPT, false, false, false, true, true },
		{ ASK_WARDEN, MSG_AUTH_GONE, false, false, false, false, false }, /* closes */
		{ ASK_WARDEN, MSG_GRANTED, false, false, false, false, false },
		{ ASK_SUPERVISOR, MSG_AUTH_NO, false, false, true, true, true },
		{ ASK_SUPERVISOR, MSG_GRANTED, false, false, true, true, true },
	};
	uint8_t no_body[64], prompt_body[64];
	struct put no = put_of(no_body, sizeof no_body), prompt = put_of(prompt_body, sizeof prompt_body);

	put_cstr(&no, "publickey");
	put_bool(&no, false);
	put_bool(&no, true);
	for (int i = 0; i < 3; i++)
		put_cstr(&prompt, "");
	put_u32(&prompt, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const bool fits[] = { rows[i].list, rows[i].query, rows[i].password, rows[i].kbdint,
			rows[i].response };

		for (int ask = 0; ask < 5; ask++) {
			struct gatebench *g = ask == 4 ? prompted() : at_auth();
			struct msg m = { .type = rows[i].type, .conn = g->b.conn, .gen = g->b.gen };

			g->b.mute = true;
			if (ask == 0)
				gatebench_request(g, "alice", "ssh-connection", "none");
			else if (ask == 1)
				gatebench_publickey(g, "alice", 'a', false, false);
			else if (ask == 2)
				gatebench_request(g, "alice", "ssh-connection", "password");
			else if (ask == 3)
				gatebench_kbdint(g, "alice");
			else
				gatebench_response(g, 1, "horse");
			bench_run(&g->b);
			m.tag = rows[i].from == ASK_WARDEN ? g->b.ask[0].tag : 0;
			m.body = m.type == MSG_AUTH_NO       ? put_view(&no)
				 : m.type == MSG_AUTH_PROMPT ? put_view(&prompt)
							     : view_of(NULL, 0);
			gate_answer(&g->env, g->b.obj, rows[i].from, &m, &g->b.act);
			CU_ASSERT_EQUAL(g->b.act.step.used && !g->b.act.refused, fits[ask]);
			/* The supervisor's word that is not for this is ignored. */
			if (rows[i].from == ASK_SUPERVISOR && !fits[ask])
				CU_ASSERT_FALSE(g->b.act.step.used);
			gatebench_free(g);
		}
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "password", test_password },
		{ "a password is kept nowhere", test_password_kept_nowhere },
		{ "forms of a password", test_password_forms },
		{ "a dialogue", test_dialogue },
		{ "a dialogue counts once", test_dialogue_counts_once },
		{ "forms of a response", test_response_forms },
		{ "a response that nobody asked for", test_response_without_prompt },
		{ "a dialogue is begun again", test_begun_again },
		{ "rounds are capped", test_rounds_capped },
		{ "prompts that make no sense", test_bad_prompts },
		{ "answers and questions, every cell", test_answers },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gate: passwords and dialogues", tests);
}
