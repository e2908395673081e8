/*
 * Public keys and signatures as they cross the wire: key and signature blobs of
 * ssh-ed25519 (RFC 8709), ecdsa-sha2-* (RFC 5656 section 3) and RSA with SHA-2
 * (RFC 8332). ssh-rsa with SHA-1 is the name of a key and of no algorithm here.
 *
 * Pure. Errors: -R_SHORT for what is malformed, -R_KEX_VERIFY.
 */
#ifndef POSTERN_KEX_SIGN_H
#define POSTERN_KEX_SIGN_H

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "drivers/pk/pk.h"

struct sign_algorithm {
	const char *name;     /* as negotiated, requested, and in signature blobs */
	const char *key_name; /* in key blobs, and in files */
	const char *curve;    /* in key blobs; NULL: none */
	const char *label;    /* for people, as in sshd's log lines */
	const char *cert_name;     /* of certificates (cert.h), as negotiated and requested */
	const char *cert_key_name; /* at the beginning of a certificate */
	enum pk_type type;
	enum pk_hash hash;
};

#define SIGN_KEY_MAX 2304u /* bytes of a key blob */

/* By the algorithm's name; NULL: not served. */
const struct sign_algorithm *sign_find(struct view name);
/* The rows, from 0 in order of preference; NULL behind the last. */
const struct sign_algorithm *sign_at(size_t i);

/* sign_key_parse(key, blob): a key of any type; it borrows from the blob. Its form
 * is checked, bounds of RSA included; 0 or -R_SHORT. */
int sign_key_parse(struct pk_public *key, struct view blob);
/* sign_key_take(key, a, c): the fields behind the name of a key of that algorithm. */
int sign_key_take(struct pk_public *key, const struct sign_algorithm *a, struct cur *c);
void sign_key_put(struct put *w, const struct pk_public *key);

/* sign_key_fits(a, blob, rsa_bits_min): is the blob a key that the algorithm may be
 * used with, and large enough? */
bool sign_key_fits(const struct sign_algorithm *a, struct view blob, unsigned rsa_bits_min);

/* sign_make(w, a, s, data): the signature blob. It is verified before it is written:
 * a faulty one could give the key away. 0 or -R_KEX_VERIFY. */
int sign_make(struct put *w, const struct sign_algorithm *a, struct pk_signer *s, struct view data);

/* sign_verify(a, key, signature, data): both blobs must be of exactly this
 * algorithm. 0, -R_SHORT, -R_KEX_VERIFY. */
int sign_verify(const struct sign_algorithm *a, struct view key, struct view signature, struct view data);

#endif
