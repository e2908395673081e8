#include "control/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "control/kex/keyslot.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"
#include "control/kex/quirks.h"
#include "control/msg.h"

void
exchange_env_init(struct exchange_env *env, struct rng *rng)
{
	const struct cost_limits limits = { COST_GATE_BURST, COST_GATE_RATE, COST_GATE_SOURCE_BURST,
		COST_GATE_SOURCE_RATE };
	uint64_t seed = 0;

	memset(env, 0, sizeof(*env));
	env->rng = rng;
	env->lists = (struct exchange_lists){ KEX_SERVED, HOST_KEY_NAMES, CIPHER_NAMES, MAC_NAMES, SIGN_NAMES, true };
	locked_init(&env->secrets, sizeof(struct exchange));
	locked_init(&env->pool_memory, sizeof(struct kex_pool));
	if (rng != NULL)
		rng_fill(rng, &seed, sizeof(seed));
	cost_init(&env->cost, &limits, seed);
}

void
exchange_env_conf(struct exchange_env *env, const struct conf *c)
{
	memcpy(env->lists.kex, c->kex_algorithms, sizeof(env->lists.kex));
	memcpy(env->lists.host_keys, c->host_key_algorithms, sizeof(env->lists.host_keys));
	memcpy(env->lists.ciphers, c->ciphers, sizeof(env->lists.ciphers));
	memcpy(env->lists.macs, c->macs, sizeof(env->lists.macs));
	memcpy(env->lists.sign, c->pubkey_algorithms, sizeof(env->lists.sign));
	env->lists.compression = c->compression != CONF_COMPRESSION_NO;
	env->agent = c->allow_agent && !c->disable_forwarding;
}

void
exchange_env_fini(struct exchange_env *env)
{
	locked_fini(&env->secrets);
	locked_fini(&env->pool_memory);
	env->pool = NULL;
	free(env->moduli);
	env->moduli = NULL;
	env->moduli_len = 0;
}

void
exchange_drop(struct conobj *p, struct exchange_env *env)
{
	if (p->exchange != NULL)
		cost_leave(&env->cost, &p->exchange->ticket);
	locked_give(&env->secrets, p->exchange);
	p->exchange = NULL;
	free(p->group);
	p->group = NULL;
}

/* ---- host keys ---- */

static bool
take_offered(struct hostkey *k, struct cur *c)
{
	k->algorithm = cur_string(c);
	k->blob = cur_string(c);
	return !c->bad && k->algorithm.len > 0 && k->algorithm.len < KEX_NAME_MAX && k->blob.len > 0 &&
	       k->blob.len <= CERT_MAX;
}

/* The views of a message; where they point to is the caller's matter. */
static bool
hostkeys_parse(struct hostkey_list *l, struct view body)
{
	struct cur c = cur_view(body);

	memset(l, 0, sizeof(*l));
	l->all_count = cur_u32(&c);
	if (l->all_count > HOSTKEYS_ALL_MAX)
		return false;
	for (uint32_t i = 0; i < l->all_count; i++) {
		l->all[i] = cur_string(&c);
		if (l->all[i].len == 0 || l->all[i].len > SIGN_KEY_MAX)
			return false;
	}
	l->count = cur_u32(&c);
	if (l->count > HOSTKEY_OFFERS_MAX)
		return false;
	for (uint32_t i = 0; i < l->count; i++)
		if (!take_offered(&l->key[i], &c))
			return false;
	return cur_done(&c);
}

static const struct hostkey *
hostkey_find(const struct hostkey_list *l, struct view algorithm)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (view_eq(algorithm, l->key[i].algorithm))
			return &l->key[i];
	return NULL;
}

/* The key for an exchange of this connection: what it was shown before, if that is
 * still there. OpenSSH's client takes no other one in a later exchange: there it does
 * not know its host's name any more. */
