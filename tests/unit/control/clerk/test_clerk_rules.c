/* What clerk allows, refuses and bounds: each rule by itself, and every message
 * cut at every length. */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "control/kex/method.h"
#include "tests/unit/control/clerk/clerkbench.h"

static void
ends(struct clerkbench *k, int reason)
{
	bench_run(&k->b);
	CU_ASSERT_TRUE(bench_closed(&k->b, reason));
	CU_ASSERT_NOT_EQUAL(k->last_log[0], '\0');
	clerkbench_free(k);
}

static void
clean(struct clerkbench *k)
{
	bench_run(&k->b);
	CU_ASSERT_FALSE(k->b.closed);
	CU_ASSERT_PTR_NULL(bench_next(&k->b));
	CU_ASSERT_TRUE(bench_clean(&k->b));
	clerkbench_free(k);
}

static bool
refused(struct clerkbench *k, uint32_t peers, uint32_t code)
{
	struct view r = bench_take(&k->b, SSH_MSG_CHANNEL_OPEN_FAILURE);
	struct cur c = cur_of(r.data + 1, r.len > 0 ? r.len - 1 : 0);
	bool ok = cur_u32(&c) == peers && cur_u32(&c) == code;

	cur_string(&c);
	cur_string(&c);
	return ok && cur_done(&c);
}

/* ---- opens and global requests ---- */

static void
test_open_types(void)
{
	struct clerkbench *k = clerkbench_new(0);

	clerkbench_open(k, "direct-tcpip", 11);
	clerkbench_open(k, "x11", 12);
	clerkbench_open(k, "banana@example.org", 13);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 11, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
	CU_ASSERT_TRUE(refused(k, 12, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
	CU_ASSERT_TRUE(refused(k, 13, SSH_OPEN_UNKNOWN_CHANNEL_TYPE));
	clean(k);
}

/* What a plugin serves: its host answers, here is nothing to be said. */
static void
served(struct clerkbench *k, uint32_t peers, uint32_t ours)
{
	struct clerk_started s;

	clerkbench_open(k, "direct-tcpip", peers);
	bench_run(&k->b);
	CU_ASSERT_PTR_NOT_NULL(bench_take_kind(&k->b, OUT_CHAN_NEW));
	CU_ASSERT_TRUE(clerkbench_started(k, &s));
	CU_ASSERT_EQUAL(s.ours, ours);
	CU_ASSERT_EQUAL(s.kind, LINK_START_OPEN);
	CU_ASSERT_TRUE(s.want_reply);
	CU_ASSERT_TRUE(view_is(s.text, "direct-tcpip"));
	CU_ASSERT_TRUE(s.pty.len > 0); /* where the type specific part is */
	CU_ASSERT_EQUAL(s.env_count, 0);
}

static void
test_open_served(void)
{
	struct clerkbench *k = clerkbench_new(0);
	uint32_t i;

	serves_add(&k->env.serves, SERVES_OPEN, view_str("direct-tcpip"), "forward");
	/* A session cannot be taken from those who serve it. */
	serves_add(&k->env.serves, SERVES_OPEN, view_str("session"), "forward");
	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	served(k, 11, 1);
	served(k, 12, 2);
	bench_chan_free(&k->b, 1);
	served(k, 13, 1);
	/* They count beside sessions, and both against what the worker has. */
	for (i = 3; i < CLERK_CHAN_MAX; i++)
		served(k, 1000 + i, i);
	clerkbench_open(k, "direct-tcpip", 100);
	clerkbench_open(k, "session", 101);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 100, SSH_OPEN_RESOURCE_SHORTAGE));
	CU_ASSERT_TRUE(refused(k, 101, SSH_OPEN_RESOURCE_SHORTAGE));
	clean(k);
}

static void
test_open_no_host(void)
{
	struct clerkbench *k = clerkbench_new(0);

	serves_add(&k->env.serves, SERVES_OPEN, view_str("direct-tcpip"), "forward");
	k->no_host = true;
	clerkbench_open(k, "direct-tcpip", 7);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 7, SSH_OPEN_CONNECT_FAILED));
	clean(k);
}

