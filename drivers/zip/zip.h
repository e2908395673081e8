/*
 * Streams of deflate (RFC 1951) in pieces: what one side gave so far comes out at
 * the other, after every piece. No zlib header and no checksum: a stream may go on
 * in another object, as long as that one refers to nothing that it has not written.
 *
 * A stream lives in memory of the caller, as many bytes as the engine says, 64-byte
 * aligned, and never takes any from elsewhere; to end it is to wipe that memory.
 * Thread: one at a time per stream.
 */
#ifndef POSTERN_DRIVERS_ZIP_ZIP_H
#define POSTERN_DRIVERS_ZIP_ZIP_H

#include <stddef.h>
#include <stdint.h>

/* zip_bound(len): what `len` bytes grow to at most, flush included. */
#define ZIP_BOUND(len) ((len) + (len) / 4096 + 64)

enum zip_error {
	ZIP_BAD = -1,   /* no deflate stream, its end, or one that the engine cannot go on with */
	ZIP_FULL = -2,  /* more comes out than there is room for */
	ZIP_SHREDS = -3, /* more blocks than so many bytes need */
};

/* Blocks of one piece: some are free (flushes are blocks too), further ones must pay
 * with output. Each costs its tables, and an empty one takes a dozen bytes to say. The
 * smallest that zlib makes, with memLevel 1, has 127 symbols. */
#define ZIP_BLOCKS_FREE 16u
#define ZIP_BLOCK_BYTES 120u

struct zip_engine {
	const char *name;
	size_t deflate_size; /* bytes of memory of a stream */
	size_t inflate_size;

	/* A new stream in mem. 0 or -1. */
	int (*deflate_init)(void *mem);
	int (*inflate_init)(void *mem);

	/* All of src, up to a byte boundary of the stream (a sync flush: RFC 4253
	 * section 6.2 asks for a partial one at least). size is ZIP_BOUND(len) at
	 * least. Bytes of dst, or ZIP_BAD: then the stream is over. */
	int (*deflate)(void *mem, uint8_t *dst, size_t size, const uint8_t *src, size_t len);

	/* All of src. Bytes of dst, which is one longer than `size` says, or enum
	 * zip_error: then the stream is over. *blocks: those that ended in it. */
	int (*inflate)(void *mem, uint8_t *dst, size_t size, const uint8_t *src, size_t len, uint32_t *blocks);
};

/* zip_zlib: the engine on zlib. */
extern const struct zip_engine zip_zlib;

#endif
