/*
 * SHA-3 and SHAKE (FIPS 202), as far as ML-KEM wants them. Time depends on
 * lengths alone. A state that took secrets is wiped by its owner.
 */
#ifndef POSTERN_DRIVERS_PK_KECCAK_H
#define POSTERN_DRIVERS_PK_KECCAK_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 202 section 6: bytes per block, and the bits behind the message with the
 * first bit of the padding. */
#define SHAKE128_RATE 168u
#define SHAKE256_RATE 136u
#define SHA3_256_RATE 136u
#define SHA3_512_RATE 72u
#define KECCAK_SHA3 0x06u
#define KECCAK_SHAKE 0x1fu

struct keccak {
	uint64_t lane[25];
	unsigned rate;
	unsigned at; /* bytes of the block that are in, or out */
};

void keccak_start(struct keccak *k, unsigned rate);
void keccak_absorb(struct keccak *k, const void *data, size_t len);
/* keccak_turn(k, suffix): the message ends; from here on keccak_squeeze. */
void keccak_turn(struct keccak *k, uint8_t suffix);
void keccak_squeeze(struct keccak *k, void *out, size_t len);

/* All at once, of two parts; `b` may be NULL with b_len 0. */
void sha3_256(uint8_t out[32], const void *a, size_t a_len);
void sha3_512(uint8_t out[64], const void *a, size_t a_len, const void *b, size_t b_len);
void shake256(uint8_t *out, size_t out_len, const void *a, size_t a_len, const void *b, size_t b_len);

#endif
