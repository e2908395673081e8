#include "control/supervisor/plugs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "abi/link/layout.h"
#include "control/json.h"
#include "control/supervisor/supervisor.h"

static const struct {
	const char *name;
	const char *text;
} causes[CAUSE_COUNT] = {
#define CAUSE(NAME, name, text) [CAUSE_##NAME] = { name, text },
#include "control/supervisor/cause.def"
#undef CAUSE
};

struct plug *
plug_get(struct sup *s, const char *id)
{
	struct plug **at = &s->plugs;

	while (*at != NULL && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	if (*at == NULL && (*at = calloc(1, sizeof(**at))) != NULL) {
		snprintf((*at)->id, sizeof((*at)->id), "%s", id);
		plugconf_default(&(*at)->conf);
	}
	return *at;
}

static uint64_t
unix_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
plug_ended(struct sup *s, struct host *h, enum cause cause, const char *detail)
{
	struct plug *p = plug_get(s, h->plugin);
	bool service = h->conn == LINK_CONN_NONE;
	uint32_t wait = 0;

	if (h->cause != CAUSE_NONE)
		return;
	h->cause = cause;
	if (p == NULL)
		return;
	snprintf(p->last, sizeof(p->last), "%s: %s", causes[cause].text, detail);
	p->last_ms = unix_ms();
	p->ends[cause]++;
	if (service)
		wait = backoff_failed(&p->backoff, loop_now_ms(), p->conf.restart_delay * 1000);
	if (service)
		log_warn("plugin %s: host %d ended: %s", h->plugin, (int)h->pid, p->last);
	else
		log_conn(LOG_L_WARN, h->conn, h->gen, "plugin %s: host %d ended: %s", h->plugin, (int)h->pid, p->last);
	if (wait > 0)
		log_warn("plugin %s: failed %u times: not started again for %u ms", h->plugin, p->backoff.failures, wait);
}

/* ---- for console ---- */

struct tally {
	struct plug *plug;
	uint64_t hosts;
	uint64_t retired;
	struct counters counters;
};

static void
count_in(const struct host_list *list, struct tally *t)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	{
		if (strcmp(h->plugin, t->plug->id) != 0)
			continue;
		if (h->counters != NULL)
			counters_sum(&t->counters, h->counters);
		if (h->ending)
			continue;
		t->hosts++;
		t->retired += h->retired;
	}
}

static void
count_conn(struct sup *s, struct conn *c, void *ctx)
{
	(void)s;
	count_in(&c->hosts, ctx);
}

static struct js *
limits_of(const struct plugconf *c)
{
	struct js *o = js_object();

	js_set_u64(o, "memory", c->memory);
	js_set_u64(o, "files", c->files);
	js_set_u64(o, "threads", c->threads);
	js_set_u64(o, "cpu", c->cpu);
	js_set_u64(o, "watchdog", c->watchdog);
	return o;
}

static struct js *
row_of(struct sup *s, struct plug *p)
{
	struct js *o = js_object(), *ends = js_object();
	struct tally t = { .plug = p, .counters = p->counters };

	count_in(&s->services, &t);
	count_in(&s->orphans, &t);
	conns_each(s, count_conn, &t);
	js_set_str(o, "plugin", p->id);
	js_set_str(o, "runs_as", p->conf.user ? "user" : "service");
	js_set_u64(o, "hosts", t.hosts);
	js_set_u64(o, "retired", t.retired);
	js_set_u64(o, "starts", p->starts);
	for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
		js_set_u64(ends, causes[i].name, p->ends[i]);
	js_set(o, "ends", ends);
	js_set(o, "counters", counts_of(&t.counters));
	js_set_u64(o, "refused", p->refused);
	js_set_u64(o, "reloads", p->reloads);
	js_set_u64(o, "waits_ms", backoff_wait(&p->backoff, loop_now_ms()));
	js_set_str(o, "last", p->last);
	js_set_u64(o, "last_ms", p->last_ms);
	js_set(o, "limits", limits_of(&p->conf));
	return o;
}

struct js *
plugs_table(struct sup *s)
{
	struct js *o = js_object(), *list = js_array();

	for (struct plug *p = s->plugs; p != NULL; p = p->next)
		js_add(list, row_of(s, p));
	js_set(o, "plugins", list);
	return o;
}
