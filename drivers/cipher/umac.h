/*
 * UMAC (RFC 4418) with tags of 8 or 16 bytes, as SSH has it: the nonce is the sequence
 * number, 8 bytes in network order (draft-miller-secsh-umac-01). For engines whose own
 * library lacks it.
 *
 * A key of 16 bytes becomes some 3 KB of subkeys, which are too much for the context of
 * an engine and stand in memory of their own from umac_new to umac_free.
 */
#ifndef POSTERN_DRIVERS_CIPHER_UMAC_H
#define POSTERN_DRIVERS_CIPHER_UMAC_H

#include <stddef.h>
#include <stdint.h>

#define UMAC_SHORT 8u
#define UMAC_LONG 16u
#define UMAC_NONCE 8u

struct umac;

/* umac_new(key, tag_len): key has 16 bytes, tag_len is UMAC_SHORT or UMAC_LONG. NULL: out
 * of memory. */
struct umac *umac_new(const uint8_t *key, size_t tag_len);
/* umac_tag(u, seq, data, len, tag): no sequence number comes twice under one key. */
void umac_tag(struct umac *u, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag);
/* Wipes it; NULL is nothing. */
void umac_free(struct umac *u);

#endif
