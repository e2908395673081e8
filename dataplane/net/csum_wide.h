/*
 * The Internet checksum with wide registers, for long pieces: csum.c decides.
 */
#ifndef POSTERN_NET_CSUM_WIDE_H
#define POSTERN_NET_CSUM_WIDE_H

#include <stddef.h>
#include <stdint.h>

/* csum_wide_have(): bits of the widest registers that this processor has and that
 * csum_wide knows; 0: none. */
unsigned csum_wide_have(void);

/* csum_wide(width, src, dst, len): the sum of 32-bit words of src, unfolded, copied
 * to dst too where that is not NULL. len is a multiple of 64, at most 2^30; width
 * what csum_wide_have may say. */
uint64_t csum_wide(unsigned width, const void *src, void *dst, size_t len);

#endif
