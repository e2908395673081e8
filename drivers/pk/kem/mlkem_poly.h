/*
 * Polynomials of ML-KEM (FIPS 203): 256 coefficients modulo 3329. Between the
 * mlkem*.c files alone.
 *
 * Coefficients are signed and of small absolute value, congruent to what they
 * stand for; poly_encode and poly_compress bring them to their least
 * non-negative form. No function's time or memory access depends on coefficients,
 * but for poly_uniform, whose input is public.
 */
#ifndef POSTERN_DRIVERS_PK_MLKEM_POLY_H
#define POSTERN_DRIVERS_PK_MLKEM_POLY_H

#include <stddef.h>
#include <stdint.h>

#define MLKEM_N 256u
#define MLKEM_Q 3329
#define POLY_BYTES 384u /* coefficients of 12 bits */

struct poly {
	int16_t c[MLKEM_N];
};

/* poly_uniform: SampleNTT (algorithm 7) of seed, b, c. */
void poly_uniform(struct poly *p, const uint8_t seed[32], uint8_t b, uint8_t c);
/* poly_noise: SamplePolyCBD with eta 2 (algorithm 8) of PRF(seed, n). */
void poly_noise(struct poly *p, const uint8_t seed[32], uint8_t n);

/* poly_ntt: algorithm 9; poly_ntt_back: algorithm 10, times 2^16, which takes away
 * the factor that poly_multiply brings. */
void poly_ntt(struct poly *p);
void poly_ntt_back(struct poly *p);

/* poly_multiply: sum += a b / 2^16 of polynomials under the transform (algorithm
 * 11). poly_scale: p = p 2^16. */
void poly_multiply(struct poly *sum, const struct poly *a, const struct poly *b);
void poly_scale(struct poly *p);

void poly_add(struct poly *p, const struct poly *a);
void poly_subtract(struct poly *p, const struct poly *a);
/* poly_reduce: absolute values below q. */
void poly_reduce(struct poly *p);

/* ByteEncode and ByteDecode with d = 12 (algorithms 5 and 6). poly_decode tells 0
 * when each number was below q, -1 otherwise. */
void poly_encode(uint8_t out[POLY_BYTES], const struct poly *p);
int poly_decode(struct poly *p, const uint8_t in[POLY_BYTES]);

/* Compress then ByteEncode, ByteDecode then Decompress (section 4.2.1), with d bits a
 * coefficient: 32 d bytes. */
void poly_compress(uint8_t *out, const struct poly *p, unsigned d);
void poly_decompress(struct poly *p, const uint8_t *in, unsigned d);

#endif
