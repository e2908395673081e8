#include "tests/unit/control/desk/bench_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/kex/group.h"

uint8_t *
bench_copy(struct view v)
{
	uint8_t *p = malloc(v.len > 0 ? v.len : 1);

	if (p == NULL)
		abort();
	if (v.len > 0)
		memcpy(p, v.data, v.len);
	return p;
}

void
bench_fault(struct bench *b, const char *what)
{
	fprintf(stderr, "bench: event %u: %s\n", b->event, what);
	b->faults++;
}

/* ---- the image ---- */

static size_t
image(struct bench *b, uint8_t *dst, size_t size)
{
	struct put w = put_of(dst, size);
	uint8_t flag;
	size_t mark;

	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&b->phase, 1));
	put_u8(&w, ADOPT_PEER);
	mark = put_mark(&w);
	put_cstr(&w, "192.0.2.7");
	put_u16(&w, 40001);
	put_cstr(&w, "192.0.2.1");
	put_u16(&w, 22);
	put_fill(&w, mark);
	if (b->note_len > 0)
		note_put(&w, ADOPT_NOTE, view_of(b->note, b->note_len));
	if (b->first_hash_len > 0)
		note_put(&w, ADOPT_FIRST_HASH, view_of(b->first_hash, b->first_hash_len));
	if (b->grant_len > 0)
		note_put(&w, ADOPT_GRANT, view_of(b->grant, b->grant_len));
	flag = b->hold;
	note_put(&w, ADOPT_HOLD, view_of(&flag, 1));
	flag = b->keys_pending;
	note_put(&w, ADOPT_KEYS_PENDING, view_of(&flag, 1));
	for (uint32_t i = 0; i < BENCH_CHAN_MAX; i++) {
		if (!b->chan[i].used)
			continue;
		put_u8(&w, ADOPT_CHAN);
		mark = put_mark(&w);
		put_u32(&w, i);
		put_u32(&w, b->chan[i].peers);
		put_u8(&w, b->chan[i].started);
		put_u8(&w, 0);
		put_u32(&w, 77);
		put_fill(&w, mark);
	}
	return put_len(&w);
}

static void
adopt(struct bench *b)
{
	uint8_t *buf = malloc(65536);
	size_t len = image(b, buf, 65536);

	b->obj = b->side->adopt(b->env, b->conn, b->gen, view_of(buf, len));
	if (b->obj == NULL)
		bench_fault(b, "image refused");
	free(buf);
}

static int
slot(void *ctx, const struct link_slot *keys)
{
	struct bench *b = ctx;

	return b->no_slot ? -R_LINK_SLOT : slot_fill(b->slots, keys);
}

