/*
 * FIPS 203, sections 4.2 and 4.3. Products are reduced in Montgomery's way with
 * 2^16, as nothing else than multiplying, adding and shifting takes the same time
 * for every operand.
 */
#include "drivers/pk/kem/mlkem_poly.h"

#include <string.h>

#include "drivers/pk/kem/keccak.h"
#include "drivers/pk/pk.h"

/* 17^BitRev7(i) 2^16 modulo q, by least absolute value (appendix A has them without
 * the factor). */
static const int16_t zeta[128] = {
	-1044, -758, -359, -1517, 1493, 1422, 287, 202, -171, 622, 1577, 182, 962, -1202, -1474,
	1468, 573, -1325, 264, 383, -829, 1458, -1602, -130, -681, 1017, 732, 608, -1542, 411,
	-205, -1571, 1223, 652, -552, 1015, -1293, 1491, -282, -1544, 516, -8, -320, -666, -1618,
	-1162, 126, 1469, -853, -90, -271, 830, 107, -1421, -247, -951, -398, 961, -1508, -725,
	448, -1065, 677, -1275, -1103, 430, 555, 843, -1251, 871, 1550, 105, 422, 587, 177, -235,
	-291, -460, 1574, 1653, -246, 778, 1159, -147, -777, 1483, -602, 1119, -1590, 644, -872,
	349, 418, 329, -156, -75, 817, 1097, 603, 610, 1322, -1285, -1465, 384, -1215, -136, 1218,
	-1335, -874, 220, -1187, -1659, -1185, -1530, -1278, 794, -1510, -854, -870, 478, -108,
	-308, 996, 991, 958, -1460, 1522, 1628,
};

#define Q_INVERSE (-3327)      /* of q modulo 2^16 */
#define SQUARE 1353            /* 2^32 modulo q */
#define SQUARE_OVER_128 1441   /* 2^32 / 128 modulo q: 128 is algorithm 10's 3303 */

/* a / 2^16 modulo q; absolute value below q for |a| < q 2^15. */
static inline int16_t
montgomery(int32_t a)
{
	int16_t t = (int16_t)((uint32_t)(int16_t)a * (uint32_t)Q_INVERSE);

	return (int16_t)((a - (int32_t)t * MLKEM_Q) >> 16);
}

static inline int16_t
multiply(int16_t a, int16_t b)
{
	return montgomery((int32_t)a * b);
}

/* To absolute value of at most (q + 1) / 2: 20159 is 2^26 / q. */
static inline int16_t
barrett(int16_t a)
{
	int16_t t = (int16_t)((20159 * (int32_t)a + (1 << 25)) >> 26);

	return (int16_t)(a - t * MLKEM_Q);
}

/* The number from 0 to q - 1; |a| < q. */
static inline uint16_t
least(int16_t a)
{
	return (uint16_t)(a + ((a >> 15) & MLKEM_Q));
}

/* ---- sampling ---- */

void
poly_uniform(struct poly *p, const uint8_t seed[32], uint8_t b, uint8_t c)
{
	const uint8_t at[2] = { b, c };
	struct keccak k;
	uint8_t in[3];
	size_t n = 0;

	keccak_start(&k, SHAKE128_RATE);
	keccak_absorb(&k, seed, 32);
	keccak_absorb(&k, at, sizeof(at));
	keccak_turn(&k, KECCAK_SHAKE);
	while (n < MLKEM_N) {
		int16_t x, y;

		keccak_squeeze(&k, in, sizeof(in));
		x = (int16_t)(in[0] | (in[1] & 15) << 8);
		y = (int16_t)(in[1] >> 4 | in[2] << 4);
		if (x < MLKEM_Q)
			p->c[n++] = x;
		if (y < MLKEM_Q && n < MLKEM_N)
			p->c[n++] = y;
	}
}

void
poly_noise(struct poly *p, const uint8_t seed[32], uint8_t n)
{
	uint8_t bytes[MLKEM_N / 2];

	shake256(bytes, sizeof(bytes), seed, 32, &n, 1);
	for (size_t i = 0; i < MLKEM_N; i++) {
		unsigned four = bytes[i / 2] >> 4 * (i % 2);

		p->c[i] = (int16_t)((int)((four & 1) + (four >> 1 & 1)) - (int)((four >> 2 & 1) + (four >> 3 & 1)));
	}
	pk_wipe(bytes, sizeof(bytes));
}

/* ---- the transform ---- */

/* Each layer adds q to the absolute values: below 8 q, within 16 bits. */
void
poly_ntt(struct poly *p)
{
	size_t i = 1;

	for (size_t len = MLKEM_N / 2; len >= 2; len /= 2)
		for (size_t start = 0; start < MLKEM_N; start += 2 * len) {
			int16_t z = zeta[i++];

			for (size_t j = start; j < start + len; j++) {
				int16_t t = multiply(z, p->c[j + len]);

				p->c[j + len] = (int16_t)(p->c[j] - t);
				p->c[j] = (int16_t)(p->c[j] + t);
			}
		}
	poly_reduce(p);
}

