/*
 * The host keys of the configuration: read once, as root, before the sandbox.
 */
#ifndef POSTERN_CONTROL_HOSTKEY_H
#define POSTERN_CONTROL_HOSTKEY_H

#include "abi/wire/cursor.h"
#include "control/conf.h"
#include "drivers/pk/pk.h"

#define HOSTKEY_BLOB_MAX 64u

struct hostkey {
	const char *algorithm;
	struct pk_signer *signer;
	uint8_t pub[PK_ED25519_PUBLIC];
	uint8_t blob[HOSTKEY_BLOB_MAX];
	size_t blob_len;
};

struct hostkeys {
	struct hostkey key[CONF_LIST_MAX];
	uint32_t count;
};

/* hostkeys_load(k, c): every HostKey that can be used; the others are told in
 * the log. How many there are. */
uint32_t hostkeys_load(struct hostkeys *k, const struct conf *c);
void hostkeys_free(struct hostkeys *k);

/* hostkey_sign(k, w, data): the signature blob, verified before it is written.
 * 0 or -1. */
int hostkey_sign(const struct hostkey *k, struct put *w, struct view data);

#endif
