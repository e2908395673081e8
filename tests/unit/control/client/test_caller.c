/*
 * The caller's table: every state of it against every message number, by a table written
 * by hand; what it wants when, and what it does with answers that were not asked for.
 */
#include "control/client/caller.h"
#include "tests/lib/suite.h"

static struct {
	struct caller c;
	struct caller_env env;
	struct step step;
	struct rng rng;
	enum caller_told told;
	unsigned told_count;
} x;

static int
slot(void *ctx, const struct link_slot *keys)
{
	(void)ctx;
	(void)keys;
	return 0;
}

static void
told(void *ctx, struct caller *c, const struct caller_event *e)
{
	(void)ctx;
	(void)c;
	x.told = e->told;
	x.told_count++;
}

/* A caller in this state, with a request out where there can be one. */
static void
make(enum caller_state state, bool strict)
{
	rng_fixed(&x.rng, 1);
	x.env = (struct caller_env){ .ident = "SSH-2.0-test", .rng = &x.rng, .slot = slot, .told = told };
	caller_init(&x.c, &x.env, kex_offer_default(false), "alice", 1, 1);
	step_init(&x.step);
	x.told_count = 0;
	x.c.state = state;
	x.c.strict = strict;
	x.c.exchange = state == CALLER_FIRST ? CALLER_EX_OURS : CALLER_EX_NONE;
	x.c.session_id_len = state > CALLER_FIRST ? 32 : 0;
	x.c.method = state == CALLER_AUTH ? USERAUTH_KBDINT : USERAUTH_NOTHING;
}

static int
up(uint16_t op, struct view payload, uint32_t seq)
{
	const struct link_entry e = { .op = op, .conn = 1, .gen = 1, .serial = 5, .seq = seq,
		.len = (uint32_t)payload.len, .chan = LINK_CHAN_NONE };

	return caller_up(&x.c, &e, payload, &x.step);
}

static int
record(uint8_t msg)
{
	const uint8_t payload[] = { msg, 0, 0, 0, 0 };

	return up(LINK_UP_RECORD, view_of(payload, sizeof(payload)), 3);
}

/* Is the message taken in this state, right or wrong in form? By RFC 4253 sections 7.1
 * and 11, RFC 4252 section 6, RFC 4254, RFC 8308 section 2.4. */
static bool
listed(enum caller_state state, int msg)
{
	switch (state) {
	case CALLER_FIRST:
		return (msg >= 1 && msg <= 4) || msg == 20 || (msg >= 30 && msg <= 49);
	case CALLER_SERVICE:
		return msg == 6 || msg == 7;
	case CALLER_AUTH:
		return msg == 7 || (msg >= 51 && msg <= 53) || msg == 60;
	case CALLER_OPEN:
		return msg == 20 || (msg >= 30 && msg <= 49) || (msg >= 80 && msg <= 82) ||
		    (msg >= 90 && msg <= 92) || (msg >= 98 && msg <= 100);
	default:
		return false;
	}
}

static void
test_table(void)
{
	for (int state = CALLER_IDENT; state < CALLER_OVER; state++)
		for (int msg = 0; msg < 256; msg++) {
			int r;

			make((enum caller_state)state, false);
			r = record((uint8_t)msg);
			if (!listed((enum caller_state)state, msg)) {
				CU_ASSERT_EQUAL(r, -R_SSH_PHASE);
				CU_ASSERT(x.c.state == CALLER_OVER && x.told_count == 0);
			}
			/* Whatever it was, the record is done, and a fault closes. */
			CU_ASSERT(x.step.done && x.step.serial == 5);
			CU_ASSERT((r != 0) == (x.c.state == CALLER_OVER));
			caller_wipe(&x.c);
		}
}

