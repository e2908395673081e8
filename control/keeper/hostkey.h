/*
 * The host keys of the configuration: read once, as root, before the sandbox.
 */
#ifndef POSTERN_CONTROL_HOSTKEY_H
#define POSTERN_CONTROL_HOSTKEY_H

#include "control/conf.h"
#include "control/kex/sign.h"

/* What a key may be used for: a row per algorithm, so that an RSA key has two. */
struct hostkey {
	const struct sign_algorithm *algorithm;
	struct pk_signer *signer;
};

#define HOSTKEY_ROWS_MAX (PK_TYPE_COUNT + 1) /* one key a type; RSA has two algorithms */

struct hostkeys {
	struct hostkey key[HOSTKEY_ROWS_MAX];
	uint32_t count;
	struct pk_signer *signer[PK_TYPE_COUNT]; /* by type; NULL: none */
};

/* hostkeys_load(k, c): every HostKey that can be used; the others are told in
 * the log. How many rows there are. */
uint32_t hostkeys_load(struct hostkeys *k, const struct conf *c);
void hostkeys_free(struct hostkeys *k);

/* hostkey_sign(k, w, data): the signature blob, verified before it is written.
 * 0 or -1. */
int hostkey_sign(const struct hostkey *k, struct put *w, struct view data);

#endif
