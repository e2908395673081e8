/*
 * A whole connection in the client role, as session.c has one in the server role: the
 * dataplane's half and the caller, with the mathematics stubbed. Input: two bytes, by
 * which methods its user answers and what is offered, then actions, each one byte, two
 * bytes of length (big endian) and that many bytes.
 *
 *   RECORD   a payload, which becomes a record with the keys that are in use
 *   RAW      bytes as they are
 *   TIME     so many units of 65 ms go by
 *   REKEY    the caller begins an exchange
 *   OPEN     it opens a channel and starts a program on it
 *   WRITE    it writes to the channel
 *
 * Whatever the server says, it is never more than what was asked for: nobody is logged in
 * without a request, no channel opens that was not asked for.
 */
#include "control/kex/names.h"
#include "tests/fuzz/session/peer.h"
#include "tests/fuzz/session/session.h"
#include "tools/client/callend.h"

#define STEPS 400

enum action { RECORD, RAW, TIME, REKEY, OPEN, WRITE, ACTION_COUNT };

struct session_seen session_seen;
const char *const session_corpus = "tests/fuzz/corpus/call";
static unsigned requests, opens;

static void
on_told(void *ctx, struct callend *e, const struct caller_event *event)
{
	(void)ctx, (void)e;
	if (event->told == CALLER_TOLD_LOGIN) {
		require(requests > 0);
		session_seen.logged_in++;
	}
	session_seen.keyed += event->told == CALLER_TOLD_KEYED;
	session_seen.rekeyed_peer += event->told == CALLER_TOLD_KEYED && event->code > 1;
	session_seen.refused += event->told == CALLER_TOLD_REFUSED;
	if (event->told == CALLER_TOLD_OPENED) {
		require(opens > 0 && event->chan < CALLER_CHANS);
		session_seen.opened++;
	}
}

static bool
on_chan(void *ctx, struct callend *e, uint32_t chan, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	(void)ctx, (void)e, (void)arg0, (void)bytes;
	require(chan < SSH_CHAN_MAX && opens > 0);
	session_seen.started += kind == CHAN_UP_OPEN;
	session_seen.data += kind == CHAN_UP_DATA;
	session_seen.eof += kind == CHAN_UP_EOF;
	return true;
}

static const char algorithm[] = "ssh-ed25519";

static struct view
key_blob(void)
{
	static uint8_t blob[64];
	struct put w = put_of(blob, sizeof(blob));
	uint8_t key[32] = { 4 };

	put_cstr(&w, algorithm);
	put_string(&w, key, sizeof(key));
	return put_view(&w);
}

static void
log_in(struct callend *e, uint8_t how, struct step *s)
{
	static const char *const kinds[] = { "none", "password", "kbdint", "query", "key" };
	struct caller *c = &e->caller;

	requests++;
	session_seen.asked++;
	switch ((how + requests) % (sizeof(kinds) / sizeof(kinds[0]))) {
	case 0:
		caller_auth_none(c, s);
		break;
	case 1:
		caller_auth_password(c, "secret", s);
		break;
	case 2:
		caller_auth_kbdint(c, "", s);
		break;
	case 3:
		caller_auth_query(c, algorithm, key_blob(), s);
		break;
	default:
		caller_auth_key(c, algorithm, key_blob());
		break;
	}
}

static void
answer(struct callend *e, uint8_t how)
{
	static const uint8_t signature[] = "\0\0\0\013ssh-ed25519\0\0\0\1s";
	struct view response[USERAUTH_PROMPTS_MAX];
	struct caller *c = &e->caller;
	struct step *s = callend_step(e);

	for (size_t i = 0; i < USERAUTH_PROMPTS_MAX; i++)
		response[i] = view_str("secret");
	switch (c->wants) {
	case CALLER_WANTS_TRUST:
		caller_trust(c, how != 0xff, s);
		break;
	case CALLER_WANTS_METHOD:
		log_in(e, how, s);
		break;
	case CALLER_WANTS_SIGNATURE:
		require(caller_signed(c).len > 0);
		caller_signature(c, view_of(signature, sizeof(signature) - 1), s);
		break;
	case CALLER_WANTS_RESPONSES:
		caller_responses(c, response, c->prompts, s);
		break;
	case CALLER_WANTS_PASSWORD:
		caller_auth_new_password(c, "secret", "fresh", s);
		break;
	default:
		return;
	}
	callend_do(e);
}

static int
run(struct callend *e, struct peer *p, uint8_t how, uint64_t now)
{
	int rc = callend_run(e, now);

	for (int i = 0; i < 8 && rc == 0 && e->caller.wants != CALLER_WANTS_NOTHING; i++) {
		answer(e, how);
		rc = callend_run(e, now);
	}
	session_seen.inflated += e->m.conn.zip.in.on;
	peer_listen(p, &e->m, NULL);
	return rc;
}

static void
open_one(struct callend *e, struct view v)
{
	static const uint8_t body[] = "\0\0\0\4true";
	struct caller *c = &e->caller;
	struct step *s = callend_step(e);
	int n;

	if (c->state != CALLER_OPEN)
		return;
	if (v.len == 0) {
		n = caller_open(c, "session", 100000, SSH_CHAN_PACKET_MAX, view_of(NULL, 0), s);
		opens += n >= 0;
	} else {
		n = caller_start(c, v.data[0], "exec", view_of(body, sizeof(body) - 1), CALLEND_LINK, s);
	}
	if (n >= 0)
		callend_do(e);
}

static void
act(struct callend *e, struct peer *p, uint8_t action, struct view v, uint64_t *now)
{
	struct step *s;

	switch (action) {
	case RECORD:
		if (v.len > 0)
			(void)peer_send(p, &e->m, v);
		break;
	case RAW:
		require(memconn_in(&e->m, v) == 0);
		break;
	case TIME:
		*now += (uint64_t)(v.len > 0 ? v.data[0] : 1) << 16;
		(void)memconn_tick(&e->m, *now);
		break;
	case REKEY:
		s = callend_step(e);
		if (e->caller.state == CALLER_OPEN && caller_rekey(&e->caller, s) == 0) {
			session_seen.rekeyed_own++;
			callend_do(e);
		}
		break;
	case OPEN:
		open_one(e, v);
		break;
	default:
		if (v.len > 0)
			(void)callend_write(e, v.data[0], v);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rng rng;
	static struct peer p;
	struct callend_conf conf = { .user = "alice", .offer = *kex_offer_default(false), .rng = &rng,
		.zip = &zip_zlib, .told = on_told, .chan = on_chan };
	struct cur c = cur_of(data, size);
	uint8_t how = cur_u8(&c), what = cur_u8(&c);
	uint64_t now = 1000000;
	struct callend *e;

	conf.limits = (struct ssh_env){ .rekey_deadline_us = 120000000, .alive_us = 60000000, .alive_max = 3 };
	conf.offer.compression = what & 1 ? ZIP_DELAYED ",none" : "none";
	rng_fixed(&rng, 1);
	requests = opens = 0;
	peer_init(&p);
	e = callend_new(&conf, now);
	require(e != NULL);
	for (int n = 0; n < STEPS && cur_left(&c) >= 3; n++) {
		uint8_t action = cur_u8(&c) % ACTION_COUNT;
		size_t len = cur_u16(&c);
		struct view v = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));

		act(e, &p, action, v, &now);
		if (run(e, &p, how, now) != 0)
			break;
	}
	callend_free(e);
	peer_fini(&p);
	return 0;
}