static void
test_strict(void)
{
	for (int msg = 2; msg < 256; msg++) {
		if (msg == 20 || (msg >= 30 && msg <= 49))
			continue;
		make(CALLER_FIRST, true);
		CU_ASSERT_EQUAL(record((uint8_t)msg), -R_KEX_STRICT);
	}
	for (int msg = 2; msg <= 4; msg++) {
		make(CALLER_FIRST, false);
		CU_ASSERT_EQUAL(record((uint8_t)msg), 0);
	}
	make(CALLER_FIRST, false);
	CU_ASSERT_EQUAL(record(1), -R_SSH_DISCONNECT_IN);
}

/* A server that knows no strict exchange may say something before its KEXINIT; one that
 * does may not. */
static void
test_kexinit_first(void)
{
	const uint8_t cookie[16] = { 0 };
	struct kex_offer offer = *kex_offer_default(false);
	uint8_t buf[KEXINIT_MAX];

	offer.kex = "curve25519-sha256";
	for (uint32_t seq = 0; seq < 2; seq++)
		for (int strict = 0; strict < 2; strict++) {
			struct put w = put_of(buf, sizeof(buf));

			make(CALLER_IDENT, false);
			CU_ASSERT_EQUAL(up(LINK_UP_IDENT, view_str("SSH-2.0-server"), 0), 0);
			CU_ASSERT_EQUAL(x.c.exchange, CALLER_EX_OURS);
			kexinit_build(&w, &offer, true, strict != 0, cookie);
			CU_ASSERT_EQUAL(up(LINK_UP_RECORD, put_view(&w), seq),
			    strict && seq > 0 ? -R_KEX_STRICT : 0);
			CU_ASSERT_EQUAL(x.c.strict, strict);
			if (x.c.state != CALLER_OVER) {
				CU_ASSERT_EQUAL(x.c.exchange, CALLER_EX_INIT);
				CU_ASSERT_EQUAL(up(LINK_UP_RECORD, put_view(&w), 1), -R_KEX_TWICE);
			}
			caller_wipe(&x.c);
		}
}

static void
test_not_asked(void)
{
	struct view none = { NULL, 0 };

	for (int state = CALLER_IDENT; state <= CALLER_OVER; state++) {
		make((enum caller_state)state, false);
		CU_ASSERT_EQUAL(caller_trust(&x.c, true, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_none(&x.c, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_password(&x.c, "p", &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_new_password(&x.c, "p", "q", &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_kbdint(&x.c, "", &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_responses(&x.c, NULL, 0, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_query(&x.c, "a", none, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_auth_key(&x.c, "a", none), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_signature(&x.c, none, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_signed(&x.c).len, 0);
		if (state == CALLER_OPEN)
			continue;
		CU_ASSERT_EQUAL(caller_rekey(&x.c, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_open(&x.c, "session", 1, 1, none, &x.step), -R_LINK_STATE);
		CU_ASSERT_EQUAL(caller_global(&x.c, "g", none, true, &x.step), -R_LINK_STATE);
	}
}

/* ---- the login ---- */

static void
put_and_up(struct put *w, int want)
{
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, put_view(w), 3), want);
}

static void
auth(void)
{
	make(CALLER_AUTH, false);
	x.c.method = USERAUTH_NOTHING;
	x.c.wants = CALLER_WANTS_METHOD;
}

/* 60 means what was asked. */
static void
test_message_60(void)
{
	static const uint8_t prompt[] = { 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'P', 0 };
	static const uint8_t change[] = { 60, 0, 0, 0, 1, 'x', 0, 0, 0, 0 };
	const struct view one = view_str("r");
	struct put w;
	uint8_t buf[64];

	auth();
	CU_ASSERT_EQUAL(caller_auth_kbdint(&x.c, "", &x.step), 0);
	CU_ASSERT_EQUAL(x.c.wants, CALLER_WANTS_NOTHING);
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(prompt, sizeof(prompt)), 1), 0);
	CU_ASSERT(x.told == CALLER_TOLD_PROMPT && x.c.wants == CALLER_WANTS_RESPONSES && x.c.prompts == 1);
	CU_ASSERT_EQUAL(caller_responses(&x.c, &one, 2, &x.step), -R_LINK_STATE);
	CU_ASSERT_EQUAL(caller_responses(&x.c, &one, 1, &x.step), 0);
	auth();
	CU_ASSERT_EQUAL(caller_auth_password(&x.c, "old", &x.step), 0);
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(change, sizeof(change)), 1), 0);
	CU_ASSERT(x.told == CALLER_TOLD_EXPIRED && x.c.wants == CALLER_WANTS_PASSWORD);
	CU_ASSERT_EQUAL(caller_auth_new_password(&x.c, "old", "new", &x.step), 0);
	CU_ASSERT(memmem(x.step.buf, put_len(&x.step.w), "new", 3) != NULL);
	/* Nothing of a password stays in the caller. */
	CU_ASSERT_PTR_NULL(memmem(&x.c, sizeof(x.c), "new", 3));
	auth();
	CU_ASSERT_EQUAL(caller_auth_none(&x.c, &x.step), 0);
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(prompt, sizeof(prompt)), 1), -R_SSH_PHASE);
	/* A prompt that counts more than it has, and one too many. */
	for (uint32_t count = 2; count <= USERAUTH_PROMPTS_MAX + 1; count += USERAUTH_PROMPTS_MAX - 1) {
		auth();
		CU_ASSERT_EQUAL(caller_auth_kbdint(&x.c, "", &x.step), 0);
		w = put_of(buf, sizeof(buf));
		put_u8(&w, 60);
		for (int i = 0; i < 3; i++)
			put_cstr(&w, "");
		put_u32(&w, count);
		put_cstr(&w, "P");
		put_bool(&w, false);
		put_and_up(&w, -R_AUTH_FORM);
	}
}

/* Success only to what can succeed (RFC 4252 sections 5.1 and 7). */
static void
test_success(void)
{
	static const uint8_t success[] = { 52 };

	auth();
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(success, 1), 1), -R_SSH_PHASE);
	auth();
	CU_ASSERT_EQUAL(caller_auth_query(&x.c, "ssh-ed25519", view_str("blob"), &x.step), 0);
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(success, 1), 1), -R_SSH_PHASE);
	auth();
	CU_ASSERT_EQUAL(caller_auth_none(&x.c, &x.step), 0);
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(success, 1), 1), 0);
	CU_ASSERT(x.c.state == CALLER_OPEN && x.told == CALLER_TOLD_LOGIN);
}

