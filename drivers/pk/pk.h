/*
 * Public-key operations, as the control side needs them. One implementation
 * (openssl.c); never linked into postern-dp.
 *
 * Secrets are in caller memory; the caller wipes. 0 on success, -1 otherwise.
 */
#ifndef POSTERN_DRIVERS_PK_PK_H
#define POSTERN_DRIVERS_PK_PK_H

#include <stddef.h>
#include <stdint.h>

/* pk_start(): everything that the library loads or allocates once. Before a
 * sandbox, before threads; reads no configuration file. The other functions
 * call it when nobody did. */
int pk_start(void);

#define PK_X25519_SIZE 32u
#define PK_ED25519_PUBLIC 32u
#define PK_ED25519_SEED 32u
#define PK_ED25519_SIGNATURE 64u

/* Ephemeral X25519 (RFC 7748): fresh key pair; shared secret. pk_x25519_shared
 * refuses an all-zero result (RFC 8731 section 3). Inside the library nothing
 * secret is left when they return. */
int pk_x25519_pair(uint8_t pub[PK_X25519_SIZE], uint8_t priv[PK_X25519_SIZE]);
int pk_x25519_shared(
    uint8_t shared[PK_X25519_SIZE], const uint8_t priv[PK_X25519_SIZE], const uint8_t peer[PK_X25519_SIZE]);

/* A long-lived Ed25519 private key (keeper). */
struct pk_signer;
struct pk_signer *pk_signer_new(const uint8_t seed[PK_ED25519_SEED]);
void pk_signer_public(const struct pk_signer *, uint8_t pub[PK_ED25519_PUBLIC]);
int pk_signer_sign(struct pk_signer *, uint8_t sig[PK_ED25519_SIGNATURE], const void *data, size_t len);
void pk_signer_free(struct pk_signer *);

/* Strict RFC 8032 verification: S below the group order, the key's point in its
 * only canonical encoding and not of small order. 0 good, -1 not. */
int pk_ed25519_verify(const uint8_t pub[PK_ED25519_PUBLIC], const uint8_t sig[PK_ED25519_SIGNATURE],
    const void *data, size_t len);

/* Hashes. `size` of SHA-256 is 32, of SHA-512 64. */
int pk_sha256(uint8_t out[32], const void *data, size_t len);
int pk_sha512(uint8_t out[64], const void *data, size_t len);

/* pk_sha256_parts(out, parts, count): of the parts one after the other, so that
 * nothing secret has to be copied together first. */
struct pk_part {
	const void *data;
	size_t len;
};
int pk_sha256_parts(uint8_t out[32], const struct pk_part *parts, size_t count);

/* Private keys come unencrypted: ciphers of key files are not served here. */

int pk_equal(const void *a, const void *b, size_t len); /* constant time; 1 equal */
void pk_wipe(void *p, size_t len);

/* pk_wipe_stack(): clear the stack below the caller, where functions that have
 * returned kept secrets in their frames. Every function here that handles a
 * secret does it; call it after own functions that did. */
void pk_wipe_stack(void);

#endif
