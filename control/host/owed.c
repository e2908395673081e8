#include "control/host/owed.h"

#include <stdlib.h>
#include <string.h>

static struct owed_row *
row_at(const struct owed *o, uint32_t i)
{
	return &o->row[(o->first + i) % OWED_MAX];
}

int
owed_add(struct owed *o, uint64_t token, bool *lost)
{
	struct owed_row *last;

	*lost = false;
	if (o->row == NULL) {
		o->row = calloc(OWED_MAX, sizeof(*o->row));
		if (o->row == NULL) {
			*lost = true;
			return -1;
		}
	}
	if (o->count < OWED_MAX - 1) {
		*row_at(o, o->count++) = (struct owed_row){ token, 1, OWED_OPEN };
		return 0;
	}
	/* The last row collects what is beyond the limit. */
	if (o->count < OWED_MAX)
		*row_at(o, o->count++) = (struct owed_row){ 0, 0, OWED_FAILURE };
	last = row_at(o, o->count - 1);
	if (last->count == UINT32_MAX)
		*lost = true;
	else
		last->count++;
	return -1;
}

int
owed_answer(struct owed *o, uint64_t token, enum owed_state state)
{
	uint32_t i;

	for (i = 0; i < o->count; i++) {
		struct owed_row *r = row_at(o, i);

		if (r->state == OWED_OPEN && r->token == token) {
			r->state = state;
			return 0;
		}
	}
	return -1;
}

void
owed_fail_all(struct owed *o)
{
	uint32_t i;

	for (i = 0; i < o->count; i++)
		if (row_at(o, i)->state == OWED_OPEN)
			row_at(o, i)->state = OWED_FAILURE;
}

bool
owed_peek(const struct owed *o, bool *success)
{
	const struct owed_row *r;

	if (o->count == 0)
		return false;
	r = row_at(o, 0);
	*success = r->state == OWED_SUCCESS;
	return r->state != OWED_OPEN;
}

void
owed_take(struct owed *o)
{
	struct owed_row *r = row_at(o, 0);

	if (--r->count > 0)
		return;
	o->first = (o->first + 1) % OWED_MAX;
	if (--o->count == 0)
		owed_clear(o);
}

uint64_t
owed_total(const struct owed *o)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < o->count; i++)
		n += row_at(o, i)->count;
	return n;
}

void
owed_clear(struct owed *o)
{
	free(o->row);
	memset(o, 0, sizeof(*o));
}
