#include "control/locked.h"

#include <string.h>
#include <sys/mman.h>

struct locked_free {
	struct locked_free *next;
};

void
locked_init(struct locked *l, size_t size)
{
	memset(l, 0, sizeof(*l));
	l->size = (size + 63) & ~(size_t)63;
}

static size_t
chunk_size(const struct locked *l)
{
	return l->size * LOCKED_PER_CHUNK;
}

void
locked_fini(struct locked *l)
{
	for (uint32_t i = 0; i < l->chunk_count; i++) {
		explicit_bzero(l->chunk[i], chunk_size(l));
		munmap(l->chunk[i], chunk_size(l));
	}
	locked_init(l, l->size);
}

static void
grow(struct locked *l)
{
	uint8_t *p;

	if (l->chunk_count == LOCKED_CHUNKS_MAX)
		return;
	p = mmap(NULL, chunk_size(l), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	/* A refused lock is no reason to refuse logins: core dumps stay excluded. */
	(void)mlock(p, chunk_size(l));
	(void)madvise(p, chunk_size(l), MADV_DONTDUMP);
	l->chunk[l->chunk_count++] = p;
	for (uint32_t i = 0; i < LOCKED_PER_CHUNK; i++)
		locked_give(l, p + i * l->size);
}

void *
locked_take(struct locked *l)
{
	struct locked_free *f;

	if (l->free == NULL)
		grow(l);
	f = l->free;
	if (f == NULL)
		return NULL;
	l->free = f->next;
	memset(f, 0, sizeof(*f));
	return f;
}

void
locked_give(struct locked *l, void *p)
{
	struct locked_free *f = p;

	if (f == NULL)
		return;
	explicit_bzero(p, l->size);
	f->next = l->free;
	l->free = f;
}
