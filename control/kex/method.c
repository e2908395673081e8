#include "control/kex/method.h"

#include <string.h>

#define CURVE(NAME, HASH, field, fn)                                                                    \
	{                                                                                               \
		.name = NAME, .hash = HASH, .share_size = PK_POINT_SIZE(field), .secret_size = (field), \
		.pair = fn##_pair, .shared = fn##_shared                                                \
	}
#define X25519(NAME)                                                                              \
	{                                                                                         \
		.name = NAME, .hash = PK_SHA256, .share_size = PK_X25519_SIZE,                    \
		.secret_size = PK_X25519_SIZE, .pair = pk_x25519_pair, .shared = pk_x25519_shared \
	}

static const struct kex_method methods[] = {
	/* RFC 8731 */
	X25519("curve25519-sha256"),
	X25519("curve25519-sha256@libssh.org"),
	/* RFC 5656 section 6.3; hashes: section 6.2.1 */
	CURVE("ecdh-sha2-nistp256", PK_SHA256, PK_P256_SIZE, pk_p256),
	CURVE("ecdh-sha2-nistp384", PK_SHA384, PK_P384_SIZE, pk_p384),
	CURVE("ecdh-sha2-nistp521", PK_SHA512, PK_P521_SIZE, pk_p521),
};

const struct kex_method *
kex_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

const struct kex_method *
kex_method_at(size_t i)
{
	return i < sizeof(methods) / sizeof(methods[0]) ? &methods[i] : NULL;
}
