#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "control/kex/names.h"
#include "control/log.h"
#include "control/warden/proof.h"
#include "control/warden/warden.h"
#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"

/* ---- the rules, every cell ---- */

static void
test_judge(void)
{
	for (unsigned flags = 0; flags <= JUDGE_ALL; flags++) {
		unsigned may = JUDGE_METHOD | JUDGE_ACCOUNT | JUDGE_ALLOWED;
		bool would = (flags & (may | JUDGE_KEY)) == (may | JUDGE_KEY);
		bool typed = (flags & (may | JUDGE_DIALOGUE)) == (may | JUDGE_DIALOGUE);

		CU_ASSERT_EQUAL(judge(JUDGE_NONE, flags), JUDGE_NO_UNCOUNTED);
		CU_ASSERT_EQUAL(judge(JUDGE_QUERY, flags), would ? JUDGE_KEY_WOULD_DO : JUDGE_NO);
		CU_ASSERT_EQUAL(judge(JUDGE_PROOF, flags), would && (flags & JUDGE_SIGNED) != 0 ? JUDGE_YES : JUDGE_NO);
		CU_ASSERT_EQUAL(judge(JUDGE_PASSWORD, flags), typed ? JUDGE_YES : JUDGE_NO);
		CU_ASSERT_EQUAL(judge(JUDGE_KBDINT, flags), typed ? JUDGE_YES : JUDGE_NO);
		CU_ASSERT_EQUAL(judge(JUDGE_REQUEST_COUNT, flags), JUDGE_NO);
	}
}

static void
test_judge_account(void)
{
	unsigned yes = 0;

	for (unsigned bits = 0; bits < 256; bits++) {
		for (int root = CONF_ROOT_NO; root <= CONF_ROOT_YES; root++) {
			struct judge_account a = { .root = bits & 1,
				.locked = bits & 2,
				.expired = bits & 4,
				.nologin = bits & 8,
				.shell_there = bits & 16,
				.shell_runs = bits & 32 };
			struct judge_policy p = { .permit_root = root, .use_pam = bits & 64, .password = bits & 128 };
			bool may = a.shell_there && a.shell_runs;

			if (a.root)
				may = may &&
				      (root == CONF_ROOT_YES ||
					  (root == CONF_ROOT_PROHIBIT_PASSWORD && !p.password));
			if (!p.use_pam)
				may = may && !a.locked && !a.expired && !a.nologin;
			CU_ASSERT_EQUAL(judge_account(&p, &a) == NULL, may);
			yes += may;
		}
	}
	CU_ASSERT_EQUAL(yes, 2 * (4 * 8 + 4) + (2 + 1) * (8 + 1));
}

static void
test_names(void)
{
	char longest[GRANT_NAME_MAX + 1];

	memset(longest, 'a', sizeof longest);
	CU_ASSERT(judge_name(view_str("alice")));
	CU_ASSERT(judge_name(view_str("a.b_c-d@x")));
	CU_ASSERT(judge_name(view_str("j\xc3\xbcrgen")));
	CU_ASSERT(judge_name(view_of(longest, GRANT_NAME_MAX - 1)));
	CU_ASSERT_FALSE(judge_name(view_of(longest, GRANT_NAME_MAX)));
	CU_ASSERT_FALSE(judge_name(view_str("")));
	CU_ASSERT_FALSE(judge_name(view_str("../x")));
	CU_ASSERT_FALSE(judge_name(view_str("a:b")));
	CU_ASSERT_FALSE(judge_name(view_str("-x")));
	CU_ASSERT_FALSE(judge_name(view_str("a\nb")));
	CU_ASSERT_FALSE(judge_name(view_str("a\x7f")));
	CU_ASSERT_FALSE(judge_name(view_of("a\0b", 3)));
}

/* ---- a key, and what it signs ---- */

static struct pk_signer *signer;
static uint8_t blob_bytes[64];
static struct view blob;
static char key_text[AUTHKEYS_KEY_TEXT_MAX];
static const uint8_t session[32] = { 0x5e, 0x55 };

static void
make_key(void)
{
	static const uint8_t seed[PK_ED25519_SIZE] = { 42 };
	struct put w = put_of(blob_bytes, sizeof blob_bytes);

	signer = pk_signer_ed25519(seed);
	sign_key_put(&w, pk_signer_public(signer));
	blob = put_view(&w);
	authkeys_text(key_text, blob);
}

