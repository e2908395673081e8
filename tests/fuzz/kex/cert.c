/*
 * A certificate: parsed or refused. What was parsed lies inside its bytes, its lists
 * end where they say, and its key is one that can be written again.
 */
#include <stdlib.h>

#include "control/kex/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool good)
{
	if (!good)
		abort();
}

static void
inside(const struct cert *c, struct view v)
{
	require(v.len == 0 || (v.data >= c->blob.data && v.data + v.len <= c->blob.data + c->blob.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[SIGN_KEY_MAX];
	struct put w = put_of(key, sizeof(key));
	const struct sign_algorithm *by;
	struct view list, name, value;
	struct pk_public again;
	struct cert c;
	unsigned n = 0;

	if (cert_parse(&c, view_of(data, size)) != 0)
		return 0;
	require(cert_is(c.blob) && (c.kind == CERT_USER || c.kind == CERT_HOST));
	inside(&c, c.id);
	inside(&c, c.ca);
	inside(&c, c.signature);
	for (list = c.principals; cert_principal(&list, &name); n++)
		inside(&c, name);
	require(list.len == 0 && n <= CERT_PRINCIPALS_MAX);
	for (list = c.critical; cert_option(&list, &name, &value);)
		inside(&c, value);
	require(list.len == 0);
	sign_key_put(&w, &c.key);
	require(!w.bad && sign_key_parse(&again, put_view(&w)) == 0 && again.type == c.key.type);
	if (cert_verify(&c, &by) == 0)
		require(by != NULL);
	return 0;
}
