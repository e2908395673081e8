#include "drivers/cipher/chacha_block.h"

#include <string.h>

/*
 * A row of the state of both blocks: words 0-3 are the first key's, 4-7 the
 * other's. The compiler takes as many registers for it as the machine needs.
 */
typedef uint32_t row __attribute__((vector_size(32)));

#define ROTATE(v, n) ((v) << (n) | (v) >> (32 - (n)))
#define TURN(v, a, b, c, d) __builtin_shuffle(v, (row){ a, b, c, d, 4 + (a), 4 + (b), 4 + (c), 4 + (d) })

static inline void
quarter(row *a, row *b, row *c, row *d)
{
	*a += *b;
	*d = ROTATE(*d ^ *a, 16);
	*c += *d;
	*b = ROTATE(*b ^ *c, 12);
	*a += *b;
	*d = ROTATE(*d ^ *a, 8);
	*c += *d;
	*b = ROTATE(*b ^ *c, 7);
}

/* Columns, then diagonals brought into columns (RFC 8439 section 2.3). */
static inline void
double_round(row *a, row *b, row *c, row *d)
{
	quarter(a, b, c, d);
	*b = TURN(*b, 1, 2, 3, 0);
	*c = TURN(*c, 2, 3, 0, 1);
	*d = TURN(*d, 3, 0, 1, 2);
	quarter(a, b, c, d);
	*b = TURN(*b, 3, 0, 1, 2);
	*c = TURN(*c, 2, 3, 0, 1);
	*d = TURN(*d, 1, 2, 3, 0);
}

static inline void
both(row *v, const uint8_t *first, const uint8_t *second)
{
	memcpy(v, first, 16);
	memcpy((uint8_t *)v + 16, second, 16);
}

void
chacha_block_pair(const uint8_t key[64], uint32_t seq, uint8_t once[32], uint8_t length[4])
{
	const uint32_t nonce = __builtin_bswap32(seq);
	const row start_a = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x61707865, 0x3320646e,
		0x79622d32, 0x6b206574 };
	row a = start_a, b, c, d = { 0, 0, 0, nonce, 0, 0, 0, nonce };
	row start_b;

	both(&start_b, key, key + 32);
	both(&c, key + 16, key + 48);
	b = start_b;
	for (int i = 0; i < 10; i++)
		double_round(&a, &b, &c, &d);
	a += start_a;
	b += start_b;
	memcpy(once, &a, 16);
	memcpy(once + 16, &b, 16);
	memcpy(length, (const uint8_t *)&a + 16, 4);
}