static void
test_open_policy(void)
{
	static const struct {
		uint32_t restrictions;
		int allow;
		bool disabled, ok;
	} rows[] = {
		{ 0, CONF_FORWARD_YES, false, true },
		{ 0, CONF_FORWARD_LOCAL, false, true },
		{ 0, CONF_FORWARD_REMOTE, false, false },
		{ 0, CONF_FORWARD_NO, false, false },
		{ 0, CONF_FORWARD_YES, true, false },
		{ GRANT_NO_FORWARD, CONF_FORWARD_YES, false, false },
		{ GRANT_NO_PTY | GRANT_NO_X11, CONF_FORWARD_YES, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clerkbench *k = clerkbench_new(rows[i].restrictions);

		serves_add(&k->env.serves, SERVES_OPEN, view_str("direct-tcpip"), "forward");
		k->env.conf.allow_tcp = rows[i].allow;
		k->env.conf.disable_forwarding = rows[i].disabled;
		if (rows[i].ok) {
			served(k, 3, 0);
		} else {
			clerkbench_open(k, "direct-tcpip", 3);
			bench_run(&k->b);
			CU_ASSERT_TRUE(refused(k, 3, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
		}
		clean(k);
	}
}

static bool
ask_refused(struct clerkbench *k, uint32_t code)
{
	const struct bench_out *o;
	struct cur c;

	bench_run(&k->b);
	o = bench_take_kind(&k->b, OUT_REFUSE);
	if (o == NULL)
		return false;
	c = cur_of(o->bytes, o->len);
	return cur_u32(&c) == code;
}

/* What plugins ask of the peer: by NAME.conf, the configuration and the login. */
static void
test_asked(void)
{
	static const struct {
		const char *plugin, *type;
		uint32_t restrictions;
		bool agent, x11, disabled, ok;
	} rows[] = {
		{ "agent", "auth-agent@openssh.com", 0, true, false, false, true },
		{ "agent", "auth-agent@openssh.com", 0, false, true, false, false },
		{ "agent", "auth-agent@openssh.com", GRANT_NO_AGENT, true, true, false, false },
		{ "agent", "auth-agent@openssh.com", 0, true, true, true, false },
		{ "agent", "x11", 0, true, true, false, false },
		{ "x11", "x11", 0, false, true, false, true },
		{ "x11", "x11", 0, true, false, false, false },
		{ "x11", "x11", GRANT_NO_X11, true, true, false, false },
		{ "x11", "x11", GRANT_NO_AGENT | GRANT_NO_FORWARD, true, true, false, true },
		{ "x11", "session", 0, true, true, false, false },
		{ "", "x11", 0, true, true, false, false },
		{ "own", "pipe@example.org", GRANT_NO_X11, false, false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clerkbench *k = clerkbench_new(rows[i].restrictions);

		serves_add(&k->env.serves, SERVES_OPENS, view_str("auth-agent@openssh.com"), "agent");
		serves_add(&k->env.serves, SERVES_OPENS, view_str("x11"), "x11");
		serves_add(&k->env.serves, SERVES_OPENS, view_str("session"), "x11");
		serves_add(&k->env.serves, SERVES_OPENS, view_str("pipe@example.org"), "own");
		k->env.conf.allow_agent = rows[i].agent;
		k->env.conf.x11_forwarding = rows[i].x11;
		k->env.conf.disable_forwarding = rows[i].disabled;
		bench_asked(&k->b, LINK_UP_ASKED_OPEN, rows[i].plugin, rows[i].type);
		bench_run(&k->b);
		if (rows[i].ok) {
			CU_ASSERT_PTR_NOT_NULL(bench_take_kind(&k->b, OUT_CHAN_ASKED));
		} else {
			CU_ASSERT_TRUE(ask_refused(k, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
		}
		clean(k);
	}
}

/* Numbers: beside sessions, as many as the worker has, and used again. */
static void
test_asked_numbers(void)
{
	struct clerkbench *k = clerkbench_new(0);
	const struct bench_out *o;
	struct cur c;

	serves_add(&k->env.serves, SERVES_OPENS, view_str("pipe@example.org"), "own");
	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	for (uint32_t i = 1; i < CLERK_CHAN_MAX; i++) {
		bench_asked(&k->b, LINK_UP_ASKED_OPEN, "own", "pipe@example.org");
		bench_run(&k->b);
		CU_ASSERT_PTR_NOT_NULL_FATAL(o = bench_take_kind(&k->b, OUT_CHAN_ASKED));
		c = cur_of(o->bytes, o->len);
		CU_ASSERT_EQUAL(cur_u32(&c), i);
	}
	bench_asked(&k->b, LINK_UP_ASKED_OPEN, "own", "pipe@example.org");
	CU_ASSERT_TRUE(ask_refused(k, SSH_OPEN_RESOURCE_SHORTAGE));
	clerkbench_open(k, "session", 101);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 101, SSH_OPEN_RESOURCE_SHORTAGE));
	/* The peer refused one: its number comes back. */
	bench_chan_free(&k->b, 7);
	bench_asked(&k->b, LINK_UP_ASKED_OPEN, "own", "pipe@example.org");
	bench_run(&k->b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o = bench_take_kind(&k->b, OUT_CHAN_ASKED));
	c = cur_of(o->bytes, o->len);
	CU_ASSERT_EQUAL(cur_u32(&c), 7);
	/* They are no sessions. */
	bench_chan_free(&k->b, 9);
	CU_ASSERT_EQUAL(clerkbench_session(k, 6), 9);
	clean(k);
}

static void
test_asked_global(void)
{
	struct clerkbench *k = clerkbench_new(0);

	serves_add(&k->env.serves, SERVES_REQUESTS, view_str("ping@example.org"), "own");
	bench_asked(&k->b, LINK_UP_ASKED_GLOBAL, "own", "ping@example.org");
	bench_run(&k->b);
	CU_ASSERT_PTR_NOT_NULL(bench_take_kind(&k->b, OUT_GLOBAL_ASKED));
	bench_asked(&k->b, LINK_UP_ASKED_GLOBAL, "own", "pong@example.org");
	CU_ASSERT_TRUE(ask_refused(k, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
	bench_asked(&k->b, LINK_UP_ASKED_GLOBAL, "other", "ping@example.org");
	CU_ASSERT_TRUE(ask_refused(k, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED));
	clean(k);
}

static void
test_max_sessions(void)
{
	struct clerkbench *k = clerkbench_new(0);
	uint32_t i;

	for (i = 0; i < CLERK_SESSIONS_MAX; i++)
		CU_ASSERT_EQUAL(clerkbench_session(k, 100 + i), i);
	clerkbench_open(k, "session", 500);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 500, SSH_OPEN_RESOURCE_SHORTAGE));
	/* A number that is free again is the next one used. */
	bench_chan_free(&k->b, 3);
	CU_ASSERT_EQUAL(clerkbench_session(k, 600), 3);
	clerkbench_open(k, "session", 700);
	bench_run(&k->b);
	CU_ASSERT_TRUE(refused(k, 700, SSH_OPEN_RESOURCE_SHORTAGE));
	clean(k);
}

static void
test_no_more_sessions(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 1), 0);
	clerkbench_global(k, "no-more-sessions@openssh.com", false);
	bench_run(&k->b);
	bench_kill(&k->b);
	clerkbench_open(k, "session", 2);
	ends(k, R_PROTOCOL);
}

static void
test_zero_packet(void)
{
	struct clerkbench *k = clerkbench_new(0);
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&w, "session");
	put_u32(&w, 1);
	put_u32(&w, 0); /* a window of 0 is legal */
	put_u32(&w, 0);
	bench_send(&k->b, put_view(&w));
	ends(k, R_CHAN_PACKET);
}

/* ---- requests ---- */

static void
test_pty_allowed(uint32_t restrictions, bool permit, bool ok)
{
	struct clerkbench *k = clerkbench_new(restrictions);

	k->env.conf.permit_tty = permit;
	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	clerkbench_pty(k, 0, true, 80);
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, ok));
	if (ok) {
		clerkbench_pty(k, 0, true, 80); /* one is enough */
		bench_run(&k->b);
		CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	}
	clean(k);
}