/* The blob of RFC 4252 section 7, put together here by hand. */
static size_t
sign(uint8_t out[128], struct view session_id, const char *user, const char *service)
{
	uint8_t data[512];
	struct put w = put_of(data, sizeof data), s = put_of(out, 128);

	put_sview(&w, session_id);
	put_u8(&w, 50);
	put_cstr(&w, user);
	put_cstr(&w, service);
	put_cstr(&w, "publickey");
	put_u8(&w, 1);
	put_cstr(&w, "ssh-ed25519");
	put_sview(&w, blob);
	CU_ASSERT_FALSE_FATAL(w.bad);
	CU_ASSERT_EQUAL(sign_make(&s, sign_find(view_str("ssh-ed25519")), signer, put_view(&w)), 0);
	return put_len(&s);
}

static void
test_proof(void)
{
	uint8_t out[128];
	struct proof p = { .session_id = view_of(session, sizeof session),
		.user = view_str("alice"),
		.service = view_str("ssh-connection"),
		.algorithm = view_str("ssh-ed25519"),
		.blob = blob };
	size_t len = sign(out, p.session_id, "alice", "ssh-connection");
	struct proof_policy policy = { SIGN_NAMES, 2048 };
	char fingerprint[PROOF_FINGERPRINT_MAX];

	CU_ASSERT(proof_verify(&p, view_of(out, len)));
	for (size_t i = 0; i < len; i++) {
		out[i] ^= 4;
		CU_ASSERT_FALSE(proof_verify(&p, view_of(out, len)));
		out[i] ^= 4;
		CU_ASSERT_FALSE(proof_verify(&p, view_of(out, i)));
	}
	p.user = view_str("bob");
	CU_ASSERT_FALSE(proof_verify(&p, view_of(out, len)));
	p.user = view_str("alice");
	p.service = view_str("ssh-userauth");
	CU_ASSERT_FALSE(proof_verify(&p, view_of(out, len)));
	p.service = view_str("ssh-connection");
	p.session_id.len--;
	CU_ASSERT_FALSE(proof_verify(&p, view_of(out, len)));
	p.session_id.len = 0;
	len = sign(out, p.session_id, "alice", "ssh-connection");
	CU_ASSERT_FALSE(proof_verify(&p, view_of(out, len)));
	CU_ASSERT_PTR_NOT_NULL(proof_algorithm(&policy, view_str("ssh-ed25519"), blob));
	CU_ASSERT_PTR_NULL(proof_algorithm(&policy, view_str("ssh-rsa"), blob));
	CU_ASSERT_PTR_NULL(proof_algorithm(&policy, view_str("rsa-sha2-512"), blob));
	CU_ASSERT_PTR_NULL(
	    proof_algorithm(&policy, view_str("ssh-ed25519"), view_of(blob.data, blob.len - 1)));
	policy.algorithms = "rsa-sha2-512";
	CU_ASSERT_PTR_NULL(proof_algorithm(&policy, view_str("ssh-ed25519"), blob));
	proof_fingerprint(fingerprint, blob);
	CU_ASSERT_EQUAL(strncmp(fingerprint, "SHA256:", 7), 0);
	CU_ASSERT_EQUAL(strlen(fingerprint), 50);
}

/* ---- warden between a gate, a reader and a supervisor of ours ---- */

static struct warden warden;
static struct conf conf;
static struct loop *loop;
static int supervisor, gate, reader, logs;
static uint8_t buf[MSG_MAX];
static struct msg got;

static int
find(struct account *a, struct view name)
{
	memset(a, 0, sizeof *a);
	snprintf(a->name, sizeof a->name, "%.*s", (int)name.len, (const char *)name.data);
	snprintf(a->home, sizeof a->home, "/home/%.64s", a->name);
	snprintf(a->shell, sizeof a->shell, "/bin/sh");
	a->uid = a->gid = 1000;
	a->shell_there = a->shell_runs = true;
	if (view_is(name, "root"))
		a->uid = a->gid = 0;
	else if (view_is(name, "noshell"))
		a->shell_there = a->shell_runs = false;
	else if (!view_is(name, "alice"))
		return -1;
	return 0;
}

