#include <string.h>

#include "drivers/cipher/ref.h"

#define L1_BLOCK 1024u
#define KEYS_MAX (L1_BLOCK + 3 * 16u)

static uint64_t
number(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static void
store(uint8_t *p, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

/* Section 3.2.1: a stream of blocks made of index and block number. */
static void
derive(const struct ref_aes *a, uint8_t index, uint8_t *out, size_t len)
{
	uint8_t block[16] = { [7] = index }, made[16];

	for (size_t i = 0; i < len; i += sizeof(made)) {
		store(block + 8, i / sizeof(made) + 1, 8);
		ref_aes_block(a, made, block);
		memcpy(out + i, made, len - i < sizeof(made) ? len - i : sizeof(made));
	}
}

/* Section 3.3.1: of short tags several come from one block. */
static void
pad(const struct ref_aes *a, const uint8_t nonce[8], uint8_t *out, size_t tag_len)
{
	uint8_t block[16] = { 0 }, key[16];
	size_t at = tag_len <= 8 ? nonce[7] % (16 / tag_len) : 0;
	struct ref_aes inner;

	derive(a, 0, key, sizeof(key));
	ref_aes_key(&inner, key, sizeof(key));
	memcpy(block, nonce, 8);
	block[7] ^= (uint8_t)at;
	ref_aes_block(&inner, block, block);
	memcpy(out, block + at * tag_len, tag_len);
}

/* Section 5.2.2, of one block of at most 1024 bytes, filled up with zeros. Words of the
 * message are little endian (section 5.2: ENDIAN-SWAP). */
static uint64_t
nh(const uint8_t *key, const uint8_t *data, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i == 0 || i < len; i += 32) {
		uint8_t part[32] = { 0 };

		if (len > i)
			memcpy(part, data + i, len - i < 32 ? len - i : 32);
		for (size_t j = 0; j < 16; j += 4) {
			uint32_t m[2];

			for (size_t half = 0; half < 2; half++) {
				const uint8_t *p = part + j + 16 * half;

				m[half] = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
				m[half] += (uint32_t)number(key + i + j + 16 * half, 4);
			}
			sum += (uint64_t)m[0] * m[1];
		}
	}
	return sum + 8 * len;
}

#define P64 (UINT64_MAX - 58) /* 2^64 - 59 */

/* Section 5.3.2 over one word of 64 bits. */
static uint64_t
poly(uint64_t y, uint64_t key, uint64_t word)
{
	unsigned __int128 p = P64;

	if (word >= 0xffffffff00000000ull) {
		y = (uint64_t)(((unsigned __int128)key * y + (P64 - 1)) % p);
		word -= 59;
	}
	return (uint64_t)(((unsigned __int128)key * y + word) % p);
}

/* Sections 5.2 and 5.3: the message in blocks, and their hashes into 16 bytes. Messages
 * of more than 16 MiB, which go on differently, are not served. */
static void
blocks(const uint8_t *l1, const uint8_t *l2, const uint8_t *data, size_t len, uint8_t out[16])
{
	uint64_t key = number(l2, 8) & 0x01ffffff01ffffffull, y = 1;

	memset(out, 0, 16);
	if (len <= L1_BLOCK) {
		store(out + 8, nh(l1, data, len), 8);
		return;
	}
	for (size_t i = 0; i < len; i += L1_BLOCK)
		y = poly(y, key, nh(l1, data + i, len - i < L1_BLOCK ? len - i : L1_BLOCK));
	store(out + 8, y, 8);
}

/* Section 5.4. */
static uint32_t
fold(const uint8_t *key1, const uint8_t *key2, const uint8_t in[16])
{
	const uint64_t p36 = 0xffffffffbull;
	uint64_t y = 0;

	for (size_t i = 0; i < 8; i++)
		y = (y + number(in + 2 * i, 2) * (number(key1 + 8 * i, 8) % p36)) % p36;
	return (uint32_t)y ^ (uint32_t)number(key2, 4);
}

void
ref_umac(const uint8_t key[16], const uint8_t nonce[8], const uint8_t *data, size_t len, uint8_t *tag,
    size_t tag_len)
{
	uint8_t l1[KEYS_MAX], l2[4 * 24], l3[4 * 64], last[16], mask[16], hash[16];
	struct ref_aes a;

	ref_aes_key(&a, key, 16);
	derive(&a, 1, l1, sizeof(l1));
	derive(&a, 2, l2, sizeof(l2));
	derive(&a, 3, l3, sizeof(l3));
	derive(&a, 4, last, sizeof(last));
	pad(&a, nonce, mask, tag_len);
	for (size_t i = 0; i < tag_len / 4; i++) {
		blocks(l1 + 16 * i, l2 + 24 * i, data, len, hash);
		store(tag + 4 * i, fold(l3 + 64 * i, last + 4 * i, hash), 4);
	}
	for (size_t i = 0; i < tag_len; i++)
		tag[i] ^= mask[i];
}
