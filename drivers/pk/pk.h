/*
 * Public-key operations, as the control side needs them. One implementation
 * (openssl*.c); never linked into postern-dp.
 *
 * Secrets are in caller memory; the caller wipes. 0 on success, -1 otherwise.
 * Numbers are big-endian.
 */
#ifndef POSTERN_DRIVERS_PK_PK_H
#define POSTERN_DRIVERS_PK_PK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

/* pk_start(): everything that the library loads or allocates once. Before a
 * sandbox, before threads; reads no configuration file. The other functions
 * call it when nobody did. */
int pk_start(void);

/* ---- key agreement ---- */

/*
 * pair(pub, priv): a fresh pair from the kernel's random numbers.
 * shared(out, priv, pub, peer): the shared secret; refuses a peer's share that is
 * no valid one, and then leaves zeros. `pub` is the one made with `priv`. Inside
 * the library nothing secret is left when they return.
 *
 * X25519 (RFC 7748): shares and secrets of 32 bytes; an all-zero secret is
 * refused (RFC 8731 section 3).
 * P-256, P-384, P-521 (SEC 1, as RFC 5656 section 4 wants it): shares are points
 * in uncompressed form, on the curve and not at infinity; the secret is the x
 * coordinate, in full length.
 */
#define PK_X25519_SIZE 32u
#define PK_P256_SIZE 32u
#define PK_P384_SIZE 48u
#define PK_P521_SIZE 66u
#define PK_POINT_SIZE(field) (1 + 2 * (field)) /* SEC 1 section 2.3.3: 04, x, y */

#define PK_POINT_MAX PK_POINT_SIZE(PK_P521_SIZE)
#define PK_SECRET_MAX PK_P521_SIZE

int pk_x25519_pair(uint8_t *pub, uint8_t *priv);
int pk_x25519_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
int pk_p256_pair(uint8_t *pub, uint8_t *priv);
int pk_p256_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
int pk_p384_pair(uint8_t *pub, uint8_t *priv);
int pk_p384_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);
int pk_p521_pair(uint8_t *pub, uint8_t *priv);
int pk_p521_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer);

/* ---- key agreement in prime fields ---- */

/*
 * A group: prime and generator, magnitudes without leading zeros. Of a safe prime all
 * that is inside 1 < e < p - 1 has the order (p - 1) / 2 or p - 1, so nothing else has
 * to be asked of a share. Who takes a prime from elsewhere answers for it.
 */
#define PK_DH_MAX 1024u         /* bytes of a prime: 8192 bits */
#define PK_DH_PRIVATE_SIZE 64u  /* twice the strongest group's security, RFC 4419 section 6.2 */

struct pk_dh {
	struct view p, g;
};

/* pk_dh_group(number): 14, 16 or 18 of RFC 3526 (2048, 4096, 8192 bits), for ever; NULL:
 * another one. */
const struct pk_dh *pk_dh_group(unsigned number);

/*
 * pk_dh_pair(d, pub, priv): `pub` and pk_dh_shared's `out` are as long as the prime,
 * zeros in front. pk_dh_shared refuses a peer's share, and a secret, that is not inside
 * 1 < e < p - 1 (RFC 4253 section 8 as RFC 8268 section 4 has it), and leaves zeros
 * then. Nothing secret is left when they return, in time that does not depend on it.
 */
int pk_dh_pair(const struct pk_dh *d, uint8_t *pub, uint8_t *priv);
int pk_dh_shared(const struct pk_dh *d, uint8_t *out, const uint8_t *priv, struct view peer);

/* ---- key encapsulation ---- */

/*
 * Who wants a secret makes a pair and sends the public key; the other side
 * encapsulates a secret in a ciphertext for it. Randomness from the kernel; nothing
 * secret is left on the stack.
 *
 * pair(pub, priv). encapsulate(cipher, shared, pub): -1 also for a public key that
 * is no valid one. decapsulate(shared, priv, cipher): a forged ciphertext gives a
 * secret that its sender does not know, no error.
 */
#define PK_KEM_SHARED 32u
#define PK_KEM_PUBLIC_MAX 1568u
#define PK_KEM_PRIVATE_MAX 3168u
#define PK_KEM_CIPHER_MAX 1568u

struct pk_kem {
	uint16_t public_size, private_size, cipher_size;
	int (*pair)(uint8_t *pub, uint8_t *priv);
	int (*encapsulate)(uint8_t *cipher, uint8_t shared[PK_KEM_SHARED], const uint8_t *pub);
	int (*decapsulate)(uint8_t shared[PK_KEM_SHARED], const uint8_t *priv, const uint8_t *cipher);
};

