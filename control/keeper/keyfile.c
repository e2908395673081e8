#include "control/keeper/keyfile.h"

#include <stdbool.h>
#include <string.h>

#include "abi/wire/mpint.h"
#include "control/kex/base64.h"
#include "control/kex/sign.h"

static const char first_line[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char last_line[] = "-----END OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1"; /* its NUL included */

/* The text between the two lines, or an empty view. */
static struct view
between_lines(const char *text, size_t len)
{
	const char *begin, *end;

	begin = memmem(text, len, first_line, sizeof first_line - 1);
	if (begin == NULL)
		return view_of(NULL, 0);
	begin += sizeof first_line - 1;
	end = memmem(begin, len - (size_t)(begin - text), last_line, sizeof last_line - 1);
	if (end == NULL)
		return view_of(NULL, 0);
	return view_of(begin, (size_t)(end - begin));
}

/* The padding counts 1, 2, 3, ... to the end of a block of 8 bytes. */
static bool
padding_good(struct cur *c)
{
	if (cur_left(c) >= 8)
		return false;
	for (uint8_t expected = 1; cur_left(c) > 0; expected++)
		if (cur_u8(c) != expected)
			return false;
	return !c->bad;
}

/* ---- the private part, by type (PROTOCOL.key section 3, RFC 8709, RFC 5656) ---- */

static void
take_ed25519(struct pk_private *key, struct cur *c)
{
	struct view public = cur_string(c);
	struct view both = cur_string(c);

	if (public.len != PK_ED25519_SIZE || both.len != 2 * PK_ED25519_SIZE) {
		c->bad = true;
		return;
	}
	key->secret = view_of(both.data, PK_ED25519_SIZE);
	key->key = view_of(both.data + PK_ED25519_SIZE, PK_ED25519_SIZE);
	if (!view_eq(public, key->key))
		key->key = view_of(NULL, 0);
}

static void
take_ecdsa(struct pk_private *key, struct cur *c)
{
	cur_string(c); /* the curve, which the type has named */
	key->key = cur_string(c);
	key->secret = cur_mpint(c);
}

static void
take_rsa(struct pk_private *key, struct cur *c)
{
	key->key = cur_mpint(c);
	key->exponent = cur_mpint(c);
	key->secret = cur_mpint(c);
	key->inverse = cur_mpint(c);
	key->p = cur_mpint(c);
	key->q = cur_mpint(c);
}

static void (*const take[PK_TYPE_COUNT])(struct pk_private *key, struct cur *c) = {
	[PK_ED25519] = take_ed25519,
	[PK_P256] = take_ecdsa,
	[PK_P384] = take_ecdsa,
	[PK_P521] = take_ecdsa,
	[PK_RSA] = take_rsa,
};

static enum keyfile_result
parse_private(struct keyfile *k, struct view private, const struct pk_public *public, struct view type)
{
	struct cur c = cur_view(private);
	uint32_t check = cur_u32(&c);

	if (cur_u32(&c) != check)
		return KEYFILE_FORM;
	if (!view_eq(cur_string(&c), type))
		return KEYFILE_MISMATCH;
	k->key = (struct pk_private){ .type = public->type };
	take[public->type](&k->key, &c);
	cur_string(&c); /* comment */
	if (!padding_good(&c) || private.len % 8 != 0)
		return KEYFILE_FORM;
	return view_eq(k->key.key, public->key) && view_eq(k->key.exponent, public->exponent)
		   ? KEYFILE_OK
		   : KEYFILE_MISMATCH;
}

static bool
type_served(struct view type)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (view_is(type, a->key_name))
			return true;
	return false;
}

static enum keyfile_result
parse_blob(struct keyfile *k, struct view blob)
{
	struct cur c = cur_view(blob), p;
	struct view head = cur_take(&c, sizeof magic);
	struct view cipher, kdf, private, type;
	struct pk_public public;
	uint32_t count;

	if (!view_eq(head, view_of(magic, sizeof magic)))
		return KEYFILE_FORM;
	cipher = cur_string(&c);
	kdf = cur_string(&c);
	cur_string(&c);
	count = cur_u32(&c);
	k->public = cur_string(&c);
	private = cur_string(&c);
	if (c.bad || count != 1)
		return KEYFILE_FORM;
	p = cur_view(k->public);
	type = cur_string(&p);
	if (!p.bad && !type_served(type))
		return KEYFILE_OTHER;
	if (!view_is(cipher, "none") || !view_is(kdf, "none"))
		return KEYFILE_ENCRYPTED;
	if (!cur_done(&c) || sign_key_parse(&public, k->public) != 0)
		return KEYFILE_FORM;
	return parse_private(k, private, &public, type);
}

enum keyfile_result
keyfile_parse(struct keyfile *k, const char *text, size_t len)
{
	struct put w = put_of(k->bytes, sizeof k->bytes);
	struct view body;

	if (len > KEYFILE_MAX)
		return KEYFILE_FORM;
	body = between_lines(text, len);
	if (body.len == 0)
		return memmem(text, len, "-----BEGIN ", 11) != NULL &&
			       memmem(text, len, first_line, sizeof first_line - 1) == NULL
			   ? KEYFILE_PEM
			   : KEYFILE_FORM;
	if (!base64_decode(&w, body))
		return KEYFILE_FORM;
	return parse_blob(k, put_view(&w));
}

const char *
keyfile_text(enum keyfile_result r)
{
	static const char *const texts[] = {
		[KEYFILE_OK] = "good",
		[KEYFILE_FORM] = "not a private key, or damaged",
		[KEYFILE_ENCRYPTED] = "encrypted with a passphrase; host keys must not be",
		[KEYFILE_OTHER] = "of a type that is not served; Ed25519, ECDSA and RSA are",
		[KEYFILE_PEM] = "in another format",
		[KEYFILE_MISMATCH] = "private and public part do not belong together",
		[KEYFILE_SMALL] = "smaller than RequiredRSASize",
		[KEYFILE_FAULTY] = "what it signs does not verify",
	};

	return r < sizeof texts / sizeof texts[0] ? texts[r] : "?";
}
