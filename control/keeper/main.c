/*
 * Keeper's process: the configuration, the keys, the sandbox, then requests.
 */
#include <stdlib.h>

#include "control/confmsg.h"
#include "control/keeper/hostkey.h"
#include "control/keeper/keeper.h"
#include "control/log.h"
#include "control/peers.h"
#include "control/sandbox.h"

struct keeper_role {
	struct conf conf;
	struct hostkeys keys;
	struct keeper keeper;
	struct peers peers;
};

static int
key_find(void *ctx, struct view algorithm)
{
	struct keeper_role *r = ctx;

	for (uint32_t i = 0; i < r->keys.count; i++)
		if (view_is(algorithm, r->keys.key[i].algorithm->name))
			return (int)i;
	return -1;
}

static int
store(void *ctx, uint32_t conn, uint32_t gen, uint32_t tag, struct view hash)
{
	struct keeper_role *r = ctx;
	uint8_t body[4 + SSH_HASH_MAX];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_FIRST_HASH, .conn = conn, .gen = gen, .tag = tag };

	put_sview(&w, hash);
	m.body = put_view(&w);
	return peers_send(peers_find(&r->peers, ROLE_SUPERVISOR, 0), &m) == 0 ? 0 : -1;
}

static void
answer(void *ctx, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen, uint32_t reason, int key,
    struct view hash)
{
	struct keeper_role *r = ctx;
	uint8_t body[8 + SSH_SIGNATURE_MAX], blob[SSH_SIGNATURE_MAX];
	struct put w = put_of(body, sizeof body), s = put_of(blob, sizeof blob);
	struct msg m = { .type = MSG_SIGNED, .conn = conn, .gen = gen, .tag = tag };

	if (reason == 0 && hostkey_sign(&r->keys.key[key], &s, hash) != 0) {
		log_error("a host key signature did not verify and was withheld");
		reason = R_KEX_SIGN;
	}
	put_u32(&w, reason);
	put_sview(&w, reason == 0 ? put_view(&s) : view_of(NULL, 0));
	m.body = put_view(&w);
	peers_send(peers_by_serial(&r->peers, asker), &m);
}

static const struct keeper_ops ops = { .key_find = key_find, .store = store, .answer = answer };

static int
on_keys(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	uint8_t body[4 + HOSTKEY_ROWS_MAX * (SIGN_KEY_MAX + 64)];
	struct put w = put_of(body, sizeof body);
	struct msg a = { .type = MSG_KEYS_ARE, .conn = m->conn, .gen = m->gen, .tag = m->tag };

	if (m->body.len != 0)
		return -1;
	put_u32(&w, r->keys.count);
	for (uint32_t i = 0; i < r->keys.count; i++) {
		size_t mark;

		put_cstr(&w, r->keys.key[i].algorithm->name);
		mark = put_mark(&w);
		sign_key_put(&w, pk_signer_public(r->keys.key[i].signer));
		put_fill(&w, mark);
	}
	a.body = put_view(&w);
	peers_send(from, &a);
	return 0;
}

static int
on_sign(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct view algorithm = cur_string(&c);
	struct view hash = cur_string(&c);

	if (!cur_done(&c))
		return -1;
	keeper_sign(&r->keeper, from->serial, m->tag, m->conn, m->gen, algorithm, hash);
	return 0;
}

static int
on_first_hash_ok(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t reason = cur_u32(&c);

	(void)from;
	if (!cur_done(&c))
		return -1;
	keeper_verdict(&r->keeper, m->conn, m->gen, m->tag, reason);
	return 0;
}

static int
on_conn_hash(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct view hash = cur_string(&c);

	(void)from;
	if (!cur_done(&c))
		return -1;
	keeper_restore(&r->keeper, m->conn, m->gen, hash);
	return 0;
}

static int
on_conn_gone(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	(void)from;
	keeper_forget(&r->keeper, m->conn, m->gen);
	return 0;
}

/* Keys are read before the sandbox: for others the supervisor starts another keeper. */
static int
on_conf(struct keeper_role *r, struct role_peer *from, const struct msg *m)
{
	(void)r;
	(void)from;
	(void)m;
	return 0;
}

#define BY(role) (1u << (role))

static const struct {
	uint16_t type;
	unsigned from;
	int (*fn)(struct keeper_role *, struct role_peer *, const struct msg *);
} requests[] = {
	{ MSG_CONF, BY(ROLE_SUPERVISOR), on_conf },
	{ MSG_KEYS, BY(ROLE_GATE) | BY(ROLE_CLERK), on_keys },
	{ MSG_SIGN, BY(ROLE_GATE) | BY(ROLE_CLERK), on_sign },
	{ MSG_FIRST_HASH_OK, BY(ROLE_SUPERVISOR), on_first_hash_ok },
	{ MSG_CONN_HASH, BY(ROLE_SUPERVISOR), on_conn_hash },
	{ MSG_CONN_GONE, BY(ROLE_SUPERVISOR), on_conn_gone },
};

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (requests[i].type == m->type && (requests[i].from & BY(from->role)) != 0)
			return requests[i].fn(ctx, from, m);
	return -1;
}

static int
serve(struct keeper_role *r, struct loop *loop)
{
	struct msg ready = { .type = MSG_READY };

	if (peers_start(&r->peers, loop, ROLE_SUPERVISOR_FD, on_message, NULL, r) != 0 ||
	    sandbox_enter(ROLE_KEEPER) != 0)
		return 1;
	peers_send(peers_find(&r->peers, ROLE_SUPERVISOR, 0), &ready);
	return loop_run(loop, NULL, NULL) == 0 ? 0 : 1;
}

int
keeper_main(uint32_t index)
{
	struct keeper_role *r = calloc(1, sizeof *r);
	struct loop *loop = loop_new();
	int status = 1;

	(void)index;
	if (r == NULL || loop == NULL || pk_start() != 0)
		goto out;
	if (confmsg_wait(&r->conf, ROLE_SUPERVISOR_FD) != 0)
		goto out;
	if (hostkeys_load(&r->keys, &r->conf) == 0) {
		log_error("no host key can be used");
		goto out;
	}
	/* Connections that are closing still have their rows for a while. */
	if (keeper_init(&r->keeper, 2 * r->conf.conn_max, &ops, r) != 0)
		goto out_keys;
	status = serve(r, loop);
	peers_end(&r->peers);
	keeper_fini(&r->keeper);
out_keys:
	hostkeys_free(&r->keys);
out:
	loop_free(loop);
	free(r);
	return status;
}
