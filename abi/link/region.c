#include "abi/link/region.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/link/memfile.h"
#include "abi/wire/reason.h"

size_t
region_size(uint32_t ring_count, uint32_t arena_size)
{
	return LINK_PAGE + (size_t)ring_count * sizeof(struct link_entry) + arena_size;
}

int
region_create(struct region *r, const char *name, uint32_t ring_count, uint32_t arena_size)
{
	struct link_header *h;

	memset(r, 0, sizeof(*r));
	r->size = region_size(ring_count, arena_size);
	r->base = memfile_create(name, r->size, &r->fd, false);
	if (r->base == NULL) {
		int error = r->fd;

		r->fd = -1;
		return error;
	}
	r->ring_count = ring_count;
	r->arena_size = arena_size;
	h = region_header(r);
	h->magic = LINK_MAGIC;
	h->major = LINK_MAJOR;
	h->minor = r->minor = LINK_MINOR;
	h->ring_count = ring_count;
	h->arena_size = arena_size;
	return 0;
}

int
region_attach(struct region *r, int fd, uint32_t ring_count, uint32_t arena_size)
{
	struct link_header h;
	size_t size = region_size(ring_count, arena_size);
	uint8_t *base = memfile_attach(fd, size, false);

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	if (base == NULL)
		return -R_LINK_SEALS;
	memcpy(&h, base, sizeof(h));
	if (h.magic != LINK_MAGIC || h.major != LINK_MAJOR || h.ring_count != ring_count ||
	    h.arena_size != arena_size) {
		munmap(base, size);
		return -R_LINK_VERSION;
	}
	r->base = base;
	r->size = size;
	r->ring_count = ring_count;
	r->arena_size = arena_size;
	r->minor = h.minor;
	return 0;
}

void
region_close(struct region *r)
{
	if (r->base == NULL)
		return;
	if (r->fd >= 0) {
		/* The writer's copy: what it put there may have been secret. Holes
		 * cannot be punched: the seal against writing forbids that too. */
		explicit_bzero(r->base + LINK_PAGE, r->size - LINK_PAGE);
		close(r->fd);
	}
	munmap(r->base, r->size);
	memset(r, 0, sizeof(*r));
	r->fd = -1;
}
