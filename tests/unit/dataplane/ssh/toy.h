/*
 * Toy ciphers for tests of the record layer: fast, worthless, and sensitive to
 * key, sequence number, order and every bit. TOY_CLEAR sends the length in the
 * clear as AES-GCM does, TOY_HIDDEN hides it and aligns over it, TOY_ETM is TOY_CLEAR
 * with blocks of 8 bytes.
 */
#ifndef POSTERN_TEST_TOY_H
#define POSTERN_TEST_TOY_H

#include "drivers/cipher/engine.h"

#define TOY_CLEAR 1
#define TOY_HIDDEN 2
#define TOY_ETM 3

const struct cipher_engine *toy_engine(uint16_t suite);

/* Contexts alive: every init has to meet its fini. */
extern int toy_live;

#endif
