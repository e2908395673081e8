/*
 * What a dataplane says to the supervisor: messages of u16 type, u8 descriptors, u16
 * length, fields. One that makes no sense is refused, and none of them harms the rest: at
 * the end every connection goes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"
#include "control/supervisor/supervisor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sup *
begin(void)
{
	struct sup *s = calloc(1, sizeof(*s));

	log_set_level((enum log_level)0);
	if (s == NULL)
		abort();
	s->conf_fd = -1;
	s->moduli_fd = -1;
	conf_default(&s->conf);
	TAILQ_INIT(&s->dialogues);
	LIST_INIT(&s->services);
	LIST_INIT(&s->orphans);
	LIST_INIT(&s->leaders);
	attach_init(s);
	s->loop = loop_new();
	if (s->loop == NULL)
		abort();
	return s;
}

static void
gone(struct sup *s, struct conn *c, void *ctx)
{
	(void)ctx;
	conn_gone(s, c, 0);
}

static void
end(struct sup *s)
{
	lists_end(s);
	conns_each(s, gone, NULL);
	if (s->conn_count != 0)
		abort();
	for (int i = 0; i < SUP_WORKERS_MAX; i++)
		if (s->attach.meter_fd[i] >= 0)
			close(s->attach.meter_fd[i]);
	loop_free(s->loop);
	free(s->bucket);
	free(s);
}

/* Hosts and leaders come without their descriptors: their processes are not ours. */
static bool
one(struct sup *s, uint16_t type, uint8_t fds, struct view body)
{
	bool process = type == ATTACH_HOST || type == ATTACH_LEADER || type == ATTACH_LINK_READY;
	struct cur c = cur_view(body);
	int fd[2] = { -1, -1 }, n = process ? 0 : fds % 3;
	bool sense;

	for (int i = 0; i < n; i++)
		if ((fd[i] = dup(STDERR_FILENO)) < 0)
			abort();
	sense = attach_take(s, type, &c, fd, n);
	for (int i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return sense;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct sup *s = begin();

	for (int i = 0; i < 64 && cur_left(&c) >= 5; i++) {
		uint16_t type = cur_u16(&c);
		uint8_t fds = cur_u8(&c);

		if (!one(s, type, fds, cur_take(&c, cur_u16(&c))))
			break;
	}
	end(s);
	return 0;
}