static void
test_pty(void)
{
	test_pty_allowed(0, true, true);
	test_pty_allowed(0, false, false);
	test_pty_allowed(GRANT_NO_PTY, true, false);
}

static void
test_pty_form(void)
{
	static const uint8_t short_mode[] = { 53, 0, 0 }, undefined[] = { 53, 0, 0, 0, 1, 200, 1 };
	static const struct {
		const char *term;
		const uint8_t *modes;
		size_t len;
		bool ok;
	} cases[] = {
		{ "vt100", NULL, 0, true },
		{ "", NULL, 0, true },
		{ "vt 100", NULL, 0, false },
		{ "vt\n", NULL, 0, false },
		{ "a-terminal-name-that-is-longer-than-any-terminal-was-ever-called-by-man", NULL, 0, false },
		{ "vt100", short_mode, sizeof(short_mode), false },
		{ "vt100", undefined, sizeof(undefined), true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clerkbench *k = clerkbench_new(0);
		uint8_t buf[256];
		struct put w = put_of(buf, sizeof(buf));

		CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
		put_cstr(&w, cases[i].term);
		for (int n = 0; n < 4; n++)
			put_u32(&w, 1);
		put_string(&w, cases[i].modes, cases[i].len);
		clerkbench_request(k, 0, "pty-req", true, put_view(&w));
		bench_run(&k->b);
		CU_ASSERT_TRUE(clerkbench_reply(k, 5, cases[i].ok));
		clean(k);
	}
}

static void
test_match(void)
{
	CU_ASSERT_TRUE(clerk_match("LANG", "LANG"));
	CU_ASSERT_FALSE(clerk_match("LANG", "LANGUAGE"));
	CU_ASSERT_TRUE(clerk_match("LC_*", "LC_"));
	CU_ASSERT_TRUE(clerk_match("LC_*", "LC_ALL"));
	CU_ASSERT_FALSE(clerk_match("LC_*", "XLC_ALL"));
	CU_ASSERT_TRUE(clerk_match("*_?X*", "A_B_CXD"));
	CU_ASSERT_TRUE(clerk_match("*", ""));
	CU_ASSERT_FALSE(clerk_match("?", ""));
	CU_ASSERT_TRUE(clerk_match("a*b*c", "aXbYbZc"));
	CU_ASSERT_FALSE(clerk_match("a*b*c", "aXbYbZ"));
}

static void
test_env(void)
{
	struct clerkbench *k = clerkbench_new(0);
	char big[2048];
	struct clerk_started s;
	struct cur c;

	memset(big, 'v', sizeof(big));
	big[CLERK_ENV_BYTES_MAX] = '\0';
	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	clerkbench_env(k, 0, true, "LANG", "one");
	clerkbench_env(k, 0, true, "LANG", "two");
	clerkbench_env(k, 0, true, "LD_PRELOAD", "evil.so");
	clerkbench_env(k, 0, true, "LC_A=B", "x");
	clerkbench_env(k, 0, true, "", "x");
	clerkbench_env(k, 0, true, "LC_BIG", big);
	clerkbench_request(k, 0, "shell", false, view_of(NULL, 0));
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, true));
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, true));
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	CU_ASSERT_TRUE(clerkbench_started(k, &s));
	CU_ASSERT_EQUAL(s.env_count, 1);
	c = cur_view(s.env);
	CU_ASSERT_TRUE(view_is(cur_string(&c), "LANG"));
	CU_ASSERT_TRUE(view_is(cur_string(&c), "two"));
	CU_ASSERT_TRUE(cur_done(&c));
	clean(k);
}

static void
test_env_count(void)
{
	struct clerkbench *k = clerkbench_new(0);
	char name[16];
	uint32_t ok = 0;

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	for (int i = 0; i < 200; i++) {
		struct view r;

		snprintf(name, sizeof(name), "LC_%d", i);
		clerkbench_env(k, 0, true, name, "");
		bench_run(&k->b);
		r = view_of(k->b.out[k->b.out_at].bytes, 1);
		k->b.out_at++;
		ok += r.data[0] == SSH_MSG_CHANNEL_SUCCESS;
	}
	CU_ASSERT_TRUE(ok > 10 && ok <= CLERK_ENV_MAX);
	clean(k);
}