static const struct hostkey *
hostkey_for(const struct hostkey_list *l, const struct note *n, struct view algorithm)
{
	for (uint32_t i = 0; i < l->count && n->host_key.len > 0; i++) {
		uint8_t sum[32];

		if (view_eq(algorithm, l->key[i].algorithm) &&
		    pk_sha256(sum, l->key[i].blob.data, l->key[i].blob.len) == 0 &&
		    view_eq(view_of(sum, sizeof(sum)), n->host_key))
			return &l->key[i];
	}
	return hostkey_find(l, algorithm);
}

static const struct hostkey *
same_of(const struct hostkey_list *l, const struct hostkey *k)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (view_eq(k->algorithm, l->key[i].algorithm) && view_eq(k->blob, l->key[i].blob))
			return &l->key[i];
	return NULL;
}

/* What is shown as before keeps its version: exchanges with it go on. */
static void
take_versions(struct hostkeys *k, struct hostkey_list *fresh)
{
	for (uint32_t i = 0; i < k->was.count; i++)
		k->was.key[i].version = k->list.key[i].version;
	for (uint32_t i = 0; i < fresh->count; i++) {
		const struct hostkey *was = same_of(&k->was, &fresh->key[i]);

		fresh->key[i].version = was != NULL ? was->version : k->next_version++;
	}
}

int
hostkeys_decode(struct hostkeys *k, struct view body)
{
	struct hostkey_list fresh;

	if (body.len > sizeof(k->bytes) || !hostkeys_parse(&fresh, body))
		return -R_PROTOCOL;
	if (view_eq(body, view_of(k->bytes, k->len)))
		return 0;
	memcpy(k->was_bytes, k->bytes, k->len);
	k->was_len = k->len;
	memcpy(k->bytes, body.data, body.len);
	k->len = (uint32_t)body.len;
	if (!hostkeys_parse(&k->was, view_of(k->was_bytes, k->was_len)))
		memset(&k->was, 0, sizeof(k->was)); /* there was none */
	(void)hostkeys_parse(&fresh, view_of(k->bytes, k->len));
	take_versions(k, &fresh);
	k->list = fresh;
	return 0;
}

static bool
shown(const struct hostkey_list *l, struct view blob)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (view_eq(blob, l->key[i].blob))
			return true;
	return false;
}

bool
hostkeys_have(const struct hostkeys *k, struct view blob)
{
	return shown(&k->list, blob) || shown(&k->was, blob);
}

/* ---- KEXINIT ---- */

static bool
first(const struct turn *t)
{
	return (t->note.flags & NOTE_F_FIRST_DONE) == 0;
}

struct view
exchange_host_key(const struct note *n)
{
	struct cur names = cur_view(n->names);

	cur_string(&names);
	return cur_string(&names);
}

/* Of the algorithms that may be used, those that there is a key for. Before keeper
 * has told its keys, the one that the peer was shown before. */
static void
offered_host_keys(char out[EXCHANGE_LIST_MAX], const struct exchange_env *env, const struct note *n)
{
	struct view list = view_str(env->lists.host_keys), last = exchange_host_key(n), name;
	size_t len = 0;

	while (namelist_next(&list, &name)) {
		if (env->keys.list.count > 0 && hostkey_find(&env->keys.list, name) == NULL)
			continue;
		if (env->keys.list.count == 0 && last.len > 0 && !view_eq(name, last))
			continue;
		if (len > 0)
			out[len++] = ',';
		memcpy(out + len, name.data, name.len);
		len += name.len;
	}
	out[len] = '\0';
}

