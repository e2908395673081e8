/*
 * X25519 pairs made while there is nothing else to do: half of what a server calculates
 * in an exchange with that curve, alone or in a hybrid. Each is used once. The memory is
 * the caller's, locked, and wiped by it when the pool ends.
 */
#ifndef POSTERN_KEX_POOL_H
#define POSTERN_KEX_POOL_H

#include "drivers/pk/pk.h"

#define KEX_POOL_MAX 64u /* what a burst of logins finds prepared */

struct kex_pool {
	uint32_t count;
	struct {
		uint8_t pub[PK_X25519_SIZE], priv[PK_X25519_SIZE];
	} pair[KEX_POOL_MAX];
};

/* pool_fill(p): one more; false: it is full, or none is to be had. */
bool pool_fill(struct kex_pool *p);

/* pool_take(p, pub, priv): false: it is empty, or p is NULL. Its own copy is wiped. */
bool pool_take(struct kex_pool *p, uint8_t pub[PK_X25519_SIZE], uint8_t priv[PK_X25519_SIZE]);

#endif
