#include "control/desk_inner.h"

#include <string.h>

#include "control/log.h"

/* ---- connections ---- */

struct linkend *
desk_link_of(struct desk *d, uint32_t conn)
{
	uint32_t worker = conn >> 24;

	return worker < d->worker_count ? &d->link[worker] : NULL;
}

void
desk_forget(struct desk *d, struct conhash_node *n)
{
	conhash_leave(&d->table, n);
	d->ops->free(d->ctx, n);
}

int
desk_slot(void *ctx, const struct link_slot *keys)
{
	struct desk *d = ctx;
	struct linkend *l = desk_link_of(d, keys->conn);
	int slot = l != NULL ? linkend_slot(l, keys) : -R_LINK_SLOT;

	if (slot < 0)
		d->slots_short = true;
	return slot;
}

static void
close_conn(struct desk *d, struct linkend *l, uint32_t conn, uint32_t gen, int reason)
{
	step_begin(&d->act.step, conn, gen);
	step_close(&d->act.step, reason, reason_text(reason < 0 ? -reason : reason));
	linkend_step(l, &d->act.step);
}

/* ---- actions ---- */

static void
send_step(struct desk *d, struct conhash_node *n)
{
	struct linkend *l = desk_link_of(d, n->conn);

	if (l == NULL || !d->act.step.used)
		return;
	if (step_bad(&d->act.step) || linkend_step(l, &d->act.step) != 0) {
		log_error("connection %08x: a step was lost", n->conn);
		close_conn(d, l, n->conn, n->gen, R_INTERNAL);
	}
}

static void
send_ask(struct desk *d, struct conhash_node *n)
{
	static const enum role_id roles_asked[] = {
		[ASK_KEEPER] = ROLE_KEEPER,
		[ASK_WARDEN] = ROLE_WARDEN,
		[ASK_SUPERVISOR] = ROLE_SUPERVISOR,
	};
	const struct ask *a = &d->act.ask;
	struct msg m = { .type = a->type, .conn = n->conn, .gen = n->gen, .tag = a->tag };

	if (a->to == ASK_NOBODY)
		return;
	m.body = put_view(&a->w);
	/* Nobody there, or cut for being slow: it is said again to the next one. */
	(void)peers_send(peers_find(&d->peers, roles_asked[a->to], 0), &m);
	explicit_bzero(d->act.ask.buf, m.body.len);
}

/* True: the object is still there. */
static bool
perform(struct desk *d, struct conhash_node *n)
{
	send_step(d, n);
	send_ask(d, n);
	if (d->act.log[0] != '\0')
		log_conn(LOG_L_INFO, n->conn, n->gen, "%s", d->act.log);
	if (!d->act.forget)
		return true;
	desk_forget(d, n);
	d->finished++;
	return false;
}

static void
perform_all(struct desk *d, struct conhash_node *n)
{
	if (!perform(d, n) || d->ops->next == NULL)
		return;
	while (d->ops->next(d->ctx, n, &d->act))
		if (!perform(d, n))
			return;
}

/* ---- up entries ---- */

static void
adopt(struct desk *d, struct linkend *l, const struct link_entry *e, struct view image)
{
	struct conhash_node *n = conhash_index(&d->table, e->conn);
	int r;

	if (n != NULL)
		desk_forget(d, n);
	r = d->ops->adopt(d->ctx, e->conn, e->gen, image, &n);
	if (r == 0 && (r = conhash_join(&d->table, n)) != 0)
		d->ops->free(d->ctx, n);
	if (r != 0) {
		log_warn("connection %08x not taken over: %s", e->conn, reason_text(-r));
		close_conn(d, l, e->conn, e->gen, -r);
	}
}

void
desk_entry(void *ctx, struct linkend *l, const struct link_entry *e, struct view payload)
{
	struct desk *d = ctx;
	struct conhash_node *n;

	if (desk_link_of(d, e->conn) != l)
		return;
	if (e->op == LINK_UP_ADOPT) {
		adopt(d, l, e, payload);
		return;
	}
	n = conhash_find(&d->table, e->conn, e->gen);
	if (n == NULL)
		return;
	d->ops->up(d->ctx, n, e, payload, &d->act);
	perform_all(d, n);
}

void
desk_answer(struct desk *d, enum ask_to to, const struct msg *m)
{
	struct conhash_node *n = conhash_find(&d->table, m->conn, m->gen);

	if (n == NULL)
		return;
	d->ops->answer(d->ctx, n, to, m, &d->act);
	perform_all(d, n);
}

/* ---- what was asked before ---- */

struct again {
	struct desk *d;
	enum ask_to to;
};

static void
again_one(void *ctx, struct conhash_node *n)
{
	struct again *a = ctx;

	for (uint32_t i = 0; a->d->ops->again(a->d->ctx, n, a->to, i, &a->d->act); i++)
		if (!perform(a->d, n))
			return;
}

void
desk_again(struct desk *d, enum ask_to to)
{
	struct again a = { d, to };

	conhash_each(&d->table, again_one, &a);
}

void
desk_slot_one(void *ctx, struct conhash_node *n)
{
	struct desk *d = ctx;

	d->ops->slots(d->ctx, n, &d->act);
	perform_all(d, n);
}

void
desk_slots(struct desk *d)
{
	conhash_each(&d->table, desk_slot_one, d);
}
