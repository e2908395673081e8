#include "tools/client/callend.h"

#include <stdlib.h>

#include "abi/link/slot.h"
#include "dataplane/ssh/ident.h"

/* ---- the caller's surroundings ---- */

static int
slot(void *ctx, const struct link_slot *keys)
{
	struct callend *e = ctx;

	return slot_fill(e->m.slots, keys);
}

static void
told(void *ctx, struct caller *c, const struct caller_event *event)
{
	struct callend *e = ctx;

	(void)c;
	if (e->conf.told != NULL)
		e->conf.told(e->conf.ctx, e, event);
}

/* ---- the connection's ---- */

static void
up(void *ctx, const struct link_entry *entry, struct view payload)
{
	struct callend *e = ctx;

	caller_up(&e->caller, entry, payload, &e->step);
	callend_do(e);
}

static bool
chan(void *ctx, uint32_t n, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	struct callend *e = ctx;

	return e->conf.chan == NULL || e->conf.chan(e->conf.ctx, e, n, kind, arg0, bytes);
}

static void
sealed(void *ctx, size_t len)
{
	struct callend *e = ctx;

	if (e->conf.sealed != NULL)
		e->conf.sealed(e->conf.ctx, len);
}

/* ---- life ---- */

static int
start(struct callend *e, uint64_t now)
{
	struct put w = put_of(e->ident, sizeof(e->ident));
	int r = ident_build(&w, e->conf.comment);

	if (r != 0)
		return r;
	e->ident[put_len(&w) - 2] = '\0'; /* without CR LF */
	e->env = (struct caller_env){
		.ident = e->ident, .opens = e->conf.opens, .rng = e->conf.rng, .slot = slot, .told = told, .ctx = e
	};
	e->ops = (struct memconn_ops){ .up = up, .chan = chan, .zip = e->conf.zip, .sealed = sealed, .ctx = e };
	caller_init(&e->caller, &e->env, &e->conf.offer, e->conf.user, 1, 1);
	return memconn_init(
	    &e->m, SSH_CLIENT, &e->conf.limits, e->conf.comment, e->conf.rng, &e->ops, now);
}

struct callend *
callend_new(const struct callend_conf *conf, uint64_t now)
{
	size_t size = (sizeof(struct callend) + 63) / 64 * 64;
	struct callend *e = aligned_alloc(64, size);

	if (e == NULL)
		return NULL;
	memset(e, 0, size);
	e->conf = *conf;
	step_init(&e->step);
	if (start(e, now) == 0)
		return e;
	callend_free(e);
	return NULL;
}

void
callend_free(struct callend *e)
{
	if (e == NULL)
		return;
	memconn_fini(&e->m);
	caller_wipe(&e->caller);
	step_wipe(&e->step);
	free(e);
}

/* ---- running ---- */

/* Whichever of the two knows that it is over tells the other. */
static int
agree(struct callend *e)
{
	if (e->caller.state == CALLER_OVER)
		memconn_end(&e->m, e->caller.reason);
	if (e->m.fatal != 0 && e->caller.state != CALLER_OVER)
		caller_end(&e->caller, e->m.fatal, "", callend_step(e));
	return e->m.fatal;
}

struct step *
callend_step(struct callend *e)
{
	step_begin(&e->step, e->caller.conn, e->caller.gen);
	return &e->step;
}

int
callend_do(struct callend *e)
{
	memconn_apply(&e->m, &e->step);
	step_wipe(&e->step);
	return agree(e);
}

int
callend_run(struct callend *e, uint64_t now)
{
	memconn_run(&e->m, now);
	return agree(e);
}

void
callend_cut(struct callend *e, int reason)
{
	memconn_end(&e->m, reason);
	agree(e);
}

/* ---- channels ---- */

struct ssh_chan *
callend_chan(struct callend *e, uint32_t n)
{
	return ssh_chan_of(&e->m.conn, n, CALLEND_LINK);
}

int64_t
callend_write(struct callend *e, uint32_t n, struct view bytes)
{
	struct ssh_chan *ch = callend_chan(e, n);
	int r;

	if (ch == NULL)
		return -R_LINK_CHAN;
	if (bytes.len > e->m.credit[n])
		bytes.len = e->m.credit[n];
	if (bytes.len == 0)
		return 0;
	r = ssh_host_data(&e->m.conn, ch, 0, bytes);
	if (r == 0)
		e->m.credit[n] -= bytes.len;
	return r == -R_NOMEM ? 0 : r != 0 ? r : (int64_t)bytes.len;
}
