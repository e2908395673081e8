/*
 * Key exchange methods: rows. All of them have the two messages of RFC 5656 section
 * 4; adding one is a row, its functions in pk.h, and its vectors.
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
	const struct kex_curve *curve;
	const struct pk_kem *kem; /* NULL: the curve alone */
};

#define KEX_SHARE_MAX (PK_KEM_PUBLIC_MAX + PK_POINT_MAX)
#define KEX_PRIVATE_MAX (PK_KEM_PRIVATE_MAX + PK_SECRET_MAX)

/* Bytes of what the sides send; of the client's private half. */
size_t kex_client_share(const struct kex_method *m);
size_t kex_server_share(const struct kex_method *m);
size_t kex_private_size(const struct kex_method *m);

/* By name; NULL: not served. */
const struct kex_method *kex_method_find(const char *name);
/* The rows, from 0 in order of preference; NULL behind the last. */
const struct kex_method *kex_method_at(size_t i);

#endif
