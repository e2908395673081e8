/*
 * An OpenSSH private key: parsed or refused. What was parsed lies inside the
 * file's own bytes and is of the type that its public part names.
 */
#include <stdlib.h>

#include "control/keeper/keyfile.h"
#include "control/kex/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(const struct keyfile *f, struct view v)
{
	if (v.len > 0 && (v.data < f->bytes || v.data + v.len > f->bytes + sizeof f->bytes))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyfile f;
	struct pk_public public;
	enum keyfile_result r = keyfile_parse(&f, (const char *)data, size);

	if (keyfile_text(r)[0] == '?')
		abort();
	if (r != KEYFILE_OK)
		return 0;
	if (sign_key_parse(&public, f.public) != 0 || public.type != f.key.type)
		abort();
	inside(&f, f.key.secret);
	inside(&f, f.key.key);
	inside(&f, f.key.exponent);
	inside(&f, f.key.p);
	inside(&f, f.key.q);
	inside(&f, f.key.inverse);
	pk_signer_free(pk_signer_new(&f.key));
	return 0;
}
