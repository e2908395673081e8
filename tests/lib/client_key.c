/* Reading an Ed25519 key in OpenSSH's private key format (PROTOCOL.key),
 * unencrypted. */
#include "tests/lib/client.h"

#include <ctype.h>

#include "drivers/pk/pk.h"

#define FILE_MAX 8192
#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* with its NUL */

static int
digit(char ch)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = ch != '\0' ? strchr(digits, ch) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* In place, white space left out; stops at '=' or anything else. */
static size_t
unbase64(char *text)
{
	uint8_t *out = (uint8_t *)text;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;

	for (; *text != '\0'; text++) {
		int d = digit(*text);

		if (isspace((unsigned char)*text))
			continue;
		if (d < 0)
			break;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (uint8_t)(bits >> have);
		}
	}
	return len;
}

static const char *
take_private(struct client_key *key, struct view section)
{
	struct cur c = cur_view(section);
	uint32_t check = cur_u32(&c);
	bool same = check == cur_u32(&c);
	struct view type = cur_string(&c);
	struct view pub = cur_string(&c);
	struct view priv = cur_string(&c);

	if (c.bad || !same)
		return "damaged key";
	if (!view_is(type, "ssh-ed25519") || pub.len != 32 || priv.len != 64)
		return "not an Ed25519 key";
	memcpy(key->seed, priv.data, sizeof(key->seed));
	memcpy(key->pub, pub.data, sizeof(key->pub));
	return NULL;
}

static const char *
take_file(struct client_key *key, struct view file)
{
	struct cur c = cur_view(file);
	struct view magic = cur_take(&c, sizeof(MAGIC));
	struct view cipher = cur_string(&c);
	struct view kdf = cur_string(&c);
	uint32_t count;

	cur_string(&c); /* options of the key derivation */
	count = cur_u32(&c);
	cur_string(&c); /* public key */
	if (c.bad || !view_eq(magic, view_of(MAGIC, sizeof(MAGIC))))
		return "not a key in OpenSSH's format";
	if (!view_is(cipher, "none") || !view_is(kdf, "none"))
		return "the key is encrypted";
	if (count != 1)
		return "not one key";
	return take_private(key, cur_string(&c));
}

int
client_key_load(struct client_key *key, const char *path, const char **why)
{
	char text[FILE_MAX];
	FILE *f = fopen(path, "re");
	char *begin, *end;
	size_t len;

	*why = "cannot open";
	if (f == NULL)
		return -1;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	begin = strstr(text, BEGIN);
	end = begin != NULL ? strstr(begin, END) : NULL;
	*why = "no OpenSSH private key";
	if (end != NULL) {
		*end = '\0';
		begin += strlen(BEGIN);
		len = unbase64(begin);
		*why = take_file(key, view_of(begin, len));
	}
	pk_wipe(text, sizeof(text));
	return *why == NULL ? 0 : -1;
}
