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

#include <stdlib.h>

#include "drivers/cipher/select.h"
#include "tests/sim/ssh/srvend.h"

#define KEYS "tests/unit/control/keeper/keys/"
#define STEPS 400

enum action { RECORD, RAW, TIME, REKEY, DATA, EXIT, ACTION_COUNT };

struct session_seen session_seen;

/* The peer's half of the record layer. */
struct peer {
	struct record_dir out, in;
	struct cipher_ctx out_ctx, in_ctx;
	bool line; /* the server's identification has come */
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

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

static int
keys(struct record_dir *d, uint16_t suite)
{
	static const uint8_t key[64];

	return record_dir_keys(d, cipher_engine_for(suite), key, key, key, true);
}

/* Everything that the server says. */
static void
listen_to(struct srvend *e, struct peer *p)
{
	static uint8_t record[RECORD_MAX];
	struct view out = memconn_out(&e->m), payload;

	if (!p->line && out.len > 0) {
		const uint8_t *end = memchr(out.data, '\n', out.len);

		require(end != NULL);
		memconn_sent(&e->m, (size_t)(end - out.data) + 1);
		p->line = true;
	}
	while ((out = memconn_out(&e->m)).len >= 4 && p->line) {
		int need = record_need(&p->in, out.data, out.len);

		if (need < 0 && e->m.conn.phase == SSH_PHASE_CLOSING && p->in.engine == NULL)
			break; /* before the peer's line it is told in text why not */
		require(need > 0 && (size_t)need <= out.len);
		memcpy(record, out.data, (size_t)need);
		require(record_open(&p->in, record, &payload) == 0);
		memconn_sent(&e->m, (size_t)need);
		if (payload.data[0] == SSH_MSG_NEWKEYS)
			require(keys(&p->in, e->m.conn.out.engine->suite) == 0);
		session_seen.refused += payload.data[0] == SSH_MSG_USERAUTH_FAILURE;
	}
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
	listen_to(e, p);
	return rc;
}

static void
send_record(struct srvend *e, struct peer *p, struct view payload)
{
	static const uint8_t random[RECORD_RANDOM];
	static uint8_t sealed[RECORD_MAX];
	uint16_t next = e->m.conn.pending_in.suite;
	bool switches = payload.len == 1 && payload.data[0] == SSH_MSG_NEWKEYS && e->m.conn.keys_pending;
	int n = record_seal(&p->out, sealed, sizeof(sealed), payload, random);

	if (n > 0)
		require(memconn_in(&e->m, view_of(sealed, (size_t)n)) == 0);
	if (n > 0 && switches) {
		session_seen.keyed++;
		session_seen.rekeyed_peer += e->login;
		require(keys(&p->out, next) == 0);
	}
	session_seen.asked += n > 0 && payload.data[0] == SSH_MSG_USERAUTH_REQUEST;
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

	memset(&p, 0, sizeof(p));
	record_dir_init(&p.out, &p.out_ctx);
	record_dir_init(&p.in, &p.in_ctx);
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
	record_dir_wipe(&p.out);
	record_dir_wipe(&p.in);
	return 0;
}
