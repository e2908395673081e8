/*
 * A plugin in a new file, without an end of what runs (posternctl plugin reload).
 *
 *   trial     a host that loads the new file with its new NAME.conf, makes an instance,
 *             and ends: what is wrong with it is known before anything changes
 *   retire    hosts that have the old file are told through the dataplane that no more
 *             channels come, and end with their last one
 *   on demand the next channel starts a host, which has the new file
 *
 * Whoever dies in between: the dataplane knows who is retired, and tells the next supervisor.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/attach.h"
#include "abi/link/layout.h"
#include "abi/wire/reason.h"
#include "control/json.h"
#include "control/supervisor/supervisor.h"

#define TRIAL_MS 15000u

static void
retire(struct sup *s, struct host *h)
{
	uint8_t room[16];
	struct put w;

	h->retired = true;
	for (uint32_t i = 0; i < h->linked; i++) {
		if (h->link_id[i] == 0)
			continue;
		w = put_of(room, sizeof(room));
		attach_begin(&w, ATTACH_LINK_END);
		put_u32(&w, h->link_id[i]);
		attach_packet(s, &w, NULL, 0);
	}
}

void
renew_ready(struct sup *s, struct host *h)
{
	if (h->stale)
		retire(s, h);
}

struct renewing {
	const char *id;
	uint64_t count;
};

static void
retire_in(struct sup *s, const struct host_list *list, struct renewing *r)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	{
		if (h->ending || h->retired || strcmp(h->plugin, r->id) != 0)
			continue;
		r->count++;
		/* One on its way may have the old file: it serves who waits for it. */
		h->stale = true;
		if (h->ready)
			retire(s, h);
	}
}

static void
retire_conn(struct sup *s, struct conn *c, void *ctx)
{
	retire_in(s, &c->hosts, ctx);
}

/* ---- the trial ---- */

static void
trial_over(struct host *h, const char *why)
{
	struct sup *s = h->proc.sup;
	struct plug *p = plug_get(s, h->plugin);
	struct renewing r = { .id = h->plugin };
	struct js *more = js_object();
	char text[256];

	if (why[0] == '\0') {
		retire_in(s, &s->services, &r);
		conns_each(s, retire_conn, &r);
		served_install(s);
		served_tell_all(s);
		if (p != NULL) {
			p->reloads++;
			memset(&p->backoff, 0, sizeof(p->backoff));
		}
		log_info("plugin %s reloaded by the operator (uid %u): %llu hosts finish what they have", h->plugin,
		    h->trial_uid, (unsigned long long)r.count);
	} else {
		log_warn("plugin %s not reloaded: %s", h->plugin, why);
	}
	js_set_u64(more, "retired", r.count);
	snprintf(text, sizeof(text), "nothing has changed: %s", why);
	action_answer(s, h->trial_tag, why[0] == '\0' ? R_NONE : R_CHAN_HOST_GONE, text, more);
	js_free(more);
}

static void
trial_ended(struct proc *p)
{
	struct host *h = (struct host *)((char *)p - offsetof(struct host, proc));

	if (h->why[0] == '\0' && p->code != ROLE_HOST_DONE)
		snprintf(h->why, sizeof(h->why), "its host %s", p->status);
	trial_over(h, h->why);
	host_free(h);
}

static void
trial_late(void *ctx)
{
	struct host *h = ctx;

	h->deadline = 0;
	snprintf(h->why, sizeof(h->why), "it does not load in %u s", TRIAL_MS / 1000);
	proc_signal(&h->proc, SIGKILL);
}

static bool
runs(const struct host_list *list, const char *id)
{
	struct host *h;

	LIST_FOREACH(h, list, at)
	if (strcmp(h->plugin, id) == 0)
		return true;
	return false;
}

/* 0: action_answer comes later; else why not. */
uint32_t
renew_start(struct sup *s, const char *id, uint32_t uid, uint32_t tag, char *text, size_t size)
{
	struct plugin *pl = malloc(sizeof(*pl));
	const char *why = "out of memory";
	struct host *h = NULL;

	if (pl == NULL)
		goto out;
	if (plugin_find(pl, s->conf.plugin_dir, id, strlen(id), &why) != 0 || plugin_trial_account(pl, &why) != 0)
		goto out;
	why = "its configuration is too long";
	if (plugin_arguments(pl, &s->conf) != 0 || plugin_keywords(pl, s->conf_text) != 0)
		goto out;
	why = "it is being reloaded already";
	if (runs(&s->trials, pl->id))
		goto out;
	why = "its host cannot be started";
	h = host_new(s, &s->trials, LINK_CONN_NONE, 0, view_str(pl->id));
	if (h == NULL)
		goto out;
	h->expected = true;
	h->trial_tag = tag;
	h->trial_uid = uid;
	h->proc.ended = trial_ended;
	if (proc_start(s, &h->proc) != 0) {
		host_free(h);
		h = NULL;
		goto out;
	}
	h->links = 0;
	h->deadline = loop_after(s->loop, TRIAL_MS, trial_late, h);
	host_send_conf(h, pl);
out:
	free(pl);
	if (h != NULL)
		return R_NONE;
	snprintf(text, size, "nothing has changed: %s: %s", id, why);
	return R_CHAN_HOST_GONE;
}