static void
send_to(int fd, uint16_t type, uint32_t conn, uint32_t tag, struct view body, int pass)
{
	struct msg m = { .type = type, .conn = conn, .gen = 1, .tag = tag, .body = body };

	if (pass >= 0)
		m.fds[m.fd_count++] = pass;
	CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
	if (pass >= 0)
		close(pass);
}

static int
introduce(enum role_id role)
{
	uint8_t body[5];
	struct put w = put_of(body, sizeof body);
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	put_u8(&w, (uint8_t)role);
	put_u32(&w, 0);
	send_to(supervisor, MSG_PEER, 0, 0, put_view(&w), fds[1]);
	return fds[0];
}

static void
conn_hash(uint32_t conn)
{
	uint8_t body[64];
	struct put w = put_of(body, sizeof body);

	put_string(&w, session, sizeof session);
	send_to(supervisor, MSG_CONN_HASH, conn, 0, put_view(&w), -1);
}

static int waiting_fd;
static int waiting_result;

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

/* Run warden until something arrives on fd: 1, or -1: it was cut. */
static int
wait_on(int fd)
{
	waiting_fd = fd;
	loop_run(loop, look, NULL);
	return waiting_result;
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
	gate = introduce(ROLE_GATE);
	reader = introduce(ROLE_READER);
	conn_hash(7);
}

static void
teardown(void)
{
	warden_end(&warden);
	loop_free(loop);
	close(supervisor);
	close(gate);
	close(reader);
}

static void
fresh(void)
{
	conf_default(&conf);
	conf.conn_max = 16;
	setup();
}

static const char *method = "none"; /* of MSG_AUTH_NONE */

enum flaw { FLAWLESS, OTHER_SESSION, OTHER_USER, OTHER_SERVICE, BROKEN };

static void
ask(uint16_t type, uint32_t conn, uint32_t tag, const char *user, const char *service, enum flaw flaw)
{
	static const uint8_t other[32] = { 9 };
	uint8_t body[1024], sig[128];
	struct put w = put_of(body, sizeof body);
	size_t len = sign(sig, flaw == OTHER_SESSION ? view_of(other, 32) : view_of(session, 32),
	    flaw == OTHER_USER ? "eve" : user, flaw == OTHER_SERVICE ? "ssh-userauth" : service);

	if (flaw == BROKEN)
		sig[len - 1] ^= 1;
	put_cstr(&w, user);
	put_cstr(&w, service);
	if (type == MSG_AUTH_NONE) {
		put_cstr(&w, method);
	} else {
		put_cstr(&w, "ssh-ed25519");
		put_sview(&w, blob);
	}
	if (type == MSG_AUTH_PROOF)
		put_string(&w, sig, len);
	if (type == MSG_AUTH_PROOF)
		put_cstr(&w, "");
	put_cstr(&w, "192.0.2.9");
	put_u16(&w, 4711);
	put_cstr(&w, "192.0.2.1");
	put_u16(&w, 22);
	send_to(gate, type, conn, tag, put_view(&w), -1);
}

static int
key_file(const char *options)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);

	dprintf(fd, "# keys\n%s%sssh-ed25519 %s c\n", options, options[0] != '\0' ? " " : "", key_text);
	return fd;
}

#define LOCKED 1u
#define EXPIRED 2u
#define NOLOGIN 4u

/* Reader's part: takes ACCOUNT, answers with one file, or none (options NULL). */
static void
read_for(uint32_t uid, unsigned facts, const char *options)
{
	uint8_t body[512];
	struct put w = put_of(body, sizeof body);
	struct cur c;

	CU_ASSERT_EQUAL_FATAL(wait_on(reader), 1);
	CU_ASSERT_EQUAL(got.type, MSG_ACCOUNT);
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(cur_u32(&c), uid);
	put_cstr(&w, "");
	put_bool(&w, facts & LOCKED);
	put_bool(&w, facts & EXPIRED);
	put_bool(&w, facts & NOLOGIN);
	put_u32(&w, options != NULL);
	if (options != NULL)
		put_cstr(&w, "/home/x/.ssh/authorized_keys");
	put_cstr(&w, "");
	send_to(reader, MSG_ACCOUNT_IS, got.conn, got.tag, put_view(&w),
	    options != NULL ? key_file(options) : -1);
}

