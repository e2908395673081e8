/*
 * Meter pages as tables.
 */
#include <ctype.h>
#include <stddef.h>

#include "control/console/console.h"
#include "control/log.h"

void
meters_take(struct console *c, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint32_t worker = cur_u32(&b);
	const struct meter *fresh;

	if (!cur_done(&b) || worker >= CONSOLE_WORKERS_MAX || m->fd_count != 1)
		return;
	fresh = meter_attach(m->fds[0]);
	if (fresh == NULL) {
		log_error("worker %u: not a meter page", worker);
		return;
	}
	if (c->meter[worker] != NULL)
		meter_detach(c->meter[worker]);
	c->meter[worker] = fresh;
}

static void
lower(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = (char)tolower((unsigned char)from[i]);
	to[i] = '\0';
}

static struct js *
worker_table(const struct meter *m, uint32_t worker)
{
	struct js *o = js_object();
	struct js *counters = js_object();
	struct js *drops = js_object();
	uint64_t n;
	char name[64];
	int i;

	for (i = 0; i < METER_COUNT; i++) {
		lower(name, sizeof(name), meter_name(i));
		js_set_u64(counters, name, __atomic_load_n(&m->value[i], __ATOMIC_RELAXED));
	}
	for (i = 0; i < REASON_MAX; i++) {
		n = __atomic_load_n(&m->drop[i], __ATOMIC_RELAXED);
		if (n > 0)
			js_set_u64(drops, reason_name(i), n);
	}
	js_set_u64(o, "worker", worker);
	js_set_u64(o, "pid", m->pid);
	js_set(o, "counters", counters);
	js_set(o, "drops", drops);
	return o;
}

struct js *
meters_table(const struct console *c)
{
	struct js *list = js_array();
	uint32_t i;

	for (i = 0; i < CONSOLE_WORKERS_MAX; i++)
		if (c->meter[i] != NULL)
			js_add(list, worker_table(c->meter[i], i));
	return list;
}
