/* What both exchange and derivation keep, and its end. */
#include "control/kex/kex.h"
#include "drivers/pk/pk.h"

void
kex_secret_wipe(struct kex_secret *s)
{
	pk_wipe(s, sizeof(*s));
}

void
kex_keys_wipe(struct kex_keys *k)
{
	pk_wipe(k, sizeof(*k));
}