int
exchange_offer(struct turn *t, struct exchange_env *env)
{
	/* Without strict key exchange ChaCha20 is open to prefix truncation; before
	 * the peer's KEXINIT its marker is not known. */
	struct kex_offer offer = *kex_offer_default((t->note.flags & NOTE_F_STRICT) == 0);
	struct put w = put_of(t->act->kexinit, sizeof(t->act->kexinit));
	char kex[EXCHANGE_LIST_MAX], host_keys[EXCHANGE_LIST_MAX];
	uint8_t cookie[16];

	exchange_kex_offer(kex, env);
	offered_host_keys(host_keys, env, &t->note);
	offer.kex = kex;
	offer.host_keys = host_keys;
	offer.ciphers = env->lists.ciphers;
	offer.macs = env->lists.macs;
	offer.quirks = quirks_of(t->note.ident_peer);
	if (env->lists.compression && t->may_zip)
		offer.compression = "none," ZIP_DELAYED;
	rng_fill(env->rng, cookie, sizeof(cookie));
	kexinit_build(&w, &offer, true, first(t), cookie);
	if (w.bad)
		return -R_INTERNAL;
	t->note.kexinit_ours = put_view(&w);
	t->note.kex_state = EXCHANGE_OURS;
	step_record(&t->act->step, t->note.kexinit_ours);
	step_hold(&t->act->step);
	return 0;
}

static void
note_names(struct turn *t, const struct kex_choice *c)
{
	struct put w = put_of(t->act->names, sizeof(t->act->names));

	put_cstr(&w, c->kex);
	put_cstr(&w, c->host_key);
	put_cstr(&w, c->cipher_c2s);
	put_cstr(&w, c->cipher_s2c);
	put_cstr(&w, c->mac_c2s);
	put_cstr(&w, c->mac_s2c);
	put_cstr(&w, c->comp_c2s);
	put_cstr(&w, c->comp_s2c);
	t->note.names = put_view(&w);
}

static int
agree(const struct note *n, struct kex_choice *choice)
{
	struct kexinit client, server;
	int r;

	if ((r = kexinit_parse(&client, n->kexinit_peer, true)) != 0)
		return r;
	if (kexinit_parse(&server, n->kexinit_ours, false) != 0)
		return -R_INTERNAL;
	return kex_negotiate(choice, &client, &server);
}

/* Markers count in the first KEXINIT of a connection only. */
static int
markers(struct turn *t, const struct kexinit *k)
{
	if (!first(t))
		return 0;
	if (k->strict)
		t->note.flags |= NOTE_F_STRICT | NOTE_F_STRICT_OFFERED;
	if (k->ext_info)
		t->note.flags |= NOTE_F_EXT_INFO;
	return k->strict && t->seq != 0 ? -R_KEX_STRICT : 0;
}

int
exchange_kexinit(struct turn *t, struct exchange_env *env)
{
	struct kexinit k;
	struct kex_choice choice;
	int r;

	if (t->note.kex_state >= EXCHANGE_BOTH)
		return -R_KEX_TWICE;
	if (t->payload.len > NOTE_KEXINIT_MAX)
		return -R_KEX_NAMELIST;
	if ((r = kexinit_parse(&k, t->payload, true)) != 0 || (r = markers(t, &k)) != 0)
		return r;
	if (t->note.kex_state == EXCHANGE_NONE && (r = exchange_offer(t, env)) != 0)
		return r;
	t->note.kexinit_peer = t->payload;
	/* The peer shall see our offer when nothing matches: its user is told. */
	if ((r = agree(&t->note, &choice)) != 0)
		return turn_close(t, r);
	note_names(t, &choice);
	t->note.kex_state = EXCHANGE_BOTH;
	t->note.kex_skip_guess = choice.skip_guess ? 1 : 0;
	return turn_commit(t);
}

/* ---- message 30 and its answer ---- */

static bool
asks(const struct note *n)
{
	struct cur names = cur_view(n->names);
	char name[KEX_NAME_MAX] = "";
	struct view kex = cur_string(&names);
	const struct kex_method *m;

	if (kex.len < sizeof(name))
		memcpy(name, kex.data, kex.len);
	m = kex_method_find(name);
	return m != NULL && kex_method_asks(m);
}

