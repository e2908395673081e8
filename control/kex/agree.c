/*
 * The exchange of RFC 5656 section 4, which RFC 8731 takes for curve25519 and the
 * drafts of the hybrids for theirs: both sides send a share, the server signs the
 * hash. What differs between methods is in their rows.
 *
 * The work with secrets is done in functions of their own, called from the
 * public ones, which clear the stack below them before they return.
 */
#include "abi/wire/mpint.h"
#include "control/kex/kex.h"
#include "control/kex/method.h"
#include "control/kex/cert.h"

#define HASH_STRINGS 8u

_Static_assert(sizeof(((struct kex_secret *)NULL)->k) >= 5 + PK_SECRET_MAX, "K as mpint");
_Static_assert(sizeof(((struct kex_secret *)NULL)->k) >= 4 + PK_HASH_MAX, "K as string");

/* Both shared secrets of an exchange; the first only of hybrids. */
struct shared {
	uint8_t kem[PK_KEM_SHARED];
	uint8_t curve[PK_SECRET_MAX];
};

/* K of a curve as mpint (RFC 5656 section 4, RFC 8731 section 3.1): the shared secret
 * is a big-endian number. K of a hybrid as string: HASH(K_PQ || K_CL), with the
 * curve's secret in full length. */
static int
put_secret(struct kex_secret *s, const struct kex_method *m, const struct shared *both)
{
	const struct pk_part parts[] = { { both->kem, sizeof(both->kem) }, { both->curve, m->curve->secret_size } };
	struct put w = put_of(s->k, sizeof(s->k));
	int r = 0;

	if (m->kem == NULL) {
		put_mpint(&w, view_of(both->curve, m->curve->secret_size));
		s->k_len = (uint32_t)put_len(&w);
	} else {
		put_u32(&w, (uint32_t)pk_hash_size(m->hash));
		s->k_len = (uint32_t)(put_len(&w) + pk_hash_size(m->hash));
		r = pk_hash_parts(m->hash, s->k + put_len(&w), parts, 2);
	}
	return r == 0 ? 0 : -R_INTERNAL;
}

/* H = HASH(V_C || V_S || I_C || I_S || K_S || Q_C || Q_S || K), RFC 5656 section
 * 4; all but K as strings. */
static int
exchange_hash(struct kex_secret *s, enum pk_hash hash, const struct kex_context *ctx, struct view host_key,
    struct view q_c, struct view q_s)
{
	const struct view strings[] = { ctx->ident_client, ctx->ident_server, ctx->kexinit_client,
		ctx->kexinit_server, host_key, q_c, q_s };
	struct pk_part parts[2 * HASH_STRINGS];
	uint8_t lengths[HASH_STRINGS][4];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct put w = put_of(lengths[i], sizeof(lengths[i]));

		put_u32(&w, (uint32_t)strings[i].len);
		parts[count++] = (struct pk_part){ lengths[i], sizeof(lengths[i]) };
		parts[count++] = (struct pk_part){ strings[i].data, strings[i].len };
	}
	parts[count++] = (struct pk_part){ s->k, s->k_len };
	s->h_len = (uint32_t)pk_hash_size(hash);
	return pk_hash_parts(hash, s->h, parts, count) == 0 ? 0 : -R_INTERNAL;
}

/* ---- server ---- */

/* Our share and K for the client's share: the ciphertext, then the point. */
static int
respond(struct kex_secret *s, const struct kex_method *m, uint8_t *priv, struct shared *both, struct view q_c)
{
	const uint8_t *point = q_c.data + (m->kem != NULL ? m->kem->public_size : 0);
	uint8_t *own = s->share + (m->kem != NULL ? m->kem->cipher_size : 0);

	if (q_c.len != kex_client_share(m))
		return -R_KEX_SHARE;
	if (m->kem != NULL && m->kem->encapsulate(s->share, both->kem, q_c.data) != 0)
		return -R_KEX_SHARE;
	if (m->curve->pair(own, priv) != 0)
		return -R_INTERNAL;
	s->share_len = (uint32_t)kex_server_share(m);
	if (m->curve->shared(both->curve, priv, own, point) != 0)
		return -R_KEX_SHARE;
	return put_secret(s, m, both);
}

static __attribute__((noinline)) int
answer(struct kex_secret *s, const struct kex_method *m, const struct kex_context *ctx, struct view q_c)
{
	uint8_t priv[PK_SECRET_MAX];
	struct shared both;
	int r = respond(s, m, priv, &both, q_c);

	pk_wipe(priv, sizeof(priv));
	pk_wipe(&both, sizeof(both));
	if (r == 0)
		r = exchange_hash(s, m->hash, ctx, ctx->host_key, q_c, view_of(s->share, s->share_len));
	return r;
}