static void
test_refused_requests(void)
{
	static const char *const types[] = { "x11-req", "auth-agent-req@openssh.com", "agent-req", "break",
		"xon-xoff", "signal", "banana", "", "exit-status", "eow@openssh.com" };
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		clerkbench_request(k, 0, types[i], true, view_of("\0\0\0\1x", 5));
		clerkbench_request(k, 0, types[i], false, view_of("\0\0\0\1x", 5));
		bench_run(&k->b);
		CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	}
	clean(k);
}

static void
test_unknown_channel(void)
{
	struct clerkbench *k = clerkbench_new(0);

	clerkbench_request(k, 3, "shell", true, view_of(NULL, 0));
	ends(k, R_CHAN_UNKNOWN);
}

/* ---- starts ---- */

static void
test_start_forms(void)
{
	static const struct {
		const char *type, *text;
		bool ok;
		uint8_t kind;
		const char *gets;
	} cases[] = {
		{ "shell", NULL, true, LINK_START_SHELL, "" },
		{ "exec", "echo 'a  b' | tr a-z A-Z", true, LINK_START_EXEC, "echo 'a  b' | tr a-z A-Z" },
		{ "exec", "", true, LINK_START_EXEC, "" },
		{ "subsystem", "echo", true, LINK_START_SUBSYSTEM, "echo" },
		{ "subsystem", "info", true, LINK_START_COMMAND, "/usr/bin/info --all" },
		{ "subsystem", "ECHO", false, 0, NULL },
		{ "subsystem", "", false, 0, NULL },
		{ "shell", "text", false, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clerkbench *k = clerkbench_new(0);
		struct clerk_started s;

		CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
		if (cases[i].text == NULL)
			clerkbench_request(k, 0, cases[i].type, true, view_of(NULL, 0));
		else
			clerkbench_text(k, 0, cases[i].type, true, cases[i].text);
		bench_run(&k->b);
		if (cases[i].ok) {
			CU_ASSERT_TRUE(clerkbench_started(k, &s));
			CU_ASSERT_EQUAL(s.kind, cases[i].kind);
			CU_ASSERT_TRUE(s.want_reply && view_is(s.text, cases[i].gets));
		} else {
			CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
			CU_ASSERT_EQUAL(k->wanted, 0);
		}
		clean(k);
	}
}

/* What a login gets that is forced to a command, or to files, and what that is told. */
static void
test_forced(void)
{
	static const struct {
		const char *command, *type, *text;
		uint8_t kind;
		const char *gets, *original; /* NULL: none */
	} cases[] = {
		{ "backup -a", "shell", NULL, LINK_START_EXEC, "backup -a", NULL },
		{ "backup -a", "exec", "id; rm x", LINK_START_EXEC, "backup -a", "id; rm x" },
		{ "backup -a", "exec", "", LINK_START_EXEC, "backup -a", NULL },
		{ "backup -a", "subsystem", "echo", LINK_START_COMMAND, "backup -a", "echo" },
		{ "backup -a", "subsystem", "info", LINK_START_COMMAND, "backup -a", "/usr/bin/info --all" },
		{ "backup -a", "subsystem", "files", LINK_START_COMMAND, "backup -a", "internal-sftp" },
		{ "internal-sftp", "shell", NULL, LINK_START_SUBSYSTEM, "files", NULL },
		{ "internal-sftp", "exec", "id", LINK_START_SUBSYSTEM, "files", NULL },
		{ "internal-sftp", "subsystem", "echo", LINK_START_SUBSYSTEM, "files", NULL },
		{ "internal-sftp", "subsystem", "files", LINK_START_SUBSYSTEM, "files", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clerkbench *k = clerkbench_forced(cases[i].command);
		struct clerk_started s;
		struct cur c;

		CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
		if (cases[i].text == NULL)
			clerkbench_request(k, 0, cases[i].type, true, view_of(NULL, 0));
		else
			clerkbench_text(k, 0, cases[i].type, true, cases[i].text);
		bench_run(&k->b);
		CU_ASSERT_TRUE(clerkbench_started(k, &s));
		CU_ASSERT_EQUAL(s.kind, cases[i].kind);
		CU_ASSERT_TRUE(view_is(s.text, cases[i].gets));
		CU_ASSERT_EQUAL(s.env_count, cases[i].original != NULL);
		c = cur_view(s.env);
		if (cases[i].original != NULL)
			CU_ASSERT_TRUE(view_is(cur_string(&c), "SSH_ORIGINAL_COMMAND") &&
			    view_is(cur_string(&c), cases[i].original));
		clean(k);
	}
}

static void
test_nul_in_command(void)
{
	struct clerkbench *k = clerkbench_new(0);
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	put_string(&w, "rm\0 -rf", 7);
	clerkbench_request(k, 0, "exec", true, put_view(&w));
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	clean(k);
}

/* No host: a failure, and the channel may try again. */
static void
test_no_host(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct clerk_started s;

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	k->no_host = true;
	clerkbench_text(k, 0, "exec", true, "true");
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	CU_ASSERT_PTR_NOT_NULL(strstr(k->last_log, "plugin exec not started"));
	k->no_host = false;
	clerkbench_text(k, 0, "exec", true, "true");
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_started(k, &s));
	clerkbench_text(k, 0, "exec", true, "true"); /* once per channel */
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
	clean(k);
}

/* The channel goes while its start waits: all that waited is done, nothing starts. */
static void
test_free_while_starting(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	k->b.mute = true;
	clerkbench_text(k, 0, "exec", true, "true");
	clerkbench_text(k, 0, "signal", true, "INT");
	bench_run(&k->b);
	CU_ASSERT_EQUAL(((struct clerk_conn *)k->b.obj)->wait_count, 2);
	bench_chan_free(&k->b, 0);
	bench_run(&k->b);
	CU_ASSERT_EQUAL(((struct clerk_conn *)k->b.obj)->wait_count, 0);
	k->b.mute = false;
	clean(k);
}

static void
test_window_while_starting(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct clerk_started s;

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	clerkbench_pty(k, 0, false, 80);
	k->b.mute = true;
	clerkbench_request(k, 0, "shell", false, view_of(NULL, 0));
	clerkbench_window(k, 0, 99);
	bench_run(&k->b);
	k->b.mute = false;
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_started(k, &s));
	CU_ASSERT_EQUAL(s.cols, 99);
	clean(k);
}

