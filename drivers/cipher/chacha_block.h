/*
 * ChaCha20's block 0 under two keys at once, in vector registers. Judged by the
 * plain one in ref_chacha.c.
 */
#ifndef POSTERN_DRIVERS_CIPHER_CHACHA_BLOCK_H
#define POSTERN_DRIVERS_CIPHER_CHACHA_BLOCK_H

#include <stdint.h>

/* chacha_block_pair(key, seq, once, length): from block 0 at nonce `seq` (8
 * bytes, big endian), the first 32 bytes under key[0..31], 4 under key[32..63]. */
void chacha_block_pair(const uint8_t key[64], uint32_t seq, uint8_t once[32], uint8_t length[4]);

#endif
