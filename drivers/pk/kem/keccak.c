/* FIPS 202: the permutation Keccak-p[1600, 24] and the sponge around it. */
#include "drivers/pk/kem/keccak.h"

#include <string.h>

#include "drivers/pk/pk.h"

#define ROUNDS 24u

/* FIPS 202 section 3.2.5: what iota adds, one per round. */
static const uint64_t iota[ROUNDS] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return n == 0 ? x : x << n | x >> (64 - n);
}

/* Section 3.2.2: rotations of rho, by x + 5y. */
static const uint8_t rho[25] = {
	0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
};

/* One round: theta, rho and pi, chi, iota (section 3.2). The loops are of constant
 * length: the compiler unrolls them. */
static inline __attribute__((always_inline)) void
one_round(uint64_t a[25], uint64_t constant)
{
	uint64_t column[5], moved[25];

#pragma GCC unroll 5
	for (unsigned x = 0; x < 5; x++)
		column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 5
	for (unsigned x = 0; x < 5; x++) {
		uint64_t d = column[(x + 4) % 5] ^ rotl(column[(x + 1) % 5], 1);

#pragma GCC unroll 5
		for (unsigned y = 0; y < 5; y++)
			moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotl(a[x + 5 * y] ^ d, rho[x + 5 * y]);
	}
#pragma GCC unroll 5
	for (unsigned y = 0; y < 25; y += 5) {
#pragma GCC unroll 5
		for (unsigned x = 0; x < 5; x++)
			a[y + x] = moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]);
	}
	a[0] ^= constant;
}

static void
permute(uint64_t lane[25])
{
	uint64_t a[25];

	memcpy(a, lane, sizeof(a));
	for (unsigned i = 0; i < ROUNDS; i++)
		one_round(a, iota[i]);
	memcpy(lane, a, sizeof(a));
}

/* Lanes are little-endian (section 3.1.2 with appendix B.1). */
static inline void
mix(struct keccak *k, unsigned at, uint8_t byte)
{
	k->lane[at / 8] ^= (uint64_t)byte << 8 * (at % 8);
}

void
keccak_start(struct keccak *k, unsigned rate)
{
	memset(k, 0, sizeof(*k));
	k->rate = rate;
}

void
keccak_absorb(struct keccak *k, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 0; len--) {
		if (k->at == k->rate) {
			permute(k->lane);
			k->at = 0;
		}
		mix(k, k->at++, *p++);
	}
}

void
keccak_turn(struct keccak *k, uint8_t suffix)
{
	if (k->at == k->rate) {
		permute(k->lane);
		k->at = 0;
	}
	mix(k, k->at, suffix);
	mix(k, k->rate - 1, 0x80);
	k->at = k->rate;
}

void
keccak_squeeze(struct keccak *k, void *out, size_t len)
{
	uint8_t *p = out;

	for (; len > 0; len--) {
		if (k->at == k->rate) {
			permute(k->lane);
			k->at = 0;
		}
		*p++ = (uint8_t)(k->lane[k->at / 8] >> 8 * (k->at % 8));
		k->at++;
	}
}

static void
whole(unsigned rate, uint8_t suffix, uint8_t *out, size_t out_len, const void *a, size_t a_len, const void *b,
    size_t b_len)
{
	struct keccak k;

	keccak_start(&k, rate);
	keccak_absorb(&k, a, a_len);
	keccak_absorb(&k, b, b_len);
	keccak_turn(&k, suffix);
	keccak_squeeze(&k, out, out_len);
	pk_wipe(&k, sizeof(k));
}

void
sha3_256(uint8_t out[32], const void *a, size_t a_len)
{
	whole(SHA3_256_RATE, KECCAK_SHA3, out, 32, a, a_len, NULL, 0);
}

void
sha3_512(uint8_t out[64], const void *a, size_t a_len, const void *b, size_t b_len)
{
	whole(SHA3_512_RATE, KECCAK_SHA3, out, 64, a, a_len, b, b_len);
}

void
shake256(uint8_t *out, size_t out_len, const void *a, size_t a_len, const void *b, size_t b_len)
{
	whole(SHAKE256_RATE, KECCAK_SHAKE, out, out_len, a, a_len, b, b_len);
}
