/*
 * Keeper's process: the configuration, the keys, the sandbox, then requests.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/keeper/agentlink.h"
#include "control/keeper/hostkey.h"
#include "control/keeper/keeper.h"
#include "control/keeper/work.h"
#include "control/kex/agent.h"
#include "control/log.h"
#include "control/peers.h"
#include "control/sandbox.h"

struct keeper_role {
	struct conf conf;
	struct hostkeys keys;
	struct keeper keeper;
	struct work work;
	struct loop *loop;
	struct peers peers;
	struct agentlink agent;
	bool agent_gone;
	int expiry; /* timer: of the oldest job */
};

static int
key_find(void *ctx, struct view algorithm, struct view shown)
{
	struct keeper_role *r = ctx;

	return hostkey_row_find(&r->keys, algorithm, shown);
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

/* ---- answers ---- */

static void
tell_signed(struct keeper_role *r, const struct work_for *whom, uint32_t reason, struct view signature)
{
	uint8_t body[8 + SSH_SIGNATURE_MAX];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_SIGNED, .conn = whom->conn, .gen = whom->gen, .tag = whom->tag };

	put_u32(&w, reason);
	put_sview(&w, reason == 0 ? signature : view_of(NULL, 0));
	m.body = put_view(&w);
	peers_send(peers_by_serial(&r->peers, whom->asker), &m);
}

static void
tell_proved(struct keeper_role *r, const struct work_for *whom, uint32_t reason, struct view signatures)
{
	static uint8_t body[4 + WORK_PROOF_MAX];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_PROVED, .conn = whom->conn, .gen = whom->gen, .tag = whom->tag };

	put_u32(&w, reason);
	if (reason == 0)
		put_bytes(&w, signatures.data, signatures.len);
	m.body = put_view(&w);
	peers_send(peers_by_serial(&r->peers, whom->asker), &m);
}

static void
expire(void *ctx)
{
	struct keeper_role *r = ctx;
	uint64_t now = loop_now_ms(), next;

	r->expiry = 0;
	work_expire(&r->work, now);
	next = work_next(&r->work);
	if (next != UINT64_MAX)
		r->expiry = loop_after(r->loop, next > now ? (uint32_t)(next - now) : 1, expire, r);
}

static void
expect(struct keeper_role *r)
{
	if (r->expiry <= 0)
		r->expiry = loop_after(r->loop, WORK_MS, expire, r);
}

static void
over(void *ctx, const struct work_job *j, uint32_t reason)
{
	if (reason != 0)
		log_error("no signature by host key %s", ((struct keeper_role *)ctx)->keys.key[j->item[j->done].key].path);
	(j->proof ? tell_proved : tell_signed)(ctx, &j->whom, reason, put_view(&j->out));
}

/* Of a key that is here at once; else when the agent has spoken. */
static void
answer(void *ctx, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen, uint32_t reason, int row,
    struct view hash)
{
	struct keeper_role *r = ctx;
	const struct work_for whom = { asker, tag, conn, gen };
	struct hostkey *key = reason == 0 ? &r->keys.key[r->keys.row[row].key] : NULL;
	uint8_t blob[SSH_SIGNATURE_MAX];
	struct put s = put_of(blob, sizeof blob);

	if (key != NULL && key->signer == NULL) {
		reason = work_sign(&r->work, &whom, row, hash, loop_now_ms());
		expect(r);
		if (reason == 0)
			return;
	} else if (key != NULL && hostkey_sign(key, r->keys.row[row].algorithm, &s, hash) != 0) {
		log_error("a host key signature did not verify and was withheld");
		reason = R_KEX_SIGN;
	}
	tell_signed(r, &whom, reason, put_view(&s));
}

static const struct keeper_ops ops = { .key_find = key_find, .store = store, .answer = answer };

static void
tell_keys(struct keeper_role *r, struct role_peer *to, uint32_t tag)
{
	static uint8_t body[MSG_MAX];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_KEYS_ARE, .conn = UINT32_MAX, .tag = tag };

	hostkeys_put(&r->keys, &w);
	m.body = put_view(&w);
	peers_send(to, &m);
}

/* ---- the agent ---- */

static void
agent_wanted(void *ctx)
{
	struct keeper_role *r = ctx;
	struct msg m = { .type = MSG_AGENT_WANTED, .conn = UINT32_MAX };

	peers_send(peers_find(&r->peers, ROLE_SUPERVISOR, 0), &m);
}

/* Some came or went: what is offered may be other keys now. */
static void
keys_changed(struct keeper_role *r)
{
	hostkeys_rows(&r->keys);
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct role_peer *p = &r->peers.list[i];

		if (p->fd >= 0 && (p->role == ROLE_GATE || p->role == ROLE_CLERK))
			tell_keys(r, p, 0);
	}
}

static bool
in_list(struct view keys, struct view wanted)
{
	struct view blob, comment;

	while (agent_key(&keys, &blob, &comment))
		if (view_eq(blob, wanted))
			return true;
	return false;
}

static bool
agent_listed(void *ctx, struct view list)
{
	struct keeper_role *r = ctx;
	bool all = true, changed = false;

	if (r->agent_gone)
		log_info("HostKeyAgent: it is back");
	r->agent_gone = false;
	for (uint32_t i = 0; i < r->keys.key_count; i++) {
		struct hostkey *k = &r->keys.key[i];
		bool away = k->signer == NULL && !in_list(list, hostkey_blob(k));

		if (away && !k->away)
			log_warn("host key %s: the agent does not have it", k->path);
		changed |= away != k->away;
		k->away = away;
		all = all && !away;
	}
	if (changed)
		keys_changed(r);
	return all;
}

