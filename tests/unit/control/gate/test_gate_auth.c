/* What gate refuses, limits and says of a login, and every message cut at every length. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/gate/rules.h"

/* ---- authentication ---- */

static struct gatebench *
at_auth(void)
{
	struct gatebench *g = gatebench_new();

	CU_ASSERT_EQUAL_FATAL(gatebench_auth(g), 0);
	return g;
}

static void
test_service_names(void)
{
	struct gatebench *g = gatebench_new();

	CU_ASSERT_EQUAL(gatebench_keyed(g, true, true), 0);
	gatebench_service(g, "ssh-connection");
	ends(g, R_AUTH_SERVICE);
	g = at_auth();
	gatebench_service(g, "ssh-userauth"); /* again: the same answer */
	bench_run(&g->b);
	CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_SERVICE_ACCEPT).len > 0);
	CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_AUTH);
	gatebench_request(g, "alice", "ssh-banana", "none");
	ends(g, R_AUTH_SERVICE);
}

/* Every message number before and in authentication. */
static void
test_phase_sweep(void)
{
	for (int msg = 0; msg < 256; msg++) {
		struct gatebench *g = gatebench_new();
		bool open = msg == SSH_MSG_EXT_INFO;

		CU_ASSERT_EQUAL(gatebench_keyed(g, true, true), 0);
		send_msg(g, (uint8_t)msg);
		bench_run(&g->b);
		CU_ASSERT_EQUAL(g->b.closed, !open);
		gatebench_free(g);
		g = at_auth();
		send_msg(g, (uint8_t)msg);
		bench_run(&g->b);
		CU_ASSERT_EQUAL(g->b.closed, !open);
		CU_ASSERT_NOT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
		CU_ASSERT_EQUAL(g->b.faults, 0);
		gatebench_free(g);
	}
}

static void
test_none_is_no_failure(void)
{
	struct gatebench *g = at_auth();

	for (int i = 0; i < 20; i++)
		gatebench_request(g, "alice", "ssh-connection", "none");
	bench_run(&g->b);
	CU_ASSERT_FALSE(g->b.closed);
	for (int i = 0; i < 20; i++)
		CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT_TRUE(bench_clean(&g->b));
	gatebench_free(g);
}

static void
test_tries(const char *method)
{
	struct gatebench *g = at_auth();

	for (int i = 0; i < 7; i++) {
		if (method != NULL && method[0] == 'k') {
			gatebench_kbdint(g, "alice");
			gatebench_response(g, 1, "pony");
		} else if (method != NULL)
			gatebench_request(g, "mallory", "ssh-connection", method);
		else
			gatebench_publickey(g, i % 2 ? "alice" : "mallory", 'b', i % 3 == 0, false);
	}
	bench_run(&g->b);
	for (int i = 0; i < 5; i++) {
		if (method != NULL && method[0] == 'k')
			CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_INFO_REQUEST).len > 0);
		CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(g->last_log, "maximum authentication attempts exceeded for "));
	ends(g, R_AUTH_TRIES);
}

static void
test_failures_counted(void)
{
	test_tries("password");
	test_tries("hostbased");
	test_tries("keyboard-interactive");
	test_tries(NULL);
}

static void
test_queries_capped(void)
{
	struct gatebench *g = at_auth();

	for (uint32_t i = 0; i <= GATE_QUERIES_MAX; i++)
		gatebench_publickey(g, "alice", 'a', false, false);
	bench_run(&g->b);
	for (uint32_t i = 0; i < GATE_QUERIES_MAX; i++)
		CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_PK_OK).len > 0);
	ends(g, R_AUTH_PACKETS);
}

static void
test_requests_capped(void)
{
	struct gatebench *g = at_auth();

	for (uint32_t i = 0; i <= GATE_REQUESTS_MAX; i++)
		gatebench_request(g, "alice", "ssh-connection", "none");
	ends(g, R_AUTH_PACKETS);
	g = at_auth();
	for (uint32_t i = 0; i <= GATE_REQUESTS_MAX; i++)
		send_msg(g, SSH_MSG_EXT_INFO);
	ends(g, R_AUTH_PACKETS);
}

/* OpenSSH PROTOCOL, section 3.1: the host key is in the signature. Another's is no proof
 * for this host, and counts as a failure. */