static void
expect_no(uint32_t tag, bool counts)
{
	struct cur c;

	CU_ASSERT_EQUAL_FATAL(wait_on(gate), 1);
	CU_ASSERT_EQUAL(got.type, MSG_AUTH_NO);
	CU_ASSERT_EQUAL(got.tag, tag);
	c = cur_view(got.body);
	CU_ASSERT(view_is(cur_string(&c), conf_methods(&conf)));
	CU_ASSERT_EQUAL(cur_u8(&c), 0);
	CU_ASSERT_EQUAL(cur_u8(&c), counts);
	CU_ASSERT(cur_done(&c));
}

static void
expect_grant(struct grant *g, uint32_t tag)
{
	struct cur c;

	CU_ASSERT_EQUAL_FATAL(wait_on(supervisor), 1);
	CU_ASSERT_EQUAL_FATAL(got.type, MSG_GRANT);
	CU_ASSERT_EQUAL(got.tag, tag);
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(grant_decode(g, cur_string(&c)), 0);
	CU_ASSERT_FALSE(cur_bool(&c)); /* the account stage is to come */
	CU_ASSERT(cur_done(&c));
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
	}
	return found;
}

/* ---- flow ---- */

static void
test_login(void)
{
	struct grant g;

	fresh();
	ask(MSG_AUTH_NONE, 7, 1, "alice", "ssh-connection", FLAWLESS);
	expect_no(1, false);
	ask(MSG_AUTH_QUERY, 7, 2, "alice", "ssh-connection", FLAWLESS);
	read_for(1000, 0, "");
	CU_ASSERT_EQUAL_FATAL(wait_on(gate), 1);
	CU_ASSERT_EQUAL(got.type, MSG_AUTH_PK_OK);
	CU_ASSERT(got.tag == 2 && got.conn == 7 && got.gen == 1 && got.body.len == 0);
	ask(MSG_AUTH_PROOF, 7, 3, "alice", "ssh-connection", FLAWLESS);
	read_for(1000, 0, "no-pty,no-user-rc");
	expect_grant(&g, 3);
	CU_ASSERT_EQUAL(got.conn, 7);
	CU_ASSERT_STRING_EQUAL(g.user, "alice");
	CU_ASSERT_STRING_EQUAL(g.home, "/home/alice");
	CU_ASSERT_STRING_EQUAL(g.shell, "/bin/sh");
	CU_ASSERT_STRING_EQUAL(g.methods, "publickey");
	CU_ASSERT_EQUAL(strncmp(g.key, "ssh-ed25519 SHA256:", 19), 0);
	CU_ASSERT_STRING_EQUAL(g.peer, "192.0.2.9");
	CU_ASSERT(g.peer_port == 4711 && g.local_port == 22);
	CU_ASSERT(g.uid == 1000 && g.gid == 1000);
	CU_ASSERT(g.group_count >= 1 && g.groups[0] == 1000);
	CU_ASSERT_EQUAL(g.restrictions, GRANT_NO_PTY | GRANT_NO_RC);
	CU_ASSERT_EQUAL(warden.ask_count, 0);
	teardown();
}

