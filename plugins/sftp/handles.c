#include "handles.h"

#include <stdlib.h>

#define HANDLES_FIRST 8u

static int
grow(struct handles *t)
{
	uint32_t want = t->size == 0 ? HANDLES_FIRST : t->size * 2;
	struct handle **place;
	uint32_t i;

	if (want > t->max)
		want = t->max;
	if (want <= t->size)
		return -1;
	place = realloc(t->place, want * sizeof(struct handle *));
	if (place == NULL)
		return -1;
	t->place = place;
	for (i = t->size; i < want; i++) {
		place[i] = calloc(1, sizeof(**place));
		if (place[i] == NULL)
			break;
		*place[i] = (struct handle){ .at = i, .fd = -1, .next_free = i + 1 };
	}
	if (i == t->size)
		return -1;
	t->free = t->size;
	t->size = i;
	return 0;
}

struct handle *
handles_new(struct handles *t)
{
	struct handle *h;

	if (t->free == t->size && grow(t) != 0)
		return NULL;
	h = t->place[t->free];
	t->free = h->next_free;
	t->count++;
	*h = (struct handle){ .kind = HANDLE_OPENING, .at = h->at, .uses = h->uses, .fd = -1 };
	return h;
}

void
handles_free(struct handles *t, struct handle *h)
{
	free(h->path);
	*h = (struct handle){ .at = h->at, .uses = h->uses + 1, .fd = -1, .next_free = t->free };
	t->free = h->at;
	t->count--;
}

void
handles_fini(struct handles *t)
{
	uint32_t i;

	for (i = 0; i < t->size; i++) {
		free(t->place[i]->path);
		free(t->place[i]);
	}
	free(t->place);
}

struct handle *
handles_find(const struct handles *t, struct text name, enum handle_kind kind)
{
	struct handle *h;
	uint32_t at;

	if (name.len != HANDLE_SIZE)
		return NULL;
	at = load_u32(name.data);
	if (at >= t->size)
		return NULL;
	h = t->place[at];
	if (h->kind == HANDLE_FREE || h->kind == HANDLE_OPENING || h->closing ||
	    h->uses != load_u32(name.data + 4))
		return NULL;
	return kind == HANDLE_FREE || h->kind == kind ? h : NULL;
}

void
handles_name(const struct handle *h, uint8_t to[HANDLE_SIZE])
{
	store_u32(to, h->at);
	store_u32(to + 4, h->uses);
}