/* P-256's base point, whose scalar is 1. */
static struct pk_signer *
p256_signer(void)
{
	static const uint8_t one[] = { 1 };
	static const uint8_t base[PK_POINT_SIZE(PK_P256_SIZE)] = { 4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c,
		0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
		0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
		0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
		0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
	const struct pk_private key = {
		.type = PK_P256, .secret = view_of(one, sizeof(one)), .key = view_of(base, sizeof(base))
	};

	return pk_signer_new(&key);
}

/* Two groups to choose from: fewer bits than the clients ask for, and more. */
static void
moduli(struct exchange_env *exchange)
{
	static const unsigned groups[] = { 14, 16 };
	uint8_t table[2048];
	struct put w = put_of(table, sizeof(table));

	put_u32(&w, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct pk_dh *d = pk_dh_group(groups[i]);

		put_u32(&w, group_bits(d));
		put_sview(&w, d->g);
		put_sview(&w, d->p);
	}
	if (w.bad || exchange_env_moduli(exchange, put_view(&w)) != 0)
		abort();
}

void
bench_init(struct bench *b, const struct bench_side *side, void *env, struct exchange_env *exchange)
{
	static const uint8_t seed[PK_ED25519_SIZE] = { 1, 2, 3 };

	memset(b, 0, sizeof(*b));
	actions_init(&b->act);
	b->side = side;
	b->env = env;
	b->exchange = exchange;
	b->slots = b->own_slots;
	b->conn = 5;
	b->gen = 9;
	b->kill_at[0] = b->kill_at[1] = BENCH_NEVER;
	b->signer = pk_signer_ed25519(seed);
	b->other_signer = p256_signer();
	rng_fixed(&b->rng, 42);
	exchange->slot = slot;
	exchange->slot_ctx = b;
	moduli(exchange);
	bench_client_init(&b->client, true, true);
	if (side->role == LINK_GATE)
		adopt(b);
}

void
bench_open(struct bench *b, struct view grant)
{
	struct put w = put_of(b->note, sizeof(b->note));
	struct note n;

	b->phase = SSH_PHASE_OPEN;
	memcpy(b->grant, grant.data, grant.len);
	b->grant_len = grant.len;
	b->granted = true;
	memset(&n, 0, sizeof(n));
	memset(b->client.session_id, 7, 32);
	b->client.session_id_len = 32;
	n.ident_peer = view_str(b->client.ident);
	n.ident_ours = view_str(SSH_IDENT_OURS);
	n.session_id = view_of(b->client.session_id, 32);
	n.flags = NOTE_F_FIRST_DONE | NOTE_F_STRICT | NOTE_F_EXT_INFO;
	n.auth_user = view_str("alice");
	note_encode(&n, &w);
	b->note_len = put_len(&w);
	adopt(b);
}

static void
drop_asks(struct bench *b)
{
	for (uint32_t i = 0; i < b->ask_count; i++)
		free(b->ask[i].bytes);
	b->ask_count = 0;
}

void
bench_fini(struct bench *b)
{
	if (b->obj != NULL)
		b->side->free(b->env, b->obj);
	drop_asks(b);
	for (uint32_t i = 0; i < b->up_count; i++)
		free(b->up[i].bytes);
	for (uint32_t i = 0; i < b->out_count; i++)
		free(b->out[i].bytes);
	pk_signer_free(b->signer);
	pk_signer_free(b->other_signer);
	kex_secret_wipe(&b->client.secret);
}

void
bench_session(struct bench *b, size_t len)
{
	uint8_t image[NOTE_MAX];
	struct put w = put_of(image, sizeof(image));
	struct note n;

	if (note_decode(&n, view_of(b->note, b->note_len)) != 0)
		abort();
	memset(b->client.session_id, 9, sizeof(b->client.session_id));
	b->client.session_id_len = len;
	n.session_id = view_of(b->client.session_id, len);
	note_encode(&n, &w);
	memcpy(b->note, image, put_len(&w));
	b->note_len = put_len(&w);
	bench_kill(b);
}

void
bench_kill(struct bench *b)
{
	if (b->obj == NULL)
		return;
	b->side->free(b->env, b->obj);
	drop_asks(b);
	b->kills++;
	for (uint32_t i = 0; i < b->up_count; i++)
		b->up[i].sent = b->up[i].done;
	adopt(b);
}

/* ---- events ---- */

static void
ask(struct bench *b, const struct ask *a)
{
	struct bench_ask *q = &b->ask[b->ask_count];

	if (a->to == ASK_NOBODY)
		return;
	if (b->ask_count == BENCH_ASK_MAX)
		abort();
	b->ask_count++;
	*q = (struct bench_ask){ .to = a->to, .type = a->type, .tag = a->tag };
	if (a->w.bad)
		bench_fault(b, "request does not fit");
	q->bytes = bench_copy(put_view(&a->w));
	q->len = put_len(&a->w);
}

static void
perform(struct bench *b)
{
	bench_apply(b, &b->act.step);
	ask(b, &b->act.ask);
	if (b->act.forget && b->obj != NULL) {
		b->side->free(b->env, b->obj);
		b->obj = NULL;
	}
}

static void
perform_all(struct bench *b)
{
	perform(b);
	while (b->obj != NULL && b->side->next != NULL && b->side->next(b->env, b->obj, &b->act))
		perform(b);
}

/* Something is about to happen: perhaps the process dies first. True: it did,
 * what was about to happen has to be looked for again. */
static bool
event(struct bench *b)
{
	uint32_t n = b->event++;
	bool now = n == b->kill_at[0] || n == b->kill_at[1];

	if (b->kill_seed != 0) {
		b->kill_seed = b->kill_seed * 6364136223846793005u + 1442695040888963407u;
		now = b->kill_seed >> 62 == 0;
	}
	if (now)
		bench_kill(b);
	return now;
}

static void
add_up(
    struct bench *b, uint16_t op, struct view payload, uint32_t seq, uint32_t chan, uint64_t arg, bool serial)
{
	struct bench_up *u = &b->up[b->up_count];

	if (b->up_count == BENCH_UP_MAX)
		abort();
	b->up_count++;
	memset(u, 0, sizeof(*u));
	u->e.op = op;
	u->e.conn = b->conn;
	u->e.gen = b->gen;
	u->e.chan = chan;
	u->e.seq = seq;
	u->e.len = (uint32_t)payload.len;
	u->e.msg = payload.len > 0 && op == LINK_UP_RECORD ? payload.data[0] : 0;
	u->e.serial = serial ? ++b->serial : 0;
	u->e.arg[0] = arg;
	u->bytes = bench_copy(payload);
}

void
bench_ident(struct bench *b)
{
	b->phase = SSH_PHASE_KEX;
	add_up(b, LINK_UP_IDENT, view_str(b->client.ident), 0, LINK_CHAN_NONE, 0, true);
}

void
bench_send(struct bench *b, struct view payload)
{
	uint32_t chan = LINK_CHAN_NONE;

	if (payload.len >= 5 && payload.data[0] >= 91 && payload.data[0] <= 100) {
		struct cur c = cur_of(payload.data + 1, 4);

		chan = cur_u32(&c);
	}
	add_up(b, LINK_UP_RECORD, payload, b->client.seq++, chan, 0, true);
}

void
bench_asked(struct bench *b, uint16_t op, const char *plugin, const char *name)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, plugin);
	put_cstr(&w, name);
	put_cstr(&w, "type specific");
	add_up(b, op, put_view(&w), 0, LINK_CHAN_NONE, 1, true);
}

