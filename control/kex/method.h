/*
 * Key exchange methods: rows. All of them have the two messages of RFC 5656 section
 * 4; adding one is a row, its functions in pk.h, and its vectors.
 */
#ifndef POSTERN_KEX_METHOD_H
#define POSTERN_KEX_METHOD_H

#include "drivers/pk/pk.h"

struct kex_method {
	const char *name;
	enum pk_hash hash;
	uint16_t share_size;  /* of both sides */
	uint16_t secret_size; /* of the private half, and of the shared secret */
	int (*pair)(uint8_t *pub, uint8_t *priv);
	int (*shared)(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
};

/* By name; NULL: not served. */
const struct kex_method *kex_method_find(const char *name);
/* The rows, from 0 in order of preference; NULL behind the last. */
const struct kex_method *kex_method_at(size_t i);

#endif
