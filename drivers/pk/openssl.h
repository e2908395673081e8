/*
 * Between the openssl*.c files, which are one implementation of pk.h.
 *
 * What OpenSSL leaves behind: key objects, big numbers and hash contexts are
 * cleared when they are freed, so each is freed before the function that made it
 * returns. Frames of its functions are not: they lie below ours and are cleared
 * by pk_wipe_stack. Results go straight into the caller's memory.
 */
#ifndef POSTERN_DRIVERS_PK_OPENSSL_H
#define POSTERN_DRIVERS_PK_OPENSSL_H

#include "drivers/pk/pk.h"

struct evp_pkey_st;

/* openssl_ready(): the library is started, without the first run through every
 * algorithm. 0 or -1. */
int openssl_ready(void);

/* From the kernel: no generator in this process has seen it. */
int openssl_random(uint8_t *p, size_t len);

/* ---- curves (openssl_ecdh.c) ---- */

#define OPENSSL_CURVES 3 /* PK_P256, PK_P384, PK_P521 in this order */

struct openssl_curve {
	const char *name;
	int nid;
	size_t field; /* bytes of a coordinate, and of a scalar */
	void *group;
};

const struct openssl_curve *openssl_curve(enum pk_type type); /* NULL: it has none */
int openssl_curves_start(void);

/* ---- ML-KEM (openssl_mlkem.c), where the library has it ---- */

enum openssl_mlkem { OPENSSL_MLKEM768, OPENSSL_MLKEM1024 };

/* There is no other way to use them than after this has said yes. The stack is the
 * caller's to clear. 0 or -1. */
bool openssl_mlkem_there(void);
int openssl_mlkem_pair(enum openssl_mlkem which, uint8_t *pub, uint8_t *priv, const uint8_t seed[64]);
int openssl_mlkem_encapsulate(
    enum openssl_mlkem which, uint8_t *cipher, uint8_t *shared, const uint8_t *pub, const uint8_t random[32]);
int openssl_mlkem_decapsulate(
    enum openssl_mlkem which, uint8_t *shared, const uint8_t *priv, const uint8_t *cipher);

/* ---- keys by type: each makes a key object, or NULL ---- */

struct evp_pkey_st *openssl_ed25519_private(const struct pk_private *key);
struct evp_pkey_st *openssl_ecdsa_private(const struct pk_private *key);
struct evp_pkey_st *openssl_rsa_private(const struct pk_private *key);

int openssl_ed25519_verify(const struct pk_public *key, struct view sig, const void *data, size_t len);
int openssl_ecdsa_verify(
    const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len);
int openssl_rsa_verify(
    const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len);

/* openssl_sign, openssl_verify: with a key object; the signature as the library
 * has it. `hash` NULL: the key's own. */
int openssl_sign(
    struct evp_pkey_st *key, const char *hash, uint8_t *sig, size_t *len, const void *data, size_t data_len);
int openssl_verify(
    struct evp_pkey_st *key, const char *hash, struct view sig, const void *data, size_t data_len);
const char *openssl_hash_name(enum pk_hash hash);

/* ECDSA signatures: of the library's form into ours, in place. */
int openssl_ecdsa_unpack(const struct openssl_curve *curve, uint8_t *sig, size_t *len);

#endif