static void
test_waits_bounded(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	k->b.mute = true;
	clerkbench_text(k, 0, "exec", true, "true");
	for (uint32_t i = 0; i < CLERK_WAITS_MAX; i++)
		clerkbench_text(k, 0, "signal", false, "INT");
	ends(k, R_LIMIT);
}

static void
test_again(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	CU_ASSERT_EQUAL(clerkbench_session(k, 6), 1);
	k->b.mute = true;
	clerkbench_text(k, 0, "exec", true, "true");
	clerkbench_text(k, 1, "subsystem", true, "echo");
	bench_run(&k->b);
	for (uint32_t i = 0; i < 2; i++) {
		CU_ASSERT_TRUE(clerk_again(&k->env, k->b.obj, ASK_SUPERVISOR, i, &k->b.act));
		CU_ASSERT_EQUAL(k->b.act.ask.type, MSG_HOST_WANTED);
		CU_ASSERT_EQUAL(k->b.act.ask.tag, k->b.ask[i].tag);
	}
	CU_ASSERT_FALSE(clerk_again(&k->env, k->b.obj, ASK_SUPERVISOR, 2, &k->b.act));
	CU_ASSERT_FALSE(clerk_again(&k->env, k->b.obj, ASK_KEEPER, 0, &k->b.act));
	k->b.mute = false;
	bench_run(&k->b);
	k->b.out_at = k->b.out_count;
	clean(k);
}

/* An answer that nobody asked for, or for another plugin, starts nothing. */
static void
test_stray_host(void)
{
	struct clerkbench *k = clerkbench_new(0);
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct msg m = { .type = MSG_HOST_READY, .conn = 5, .gen = 9 };

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	put_cstr(&w, "echo");
	put_u32(&w, 1);
	put_u32(&w, 0);
	put_cstr(&w, "");
	m.body = put_view(&w);
	clerk_answer(&k->env, k->b.obj, ASK_SUPERVISOR, &m, &k->b.act);
	CU_ASSERT_FALSE(k->b.act.step.used);
	k->b.mute = true;
	clerkbench_text(k, 0, "exec", true, "true");
	bench_run(&k->b);
	m.tag = k->b.ask[0].tag;
	clerk_answer(&k->env, k->b.obj, ASK_SUPERVISOR, &m, &k->b.act);
	CU_ASSERT_FALSE(k->b.act.step.used);
	clerkbench_free(k);
}

/* ---- rekey ---- */

static void
test_rekey_state(void)
{
	static const uint8_t init[] = { SSH_MSG_KEX_ECDH_INIT, 0, 0, 0, 0 };
	struct clerkbench *k = clerkbench_new(0);

	bench_send(&k->b, view_of(init, sizeof(init)));
	ends(k, R_KEX_STATE);
	k = clerkbench_new(0);
	bench_client_kexinit(&k->b, kex_offer_default(true), false, false);
	bench_client_kexinit(&k->b, kex_offer_default(true), false, false);
	ends(k, R_KEX_TWICE);
	k = clerkbench_new(0);
	bench_up(&k->b, LINK_UP_REKEY, 0);
	bench_up(&k->b, LINK_UP_REKEY, 0); /* once is enough */
	bench_up(&k->b, LINK_UP_DEADLINE, LINK_DEADLINE_REKEY);
	ends(k, R_SSH_REKEY_TIME);
}

/* A marker in a later KEXINIT changes nothing. */
static void
test_rekey_marker(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct view r;
	struct kexinit ours;

	bench_client_kexinit(&k->b, kex_offer_default(true), false, true);
	bench_run(&k->b);
	r = bench_take(&k->b, SSH_MSG_KEXINIT);
	CU_ASSERT_EQUAL(kexinit_parse(&ours, r, false), 0);
	CU_ASSERT_FALSE(ours.strict || ours.ext_info);
	CU_ASSERT_FALSE(k->b.closed);
	clerkbench_free(k);
}

/* A rekey may choose another method than the first exchange; the session id stays as
 * it was, and as long. */