void
bench_up(struct bench *b, uint16_t op, uint64_t arg)
{
	add_up(b, op, view_of(NULL, 0), 0, LINK_CHAN_NONE, arg, op != LINK_UP_CLOSED);
}

void
bench_answer(struct bench *b, uint32_t chan, struct view payload)
{
	add_up(b, LINK_UP_ANSWER, payload, 0, chan, 0, true);
}

void
bench_newkeys(struct bench *b)
{
	if (!b->keys_pending)
		bench_fault(b, "peer's NEWKEYS without keys");
	b->keys_pending = false;
	if (b->phase == SSH_PHASE_KEX)
		b->phase = SSH_PHASE_SERVICE;
	if (b->client.strict)
		b->client.seq = 0;
	add_up(b, LINK_UP_NEWKEYS, view_of(NULL, 0), 0, LINK_CHAN_NONE, 0, true);
}

void
bench_chan_free(struct bench *b, uint32_t ours)
{
	b->chan[ours].used = false;
	add_up(b, LINK_UP_CHAN_FREE, view_of(NULL, 0), 0, ours, 0, false);
}

/* The first record that may be handed up: one at a time until the login. */
static struct bench_up *
deliverable(struct bench *b)
{
	bool one = b->phase == SSH_PHASE_SERVICE || b->phase == SSH_PHASE_AUTH;

	for (uint32_t i = 0; i < b->up_count; i++) {
		struct bench_up *u = &b->up[i];

		if (one && u->sent && !u->done && u->e.serial != 0)
			return NULL;
		if (!u->sent && !u->done)
			return u;
	}
	return NULL;
}

