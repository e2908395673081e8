#include "drivers/cipher/ref.h"

#include <string.h>

/* FIPS 197, figure 7. */
/* clang-format off */
static const uint8_t sbox[256] = {
	0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
	0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
	0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
	0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
	0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
	0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
	0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
	0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
	0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
	0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
	0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
	0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
	0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
	0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
	0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
	0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};
/* clang-format on */

/* Multiplication by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2.1). */
static uint8_t
xtime(uint8_t b)
{
	return (uint8_t)(b << 1 ^ (b & 0x80 ? 0x1b : 0));
}

/* Key expansion, FIPS 197 section 5.2, for keys of Nk words. */
void
ref_aes_key(struct ref_aes *a, const uint8_t *key, size_t len)
{
	uint8_t *w = a->round[0];
	uint8_t rcon = 1;

	a->rounds = (unsigned)len / 4 + 6;
	memcpy(w, key, len);
	for (size_t i = len; i < 16 * (a->rounds + 1); i += 4) {
		uint8_t t[4] = { w[i - 4], w[i - 3], w[i - 2], w[i - 1] };

		if (i % len == 0) {
			uint8_t first = t[0];

			t[0] = sbox[t[1]] ^ rcon;
			t[1] = sbox[t[2]];
			t[2] = sbox[t[3]];
			t[3] = sbox[first];
			rcon = xtime(rcon);
		} else if (len == 32 && i % len == 16) {
			for (unsigned j = 0; j < 4; j++)
				t[j] = sbox[t[j]];
		}
		for (unsigned j = 0; j < 4; j++)
			w[i + j] = w[i + j - len] ^ t[j];
		explicit_bzero(t, sizeof(t));
	}
}

/* SubBytes and ShiftRows: row r of the column-major state moves r to the left. */
static void
sub_and_shift(uint8_t s[16])
{
	uint8_t t[16];

	for (unsigned col = 0; col < 4; col++)
		for (unsigned row = 0; row < 4; row++)
			t[4 * col + row] = sbox[s[4 * ((col + row) % 4) + row]];
	memcpy(s, t, sizeof(t));
}

static void
mix_columns(uint8_t s[16])
{
	for (uint8_t *c = s; c < s + 16; c += 4) {
		uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3];
		uint8_t first = c[0];

		for (unsigned row = 0; row < 4; row++) {
			uint8_t below = row < 3 ? c[row + 1] : first;

			c[row] ^= all ^ xtime(c[row] ^ below);
		}
	}
}

static void
xor_block(uint8_t *dst, const uint8_t *src, size_t len)
{
	for (size_t i = 0; i < len; i++)
		dst[i] ^= src[i];
}

/* Cipher(), FIPS 197 section 5.1. */
void
ref_aes_block(const struct ref_aes *a, uint8_t out[16], const uint8_t in[16])
{
	uint8_t s[16];

	memcpy(s, in, sizeof(s));
	xor_block(s, a->round[0], 16);
	for (unsigned r = 1; r <= a->rounds; r++) {
		sub_and_shift(s);
		if (r < a->rounds)
			mix_columns(s);
		xor_block(s, a->round[r], 16);
	}
	memcpy(out, s, sizeof(s));
	explicit_bzero(s, sizeof(s));
}

void
ref_gcm_key(struct ref_gcm *g, const uint8_t *key, size_t len)
{
	static const uint8_t zero[16];

	ref_aes_key(&g->aes, key, len);
	ref_aes_block(&g->aes, g->hash_key, zero);
}

/* y = y * h in GF(2^128), SP 800-38D section 6.3: bit 0 is the leftmost. */
static void
ghash_multiply(uint8_t y[16], const uint8_t h[16])
{
	uint8_t z[16] = { 0 };
	uint8_t v[16];

	memcpy(v, h, sizeof(v));
	for (unsigned bit = 0; bit < 128; bit++) {
		uint8_t carry = 0;
		uint8_t out;

		if (y[bit / 8] >> (7 - bit % 8) & 1)
			xor_block(z, v, 16);
		for (unsigned i = 0; i < 16; i++) {
			out = v[i] & 1;
			v[i] = (uint8_t)(v[i] >> 1 | carry << 7);
			carry = out;
		}
		if (carry)
			v[0] ^= 0xe1;
	}
	memcpy(y, z, sizeof(z));
	explicit_bzero(v, sizeof(v));
}

/* Data is taken in blocks, the last one filled up with zeros. */
static void
ghash(uint8_t y[16], const uint8_t h[16], const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t n = len < 16 ? len : 16;

		xor_block(y, data, n);
		ghash_multiply(y, h);
		data += n;
		len -= n;
	}
}

static void
put_be64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* Counter block `number` of an IV of 96 bits: SP 800-38D section 7.1. */
static void
keystream(const struct ref_gcm *g, const uint8_t iv[12], uint32_t number, uint8_t out[16])
{
	uint8_t block[16];

	memcpy(block, iv, 12);
	for (unsigned i = 0; i < 4; i++)
		block[12 + i] = (uint8_t)(number >> (24 - 8 * i));
	ref_aes_block(&g->aes, out, block);
}

void
ref_gcm_crypt(const struct ref_gcm *g, const uint8_t iv[12], uint8_t *dst, const uint8_t *src, size_t len)
{
	uint8_t stream[16];

	for (uint32_t number = 2; len > 0; number++) {
		size_t n = len < 16 ? len : 16;

		keystream(g, iv, number, stream);
		for (size_t i = 0; i < n; i++)
			dst[i] = src[i] ^ stream[i];
		dst += n;
		src += n;
		len -= n;
	}
	explicit_bzero(stream, sizeof(stream));
}

void
ref_gcm_tag(const struct ref_gcm *g, const uint8_t iv[12], uint8_t tag[16], const uint8_t *aad,
    size_t aad_len, const uint8_t *text, size_t text_len)
{
	uint8_t lengths[16];
	uint8_t mask[16];

	put_be64(lengths, (uint64_t)aad_len * 8);
	put_be64(lengths + 8, (uint64_t)text_len * 8);
	memset(tag, 0, 16);
	ghash(tag, g->hash_key, aad, aad_len);
	ghash(tag, g->hash_key, text, text_len);
	ghash(tag, g->hash_key, lengths, sizeof(lengths));
	keystream(g, iv, 1, mask);
	xor_block(tag, mask, 16);
	explicit_bzero(mask, sizeof(mask));
}

/* SP 800-38A section 6.5, with the standard incrementing function over all 128
 * bits, as RFC 4344 section 4 has it. */
void
ref_ctr_crypt(
    const struct ref_aes *a, const uint8_t counter[16], uint8_t *dst, const uint8_t *src, size_t len)
{
	uint8_t block[16], stream[16];

	memcpy(block, counter, sizeof(block));
	while (len > 0) {
		size_t n = len < 16 ? len : 16;

		ref_aes_block(a, stream, block);
		for (size_t i = 0; i < n; i++)
			dst[i] = src[i] ^ stream[i];
		for (unsigned i = 16; i > 0 && ++block[i - 1] == 0; i--)
			continue;
		dst += n;
		src += n;
		len -= n;
	}
	explicit_bzero(stream, sizeof(stream));
}
