#include "control/kex/method.h"

#include <string.h>

#include "control/kex/names.h"

#define CURVE(field, fn)                                                                           \
	{                                                                                          \
		.share_size = PK_POINT_SIZE(field), .secret_size = (field), .pair = fn##_pair,     \
		.shared = fn##_shared                                                              \
	}

static const struct kex_curve x25519 = { PK_X25519_SIZE, PK_X25519_SIZE, pk_x25519_pair, pk_x25519_shared };
static const struct kex_curve p256 = CURVE(PK_P256_SIZE, pk_p256);
static const struct kex_curve p384 = CURVE(PK_P384_SIZE, pk_p384);
static const struct kex_curve p521 = CURVE(PK_P521_SIZE, pk_p521);

static const struct kex_method methods[] = {
	/* draft-ietf-sshm-mlkem-hybrid-kex section 2.3 */
	{ "mlkem768x25519-sha256", PK_SHA256, &x25519, &pk_mlkem768, 0 },
	/* draft-ietf-sshm-ntruprime-ssh section 2; the second name is OpenSSH's from before */
	{ "sntrup761x25519-sha512", PK_SHA512, &x25519, &pk_sntrup761, 0 },
	{ "sntrup761x25519-sha512@openssh.com", PK_SHA512, &x25519, &pk_sntrup761, 0 },
	/* RFC 8731 */
	{ "curve25519-sha256", PK_SHA256, &x25519, NULL, 0 },
	{ "curve25519-sha256@libssh.org", PK_SHA256, &x25519, NULL, 0 },
	{ "mlkem768nistp256-sha256", PK_SHA256, &p256, &pk_mlkem768, 0 },
	{ "mlkem1024nistp384-sha384", PK_SHA384, &p384, &pk_mlkem1024, 0 },
	/* RFC 5656 section 6.3; hashes: section 6.2.1 */
	{ "ecdh-sha2-nistp256", PK_SHA256, &p256, NULL, 0 },
	{ "ecdh-sha2-nistp384", PK_SHA384, &p384, NULL, 0 },
	{ "ecdh-sha2-nistp521", PK_SHA512, &p521, NULL, 0 },
	/* RFC 4419 section 4.2 */
	{ KEX_GROUP_EXCHANGE, PK_SHA256, NULL, NULL, 0 },
	/* RFC 8268 section 3 */
	{ "diffie-hellman-group16-sha512", PK_SHA512, NULL, NULL, 16 },
	{ "diffie-hellman-group18-sha512", PK_SHA512, NULL, NULL, 18 },
	{ "diffie-hellman-group14-sha256", PK_SHA256, NULL, NULL, 14 },
};

size_t
kex_client_share(const struct kex_method *m)
{
	return (m->kem != NULL ? m->kem->public_size : 0u) + m->curve->share_size;
}

size_t
kex_server_share(const struct kex_method *m)
{
	return (m->kem != NULL ? m->kem->cipher_size : 0u) + m->curve->share_size;
}

size_t
kex_private_size(const struct kex_method *m)
{
	return (m->kem != NULL ? m->kem->private_size : 0u) + m->curve->secret_size;
}

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
