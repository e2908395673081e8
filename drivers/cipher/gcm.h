/*
 * AES-GCM as SSH records use it (RFC 5647 section 7): what the engines share.
 * The length field is associated data and goes in the clear; the rest is
 * encrypted; the IV is a fixed field of 4 bytes and an invocation counter of 8.
 */
#ifndef POSTERN_DRIVERS_CIPHER_GCM_H
#define POSTERN_DRIVERS_CIPHER_GCM_H

#include "drivers/cipher/tag.h"

#define GCM_IV 12u
#define GCM_TAG 16u
#define GCM_AAD 4u

/* gcm_advance(iv): the next invocation; the counter is modulo 2^64, the fixed
 * field never changes (RFC 5647 section 7.1). */
static inline void
gcm_advance(uint8_t iv[GCM_IV])
{
	for (unsigned i = GCM_IV; i > GCM_IV - 8; i--)
		if (++iv[i - 1] != 0)
			break;
}

#endif
