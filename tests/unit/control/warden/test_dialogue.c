/*
 * Warden's part of passwords and dialogues, between a gate, the supervisor and a PAM
 * child of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "abi/wire/reason.h"
#include "control/log.h"
#include "control/pammsg.h"
#include "control/warden/warden.h"
#include "tests/lib/suite.h"

#define CONN 7u
#define NO_MS 10u

static struct warden warden;
static struct conf conf;
static struct loop *loop;
static int supervisor, gate, pam, logs;
static uint8_t buf[MSG_MAX], room[MSG_MAX];
static struct msg got;

static int
find(struct account *a, struct view name)
{
	memset(a, 0, sizeof *a);
	snprintf(a->name, sizeof a->name, "%.*s", (int)name.len, (const char *)name.data);
	snprintf(a->home, sizeof a->home, "/home/%.64s", a->name);
	snprintf(a->shell, sizeof a->shell, "/bin/sh");
	a->uid = a->gid = view_is(name, "root") ? 0 : 1000;
	a->shell_there = a->shell_runs = !view_is(name, "noshell");
	return view_is(name, "alice") || view_is(name, "root") || view_is(name, "noshell") ? 0 : -1;
}

/* ---- messages ---- */

static struct put
body(void)
{
	return put_of(room, sizeof room);
}

static void
say(int fd, uint16_t type, uint32_t conn, uint32_t tag, const struct put *w, int pass)
{
	struct msg m = { .type = type, .conn = conn, .gen = 1, .tag = tag };

	if (w != NULL)
		m.body = put_view(w);
	if (pass >= 0)
		m.fds[m.fd_count++] = pass;
	CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
	if (pass >= 0)
		close(pass);
}

static int
introduce(enum role_id role, uint32_t index)
{
	struct put w = body();
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	put_u8(&w, (uint8_t)role);
	put_u32(&w, index);
	say(supervisor, MSG_PEER, 0, 0, &w, fds[1]);
	return fds[0];
}

static int waiting_fd, waiting_result;

static int
look(void *ctx)
{
	(void)ctx;
	waiting_result = msg_recv(waiting_fd, &got, buf);
	if (waiting_result == 0)
		return 0;
	loop_stop(loop);
	return 1;
}

/* Run warden until a message of that type arrives on fd; false: it was cut, or
 * another came. */
static bool
comes(int fd, uint16_t type)
{
	waiting_fd = fd;
	loop_run(loop, look, NULL);
	if (waiting_result == 1 && got.type != type)
		fprintf(stderr, "%s came, not %s\n", msg_name(got.type), msg_name(type));
	return waiting_result == 1 && got.type == type;
}

static bool
cut(int fd)
{
	waiting_fd = fd;
	loop_run(loop, look, NULL);
	return waiting_result < 0;
}

static void
hash(uint32_t conn)
{
	struct put w = body();

	put_cstr(&w, "a session id");
	say(supervisor, MSG_CONN_HASH, conn, 0, &w, -1);
}

static void
setup(void)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	supervisor = fds[0];
	loop = loop_new();
	CU_ASSERT_EQUAL_FATAL(warden_start(&warden, loop, fds[1], &conf), 0);
	warden.find = find;
	CU_ASSERT_EQUAL(warden.dialogue_no_ms, WARDEN_DIALOGUE_NO_MS);
	warden.dialogue_no_ms = NO_MS;
	gate = introduce(ROLE_GATE, 0);
	pam = -1;
	hash(CONN);
}

static void
fresh(void)
{
	conf_default(&conf);
	conf.conn_max = 16;
	setup();
}

static void
teardown(void)
{
	warden_end(&warden);
	loop_free(loop);
	close(supervisor);
	close(gate);
	if (pam >= 0)
		close(pam);
}

static void
tail(struct put *w)
{
	put_cstr(w, "192.0.2.9");
	put_u16(w, 4711);
	put_cstr(w, "192.0.2.1");
	put_u16(w, 22);
}

static void
ask_password(uint32_t tag, const char *user, uint8_t flags, const char *password)
{
	struct put w = body();

	put_cstr(&w, user);
	put_cstr(&w, "ssh-connection");
	put_u8(&w, flags);
	put_cstr(&w, password);
	tail(&w);
	say(gate, MSG_AUTH_PASSWORD, CONN, tag, &w, -1);
}

