#include "control/kex/pool.h"

#include <string.h>

bool
pool_fill(struct kex_pool *p)
{
	if (p->count >= KEX_POOL_MAX || pk_x25519_pair(p->pair[p->count].pub, p->pair[p->count].priv) != 0)
		return false;
	p->count++;
	return true;
}

bool
pool_take(struct kex_pool *p, uint8_t pub[PK_X25519_SIZE], uint8_t priv[PK_X25519_SIZE])
{
	if (p == NULL || p->count == 0)
		return false;
	p->count--;
	memcpy(pub, p->pair[p->count].pub, PK_X25519_SIZE);
	memcpy(priv, p->pair[p->count].priv, PK_X25519_SIZE);
	pk_wipe(&p->pair[p->count], sizeof(p->pair[0]));
	return true;
}