static void
test_refusals(void)
{
	static const uint8_t failure[] = { 51, 0, 0, 0, 3, 'a', ',', 'b', 1 };
	unsigned n = 0;

	auth();
	CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(failure, sizeof(failure)), 1), -R_SSH_PHASE);
	auth();
	while (x.c.state == CALLER_AUTH && n < 1000) {
		CU_ASSERT_EQUAL(caller_auth_none(&x.c, &x.step), 0);
		up(LINK_UP_RECORD, view_of(failure, sizeof(failure)), 1);
		n++;
		CU_ASSERT(x.c.partial && strcmp(x.c.methods, "a,b") == 0);
	}
	CU_ASSERT_EQUAL(n, CALLER_BANNERS_MAX + 1);
	CU_ASSERT_EQUAL(x.c.reason, R_AUTH_TRIES);
}

/* A signature is of the session id and the request; without one another method follows. */
static void
test_signature(void)
{
	struct cur c;

	auth();
	memset(x.c.session_id, 7, 32);
	CU_ASSERT_EQUAL(caller_auth_key(&x.c, "ssh-ed25519", view_str("blob")), 0);
	CU_ASSERT_EQUAL(x.c.wants, CALLER_WANTS_SIGNATURE);
	c = cur_view(caller_signed(&x.c));
	CU_ASSERT_EQUAL(cur_string(&c).len, 32);
	CU_ASSERT_EQUAL(cur_u8(&c), SSH_MSG_USERAUTH_REQUEST);
	CU_ASSERT(view_is(cur_string(&c), "alice") && view_is(cur_string(&c), "ssh-connection"));
	CU_ASSERT(view_is(cur_string(&c), "publickey") && cur_bool(&c));
	CU_ASSERT(view_is(cur_string(&c), "ssh-ed25519") && view_is(cur_string(&c), "blob") && cur_done(&c));
	CU_ASSERT_EQUAL(caller_signature(&x.c, view_of(NULL, 0), &x.step), 0);
	CU_ASSERT(x.c.wants == CALLER_WANTS_METHOD && !x.step.used);
	/* Bound to the host's key where the server knows that. */
	x.c.hostbound = true;
	memcpy(x.c.host_key, "host", x.c.host_key_len = 4);
	CU_ASSERT_EQUAL(caller_auth_key(&x.c, "ssh-ed25519", view_str("blob")), 0);
	c = cur_view(caller_signed(&x.c));
	for (int i = 0; i < 1; i++)
		cur_string(&c);
	cur_u8(&c);
	cur_string(&c);
	cur_string(&c);
	CU_ASSERT(view_is(cur_string(&c), "publickey-hostbound-v00@openssh.com") && cur_bool(&c));
	cur_string(&c);
	CU_ASSERT(view_is(cur_string(&c), "blob") && view_is(cur_string(&c), "host") && cur_done(&c));
}