static void
deliver(struct bench *b, struct bench_up *u)
{
	uint8_t *exact = bench_copy(view_of(u->bytes, u->e.len)); /* overruns show under ASan */

	u->sent = true;
	if (u->e.serial == 0)
		u->done = true;
	b->side->up(b->env, b->obj, &u->e, view_of(exact, u->e.len), &b->act);
	free(exact);
	perform_all(b);
}

/* ---- keeper, and the others through judge ---- */

static void
put_key(struct put *w, const char *algorithm, const struct pk_signer *s)
{
	size_t mark;

	if (algorithm != NULL)
		put_cstr(w, algorithm);
	mark = put_mark(w);
	sign_key_put(w, pk_signer_public(s));
	put_fill(w, mark);
}

void
bench_keys(const struct bench *b, struct put *w)
{
	put_u32(w, 2);
	put_key(w, NULL, b->signer);
	put_key(w, NULL, b->other_signer);
	put_u32(w, 2);
	put_key(w, "ssh-ed25519", b->signer);
	put_key(w, "ecdsa-sha2-nistp256", b->other_signer);
}

static void
tell_keys(struct bench *b)
{
	uint8_t body[1024];
	struct put w = put_of(body, sizeof(body));

	bench_keys(b, &w);
	if (hostkeys_decode(&b->exchange->keys, put_view(&w)) != 0)
		bench_fault(b, "host keys refused");
	b->keys_told = true;
}

static void
sign(struct bench *b, const struct bench_ask *a, struct put *w)
{
	struct cur c = cur_of(a->bytes, a->len);
	struct view algorithm = cur_string(&c);
	struct view shown = cur_string(&c);
	struct view hash = cur_string(&c);
	const struct sign_algorithm *sign = sign_find(algorithm);
	uint8_t blob[256];
	struct put s = put_of(blob, sizeof(blob));

	if (!cur_done(&c) || sign == NULL || shown.len == 0 || hash.len > SSH_HASH_MAX)
		bench_fault(b, "SIGN malformed");
	if (b->phase == SSH_PHASE_KEX) {
		memcpy(b->first_hash, hash.data, hash.len);
		b->first_hash_len = hash.len;
	}
	if (sign_make(&s, sign, sign->type == PK_ED25519 ? b->signer : b->other_signer, hash) != 0)
		bench_fault(b, "no key to sign with");
	put_u32(w, b->sign_reason);
	put_sview(w, put_view(&s));
}

/* As keeper does it: of the session id that it knows. */
static void
prove(struct bench *b, const struct bench_ask *a, struct put *w)
{
	struct cur c = cur_of(a->bytes, a->len);
	struct view host_key = cur_string(&c);
	uint32_t count = cur_u32(&c);

	if (host_key.len > 0 && cert_host_sign(host_key) == NULL)
		bench_fault(b, "PROVE without a host key algorithm");
	put_u32(w, b->sign_reason);
	for (uint32_t i = 0; i < count; i++) {
		struct view blob = cur_string(&c);
		uint8_t data[512], sig[256];
		struct put d = put_of(data, sizeof(data)), s = put_of(sig, sizeof(sig));
		struct pk_public key;

		put_cstr(&d, "hostkeys-prove-00@openssh.com");
		put_string(&d, b->client.session_id, b->client.session_id_len);
		put_sview(&d, blob);
		if (sign_key_parse(&key, blob) != 0)
			bench_fault(b, "PROVE with a bad key");
		(void)sign_make(&s, key.type == PK_ED25519 ? sign_at(0) : sign_at(1),
		    key.type == PK_ED25519 ? b->signer : b->other_signer, put_view(&d));
		if (b->sign_reason == 0)
			put_sview(w, put_view(&s));
	}
	if (!cur_done(&c))
		bench_fault(b, "PROVE malformed");
}