/* One proof, everything else good: what each flaw leads to. */
static const struct {
	const char *user;
	const char *service;
	enum flaw flaw;
	unsigned facts;
	const char *options; /* NULL: no file */
	bool pam;
	int root;
	bool yes;
	const char *line; /* of the log */
} proofs[] = {
	{ "alice", "ssh-connection", FLAWLESS, 0, "", true, 1, true, NULL },
	{ "alice", "ssh-connection", OTHER_SESSION, 0, "", true, 1, false,
	    "Failed publickey for alice from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:" },
	{ "alice", "ssh-connection", OTHER_USER, 0, "", true, 1, false, "Failed publickey for alice" },
	{ "alice", "ssh-connection", OTHER_SERVICE, 0, "", true, 1, false, "Failed publickey for alice" },
	{ "alice", "ssh-userauth", FLAWLESS, 0, "", true, 1, false, "Failed publickey for alice" },
	{ "alice", "ssh-connection", BROKEN, 0, "", true, 1, false, "Failed publickey for alice" },
	{ "alice", "ssh-connection", FLAWLESS, 0, NULL, true, 1, false, "Failed publickey for alice" },
	{ "alice", "ssh-connection", FLAWLESS, 0, "from=\"x\"", true, 1, false,
	    "/home/x/.ssh/authorized_keys:2: option \"from\"" },
	{ "alice", "ssh-connection", FLAWLESS, LOCKED, "", true, 1, true, NULL },
	{ "alice", "ssh-connection", FLAWLESS, EXPIRED, "", true, 1, true, NULL },
	{ "alice", "ssh-connection", FLAWLESS, NOLOGIN, "", true, 1, true, NULL },
	{ "alice", "ssh-connection", FLAWLESS, LOCKED, "", false, 1, false,
	    "User alice not allowed because account is locked" },
	{ "alice", "ssh-connection", FLAWLESS, EXPIRED, "", false, 1, false, "because account has expired" },
	{ "alice", "ssh-connection", FLAWLESS, NOLOGIN, "", false, 1, false, "because logins are closed" },
	{ "noshell", "ssh-connection", FLAWLESS, 0, "", true, 1, false, "because shell does not exist" },
	{ "root", "ssh-connection", FLAWLESS, 0, "", true, CONF_ROOT_PROHIBIT_PASSWORD, true, NULL },
	{ "root", "ssh-connection", FLAWLESS, 0, "", true, CONF_ROOT_YES, true, NULL },
	{ "root", "ssh-connection", FLAWLESS, 0, "", true, CONF_ROOT_NO, false,
	    "ROOT LOGIN REFUSED FROM 192.0.2.9" },
	{ "root", "ssh-connection", FLAWLESS, 0, "", true, CONF_ROOT_FORCED_ONLY, false,
	    "ROOT LOGIN REFUSED" },
	{ "ghost", "ssh-connection", FLAWLESS, 0, "", true, 1, false,
	    "Invalid user ghost from 192.0.2.9 port 4711" },
	{ "ghost", "ssh-connection", FLAWLESS, 0, "", true, 1, false,
	    "Failed publickey for invalid user ghost from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:" },
	{ "../alice", "ssh-connection", FLAWLESS, 0, "", true, 1, false, "Invalid user ../alice" },
};

static void
test_proofs(void)
{
	for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++) {
		bool exists = strcmp(proofs[i].user, "alice") == 0 || strcmp(proofs[i].user, "noshell") == 0;
		uint32_t uid = strcmp(proofs[i].user, "root") == 0 ? 0 : exists ? 1000 : account_nobody();
		struct grant g;

		conf_default(&conf);
		conf.conn_max = 16;
		conf.use_pam = proofs[i].pam;
		conf.permit_root_login = proofs[i].root;
		setup();
		logged("");
		ask(MSG_AUTH_PROOF, 7, 3, proofs[i].user, proofs[i].service, proofs[i].flaw);
		read_for(uid, proofs[i].facts, proofs[i].options);
		if (proofs[i].yes)
			expect_grant(&g, 3);
		else
			expect_no(3, true);
		if (proofs[i].line != NULL && !logged(proofs[i].line)) {
			fprintf(stderr, "not logged: %s\n", proofs[i].line);
			CU_FAIL("log line");
		}
		CU_ASSERT_EQUAL(warden.ask_count, 0);
		teardown();
	}
}

/* What is no proof is told as well: by name of its method, "Invalid user" once. */
static const struct {
	uint16_t type;
	const char *user;
	const char *method;
	const char *line;
	bool told;
} requests[] = {
	{ MSG_AUTH_NONE, "ghost", "none", "Invalid user ghost from 192.0.2.9 port 4711", true },
	{ MSG_AUTH_NONE, "ghost", "none", "Failed none for invalid user ghost from 192.0.2.9 port 4711 ssh2",
	    true },
	{ MSG_AUTH_NONE, "ghost", "password", "Failed password for invalid user ghost from 192.0.2.9", true },
	{ MSG_AUTH_NONE, "alice", "password", "Failed password for alice from 192.0.2.9 port 4711 ssh2",
	    true },
	{ MSG_AUTH_NONE, "ghost", "x from 10.0.0.1", "Failed none for invalid user ghost from 192.0.2.9",
	    true },
	{ MSG_AUTH_NONE, "alice", "none", "alice", false },
	{ MSG_AUTH_QUERY, "ghost", "", "Invalid user ghost from 192.0.2.9 port 4711", true },
	{ MSG_AUTH_QUERY, "ghost", "",
	    "Failed publickey for invalid user ghost from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:", true },
	{ MSG_AUTH_QUERY, "alice", "", "Failed", false },
};