static int
begin(struct turn *t, struct exchange_env *env)
{
	struct exchange *x;

	if (t->payload.len > EXCHANGE_INIT_MAX)
		return -R_KEX_SHARE;
	x = locked_take(&env->secrets);
	if (x == NULL)
		return -R_LIMIT;
	t->peer->exchange = x;
	x->wait = EX_KEYS;
	x->serial = t->serial;
	memcpy(x->init, t->payload.data, t->payload.len);
	x->init_len = (uint32_t)t->payload.len;
	return exchange_go(t, env);
}

int
exchange_init(struct turn *t, struct exchange_env *env)
{
	uint8_t msg = t->payload.data[0];

	if (t->peer->exchange != NULL)
		return -R_KEX_STATE;
	if (t->note.kex_state == EXCHANGE_GROUP && msg == SSH_MSG_KEX_DH_GEX_INIT)
		return t->peer->group != NULL ? begin(t, env) : -R_KEX_GROUP_LOST;
	if (t->note.kex_state != EXCHANGE_BOTH)
		return -R_KEX_STATE;
	if (t->note.kex_skip_guess != 0) {
		t->note.kex_skip_guess = 0;
		return turn_commit(t);
	}
	if (asks(&t->note))
		return exchange_group_begin(t, env);
	return msg == SSH_MSG_KEX_ECDH_INIT ? begin(t, env) : -R_KEX_STATE;
}

static void
context(const struct turn *t, const struct exchange_env *env, const struct hostkey *key, struct kex_context *ctx)
{
	const struct note *n = &t->note;

	ctx->ident_client = n->ident_peer;
	ctx->ident_server = n->ident_ours;
	ctx->kexinit_client = n->kexinit_peer;
	ctx->kexinit_server = n->kexinit_ours;
	ctx->host_key = key->blob;
	ctx->pool = env->pool;
	ctx->group = t->peer->group != NULL ? &t->peer->group->group : NULL;
}

static void
ask(struct turn *t, const struct exchange *x, const struct hostkey *key)
{
	struct put *w;

	w = turn_ask(t, ASK_KEEPER, MSG_SIGN, x->serial);
	put_cstr(w, x->choice.host_key);
	put_sview(w, key->blob);
	put_string(w, x->secret.h, x->secret.h_len);
}

static int
answer(struct turn *t, struct exchange_env *env, struct exchange *x)
{
	const struct hostkey *key;
	struct kex_context ctx;
	int r;

	if ((r = agree(&t->note, &x->choice)) != 0 || (r = exchange_pay(t, env, x)) != 0)
		return r;
	if (!x->paid)
		return 0;
	key = hostkey_for(&env->keys.list, &t->note, view_str(x->choice.host_key));
	if (key == NULL)
		return env->keys.list.count > 0 ? -R_KEX_SIGN : 0;
	context(t, env, key, &ctx);
	r = kex_server_answer(&x->secret, &x->choice, &ctx, view_of(x->init, x->init_len));
	if (r != 0)
		return r;
	x->wait = EX_SIGN;
	x->key_version = key->version;
	ask(t, x, key);
	return 0;
}

int
exchange_again(struct turn *t, struct exchange_env *env)
{
	struct exchange *x = t->peer->exchange;
	const struct hostkey *key;

	if (x == NULL)
		return 0;
	key = hostkey_for(&env->keys.list, &t->note, view_str(x->choice.host_key));
	if (x->wait != EX_COST && (key == NULL || key->version != x->key_version))
		x->wait = EX_KEYS;
	if (x->wait == EX_SIGN)
		ask(t, x, key);
	return exchange_go(t, env);
}

