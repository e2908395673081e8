#include "control/kex/shared.h"

#include "abi/wire/mpint.h"

_Static_assert(sizeof(((struct kex_secret *)NULL)->k) >= 5 + PK_DH_MAX, "K as mpint");
_Static_assert(PK_DH_MAX >= PK_SECRET_MAX && sizeof(((struct kex_secret *)NULL)->k) >= 4 + PK_HASH_MAX, "K");
_Static_assert(KEX_SHARE_MAX >= PK_DH_MAX && KEX_PRIVATE_MAX >= PK_DH_PRIVATE_SIZE, "both kinds of method");

/* Both shared secrets of a hybrid; of other methods the second only. */
struct shared {
	uint8_t kem[PK_KEM_SHARED];
	uint8_t curve[PK_SECRET_MAX];
};

const struct pk_dh *
shared_group(const struct kex_method *m, const struct kex_group *agreed)
{
	if (m->group != 0)
		return pk_dh_group(m->group);
	return agreed != NULL && agreed->dh.p.len > 0 ? &agreed->dh : NULL;
}

/* K as mpint (RFC 4253 section 8, RFC 5656 section 4, RFC 8731 section 3.1): the shared
 * secret is a big-endian number. */
static void
put_number(struct kex_secret *s, const uint8_t *secret, size_t len)
{
	struct put w = put_of(s->k, sizeof(s->k));

	put_mpint(&w, view_of(secret, len));
	s->k_len = (uint32_t)put_len(&w);
}

/* K of a hybrid as string: HASH(K_PQ || K_CL), with the curve's secret in full length. */
static int
put_secret(struct kex_secret *s, const struct kex_method *m, const struct shared *both)
{
	const struct pk_part parts[] = { { both->kem, sizeof(both->kem) }, { both->curve, m->curve->secret_size } };
	struct put w = put_of(s->k, sizeof(s->k));

	if (m->kem == NULL) {
		put_number(s, both->curve, m->curve->secret_size);
		return 0;
	}
	put_u32(&w, (uint32_t)pk_hash_size(m->hash));
	s->k_len = (uint32_t)(put_len(&w) + pk_hash_size(m->hash));
	return pk_hash_parts(m->hash, s->k + put_len(&w), parts, 2) == 0 ? 0 : -R_INTERNAL;
}

/* K in a prime field, with our private half. */
static int
field_secret(struct kex_secret *s, const struct pk_dh *d, const uint8_t *priv, struct view peer)
{
	uint8_t secret[PK_DH_MAX];
	int r = pk_dh_shared(d, secret, priv, peer) == 0 ? 0 : -R_KEX_SHARE;

	if (r == 0)
		put_number(s, secret, d->p.len);
	pk_wipe(secret, sizeof(secret));
	return r;
}

/* ---- server ---- */

static int
field_respond(struct kex_secret *s, const struct pk_dh *d, struct view peer)
{
	uint8_t priv[PK_DH_PRIVATE_SIZE];
	int r;

	if (d == NULL)
		return -R_INTERNAL;
	r = pk_dh_pair(d, s->share, priv) == 0 ? 0 : -R_INTERNAL;
	if (r == 0)
		r = field_secret(s, d, priv, peer);
	s->share_len = (uint32_t)d->p.len;
	pk_wipe(priv, sizeof(priv));
	return r;
}

/* The client's share: the public key of the encapsulation, then the point. */
static int
curve_respond(struct kex_secret *s, const struct kex_method *m, struct kex_pool *pool, uint8_t *priv,
    struct shared *both, struct view peer)
{
	const uint8_t *point = peer.data + (m->kem != NULL ? m->kem->public_size : 0);
	uint8_t *own = s->share + (m->kem != NULL ? m->kem->cipher_size : 0);

	if (peer.len != kex_client_share(m))
		return -R_KEX_SHARE;
	if (m->kem != NULL && m->kem->encapsulate(s->share, both->kem, peer.data) != 0)
		return -R_KEX_SHARE;
	if ((m->curve->pair != pk_x25519_pair || !pool_take(pool, own, priv)) && m->curve->pair(own, priv) != 0)
		return -R_INTERNAL;
	s->share_len = (uint32_t)kex_server_share(m);
	if (m->curve->shared(both->curve, priv, own, point) != 0)
		return -R_KEX_SHARE;
	return put_secret(s, m, both);
}

int
shared_respond(struct kex_secret *s, const struct kex_method *m, const struct kex_context *ctx, struct view peer)
{
	uint8_t priv[PK_SECRET_MAX];
	struct shared both;
	int r;

	if (m->curve == NULL)
		return field_respond(s, shared_group(m, ctx->group), peer);
	r = curve_respond(s, m, ctx->pool, priv, &both, peer);
	pk_wipe(priv, sizeof(priv));
	pk_wipe(&both, sizeof(both));
	return r;
}

/* ---- client ---- */

static int
field_begin(struct kex_client_state *st, const struct pk_dh *d)
{
	if (d == NULL || pk_dh_pair(d, st->pub, st->priv) != 0)
		return -R_INTERNAL;
	st->pub_len = (uint32_t)d->p.len;
	return 0;
}

int
shared_begin(struct kex_client_state *st, const struct kex_method *m)
{
	uint8_t *pub = st->pub, *priv = st->priv;

	if (m->curve == NULL)
		return field_begin(st, shared_group(m, &st->group));
	if (m->kem != NULL) {
		if (m->kem->pair(pub, priv) != 0)
			return -R_INTERNAL;
		pub += m->kem->public_size;
		priv += m->kem->private_size;
	}
	if (m->curve->pair(pub, priv) != 0)
		return -R_INTERNAL;
	st->pub_len = (uint32_t)kex_client_share(m);
	return 0;
}

static int
curve_conclude(struct kex_secret *s, const struct kex_method *m, const struct kex_client_state *st,
    struct shared *both, struct view peer)
{
	const uint8_t *pub = st->pub, *priv = st->priv, *point = peer.data;

	if (st->pub_len != kex_client_share(m))
		return -R_INTERNAL;
	if (peer.len != kex_server_share(m))
		return -R_KEX_SHARE;
	if (m->kem != NULL) {
		if (m->kem->decapsulate(both->kem, priv, peer.data) != 0)
			return -R_INTERNAL;
		pub += m->kem->public_size;
		priv += m->kem->private_size;
		point += m->kem->cipher_size;
	}
	if (m->curve->shared(both->curve, priv, pub, point) != 0)
		return -R_KEX_SHARE;
	return put_secret(s, m, both);
}

int
shared_conclude(
    struct kex_secret *s, const struct kex_method *m, const struct kex_client_state *st, struct view peer)
{
	const struct pk_dh *d;
	struct shared both;
	int r;

	if (m->curve == NULL) {
		d = shared_group(m, &st->group);
		return d == NULL || st->pub_len != d->p.len ? -R_INTERNAL : field_secret(s, d, st->priv, peer);
	}
	r = curve_conclude(s, m, st, &both, peer);
	pk_wipe(&both, sizeof(both));
	return r;
}
