#include "control/connmap.h"

#include <stdlib.h>

static uint32_t
bucket_of(const struct connmap *t, uint32_t conn, uint32_t gen)
{
	uint64_t h = ((uint64_t)gen << 32 | conn) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h >> 32) & t->mask;
}

int
connmap_init(struct connmap *t, uint32_t max)
{
	uint32_t buckets = 16;

	while (buckets < max && buckets < UINT32_C(1) << 24)
		buckets *= 2;
	*t = (struct connmap){ .max = max, .mask = buckets - 1, .free = CONNMAP_NONE };
	t->row = calloc(max, sizeof *t->row);
	t->bucket = malloc(buckets * sizeof *t->bucket);
	if (t->row == NULL || t->bucket == NULL) {
		connmap_fini(t);
		return -1;
	}
	for (uint32_t i = 0; i < buckets; i++)
		t->bucket[i] = CONNMAP_NONE;
	for (uint32_t i = max; i-- > 0;) {
		t->row[i].next = t->free;
		t->free = i;
	}
	return 0;
}

void
connmap_fini(struct connmap *t)
{
	free(t->row);
	free(t->bucket);
	*t = (struct connmap){ .free = CONNMAP_NONE };
}

uint32_t
connmap_find(const struct connmap *t, uint32_t conn, uint32_t gen)
{
	uint32_t i = t->bucket[bucket_of(t, conn, gen)];

	while (i != CONNMAP_NONE && (t->row[i].conn != conn || t->row[i].gen != gen))
		i = t->row[i].next;
	return i;
}

uint32_t
connmap_add(struct connmap *t, uint32_t conn, uint32_t gen)
{
	uint32_t i = t->free;
	uint32_t *bucket = &t->bucket[bucket_of(t, conn, gen)];

	if (i == CONNMAP_NONE)
		return CONNMAP_NONE;
	t->free = t->row[i].next;
	t->row[i] = (struct connmap_row){ .conn = conn, .gen = gen, .next = *bucket, .used = 1 };
	*bucket = i;
	t->count++;
	return i;
}

void
connmap_remove(struct connmap *t, uint32_t number)
{
	struct connmap_row *row = &t->row[number];
	uint32_t *at = &t->bucket[bucket_of(t, row->conn, row->gen)];

	while (*at != number)
		at = &t->row[*at].next;
	*at = row->next;
	*row = (struct connmap_row){ .next = t->free };
	t->free = number;
	t->count--;
}
