/*
 * NTRU Prime, round 3 submission, section 3 (parameters) and the arithmetic behind
 * it. Inverses: division steps of fixed number ("Fast constant-time gcd computation
 * and modular inversion", Bernstein and Yang, 2019, section 7).
 */
#include "drivers/pk/kem/sntrup_poly.h"

#include <string.h>

#include "drivers/pk/pk.h"

#define STEPS (2 * SNTRUP_P - 1)

/* 10923 is 2^15 / 3 rounded up. */
int8_t
sntrup_modulo_3(int32_t x)
{
	return (int8_t)(x - 3 * ((10923 * x + 16384) >> 15));
}

/* 935519 is 2^32 / q; what that is off is put right by the two comparisons. */
int16_t
sntrup_modulo_q(int32_t x)
{
	int32_t r = x - SNTRUP_Q * (int32_t)(((int64_t)x * 935519 + INT64_C(0x80000000)) >> 32);

	r -= SNTRUP_Q & ((SNTRUP_Q / 2 - r) >> 31);
	r += SNTRUP_Q & ((r + SNTRUP_Q / 2) >> 31);
	return (int16_t)r;
}

/* x^p = x + 1. */
static void
fold(int32_t sum[2 * SNTRUP_P - 1])
{
	for (int i = 2 * SNTRUP_P - 2; i >= SNTRUP_P; i--) {
		sum[i - SNTRUP_P] += sum[i];
		sum[i - SNTRUP_P + 1] += sum[i];
	}
}

/* Sums of 761 products of at most 2295, folded: below 2^23. */
void
sntrup_multiply(int16_t out[SNTRUP_P], const int16_t a[SNTRUP_P], const int8_t b[SNTRUP_P])
{
	int32_t sum[2 * SNTRUP_P - 1] = { 0 };

	for (int i = 0; i < SNTRUP_P; i++)
		for (int j = 0; j < SNTRUP_P; j++)
			sum[i + j] += a[j] * b[i];
	fold(sum);
	for (int i = 0; i < SNTRUP_P; i++)
		out[i] = sntrup_modulo_q(sum[i]);
	pk_wipe(sum, sizeof(sum));
}

void
sntrup_multiply_3(int8_t out[SNTRUP_P], const int8_t a[SNTRUP_P], const int8_t b[SNTRUP_P])
{
	int32_t sum[2 * SNTRUP_P - 1] = { 0 };

	for (int i = 0; i < SNTRUP_P; i++)
		for (int j = 0; j < SNTRUP_P; j++)
			sum[i + j] += a[j] * b[i];
	fold(sum);
	for (int i = 0; i < SNTRUP_P; i++)
		out[i] = sntrup_modulo_3(sum[i]);
	pk_wipe(sum, sizeof(sum));
}

/* ---- inverses ---- */

/* All bits where the step swaps: delta > 0 and the constant term of g is not 0. */
static int32_t
swaps(int32_t delta, int32_t g0)
{
	return -(int32_t)((uint32_t)-delta >> 31) & -(int32_t)((uint32_t)(g0 | -g0) >> 31);
}

static void
swap(int16_t *a, int16_t *b, int32_t mask, int len)
{
	for (int i = 0; i < len; i++) {
		int16_t t = (int16_t)(mask & (a[i] ^ b[i]));

		a[i] = (int16_t)(a[i] ^ t);
		b[i] = (int16_t)(b[i] ^ t);
	}
}

/* The state of the division steps, constant terms first: f starts as the reversed
 * modulus, g as the reversed operand; v and r follow what happens to them. */
struct steps {
	int16_t f[SNTRUP_P + 1], g[SNTRUP_P + 1], v[SNTRUP_P + 1], r[SNTRUP_P + 1];
	int32_t delta;
};

static void
steps_start(struct steps *s, const int8_t a[SNTRUP_P], int16_t one)
{
	memset(s, 0, sizeof(*s));
	s->f[0] = 1;
	s->f[SNTRUP_P - 1] = s->f[SNTRUP_P] = -1;
	for (int i = 0; i < SNTRUP_P; i++)
		s->g[SNTRUP_P - 1 - i] = a[i];
	s->r[0] = one;
	s->delta = 1;
}

/* One step: swap if need be, then g = (f0 g - g0 f) / x and likewise r. */
static void
step(struct steps *s, int16_t (*modulo)(int32_t))
{
	int32_t mask, f0, g0;

	memmove(s->v + 1, s->v, SNTRUP_P * sizeof(s->v[0]));
	s->v[0] = 0;
	mask = swaps(s->delta, s->g[0]);
	s->delta = ((mask & (s->delta ^ -s->delta)) ^ s->delta) + 1;
	swap(s->f, s->g, mask, SNTRUP_P + 1);
	swap(s->v, s->r, mask, SNTRUP_P + 1);
	f0 = s->f[0];
	g0 = s->g[0];
	for (int i = 0; i <= SNTRUP_P; i++) {
		s->g[i] = modulo(f0 * s->g[i] - g0 * s->f[i]);
		s->r[i] = modulo(f0 * s->r[i] - g0 * s->v[i]);
	}
	memmove(s->g, s->g + 1, SNTRUP_P * sizeof(s->g[0]));
	s->g[SNTRUP_P] = 0;
}

static int16_t
modulo_3(int32_t x)
{
	return sntrup_modulo_3(x);
}

int
sntrup_inverse_3(int8_t out[SNTRUP_P], const int8_t a[SNTRUP_P])
{
	struct steps s;
	int r;

	steps_start(&s, a, 1);
	for (int i = 0; i < STEPS; i++)
		step(&s, modulo_3);
	for (int i = 0; i < SNTRUP_P; i++)
		out[i] = (int8_t)(s.f[0] * s.v[SNTRUP_P - 1 - i]);
	r = s.delta == 0 ? 0 : -1;
	pk_wipe(&s, sizeof(s));
	return r;
}

/* a^(q - 2), the inverse by Fermat: q is prime. */
static int16_t
inverse_q(int16_t a)
{
	int16_t r = a;

	for (int i = 1; i < SNTRUP_Q - 2; i++)
		r = sntrup_modulo_q(r * a);
	return r;
}

void
sntrup_inverse_of_3a(int16_t out[SNTRUP_P], const int8_t a[SNTRUP_P])
{
	struct steps s;
	int16_t scale;

	steps_start(&s, a, inverse_q(3));
	for (int i = 0; i < STEPS; i++)
		step(&s, sntrup_modulo_q);
	scale = inverse_q(s.f[0]);
	for (int i = 0; i < SNTRUP_P; i++)
		out[i] = sntrup_modulo_q(scale * s.v[SNTRUP_P - 1 - i]);
	pk_wipe(&s, sizeof(s));
}

/* ---- small polynomials as bytes ---- */

void
sntrup_put_small(uint8_t out[SNTRUP_SMALL_SIZE], const int8_t a[SNTRUP_P])
{
	memset(out, 0, SNTRUP_SMALL_SIZE);
	for (int i = 0; i < SNTRUP_P; i++)
		out[i / 4] = (uint8_t)(out[i / 4] | (a[i] + 1) << 2 * (i % 4));
}

void
sntrup_take_small(int8_t a[SNTRUP_P], const uint8_t in[SNTRUP_SMALL_SIZE])
{
	for (int i = 0; i < SNTRUP_P; i++)
		a[i] = (int8_t)((in[i / 4] >> 2 * (i % 4) & 3) - 1);
}