extern const struct pk_kem pk_mlkem768, pk_mlkem1024; /* FIPS 203 */
extern const struct pk_kem pk_sntrup761;              /* Streamlined NTRU Prime, round 3 */

/* ---- hashes ---- */

enum pk_hash { PK_SHA256, PK_SHA384, PK_SHA512, PK_HASH_COUNT };

#define PK_HASH_MAX 64u
size_t pk_hash_size(enum pk_hash hash);

/* pk_hash_parts(hash, out, parts, count): of the parts one after the other, so
 * that nothing secret has to be copied together first. */
struct pk_part {
	const void *data;
	size_t len;
};
int pk_hash_parts(enum pk_hash hash, uint8_t *out, const struct pk_part *parts, size_t count);
int pk_sha256(uint8_t out[32], const void *data, size_t len);

/* For the hashed names of known_hosts alone, which know no other hash (OpenSSH's
 * hostfile.c); nothing is protected by it. */
int pk_hmac_sha1(uint8_t out[20], struct view key, struct view data);

/* ---- signatures ---- */

enum pk_type { PK_ED25519, PK_P256, PK_P384, PK_P521, PK_RSA, PK_TYPE_COUNT };

#define PK_ED25519_SIZE 32u /* seed and public key */
#define PK_RSA_BITS_MIN 1024u
#define PK_RSA_BITS_MAX 16384u
#define PK_RSA_EXPONENT_MAX 4u /* bytes: what verifying costs is bounded by it */
#define PK_KEY_MAX (PK_RSA_BITS_MAX / 8)
#define PK_SIGNATURE_MAX (PK_RSA_BITS_MAX / 8)

/* A public key; views borrow. */
struct pk_public {
	enum pk_type type;
	struct view key;      /* Ed25519: 32 bytes; ECDSA: the point; RSA: the modulus */
	struct view exponent; /* RSA: no leading zeros, as in the modulus */
};

/* pk_public_bits(key): how large, as ssh-keygen -l tells it; 0: of no valid form
 * (lengths, an even modulus or exponent, a modulus or exponent out of bounds). Whether
 * a point is on its curve shows when it is used. */
unsigned pk_public_bits(const struct pk_public *key);

/*
 * pk_verify(key, hash, sig, data, len): 0 good, -1 not.
 *
 * Ed25519, without regard to `hash`: strict RFC 8032: S below the group order, the
 * key's point in its only canonical encoding and not of small order.
 * ECDSA: r and s in the order's full length one after the other, both from 1 to
 * the order less 1.
 * RSA: PKCS #1 v1.5; a signature shorter than the modulus lacks leading zeros.
 */
int pk_verify(const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len);

/* A private key; views borrow. */
struct pk_private {
	enum pk_type type;
	struct view secret;         /* Ed25519: the seed; ECDSA: the scalar; RSA: d */
	struct view key;            /* ECDSA: the point; RSA: the modulus */
	struct view exponent, p, q; /* RSA */
	struct view inverse;        /* RSA: of q modulo p */
};

/*
 * A long-lived private key (keeper). pk_signer_new and pk_signer_pem (PKCS #1,
 * PKCS #8 and SEC 1 in PEM, unencrypted) return NULL for keys that are of no served
 * type, or whose parts do not fit together; *encrypted: a passphrase is needed.
 */
struct pk_signer;
struct pk_signer *pk_signer_new(const struct pk_private *key);
struct pk_signer *pk_signer_ed25519(const uint8_t seed[PK_ED25519_SIZE]);
struct pk_signer *pk_signer_pem(const char *text, size_t len, bool *encrypted);
void pk_signer_free(struct pk_signer *s);

/* Lives as long as the signer. */
const struct pk_public *pk_signer_public(const struct pk_signer *s);

/* pk_signer_sign(s, hash, sig, len, data, data_len): sig holds PK_SIGNATURE_MAX;
 * in the form that pk_verify takes, and not verified. */
int pk_signer_sign(
    struct pk_signer *s, enum pk_hash hash, uint8_t *sig, size_t *len, const void *data, size_t data_len);

/* ---- memory ---- */

int pk_equal(const void *a, const void *b, size_t len); /* constant time; 1 equal */
void pk_wipe(void *p, size_t len);

/* pk_wipe_stack(): clear the stack below the caller, where functions that have
 * returned kept secrets in their frames. Every function here that handles a
 * secret does it; call it after own functions that did. */
void pk_wipe_stack(void);

#endif