static void
test_told(void)
{
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		bool ghost = strcmp(requests[i].user, "ghost") == 0;

		fresh();
		logged("");
		method = requests[i].method;
		ask(requests[i].type, 7, 3, requests[i].user, "ssh-connection", FLAWLESS);
		if (requests[i].type == MSG_AUTH_QUERY)
			read_for(ghost ? account_nobody() : 1000, 0, NULL);
		expect_no(3, requests[i].type == MSG_AUTH_QUERY);
		CU_ASSERT_EQUAL(logged(requests[i].line), requests[i].told);
		method = "none";
		ask(MSG_AUTH_NONE, 7, 4, requests[i].user, "ssh-connection", FLAWLESS);
		expect_no(4, false);
		CU_ASSERT_FALSE(logged("Invalid user"));
		teardown();
	}
}

static void
test_method_off(void)
{
	struct cur c;

	conf_default(&conf);
	conf.conn_max = 16;
	conf.pubkey_authentication = false;
	setup();
	ask(MSG_AUTH_PROOF, 7, 3, "alice", "ssh-connection", FLAWLESS);
	read_for(1000, 0, "");
	CU_ASSERT_EQUAL_FATAL(wait_on(gate), 1);
	CU_ASSERT_EQUAL(got.type, MSG_AUTH_NO);
	c = cur_view(got.body);
	CU_ASSERT(view_is(cur_string(&c), "password,keyboard-interactive"));
	teardown();
}

/* A reader that dies with a request is asked anew when it is back. */
static void
test_reader_restart(void)
{
	struct grant g;

	fresh();
	ask(MSG_AUTH_PROOF, 7, 3, "alice", "ssh-connection", FLAWLESS);
	CU_ASSERT_EQUAL(wait_on(reader), 1);
	close(reader);
	reader = introduce(ROLE_READER);
	read_for(1000, 0, "");
	expect_grant(&g, 3);
	teardown();
}

/* Keeper's word may come later than the proof; without it there is no yes. */
static void
test_session_id_late(void)
{
	struct grant g;

	fresh();
	ask(MSG_AUTH_PROOF, 8, 3, "alice", "ssh-connection", FLAWLESS);
	read_for(1000, 0, "");
	/* a question of another connection passes it */
	ask(MSG_AUTH_NONE, 7, 4, "alice", "ssh-connection", FLAWLESS);
	expect_no(4, false);
	CU_ASSERT_EQUAL(warden.ask_count, 1);
	conn_hash(8);
	expect_grant(&g, 3);
	CU_ASSERT_EQUAL(got.conn, 8);
	teardown();
}

/* More asks than reader may have at one time: all are answered all the same. */
static void
test_many(void)
{
	unsigned yes = 0;

	conf_default(&conf);
	conf.conn_max = 512;
	setup();
	for (uint32_t i = 0; i < 300; i++) {
		ask(MSG_AUTH_QUERY, 100 + i, i, i % 2 ? "alice" : "ghost", "ssh-connection", FLAWLESS);
		/* let warden take it */
		if (i % 50 == 49) {
			ask(MSG_AUTH_NONE, 7, 9999, "alice", "ssh-connection", FLAWLESS);
			expect_no(9999, false);
			CU_ASSERT(warden.reader_busy <= WARDEN_READER_MAX);
		}
	}
	CU_ASSERT_EQUAL(warden.ask_count, 300);
	CU_ASSERT_EQUAL(warden.reader_busy, WARDEN_READER_MAX);
	for (uint32_t i = 0; i < 300; i++) {
		read_for(i % 2 ? 1000 : account_nobody(), 0, "");
	}
	for (uint32_t i = 0; i < 300; i++) {
		CU_ASSERT_EQUAL_FATAL(wait_on(gate), 1);
		yes += got.type == MSG_AUTH_PK_OK;
	}
	CU_ASSERT_EQUAL(yes, 150);
	CU_ASSERT_EQUAL(warden.ask_count, 0);
	CU_ASSERT_EQUAL(warden.reader_busy, 0);
	teardown();
}