/* ---- channels ---- */

static int
chan_message(uint8_t msg, uint32_t chan)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, msg);
	put_u32(&w, chan);
	if (msg == SSH_MSG_CHANNEL_OPEN_CONFIRMATION) {
		put_u32(&w, 70);
		put_u32(&w, 1000);
		put_u32(&w, 32768);
	}
	if (msg == SSH_MSG_CHANNEL_OPEN_FAILURE)
		put_u32(&w, SSH_OPEN_CONNECT_FAILED);
	return up(LINK_UP_RECORD, put_view(&w), 1);
}

static void
test_channels(void)
{
	const struct view none = { NULL, 0 };

	make(CALLER_OPEN, false);
	for (uint32_t i = 0; i < CALLER_CHANS; i++)
		CU_ASSERT_EQUAL(caller_open(&x.c, "session", 1000, 32768, none, &x.step), (int)i);
	CU_ASSERT_EQUAL(caller_open(&x.c, "session", 1000, 32768, none, &x.step), -R_LIMIT);
	CU_ASSERT_EQUAL(caller_request(&x.c, 0, "env", none, true, &x.step), -R_LINK_STATE);
	CU_ASSERT_EQUAL(chan_message(91, 0), 0);
	CU_ASSERT_EQUAL(x.told, CALLER_TOLD_OPENED);
	CU_ASSERT_EQUAL(caller_request(&x.c, 0, "env", none, true, &x.step), 0);
	CU_ASSERT_EQUAL(caller_start(&x.c, 0, "shell", none, 9, &x.step), 0);
	CU_ASSERT_EQUAL(caller_request(&x.c, 0, "env", none, true, &x.step), -R_LINK_STATE);
	/* The first reply is the environment's, and starts nothing. */
	CU_ASSERT_EQUAL(chan_message(99, 0), 0);
	CU_ASSERT_EQUAL(put_len(&x.step.w), 0);
	CU_ASSERT_EQUAL(chan_message(99, 0), 0);
	CU_ASSERT_EQUAL(x.step.buf[0], LINK_ITEM_CHAN_START);
	CU_ASSERT_EQUAL(chan_message(99, 0), -R_SSH_PHASE);
	make(CALLER_OPEN, false);
	CU_ASSERT_EQUAL(caller_open(&x.c, "session", 1000, 32768, none, &x.step), 0);
	CU_ASSERT_EQUAL(chan_message(92, 0), 0);
	CU_ASSERT(x.told == CALLER_TOLD_UNOPENED && !x.c.chan[0].used);
	CU_ASSERT_EQUAL(chan_message(99, 0), -R_CHAN_UNKNOWN);
}

/* RFC 4254 section 5.1: without a language, or without the description too, as old servers
 * have it; a code there has to be, and what is there has to be whole. */
