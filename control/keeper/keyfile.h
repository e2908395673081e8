/*
 * Private keys in OpenSSH's own file format ("openssh-key-v1", PROTOCOL.key):
 * ssh-ed25519, unencrypted. Pure; memory from the caller, who wipes it.
 */
#ifndef POSTERN_CONTROL_KEYFILE_H
#define POSTERN_CONTROL_KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/pk/pk.h"

#define KEYFILE_MAX 16384u /* bytes of a file */

enum keyfile_result {
	KEYFILE_OK = 0,
	KEYFILE_FORM,      /* not such a file, or damaged */
	KEYFILE_ENCRYPTED, /* needs a passphrase */
	KEYFILE_OTHER,     /* a key of another type, or in another format */
	KEYFILE_MISMATCH,  /* its private and public parts do not belong together */
};

/* keyfile_parse(seed, pub, text, len): on OK both are set; else neither holds
 * anything secret. Whether seed makes pub is the caller's to check. */
enum keyfile_result keyfile_parse(
    uint8_t seed[PK_ED25519_SEED], uint8_t pub[PK_ED25519_PUBLIC], const char *text, size_t len);

/* What people read. */
const char *keyfile_text(enum keyfile_result r);

#endif