static void
test_rekey_methods(void)
{
	static const size_t lens[] = { 32, 48, 64 };
	struct kex_offer offer = *kex_offer_default(true);
	const struct kex_method *m;

	for (size_t l = 0; l < 3; l++) {
		struct clerkbench *k = clerkbench_new(0);

		bench_session(&k->b, lens[l]);
		for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++) {
			struct note n;

			offer.kex = m->name;
			offer.host_keys = i % 2 != 0 ? "ssh-ed25519" : "ecdsa-sha2-nistp256";
			bench_client_kexinit(&k->b, &offer, false, false);
			CU_ASSERT_EQUAL(bench_client_exchange(&k->b, &offer, false), 0);
			CU_ASSERT_EQUAL(k->b.client.secret.h_len, pk_hash_size(m->hash));
			CU_ASSERT_EQUAL(note_decode(&n, view_of(k->b.note, k->b.note_len)), 0);
			CU_ASSERT_TRUE(view_eq(n.session_id, view_of(k->b.client.session_id, lens[l])));
		}
		clean(k);
	}
}

/* A clerk that keeper has told nothing yet offers the host key that was shown. */
static void
test_rekey_no_keys(void)
{
	struct kex_offer offer = *kex_offer_default(true);
	struct clerkbench *k = clerkbench_new(0);
	struct kexinit ours;
	struct view r;

	offer.host_keys = "ecdsa-sha2-nistp256";
	bench_client_kexinit(&k->b, &offer, false, false);
	CU_ASSERT_EQUAL(bench_client_exchange(&k->b, &offer, false), 0);
	memset(&k->env.exchange.keys, 0, sizeof(k->env.exchange.keys));
	k->b.mute = true;
	bench_up(&k->b, LINK_UP_REKEY, 0);
	bench_run(&k->b);
	r = bench_take(&k->b, SSH_MSG_KEXINIT);
	CU_ASSERT_EQUAL(kexinit_parse(&ours, r, false), 0);
	CU_ASSERT_TRUE(view_is(ours.lists[1], "ecdsa-sha2-nistp256"));
	clerkbench_free(k);
}

static void
test_guess_in_rekey(void)
{
	static const uint8_t guess[] = { SSH_MSG_KEX_FIRST + 4, 1 };
	struct kex_offer offer = *kex_offer_default(true);
	struct clerkbench *k = clerkbench_new(0);

	offer.kex = "diffie-hellman-group14-sha256,curve25519-sha256";
	bench_client_kexinit(&k->b, &offer, true, false);
	bench_send(&k->b, view_of(guess, sizeof(guess)));
	CU_ASSERT_EQUAL(bench_client_exchange(&k->b, &offer, false), 0);
	clean(k);
}

static uint64_t clock_ms;

static uint64_t
fake_now(void)
{
	return clock_ms;
}

static void
test_rekey_rate(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct clerk_conn *c = k->b.obj;

	clock_ms = 1000000;
	k->env.exchange.now_ms = fake_now;
	bench_client_kexinit(&k->b, kex_offer_default(true), false, false);
	CU_ASSERT_EQUAL(bench_client_exchange(&k->b, kex_offer_default(true), false), 0);
	CU_ASSERT_EQUAL(c->kex_left, CLERK_KEX_BURST - 1);
	c->kex_left = 0;
	clock_ms += 1000 / CLERK_KEX_RATE + 1;
	bench_client_kexinit(&k->b, kex_offer_default(true), false, false);
	CU_ASSERT_EQUAL(bench_client_exchange(&k->b, kex_offer_default(true), false), 0);
	bench_client_kexinit(&k->b, kex_offer_default(true), false, false);
	ends(k, R_KEX_RATE);
}

/* ---- every message number, every length ---- */

static void
test_sweep(void)
{
	static const uint8_t open[] = { 7, 81, 82, 96, 97, 99, 100 };

	for (int msg = 0; msg < 256; msg++) {
		struct clerkbench *k = clerkbench_new(0);
		uint8_t buf[5] = { (uint8_t)msg };
		bool stays = memchr(open, msg, sizeof(open)) != NULL;

		CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
		bench_send(&k->b, view_of(buf, sizeof(buf)));
		bench_run(&k->b);
		CU_ASSERT_EQUAL(k->b.closed, !stays);
		CU_ASSERT_EQUAL(k->b.faults, 0);
		clerkbench_free(k);
	}
}

static void
cut(struct view whole, size_t head)
{
	for (size_t len = 0; len < whole.len; len++) {
		struct clerkbench *k = clerkbench_new(0);
		uint8_t *buf = calloc(1, whole.len);

		CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
		memcpy(buf, whole.data, whole.len);
		bench_send(&k->b, view_of(buf, len));
		bench_run(&k->b);
		/* Behind the head it is the request alone that fails. */
		CU_ASSERT_EQUAL(k->b.closed, len < head);
		CU_ASSERT_EQUAL(k->b.faults, 0);
		if (len >= head)
			CU_ASSERT_TRUE(clerkbench_reply(k, 5, false));
		CU_ASSERT_EQUAL(k->wanted, 0);
		free(buf);
		clerkbench_free(k);
	}
}

static struct view
last(struct clerkbench *k)
{
	return view_of(k->b.up[k->b.up_count - 1].bytes, k->b.up[k->b.up_count - 1].e.len);
}

static void
test_cut(void)
{
	struct clerkbench *k = clerkbench_new(0);

	clerkbench_open(k, "session", 1);
	cut(last(k), last(k).len);
	clerkbench_open(k, "direct-tcpip", 1);
	cut(view_of(last(k).data, 29), 29);
	clerkbench_global(k, "keepalive@openssh.com", true);
	cut(last(k), last(k).len);
	clerkbench_pty(k, 0, true, 80);
	cut(last(k), 5 + 4 + 7 + 1);
	clerkbench_env(k, 0, true, "LANG", "C");
	cut(last(k), 5 + 4 + 3 + 1);
	clerkbench_text(k, 0, "exec", true, "true");
	cut(last(k), 5 + 4 + 4 + 1);
	clerkbench_text(k, 0, "subsystem", true, "echo");
	cut(last(k), 5 + 4 + 9 + 1);
	clerkbench_free(k);
}