static void
ask_kbdint(uint32_t tag, const char *user)
{
	struct put w = body();

	put_cstr(&w, user);
	put_cstr(&w, "ssh-connection");
	put_cstr(&w, "");
	tail(&w);
	say(gate, MSG_AUTH_KBDINT, CONN, tag, &w, -1);
}

static void
respond(uint32_t tag, uint8_t flags, uint32_t count, const char *text)
{
	struct put w = body();

	put_u8(&w, flags);
	put_u32(&w, count);
	for (uint32_t i = 0; i < count; i++)
		put_cstr(&w, text);
	say(gate, MSG_AUTH_RESPONSE, CONN, tag, &w, -1);
}

/* The supervisor's part: takes DIALOGUE, makes the child. Its tag. */
static uint32_t
child(uint8_t kind, uint8_t flags, const char *user)
{
	struct cur c;

	CU_ASSERT_FATAL(comes(supervisor, MSG_DIALOGUE));
	CU_ASSERT(got.conn == CONN && got.gen == 1);
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(cur_u8(&c), kind);
	CU_ASSERT_EQUAL(cur_u8(&c), flags);
	CU_ASSERT(view_is(cur_string(&c), user));
	CU_ASSERT(cur_done(&c));
	if (pam >= 0)
		close(pam);
	pam = introduce(ROLE_PAM, got.tag);
	return got.tag;
}

static void
expect_reply(uint32_t count, const char *text)
{
	struct cur c;

	CU_ASSERT_FATAL(comes(pam, MSG_PAM_REPLY));
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(cur_u32(&c), count);
	for (uint32_t i = 0; i < count; i++)
		CU_ASSERT(view_is(cur_string(&c), text));
	CU_ASSERT(cur_done(&c));
}

static void
prompt(uint32_t count, const char *text)
{
	struct put w = body();

	put_cstr(&w, "instruction");
	put_u32(&w, count);
	for (uint32_t i = 0; i < count; i++) {
		put_cstr(&w, text);
		put_bool(&w, i % 2 != 0);
	}
	say(pam, MSG_PAM_PROMPT, 0, 0, &w, -1);
}

static void
expect_prompt(uint32_t tag, uint32_t count, const char *text)
{
	struct cur c;

	CU_ASSERT_FATAL(comes(gate, MSG_AUTH_PROMPT));
	CU_ASSERT_EQUAL(got.tag, tag);
	c = cur_view(got.body);
	CU_ASSERT(view_is(cur_string(&c), ""));
	CU_ASSERT(view_is(cur_string(&c), "instruction"));
	CU_ASSERT(view_is(cur_string(&c), ""));
	CU_ASSERT_EQUAL(cur_u32(&c), count);
	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT(view_is(cur_string(&c), text));
		CU_ASSERT_EQUAL(cur_bool(&c), i % 2 != 0);
	}
	CU_ASSERT(cur_done(&c));
}

static void
verdict(uint32_t reason, uint8_t stage, uint32_t delay_ms)
{
	struct put w = body();

	put_u32(&w, reason);
	put_u8(&w, stage);
	put_u32(&w, delay_ms);
	put_cstr(&w, "because");
	say(pam, MSG_PAM_VERDICT, 0, 0, &w, -1);
}

static void
expect_no(uint32_t tag)
{
	struct cur c;

	CU_ASSERT_FATAL(comes(gate, MSG_AUTH_NO));
	CU_ASSERT_EQUAL(got.tag, tag);
	c = cur_view(got.body);
	CU_ASSERT(view_is(cur_string(&c), conf_methods(&conf)));
	CU_ASSERT_FALSE(cur_bool(&c));
	CU_ASSERT(cur_bool(&c)); /* it counts */
	CU_ASSERT(cur_done(&c));
}

static void
expect_over(uint32_t tag)
{
	CU_ASSERT_FATAL(comes(supervisor, MSG_DIALOGUE_OVER));
	CU_ASSERT_EQUAL(got.tag, tag);
}

static void
expect_grant(const char *user, const char *methods)
{
	static struct grant g;
	struct cur c;

	CU_ASSERT_FATAL(comes(supervisor, MSG_GRANT));
	CU_ASSERT_EQUAL(got.conn, CONN);
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(grant_decode(&g, cur_string(&c)), 0);
	CU_ASSERT(cur_bool(&c)); /* the account stage was passed */
	CU_ASSERT(cur_done(&c));
	CU_ASSERT_STRING_EQUAL(g.user, user);
	CU_ASSERT_STRING_EQUAL(g.methods, methods);
	CU_ASSERT_STRING_EQUAL(g.key, "");
}

