/*
 * Known answers, one a suite: two records under one key. Text byte i is 7 i + 3,
 * key byte i 16 + i, MAC key byte i 128 + i (modulo 256). The first record is
 * given whole; the second is long enough for the widest code path of an engine
 * and given by its tag, which covers every byte before it. Counters wrap
 * between the two or within the first: GCM's fixed field must not change, and
 * the counter of counter mode must carry beyond 32 and 64 bits.
 */
#ifndef POSTERN_DRIVERS_CIPHER_ANSWERS_H
#define POSTERN_DRIVERS_CIPHER_ANSWERS_H

#include "drivers/cipher/engine.h"

/* Lengths where the length field does not count for the alignment; 4 less where
 * it does. */
#define ANSWER_SHORT 48u
#define ANSWER_LONG 1040u
#define ANSWER_SEQ 0xfffffffeu /* of the first */
#define CIPHER_ANSWERS 27

struct cipher_answer {
	uint16_t suite;
	uint8_t first[4 + ANSWER_SHORT + CIPHER_TAG_MAX];
	uint8_t second_tag[CIPHER_TAG_MAX];
};

extern const struct cipher_answer cipher_answers[CIPHER_ANSWERS];

#endif
