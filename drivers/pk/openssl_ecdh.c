/*
 * The NIST curves and Diffie-Hellman on them: SEC 1 sections 3.2.1 and 3.3.1.
 *
 * On the library's points instead of its key objects: those would compute or look
 * up again what is at hand here. Multiplication by a secret scalar is constant in
 * time in the library (one point, one scalar). The cofactor of these curves is 1,
 * so that a point on the curve which is not at infinity is in the group.
 */
#include "drivers/pk/openssl.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

static struct openssl_curve curves[OPENSSL_CURVES] = {
	{ "P-256", NID_X9_62_prime256v1, PK_P256_SIZE, NULL },
	{ "P-384", NID_secp384r1, PK_P384_SIZE, NULL },
	{ "P-521", NID_secp521r1, PK_P521_SIZE, NULL },
};

const struct openssl_curve *
openssl_curve(enum pk_type type)
{
	return type >= PK_P256 && type <= PK_P521 ? &curves[type - PK_P256] : NULL;
}

int
openssl_curves_start(void)
{
	for (int i = 0; i < OPENSSL_CURVES; i++) {
		curves[i].group = EC_GROUP_new_by_curve_name(curves[i].nid);
		if (curves[i].group == NULL)
			return -1;
	}
	return 0;
}

/* What one operation needs, and its end. */
struct work {
	const struct openssl_curve *curve;
	EC_GROUP *group;
	BN_CTX *ctx;
	BIGNUM *scalar, *x;
	EC_POINT *in, *out;
};

static bool
work_begin(struct work *w, enum pk_type type)
{
	*w = (struct work){ .curve = openssl_curve(type) };
	if (openssl_ready() != 0)
		return false;
	w->group = w->curve->group;
	w->ctx = BN_CTX_new();
	w->scalar = BN_new();
	w->x = BN_new();
	w->in = EC_POINT_new(w->group);
	w->out = EC_POINT_new(w->group);
	if (w->ctx == NULL || w->scalar == NULL || w->x == NULL || w->in == NULL || w->out == NULL)
		return false;
	BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
	return true;
}

static void
work_end(struct work *w)
{
	EC_POINT_clear_free(w->in);
	EC_POINT_clear_free(w->out);
	BN_clear_free(w->scalar);
	BN_clear_free(w->x);
	BN_CTX_free(w->ctx);
	pk_wipe_stack();
}

/* A scalar from 1 to the order less 1, by trying (SEC 1 section 3.2.1): bits above
 * the order's are cleared before, so that one try does almost always. */
static bool
fresh_scalar(struct work *w, uint8_t *priv)
{
	const BIGNUM *order = EC_GROUP_get0_order(w->group);
	unsigned spare = (unsigned)(8 * w->curve->field) - (unsigned)BN_num_bits(order);

	for (int i = 0; i < 100; i++) {
		if (openssl_random(priv, w->curve->field) != 0)
			return false;
		priv[0] &= (uint8_t)(0xff >> spare);
		if (BN_bin2bn(priv, (int)w->curve->field, w->scalar) == NULL)
			return false;
		if (!BN_is_zero(w->scalar) && BN_cmp(w->scalar, order) < 0)
			return true;
	}
	return false;
}

static int
pair(enum pk_type type, uint8_t *pub, uint8_t *priv)
{
	struct work w;
	size_t size;
	int r = -1;

	if (work_begin(&w, type) && fresh_scalar(&w, priv) &&
	    EC_POINT_mul(w.group, w.out, w.scalar, NULL, NULL, w.ctx) == 1) {
		size = PK_POINT_SIZE(w.curve->field);
		if (EC_POINT_point2oct(w.group, w.out, POINT_CONVERSION_UNCOMPRESSED, pub, size, w.ctx) ==
		    size)
			r = 0;
	}
	work_end(&w);
	if (r != 0)
		pk_wipe(priv, w.curve->field);
	return r;
}

static int
shared(enum pk_type type, uint8_t *out, const uint8_t *priv, const uint8_t *peer)
{
	struct work w;
	int r = -1;

	/* EC_POINT_oct2point refuses what is not on the curve; the compressed and
	 * hybrid forms, and infinity, begin with another byte. */
	if (work_begin(&w, type) && peer[0] == POINT_CONVERSION_UNCOMPRESSED &&
	    EC_POINT_oct2point(w.group, w.in, peer, PK_POINT_SIZE(w.curve->field), w.ctx) == 1 &&
	    BN_bin2bn(priv, (int)w.curve->field, w.scalar) != NULL &&
	    EC_POINT_mul(w.group, w.out, NULL, w.in, w.scalar, w.ctx) == 1 &&
	    EC_POINT_is_at_infinity(w.group, w.out) == 0 &&
	    EC_POINT_get_affine_coordinates(w.group, w.out, w.x, NULL, w.ctx) == 1 &&
	    BN_bn2binpad(w.x, out, (int)w.curve->field) == (int)w.curve->field)
		r = 0;
	work_end(&w);
	if (r != 0)
		pk_wipe(out, w.curve->field);
	return r;
}

int
pk_p256_pair(uint8_t *pub, uint8_t *priv)
{
	return pair(PK_P256, pub, priv);
}

int
pk_p256_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer)
{
	(void)pub;
	return shared(PK_P256, out, priv, peer);
}

int
pk_p384_pair(uint8_t *pub, uint8_t *priv)
{
	return pair(PK_P384, pub, priv);
}

int
pk_p384_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer)
{
	(void)pub;
	return shared(PK_P384, out, priv, peer);
}

int
pk_p521_pair(uint8_t *pub, uint8_t *priv)
{
	return pair(PK_P521, pub, priv);
}

int
pk_p521_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer)
{
	(void)pub;
	return shared(PK_P521, out, priv, peer);
}
