/* Keys for the scripted client. */
#include "control/keeper/keyfile.h"
#include "drivers/pk/pk.h"
#include "tests/lib/client.h"

static const char *
take_key(struct client_key *key, const struct keyfile *k)
{
	struct pk_public public;

	if (k->key.type != PK_ED25519 || sign_key_parse(&public, k->public) != 0)
		return "not an Ed25519 key";
	memcpy(key->seed, k->key.secret.data, sizeof(key->seed));
	memcpy(key->pub, public.key.data, sizeof(key->pub));
	return NULL;
}

int
client_key_load(struct client_key *key, const char *path, const char **why)
{
	static struct keyfile k;
	char text[KEYFILE_MAX];
	FILE *f = fopen(path, "re");
	enum keyfile_result r;
	size_t len;

	*why = "cannot open";
	if (f == NULL)
		return -1;
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	r = keyfile_parse(&k, text, len);
	*why = r == KEYFILE_OK ? take_key(key, &k) : keyfile_text(r);
	pk_wipe(text, sizeof(text));
	pk_wipe(&k, sizeof(k));
	return *why == NULL ? 0 : -1;
}
