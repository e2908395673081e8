#include "dataplane/mem/fifo.h"

#include <string.h>

void
fifo_init(struct fifo *f, bool wipe)
{
	memset(f, 0, sizeof(*f));
	f->wipe = wipe;
}

static size_t
tail_room(const struct fifo *f)
{
	return f->last != NULL ? POOL_DATA - f->end : 0;
}

bool
fifo_fits(const struct fifo *f, const struct pool *p, size_t len)
{
	size_t room = tail_room(f);

	if (len <= room)
		return true;
	return (len - room + POOL_DATA - 1) / POOL_DATA <= p->free_count;
}

bool
fifo_put(struct fifo *f, struct pool *p, const void *data, size_t len)
{
	const uint8_t *src = data;

	if (!fifo_fits(f, p, len))
		return false;
	while (len > 0) {
		size_t n = tail_room(f);

		if (n == 0) {
			struct block *b = pool_get(p);

			if (f->last != NULL)
				f->last->next = b;
			else
				f->first = b;
			f->last = b;
			f->end = 0;
			f->blocks++;
			n = POOL_DATA;
		}
		if (n > len)
			n = len;
		memcpy(f->last->data + f->end, src, n);
		f->end += (uint16_t)n;
		f->len += (uint32_t)n;
		src += n;
		len -= n;
	}
	return true;
}

/* Bytes of block b that belong to the fifo, from offset `from`. */
static size_t
block_bytes(const struct fifo *f, const struct block *b, uint32_t from)
{
	uint32_t end = b == f->last ? f->end : (uint32_t)POOL_DATA;

	return end > from ? end - from : 0;
}

struct fifo_pos
fifo_seek(const struct fifo *f, uint32_t off)
{
	struct fifo_pos pos = { .block = f->first, .off = f->start };

	while (pos.block != NULL) {
		size_t n = block_bytes(f, pos.block, pos.off);

		if (off < n || pos.block->next == NULL) {
			pos.off += off;
			break;
		}
		off -= (uint32_t)n;
		pos.block = pos.block->next;
		pos.off = 0;
	}
	return pos;
}

const uint8_t *
fifo_read(const struct fifo *f, struct fifo_pos *pos, size_t *len)
{
	const uint8_t *at;
	size_t n;

	while (pos->block != NULL && block_bytes(f, pos->block, pos->off) == 0) {
		if (pos->block->next == NULL)
			break;
		pos->block = pos->block->next;
		pos->off = 0;
	}
	n = pos->block != NULL ? block_bytes(f, pos->block, pos->off) : 0;
	if (n == 0 || *len == 0) {
		*len = 0;
		return NULL;
	}
	if (n > *len)
		n = *len;
	at = pos->block->data + pos->off;
	pos->off += (uint32_t)n;
	*len = n;
	return at;
}

void
fifo_skip(const struct fifo *f, struct fifo_pos *pos, uint32_t len)
{
	while (len > 0) {
		size_t n = len;

		if (fifo_read(f, pos, &n) == NULL)
			break;
		len -= (uint32_t)n;
	}
}

size_t
fifo_copy(const struct fifo *f, uint32_t off, void *dst, size_t len)
{
	struct fifo_pos pos;
	uint8_t *to = dst;
	size_t done = 0;

	if (off >= f->len)
		return 0;
	pos = fifo_seek(f, off);
	while (done < len) {
		size_t n = len - done;
		const uint8_t *at = fifo_read(f, &pos, &n);

		if (at == NULL)
			break;
		memcpy(to + done, at, n);
		done += n;
	}
	return done;
}

const uint8_t *
fifo_view(const struct fifo *f, size_t *len)
{
	struct fifo_pos pos = { .block = f->first, .off = f->start };

	*len = POOL_DATA;
	return fifo_read(f, &pos, len);
}

void
fifo_take(struct fifo *f, struct pool *p, size_t len)
{
	while (len > 0 && f->first != NULL) {
		struct block *b = f->first;
		size_t n = block_bytes(f, b, f->start);
		size_t use = n < len ? n : len;

		if (f->wipe)
			explicit_bzero(b->data + f->start, use);
		f->start += (uint16_t)use;
		f->len -= (uint32_t)use;
		len -= use;
		if (use < n)
			break;
		f->first = b->next;
		f->start = 0;
		f->blocks--;
		if (f->first == NULL)
			f->last = NULL;
		pool_put(p, b);
	}
}

void
fifo_clear(struct fifo *f, struct pool *p)
{
	bool wipe = f->wipe;

	fifo_take(f, p, f->len);
	pool_put(p, f->first); /* a last block whose bytes are all taken */
	fifo_init(f, wipe);
}
