/*
 * The key encapsulations of pk.h, with the kernel's randomness: the library's ML-KEM
 * where it has it, else that of kem.h; sntrup761 of kem.h.
 */
#include "drivers/pk/kem/kem.h"
#include "drivers/pk/openssl.h"
#include "drivers/pk/pk.h"

_Static_assert(KEM_SHARED_SIZE == PK_KEM_SHARED, "shared secret");
_Static_assert(MLKEM1024_PUBLIC_SIZE == PK_KEM_PUBLIC_MAX && MLKEM1024_PRIVATE_SIZE == PK_KEM_PRIVATE_MAX &&
	MLKEM1024_CIPHER_SIZE == PK_KEM_CIPHER_MAX, "the largest");

static int
pair(const struct mlkem *m, enum openssl_mlkem library, uint8_t *pub, uint8_t *priv)
{
	uint8_t seed[64];
	int r = openssl_random(seed, sizeof(seed));

	if (r == 0 && openssl_mlkem_there())
		r = openssl_mlkem_pair(library, pub, priv, seed);
	else if (r == 0)
		mlkem_pair(m, pub, priv, seed, seed + 32);
	pk_wipe(seed, sizeof(seed));
	pk_wipe_stack();
	return r;
}

static int
encapsulate(const struct mlkem *m, enum openssl_mlkem library, uint8_t *cipher, uint8_t *shared, const uint8_t *pub)
{
	uint8_t seed[32];
	int r = openssl_random(seed, sizeof(seed));

	if (r == 0 && openssl_mlkem_there())
		r = openssl_mlkem_encapsulate(library, cipher, shared, pub, seed);
	else if (r == 0)
		r = mlkem_encapsulate(m, cipher, shared, pub, seed);
	pk_wipe(seed, sizeof(seed));
	pk_wipe_stack();
	return r;
}

static int
decapsulate(const struct mlkem *m, enum openssl_mlkem library, uint8_t *shared, const uint8_t *priv,
    const uint8_t *cipher)
{
	int r = 0;

	if (openssl_mlkem_there())
		r = openssl_mlkem_decapsulate(library, shared, priv, cipher);
	else
		mlkem_decapsulate(m, shared, priv, cipher);
	pk_wipe_stack();
	return r;
}

#define MLKEM(n)                                                                                       \
	static int pair##n(uint8_t *pub, uint8_t *priv)                                                \
	{                                                                                              \
		return pair(&mlkem##n, OPENSSL_MLKEM##n, pub, priv);                                   \
	}                                                                                              \
	static int encapsulate##n(uint8_t *cipher, uint8_t *shared, const uint8_t *pub)                \
	{                                                                                              \
		return encapsulate(&mlkem##n, OPENSSL_MLKEM##n, cipher, shared, pub);                  \
	}                                                                                              \
	static int decapsulate##n(uint8_t *shared, const uint8_t *priv, const uint8_t *cipher)         \
	{                                                                                              \
		return decapsulate(&mlkem##n, OPENSSL_MLKEM##n, shared, priv, cipher);                 \
	}                                                                                              \
	const struct pk_kem pk_mlkem##n = { MLKEM##n##_PUBLIC_SIZE, MLKEM##n##_PRIVATE_SIZE,           \
		MLKEM##n##_CIPHER_SIZE, pair##n, encapsulate##n, decapsulate##n }

MLKEM(768);
MLKEM(1024);

static int
fill(void *ctx, void *out, uint32_t len)
{
	(void)ctx;
	return openssl_random(out, len);
}

static const struct kem_random kernel = { fill, NULL };

static int
sntrup_pair(uint8_t *pub, uint8_t *priv)
{
	int r = sntrup761_pair(pub, priv, &kernel);

	pk_wipe_stack();
	return r;
}

static int
sntrup_encapsulate(uint8_t *cipher, uint8_t *shared, const uint8_t *pub)
{
	int r = sntrup761_encapsulate(cipher, shared, pub, &kernel);

	pk_wipe_stack();
	return r;
}

static int
sntrup_decapsulate(uint8_t *shared, const uint8_t *priv, const uint8_t *cipher)
{
	int r = sntrup761_decapsulate(shared, priv, cipher);

	pk_wipe_stack();
	return r;
}

const struct pk_kem pk_sntrup761 = { SNTRUP761_PUBLIC_SIZE, SNTRUP761_PRIVATE_SIZE, SNTRUP761_CIPHER_SIZE,
	sntrup_pair, sntrup_encapsulate, sntrup_decapsulate };
