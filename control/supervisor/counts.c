/*
 * What hosts count: their pages, and the sums of those that have ended.
 */
#include <stddef.h>

#include "control/counters.h"
#include "control/json.h"
#include "control/supervisor/supervisor.h"

void
on_counters(struct sup *s, struct proc *p, struct msg *m)
{
	struct host *h = (struct host *)((char *)p - offsetof(struct host, proc));
	struct cur b = cur_view(m->body);

	(void)s;
	if (!cur_done(&b) || m->fd_count != 1 || h->counters != NULL ||
	    (h->counters = counters_attach(m->fds[0])) == NULL)
		proc_refuse(p, m);
}

void
counts_end(struct host *h)
{
	struct plug *p = h->counters != NULL ? plug_get(h->proc.sup, h->plugin) : NULL;

	if (p != NULL)
		counters_sum(&p->counters, h->counters);
	counters_detach(h->counters);
	h->counters = NULL;
}

struct js *
counts_of(const struct counters *c)
{
	struct js *o = js_object();

	for (uint32_t i = 0; i < c->count; i++)
		js_set_u64(o, c->row[i].name, c->row[i].value);
	return o;
}
