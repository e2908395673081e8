/*
 * Meter pages as tables.
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "control/console/console.h"
#include "control/log.h"

static void refusals_begin(struct console *c);

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
	refusals_begin(c);
}

static void
lower(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = (char)tolower((unsigned char)from[i]);
	to[i] = '\0';
}

static uint64_t
value(const struct meter *m, int id)
{
	return __atomic_load_n(&m->value[id], __ATOMIC_RELAXED);
}

/* What is left of what can run out. */
static struct js *
load_table(const struct meter *m)
{
	struct js *o = js_object();

	js_set_str(o, "blocks", meter_level_name(value(m, METER_LEVEL_BLOCKS)));
	js_set_str(o, "slots", meter_level_name(value(m, METER_LEVEL_SLOTS)));
	js_set_str(o, "packets", meter_level_name(value(m, METER_LEVEL_PACKETS)));
	return o;
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
	js_set(o, "load", load_table(m));
	js_set(o, "counters", counters);
	js_set(o, "drops", drops);
	return o;
}

/* ---- where the cycles go ---- */

/* What a stage handles, by which cycles are divided. */
static const struct {
	const char *name;
	const char *unit;
	int count[2]; /* meters whose sum is the number of units; -1: none */
	int bytes[2];
} stages[STAGE_COUNT] = {
	[STAGE_RX] = { "rx", "packet", { METER_RX_PACKETS, -1 }, { METER_RX_BYTES, -1 } },
	[STAGE_NET] = { "net", "packet", { METER_RX_PACKETS, METER_TX_PACKETS },
	    { METER_RX_BYTES, METER_TX_BYTES } },
	[STAGE_OPEN] = { "open", "record", { METER_CALLS_OPEN, -1 }, { METER_OPEN_BYTES, -1 } },
	[STAGE_SSH] = { "ssh", "record", { METER_CALLS_OPEN, METER_CALLS_SEAL },
	    { METER_OPEN_BYTES, METER_SEAL_BYTES } },
	[STAGE_SEAL] = { "seal", "record", { METER_CALLS_SEAL, -1 }, { METER_SEAL_BYTES, -1 } },
	[STAGE_TX] = { "tx", "packet", { METER_TX_PACKETS, -1 }, { METER_TX_BYTES, -1 } },
	[STAGE_LINK] = { "link", "entry", { METER_LINK_UP, METER_LINK_DOWN }, { -1, -1 } },
};

static uint64_t
sum(const struct meter *m, const int id[2])
{
	return (id[0] >= 0 ? value(m, id[0]) : 0) + (id[1] >= 0 ? value(m, id[1]) : 0);
}

static struct js *
stage_table(const struct meter *m, int i)
{
	struct js *o = js_object();

	js_set_str(o, "stage", stages[i].name);
	js_set_u64(o, "cycles", value(m, METER_CYCLES_RX + i));
	js_set_u64(o, "calls", value(m, METER_CALLS_RX + i));
	js_set_str(o, "unit", stages[i].unit);
	js_set_u64(o, "units", sum(m, stages[i].count));
	js_set_u64(o, "bytes", sum(m, stages[i].bytes));
	return o;
}

static struct js *
cycles_table(const struct meter *m, uint32_t worker)
{
	struct js *o = js_object();
	struct js *list = js_array();
	uint64_t total = value(m, METER_CYCLES_TOTAL), useful = value(m, METER_CYCLES_USEFUL);
	int i;

	js_set_u64(o, "worker", worker);
	js_set_u64(o, "pid", m->pid);
	js_set_u64(o, "connections", value(m, METER_CONN_OPEN));
	js_set_u64(o, "channels", value(m, METER_CHAN_OPEN));
	js_set_u64(o, "cycles_second", value(m, METER_CYCLES_SECOND));
	js_set_u64(o, "cycles_work", useful);
	js_set_u64(o, "cycles_spin", total > useful ? total - useful : 0);
	js_set_u64(o, "cycles_asleep", value(m, METER_CYCLES_ASLEEP));
	js_set_u64(o, "polls", value(m, METER_POLLS));
	js_set_u64(o, "polls_useful", value(m, METER_POLLS_USEFUL));
	js_set_u64(o, "sleeps", value(m, METER_SLEEPS));
	for (i = 0; i < STAGE_COUNT; i++)
		js_add(list, stage_table(m, i));
	js_set(o, "stages", list);
	return o;
}

static struct js *
each_worker(const struct console *c, struct js *(*table)(const struct meter *m, uint32_t worker))
{
	struct js *list = js_array();
	uint32_t i;

	for (i = 0; i < CONSOLE_WORKERS_MAX; i++)
		if (c->meter[i] != NULL)
			js_add(list, table(c->meter[i], i));
	return list;
}

struct js *
meters_table(const struct console *c)
{
	return each_worker(c, worker_table);
}

struct js *
meters_cycles(const struct console *c)
{
	return each_worker(c, cycles_table);
}

/* ---- drops ---- */

static uint64_t
dropped(const struct meter *m, int reason)
{
	return __atomic_load_n(&m->drop[reason], __ATOMIC_RELAXED);
}

