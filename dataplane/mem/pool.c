#include "dataplane/mem/pool.h"

size_t
pool_size(uint32_t count)
{
	return (size_t)count * POOL_BLOCK;
}

void
pool_init(struct pool *p, void *mem, uint32_t count)
{
	p->free = NULL;
	p->fresh = mem;
	p->end = p->fresh + pool_size(count);
	p->free_count = count;
	p->count = count;
}

struct block *
pool_get(struct pool *p)
{
	struct block *b = p->free;

	if (b != NULL) {
		p->free = b->next;
	} else if (p->fresh < p->end) {
		b = (struct block *)(void *)p->fresh;
		p->fresh += POOL_BLOCK;
	} else {
		return NULL;
	}
	p->free_count--;
	b->next = NULL;
	return b;
}

void
pool_put(struct pool *p, struct block *b)
{
	if (b == NULL)
		return;
	b->next = p->free;
	p->free = b;
	p->free_count++;
}
