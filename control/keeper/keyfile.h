/*
 * Private keys in OpenSSH's own file format ("openssh-key-v1", PROTOCOL.key),
 * unencrypted. Pure; memory from the caller, who wipes it.
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
	KEYFILE_OTHER,     /* a key of another type */
	KEYFILE_PEM,       /* a key in another format, which pk_signer_pem may read */
	KEYFILE_MISMATCH,  /* its private and public parts do not belong together */
	KEYFILE_SMALL,     /* an RSA key below the required size */
	KEYFILE_FAULTY,    /* what it signs does not verify */
};

struct keyfile {
	struct pk_private key; /* borrows from bytes */
	struct view public;    /* the key blob; so does it */
	uint8_t bytes[KEYFILE_MAX];
};

/* keyfile_parse(k, text, len): on OK key and public are set; whether they belong
 * together is for pk_signer_new and the caller. What is secret is in *k alone. */
enum keyfile_result keyfile_parse(struct keyfile *k, const char *text, size_t len);

/* What people read. */
const char *keyfile_text(enum keyfile_result r);

#endif
