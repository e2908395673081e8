#include "drivers/cipher/chacha_block.h"

#include <string.h>

/* A row of a block's state, which fits a register. The two blocks do not depend on
 * each other, so that one's steps fill the other's waits. */
typedef uint32_t row __attribute__((vector_size(16)));

struct state {
	row a, b, c, d;
};

#define ROTATE(v, n) ((v) << (n) | (v) >> (32 - (n)))
#define TURN(v, n) __builtin_shufflevector(v, v, (n), ((n) + 1) % 4, ((n) + 2) % 4, ((n) + 3) % 4)

static inline void
quarter(struct state *s)
{
	s->a += s->b;
	s->d = ROTATE(s->d ^ s->a, 16);
	s->c += s->d;
	s->b = ROTATE(s->b ^ s->c, 12);
	s->a += s->b;
	s->d = ROTATE(s->d ^ s->a, 8);
	s->c += s->d;
	s->b = ROTATE(s->b ^ s->c, 7);
}

static inline void
diagonals(struct state *s)
{
	s->b = TURN(s->b, 1);
	s->c = TURN(s->c, 2);
	s->d = TURN(s->d, 3);
}

static inline void
columns(struct state *s)
{
	s->b = TURN(s->b, 3);
	s->c = TURN(s->c, 2);
	s->d = TURN(s->d, 1);
}

/* Columns, then diagonals brought into columns (RFC 8439 section 2.3). */
static inline void
double_round(struct state *s, struct state *t)
{
	quarter(s);
	quarter(t);
	diagonals(s);
	diagonals(t);
	quarter(s);
	quarter(t);
	columns(s);
	columns(t);
}

static inline void
load(struct state *s, const uint8_t key[32], uint32_t nonce)
{
	s->a = (row){ 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	memcpy(&s->b, key, 16);
	memcpy(&s->c, key + 16, 16);
	s->d = (row){ 0, 0, 0, nonce };
}

void
chacha_block_pair(const uint8_t key[64], uint32_t seq, uint8_t once[32], uint8_t length[4])
{
	const uint32_t nonce = __builtin_bswap32(seq);
	struct state s, t;
	row start_a, start_b;

	load(&s, key, nonce);
	load(&t, key + 32, nonce);
	start_a = s.a;
	start_b = s.b;
	for (int i = 0; i < 10; i++)
		double_round(&s, &t);
	s.a += start_a;
	s.b += start_b;
	t.a += start_a;
	memcpy(once, &s.a, 16);
	memcpy(once + 16, &s.b, 16);
	memcpy(length, &t.a, 4);
}
