/*
 * Numbers of mixed radix as bytes (NTRU Prime, round 3 submission, section 3.1,
 * "Encode" and "Decode"): neighbours are joined to one number with the product of
 * their ranges, which gives off low bytes while it is 2^14 or more, until one number
 * is left. How many bytes are given off where follows from the ranges alone. What is
 * decoded is public: divisions are allowed there.
 */
#include "drivers/pk/kem/sntrup_poly.h"

#include "drivers/pk/pk.h"

#define LIMIT 16384u
#define LEVELS 11    /* 761 numbers become one in ten joins */
#define NUMBERS 1525 /* of all levels: 761, 381, 191, 96, 48, 24, 12, 6, 3, 2, 1 */

/* The range of each number of each level, and how many bytes it gave off when it was
 * joined; level n is the `count[n]` numbers from `first[n]` on. */
struct plan {
	uint16_t range[NUMBERS];
	uint8_t bytes[NUMBERS];
	int first[LEVELS], count[LEVELS];
};

/* Bytes until the range is below the limit, and what is left of it. */
static uint8_t
give_off(uint32_t *range, uint32_t limit)
{
	uint8_t n = 0;

	for (; *range >= limit; n++)
		*range = (*range + 255) >> 8;
	return n;
}

static void
plan_make(struct plan *p, uint16_t range)
{
	p->first[0] = 0;
	p->count[0] = SNTRUP_P;
	for (int i = 0; i < SNTRUP_P; i++) {
		p->range[i] = range;
		p->bytes[i] = 0;
	}
	for (int level = 0; level + 1 < LEVELS; level++) {
		const uint16_t *from = p->range + p->first[level];
		int n = p->count[level], to = p->first[level] + n;

		p->first[level + 1] = to;
		p->count[level + 1] = (n + 1) / 2;
		for (int i = 0; i < n; i += 2, to++) {
			uint32_t left = i + 1 < n ? (uint32_t)from[i] * from[i + 1] : from[i];

			p->bytes[to] = give_off(&left, LIMIT);
			p->range[to] = (uint16_t)left;
		}
	}
}

/* Low bytes go out; what is above stays in *number. */
static uint8_t *
give_bytes(uint8_t *out, uint32_t *number, unsigned n)
{
	for (; n > 0; n--, *number >>= 8)
		*out++ = (uint8_t)*number;
	return out;
}

static void
encode(uint8_t *out, uint16_t number[SNTRUP_P], uint16_t range)
{
	struct plan p;
	uint32_t x, left;

	plan_make(&p, range);
	for (int level = 0; level + 1 < LEVELS; level++) {
		const uint16_t *from = p.range + p.first[level];
		const uint8_t *bytes = p.bytes + p.first[level + 1];
		int n = p.count[level];

		for (int i = 0; i < n; i += 2) {
			x = number[i] + (i + 1 < n ? (uint32_t)number[i + 1] * from[i] : 0);
			out = give_bytes(out, &x, bytes[i / 2]);
			number[i / 2] = (uint16_t)x;
		}
	}
	x = number[0];
	left = p.range[NUMBERS - 1];
	(void)give_bytes(out, &x, give_off(&left, 2));
}

/* From the last number back: the bytes of each level lie before those of the next. */
static void
decode(uint16_t number[SNTRUP_P], const uint8_t *in, size_t len, uint16_t range)
{
	struct plan p;
	const uint8_t *end = in + len;
	uint32_t left, x = 0;

	plan_make(&p, range);
	left = p.range[NUMBERS - 1];
	for (unsigned n = give_off(&left, 2); n > 0; n--)
		x = x << 8 | *--end;
	number[0] = (uint16_t)(x % p.range[NUMBERS - 1]);
	for (int level = LEVELS - 2; level >= 0; level--) {
		const uint16_t *from = p.range + p.first[level];
		const uint8_t *bytes = p.bytes + p.first[level + 1];
		int n = p.count[level];

		for (int i = (n - 1) & ~1; i >= 0; i -= 2) {
			x = number[i / 2];
			for (unsigned b = bytes[i / 2]; b > 0; b--)
				x = x << 8 | *--end;
			if (i + 1 < n)
				number[i + 1] = (uint16_t)(x / from[i] % from[i + 1]);
			number[i] = (uint16_t)(x % from[i]);
		}
	}
}

void
sntrup_put_q(uint8_t out[SNTRUP_Q_SIZE], const int16_t a[SNTRUP_P])
{
	uint16_t number[SNTRUP_P];

	for (int i = 0; i < SNTRUP_P; i++)
		number[i] = (uint16_t)(a[i] + SNTRUP_Q / 2);
	encode(out, number, SNTRUP_Q);
}

void
sntrup_take_q(int16_t a[SNTRUP_P], const uint8_t in[SNTRUP_Q_SIZE])
{
	uint16_t number[SNTRUP_P];

	decode(number, in, SNTRUP_Q_SIZE, SNTRUP_Q);
	for (int i = 0; i < SNTRUP_P; i++)
		a[i] = (int16_t)(number[i] - SNTRUP_Q / 2);
}

/* A multiple of 3, divided by it: 10923 is 2^15 / 3 rounded up, exact below 2^13. */
void
sntrup_put_rounded(uint8_t out[SNTRUP_ROUNDED_SIZE], const int16_t a[SNTRUP_P])
{
	uint16_t number[SNTRUP_P];

	for (int i = 0; i < SNTRUP_P; i++)
		number[i] = (uint16_t)((uint32_t)(a[i] + SNTRUP_Q / 2) * 10923 >> 15);
	encode(out, number, (SNTRUP_Q + 2) / 3);
	pk_wipe(number, sizeof(number));
}

void
sntrup_take_rounded(int16_t a[SNTRUP_P], const uint8_t in[SNTRUP_ROUNDED_SIZE])
{
	uint16_t number[SNTRUP_P];

	decode(number, in, SNTRUP_ROUNDED_SIZE, (SNTRUP_Q + 2) / 3);
	for (int i = 0; i < SNTRUP_P; i++)
		a[i] = (int16_t)(number[i] * 3 - SNTRUP_Q / 2);
}
