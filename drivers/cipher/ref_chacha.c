#include <string.h>

#include "drivers/cipher/ref.h"

static uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t
rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* RFC 8439 section 2.1. */
static void
quarter(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

/* Section 2.3; words 12 to 15 are the counter and the nonce. */
void
ref_chacha_block(const uint8_t key[32], uint64_t counter, const uint8_t nonce[8], uint8_t out[64])
{
	uint32_t start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[16];

	for (unsigned i = 0; i < 8; i++)
		start[4 + i] = get_le32(key + 4 * i);
	start[12] = (uint32_t)counter;
	start[13] = (uint32_t)(counter >> 32);
	start[14] = get_le32(nonce);
	start[15] = get_le32(nonce + 4);
	memcpy(s, start, sizeof(s));
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned col = 0; col < 4; col++)
			quarter(s, col, 4 + col, 8 + col, 12 + col);
		for (unsigned col = 0; col < 4; col++)
			quarter(s, col, 4 + (col + 1) % 4, 8 + (col + 2) % 4, 12 + (col + 3) % 4);
	}
	for (unsigned i = 0; i < 16; i++)
		put_le32(out + 4 * i, s[i] + start[i]);
	explicit_bzero(start, sizeof(start));
	explicit_bzero(s, sizeof(s));
}

void
ref_chacha_crypt(const uint8_t key[32], uint64_t counter, const uint8_t nonce[8], uint8_t *dst,
    const uint8_t *src, size_t len)
{
	uint8_t stream[64];

	for (size_t i = 0; i < len; i++) {
		if (i % 64 == 0)
			ref_chacha_block(key, counter++, nonce, stream);
		dst[i] = src[i] ^ stream[i % 64];
	}
	explicit_bzero(stream, sizeof(stream));
}

/* ---- Poly1305, section 2.5: numbers of 17 bytes, little endian, one a word ---- */

#define LIMBS 17

/* Carries up; what stands above 2^130 - 5 comes back times 5. */
static void
carry(uint32_t a[LIMBS])
{
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < LIMBS - 1; i++) {
			a[i + 1] += a[i] >> 8;
			a[i] &= 0xff;
		}
		a[0] += 5 * (a[LIMBS - 1] >> 2);
		a[LIMBS - 1] &= 3;
	}
}

/* a = a * r mod 2^130 - 5. A product at 2^(136+8k) is one of 2^(8k) times
 * 2^6 * 5, for 2^130 is 5. */
static void
multiply(uint32_t a[LIMBS], const uint32_t r[LIMBS])
{
	uint32_t product[LIMBS];

	for (unsigned i = 0; i < LIMBS; i++) {
		product[i] = 0;
		for (unsigned j = 0; j < LIMBS; j++)
			product[i] += j <= i ? a[j] * r[i - j] : 320 * a[j] * r[i + LIMBS - j];
	}
	memcpy(a, product, sizeof(product));
	carry(a);
	explicit_bzero(product, sizeof(product));
}

/* a mod 2^130 - 5, fully: a + 5 - 2^130 where that is not negative. */
static void
reduce(uint32_t a[LIMBS])
{
	uint32_t less[LIMBS];

	carry(a);
	memcpy(less, a, sizeof(less));
	less[0] += 5;
	for (unsigned i = 0; i < LIMBS - 1; i++) {
		less[i + 1] += less[i] >> 8;
		less[i] &= 0xff;
	}
	if (less[LIMBS - 1] >> 2 != 0)
		memcpy(a, less, sizeof(less));
	explicit_bzero(less, sizeof(less));
}

void
ref_poly1305(const uint8_t key[32], const uint8_t *data, size_t len, uint8_t tag[16])
{
	uint32_t a[LIMBS] = { 0 }, r[LIMBS] = { 0 };
	uint32_t sum = 0;

	for (unsigned i = 0; i < 16; i++)
		r[i] = key[i] & (i % 4 == 3 ? 0x0f : i % 4 == 0 && i > 0 ? 0xfc : 0xff);
	while (len > 0) {
		size_t n = len < 16 ? len : 16;

		for (size_t i = 0; i < n; i++)
			a[i] += data[i];
		a[n] += 1;
		multiply(a, r);
		data += n;
		len -= n;
	}
	reduce(a);
	for (unsigned i = 0; i < 16; i++) {
		sum += a[i] + key[16 + i];
		tag[i] = (uint8_t)sum;
		sum >>= 8;
	}
	explicit_bzero(a, sizeof(a));
	explicit_bzero(r, sizeof(r));
}