static void
test_host_bound(void)
{
	struct gatebench *g = at_auth();
	struct view ours = g->env.exchange.keys.list.key[0].blob;

	gatebench_host_bound(g, ours, false);
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_PK_OK).len > 0);
	gatebench_host_bound(g, view_str("somebody else's"), true);
	gatebench_host_bound(g, view_of(ours.data, ours.len - 1), true);
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT_FALSE(g->b.granted);
	gatebench_host_bound(g, ours, true);
	bench_run(&g->b);
	CU_ASSERT_TRUE(g->host_bound);
	CU_ASSERT_EQUAL(bench_take(&g->b, SSH_MSG_USERAUTH_SUCCESS).len, 1);
	CU_ASSERT_TRUE(bench_clean(&g->b));
	gatebench_free(g);
	g = at_auth();
	gatebench_host_bound(g, view_of(NULL, 0), true);
	ends(g, R_AUTH_FORM);
}

static void
send_ext_info(struct gatebench *g, const char *name)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_EXT_INFO);
	put_u32(&w, 1);
	put_cstr(&w, name);
	put_cstr(&w, "0");
	bench_send(&g->b, put_view(&w));
}

/* What is said right before success: to who asked for it in the right place. */
static void
test_ext_info_in_auth(void)
{
	static const char in_auth[] = "ext-info-in-auth@openssh.com";
	static const struct {
		const char *first, *later;
		bool marker, told;
	} cases[] = {
		{ in_auth, NULL, true, true },
		{ in_auth, "banana", true, true },
		{ in_auth, NULL, false, false },
		{ "banana", in_auth, true, false },
		{ NULL, in_auth, true, false },
		{ NULL, NULL, true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gatebench *g = gatebench_new();

		CU_ASSERT_EQUAL_FATAL(gatebench_keyed(g, true, cases[i].marker), 0);
		if (cases[i].first != NULL)
			send_ext_info(g, cases[i].first);
		gatebench_service(g, "ssh-userauth");
		if (cases[i].later != NULL)
			send_ext_info(g, cases[i].later);
		bench_run(&g->b);
		CU_ASSERT(bench_take(&g->b, SSH_MSG_SERVICE_ACCEPT).len > 0);
		gatebench_publickey(g, "alice", 'a', true, true);
		bench_run(&g->b);
		if (cases[i].told)
			CU_ASSERT(bench_take(&g->b, SSH_MSG_EXT_INFO).len > 0);
		CU_ASSERT_EQUAL(bench_take(&g->b, SSH_MSG_USERAUTH_SUCCESS).len, 1);
		CU_ASSERT_TRUE(bench_clean(&g->b));
		CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
		gatebench_free(g);
	}
}

/* A query is no proof: warden's yes to one never becomes message 52. */
static void
test_query_is_no_proof(void)
{
	struct gatebench *g = at_auth();
	struct msg m = { .type = MSG_GRANTED, .conn = 5, .gen = 9 };

	g->b.mute = true;
	gatebench_publickey(g, "alice", 'a', false, false);
	bench_run(&g->b);
	gate_answer(&g->env, g->b.obj, ASK_SUPERVISOR, &m, &g->b.act);
	CU_ASSERT_FALSE(g->b.act.step.used);
	m.tag = g->b.ask[0].tag;
	gate_answer(&g->env, g->b.obj, ASK_WARDEN, &m, &g->b.act);
	CU_ASSERT_TRUE(g->b.act.refused);
	CU_ASSERT_EQUAL(g->b.act.reason, R_AUTH_WARDEN);
	gatebench_free(g);
}

/* Answers nobody waits for, or with another request's tag, or by the wrong role. */
static void
test_stray_answers(void)
{
	struct gatebench *g = at_auth();
	struct msg m = { .type = MSG_GRANTED, .conn = 5, .gen = 9 };
	uint32_t serial;

	gate_answer(&g->env, g->b.obj, ASK_SUPERVISOR, &m, &g->b.act);
	CU_ASSERT_FALSE(g->b.act.step.used);
	g->b.mute = true;
	gatebench_publickey(g, "alice", 'a', true, true);
	bench_run(&g->b);
	serial = g->b.ask[0].tag;
	m.tag = serial + 1;
	gate_answer(&g->env, g->b.obj, ASK_SUPERVISOR, &m, &g->b.act);
	CU_ASSERT_FALSE(g->b.act.step.used);
	m.tag = 0;
	gate_answer(&g->env, g->b.obj, ASK_WARDEN, &m, &g->b.act);
	CU_ASSERT_FALSE(g->b.act.step.used);
	m.tag = serial;
	gate_answer(&g->env, g->b.obj, ASK_WARDEN, &m, &g->b.act);
	CU_ASSERT_TRUE(g->b.act.refused); /* warden itself grants nothing */
	gatebench_free(g);
}

static void
test_bad_proof_and_account(void)
{
	struct gatebench *g = at_auth();

	gatebench_publickey(g, "alice", 'a', true, false);
	bench_run(&g->b);
	CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	g->refuse_grant = true;
	gatebench_publickey(g, "alice", 'a', true, true);
	bench_run(&g->b);
	CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE).len > 0);
	CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_AUTH);
	gatebench_free(g);
}