static bool
answer(struct bench *b, const struct bench_ask *a)
{
	uint8_t body[4096];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .conn = b->conn, .gen = b->gen, .tag = a->tag };
	enum ask_to from = a->to;

	if (a->to == ASK_KEEPER && a->type == MSG_PROVE) {
		m.type = MSG_PROVED;
		prove(b, a, &w);
	} else if (a->to == ASK_KEEPER) {
		m.type = MSG_SIGNED;
		sign(b, a, &w);
	} else if (b->judge == NULL || !b->judge(b, a, &m, &w, &from)) {
		return false;
	}
	m.body = put_view(&w);
	b->side->answer(b->env, b->obj, from, &m, &b->act);
	perform_all(b);
	return true;
}

static bool
answer_one(struct bench *b)
{
	for (uint32_t i = 0; i < b->ask_count && !b->mute; i++) {
		struct bench_ask a = b->ask[i];
		bool done;

		b->ask_count--;
		memmove(&b->ask[i], &b->ask[i + 1], (b->ask_count - i) * sizeof(a));
		done = answer(b, &a);
		if (done) {
			free(a.bytes);
			return true;
		}
		memmove(&b->ask[i + 1], &b->ask[i], (b->ask_count - i) * sizeof(a));
		b->ask[i] = a;
		b->ask_count++;
	}
	return false;
}

void
bench_run(struct bench *b)
{
	if (!b->keys_told)
		tell_keys(b);
	while (b->obj != NULL && !b->closed) {
		struct bench_up *u = deliverable(b);

		if (u == NULL && (b->ask_count == 0 || b->mute))
			return;
		if (event(b))
			continue;
		if (u != NULL)
			deliver(b, u);
		else if (!answer_one(b))
			return;
	}
}

/* ---- what left ---- */

const struct bench_out *
bench_next(struct bench *b)
{
	return b->out_at < b->out_count ? &b->out[b->out_at++] : NULL;
}

const struct bench_out *
bench_take_kind(struct bench *b, enum bench_out_kind kind)
{
	const struct bench_out *o = bench_next(b);

	while (o != NULL && o->kind != kind && (o->kind == OUT_HOLD || o->kind == OUT_PHASE))
		o = bench_next(b);
	if (o == NULL || o->kind != kind) {
		fprintf(stderr, "bench: event %u: item %d instead of %d\n", b->event,
		    o != NULL ? (int)o->kind : -1, (int)kind);
		return NULL;
	}
	return o;
}

struct view
bench_take(struct bench *b, uint8_t msg)
{
	const struct bench_out *o = bench_take_kind(b, OUT_RECORD);

	if (o == NULL)
		return view_of(NULL, 0);
	if (o->len == 0 || o->bytes[0] != msg) {
		fprintf(stderr, "bench: event %u: message %d instead of %d\n", b->event,
		    o->len > 0 ? o->bytes[0] : -1, msg);
		return view_of(NULL, 0);
	}
	return view_of(o->bytes, o->len);
}

bool
bench_closed(const struct bench *b, int reason)
{
	if (b->closed && b->close_reason == (uint32_t)reason && b->faults == 0)
		return true;
	fprintf(stderr, "bench: event %u: closed %d for %s, not %s\n", b->event, b->closed,
	    reason_name((int)b->close_reason), reason_name(reason));
	return false;
}

bool
bench_clean(const struct bench *b)
{
	bool ok = b->faults == 0;

	for (uint32_t i = 0; i < b->up_count; i++)
		if (!b->up[i].done) {
			fprintf(
			    stderr, "bench: record %u (%u) is not done\n", b->up[i].e.serial, b->up[i].e.msg);
			ok = false;
		}
	for (uint32_t i = 0; i < LINK_SLOT_COUNT; i++)
		if (b->slots[i].state != LINK_SLOT_FREE) {
			fprintf(stderr, "bench: slot %u is still full\n", i);
			ok = false;
		}
	return ok;
}
