/*
 * Any order of messages to keeper. A model beside it knows what the supervisor
 * has said; keeper must sign only what that allows.
 */
#include <stdlib.h>
#include <string.h>

#include "control/keeper/keeper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONNS 4u

static struct model {
	bool first_known;
	uint8_t first[64];
	uint32_t asked_tag; /* of the newest request that waits; 0: none */
	uint8_t asked[64];
	size_t asked_len;
	bool may_sign; /* while a verdict runs */
} model[CONNS];

static int
key_find(void *ctx, struct view algorithm, struct view shown)
{
	(void)ctx;
	(void)shown;
	return view_is(algorithm, "ssh-ed25519") ? 0 : -1;
}

static int
store(void *ctx, uint32_t conn, uint32_t gen, uint32_t tag, struct view hash)
{
	(void)ctx;
	(void)gen;
	if (hash.len != 32 && hash.len != 48 && hash.len != 64)
		abort();
	model[conn].asked_tag = tag;
	model[conn].asked_len = hash.len;
	memcpy(model[conn].asked, hash.data, hash.len);
	return 0;
}

static void
answer(void *ctx, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen, uint32_t reason, int key,
    struct view hash)
{
	(void)ctx;
	(void)asker;
	(void)tag;
	(void)gen;
	if (reason != 0)
		return;
	if (key != 0 || !model[conn].may_sign || hash.len != model[conn].asked_len ||
	    memcmp(hash.data, model[conn].asked, hash.len) != 0)
		abort();
}

static const struct keeper_ops ops = { .key_find = key_find, .store = store, .answer = answer };

static void
verdict(struct keeper *k, uint32_t conn, uint32_t tag, uint32_t reason)
{
	struct model *m = &model[conn];
	bool current = m->asked_tag != 0 && tag == m->asked_tag;

	m->may_sign = current && (reason == 0 || (reason == R_LINK_STATE && m->first_known));
	if (m->may_sign && reason == 0)
		m->first_known = true;
	keeper_verdict(k, conn, 1, tag, reason);
	m->may_sign = false;
	if (current)
		m->asked_tag = 0;
}

static void
one(struct keeper *k, struct cur *c)
{
	static const uint32_t reasons[] = { 0, R_LINK_STATE, R_LINK_CONN, R_NOMEM };
	static const size_t lens[] = { 0, 20, 32, 48, 64, 63, 33, 1 };
	static uint8_t hash[64];
	uint8_t op = cur_u8(c), a = cur_u8(c);
	uint32_t conn = a % CONNS;
	struct model *m = &model[conn];

	memset(hash, a, sizeof hash);
	switch (op % 5) {
	case 0:
		keeper_sign(k, 1, a, conn, 1, view_str(op & 0x80 ? "ssh-rsa" : "ssh-ed25519"),
		    view_str("blob"), view_of(hash, lens[op >> 4 & 7]));
		break;
	case 1:
		verdict(k, conn, m->asked_tag + (op & 0x80 ? 1 : 0), reasons[op >> 4 & 3]);
		break;
	case 2:
		keeper_restore(k, conn, 1, view_of(hash, lens[op >> 4 & 7]));
		m->first_known |= (op >> 4 & 7) >= 2 && (op >> 4 & 7) <= 4 &&
				  connmap_find(&k->tab, conn, 1) != CONNMAP_NONE;
		break;
	case 3:
		keeper_forget(k, conn, 1);
		memset(m, 0, sizeof *m);
		break;
	case 4:
		verdict(k, conn, a, reasons[op >> 4 & 3]);
		break;
	}
	if (k->tab.count > k->tab.max)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct keeper k;

	memset(model, 0, sizeof model);
	if (keeper_init(&k, CONNS - 1, &ops, NULL) != 0)
		return 0;
	while (cur_left(&c) >= 2)
		one(&k, &c);
	keeper_fini(&k);
	return 0;
}