static void
test_partial(void)
{
	struct gatebench *g = at_auth();
	struct view r;
	struct note n;

	g->partial = true;
	gatebench_publickey(g, "alice", 'b', true, true);
	bench_run(&g->b);
	r = bench_take(&g->b, SSH_MSG_USERAUTH_FAILURE);
	CU_ASSERT_TRUE(r.len > 0 && r.data[r.len - 1] == 1);
	CU_ASSERT_EQUAL(note_decode(&n, view_of(g->b.note, g->b.note_len)), 0);
	CU_ASSERT_EQUAL(n.auth_failures, 0);
	gatebench_free(g);
}

/* The user's name changes: the note tells the last one, the counts go on. */
static void
test_user_change(void)
{
	struct gatebench *g = at_auth();
	struct note n;

	gatebench_publickey(g, "mallory", 'a', true, true);
	gatebench_publickey(g, "bob", 'a', true, true);
	bench_run(&g->b);
	CU_ASSERT_EQUAL(note_decode(&n, view_of(g->b.note, g->b.note_len)), 0);
	CU_ASSERT_TRUE(view_is(n.auth_user, "bob"));
	CU_ASSERT_TRUE(view_is(n.auth_service, "ssh-connection"));
	CU_ASSERT_EQUAL(n.auth_failures, 2);
	gatebench_publickey(g, "alice", 'a', true, true);
	bench_run(&g->b);
	CU_ASSERT_EQUAL(g->b.phase, SSH_PHASE_OPEN);
	gatebench_free(g);
}

static void
test_warden_again(void)
{
	struct gatebench *g = at_auth();

	g->b.mute = true;
	gatebench_publickey(g, "alice", 'a', true, true);
	bench_run(&g->b);
	CU_ASSERT_EQUAL_FATAL(g->b.ask_count, 1);
	gate_again(&g->env, g->b.obj, ASK_WARDEN, &g->b.act);
	CU_ASSERT_EQUAL(g->b.act.ask.to, ASK_WARDEN);
	CU_ASSERT_EQUAL(g->b.act.ask.tag, g->b.ask[0].tag);
	CU_ASSERT_TRUE(view_eq(put_view(&g->b.act.ask.w), view_of(g->b.ask[0].bytes, g->b.ask[0].len)));
	gatebench_free(g);
}

static void
test_names_bounded(void)
{
	char user[512];
	struct gatebench *g = at_auth();
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	memset(user, 'u', sizeof(user));
	user[GATE_USER_MAX + 1] = '\0';
	gatebench_request(g, user, "ssh-connection", "none");
	ends(g, R_AUTH_FORM);
	g = at_auth();
	user[GATE_USER_MAX] = '\0';
	gatebench_request(g, user, "ssh-connection", "none");
	bench_run(&g->b);
	CU_ASSERT_FALSE(g->b.closed);
	put_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	put_string(&w, "al\0ice", 6);
	put_cstr(&w, "ssh-connection");
	put_cstr(&w, "none");
	bench_send(&g->b, put_view(&w));
	ends(g, R_AUTH_FORM);
}

/* ---- every message cut at every length ---- */

typedef struct gatebench *phase_fn(void);

static struct gatebench *
phase_kex(void)
{
	return at_kex(true);
}

static struct gatebench *
phase_both(void)
{
	struct gatebench *g = at_kex(true);

	bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
	bench_run(&g->b);
	return g;
}

static struct gatebench *
phase_service(void)
{
	struct gatebench *g = gatebench_new();

	CU_ASSERT_EQUAL(gatebench_keyed(g, true, true), 0);
	return g;
}

static struct gatebench *
phase_prompted(void)
{
	struct gatebench *g = at_auth();

	gatebench_kbdint(g, "alice");
	bench_run(&g->b);
	return g;
}

/* Shorter by 1 to all of it: the connection ends; longer by one: too, but for
 * messages that are open at their end. */
static void
cut(phase_fn *phase, struct view whole)
{
	for (size_t len = 0; len <= whole.len + 1; len++) {
		struct gatebench *g = phase();
		uint8_t *buf = calloc(1, whole.len + 1);

		memcpy(buf, whole.data, whole.len);
		bench_send(&g->b, view_of(buf, len));
		bench_run(&g->b);
		CU_ASSERT_EQUAL(g->b.closed, len != whole.len);
		CU_ASSERT_EQUAL(g->b.faults, 0);
		free(buf);
		gatebench_free(g);
	}
}