int
kex_server_answer(
    struct kex_secret *s, const struct kex_choice *choice, const struct kex_context *ctx, struct view init)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	struct cur c = cur_view(init);
	uint8_t number = cur_u8(&c);
	struct view q_c = cur_string(&c);
	int r;

	memset(s, 0, sizeof(*s));
	if (m == NULL)
		return -R_INTERNAL;
	if (!cur_done(&c))
		return -R_SHORT;
	if (number != SSH_MSG_KEX_ECDH_INIT)
		return -R_KEX_STATE;
	r = answer(s, m, ctx, q_c);
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}

void
kex_server_reply(
    struct put *w, const struct kex_secret *s, const struct kex_context *ctx, struct view signature)
{
	put_u8(w, SSH_MSG_KEX_ECDH_REPLY);
	put_sview(w, ctx->host_key);
	put_string(w, s->share, s->share_len);
	put_sview(w, signature);
}

/* ---- client ---- */

int
kex_client_init(struct kex_client_state *st, const struct kex_choice *choice, struct put *w)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	uint8_t *pub = st->pub, *priv = st->priv;

	memset(st, 0, sizeof(*st));
	if (m == NULL)
		return -R_INTERNAL;
	if (m->kem != NULL) {
		if (m->kem->pair(pub, priv) != 0)
			return -R_INTERNAL;
		pub += m->kem->public_size;
		priv += m->kem->private_size;
	}
	if (m->curve->pair(pub, priv) != 0) {
		pk_wipe(st, sizeof(*st));
		return -R_INTERNAL;
	}
	st->pub_len = (uint32_t)kex_client_share(m);
	put_u8(w, SSH_MSG_KEX_ECDH_INIT);
	put_string(w, st->pub, st->pub_len);
	return 0;
}

/* K from the server's share. */
static int
conclude(struct kex_secret *s, const struct kex_method *m, const struct kex_client_state *st, struct shared *both,
    struct view q_s)
{
	const uint8_t *pub = st->pub, *priv = st->priv, *point = q_s.data;

	if (q_s.len != kex_server_share(m))
		return -R_KEX_SHARE;
	if (m->kem != NULL) {
		if (m->kem->decapsulate(both->kem, priv, q_s.data) != 0)
			return -R_INTERNAL;
		pub += m->kem->public_size;
		priv += m->kem->private_size;
		point += m->kem->cipher_size;
	}
	if (m->curve->shared(both->curve, priv, pub, point) != 0)
		return -R_KEX_SHARE;
	return put_secret(s, m, both);
}

/* The method and the algorithm of the host key are the negotiated ones. */
static __attribute__((noinline)) int
finish(struct kex_secret *s, const struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	struct view host_algorithm = view_str(choice->host_key);
	struct cur c = cur_view(reply);
	uint8_t number = cur_u8(&c);
	struct view key = cur_string(&c);
	struct view q_s = cur_string(&c);
	struct view signature = cur_string(&c);
	struct shared both;
	int r;

	if (m == NULL || cert_host_sign(host_algorithm) == NULL || st->pub_len != kex_client_share(m))
		return -R_INTERNAL;
	if (!cur_done(&c))
		return -R_SHORT;
	if (number != SSH_MSG_KEX_ECDH_REPLY)
		return -R_KEX_STATE;
	r = conclude(s, m, st, &both, q_s);
	pk_wipe(&both, sizeof(both));
	if (r == 0)
		r = exchange_hash(s, m->hash, ctx, key, view_of(st->pub, st->pub_len), q_s);
	if (r == 0 && cert_host_verify(host_algorithm, key, signature, view_of(s->h, s->h_len)) != 0)
		r = -R_KEX_VERIFY;
	if (r == 0)
		*host_key = key;
	return r;
}

int
kex_client_finish(struct kex_secret *s, struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key)
{
	int r;

	memset(s, 0, sizeof(*s));
	*host_key = view_of(NULL, 0);
	memcpy(s->share, st->pub, st->pub_len);
	s->share_len = st->pub_len;
	r = finish(s, st, choice, ctx, reply, host_key);
	pk_wipe(st, sizeof(*st));
	pk_wipe_stack();
	if (r != 0)
		kex_secret_wipe(s);
	return r;
}
