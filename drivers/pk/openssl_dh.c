/*
 * Diffie-Hellman over prime fields: the groups of RFC 3526, and others that a peer or
 * a moduli file names.
 *
 * On the library's numbers instead of its key objects: those would look for a named
 * group in each new key, and check what is checked here. Exponentiation by a secret
 * is the library's in constant time; the exponent's length is no secret, it is the
 * same for all.
 */
#include "drivers/pk/openssl.h"

#include <openssl/bn.h>
#include <pthread.h>

struct group {
	unsigned number;
	BIGNUM *(*prime)(BIGNUM *);
	BIGNUM *p;
	BN_MONT_CTX *mont;
	struct pk_dh dh;
	uint8_t bytes[PK_DH_MAX];
};

static struct group groups[] = {
	{ .number = 14, .prime = BN_get_rfc3526_prime_2048 },
	{ .number = 16, .prime = BN_get_rfc3526_prime_4096 },
	{ .number = 18, .prime = BN_get_rfc3526_prime_8192 },
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static const uint8_t two[] = { 2 }; /* RFC 3526: the generator of all of them */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;

static bool
group_start(struct group *g, BN_CTX *ctx)
{
	int len;

	g->p = g->prime(NULL);
	g->mont = BN_MONT_CTX_new();
	if (g->p == NULL || g->mont == NULL || BN_MONT_CTX_set(g->mont, g->p, ctx) != 1)
		return false;
	len = BN_bn2bin(g->p, g->bytes);
	g->dh = (struct pk_dh){ view_of(g->bytes, (size_t)len), view_of(two, sizeof(two)) };
	return len > 0;
}

static void
start(void)
{
	BN_CTX *ctx = BN_CTX_new();

	started = ctx != NULL;
	for (size_t i = 0; i < GROUPS && started; i++)
		started = group_start(&groups[i], ctx);
	BN_CTX_free(ctx);
}

static const struct group *
group_of(const struct pk_dh *d)
{
	pthread_once(&once, start);
	for (size_t i = 0; i < GROUPS && started; i++)
		if (&groups[i].dh == d)
			return &groups[i];
	return NULL;
}

const struct pk_dh *
pk_dh_group(unsigned number)
{
	pthread_once(&once, start);
	for (size_t i = 0; i < GROUPS && started; i++)
		if (groups[i].number == number)
			return &groups[i].dh;
	return NULL;
}

/* What one operation needs, and its end. */
struct work {
	BIGNUM *p, *last; /* p, p - 1 */
	BIGNUM *base, *power, *result;
	BN_MONT_CTX *mont;
	BN_CTX *ctx;
	bool own; /* p and mont are this operation's */
};

static bool
take_modulus(struct work *w, const struct pk_dh *d)
{
	const struct group *g = group_of(d);

	w->own = g == NULL;
	if (g != NULL) {
		w->p = g->p;
		w->mont = g->mont;
		return true;
	}
	w->p = BN_bin2bn(d->p.data, (int)d->p.len, NULL);
	w->mont = BN_MONT_CTX_new();
	return w->p != NULL && w->mont != NULL && BN_MONT_CTX_set(w->mont, w->p, w->ctx) == 1;
}

static bool
work_begin(struct work *w, const struct pk_dh *d)
{
	*w = (struct work){ .own = false };
	if (openssl_ready() != 0 || d->p.len == 0 || d->p.len > PK_DH_MAX || d->g.len > d->p.len ||
	    (d->p.data[d->p.len - 1] & 1) == 0)
		return false;
	w->ctx = BN_CTX_new();
	w->base = BN_new();
	w->power = BN_new();
	w->result = BN_new();
	if (w->ctx == NULL || w->base == NULL || w->power == NULL || w->result == NULL || !take_modulus(w, d))
		return false;
	w->last = BN_dup(w->p);
	BN_set_flags(w->power, BN_FLG_CONSTTIME);
	return w->last != NULL && BN_sub_word(w->last, 1) == 1;
}

static void
work_end(struct work *w)
{
	if (w->own) {
		BN_free(w->p);
		BN_MONT_CTX_free(w->mont);
	}
	BN_free(w->last);
	BN_free(w->base);
	BN_clear_free(w->power);
	BN_clear_free(w->result);
	BN_CTX_free(w->ctx);
	pk_wipe_stack();
}

/* 1 < v < p - 1 */
static bool
inside(const struct work *w, const BIGNUM *v)
{
	return BN_cmp(v, BN_value_one()) > 0 && BN_cmp(v, w->last) < 0;
}

/* base ^ priv into out, in the modulus's full length. */
static bool
raise(struct work *w, const struct pk_dh *d, uint8_t *out, const uint8_t *priv)
{
	return BN_bin2bn(priv, PK_DH_PRIVATE_SIZE, w->power) != NULL &&
	       BN_mod_exp_mont_consttime(w->result, w->base, w->power, w->p, w->ctx, w->mont) == 1 &&
	       inside(w, w->result) && BN_bn2binpad(w->result, out, (int)d->p.len) == (int)d->p.len;
}

/* The exponent's highest bit is set: all are of one length, and take one time. */
int
pk_dh_pair(const struct pk_dh *d, uint8_t *pub, uint8_t *priv)
{
	struct work w;
	int r = -1;

	if (work_begin(&w, d) && d->p.len > PK_DH_PRIVATE_SIZE &&
	    BN_bin2bn(d->g.data, (int)d->g.len, w.base) != NULL && inside(&w, w.base) &&
	    openssl_random(priv, PK_DH_PRIVATE_SIZE) == 0) {
		priv[0] |= 0x80;
		if (raise(&w, d, pub, priv))
			r = 0;
	}
	work_end(&w);
	if (r != 0)
		pk_wipe(priv, PK_DH_PRIVATE_SIZE);
	return r;
}

int
pk_dh_shared(const struct pk_dh *d, uint8_t *out, const uint8_t *priv, struct view peer)
{
	struct work w;
	int r = -1;

	if (work_begin(&w, d) && peer.len <= d->p.len &&
	    BN_bin2bn(peer.data, (int)peer.len, w.base) != NULL && inside(&w, w.base) && raise(&w, d, out, priv))
		r = 0;
	work_end(&w);
	if (r != 0)
		pk_wipe(out, d->p.len <= PK_DH_MAX ? d->p.len : 0);
	return r;
}