static void
agent_signed(void *ctx, struct view signature)
{
	struct keeper_role *r = ctx;

	work_agent(&r->work, signature);
}

static void
agent_lost(void *ctx)
{
	struct keeper_role *r = ctx;

	work_agent_lost(&r->work);
}

static void
agent_gone(void *ctx, const char *why)
{
	struct keeper_role *r = ctx;

	if (r->agent_gone)
		return;
	r->agent_gone = true;
	log_warn("HostKeyAgent %s: %s", r->conf.host_key_agent, why);
	for (uint32_t i = 0; i < r->keys.key_count; i++)
		r->keys.key[i].away = r->keys.key[i].signer == NULL;
	keys_changed(r);
}

static const struct agentlink_ops agent_ops = {
	.wanted = agent_wanted,
	.listed = agent_listed,
	.signed_by = agent_signed,
	.lost = agent_lost,
	.gone = agent_gone,
};

static bool
ask_agent(void *ctx, const struct hostkey *k, const struct sign_algorithm *a, struct view data)
{
	struct keeper_role *r = ctx;

	return agentlink_sign(&r->agent, hostkey_blob(k), a->name, data);
}

static int
on_agent_is(struct keeper_role *r, struct role_peer *from, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t error = cur_u32(&c);
	int fd = msg_take_fd(m, 0);

	(void)from;
	if (!cur_done(&c) || (error == 0) != (fd >= 0)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	agentlink_take(&r->agent, fd, strerror((int)error));
	return 0;
}

/* ---- requests ---- */

static int
on_keys(struct keeper_role *r, struct role_peer *from, struct msg *m)
{
	if (m->body.len != 0)
		return -1;
	tell_keys(r, from, m->tag);
	return 0;
}

static int
on_prove(struct keeper_role *r, struct role_peer *from, struct msg *m)
{
	const struct work_for whom = { from->serial, m->tag, m->conn, m->gen };
	struct cur c = cur_view(m->body);
	struct view host_key = cur_string(&c);
	uint32_t count = cur_u32(&c);
	struct view list = cur_take(&c, cur_left(&c));
	uint32_t reason;

	if (!cur_done(&c))
		return -1;
	reason = work_prove(&r->work, &whom, keeper_session(&r->keeper, m->conn, m->gen), host_key, count, list,
	    loop_now_ms());
	if (reason != 0)
		tell_proved(r, &whom, reason, view_of(NULL, 0));
	else
		expect(r);
	return 0;
}

static int
on_sign(struct keeper_role *r, struct role_peer *from, struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct view algorithm = cur_string(&c);
	struct view shown = cur_string(&c);
	struct view hash = cur_string(&c);

	if (!cur_done(&c))
		return -1;
	keeper_sign(&r->keeper, from->serial, m->tag, m->conn, m->gen, algorithm, shown, hash);
	return 0;
}

static int
on_first_hash_ok(struct keeper_role *r, struct role_peer *from, struct msg *m)
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
on_conn_hash(struct keeper_role *r, struct role_peer *from, struct msg *m)
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
on_conn_gone(struct keeper_role *r, struct role_peer *from, struct msg *m)
{
	(void)from;
	keeper_forget(&r->keeper, m->conn, m->gen);
	work_forget(&r->work, m->conn, m->gen);
	return 0;
}

/* Keys are read before the sandbox: for others the supervisor starts another keeper. */
static int
on_conf(struct keeper_role *r, struct role_peer *from, struct msg *m)
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
	int (*fn)(struct keeper_role *, struct role_peer *, struct msg *);
} requests[] = {
	{ MSG_CONF, BY(ROLE_SUPERVISOR), on_conf },
	{ MSG_KEYS, BY(ROLE_GATE) | BY(ROLE_CLERK), on_keys },
	{ MSG_AGENT_IS, BY(ROLE_SUPERVISOR), on_agent_is },
	{ MSG_PROVE, BY(ROLE_CLERK), on_prove },
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

static const struct work_ops work_ops = { .over = over, .agent = ask_agent };

static int
before(void *ctx)
{
	struct keeper_role *r = ctx;

	return work_run(&r->work) ? 1 : 0;
}

static int
serve(struct keeper_role *r, struct loop *loop)
{
	struct msg ready = { .type = MSG_READY };

	if (peers_start(&r->peers, loop, ROLE_SUPERVISOR_FD, on_message, NULL, r) != 0 ||
	    sandbox_enter(ROLE_KEEPER) != 0)
		return 1;
	peers_send(peers_find(&r->peers, ROLE_SUPERVISOR, 0), &ready);
	if (r->conf.host_key_agent[0] != '\0' && agentlink_start(&r->agent, loop, &agent_ops, r) != 0)
		return 1;
	return loop_run(loop, before, r) == 0 ? 0 : 1;
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
	r->loop = loop;
	if (hostkeys_load(&r->keys, &r->conf, (uint64_t)time(NULL)) == 0) {
		log_error("no host key can be used");
		goto out;
	}
	/* Connections that are closing still have their rows for a while. */
	if (keeper_init(&r->keeper, 2 * r->conf.conn_max, &ops, r) != 0)
		goto out_keys;
	work_init(&r->work, &r->keys, &work_ops, r);
	status = serve(r, loop);
	agentlink_end(&r->agent);
	work_fini(&r->work);
	peers_end(&r->peers);
	keeper_fini(&r->keeper);
out_keys:
	hostkeys_free(&r->keys);
out:
	loop_free(loop);
	free(r);
	return status;
}
