#include <string.h>

#include "drivers/cipher/ref.h"

/* FIPS 180-4, section 4.2.3; SHA-256 takes the upper halves of the first 64
 * (section 4.2.2). */
/* clang-format off */
static const uint64_t K[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

/* Section 5.3.5; SHA-256 again takes the upper halves (section 5.3.3). */
static const uint64_t first[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
/* clang-format on */

/* The rotations and shifts of sections 4.1.2 and 4.1.3. */
struct turns {
	unsigned bits;
	unsigned rounds;
	unsigned big0[3], big1[3];     /* three rotations */
	unsigned small0[3], small1[3]; /* two rotations and a shift */
};

static const struct turns sha256 = {
	32,
	64,
	{ 2, 13, 22 },
	{ 6, 11, 25 },
	{ 7, 18, 3 },
	{ 17, 19, 10 },
};

static const struct turns sha512 = {
	64,
	80,
	{ 28, 34, 39 },
	{ 14, 18, 41 },
	{ 1, 8, 7 },
	{ 19, 61, 6 },
};

static const struct turns *
turns_of(const struct ref_hash *h)
{
	return h->size == 32 ? &sha256 : &sha512;
}

static size_t
block_of(size_t size)
{
	return 2 * size;
}

static uint64_t
rotate(const struct turns *t, uint64_t x, unsigned n)
{
	if (t->bits == 64)
		return x >> n | x << (64 - n);
	return (uint32_t)x >> n | (uint32_t)((uint32_t)x << (32 - n));
}

static uint64_t
big(const struct turns *t, const unsigned n[3], uint64_t x)
{
	return rotate(t, x, n[0]) ^ rotate(t, x, n[1]) ^ rotate(t, x, n[2]);
}

static uint64_t
small(const struct turns *t, const unsigned n[3], uint64_t x)
{
	return rotate(t, x, n[0]) ^ rotate(t, x, n[1]) ^ x >> n[2];
}

static uint64_t
word(const struct turns *t, uint64_t x)
{
	return t->bits == 64 ? x : (uint32_t)x;
}

static void
schedule(const struct turns *t, uint64_t w[80], const uint8_t *block)
{
	unsigned bytes = t->bits / 8;

	for (unsigned i = 0; i < 16; i++) {
		w[i] = 0;
		for (unsigned j = 0; j < bytes; j++)
			w[i] = w[i] << 8 | block[i * bytes + j];
	}
	for (unsigned i = 16; i < t->rounds; i++)
		w[i] = word(
		    t, small(t, t->small1, w[i - 2]) + w[i - 7] + small(t, t->small0, w[i - 15]) + w[i - 16]);
}

/* Sections 6.2.2 and 6.4.2; v is a to h. */
static void
compress(struct ref_hash *h)
{
	const struct turns *t = turns_of(h);
	uint64_t w[80], v[8];

	schedule(t, w, h->block);
	memcpy(v, h->state, sizeof(v));
	for (unsigned i = 0; i < t->rounds; i++) {
		uint64_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint64_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint64_t t1 =
		    v[7] + big(t, t->big1, v[4]) + choice + (t->bits == 64 ? K[i] : K[i] >> 32) + w[i];
		uint64_t t2 = big(t, t->big0, v[0]) + majority;

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] = word(t, v[4] + t1);
		v[0] = word(t, t1 + t2);
	}
	for (unsigned i = 0; i < 8; i++)
		h->state[i] = word(t, h->state[i] + v[i]);
	explicit_bzero(w, sizeof(w));
	explicit_bzero(v, sizeof(v));
}

void
ref_hash_start(struct ref_hash *h, size_t size)
{
	h->size = size;
	h->bytes = 0;
	for (unsigned i = 0; i < 8; i++)
		h->state[i] = size == 32 ? first[i] >> 32 : first[i];
}

void
ref_hash_add(struct ref_hash *h, const uint8_t *data, size_t len)
{
	size_t block = block_of(h->size);

	for (size_t i = 0; i < len; i++) {
		h->block[h->bytes++ % block] = data[i];
		if (h->bytes % block == 0)
			compress(h);
	}
}

/* Padding: a one, zeros, and the length in bits, in two words (section 5.1). */
void
ref_hash_end(struct ref_hash *h, uint8_t *digest)
{
	size_t block = block_of(h->size), word_len = h->size / 8;
	uint64_t bits = h->bytes * 8;
	uint8_t length[16];

	ref_hash_add(h, (const uint8_t[]){ 0x80 }, 1);
	while (h->bytes % block != block - 2 * word_len)
		ref_hash_add(h, (const uint8_t[]){ 0 }, 1);
	for (size_t i = 0; i < 2 * word_len; i++)
		length[i] = (uint8_t)(i + 8 < 2 * word_len ? 0 : bits >> 8 * (2 * word_len - 1 - i));
	ref_hash_add(h, length, 2 * word_len);
	for (size_t i = 0; i < h->size; i++)
		digest[i] = (uint8_t)(h->state[i / word_len] >> 8 * (word_len - 1 - i % word_len));
	explicit_bzero(h, sizeof(*h));
}

void
ref_hmac_key(struct ref_hmac *m, size_t size, const uint8_t *key, size_t len)
{
	uint8_t pad[REF_HASH_BLOCK_MAX] = { 0 };
	size_t block = block_of(size);

	ref_hash_start(&m->inner, size);
	ref_hash_start(&m->outer, size);
	if (len <= block) {
		memcpy(pad, key, len);
	} else {
		ref_hash_add(&m->inner, key, len);
		ref_hash_end(&m->inner, pad);
		ref_hash_start(&m->inner, size);
	}
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36;
	ref_hash_add(&m->inner, pad, block);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	ref_hash_add(&m->outer, pad, block);
	explicit_bzero(pad, sizeof(pad));
}

void
ref_hmac(
    const struct ref_hmac *m, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, uint8_t *tag)
{
	struct ref_hash h = m->inner;
	uint8_t digest[REF_HASH_MAX];

	ref_hash_add(&h, a, a_len);
	ref_hash_add(&h, b, b_len);
	ref_hash_end(&h, digest);
	h = m->outer;
	ref_hash_add(&h, digest, h.size);
	ref_hash_end(&h, tag);
	explicit_bzero(digest, sizeof(digest));
}
