/*
 * The Internet checksum (RFC 1071).
 *
 * The sum of 16-bit words in one's complement does not depend on byte order nor
 * on how many words are added at once, so it is built from native 32-bit words
 * in 64 bits and swapped at the end.
 */
#include "dataplane/net/csum_wide.h"
#include "dataplane/net/net_priv.h"

#define WIDE_STEP 64u
#define WIDE_MIN 128u /* shorter ones are not worth the call */

static uint64_t
word32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Up to three bytes, as a word that goes on with zeros. */
static uint64_t
rest_of(const uint8_t *p, size_t len)
{
	uint8_t rest[4] = { p[0], len > 1 ? p[1] : 0, len > 2 ? p[2] : 0, 0 };

	return word32(rest);
}

/* Also the slow one that the wide ones are tested against. */
uint64_t
csum_add_slow(uint64_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 4; len -= 4, p += 4)
		sum += word32(p);
	return len > 0 ? sum + rest_of(p, len) : sum;
}

static size_t
wide_part(size_t len)
{
	return len >= WIDE_MIN && csum_wide_have() != 0 ? len - len % WIDE_STEP : 0;
}

/* Pieces but the last have even length. */
uint64_t
csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t wide = wide_part(len);

	if (wide > 0)
		sum += csum_wide(csum_wide_have(), p, NULL, wide);
	return csum_add_slow(sum, p + wide, len - wide);
}

static uint64_t
copy_piece(uint8_t *dst, const uint8_t *src, size_t len)
{
	size_t wide = wide_part(len);
	uint64_t sum = wide > 0 ? csum_wide(csum_wide_have(), src, dst, wide) : 0;

	memcpy(dst + wide, src + wide, len - wide);
	return csum_add_slow(sum, src + wide, len - wide);
}

/* One that begins with the second byte of a word: its bytes change places. */
static uint64_t
odd_sum(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return __builtin_bswap16((uint16_t)sum);
}

uint64_t
csum_copy(uint8_t *dst, const struct fifo *from, struct fifo_pos *at, uint32_t len, bool copy_only)
{
	uint64_t sum = 0;
	uint32_t done = 0;

	while (done < len) {
		size_t n = len - done;
		const uint8_t *piece = fifo_read(from, at, &n);

		if (piece == NULL)
			break;
		if (copy_only)
			memcpy(dst + done, piece, n);
		else if (done % 2 == 0)
			sum += copy_piece(dst + done, piece, n);
		else
			sum += odd_sum(copy_piece(dst + done, piece, n));
		done += (uint32_t)n;
	}
	return sum;
}

/* In host order, complemented: the value of the field. */
uint16_t
csum_fold(uint64_t sum)
{
	uint16_t folded;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
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
	uint64_t sum = word32(tail) + word32(tail + 4);
	uint32_t from = ip_is_v4(src) ? 12 : 0;

	for (uint32_t i = from; i < sizeof(src->b); i += 4)
		sum += word32(src->b + i) + word32(dst->b + i);
	return sum;
}