void
poly_ntt_back(struct poly *p)
{
	size_t i = 127;

	for (size_t len = 2; len <= MLKEM_N / 2; len *= 2)
		for (size_t start = 0; start < MLKEM_N; start += 2 * len) {
			int16_t z = zeta[i--];

			for (size_t j = start; j < start + len; j++) {
				int16_t t = p->c[j];

				p->c[j] = barrett((int16_t)(t + p->c[j + len]));
				p->c[j + len] = multiply(z, (int16_t)(p->c[j + len] - t));
			}
		}
	for (size_t j = 0; j < MLKEM_N; j++)
		p->c[j] = multiply(p->c[j], SQUARE_OVER_128);
}

/* Algorithm 12 for two neighbouring pairs: modulo X^2 - gamma and X^2 + gamma. */
void
poly_multiply(struct poly *sum, const struct poly *a, const struct poly *b)
{
	for (size_t i = 0; i < MLKEM_N; i += 2) {
		int16_t gamma = zeta[64 + i / 4];
		int16_t high = multiply(a->c[i + 1], b->c[i + 1]);
		int16_t wrapped = multiply(high, i % 4 == 0 ? gamma : (int16_t)-gamma);

		sum->c[i] = barrett((int16_t)(sum->c[i] + wrapped + multiply(a->c[i], b->c[i])));
		sum->c[i + 1] = barrett((int16_t)(sum->c[i + 1] +
		    montgomery((int32_t)a->c[i] * b->c[i + 1] + (int32_t)a->c[i + 1] * b->c[i])));
	}
}

void
poly_scale(struct poly *p)
{
	for (size_t i = 0; i < MLKEM_N; i++)
		p->c[i] = multiply(p->c[i], SQUARE);
}

void
poly_add(struct poly *p, const struct poly *a)
{
	for (size_t i = 0; i < MLKEM_N; i++)
		p->c[i] = (int16_t)(p->c[i] + a->c[i]);
}

void
poly_subtract(struct poly *p, const struct poly *a)
{
	for (size_t i = 0; i < MLKEM_N; i++)
		p->c[i] = (int16_t)(p->c[i] - a->c[i]);
}

void
poly_reduce(struct poly *p)
{
	for (size_t i = 0; i < MLKEM_N; i++)
		p->c[i] = barrett(p->c[i]);
}

/* ---- bytes ---- */

void
poly_encode(uint8_t out[POLY_BYTES], const struct poly *p)
{
	for (size_t i = 0; i < MLKEM_N; i += 2) {
		uint16_t x = least(barrett(p->c[i])), y = least(barrett(p->c[i + 1]));

		*out++ = (uint8_t)x;
		*out++ = (uint8_t)(x >> 8 | y << 4);
		*out++ = (uint8_t)(y >> 4);
	}
}

int
poly_decode(struct poly *p, const uint8_t in[POLY_BYTES])
{
	int below = -1; /* all bits while every number is */

	for (size_t i = 0; i < MLKEM_N; i += 2, in += 3) {
		p->c[i] = (int16_t)(in[0] | (in[1] & 15) << 8);
		p->c[i + 1] = (int16_t)(in[1] >> 4 | in[2] << 4);
		below &= (p->c[i] - MLKEM_Q) & (p->c[i + 1] - MLKEM_Q);
	}
	return below < 0 ? 0 : -1;
}

/* round(2^d x / q) modulo 2^d without a division, whose time would tell x: 330282857
 * is 2^40 / q rounded up, exact for every x and every d up to 11. */
static inline uint32_t
compress(uint16_t x, unsigned d)
{
	uint64_t t = ((uint64_t)x << d) + (MLKEM_Q - 1) / 2;

	return (uint32_t)(t * 330282857 >> 40) & ((1u << d) - 1);
}

void
poly_compress(uint8_t *out, const struct poly *p, unsigned d)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < MLKEM_N; i++) {
		bits |= compress(least(barrett(p->c[i])), d) << have;
		for (have += d; have >= 8; have -= 8, bits >>= 8)
			*out++ = (uint8_t)bits;
	}
}

void
poly_decompress(struct poly *p, const uint8_t *in, unsigned d)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < MLKEM_N; i++) {
		for (; have < d; have += 8)
			bits |= (uint32_t)*in++ << have;
		p->c[i] = (int16_t)(((bits & ((1u << d) - 1)) * MLKEM_Q + (1u << (d - 1))) >> d);
		bits >>= d;
		have -= d;
	}
}
