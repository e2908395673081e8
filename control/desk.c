#include "control/desk_inner.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/kex/moduli.h"
#include "control/log.h"
#include "control/sandbox.h"
#include "drivers/pk/pk.h"

/* ---- messages ---- */

static int
on_conf(struct desk *d, const struct msg *m)
{
	if (confmsg_read(&d->conf, m) == 0)
		d->ops->conf(d->ctx, &d->conf);
	return 0;
}

/* The descriptor's offset is shared with the others: it is mapped, not read. */
static int
on_moduli(struct desk *d, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	off_t size = m->fd_count == 1 ? lseek(m->fds[0], 0, SEEK_END) : 0;
	void *table = NULL;
	int r;

	cur_u32(&c);
	if (!cur_done(&c) || m->fd_count > 1 || size < 0 || size > (off_t)MODULI_TABLE_MAX)
		return -1;
	if (size > 0 && (table = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, m->fds[0], 0)) == MAP_FAILED)
		return -1;
	r = exchange_env_moduli(d->exchange, view_of(table, (size_t)size));
	if (table != NULL)
		munmap(table, (size_t)size);
	if (r != 0)
		log_error("groups from the supervisor: %s", reason_text(-r));
	return 0;
}

static int
on_serves(struct desk *d, const struct msg *m)
{
	struct serves *s = calloc(1, sizeof(*s));
	int r = -1;

	if (s != NULL && d->ops->serves != NULL && (r = serves_decode(s, m->body)) == 0)
		d->ops->serves(d->ctx, s);
	free(s);
	return r;
}

/* The worker tells it too, behind what it had to say before. */
static int
on_conn_gone(struct desk *d, const struct msg *m)
{
	(void)d;
	(void)m;
	return 0;
}

static int
on_keys(struct desk *d, const struct msg *m)
{
	const struct role_peer *keeper = peers_find(&d->peers, ROLE_KEEPER, 0);
	uint32_t serial = keeper != NULL ? keeper->serial : 0;

	if (hostkeys_decode(&d->exchange->keys, m->body) != 0)
		return -1;
	desk_links(d);
	/* The same keeper may tell others later: it has what it was asked. */
	if (serial == d->keeper_serial)
		desk_slots(d);
	else
		desk_again(d, ASK_KEEPER);
	d->keeper_serial = serial;
	return 0;
}

static const struct {
	uint16_t type;
	enum role_id from;
	int (*fn)(struct desk *d, const struct msg *m);
} messages[] = {
	{ MSG_CONF, ROLE_SUPERVISOR, on_conf },
	{ MSG_MODULI, ROLE_SUPERVISOR, on_moduli },
	{ MSG_SERVES, ROLE_SUPERVISOR, on_serves },
	{ MSG_LINK_UP, ROLE_SUPERVISOR, desk_link_up },
	{ MSG_LINK_DOWN, ROLE_SUPERVISOR, desk_link_down },
	{ MSG_WORKERS, ROLE_SUPERVISOR, desk_workers },
	{ MSG_CONN_GONE, ROLE_SUPERVISOR, on_conn_gone },
	{ MSG_KEYS_ARE, ROLE_KEEPER, on_keys },
};

static const struct {
	uint16_t type;
	enum role_id from;
	enum ask_to to;
} answers[] = {
	{ MSG_SIGNED, ROLE_KEEPER, ASK_KEEPER },
	{ MSG_PROVED, ROLE_KEEPER, ASK_KEEPER },
	{ MSG_AUTH_PK_OK, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_NO, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_PROMPT, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_GONE, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_NO, ROLE_SUPERVISOR, ASK_SUPERVISOR },
	{ MSG_GRANTED, ROLE_SUPERVISOR, ASK_SUPERVISOR },
	{ MSG_HOST_READY, ROLE_SUPERVISOR, ASK_SUPERVISOR },
};

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	struct desk *d = ctx;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].type == m->type && messages[i].from == from->role)
			return messages[i].fn(d, m);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].type == m->type && answers[i].from == from->role) {
			desk_answer(d, answers[i].to, m);
			return 0;
		}
	return -1;
}

static void
on_change(void *ctx, struct role_peer *peer, bool there)
{
	struct desk *d = ctx;
	struct msg keys = { .type = MSG_KEYS, .conn = LINK_CONN_NONE };

	if (!there)
		return;
	/* A new keeper tells its keys first: what is asked again depends on them. */
	if (peer->role == ROLE_KEEPER)
		(void)peers_send(peer, &keys);
	else if (peer->role == ROLE_WARDEN)
		desk_again(d, ASK_WARDEN);
}

/* ---- the loop ---- */

struct quiet {
	struct desk *d;
	bool yes;
};

static void
quiet_one(void *ctx, struct conhash_node *n)
{
	struct quiet *q = ctx;

	q->yes = q->yes && q->d->ops->idle(q->d->ctx, n);
}

static void
retry(void *ctx)
{
	struct desk *d = ctx;

	d->retry_timer = 0;
}

static void
retry_soon(struct desk *d)
{
	if (d->retry_timer <= 0)
		d->retry_timer = loop_after(d->loop, DESK_RETRY_MS, retry, d);
}

static void
old_enough(void *ctx)
{
	struct desk *d = ctx;

	d->age_timer = 0;
}

