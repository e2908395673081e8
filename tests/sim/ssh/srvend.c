#include "tests/sim/ssh/srvend.h"

#include <stdio.h>
#include <stdlib.h>

#include "abi/link/slot.h"
#include "control/kex/group.h"
#include "control/kex/names.h"
#include "control/warden/proof.h"

/* ---- the world ---- */

static struct pk_signer *
load(const char *path)
{
	struct keyfile k;
	char text[KEYFILE_MAX];
	FILE *f = fopen(path, "re");
	size_t len = f != NULL ? fread(text, 1, sizeof(text), f) : 0;

	if (f != NULL)
		fclose(f);
	return keyfile_parse(&k, text, len) == KEYFILE_OK ? pk_signer_new(&k.key) : NULL;
}

static const struct pk_signer *
signer_of(const struct srvend_world *w, const struct sign_algorithm *a)
{
	for (unsigned i = 0; i < SRVEND_KEYS; i++)
		if (pk_signer_public(w->signer[i])->type == a->type)
			return w->signer[i];
	return NULL;
}

/* A host certificate of that key for this host and all times. */
static void
put_cert(struct put *w, const struct sign_algorithm *a, const struct pk_public *key, struct pk_signer *ca)
{
	uint8_t blob[SIGN_KEY_MAX];
	struct put b = put_of(blob, sizeof(blob));
	size_t start, mark = put_mark(w);
	struct cur c;

	start = put_len(w);
	sign_key_put(&b, key);
	c = cur_of(blob, put_len(&b));
	cur_string(&c);
	put_cstr(w, a->cert_key_name);
	put_cstr(w, "nonce");
	put_bytes(w, c.p, cur_left(&c));
	put_u64(w, 1);
	put_u32(w, CERT_HOST);
	put_cstr(w, "joined");
	put_cstr(w, ""); /* principals */
	put_u64(w, 0);
	put_u64(w, UINT64_MAX);
	put_cstr(w, "");
	put_cstr(w, "");
	put_cstr(w, "");
	b = put_of(blob, sizeof(blob));
	sign_key_put(&b, pk_signer_public(ca));
	put_sview(w, put_view(&b));
	b = put_of(blob, sizeof(blob));
	if (sign_make(&b, sign_at(0), ca, view_of(w->start + start, put_len(w) - start)) != 0)
		w->bad = true;
	put_sview(w, put_view(&b));
	put_fill(w, mark);
}

static void
put_key(struct put *w, const struct pk_signer *s)
{
	size_t mark = put_mark(w);

	sign_key_put(w, pk_signer_public(s));
	put_fill(w, mark);
}

/* KEYS_ARE: every algorithm, plain and with a certificate. */
static int
tell_keys(struct srvend_world *w)
{
	static uint8_t body[HOSTKEYS_BYTES_MAX];
	struct put b = put_of(body, sizeof(body));
	const struct sign_algorithm *a;
	uint32_t count = 0;

	while (sign_at(count) != NULL)
		count++;
	put_u32(&b, SRVEND_KEYS);
	for (unsigned i = 0; i < SRVEND_KEYS; i++)
		put_key(&b, w->signer[i]);
	put_u32(&b, 2 * count);
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++) {
		const struct pk_signer *s = signer_of(w, a);

		if (s == NULL)
			return -1;
		put_cstr(&b, a->name);
		put_key(&b, s);
		put_cstr(&b, a->cert_name);
		put_cert(&b, a, pk_signer_public(s), w->signer[0]);
	}
	if (b.bad || hostkeys_decode(&w->gate.exchange.keys, put_view(&b)) != 0)
		return -1;
	return hostkeys_decode(&w->clerk.exchange.keys, put_view(&b));
}

/* One group to choose: RFC 3526's of 2048 bits. All methods, also those that have to be
 * asked for. */
static int
tell_groups(struct srvend_world *w)
{
	static uint8_t table[1024];
	struct put t = put_of(table, sizeof(table));
	const struct pk_dh *dh = pk_dh_group(14);

	put_u32(&t, 1);
	put_u32(&t, group_bits(dh));
	put_sview(&t, dh->g);
	put_sview(&t, dh->p);
	strcpy(w->gate.exchange.lists.kex, KEX_SERVED);
	strcpy(w->clerk.exchange.lists.kex, KEX_SERVED);
	w->gate.exchange.lists.compression = w->clerk.exchange.lists.compression = true;
	if (t.bad || exchange_env_moduli(&w->gate.exchange, put_view(&t)) != 0)
		return -1;
	return exchange_env_moduli(&w->clerk.exchange, put_view(&t));
}