static struct js *
drop_row(const struct console *c, int reason, uint64_t *total)
{
	struct js *o = js_object();
	struct js *list = js_array();
	uint32_t i;

	*total = 0;
	for (i = 0; i < CONSOLE_WORKERS_MAX; i++) {
		struct js *one;
		uint64_t n;

		if (c->meter[i] == NULL)
			continue;
		n = dropped(c->meter[i], reason);
		*total += n;
		one = js_object();
		js_set_u64(one, "worker", i);
		js_set_u64(one, "count", n);
		js_add(list, one);
	}
	js_set_str(o, "reason", reason_name(reason));
	js_set_u64(o, "number", (uint64_t)reason);
	js_set_str(o, "text", reason_text(reason));
	js_set_str(o, "explanation", reason_explained(reason));
	js_set_u64(o, "total", *total);
	js_set(o, "workers", list);
	return o;
}

struct js *
meters_drops(const struct console *c, bool all)
{
	struct js *list = js_array();
	uint64_t total;
	int i;

	for (i = 0; i < REASON_MAX; i++) {
		bool known = strcmp(reason_name(i), "?") != 0 && i != R_NONE;
		struct js *row = drop_row(c, i, &total);

		if (total > 0 || (all && known))
			js_add(list, row);
		else
			js_free(row);
	}
	return list;
}

/* ---- counters ---- */

static struct js *
per_worker(uint32_t worker, const char *key, uint64_t n)
{
	struct js *o = js_object();

	js_set_u64(o, "worker", worker);
	js_set_u64(o, key, n);
	return o;
}

static struct js *
counter_row(const struct console *c, int id)
{
	struct js *o = js_object();
	struct js *list = js_array();
	uint64_t total = 0;
	char name[64];
	uint32_t i;

	for (i = 0; i < CONSOLE_WORKERS_MAX; i++) {
		if (c->meter[i] == NULL)
			continue;
		total += value(c->meter[i], id);
		js_add(list, per_worker(i, "count", value(c->meter[i], id)));
	}
	lower(name, sizeof(name), meter_name(id));
	js_set_str(o, "name", name);
	js_set_str(o, "text", meter_text(id));
	js_set_u64(o, "total", total);
	js_set(o, "workers", list);
	return o;
}

struct js *
meters_counters(const struct console *c)
{
	struct js *list = js_array();
	int i;

	for (i = 0; i < METER_COUNT; i++)
		js_add(list, counter_row(c, i));
	return list;
}

/* ---- limits ---- */

static uint64_t
load(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static struct js *
limit_of(const struct meter *m, uint32_t worker, int id, int reason)
{
	const struct meter_limit *l = &m->limit[id];
	struct js *o = per_worker(worker, "limit", load(&l->max));

	js_set_u64(o, "default", load(&l->initial));
	if (load(&l->now) != METER_UNCOUNTED) {
		js_set_u64(o, "current", load(&l->now));
		js_set_u64(o, "high_water", load(&l->high));
	}
	if (reason != R_NONE)
		js_set_u64(o, "refused", dropped(m, reason));
	return o;
}

static struct js *
limit_row(const struct meter_limit_info *info, struct js *workers)
{
	struct js *o = js_object();
	char name[64];

	lower(name, sizeof(name), info->name);
	js_set_str(o, "name", name);
	js_set_str(o, "unit", info->unit);
	js_set_str(o, "text", info->text);
	js_set_str(o, "reason", info->reason != R_NONE ? reason_name(info->reason) : "");
	js_set(o, "workers", workers);
	return o;
}

/* A dataplane of another version may lack some. */
struct js *
meters_limits(const struct console *c)
{
	struct js *list = js_array();
	int i;

	for (i = 0; i < METER_LIMIT_COUNT; i++) {
		const struct meter_limit_info *info = meter_limit_info(i);
		struct js *workers = js_array();
		uint32_t w;

		for (w = 0; w < CONSOLE_WORKERS_MAX; w++)
			if (c->meter[w] != NULL && load(&c->meter[w]->limit[i].max) != 0)
				js_add(workers, limit_of(c->meter[w], w, i, info->reason));
		if (js_count(workers) > 0)
			js_add(list, limit_row(info, workers));
		else
			js_free(workers);
	}
	return list;
}

/* ---- MaxStartups ---- */

uint64_t
meters_dropped(const struct console *c, int reason)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < CONSOLE_WORKERS_MAX; w++)
		if (c->meter[w] != NULL)
			n += dropped(c->meter[w], reason);
	return n;
}

static void
refusals_look(struct console *c)
{
	static const int reasons[] = { R_TCP_STARTUPS, R_TCP_STARTUPS_OWN };
	char line[160];

	for (size_t i = 0; i < 2; i++)
		if (throttle_look(
			&c->throttled[i], meters_dropped(c, reasons[i]), loop_now_ms(), line, sizeof(line)))
			log_warn("%s", line);
}

/* What these pages count from here on is ours to tell; what they have counted was told. */
static void
refusals_begin(struct console *c)
{
	c->throttled[0].seen = c->throttled[1].seen = false;
	refusals_look(c);
}

static void
look(void *ctx)
{
	struct console *c = ctx;

	refusals_look(c);
	(void)loop_after(c->loop, THROTTLE_LOOK_MS, look, c);
}

int
meters_watch(struct console *c)
{
	c->throttled[0].what = "MaxStartups";
	c->throttled[1].what = "PerSourceMaxStartups";
	return loop_after(c->loop, THROTTLE_LOOK_MS, look, c) > 0 ? 0 : -1;
}