/* Started anew from time to time: at a moment when nothing is waited for, so that
 * no peer waits longer for it; the next one takes the connections over. */
static bool
may_leave(struct desk *d)
{
	struct quiet q = { d, true };
	uint64_t age;

	if (d->ops->finished_max == 0 || d->finished < d->ops->finished_max)
		return false;
	age = loop_now_ms() - d->born_ms;
	if (age < d->ops->age_min_ms) {
		if (d->age_timer <= 0)
			d->age_timer = loop_after(d->loop, d->ops->age_min_ms - (uint32_t)age, old_enough, d);
		return false;
	}
	if (d->finished < 2 * d->ops->finished_max)
		conhash_each(&d->table, quiet_one, &q);
	for (uint32_t i = 0; i < d->worker_count; i++)
		q.yes = q.yes && linkend_drained(&d->link[i]);
	if (!q.yes)
		retry_soon(d);
	return q.yes;
}

/* ---- exchanges that wait for their turn ---- */

static void
serve_costs(void *ctx)
{
	struct desk *d = ctx;
	struct conobj *p;

	d->cost_timer = 0;
	if ((p = exchange_next(d->exchange)) != NULL)
		desk_slot_one(d, &p->node);
}

/* One at a time: records of others are looked at in between. */
static void
costs_soon(struct desk *d)
{
	if (d->exchange->cost.waiting > 0 && d->cost_timer <= 0)
		d->cost_timer = loop_after(d->loop, DESK_COST_MS, serve_costs, d);
}

/* What came since the last report. */
static void
report_costs(void *ctx)
{
	struct desk *d = ctx;
	struct cost_counts *n = &d->exchange->cost.counts;
	uint8_t body[24];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_COSTS };

	d->report_timer = 0;
	put_u64(&w, n->exchanges);
	put_u64(&w, n->waited);
	put_u64(&w, n->refused);
	m.body = put_view(&w);
	(void)peers_send(peers_find(&d->peers, ROLE_SUPERVISOR, 0), &m);
	*n = (struct cost_counts){ 0 };
}

static void
report_soon(struct desk *d)
{
	const struct cost_counts *n = &d->exchange->cost.counts;

	if ((n->exchanges | n->waited | n->refused) != 0 && d->report_timer <= 0)
		d->report_timer = loop_after(d->loop, DESK_REPORT_MS, report_costs, d);
}

static bool
poll_links(struct desk *d)
{
	bool some = false;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct linkend *l = &d->link[i];
		int n;

		linkend_wake(l);
		n = linkend_poll(l, DESK_POLL, desk_entry, d);
		if (n < 0)
			desk_link_broken(d, l, n);
		some |= n > 0;
	}
	return some;
}

static int
before(void *ctx)
{
	struct desk *d = ctx;
	bool busy = poll_links(d);

	if (d->slots_short) {
		d->slots_short = false;
		desk_slots(d);
	}
	costs_soon(d);
	report_soon(d);
	if (busy || exchange_idle(d->exchange))
		return 1;
	if (may_leave(d)) {
		loop_stop(d->loop);
		return 1;
	}
	for (uint32_t i = 0; i < d->worker_count; i++) {
		busy |= !linkend_sleep(&d->link[i]);
		if (linkend_starved(&d->link[i]))
			retry_soon(d);
	}
	if (d->slots_short)
		retry_soon(d);
	return busy;
}

static int
serve(struct desk *d)
{
	struct msg ready = { .type = MSG_READY };

	if (peers_start(&d->peers, d->loop, ROLE_SUPERVISOR_FD, on_message, on_change, d) != 0 ||
	    sandbox_enter(d->ops->role) != 0)
		return 1;
	if (peers_send(peers_find(&d->peers, ROLE_SUPERVISOR, 0), &ready) != 0)
		return 1;
	desk_links(d);
	return loop_run(d->loop, before, d) == 0 ? 0 : 1;
}

/* The links stay as they are: what was sent through them is the worker's to take,
 * and wiping it under its hands would change it. */
static void
desk_free(struct desk *d)
{
	if (d->peers.buf != NULL)
		peers_end(&d->peers);
	loop_free(d->loop);
	free(d);
}

int
desk_run(const struct desk_ops *ops, struct exchange_env *exchange, void *ctx)
{
	struct desk *d = calloc(1, sizeof(*d));
	int status = 1;

	if (d == NULL)
		return 1;
	d->ops = ops;
	d->ctx = ctx;
	d->exchange = exchange;
	d->table.max = ops->conn_max;
	d->born_ms = loop_now_ms();
	exchange->slot = desk_slot;
	exchange->slot_ctx = d;
	exchange->now_ms = loop_now_ms;
	actions_init(&d->act);
	d->loop = loop_new();
	if (d->loop != NULL && pk_start() == 0 && confmsg_wait(&d->conf, ROLE_SUPERVISOR_FD) == 0) {
		d->worker_count = d->conf.workers < DESK_WORKERS_MAX ? d->conf.workers : DESK_WORKERS_MAX;
		if (d->worker_count == 0)
			d->worker_count = 1;
		for (uint32_t i = 0; i < d->worker_count; i++)
			linkend_init(&d->link[i], ops->link_role, i);
		ops->conf(ctx, &d->conf);
		status = serve(d);
	}
	desk_free(d);
	return status;
}