int
srvend_world_init(struct srvend_world *w, const char *const keys[SRVEND_KEYS])
{
	/* Runs share a server: what one has asked for is nothing to the next. */
	static const struct cost_limits endless = { 1u << 30, 1u << 30, 1u << 30, 1u << 30 };
	static struct grant grant;
	struct put g = put_of(w->grant, sizeof(w->grant));

	memset(w, 0, sizeof(*w));
	rng_fixed(&w->rng, 1);
	gate_env_init(&w->gate, &w->rng);
	clerk_env_init(&w->clerk, &w->rng);
	cost_limit(&w->gate.exchange.cost, &endless);
	cost_limit(&w->clerk.exchange.cost, &endless);
	w->clerk.conf.max_sessions = CLERK_SESSIONS_MAX;
	w->clerk.conf.max_channels = CLERK_CHAN_MAX;
	strcpy(w->clerk.conf.subsystem[0].name, "echo");
	strcpy(w->clerk.conf.subsystem[0].plugin, "echo");
	w->clerk.conf.subsystem_count = 1;
	strcpy(grant.user, "alice");
	grant.uid = grant.gid = 1000;
	if (grant_encode(&grant, &g) != 0)
		return -1;
	w->grant_len = put_len(&g);
	for (unsigned i = 0; i < SRVEND_KEYS; i++)
		if ((w->signer[i] = load(keys[i])) == NULL)
			return -1;
	return tell_groups(w) != 0 ? -1 : tell_keys(w);
}

void
srvend_world_fini(struct srvend_world *w)
{
	for (unsigned i = 0; i < SRVEND_KEYS; i++)
		pk_signer_free(w->signer[i]);
	exchange_env_fini(&w->gate.exchange);
	exchange_env_fini(&w->clerk.exchange);
}

/* ---- the image that gate and clerk are built from ---- */

static size_t
image(const struct srvend *e, uint8_t *dst, size_t size)
{
	struct put w = put_of(dst, size);
	uint8_t phase = (uint8_t)e->m.conn.phase;
	size_t mark;

	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&phase, 1));
	put_u8(&w, ADOPT_PEER);
	mark = put_mark(&w);
	put_cstr(&w, "192.0.2.7");
	put_u16(&w, 40001);
	put_cstr(&w, "192.0.2.1");
	put_u16(&w, 22);
	put_fill(&w, mark);
	if (e->note_len > 0)
		note_put(&w, ADOPT_NOTE, view_of(e->note, e->note_len));
	if (e->login)
		note_put(&w, ADOPT_GRANT, view_of(e->w->grant, e->w->grant_len));
	return put_len(&w);
}

static int
adopt(struct srvend *e)
{
	static uint8_t buf[65536];
	struct view v = view_of(buf, image(e, buf, sizeof(buf)));

	return e->login ? clerk_adopt(&e->w->clerk, 1, 1, v, &e->clerk)
			: gate_adopt(&e->w->gate, 1, 1, v, &e->gate);
}

static void
release(struct srvend *e)
{
	if (e->gate != NULL)
		gate_free(&e->w->gate, e->gate);
	if (e->clerk != NULL)
		clerk_free(&e->w->clerk, e->clerk);
	e->gate = NULL;
	e->clerk = NULL;
	while (e->ask_count > 0)
		free(e->ask[--e->ask_count].bytes);
}

/* ---- keeper, warden, supervisor ---- */

static void
sign(struct srvend *e, struct cur *c, struct put *w)
{
	const struct sign_algorithm *a = cert_host_sign(cur_string(c));
	struct view blob = cur_string(c);
	struct view hash = cur_string(c);
	size_t mark;

	put_u32(w, 0);
	mark = put_mark(w);
	if (!cur_done(c) || a == NULL || blob.len == 0 ||
	    sign_make(w, a, (struct pk_signer *)signer_of(e->w, a), hash) != 0)
		e->faulty = true;
	put_fill(w, mark);
}

