/*
 * What a user signs (RFC 4252 section 7), rebuilt from our own state, and the
 * fingerprint that people read. ssh-ed25519 (RFC 8709).
 */
#ifndef POSTERN_CONTROL_PROOF_H
#define POSTERN_CONTROL_PROOF_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

#define PROOF_FINGERPRINT_MAX 64u

struct proof {
	struct view session_id; /* as keeper has signed it, never a peer's word */
	struct view user;
	struct view service;
	struct view algorithm;
	struct view blob;
};

/* Is the algorithm served, and the blob a key of it? */
bool proof_key_good(struct view algorithm, struct view blob);

/* proof_verify(p, signature): true if the key has signed exactly this. An empty
 * session id never verifies, with the same work done. */
bool proof_verify(const struct proof *p, struct view signature);

/* "SHA256:...", as ssh-keygen -l shows it. */
void proof_fingerprint(char out[PROOF_FINGERPRINT_MAX], struct view blob);

#endif
