/*
 * A whole connection in the server role, from its first byte: the dataplane's half, the
 * real gate, the real clerk, with the mathematics stubbed (stub.c). Input: actions, each
 * one byte, two bytes of length (big endian) and that many bytes.
 *
 *   RECORD   a payload, which becomes a record with the keys that are in use
 *   RAW      bytes as they are: identification, records of the fuzzer's own
 *   TIME     so many units of 65 ms go by
 *   REKEY    clerk begins an exchange
 *   DATA     the program on a channel writes
 *   EXIT     it ends: EOF, status, close
 *
 * Nobody is logged in without warden's yes; what crosses the link keeps its rules; what
 * goes out is a line and then records, each of which opens again.
 */
#include "tests/fuzz/session/session.h"

#include "tests/fuzz/session/peer.h"
#include "tests/sim/ssh/srvend.h"

#define KEYS "tests/unit/control/keeper/keys/"
#define STEPS 400

enum action { RECORD, RAW, TIME, REKEY, DATA, EXIT, ACTION_COUNT };

struct session_seen session_seen;
const char *const session_corpus = "tests/fuzz/corpus/session";

static bool
on_chan(void *ctx, struct srvend *e, uint32_t chan, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	(void)ctx, (void)arg0;
	require(e->login && chan < SSH_CHAN_MAX);
	if (kind == CHAN_UP_OPEN)
		session_seen.started++;
	if (kind == CHAN_UP_DATA)
		session_seen.data += bytes.len > 0;
	if (kind == CHAN_UP_EOF)
		session_seen.eof++;
	return true;
}

static void
on_payload(struct view payload)
{
	session_seen.refused += payload.data[0] == SSH_MSG_USERAUTH_FAILURE;
}

static int
run(struct srvend *e, struct peer *p, uint64_t now)
{
	bool was = e->login;
	int rc = srvend_run(e, now);

	require(!e->faulty);
	require(!e->login || e->m.conn.granted);
	session_seen.logged_in += !was && e->login;
	session_seen.inflated += e->m.conn.zip.in.on;
	session_seen.opened += e->m.conn.chan_count > 0;
	peer_listen(p, &e->m, on_payload);
	return rc;
}

static void
send_record(struct srvend *e, struct peer *p, struct view payload)
{
	int sent = peer_send(p, &e->m, payload);

	session_seen.keyed += sent > 0;
	session_seen.rekeyed_peer += sent > 0 && e->login;
	session_seen.asked += sent >= 0 && payload.data[0] == SSH_MSG_USERAUTH_REQUEST;
}

static void
write_data(struct srvend *e, struct view v)
{
	struct cur r = cur_view(v);
	struct ssh_chan *ch = ssh_chan_of(&e->m.conn, cur_u8(&r), SRVEND_LINK);

	v = cur_take(&r, cur_left(&r));
	if (ch != NULL && v.len <= ch->credit)
		require(ssh_host_data(&e->m.conn, ch, 0, v) <= 0);
}

static void
program_ends(struct srvend *e, struct view v)
{
	static const uint8_t status[] = "\0\0\0\013exit-status\0\0\0\0";
	struct ssh_chan *ch = ssh_chan_of(&e->m.conn, v.len > 0 ? v.data[0] : 0, SRVEND_LINK);

	if (ch == NULL)
		return;
	(void)ssh_host_eof(&e->m.conn, ch);
	(void)ssh_host_request(&e->m.conn, ch, view_of(status, sizeof(status) - 1));
	(void)ssh_host_close(&e->m.conn, ch);
}

static void
act(struct srvend *e, struct peer *p, uint8_t action, struct view v, uint64_t *now)
{
	switch (action) {
	case RECORD:
		if (v.len > 0)
			send_record(e, p, v);
		break;
	case RAW:
		require(memconn_in(&e->m, v) == 0);
		break;
	case TIME:
		*now += (uint64_t)(v.len > 0 ? v.data[0] : 1) << 16;
		(void)memconn_tick(&e->m, *now);
		break;
	case REKEY:
		session_seen.rekeyed_own += srvend_rekey(e);
		break;
	case DATA:
		write_data(e, v);
		break;
	default:
		program_ends(e, v);
		break;
	}
}

static struct srvend_world *
world(void)
{
	static const char *const paths[SRVEND_KEYS] = { KEYS "ed25519", KEYS "ecdsa256", KEYS "ecdsa384",
		KEYS "ecdsa521", KEYS "rsa2048" };
	static struct srvend_world w;
	static bool made;

	if (!made)
		require(srvend_world_init(&w, paths) == 0);
	made = true;
	rng_fixed(&w.rng, 1);
	return &w;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct srvend_ops ops = { .chan = on_chan };
	static const struct ssh_env limits = { .grace_us = 120000000, .grace_kex_us = 30000000,
		.rekey_deadline_us = 120000000, .alive_us = 60000000, .alive_max = 3 };
	struct cur c = cur_of(data, size);
	uint64_t now = 1000000;
	static struct peer p;
	struct srvend *e;

	peer_init(&p);
	e = srvend_new(world(), &limits, "secret", &ops, now);
	require(!e->faulty);
	for (int n = 0; n < STEPS && cur_left(&c) >= 3; n++) {
		uint8_t action = cur_u8(&c) % ACTION_COUNT;
		size_t len = cur_u16(&c);
		struct view v = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));

		act(e, &p, action, v, &now);
		if (run(e, &p, now) != 0)
			break;
	}
	srvend_free(e);
	peer_fini(&p);
	return 0;
}