/* As keeper does it: by the session id that it knows. */
static void
prove(struct srvend *e, struct cur *c, struct put *w)
{
	struct note n;
	uint32_t count;

	cur_string(c);
	count = cur_u32(c);
	e->faulty |= note_decode(&n, view_of(e->note, e->note_len)) != 0;
	put_u32(w, 0);
	for (uint32_t i = 0; i < count; i++) {
		struct view blob = cur_string(c);
		const struct sign_algorithm *a = NULL;
		uint8_t data[SIGN_KEY_MAX + 256];
		struct put d = put_of(data, sizeof(data));
		size_t mark = put_mark(w);

		for (size_t k = 0; sign_at(k) != NULL && a == NULL; k++)
			a = sign_key_fits(sign_at(k), blob, 0) ? sign_at(k) : NULL;
		put_cstr(&d, "hostkeys-prove-00@openssh.com");
		put_sview(&d, n.session_id);
		put_sview(&d, blob);
		if (a == NULL || sign_make(w, a, (struct pk_signer *)signer_of(e->w, a), put_view(&d)) != 0)
			e->faulty = true;
		put_fill(w, mark);
	}
	e->faulty |= !cur_done(c);
}

static bool
proven(const struct srvend *e, struct view user, struct view service, struct cur *c)
{
	const struct proof_policy policy = { .algorithms = SIGN_NAMES };
	struct proof p = { .user = user, .service = service };
	struct view signature;
	struct note n;

	if (note_decode(&n, view_of(e->note, e->note_len)) != 0)
		return false;
	p.session_id = n.session_id;
	p.algorithm = cur_string(c);
	p.blob = cur_string(c);
	signature = cur_string(c);
	p.host_key = cur_string(c);
	return proof_algorithm(&policy, p.algorithm, p.blob) != NULL && proof_verify(&p, signature);
}

static void
no(struct msg *m, struct put *w)
{
	m->type = MSG_AUTH_NO;
	put_cstr(w, "publickey,password,keyboard-interactive");
	put_bool(w, false);
	put_bool(w, false);
}

static void
grant(struct srvend *e, struct msg *m, struct put *w, enum ask_to *from)
{
	e->m.conn.granted = true;
	*from = ASK_SUPERVISOR;
	m->tag = 0;
	m->type = MSG_GRANTED;
	put_cstr(w, "publickey");
}

static bool
response_right(const struct srvend *e, struct cur *c)
{
	uint8_t flags = cur_u8(c);
	uint32_t count = cur_u32(c);

	return flags == 0 && count == 1 && view_is(cur_string(c), e->password);
}

static void
judge(struct srvend *e, const struct srvend_ask *a, struct msg *m, struct put *w, enum ask_to *from)
{
	struct cur c = cur_of(a->bytes, a->len);
	struct view user, service;
	bool yes = false;

	if (a->type == MSG_AUTH_RESPONSE) {
		yes = response_right(e, &c);
	} else {
		user = cur_string(&c);
		service = cur_string(&c);
		if (a->type == MSG_AUTH_PROOF)
			yes = proven(e, user, service, &c);
		if (a->type == MSG_AUTH_PASSWORD)
			yes = cur_u8(&c) == 0 && view_is(cur_string(&c), e->password);
	}
	if (a->type == MSG_AUTH_QUERY) {
		m->type = MSG_AUTH_PK_OK;
	} else if (a->type == MSG_AUTH_KBDINT) {
		m->type = MSG_AUTH_PROMPT;
		put_cstr(w, "");
		put_cstr(w, "");
		put_cstr(w, "");
		put_u32(w, 1);
		put_cstr(w, "Password: ");
		put_bool(w, false);
	} else if (yes) {
		grant(e, m, w, from);
	} else {
		no(m, w);
	}
}

static void
supervise(const struct srvend_ask *a, struct msg *m, struct put *w)
{
	struct cur c = cur_of(a->bytes, a->len);

	m->type = MSG_HOST_READY;
	put_sview(w, cur_string(&c));
	put_u32(w, SRVEND_LINK);
	put_u32(w, 0);
	put_cstr(w, "");
}

/* ---- turns ---- */

static void
note(void *ctx, struct view bytes)
{
	struct srvend *e = ctx;

	memcpy(e->note, bytes.data, bytes.len);
	e->note_len = bytes.len;
}

static void
phase(void *ctx, enum ssh_phase to)
{
	struct srvend *e = ctx;

	e->login = to == SSH_PHASE_OPEN;
}

static void
keep_ask(struct srvend *e)
{
	const struct ask *a = &e->act.ask;
	struct srvend_ask *to = &e->ask[e->ask_count];
	struct view body = put_view(&a->w);

	if (a->to == ASK_NOBODY)
		return;
	if (e->ask_count == SRVEND_ASKS || a->w.bad) {
		e->faulty = true;
		return;
	}
	*to = (struct srvend_ask){ .to = a->to, .type = a->type, .tag = a->tag, .len = body.len };
	to->bytes = malloc(body.len + 1);
	memcpy(to->bytes, body.data, body.len);
	e->ask_count++;
}

