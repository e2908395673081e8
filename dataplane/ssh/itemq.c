#include "dataplane/ssh/itemq.h"

void
itemq_init(struct itemq *q, bool wipe)
{
	memset(q, 0, sizeof(*q));
	fifo_init(&q->f, wipe);
}

static void
head_write(uint8_t head[ITEMQ_HEAD], const struct item *it)
{
	struct put w = put_of(head, ITEMQ_HEAD);

	put_u8(&w, it->kind);
	put_u32(&w, it->arg);
	put_u32(&w, it->len);
}

/* Overwrite a header in place; it may lie across two blocks. */
static void
head_patch(struct fifo_pos at, const struct item *it)
{
	uint8_t head[ITEMQ_HEAD];
	size_t done = 0;

	head_write(head, it);
	while (done < sizeof(head)) {
		size_t n = POOL_DATA - at.off;

		if (n == 0) {
			at.block = at.block->next;
			at.off = 0;
			continue;
		}
		if (n > sizeof(head) - done)
			n = sizeof(head) - done;
		memcpy(at.block->data + at.off, head + done, n);
		done += n;
		at.off += (uint32_t)n;
	}
}

/* The header of the last item is still in the fifo. */
static bool
last_in_fifo(const struct itemq *q)
{
	return !(q->front_known && q->count == 1);
}

static bool
last_grow(struct itemq *q, struct pool *p, struct view bytes)
{
	if (!fifo_put(&q->f, p, bytes.data, bytes.len))
		return false;
	q->last.len += (uint32_t)bytes.len;
	if (last_in_fifo(q))
		head_patch(q->last_at, &q->last);
	else
		q->front = q->last;
	return true;
}

bool
itemq_put(struct itemq *q, struct pool *p, uint8_t kind, uint32_t arg, struct view bytes, bool grow)
{
	struct item it = { .kind = kind, .arg = arg, .len = (uint32_t)bytes.len };
	uint8_t head[ITEMQ_HEAD];
	struct fifo_pos at;

	if (grow && q->count > 0 && q->last.kind == kind && q->last.arg == arg &&
	    q->last.len + bytes.len <= ITEMQ_ITEM_MAX)
		return last_grow(q, p, bytes);
	if (!fifo_fits(&q->f, p, ITEMQ_HEAD + bytes.len))
		return false;
	at.block = q->f.last;
	at.off = q->f.end;
	head_write(head, &it);
	fifo_put(&q->f, p, head, sizeof(head));
	if (at.block == NULL) {
		at.block = q->f.first;
		at.off = 0;
	}
	fifo_put(&q->f, p, bytes.data, bytes.len);
	q->last = it;
	q->last_at = at;
	q->count++;
	return true;
}

const struct item *
itemq_front(struct itemq *q, struct pool *p)
{
	uint8_t head[ITEMQ_HEAD];
	struct cur c = cur_of(head, sizeof(head));

	if (q->count == 0)
		return NULL;
	if (!q->front_known) {
		fifo_copy(&q->f, 0, head, sizeof(head));
		fifo_take(&q->f, p, sizeof(head));
		q->front.kind = cur_u8(&c);
		q->front.arg = cur_u32(&c);
		q->front.len = cur_u32(&c);
		q->front_known = true;
	}
	return &q->front;
}

void
itemq_copy(const struct itemq *q, void *dst, size_t len)
{
	fifo_copy(&q->f, 0, dst, len);
}

void
itemq_take(struct itemq *q, struct pool *p, size_t len)
{
	fifo_take(&q->f, p, len);
	q->front.len -= (uint32_t)len;
	if (q->count == 1)
		q->last = q->front;
	if (q->front.len > 0)
		return;
	q->front_known = false;
	q->count--;
	if (q->count == 0)
		fifo_clear(&q->f, p);
}

void
itemq_clear(struct itemq *q, struct pool *p)
{
	bool wipe = q->f.wipe;

	fifo_clear(&q->f, p);
	itemq_init(q, wipe);
}
