/*
 * What a user signs (RFC 4252 section 7; OpenSSH PROTOCOL, section 3.1), rebuilt from our own state, and the
 * fingerprint that people read.
 */
#ifndef POSTERN_CONTROL_PROOF_H
#define POSTERN_CONTROL_PROOF_H

#include <stdbool.h>

#include "control/kex/sign.h"

#define PROOF_FINGERPRINT_MAX 64u

struct proof {
	struct view session_id; /* as keeper has signed it, never a peer's word */
	struct view user;
	struct view service;
	struct view algorithm;
	struct view blob;
	struct view host_key; /* that the signature names; empty: of the plain method */
};

/* What keys may be, by the configuration. */
struct proof_policy {
	const char *algorithms; /* comma separated */
	unsigned rsa_bits_min;
};

/* proof_algorithm(p, algorithm, blob): the algorithm, if it may be used and the blob
 * is a key for it that is large enough; else NULL. */
const struct sign_algorithm *proof_algorithm(
    const struct proof_policy *p, struct view algorithm, struct view blob);

/* proof_verify(p, signature): true if the key has signed exactly this. An empty
 * session id never verifies, with the same work done. */
bool proof_verify(const struct proof *p, struct view signature);

/* "SHA256:...", as ssh-keygen -l shows it. */
void proof_fingerprint(char out[PROOF_FINGERPRINT_MAX], struct view blob);

#endif