int
exchange_signed(struct turn *t, struct exchange_env *env, uint32_t tag, struct view body)
{
	struct exchange *x = t->peer->exchange;
	struct cur c = cur_view(body);
	uint32_t reason = cur_u32(&c);
	struct view signature = cur_string(&c);

	if (x == NULL || x->wait != EX_SIGN || x->serial != tag)
		return 0;
	t->serial = x->serial;
	if (!cur_done(&c) || reason != 0 || signature.len == 0 || signature.len > sizeof(x->signature))
		return -R_KEX_SIGN;
	memcpy(x->signature, signature.data, signature.len);
	x->signature_len = (uint32_t)signature.len;
	x->wait = EX_SLOT;
	return exchange_go(t, env);
}

/* Both directions into a slot; its number, -R_LINK_SLOT: wait, or a fault. */
static int
fill_slot(struct turn *t, struct exchange_env *env, const struct exchange *x)
{
	struct link_slot keys;
	int r = kex_keyslot(&keys, &x->choice, &x->secret, t->note.session_id, true);

	keys.conn = t->peer->node.conn;
	keys.gen = t->peer->node.gen;
	keys.strict = (t->note.flags & NOTE_F_STRICT) != 0;
	if (r == 0) {
		r = env->slot(env->slot_ctx, &keys);
		if (r < 0)
			r = -R_LINK_SLOT;
	}
	explicit_bzero(&keys, sizeof(keys));
	return r;
}

void
exchange_ext_info(struct turn *t, const struct exchange_env *env)
{
	struct put w = put_of(t->act->kexinit, sizeof(t->act->kexinit));

	kex_ext_info(&w, env->lists.sign, env->agent);
	step_record(&t->act->step, put_view(&w));
}

static void
step_reply(struct turn *t, const struct exchange_env *env, const struct exchange *x, const struct hostkey *key,
    uint32_t slot, bool ext_info)
{
	struct step *s = &t->act->step;
	struct kex_context ctx;
	size_t mark = step_record_begin(s);

	context(t, env, key, &ctx);
	kex_server_reply(&s->w, &x->secret, &ctx, view_of(x->signature, x->signature_len));
	step_record_close(s, mark);
	step_newkeys(s, slot);
	if (ext_info)
		exchange_ext_info(t, env);
}

static int
finish(struct turn *t, struct exchange_env *env, struct exchange *x)
{
	const struct hostkey *key = hostkey_for(&env->keys.list, &t->note, view_str(x->choice.host_key));
	bool was_first = first(t);
	uint8_t session_id[SSH_HASH_MAX], sum[32];
	int slot;

	if (key == NULL)
		return -R_KEX_SIGN;
	if (was_first) {
		memcpy(session_id, x->secret.h, x->secret.h_len);
		t->note.session_id = view_of(session_id, x->secret.h_len);
	}
	slot = fill_slot(t, env, x);
	if (slot < 0)
		return slot == -R_LINK_SLOT ? 0 : slot;
	t->serial = x->serial;
	step_reply(t, env, x, key, (uint32_t)slot, was_first && (t->note.flags & NOTE_F_EXT_INFO) != 0);
	exchange_drop(t->peer, env);
	if (pk_sha256(sum, key->blob.data, key->blob.len) != 0)
		return -R_INTERNAL;
	t->note.host_key = view_of(sum, sizeof(sum));
	t->note.flags |= NOTE_F_FIRST_DONE;
	t->note.kex_state = EXCHANGE_ANSWERED;
	t->note.kexinit_peer = t->note.kexinit_ours = view_of(NULL, 0);
	return turn_commit(t);
}

int
exchange_go(struct turn *t, struct exchange_env *env)
{
	struct exchange *x = t->peer->exchange;

	if (x == NULL)
		return 0;
	t->serial = x->serial;
	switch (x->wait) {
	case EX_KEYS:
		return answer(t, env, x);
	case EX_SLOT:
		return finish(t, env, x);
	case EX_SIGN:
	case EX_COST:
		return 0;
	}
	return 0;
}

int
exchange_newkeys(struct turn *t)
{
	t->note.kex_state = EXCHANGE_NONE;
	t->note.kexinit_peer = t->note.kexinit_ours = view_of(NULL, 0);
	return turn_commit(t);
}