static void
expect_gone(uint32_t tag)
{
	CU_ASSERT_FATAL(comes(gate, MSG_AUTH_GONE));
	CU_ASSERT_EQUAL(got.tag, tag);
}

static bool
logged(const char *text)
{
	char line[2048];
	bool found = false;
	ssize_t n;

	while ((n = recv(logs, line, sizeof line - 1, MSG_DONTWAIT)) > 0) {
		line[n] = '\0';
		found = found || strstr(line, text) != NULL;
		CU_ASSERT_PTR_NULL(strstr(line, "horse")); /* what was typed is nobody's */
	}
	return found;
}

static bool
anywhere(const char *text)
{
	for (uint32_t i = 0; i < warden.ask_count; i++)
		if (memmem(warden.ask[i]->body, warden.ask[i]->body_len, text, strlen(text)) != NULL)
			return true;
	return memmem(warden.peers.buf, MSG_MAX, text, strlen(text)) != NULL;
}

/* ---- passwords ---- */

static void
test_password(void)
{
	uint32_t tag;

	fresh();
	ask_password(1, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	CU_ASSERT_FALSE(anywhere("horse"));
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	expect_over(tag);
	expect_grant("alice", "password");
	CU_ASSERT(cut(pam));
	teardown();
}

static void
test_wrong(void)
{
	uint64_t before = loop_now_ms();
	uint32_t tag;

	fresh();
	ask_password(1, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	verdict(R_AUTH_WARDEN, PAM_STAGE_DIALOGUE, 60);
	expect_over(tag);
	expect_no(1);
	CU_ASSERT(loop_now_ms() - before >= 60); /* as long as PAM wants it to take */
	CU_ASSERT(logged("Failed password for alice from 192.0.2.9 port 4711 ssh2"));
	ask_password(2, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	verdict(R_AUTH_WARDEN, PAM_STAGE_ACCOUNT, 0);
	expect_over(tag);
	expect_no(2);
	CU_ASSERT(logged("Access denied for user alice by PAM account configuration from 192.0.2.9 port "
			 "4711: because"));
	teardown();
}

/* Whoever may not log in so: a dialogue for its looks, whatever PAM says. */
static void
test_fake(void)
{
	static const struct {
		const char *user, *asked, *log;
		int root;
		bool no_empty;
		const char *typed, *passed;
	} cases[] = {
		{ "ghost", PAM_USER_NOBODY, "Failed password for invalid user ghost", CONF_ROOT_YES, true,
		    "horse", "\b\n\r\177I" },
		{ "noshell", "noshell", "Failed password for invalid user noshell", CONF_ROOT_YES, true,
		    "horse", "\b\n\r\177I" },
		{ "root", "root", "Failed password for root", CONF_ROOT_PROHIBIT_PASSWORD, true, "horse",
		    "\b\n\r\177I" },
		{ "root", "root", "Failed password for root", CONF_ROOT_NO, true, "horse", "\b\n\r\177I" },
		{ "../x", PAM_USER_NOBODY, "Failed password for invalid user ../x", CONF_ROOT_YES, true,
		    "horse", "\b\n\r\177I" },
		{ "alice", "alice", "Failed password for alice", CONF_ROOT_YES, true, "", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		conf_default(&conf);
		conf.conn_max = 16;
		conf.permit_root_login = cases[i].root;
		setup();
		ask_password(1, cases[i].user, 0, cases[i].typed);
		child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, cases[i].asked);
		expect_reply(1, cases[i].passed);
		verdict(0, PAM_STAGE_DIALOGUE, 0);
		CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
		expect_no(1);
		CU_ASSERT(logged(cases[i].log));
		teardown();
	}
}

static void
test_root_and_empty(void)
{
	conf_default(&conf);
	conf.conn_max = 16;
	conf.permit_root_login = CONF_ROOT_YES;
	conf.permit_empty_passwords = true;
	setup();
	ask_password(1, "root", 0, "");
	child(PAM_KIND_PASSWORD, 0, "root");
	expect_reply(1, "");
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	expect_grant("root", "password");
	teardown();
}

/* No dialogue at all: the form decides, or the method is off. */
static void
test_no_dialogue(void)
{
	fresh();
	ask_password(1, "alice", AUTH_F_CHANGE, "");
	expect_no(1);
	CU_ASSERT(logged("password change not supported"));
	ask_password(2, "alice", AUTH_F_UNFIT, "");
	expect_no(2);
	teardown();
	for (int off = 0; off < 3; off++) {
		conf_default(&conf);
		conf.conn_max = 16;
		conf.password_authentication = off == 0;
		conf.kbd_interactive = off == 1;
		conf.use_pam = off != 2;
		setup();
		if (off != 0) {
			ask_password(1, "alice", 0, "horse");
			expect_no(1);
		}
		if (off != 1) {
			ask_kbdint(2, "alice");
			expect_no(2);
		}
		teardown();
	}
}

static int
asked(void *ctx)
{
	(void)ctx;
	if (warden.ask_count > 0)
		loop_stop(loop);
	return 0;
}

static int
no_session_id(void *ctx)
{
	(void)ctx;
	if (warden_conn(&warden, CONN, 1) == NULL)
		loop_stop(loop);
	return 0;
}

/* What gate asks may be read before the supervisor's word on the connection, which was
 * said before it: it waits for that. */
static void
test_session_id_late(void)
{
	for (int password = 0; password < 2; password++) {
		fresh();
		say(supervisor, MSG_CONN_GONE, CONN, 0, NULL, -1);
		loop_run(loop, no_session_id, NULL);
		if (password)
			ask_password(1, "alice", 0, "horse");
		else
			ask_kbdint(1, "alice");
		loop_run(loop, asked, NULL);
		CU_ASSERT(warden.ask_count == 1 && warden.ask[0]->dialogue == DIALOGUE_NONE && !warden.ask[0]->refused);
		hash(CONN);
		child(password ? PAM_KIND_PASSWORD : PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
		CU_ASSERT(warden.ask_count == 1 && warden.ask[0]->dialogue != DIALOGUE_NONE);
		/* It is begun once. */
		hash(CONN);
		if (!password) {
			prompt(1, "Password: ");
			expect_prompt(1, 1, "Password: ");
		} else {
			expect_reply(1, "horse");
		}
		teardown();
	}
}

/* ---- dialogues ---- */

static void
test_rounds(void)
{
	uint32_t tag;

	fresh();
	ask_kbdint(1, "alice");
	tag = child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(1, 1, "Password: ");
	respond(2, 0, 1, "horse");
	expect_reply(1, "horse");
	prompt(3, "Colour: ");
	expect_prompt(2, 3, "Colour: ");
	respond(3, 0, 3, "blue");
	expect_reply(3, "blue");
	prompt(0, "");
	expect_prompt(3, 0, "");
	respond(4, 0, 0, "");
	expect_reply(0, "");
	CU_ASSERT_FALSE(anywhere("horse"));
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	expect_over(tag);
	expect_grant("alice", "keyboard-interactive/pam");
	teardown();
}

/* What a fake account types is replaced in every round. */
static void
test_fake_rounds(void)
{
	fresh();
	ask_kbdint(1, "ghost");
	child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, PAM_USER_NOBODY);
	prompt(2, "Password: ");
	expect_prompt(1, 2, "Password: ");
	respond(2, 0, 2, "horse");
	expect_reply(2, "\b\n\r\177I");
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	expect_no(2);
	CU_ASSERT(logged("Failed keyboard-interactive/pam for invalid user ghost from 192.0.2.9"));
	teardown();
}

/* RFC 4256 section 3.4: another count of responses is a failure. */
static void
test_counts(void)
{
	static const struct {
		uint8_t flags;
		uint32_t count;
	} bad[] = { { 0, 0 }, { 0, 2 }, { 0, PAM_PROMPTS_MAX }, { AUTH_F_UNFIT, 0 } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		fresh();
		ask_kbdint(1, "alice");
		child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
		prompt(1, "Password: ");
		expect_prompt(1, 1, "Password: ");
		respond(2, bad[i].flags, bad[i].count, "horse");
		CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
		expect_no(2);
		CU_ASSERT(cut(pam));
		respond(3, 0, 1, "horse");
		expect_gone(3);
		teardown();
	}
}

static void
test_late_response(void)
{
	uint32_t tag;

	fresh();
	respond(1, 0, 1, "horse");
	expect_gone(1);
	ask_kbdint(2, "alice");
	tag = child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(2, 1, "Password: ");
	/* another request ends it */
	ask_kbdint(3, "alice");
	expect_over(tag);
	CU_ASSERT(cut(pam));
	tag = child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	respond(4, 0, 1, "horse"); /* before any prompt of this one */
	expect_gone(4);
	prompt(1, "Password: ");
	expect_prompt(3, 1, "Password: ");
	respond(5, 0, 1, "horse");
	expect_reply(1, "horse");
	teardown();
}

/* ---- the child ---- */

static void
test_child_dies(void)
{
	uint32_t tag;

	/* at work: a failure */
	fresh();
	ask_password(1, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	close(pam);
	pam = -1;
	expect_over(tag);
	expect_no(1);
	CU_ASSERT(logged("PAM dialogue for user alice ended without a verdict"));
	/* while a prompt is out: the response finds nobody */
	ask_kbdint(2, "alice");
	child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(2, 1, "Password: ");
	close(pam);
	pam = -1;
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	respond(3, 0, 1, "horse");
	expect_gone(3);
	/* before it was there: the supervisor's word */
	ask_kbdint(4, "alice");
	CU_ASSERT_FATAL(comes(supervisor, MSG_DIALOGUE));
	say(supervisor, MSG_DIALOGUE_OVER, CONN, got.tag, NULL, -1);
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	expect_no(4);
	/* its socket is held by something that it left */
	ask_password(5, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	say(supervisor, MSG_DIALOGUE_OVER, CONN, tag, NULL, -1);
	expect_no(5);
	teardown();
}

/* The verdict is on its way when the supervisor sees the child's end. */
static void
test_verdict_before_end(void)
{
	uint32_t tag;

	fresh();
	ask_password(1, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	say(supervisor, MSG_DIALOGUE_OVER, CONN, tag, NULL, -1);
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	close(pam);
	pam = -1;
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	expect_grant("alice", "password");
	teardown();
}

/* Nonsense from the child ends it, and the attempt. */
static void
test_child_nonsense(void)
{
	for (int i = 0; i < 9; i++) {
		struct put w;

		fresh();
		if (i < 2)
			ask_password(1, "alice", 0, "horse");
		else
			ask_kbdint(1, "alice");
		child(i < 2 ? PAM_KIND_PASSWORD : PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
		w = body();
		switch (i) {
		case 0: /* a prompt where a password is all there is */
			prompt(1, "Password: ");
			break;
		case 1: /* a verdict cut short */
			put_u32(&w, 0);
			say(pam, MSG_PAM_VERDICT, 0, 0, &w, -1);
			break;
		case 2:
			prompt(PAM_PROMPTS_MAX + 1, "?");
			break;
		case 3: /* fewer than were said */
			put_cstr(&w, "");
			put_u32(&w, 4);
			say(pam, MSG_PAM_PROMPT, 0, 0, &w, -1);
			break;
		case 4: /* too long an instruction */
			put_fits(&w, 0);
			memset(room + 4, 'x', PAM_TEXT_MAX + 1);
			put_u32(&w, PAM_TEXT_MAX + 1);
			w.p += PAM_TEXT_MAX + 1;
			put_u32(&w, 0);
			say(pam, MSG_PAM_PROMPT, 0, 0, &w, -1);
			break;
		case 5:
			say(pam, MSG_GRANT, CONN, 0, NULL, -1);
			break;
		case 6:
			say(pam, MSG_AUTH_NO, CONN, 1, NULL, -1);
			break;
		case 7:
			say(pam, MSG_CONN_HASH, CONN, 1, NULL, -1);
			break;
		default: /* a second prompt before the first is answered */
			prompt(1, "a");
			prompt(1, "b");
			expect_prompt(1, 1, "a");
		}
		if (i < 8) {
			expect_no(1);
		} else {
			CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
			respond(2, 0, 1, "horse");
			expect_gone(2);
		}
		teardown();
	}
}

/* ---- the gate ---- */

static void
next_gate(void)
{
	close(gate);
	gate = introduce(ROLE_GATE, 0);
}

/* Its successor goes on, at every point, and PAM is asked once. */
static void
test_gate_dies(void)
{
	uint32_t tag;

	fresh();
	ask_password(1, "alice", 0, "horse");
	tag = child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
	expect_reply(1, "horse");
	next_gate();
	ask_password(1, "alice", 0, "horse");
	verdict(R_AUTH_WARDEN, PAM_STAGE_DIALOGUE, 0);
	expect_over(tag);
	expect_no(1);
	/* a prompt that was lost with it, then one that was not */
	ask_kbdint(2, "alice");
	child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(2, 1, "Password: ");
	next_gate();
	ask_kbdint(2, "alice");
	expect_prompt(2, 1, "Password: ");
	next_gate();
	respond(3, 0, 1, "horse");
	expect_reply(1, "horse");
	next_gate();
	respond(3, 0, 1, "horse");
	verdict(0, PAM_STAGE_DIALOGUE, 0);
	CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
	expect_grant("alice", "keyboard-interactive/pam");
	/* the grant is told again, for a moment */
	next_gate();
	respond(3, 0, 1, "horse");
	expect_grant("alice", "keyboard-interactive/pam");
	teardown();
}

/* Another gate that lives has no part in the dialogue. */
static void
test_other_gate(void)
{
	int first;

	fresh();
	ask_kbdint(1, "alice");
	child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(1, 1, "Password: ");
	first = gate;
	gate = introduce(ROLE_GATE, 1);
	respond(2, 0, 1, "horse");
	expect_gone(2);
	close(gate);
	gate = first;
	respond(2, 0, 1, "horse");
	expect_reply(1, "horse");
	teardown();
}

static void
test_connection_gone(void)
{
	uint32_t tag;

	fresh();
	ask_kbdint(1, "alice");
	tag = child(PAM_KIND_KBDINT, PAM_F_NO_EMPTY, "alice");
	prompt(1, "Password: ");
	expect_prompt(1, 1, "Password: ");
	say(supervisor, MSG_CONN_GONE, CONN, 0, NULL, -1);
	expect_over(tag);
	CU_ASSERT(cut(pam));
	CU_ASSERT_EQUAL(warden.ask_count, 0);
	/* a child that comes for nobody */
	close(pam);
	pam = introduce(ROLE_PAM, 4242);
	CU_ASSERT(cut(pam));
	teardown();
}

/* By name, the same for every request of it, from once to twice the least; what took
 * longer falls on the next doubling. */
static void
test_time(void)
{
	char name[32];
	bool seen[2 * WARDEN_DIALOGUE_NO_MS] = { false };
	uint32_t ms, others = 0;

	fresh();
	warden.dialogue_no_ms = WARDEN_DIALOGUE_NO_MS;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "user%d", i);
		ms = answer_delay_ms(&warden, view_str(name), 0, true);
		CU_ASSERT_FATAL(ms >= WARDEN_DIALOGUE_NO_MS && ms < 2 * WARDEN_DIALOGUE_NO_MS);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), 0, true), ms);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), ms - 1, true), 1);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), ms, true), ms);
		others += !seen[ms];
		seen[ms] = true;
	}
	CU_ASSERT(others > 50);
	teardown();
}

