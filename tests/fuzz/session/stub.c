/*
 * What stands in for the mathematics: every share is good, every signature that begins
 * with other than 0 verifies, hashes mix their input and no more, ciphers change nothing
 * (lax.h). So whatever bytes a fuzzer makes reach what comes behind.
 */
#include <stdlib.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "drivers/pk/pk.h"
#include "tests/fuzz/ssh/lax.h"

/* ---- ciphers: every suite is as AES-GCM, with keys of its own lengths ---- */

const struct cipher_engine *
cipher_engine_for(uint16_t suite)
{
	static const struct cipher_engine engines[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) \
	[number] = { .name = "lax", .suite = number, .key_len = key, .iv_len = iv, .mac_len = mac, .tag_len = 16, \
		.block = 16, .length_clear = 1, .align_skips_length = 1, .rekey_bytes = 1ull << 36, .init = lax_init, \
		.length = lax_length, .seal = lax_seal, .open = lax_open, .fini = lax_fini },
		SUITE_LIST(SUITE)
#undef SUITE
	};

	return suite > SUITE_NONE && suite < SUITE_COUNT ? &engines[suite] : NULL;
}

/* ---- agreement ---- */

#define CURVE(name, pub_size, secret_size, first) \
	int pk_##name##_pair(uint8_t *pub, uint8_t *priv) \
	{ \
		memset(pub, 9, pub_size); \
		pub[0] = first; \
		memset(priv, 8, secret_size); \
		return 0; \
	} \
	int pk_##name##_shared(uint8_t *out, const uint8_t *priv, const uint8_t *pub, const uint8_t *peer) \
	{ \
		(void)priv, (void)pub; \
		for (size_t i = 0; i < secret_size; i++) \
			out[i] = peer[i % pub_size] ^ 7; \
		return 0; \
	}
CURVE(x25519, PK_X25519_SIZE, PK_X25519_SIZE, 9)
CURVE(p256, PK_POINT_SIZE(PK_P256_SIZE), PK_P256_SIZE, 4)
CURVE(p384, PK_POINT_SIZE(PK_P384_SIZE), PK_P384_SIZE, 4)
CURVE(p521, PK_POINT_SIZE(PK_P521_SIZE), PK_P521_SIZE, 4)

const struct pk_dh *
pk_dh_group(unsigned number)
{
	static uint8_t prime[256];
	static const uint8_t two[] = { 2 };
	static struct pk_dh group;

	memset(prime, 0xff, sizeof(prime));
	group = (struct pk_dh){ { prime, sizeof(prime) }, { two, 1 } };
	return number == 14 || number == 16 || number == 18 ? &group : NULL;
}

int
pk_dh_pair(const struct pk_dh *d, uint8_t *pub, uint8_t *priv)
{
	memset(pub, 5, d->p.len);
	memset(priv, 6, PK_DH_PRIVATE_SIZE);
	return 0;
}

int
pk_dh_shared(const struct pk_dh *d, uint8_t *out, const uint8_t *priv, struct view peer)
{
	(void)priv;
	memset(out, 3, d->p.len);
	return peer.len <= d->p.len ? 0 : -1;
}

static int
kem_pair(uint8_t *pub, uint8_t *priv)
{
	pub[0] = priv[0] = 1;
	return 0;
}

static int
kem_encapsulate(uint8_t *cipher, uint8_t shared[PK_KEM_SHARED], const uint8_t *pub)
{
	cipher[0] = pub[0];
	memset(shared, 2, PK_KEM_SHARED);
	return 0;
}

static int
kem_decapsulate(uint8_t shared[PK_KEM_SHARED], const uint8_t *priv, const uint8_t *cipher)
{
	(void)priv, (void)cipher;
	memset(shared, 2, PK_KEM_SHARED);
	return 0;
}

#define KEM(pub, priv, cipher) { pub, priv, cipher, kem_pair, kem_encapsulate, kem_decapsulate }
const struct pk_kem pk_mlkem768 = KEM(1184, 2400, 1088), pk_mlkem1024 = KEM(1568, 3168, 1568),
		    pk_sntrup761 = KEM(1158, 1763, 1039);

/* ---- hashes ---- */

size_t
pk_hash_size(enum pk_hash hash)
{
	return hash == PK_SHA256 ? 32 : hash == PK_SHA384 ? 48 : 64;
}

int
pk_hash_parts(enum pk_hash hash, uint8_t *out, const struct pk_part *parts, size_t count)
{
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < parts[i].len; k++)
			h = (h ^ ((const uint8_t *)parts[i].data)[k]) * 1099511628211ull;
	for (size_t i = 0; i < pk_hash_size(hash); i++)
		out[i] = (uint8_t)(h >> i % 8 * 8);
	return 0;
}

int
pk_sha256(uint8_t out[32], const void *data, size_t len)
{
	const struct pk_part part = { data, len };

	return pk_hash_parts(PK_SHA256, out, &part, 1);
}

/* ---- signatures ---- */

struct pk_signer {
	struct pk_public pub;
	uint8_t key[PK_KEY_MAX], exponent[PK_RSA_EXPONENT_MAX];
};

unsigned
pk_public_bits(const struct pk_public *key)
{
	static const unsigned bits[PK_TYPE_COUNT] = { 256, 256, 384, 521, 0 };

	return key->type == PK_RSA ? (unsigned)key->key.len * 8 : bits[key->type];
}

int
pk_verify(const struct pk_public *key, enum pk_hash hash, struct view sig, const void *data, size_t len)
{
	(void)key, (void)hash, (void)data, (void)len;
	return sig.len > 0 && sig.data[0] != 0 ? 0 : -1;
}

struct pk_signer *
pk_signer_new(const struct pk_private *key)
{
	struct pk_signer *s = calloc(1, sizeof(*s));

	s->pub.type = key->type;
	s->pub.key = view_of(s->key, key->type == PK_ED25519 ? PK_ED25519_SIZE : key->key.len);
	if (key->type == PK_ED25519)
		memset(s->key, 4, PK_ED25519_SIZE);
	else
		memcpy(s->key, key->key.data, key->key.len);
	if (key->type == PK_RSA)
		memcpy(s->exponent, key->exponent.data, key->exponent.len);
	s->pub.exponent = view_of(s->exponent, key->type == PK_RSA ? key->exponent.len : 0);
	return s;
}

void
pk_signer_free(struct pk_signer *s)
{
	free(s);
}

const struct pk_public *
pk_signer_public(const struct pk_signer *s)
{
	return &s->pub;
}

int
pk_signer_sign(
    struct pk_signer *s, enum pk_hash hash, uint8_t *sig, size_t *len, const void *data, size_t data_len)
{
	static const size_t sizes[PK_TYPE_COUNT] = { 64, 64, 96, 132, 0 };

	(void)hash, (void)data, (void)data_len;
	*len = s->pub.type == PK_RSA ? s->pub.key.len : sizes[s->pub.type];
	memset(sig, 1, *len);
	return 0;
}

/* ---- the rest ---- */

int
pk_start(void)
{
	return 0;
}

int
pk_equal(const void *a, const void *b, size_t len)
{
	return memcmp(a, b, len) == 0;
}

void
pk_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

void
pk_wipe_stack(void)
{
}
