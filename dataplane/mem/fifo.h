/*
 * A queue of bytes in blocks of a pool.
 *
 * Bytes are put at the end and taken at the front; any part may be looked at.
 * A fifo that is set to wipe zeroes what it gives back: for plaintext that
 * may be a secret.
 */
#ifndef POSTERN_MEM_FIFO_H
#define POSTERN_MEM_FIFO_H

#include <stdbool.h>

#include "dataplane/mem/pool.h"

struct fifo {
	struct block *first;
	struct block *last;
	uint32_t len;        /* bytes */
	uint16_t start;      /* offset of the first byte in `first` */
	uint16_t end;        /* offset behind the last byte in `last` */
	uint32_t blocks;     /* blocks held: the charge is blocks * POOL_BLOCK */
	bool wipe;
};
_Static_assert(POOL_BLOCK <= UINT16_MAX, "fifo.start and end are offsets in a block");
_Static_assert(sizeof(struct fifo) <= 32, "two are part of every connection");

/* A place in a fifo; stays valid until the byte it names is taken. */
struct fifo_pos {
	struct block *block;
	uint32_t off;        /* in the block */
};

void fifo_init(struct fifo *f, bool wipe);

/* fifo_fits(f, p, len): would fifo_put succeed? */
bool fifo_fits(const struct fifo *f, const struct pool *p, size_t len);

/* fifo_put(f, p, data, len): all or nothing; false when blocks are missing. */
bool fifo_put(struct fifo *f, struct pool *p, const void *data, size_t len);

/* fifo_copy(f, off, dst, len): copy bytes [off, off + len) that exist; returns
 * how many were copied. */
size_t fifo_copy(const struct fifo *f, uint32_t off, void *dst, size_t len);

/* fifo_view(f, len): the first contiguous piece. */
const uint8_t *fifo_view(const struct fifo *f, size_t *len);

/* fifo_seek(f, off): the place of byte `off`; O(blocks). off <= len. */
struct fifo_pos fifo_seek(const struct fifo *f, uint32_t off);

/* fifo_read(f, pos, len): the contiguous piece at pos, at most *len bytes;
 * moves pos behind it and sets *len. NULL and 0 at the end. */
const uint8_t *fifo_read(const struct fifo *f, struct fifo_pos *pos, size_t *len);

/* fifo_skip(f, pos, len): moves pos behind len bytes, which are there. */
void fifo_skip(const struct fifo *f, struct fifo_pos *pos, uint32_t len);

/* fifo_take(f, p, len): drop the first len bytes (at most what is there). */
void fifo_take(struct fifo *f, struct pool *p, size_t len);

void fifo_clear(struct fifo *f, struct pool *p);

#endif