static void
test_unopened(void)
{
	static const uint8_t message[] = { 92, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'x', 0, 0, 0, 2, 'e', 'n', 0 };
	const struct view none = { NULL, 0 };

	for (size_t len = 5; len <= sizeof(message); len++) {
		bool good = len == 9 || len == 14 || len == 20;

		make(CALLER_OPEN, false);
		CU_ASSERT_EQUAL(caller_open(&x.c, "session", 1000, 32768, none, &x.step), 0);
		CU_ASSERT_EQUAL(up(LINK_UP_RECORD, view_of(message, len), 1), good ? 0 : -R_SHORT);
		CU_ASSERT_EQUAL(x.told_count, good);
	}
}

/* ---- channels that the server opens ---- */

static int
server_opens(const char *type, uint32_t peers, uint32_t packet, struct view data)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&w, type);
	put_u32(&w, peers);
	put_u32(&w, 5000);
	put_u32(&w, packet);
	put_bytes(&w, data.data, data.len);
	return up(LINK_UP_RECORD, put_view(&w), 1);
}

/* The step's first record; its first number is 77. */
static uint32_t
failed_with(void)
{
	struct cur c = cur_of(x.step.buf, put_len(&x.step.w));
	uint32_t code;

	if (cur_u8(&c) != LINK_ITEM_RECORD)
		return 0;
	cur_u32(&c);
	if (cur_u8(&c) != SSH_MSG_CHANNEL_OPEN_FAILURE || cur_u32(&c) != 77)
		return 0;
	code = cur_u32(&c);
	return c.bad ? 0 : code;
}

static void
test_opens(void)
{
	static const uint8_t tcpip[] = { 0, 0, 0, 1, 'a', 0, 0, 0, 80, 0, 0, 0, 1, 'b', 0, 0, 2, 0 };
	static const uint8_t port[] = { 0, 0, 0, 1, 'a', 0, 1, 0, 0, 0, 0, 0, 1, 'b', 0, 0, 2, 0 };
	const struct view none = { NULL, 0 }, body = view_of(tcpip, sizeof(tcpip));
	struct caller_origin o;

	make(CALLER_OPEN, false);
	CU_ASSERT_EQUAL(server_opens("forwarded-tcpip", 77, 32768, body), 0);
	CU_ASSERT(failed_with() == SSH_OPEN_ADMINISTRATIVELY_PROHIBITED && x.told_count == 0);
	x.env.opens = "session,forwarded-tcpip,auth-agent@openssh.com,x11,new@x";
	/* Never a session (RFC 4254 section 6.1), nor what cannot be read. */
	CU_ASSERT_EQUAL(server_opens("session", 77, 32768, none), 0);
	CU_ASSERT_EQUAL(failed_with(), SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	CU_ASSERT_EQUAL(server_opens("forwarded-streamlocal@openssh.com", 77, 32768, none), 0);
	CU_ASSERT_EQUAL(failed_with(), SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	CU_ASSERT_EQUAL(server_opens("new@x", 77, 32768, none), 0);
	CU_ASSERT(failed_with() == SSH_OPEN_UNKNOWN_CHANNEL_TYPE && x.told_count == 0);
	/* Asked about, and answered in another order. */
	for (uint32_t i = 0; i < CALLER_CHANS; i++) {
		CU_ASSERT_EQUAL(server_opens(i == 1 ? "auth-agent@openssh.com" : "forwarded-tcpip", 77, 32768, i == 1 ? none : body), 0);
		CU_ASSERT(x.told == CALLER_TOLD_OPEN && x.told_count == i + 1 && put_len(&x.step.w) == 0);
	}
	CU_ASSERT_EQUAL(server_opens("forwarded-tcpip", 77, 32768, body), 0);
	CU_ASSERT(failed_with() == SSH_OPEN_RESOURCE_SHORTAGE && x.told_count == CALLER_CHANS);
	CU_ASSERT_EQUAL(caller_request(&x.c, 3, "env", none, true, &x.step), -R_LINK_STATE);
	CU_ASSERT_EQUAL(caller_refuse(&x.c, 3, SSH_OPEN_CONNECT_FAILED, "no", &x.step), 0);
	CU_ASSERT(failed_with() == SSH_OPEN_CONNECT_FAILED && !x.c.chan[3].used);
	CU_ASSERT_EQUAL(caller_refuse(&x.c, 3, 1, "", &x.step), -R_LINK_STATE);
	CU_ASSERT_EQUAL(caller_accept(&x.c, 2, 1000, 0, 5, &x.step), -R_LIMIT);
	CU_ASSERT_EQUAL(caller_accept(&x.c, 2, 1000, 32768, 5, &x.step), 0);
	CU_ASSERT_EQUAL(x.step.buf[0], LINK_ITEM_CHAN_NEW);
	CU_ASSERT_EQUAL(caller_accept(&x.c, 2, 1000, 32768, 5, &x.step), -R_LINK_STATE);
	CU_ASSERT_EQUAL(caller_request(&x.c, 2, "x", none, true, &x.step), 0);
	/* The server does not know a number that was not told. */
	CU_ASSERT_EQUAL(chan_message(91, 4), -R_CHAN_UNKNOWN);
	make(CALLER_OPEN, false);
	x.env.opens = "forwarded-tcpip,x11";
	CU_ASSERT_EQUAL(server_opens("forwarded-tcpip", 77, 0, body), -R_CHAN_PACKET);
	for (size_t len = 0; len < sizeof(tcpip); len++) {
		make(CALLER_OPEN, false);
		x.env.opens = "forwarded-tcpip,x11";
		CU_ASSERT_EQUAL(server_opens("forwarded-tcpip", 77, 32768, view_of(tcpip, len)), -R_SHORT);
	}
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("forwarded-tcpip"), body), 0);
	CU_ASSERT(view_is(o.address, "a") && o.port == 80 && view_is(o.originator, "b") && o.originator_port == 512);
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("forwarded-tcpip"), view_of(port, sizeof(port))), -R_PROTOCOL);
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("x11"), view_of(tcpip, 9)), 0);
	CU_ASSERT(view_is(o.originator, "a") && o.originator_port == 80 && o.address.len == 0);
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("auth-agent@openssh.com"), none), 0);
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("auth-agent@openssh.com"), view_of(tcpip, 1)), -R_SHORT);
	CU_ASSERT_EQUAL(caller_origin(&o, view_str("session"), none), -R_PROTOCOL);
}