/* What is asked again replaces what was asked; what is gone is forgotten. */
static void
test_replaced_and_gone(void)
{
	uint8_t body[4] = { 0 };

	fresh();
	ask(MSG_AUTH_PROOF, 7, 3, "alice", "ssh-connection", FLAWLESS);
	CU_ASSERT_EQUAL(wait_on(reader), 1);
	ask(MSG_AUTH_PROOF, 7, 4, "alice", "ssh-connection", FLAWLESS);
	CU_ASSERT_EQUAL(wait_on(reader), 1);
	CU_ASSERT_EQUAL(warden.ask_count, 1);
	close(gate);
	gate = introduce(ROLE_GATE);
	ask(MSG_AUTH_NONE, 7, 5, "alice", "ssh-connection", FLAWLESS);
	expect_no(5, false);
	CU_ASSERT_EQUAL(warden.ask_count, 0);
	ask(MSG_AUTH_QUERY, 7, 6, "alice", "ssh-connection", FLAWLESS);
	CU_ASSERT_EQUAL(wait_on(reader), 1);
	send_to(supervisor, MSG_CONN_GONE, 7, 0, view_of(body, 4), -1);
	ask(MSG_AUTH_NONE, 9, 7, "alice", "ssh-connection", FLAWLESS);
	/* both sockets were ready: whichever came first, the ask is gone at the end */
	expect_no(7, false);
	conn_hash(10);
	ask(MSG_AUTH_NONE, 9, 8, "alice", "ssh-connection", FLAWLESS);
	expect_no(8, false);
	CU_ASSERT_EQUAL(warden.ask_count, 0);
	teardown();
}

static void
test_tries(void)
{
	fresh();
	for (uint32_t i = 0; i < conf.max_auth_tries; i++) {
		ask(MSG_AUTH_PROOF, 7, i, "alice", "ssh-connection", BROKEN);
		read_for(1000, 0, "");
		expect_no(i, true);
	}
	/* whatever comes now is not even looked at */
	ask(MSG_AUTH_PROOF, 7, 99, "alice", "ssh-connection", FLAWLESS);
	expect_no(99, true);
	teardown();
}

static void
test_malformed(void)
{
	static const uint16_t not_gates[] = { MSG_CONN_HASH, MSG_GRANT, MSG_ACCOUNT_IS, MSG_SIGN, 999 };

	for (size_t i = 0; i <= sizeof not_gates / sizeof not_gates[0]; i++) {
		fresh();
		if (i == 0)
			send_to(gate, MSG_AUTH_PROOF, 7, 1, view_str("nonsense"), -1);
		else
			send_to(gate, not_gates[i - 1], 7, 1, view_of(NULL, 0), -1);
		CU_ASSERT_EQUAL(wait_on(gate), -1);
		CU_ASSERT_EQUAL(warden.ask_count, 0);
		teardown();
	}
}

/* Every no takes its time, and a name always the same. */
static void
test_delay(void)
{
	uint32_t most = 0, least = UINT32_MAX;

	fresh();
	for (int i = 0; i < 200; i++) {
		char name[16];
		uint32_t ms;

		snprintf(name, sizeof name, "u%d", i);
		ms = answer_delay_ms(&warden, view_str(name), 0, false);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), 0, false), ms);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), ms, false), ms);
		CU_ASSERT_EQUAL(answer_delay_ms(&warden, view_str(name), 1, false), ms - 1);
		most = ms > most ? ms : most;
		least = ms < least ? ms : least;
	}
	CU_ASSERT(least >= 5 && most <= 12 && most > least);
	teardown();
}

static int
begin(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	logs = fds[0];
	log_start("test", fds[1]);
	make_key();
	alarm(60);
	return 0;
}

static int
finish(void)
{
	pk_signer_free(signer);
	return 0;
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "requests and flags, every cell", test_judge },
		{ "accounts, every cell", test_judge_account },
		{ "user names", test_names },
		{ "proofs", test_proof },
		{ "a login", test_login },
		{ "what is told", test_told },
		{ "what each flaw leads to", test_proofs },
		{ "method switched off", test_method_off },
		{ "reader restarted", test_reader_restart },
		{ "session id late", test_session_id_late },
		{ "replaced and gone", test_replaced_and_gone },
		{ "many at one time", test_many },
		{ "tries", test_tries },
		{ "malformed and misplaced messages", test_malformed },
		{ "delay of a no", test_delay },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("warden", begin, finish, tests);
}
