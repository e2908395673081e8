/*
 * Blocks: the only memory that a peer can make a worker hold.
 *
 * A pool is a fixed number of blocks in memory of its owner (locked, left out
 * of core dumps); tcp and ssh queues are chains of blocks (fifo.h), each block
 * charged whole to the connection that holds it. Taking and giving is O(1) and
 * never calls the system. Thread: one per pool.
 */
#ifndef POSTERN_MEM_POOL_H
#define POSTERN_MEM_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_BLOCK 2048u
#define POOL_DATA (POOL_BLOCK - sizeof(struct block *))

struct block {
	struct block *next;
	uint8_t data[POOL_BLOCK - sizeof(void *)];
};

struct pool {
	struct block *free;
	uint8_t *fresh;      /* blocks never used yet: memory is touched in order */
	uint8_t *end;
	uint32_t free_count;
	uint32_t count;
};

/* pool_size(count): bytes of memory for `count` blocks. */
size_t pool_size(uint32_t count);

/* pool_init(p, mem, count): mem is pool_size(count) bytes, 64-byte aligned. */
void pool_init(struct pool *p, void *mem, uint32_t count);

/* pool_get(p): a block, contents undefined, or NULL. */
struct block *pool_get(struct pool *p);

/* pool_put(p, b): give back; NULL allowed. */
void pool_put(struct pool *p, struct block *b);

#endif
