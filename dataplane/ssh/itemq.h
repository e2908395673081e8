/*
 * A queue of items: kind, argument, bytes. What a channel holds for its host
 * and for its peer, in order.
 *
 * Neighbours of one kind and argument may grow together, so that a peer or a
 * host that writes byte by byte does not cost a header for each. An item has at
 * most ITEMQ_ITEM_MAX bytes when it has grown.
 */
#ifndef POSTERN_SSH_ITEMQ_H
#define POSTERN_SSH_ITEMQ_H

#include "abi/wire/cursor.h"
#include "abi/wire/ssh.h"
#include "dataplane/mem/fifo.h"

#define ITEMQ_HEAD 9u /* u8 kind, u32 argument, u32 length */
#define ITEMQ_ITEM_MAX SSH_CHAN_PACKET_MAX

struct item {
	uint8_t kind;
	uint32_t arg;
	uint32_t len;
};

struct itemq {
	struct fifo f;
	struct item front;     /* of the first item, once it was looked at */
	struct item last;      /* of the last item */
	struct fifo_pos last_at; /* where its header is, while that is in f */
	uint32_t count;
	bool front_known;
};

void itemq_init(struct itemq *q, bool wipe);

/* itemq_put(q, p, kind, arg, bytes, grow): append; with `grow` the last item may
 * take the bytes. All or nothing; false when blocks are missing. */
bool itemq_put(struct itemq *q, struct pool *p, uint8_t kind, uint32_t arg, struct view bytes, bool grow);

/* itemq_front(q, p): the first item, NULL when empty. */
const struct item *itemq_front(struct itemq *q, struct pool *p);

/* itemq_copy(q, dst, len): the first len bytes of the first item; it stays. */
void itemq_copy(const struct itemq *q, void *dst, size_t len);

/* itemq_take(q, p, len): drop len bytes of the first item, and the item when
 * none are left. Only after itemq_front. */
void itemq_take(struct itemq *q, struct pool *p, size_t len);

void itemq_clear(struct itemq *q, struct pool *p);

#endif
