/*
 * The Internet checksum (RFC 1071).
 *
 * The sum of 16-bit words in one's complement does not depend on byte order nor
 * on how many words are added at once, so it is built from native 32-bit words
 * in 64 bits and swapped at the end.
 */
#include "dataplane/net/net_priv.h"

static uint64_t
word32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Pieces but the last have even length. */
uint64_t
csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t b = 0, c = 0, d = 0;
	uint8_t rest[4] = { 0 };

	for (; len >= 16; len -= 16, p += 16) {
		sum += word32(p);
		b += word32(p + 4);
		c += word32(p + 8);
		d += word32(p + 12);
	}
	sum += b + c + d;
	for (; len >= 4; len -= 4, p += 4)
		sum += word32(p);
	if (len > 0) {
		memcpy(rest, p, len);
		sum += word32(rest);
	}
	return sum;
}

/* In host order, complemented: the value of the field. */
uint16_t
csum_fold(uint64_t sum)
{
	uint16_t folded;

	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	folded = (uint16_t)~sum;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	folded = __builtin_bswap16(folded);
#endif
	return folded;
}

uint64_t
csum_pseudo(const struct net_ip *src, const struct net_ip *dst, uint8_t proto, uint32_t len)
{
	uint8_t tail[8] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len, 0, 0, 0, proto };
	uint64_t sum = csum_add(0, tail, sizeof(tail));

	if (ip_is_v4(src)) {
		sum = csum_add(sum, src->b + 12, 4);
		return csum_add(sum, dst->b + 12, 4);
	}
	sum = csum_add(sum, src->b, 16);
	return csum_add(sum, dst->b, 16);
}
