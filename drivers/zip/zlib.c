#include <zlib.h>

#include <string.h>

#include "drivers/zip/zip.h"

#define LEVEL 1        /* three times as fast as 6, for a tenth more bytes */
#define WINDOW_BITS 15 /* 32 KiB, as a peer may use them; negative: without header */
#define MEM_LEVEL 8
#define ALIGN 64u

/* What zlib.h says deflate and inflate need, and their own structures. */
#define STATE_MAX 12288u
#define DEFLATE_SIZE ((1u << (WINDOW_BITS + 2)) + (1u << (MEM_LEVEL + 9)) + STATE_MAX)
#define INFLATE_SIZE ((1u << WINDOW_BITS) + STATE_MAX)

#define AT_BLOCK 128 /* of data_type: between two blocks */

struct stream {
	z_stream z;
	uint32_t used, size; /* of `room`, which zlib takes its memory from */
	_Alignas(ALIGN) uint8_t room[];
};

/* Nothing is given back: an object's memory is taken at its start, but for the
 * window of inflate, which comes with the first output. */
static voidpf
take(voidpf opaque, uInt count, uInt size)
{
	struct stream *s = opaque;
	uint64_t need = ((uint64_t)count * size + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	uint8_t *at = s->room + s->used;

	if (need > s->size - s->used)
		return Z_NULL;
	s->used += (uint32_t)need;
	return at;
}

static void
give(voidpf opaque, voidpf address)
{
	(void)opaque;
	(void)address;
}

static struct stream *
stream_begin(void *mem, size_t size)
{
	struct stream *s = mem;

	memset(s, 0, sizeof(*s));
	s->size = (uint32_t)(size - sizeof(*s));
	s->z.zalloc = take;
	s->z.zfree = give;
	s->z.opaque = s;
	return s;
}

static int
zlib_deflate_init(void *mem)
{
	struct stream *s = stream_begin(mem, DEFLATE_SIZE);

	return deflateInit2(&s->z, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK ? 0 : -1;
}

static int
zlib_inflate_init(void *mem)
{
	struct stream *s = stream_begin(mem, INFLATE_SIZE);

	return inflateInit2(&s->z, -WINDOW_BITS) == Z_OK ? 0 : -1;
}

static void
point(z_stream *z, uint8_t *dst, size_t size, const uint8_t *src, size_t len)
{
	z->next_in = (z_const Bytef *)src;
	z->avail_in = (uInt)len;
	z->next_out = dst;
	z->avail_out = (uInt)size;
}

static int
zlib_deflate(void *mem, uint8_t *dst, size_t size, const uint8_t *src, size_t len)
{
	struct stream *s = mem;

	point(&s->z, dst, size, src, len);
	if (deflate(&s->z, Z_SYNC_FLUSH) != Z_OK || s->z.avail_in > 0 || s->z.avail_out == 0)
		return ZIP_BAD;
	return (int)(size - s->z.avail_out);
}

/* Block by block, until nothing moves any more. */
static int
zlib_inflate(void *mem, uint8_t *dst, size_t size, const uint8_t *src, size_t len, uint32_t *blocks)
{
	struct stream *s = mem;
	size_t made;
	int r;

	*blocks = 0;
	point(&s->z, dst, size + 1, src, len);
	do {
		r = inflate(&s->z, Z_BLOCK);
		made = size + 1 - s->z.avail_out;
		if (made > size)
			return ZIP_FULL;
		if (r == Z_OK && (s->z.data_type & AT_BLOCK) != 0)
			++*blocks;
		if (*blocks > ZIP_BLOCKS_FREE + made / ZIP_BLOCK_BYTES)
			return ZIP_SHREDS;
	} while (r == Z_OK && (s->z.avail_in > 0 || (s->z.data_type & AT_BLOCK) != 0));
	/* Z_BUF_ERROR: it waits for the next piece. */
	return r == Z_OK || (r == Z_BUF_ERROR && s->z.avail_in == 0) ? (int)made : ZIP_BAD;
}

const struct zip_engine zip_zlib = {
	.name = "zlib",
	.deflate_size = DEFLATE_SIZE,
	.inflate_size = INFLATE_SIZE,
	.deflate_init = zlib_deflate_init,
	.inflate_init = zlib_inflate_init,
	.deflate = zlib_deflate,
	.inflate = zlib_inflate,
};
