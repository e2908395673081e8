/*
 * The other end's half of the record layer, over stubbed ciphers: it frames what the
 * fuzzer says, and takes off what the end under test says, which must be a line and then
 * records that open.
 *
 * All suites are framed alike, so a change of keys inside a compressed stream, which is
 * not looked into, needs no notice.
 */
#ifndef POSTERN_FUZZ_PEER_H
#define POSTERN_FUZZ_PEER_H

#include <stdlib.h>

#include "drivers/cipher/select.h"
#include "tools/client/memconn.h"

struct peer {
	struct record_dir out, in;
	struct cipher_ctx out_ctx, in_ctx;
	bool line; /* the identification has come */
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
peer_init(struct peer *p)
{
	memset(p, 0, sizeof(*p));
	record_dir_init(&p->out, &p->out_ctx);
	record_dir_init(&p->in, &p->in_ctx);
}

static void
peer_fini(struct peer *p)
{
	record_dir_wipe(&p->out);
	record_dir_wipe(&p->in);
}

static int
peer_keys(struct record_dir *d, uint16_t suite)
{
	static const uint8_t key[64];

	return record_dir_keys(d, cipher_engine_for(suite), key, key, key, true);
}

/* Everything that the end says. told: each payload, as it was sealed. */
static void
peer_listen(struct peer *p, struct memconn *m, void (*told)(struct view payload))
{
	static uint8_t record[RECORD_MAX];
	struct view out = memconn_out(m), payload;

	if (!p->line && out.len > 0) {
		const uint8_t *end = memchr(out.data, '\n', out.len);

		require(end != NULL);
		memconn_sent(m, (size_t)(end - out.data) + 1);
		p->line = true;
	}
	while (p->line && (out = memconn_out(m)).len >= 4) {
		int need = record_need(&p->in, out.data, out.len);

		if (need < 0 && m->conn.phase == SSH_PHASE_CLOSING && p->in.engine == NULL)
			break; /* before the other's line it is told in text why not */
		require(need > 0 && (size_t)need <= out.len);
		memcpy(record, out.data, (size_t)need);
		require(record_open(&p->in, record, &payload) == 0);
		memconn_sent(m, (size_t)need);
		if (payload.data[0] == SSH_MSG_NEWKEYS)
			require(peer_keys(&p->in, m->conn.out.engine->suite) == 0);
		if (told != NULL)
			told(payload);
	}
}

/* A payload, sealed with the keys in use. 1: it was NEWKEYS, and has its keys; 0; -1: too long. */
static int
peer_send(struct peer *p, struct memconn *m, struct view payload)
{
	static const uint8_t random[RECORD_RANDOM];
	static uint8_t sealed[RECORD_MAX];
	uint16_t next = m->conn.pending_in.suite;
	bool switches = payload.len == 1 && payload.data[0] == SSH_MSG_NEWKEYS && m->conn.keys_pending;
	int n = record_seal(&p->out, sealed, sizeof(sealed), payload, random);

	if (n <= 0)
		return -1;
	require(memconn_in(m, view_of(sealed, (size_t)n)) == 0);
	if (switches)
		require(peer_keys(&p->out, next) == 0);
	return switches;
}

#endif
