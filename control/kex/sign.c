#include "control/kex/sign.h"

#include "abi/wire/mpint.h"

#define CERT "-cert-v01@openssh.com"
#define ECDSA(CURVE, TYPE, HASH)                                                                   \
	{                                                                                          \
		.name = "ecdsa-sha2-" CURVE, .key_name = "ecdsa-sha2-" CURVE, .curve = CURVE,      \
		.label = "ECDSA", .cert_name = "ecdsa-sha2-" CURVE CERT,                           \
		.cert_key_name = "ecdsa-sha2-" CURVE CERT, .type = TYPE, .hash = HASH              \
	}
#define RSA(HASH)                                                                                  \
	{                                                                                          \
		.name = "rsa-sha2-" #HASH, .key_name = "ssh-rsa", .label = "RSA",                  \
		.cert_name = "rsa-sha2-" #HASH CERT, .cert_key_name = "ssh-rsa" CERT,              \
		.type = PK_RSA, .hash = PK_SHA##HASH                                               \
	}

static const struct sign_algorithm algorithms[] = {
	{ .name = "ssh-ed25519", /* RFC 8709 */
	    .key_name = "ssh-ed25519",
	    .label = "ED25519",
	    .cert_name = "ssh-ed25519" CERT,
	    .cert_key_name = "ssh-ed25519" CERT,
	    .type = PK_ED25519,
	    .hash = PK_SHA512 },
	ECDSA("nistp256", PK_P256, PK_SHA256), /* RFC 5656 section 6.2 */
	ECDSA("nistp384", PK_P384, PK_SHA384),
	ECDSA("nistp521", PK_P521, PK_SHA512),
	RSA(512), /* RFC 8332 section 3 */
	RSA(256),
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const struct sign_algorithm *
sign_find(struct view name)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		if (view_is(name, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

const struct sign_algorithm *
sign_at(size_t i)
{
	return i < ALGORITHM_COUNT ? &algorithms[i] : NULL;
}

/* ---- key blobs ---- */

static const struct sign_algorithm *
by_key_name(struct view name)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		if (view_is(name, algorithms[i].key_name))
			return &algorithms[i];
	return NULL;
}

static const struct sign_algorithm *
by_type(enum pk_type type)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		if (algorithms[i].type == type)
			return &algorithms[i];
	return NULL;
}

int
sign_key_take(struct pk_public *key, const struct sign_algorithm *a, struct cur *c)
{
	*key = (struct pk_public){ .type = a->type };
	if (a->type == PK_RSA) {
		key->exponent = cur_mpint(c);
		key->key = cur_mpint(c);
	} else {
		if (a->curve != NULL && !view_is(cur_string(c), a->curve))
			return -R_SHORT;
		key->key = cur_string(c);
	}
	return !c->bad && pk_public_bits(key) != 0 ? 0 : -R_SHORT;
}

int
sign_key_parse(struct pk_public *key, struct view blob)
{
	struct cur c = cur_view(blob);
	const struct sign_algorithm *a = by_key_name(cur_string(&c));

	if (c.bad || a == NULL)
		return -R_SHORT;
	return sign_key_take(key, a, &c) == 0 && cur_done(&c) ? 0 : -R_SHORT;
}

void
sign_key_put(struct put *w, const struct pk_public *key)
{
	const struct sign_algorithm *a = by_type(key->type);

	put_cstr(w, a->key_name);
	if (a->type == PK_RSA) {
		put_mpint(w, key->exponent);
		put_mpint(w, key->key);
		return;
	}
	if (a->curve != NULL)
		put_cstr(w, a->curve);
	put_sview(w, key->key);
}

bool
sign_key_fits(const struct sign_algorithm *a, struct view blob, unsigned rsa_bits_min)
{
	struct pk_public key;

	if (sign_key_parse(&key, blob) != 0 || key.type != a->type)
		return false;
	return key.type != PK_RSA || pk_public_bits(&key) >= rsa_bits_min;
}

/* ---- signature blobs: the algorithm's name, then a string: of ECDSA two numbers ---- */

static void
put_signature(struct put *w, const struct sign_algorithm *a, struct view raw)
{
	size_t mark;

	put_cstr(w, a->name);
	if (a->curve == NULL) {
		put_sview(w, raw);
		return;
	}
	mark = put_mark(w);
	put_mpint(w, view_of(raw.data, raw.len / 2));
	put_mpint(w, view_of(raw.data + raw.len / 2, raw.len / 2));
	put_fill(w, mark);
}

int
sign_make(struct put *w, const struct sign_algorithm *a, struct pk_signer *s, struct view data)
{
	const struct pk_public *key = pk_signer_public(s);
	uint8_t raw[PK_SIGNATURE_MAX];
	size_t len;

	if (key->type == a->type && pk_signer_sign(s, a->hash, raw, &len, data.data, data.len) == 0 &&
	    pk_verify(key, a->hash, view_of(raw, len), data.data, data.len) == 0) {
		put_signature(w, a, view_of(raw, len));
		return w->bad ? -R_KEX_VERIFY : 0;
	}
	pk_wipe(raw, sizeof(raw));
	return -R_KEX_VERIFY;
}

/* Both numbers in the length of the curve's coordinates. */
static struct view
take_ecdsa(uint8_t raw[PK_SIGNATURE_MAX], struct view body, size_t size)
{
	struct cur c = cur_view(body);

	memset(raw, 0, 2 * size);
	for (size_t i = 1; i <= 2; i++) {
		struct view number = cur_mpint(&c);

		if (number.len > size)
			return view_of(NULL, 0);
		if (number.len > 0)
			memcpy(raw + i * size - number.len, number.data, number.len);
	}
	return cur_done(&c) ? view_of(raw, 2 * size) : view_of(NULL, 0);
}

int
sign_verify(const struct sign_algorithm *a, struct view blob, struct view signature, struct view data)
{
	uint8_t raw[PK_SIGNATURE_MAX];
	struct cur c = cur_view(signature);
	struct view name = cur_string(&c);
	struct view body = cur_string(&c);
	struct pk_public key;

	if (!cur_done(&c) || !view_is(name, a->name))
		return -R_SHORT;
	if (sign_key_parse(&key, blob) != 0 || key.type != a->type)
		return -R_SHORT;
	if (a->curve != NULL)
		body = take_ecdsa(raw, body, (key.key.len - 1) / 2);
	if (body.len == 0)
		return -R_SHORT;
	return pk_verify(&key, a->hash, body, data.data, data.len) == 0 ? 0 : -R_KEX_VERIFY;
}