static void
test_images(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct clerk_conn *c = NULL;
	uint8_t image[64];
	struct put w = put_of(image, sizeof(image));
	uint8_t auth = SSH_PHASE_AUTH, open = SSH_PHASE_OPEN;

	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&auth, 1));
	CU_ASSERT_EQUAL(clerk_adopt(&k->env, 1, 1, put_view(&w), &c), -R_LINK_STATE);
	w = put_of(image, sizeof(image));
	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&open, 1));
	CU_ASSERT_EQUAL(clerk_adopt(&k->env, 1, 1, put_view(&w), &c), -R_LINK_STATE);
	note_put(&w, ADOPT_GRANT, view_str("?"));
	CU_ASSERT_EQUAL(clerk_adopt(&k->env, 1, 1, put_view(&w), &c), -R_LINK_NOTE);
	clerkbench_free(k);
}

/* A channel that went while nobody looked is not in the note of the next clerk. */
static void
test_reconcile(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	CU_ASSERT_EQUAL(clerkbench_session(k, 6), 1);
	k->b.chan[0].used = false;
	bench_kill(&k->b);
	CU_ASSERT_EQUAL(clerkbench_session(k, 7), 0);
	clean(k);
}

/* Keeper's keys: a new Ed25519 key, and behind it the one that was there before. */
static void
rotate(struct clerkbench *k, bool old)
{
	uint8_t body[1024], fresh[64] = { 0 }, blob[64];
	struct put w = put_of(body, sizeof(body)), f = put_of(fresh, sizeof(fresh)), o = put_of(blob, sizeof(blob));

	sign_key_put(&o, pk_signer_public(k->b.signer));
	put_bytes(&f, blob, put_len(&o));
	fresh[40] ^= 1;
	put_u32(&w, 1);
	put_sview(&w, put_view(&f));
	put_u32(&w, old ? 2 : 1);
	put_cstr(&w, "ssh-ed25519");
	put_sview(&w, put_view(&f));
	if (old) {
		put_cstr(&w, "ssh-ed25519");
		put_sview(&w, put_view(&o));
	}
	CU_ASSERT_EQUAL(hostkeys_decode(&k->env.exchange.keys, put_view(&w)), 0);
}

static int
rekey_ed25519(struct clerkbench *k)
{
	struct kex_offer offer = *bench_offer_x25519();

	offer.host_keys = "ssh-ed25519";
	bench_client_kexinit(&k->b, &offer, false, false);
	return bench_client_exchange(&k->b, &offer, false);
}

/* A connection goes on with the key that it was shown, as long as it is there, also
 * with the next clerk. */
static void
test_rekey_rotated(void)
{
	struct clerkbench *k = clerkbench_new(0);

	CU_ASSERT_EQUAL(rekey_ed25519(k), 0);
	rotate(k, true);
	CU_ASSERT_EQUAL(rekey_ed25519(k), 0);
	bench_kill(&k->b);
	k->b.keys_told = true;
	rotate(k, true);
	CU_ASSERT_EQUAL(rekey_ed25519(k), 0);
	/* it went: the new one, which the bench cannot sign with */
	rotate(k, false);
	CU_ASSERT_EQUAL(rekey_ed25519(k), -4);
	clerkbench_free(k);
}

static bool
global_failed(struct clerkbench *k)
{
	return bench_take(&k->b, SSH_MSG_REQUEST_FAILURE).len == 1;
}

/* Proofs: in the order of the requests, which have no names. */
static void
test_prove_order(void)
{
	struct clerkbench *k = clerkbench_new(0);

	k->b.mute = true;
	clerkbench_prove(k, 2, true);
	clerkbench_global(k, "first@example.org", true);
	clerkbench_global(k, "no-more-sessions@openssh.com", true);
	clerkbench_prove(k, 1, true);
	bench_run(&k->b);
	CU_ASSERT_PTR_NULL(bench_next(&k->b));
	CU_ASSERT_EQUAL(k->b.ask_count, 1);
	/* opens are no global requests and go on */
	CU_ASSERT_EQUAL(clerkbench_session(k, 5), 0);
	k->b.mute = false;
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_proved(k, 2));
	CU_ASSERT_TRUE(global_failed(k));
	CU_ASSERT_EQUAL(bench_take(&k->b, SSH_MSG_REQUEST_SUCCESS).len, 1);
	CU_ASSERT_TRUE(clerkbench_proved(k, 1));
	clean(k);
}

static void
prove_raw(struct clerkbench *k, struct view list)
{
	static uint8_t buf[SSH_PAYLOAD_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&w, "hostkeys-prove-00@openssh.com");
	put_bool(&w, true);
	put_bytes(&w, list.data, list.len);
	bench_send(&k->b, put_view(&w));
	bench_run(&k->b);
}

