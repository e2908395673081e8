#include "dataplane/worker/cmd.h"

#include <stddef.h>
#include <string.h>

struct cmd *
cmd_slot(struct cmd_queue *q)
{
	struct cmd *c = &q->slot[q->head % CMD_COUNT];

	if (q->head - __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE) >= CMD_COUNT)
		return NULL;
	memset(c, 0, offsetof(struct cmd, data));
	return c;
}

void
cmd_push(struct cmd_queue *q)
{
	__atomic_store_n(&q->head, q->head + 1, __ATOMIC_RELEASE);
}

struct cmd *
cmd_peek(struct cmd_queue *q)
{
	if (__atomic_load_n(&q->head, __ATOMIC_ACQUIRE) == q->tail)
		return NULL;
	return &q->slot[q->tail % CMD_COUNT];
}

void
cmd_pop(struct cmd_queue *q)
{
	__atomic_store_n(&q->tail, q->tail + 1, __ATOMIC_RELEASE);
}
