/*
 * Key exchange methods: rows; adding one is a row, its functions in pk.h, and its
 * vectors.
 *
 * On a curve, alone or in a hybrid: the two messages of RFC 5656 section 4. In a prime
 * field: the same two with numbers in place of strings (RFC 4253 section 8); when the
 * server chooses the group, two more before them, and other numbers for them (RFC 4419).
 *
 * A hybrid has a key encapsulation beside the curve. The client sends the public
 * key of both, one behind the other, the server a ciphertext and its point:
 * draft-ietf-sshm-mlkem-hybrid-kex and draft-ietf-sshm-ntruprime-ssh, section 2 of
 * each. The secret K is then a hash of both secrets, as a string, not as mpint.
 */
#ifndef POSTERN_KEX_METHOD_H
#define POSTERN_KEX_METHOD_H

#include "drivers/pk/pk.h"

struct kex_curve {
	uint16_t share_size;  /* of both sides */
	uint16_t secret_size; /* of the private half, and of the shared secret */
	int (*pair)(uint8_t *pub, uint8_t *priv);
	int (*shared)(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
};

struct kex_method {
	const char *name;
	enum pk_hash hash;
	const struct kex_curve *curve; /* NULL: in a prime field */
	const struct pk_kem *kem;      /* NULL: the curve alone */
	unsigned group;                /* of RFC 3526; 0: the server's choice */
};

#define KEX_SHARE_MAX (PK_KEM_PUBLIC_MAX + PK_POINT_MAX)
#define KEX_PRIVATE_MAX (PK_KEM_PRIVATE_MAX + PK_SECRET_MAX)

/* The server chooses a group, by what the client asks for. */
static inline bool
kex_method_asks(const struct kex_method *m)
{
	return m->curve == NULL && m->group == 0;
}

/* With a curve: bytes of what the sides send; of the client's private half. */
size_t kex_client_share(const struct kex_method *m);
size_t kex_server_share(const struct kex_method *m);
size_t kex_private_size(const struct kex_method *m);

/* By name; NULL: not served. */
const struct kex_method *kex_method_find(const char *name);
/* The rows, from 0 in order of preference; NULL behind the last. */
const struct kex_method *kex_method_at(size_t i);

#endif