/* What keeper need not be asked. */
static void
test_prove_form(void)
{
	static uint8_t list[SIGN_KEY_MAX + 64];
	struct clerkbench *k = clerkbench_new(0);
	struct put w = put_of(list, sizeof(list));

	prove_raw(k, view_of(NULL, 0));
	CU_ASSERT_TRUE(global_failed(k));
	prove_raw(k, view_of("\0\0\0\5abc", 7));
	CU_ASSERT_TRUE(global_failed(k));
	prove_raw(k, view_of("\0\0\0\0", 4));
	CU_ASSERT_TRUE(global_failed(k));
	put_u32(&w, SIGN_KEY_MAX + 1);
	put_room(&w, SIGN_KEY_MAX + 1);
	prove_raw(k, put_view(&w));
	CU_ASSERT_TRUE(global_failed(k));
	w = put_of(list, sizeof(list));
	for (unsigned i = 0; i <= HOSTKEYS_ALL_MAX; i++)
		put_cstr(&w, "a");
	prove_raw(k, put_view(&w));
	CU_ASSERT_TRUE(global_failed(k));
	CU_ASSERT_EQUAL(k->b.ask_count, 0);
	clerkbench_prove(k, 1, false);
	bench_run(&k->b);
	clean(k);
}

/* Keeper refuses; so many and no more are asked for. */
static void
test_prove_bounded(void)
{
	struct clerkbench *k = clerkbench_new(0);

	for (unsigned i = 0; i < CLERK_PROVE_MAX; i++) {
		k->b.sign_reason = i % 2 == 0 ? R_KEX_SIGN : 0;
		clerkbench_prove(k, 1, true);
		bench_run(&k->b);
		CU_ASSERT_TRUE(i % 2 == 0 ? global_failed(k) : clerkbench_proved(k, 1));
	}
	k->b.mute = true;
	clerkbench_prove(k, 1, true);
	bench_run(&k->b);
	CU_ASSERT_TRUE(global_failed(k));
	CU_ASSERT_EQUAL(k->b.ask_count, 0);
	clean(k);
}

static void
test_prove_again(void)
{
	struct clerkbench *k = clerkbench_new(0);
	struct clerk_conn *c = k->b.obj;

	k->b.mute = true;
	clerkbench_prove(k, 1, true);
	bench_run(&k->b);
	CU_ASSERT_EQUAL(k->b.ask_count, 1);
	CU_ASSERT_TRUE(clerk_again(&k->env, c, ASK_KEEPER, 0, &k->b.act));
	CU_ASSERT_EQUAL(k->b.act.ask.type, MSG_PROVE);
	CU_ASSERT_TRUE(view_eq(put_view(&k->b.act.ask.w), view_of(k->b.ask[0].bytes, k->b.ask[0].len)));
	CU_ASSERT_FALSE(clerk_again(&k->env, c, ASK_KEEPER, 1, &k->b.act));
	CU_ASSERT_FALSE(clerk_again(&k->env, c, ASK_SUPERVISOR, 0, &k->b.act));
	k->b.mute = false;
	bench_run(&k->b);
	CU_ASSERT_TRUE(clerkbench_proved(k, 1));
	clean(k);
}

static void
test_closed(void)
{
	struct clerkbench *k = clerkbench_new(0);

	bench_up(&k->b, LINK_UP_CLOSED, R_SSH_DISCONNECT_IN);
	bench_run(&k->b);
	CU_ASSERT_PTR_NULL(k->b.obj);
	CU_ASSERT_STRING_EQUAL(k->last_log, "Disconnected from user alice 192.0.2.7 port 40001");
	clerkbench_free(k);
}

static const CU_TestInfo tests[] = {
	{ "channel types", test_open_types },
	{ "channel types that plugins serve", test_open_served },
	{ "an open without a host", test_open_no_host },
	{ "who may have what plugins serve", test_open_policy },
	{ "channels that plugins ask for", test_asked },
	{ "their numbers", test_asked_numbers },
	{ "global requests that plugins ask for", test_asked_global },
	{ "MaxSessions, and numbers used again", test_max_sessions },
	{ "no-more-sessions", test_no_more_sessions },
	{ "maximum packet of 0", test_zero_packet },
	{ "pty-req and who may", test_pty },
	{ "pty-req's form", test_pty_form },
	{ "patterns", test_match },
	{ "environment", test_env },
	{ "environment is bounded", test_env_count },
	{ "requests that are refused", test_refused_requests },
	{ "unknown channel", test_unknown_channel },
	{ "shell, exec, subsystem", test_start_forms },
	{ "forced commands", test_forced },
	{ "NUL in a command", test_nul_in_command },
	{ "no host, then one", test_no_host },
	{ "channel goes while starting", test_free_while_starting },
	{ "window-change while starting", test_window_while_starting },
	{ "waiting records are bounded", test_waits_bounded },
	{ "requests said again", test_again },
	{ "answers nobody waits for", test_stray_host },
	{ "messages out of the exchange's order", test_rekey_state },
	{ "markers in a rekey", test_rekey_marker },
	{ "a rekey by each method", test_rekey_methods },
	{ "a rekey before keeper is known", test_rekey_no_keys },
	{ "a wrong guess in a rekey", test_guess_in_rekey },
	{ "the rate of rekeys", test_rekey_rate },
	{ "a rekey after a rotation of host keys", test_rekey_rotated },
	{ "all message numbers", test_sweep },
	{ "every message cut at every length", test_cut },
	{ "adopt images", test_images },
	{ "channels that went meanwhile", test_reconcile },
	{ "proofs of host keys in order", test_prove_order },
	{ "proofs that are malformed", test_prove_form },
	{ "proofs are bounded", test_prove_bounded },
	{ "a proof said again to another keeper", test_prove_again },
	{ "the connection is gone", test_closed },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("clerk: rules", tests);
}