/* MaxAuthTries holds in warden too, whatever gate counts. */
static void
test_tries(void)
{
	fresh();
	for (uint32_t i = 1; i <= conf.max_auth_tries; i++) {
		ask_password(i, "alice", 0, "horse");
		child(PAM_KIND_PASSWORD, PAM_F_NO_EMPTY, "alice");
		expect_reply(1, "horse");
		verdict(R_AUTH_WARDEN, PAM_STAGE_DIALOGUE, 0);
		CU_ASSERT(comes(supervisor, MSG_DIALOGUE_OVER));
		expect_no(i);
	}
	ask_password(100, "alice", 0, "horse");
	expect_no(100); /* no child was asked for */
	teardown();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a password", test_password },
		{ "a wrong one, a refused account", test_wrong },
		{ "held for its looks", test_fake },
		{ "root, and an empty password", test_root_and_empty },
		{ "no dialogue at all", test_no_dialogue },
		{ "rounds", test_rounds },
		{ "rounds for nobody", test_fake_rounds },
		{ "counts of responses", test_counts },
		{ "late responses", test_late_response },
		{ "the child dies", test_child_dies },
		{ "a verdict before the end", test_verdict_before_end },
		{ "a child makes no sense", test_child_nonsense },
		{ "the gate dies", test_gate_dies },
		{ "another gate", test_other_gate },
		{ "the connection is gone", test_connection_gone },
		{ "how long a no takes", test_time },
		{ "tries", test_tries },
		{ "session id late", test_session_id_late },
		CU_TEST_INFO_NULL,
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0)
		return 1;
	logs = pair[0];
	log_start("warden", pair[1]);
	return suite_run("warden: passwords and dialogues", tests);
}