static void
test_globals(void)
{
	const struct view none = { NULL, 0 };
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	make(CALLER_OPEN, false);
	CU_ASSERT_EQUAL(record(82), -R_SSH_PHASE);
	make(CALLER_OPEN, false);
	for (unsigned i = 0; i < CALLER_GLOBALS_MAX; i++)
		CU_ASSERT_EQUAL(caller_global(&x.c, "g", none, true, &x.step), 0);
	CU_ASSERT_EQUAL(caller_global(&x.c, "g", none, true, &x.step), -R_LIMIT);
	CU_ASSERT_EQUAL(caller_global(&x.c, "g", none, false, &x.step), 0);
	CU_ASSERT_EQUAL(record(81), 0);
	CU_ASSERT(x.told == CALLER_TOLD_ANSWER && x.c.globals == CALLER_GLOBALS_MAX - 1);
	put_u8(&w, 80);
	put_cstr(&w, "keepalive@openssh.com");
	put_bool(&w, true);
	put_and_up(&w, 0);
	CU_ASSERT(x.told == CALLER_TOLD_GLOBAL && x.step.buf[0] == LINK_ITEM_RECORD && x.step.buf[5] == 82);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every state and message", test_table },
		{ "strict key exchange", test_strict },
		{ "the first packet", test_kexinit_first },
		{ "what was not asked for", test_not_asked },
		{ "message 60", test_message_60 },
		{ "success", test_success },
		{ "refusals", test_refusals },
		{ "what is signed", test_signature },
		{ "channels and their replies", test_channels },
		{ "channels that are refused", test_unopened },
		{ "channels that the server opens", test_opens },
		{ "global requests", test_globals },
		CU_TEST_INFO_NULL,
	};

	return suite_run("caller", tests);
}