/* What gate or clerk wants takes effect. */
static void
perform(struct srvend *e)
{
	bool was = e->login;

	if (e->act.step.used)
		memconn_apply(&e->m, &e->act.step);
	keep_ask(e);
	if (e->act.forget || was != e->login) {
		release(e);
		if (was != e->login && adopt(e) != 0)
			e->faulty = true;
	}
}

static void
perform_all(struct srvend *e)
{
	perform(e);
	while (e->clerk != NULL && clerk_next(&e->w->clerk, e->clerk, &e->act))
		perform(e);
}

static void
up(void *ctx, const struct link_entry *entry, struct view payload)
{
	struct srvend *e = ctx;

	if (e->gate != NULL)
		gate_up(&e->w->gate, e->gate, entry, payload, &e->act);
	else if (e->clerk != NULL)
		clerk_up(&e->w->clerk, e->clerk, entry, payload, &e->act);
	else
		return;
	perform_all(e);
}

/* One question to another role is answered. */
static bool
work(void *ctx)
{
	static uint8_t body[8192];
	struct put w = put_of(body, sizeof(body));
	struct srvend *e = ctx;
	struct srvend_ask a = e->ask[0];
	struct cur c = cur_of(a.bytes, a.len);
	struct msg m = { .conn = 1, .gen = 1, .tag = a.tag };
	enum ask_to from = a.to;

	if (e->ask_count == 0)
		return false;
	e->ask_count--;
	memmove(&e->ask[0], &e->ask[1], e->ask_count * sizeof(a));
	if (a.to == ASK_KEEPER && a.type == MSG_PROVE) {
		m.type = MSG_PROVED;
		prove(e, &c, &w);
	} else if (a.to == ASK_KEEPER) {
		m.type = MSG_SIGNED;
		sign(e, &c, &w);
	} else if (a.to == ASK_WARDEN) {
		judge(e, &a, &m, &w, &from);
	} else {
		supervise(&a, &m, &w);
	}
	m.body = put_view(&w);
	if (e->gate != NULL)
		gate_answer(&e->w->gate, e->gate, from, &m, &e->act);
	else
		clerk_answer(&e->w->clerk, e->clerk, from, &m, &e->act);
	free(a.bytes);
	perform_all(e);
	return true;
}

/* ---- life ---- */

static bool
chan(void *ctx, uint32_t n, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	struct srvend *e = ctx;

	return e->user->chan(e->user->ctx, e, n, kind, arg0, bytes);
}

static void
sealed(void *ctx, size_t len)
{
	struct srvend *e = ctx;

	if (e->user->sealed != NULL)
		e->user->sealed(e->user->ctx, len);
}

static int
slot(void *ctx, const struct link_slot *keys)
{
	struct srvend *e = ctx;

	return slot_fill(e->m.slots, keys);
}

struct srvend *
srvend_new(struct srvend_world *w, const struct ssh_env *limits, const char *password,
    const struct srvend_ops *user, uint64_t now)
{
	size_t size = (sizeof(struct srvend) + 63) / 64 * 64;
	struct srvend *e = aligned_alloc(64, size);

	memset(e, 0, size);
	e->w = w;
	e->user = user;
	e->password = password;
	e->ops = (struct memconn_ops){
		.up = up, .work = work, .chan = chan, .note = note, .phase = phase, .zip = &zip_zlib, .sealed = sealed,
		.ctx = e
	};
	w->gate.exchange.slot = w->clerk.exchange.slot = slot;
	w->gate.exchange.slot_ctx = w->clerk.exchange.slot_ctx = e;
	actions_init(&e->act);
	e->faulty = memconn_init(&e->m, SSH_SERVER, limits, NULL, &w->rng, &e->ops, now) != 0 || adopt(e) != 0;
	return e;
}

void
srvend_free(struct srvend *e)
{
	release(e);
	memconn_fini(&e->m);
	free(e);
}

int
srvend_run(struct srvend *e, uint64_t now)
{
	return memconn_run(&e->m, now);
}

bool
srvend_rekey(struct srvend *e)
{
	const struct ssh_conn *c = &e->m.conn;

	if (e->clerk == NULL || c->hold || c->kex_in || c->keys_pending || c->out_pending || e->m.up_waits)
		return false;
	memconn_tell(&e->m, LINK_UP_REKEY, LINK_CHAN_NONE, 0);
	return c->hold;
}
