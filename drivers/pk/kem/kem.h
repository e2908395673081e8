/*
 * Key encapsulation, pure: randomness comes from the caller, nothing is allocated.
 * Time and memory access do not depend on secrets. What they leave on the stack is
 * the caller's to clear (pk_wipe_stack).
 *
 *   ML-KEM-768, ML-KEM-1024   FIPS 203
 *   sntrup761                 Streamlined NTRU Prime, as submitted to NIST in round 3
 */
#ifndef POSTERN_DRIVERS_PK_KEM_H
#define POSTERN_DRIVERS_PK_KEM_H

#include <stdint.h>

#define KEM_SHARED_SIZE 32u

/* ---- ML-KEM ---- */

#define MLKEM768_PUBLIC_SIZE 1184u
#define MLKEM768_PRIVATE_SIZE 2400u
#define MLKEM768_CIPHER_SIZE 1088u
#define MLKEM1024_PUBLIC_SIZE 1568u
#define MLKEM1024_PRIVATE_SIZE 3168u
#define MLKEM1024_CIPHER_SIZE 1568u

struct mlkem; /* a parameter set */
extern const struct mlkem mlkem768, mlkem1024;

/* mlkem_pair: KeyGen_internal (algorithm 16). */
void mlkem_pair(const struct mlkem *m, uint8_t *pub, uint8_t *priv, const uint8_t d[32], const uint8_t z[32]);

/* mlkem_pair_expanded: the same, with rho and sigma, which it makes of d, given; rho
 * becomes public. */
void mlkem_pair_expanded(
    const struct mlkem *m, uint8_t *pub, uint8_t *priv, const uint8_t seeds[64], const uint8_t z[32]);

/* mlkem_encapsulate: Encaps_internal (algorithm 17) behind the modulus check of
 * section 7.2. 0, or -1 for a public key that fails it; then nothing is written. */
int mlkem_encapsulate(const struct mlkem *m, uint8_t *cipher, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *pub,
    const uint8_t random[32]);

/* mlkem_decapsulate: algorithm 18; a forged ciphertext gives a secret that nobody
 * knows (implicit rejection), not an error. */
void mlkem_decapsulate(
    const struct mlkem *m, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *priv, const uint8_t *cipher);

/* ---- sntrup761 ---- */

#define SNTRUP761_PUBLIC_SIZE 1158u
#define SNTRUP761_PRIVATE_SIZE 1763u
#define SNTRUP761_CIPHER_SIZE 1039u

/* fill(ctx, out, len): random bytes; 0 or -1, which ends the call with -1. */
struct kem_random {
	int (*fill)(void *ctx, void *out, uint32_t len);
	void *ctx;
};

int sntrup761_pair(uint8_t *pub, uint8_t *priv, const struct kem_random *random);
/* Any string of the right length is a public key. */
int sntrup761_encapsulate(
    uint8_t *cipher, uint8_t shared[KEM_SHARED_SIZE], const uint8_t *pub, const struct kem_random *random);
int sntrup761_decapsulate(uint8_t shared[KEM_SHARED_SIZE], const uint8_t *priv, const uint8_t *cipher);

#endif
