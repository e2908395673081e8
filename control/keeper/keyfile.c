#include "control/keeper/keyfile.h"

#include <stdbool.h>
#include <string.h>

#include "abi/wire/cursor.h"

static const char first_line[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char last_line[] = "-----END OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1"; /* its NUL included */

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 over line ends into w; false: something else was in it. */
static bool
base64_decode(struct put *w, const char *text, size_t len)
{
	uint32_t bits = 0;
	unsigned have = 0, padding = 0;

	for (size_t i = 0; i < len; i++) {
		int digit;

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		digit = base64_digit(text[i]);
		if (digit < 0 || padding > 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			put_u8(w, (uint8_t)(bits >> have));
		}
	}
	return padding <= 2 && !w->bad;
}

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

static enum keyfile_result
parse_private(uint8_t *seed, uint8_t *pub, struct view private, struct view outer_pub)
{
	struct cur c = cur_view(private);
	uint32_t check = cur_u32(&c);
	struct view type, inner_pub, both;

	if (cur_u32(&c) != check)
		return KEYFILE_FORM;
	type = cur_string(&c);
	if (!c.bad && !view_is(type, "ssh-ed25519"))
		return KEYFILE_OTHER;
	inner_pub = cur_string(&c);
	both = cur_string(&c);
	cur_string(&c); /* comment */
	if (!padding_good(&c) || private.len % 8 != 0)
		return KEYFILE_FORM;
	if (inner_pub.len != PK_ED25519_PUBLIC || both.len != PK_ED25519_SEED + PK_ED25519_PUBLIC)
		return KEYFILE_FORM;
	if (!view_eq(inner_pub, outer_pub) ||
	    memcmp(both.data + PK_ED25519_SEED, inner_pub.data, PK_ED25519_PUBLIC) != 0)
		return KEYFILE_MISMATCH;
	memcpy(seed, both.data, PK_ED25519_SEED);
	memcpy(pub, inner_pub.data, PK_ED25519_PUBLIC);
	return KEYFILE_OK;
}

static enum keyfile_result
parse_blob(uint8_t *seed, uint8_t *pub, struct view blob)
{
	struct cur c = cur_view(blob), p;
	struct view head = cur_take(&c, sizeof magic);
	struct view cipher, kdf, public, private, type, key;
	uint32_t count;

	if (!view_eq(head, view_of(magic, sizeof magic)))
		return KEYFILE_FORM;
	cipher = cur_string(&c);
	kdf = cur_string(&c);
	cur_string(&c);
	count = cur_u32(&c);
	public = cur_string(&c);
	private = cur_string(&c);
	if (c.bad || count != 1)
		return KEYFILE_FORM;
	p = cur_view(public);
	type = cur_string(&p);
	if (!p.bad && !view_is(type, "ssh-ed25519"))
		return KEYFILE_OTHER;
	if (!view_is(cipher, "none") || !view_is(kdf, "none"))
		return KEYFILE_ENCRYPTED;
	key = cur_string(&p);
	if (!cur_done(&p) || !cur_done(&c))
		return KEYFILE_FORM;
	return parse_private(seed, pub, private, key);
}

enum keyfile_result
keyfile_parse(uint8_t seed[PK_ED25519_SEED], uint8_t pub[PK_ED25519_PUBLIC], const char *text, size_t len)
{
	uint8_t blob[KEYFILE_MAX];
	struct put w = put_of(blob, sizeof blob);
	struct view body;
	enum keyfile_result r = KEYFILE_FORM;

	if (len > KEYFILE_MAX)
		return KEYFILE_FORM;
	body = between_lines(text, len);
	if (body.len == 0)
		return memmem(text, len, "-----BEGIN ", 11) != NULL ? KEYFILE_OTHER : KEYFILE_FORM;
	if (base64_decode(&w, (const char *)body.data, body.len))
		r = parse_blob(seed, pub, put_view(&w));
	pk_wipe(blob, sizeof blob);
	return r;
}

const char *
keyfile_text(enum keyfile_result r)
{
	switch (r) {
	case KEYFILE_OK:
		return "good";
	case KEYFILE_FORM:
		return "not an OpenSSH private key, or damaged";
	case KEYFILE_ENCRYPTED:
		return "encrypted with a passphrase; host keys must not be";
	case KEYFILE_OTHER:
		return "of a type or format that is not served; ssh-ed25519 in OpenSSH's format is";
	case KEYFILE_MISMATCH:
		return "private and public part do not belong together";
	}
	return "?";
}
