/*
 * Polynomials of sntrup761 modulo x^761 - x - 1, over the integers modulo 3 ("small")
 * and modulo 4591. Between the sntrup*.c files alone.
 *
 * Coefficients are of least absolute value: -1 to 1, and -2295 to 2295. Time and
 * memory access depend on no coefficient.
 */
#ifndef POSTERN_DRIVERS_PK_SNTRUP_POLY_H
#define POSTERN_DRIVERS_PK_SNTRUP_POLY_H

#include <stddef.h>
#include <stdint.h>

#define SNTRUP_P 761
#define SNTRUP_Q 4591
#define SNTRUP_W 286 /* coefficients that are not zero in a short polynomial */

#define SNTRUP_SMALL_SIZE ((SNTRUP_P + 3) / 4)
#define SNTRUP_ROUNDED_SIZE 1007
#define SNTRUP_Q_SIZE 1158

/* modulo_3 for |x| below 2^14, modulo_q for |x| below 2^27. */
int8_t sntrup_modulo_3(int32_t x);
int16_t sntrup_modulo_q(int32_t x);

/* sntrup_multiply: out = a b modulo q; sntrup_multiply_3: modulo 3. out may be a. */
void sntrup_multiply(int16_t out[SNTRUP_P], const int16_t a[SNTRUP_P], const int8_t b[SNTRUP_P]);
void sntrup_multiply_3(int8_t out[SNTRUP_P], const int8_t a[SNTRUP_P], const int8_t b[SNTRUP_P]);

/* sntrup_inverse_3: modulo 3; -1: there is none. sntrup_inverse_of_3a: 1 / (3 a) modulo
 * q, which every a but zero has. */
int sntrup_inverse_3(int8_t out[SNTRUP_P], const int8_t a[SNTRUP_P]);
void sntrup_inverse_of_3a(int16_t out[SNTRUP_P], const int8_t a[SNTRUP_P]);

/* Two bits a coefficient. */
void sntrup_put_small(uint8_t out[SNTRUP_SMALL_SIZE], const int8_t a[SNTRUP_P]);
void sntrup_take_small(int8_t a[SNTRUP_P], const uint8_t in[SNTRUP_SMALL_SIZE]);

/* Mixed radix (sntrup_code.c): coefficients modulo q, and multiples of 3 among them. */
void sntrup_put_q(uint8_t out[SNTRUP_Q_SIZE], const int16_t a[SNTRUP_P]);
void sntrup_take_q(int16_t a[SNTRUP_P], const uint8_t in[SNTRUP_Q_SIZE]);
void sntrup_put_rounded(uint8_t out[SNTRUP_ROUNDED_SIZE], const int16_t a[SNTRUP_P]);
void sntrup_take_rounded(int16_t a[SNTRUP_P], const uint8_t in[SNTRUP_ROUNDED_SIZE]);

#endif