static void
test_cut(void)
{
	struct gatebench *g = at_kex(true);
	uint8_t buf[256], share[32] = { 9 };
	struct put w = put_of(buf, sizeof(buf));

	bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
	cut(phase_kex, view_of(g->b.client.kexinit, g->b.client.kexinit_len));
	gatebench_free(g);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, 32);
	cut(phase_both, put_view(&w));
	w = put_of(buf, sizeof(buf));
	put_u8(&w, SSH_MSG_SERVICE_REQUEST);
	put_cstr(&w, "ssh-userauth");
	cut(phase_service, put_view(&w));
	g = at_auth();
	gatebench_request(g, "alice", "ssh-connection", "none");
	cut(at_auth, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_publickey(g, "alice", 'a', false, false);
	cut(at_auth, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_kbdint(g, "alice");
	cut(at_auth, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_request(g, "mallory", "ssh-connection", "password");
	cut(at_auth, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_response(g, 2, "pony");
	cut(phase_prompted, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_publickey(g, "mallory", 'a', true, true);
	cut(at_auth, view_of(g->b.up[g->b.up_count - 1].bytes, g->b.up[g->b.up_count - 1].e.len));
	gatebench_free(g);
}

/* ---- images ---- */

static void
test_images(void)
{
	struct gatebench *g = gatebench_new();
	struct gate_conn *c = NULL;
	uint8_t image[64];
	struct put w = put_of(image, sizeof(image));
	uint8_t open = SSH_PHASE_OPEN, wild = 99;

	CU_ASSERT_EQUAL(gate_adopt(&g->env, 1, 1, view_of(NULL, 0), &c), -R_LINK_NOTE);
	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&open, 1));
	CU_ASSERT_EQUAL(gate_adopt(&g->env, 1, 1, put_view(&w), &c), -R_LINK_STATE);
	w = put_of(image, sizeof(image));
	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&wild, 1));
	CU_ASSERT_EQUAL(gate_adopt(&g->env, 1, 1, put_view(&w), &c), -R_LINK_NOTE);
	gatebench_free(g);
}

/* The line that the worker tells goes before what gate would think. */
static void
test_ident_of_worker(void)
{
	struct gatebench *g = gatebench_new();
	struct gate_conn *c = NULL;
	uint8_t image[128];
	struct put w = put_of(image, sizeof(image));
	struct note n;

	note_begin(&w);
	note_put(&w, ADOPT_IDENT, view_str("SSH-2.0-older"));
	CU_ASSERT_EQUAL_FATAL(gate_adopt(&g->env, 1, 1, put_view(&w), &c), 0);
	CU_ASSERT_EQUAL(note_decode(&n, view_of(c->p.note, c->p.note_len)), 0);
	CU_ASSERT_TRUE(view_is(n.ident_ours, "SSH-2.0-older"));
	gate_free(&g->env, c);
	gatebench_free(g);
}

static void
test_closed(void)
{
	struct gatebench *g = at_auth();

	gatebench_request(g, "alice", "ssh-connection", "none");
	bench_up(&g->b, LINK_UP_CLOSED, R_PEER_GONE);
	bench_run(&g->b);
	CU_ASSERT_PTR_NULL(g->b.obj);
	CU_ASSERT_STRING_EQUAL(
	    g->last_log, "Connection closed by authenticating user alice 192.0.2.7 port 40001 [preauth]");
	gatebench_free(g);
	g = at_kex(true);
	bench_up(&g->b, LINK_UP_CLOSED, 0); /* another owner has it: nothing to tell */
	bench_run(&g->b);
	CU_ASSERT_PTR_NULL(g->b.obj);
	CU_ASSERT_STRING_EQUAL(g->last_log, "");
	gatebench_free(g);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "services", test_service_names },
		{ "all message numbers before login", test_phase_sweep },
		{ "none is no failure", test_none_is_no_failure },
		{ "failures are counted", test_failures_counted },
		{ "queries are capped", test_queries_capped },
		{ "requests are capped", test_requests_capped },
		{ "a query is no proof", test_query_is_no_proof },
		{ "a signature that names the host key", test_host_bound },
		{ "EXT_INFO before success", test_ext_info_in_auth },
		{ "answers nobody waits for", test_stray_answers },
		{ "bad proof, refused account", test_bad_proof_and_account },
		{ "partial success", test_partial },
		{ "another user", test_user_change },
		{ "warden is replaced", test_warden_again },
		{ "names are bounded", test_names_bounded },
		{ "every message cut at every length", test_cut },
		{ "adopt images", test_images },
		{ "our identification line", test_ident_of_worker },
		{ "the connection is gone", test_closed },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gate: rules of authentication", tests);
}
