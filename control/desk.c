#include "control/desk.h"

#include <errno.h>
#include <stdlib.h>

#include "control/confmsg.h"
#include "control/log.h"
#include "control/sandbox.h"
#include "drivers/pk/pk.h"

struct desk {
	const struct desk_ops *ops;
	void *ctx;
	struct exchange_env *exchange;
	struct loop *loop;
	struct peers peers;
	struct conf conf;
	uint32_t worker_count;
	uint32_t finished;
	uint64_t born_ms;
	int retry_timer, age_timer;
	bool slots_short; /* an exchange waits for a key slot */
	struct linkend link[DESK_WORKERS_MAX];
	struct conhash table;
	struct actions act;
};

static void link_request(struct desk *d, struct linkend *l);

/* ---- connections ---- */

static struct linkend *
link_of(struct desk *d, uint32_t conn)
{
	uint32_t worker = conn >> 24;

	return worker < d->worker_count ? &d->link[worker] : NULL;
}

static void
forget(struct desk *d, struct conhash_node *n)
{
	conhash_leave(&d->table, n);
	d->ops->free(d->ctx, n);
}

static int
take_slot(void *ctx, const struct link_slot *keys)
{
	struct desk *d = ctx;
	struct linkend *l = link_of(d, keys->conn);
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
	struct linkend *l = link_of(d, n->conn);

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
}

/* True: the object is still there. */
static bool
perform(struct desk *d, struct conhash_node *n)
{
	send_step(d, n);
	send_ask(d, n);
	if (d->act.log[0] != '\0')
		log_info("%s", d->act.log);
	if (!d->act.forget)
		return true;
	forget(d, n);
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
		forget(d, n);
	r = d->ops->adopt(d->ctx, e->conn, e->gen, image, &n);
	if (r == 0 && (r = conhash_join(&d->table, n)) != 0)
		d->ops->free(d->ctx, n);
	if (r != 0) {
		log_warn("connection %08x not taken over: %s", e->conn, reason_text(-r));
		close_conn(d, l, e->conn, e->gen, -r);
	}
}

static void
on_entry(void *ctx, struct linkend *l, const struct link_entry *e, struct view payload)
{
	struct desk *d = ctx;
	struct conhash_node *n;

	if (link_of(d, e->conn) != l)
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

static void
again_all(struct desk *d, enum ask_to to)
{
	struct again a = { d, to };

	conhash_each(&d->table, again_one, &a);
}

static void
slots_one(void *ctx, struct conhash_node *n)
{
	struct desk *d = ctx;

	d->ops->slots(d->ctx, n, &d->act);
	perform_all(d, n);
}

/* ---- links ---- */

struct of_link {
	struct desk *d;
	struct linkend *l;
};

static void
drop_one(void *ctx, struct conhash_node *n)
{
	struct of_link *o = ctx;

	if (link_of(o->d, n->conn) == o->l)
		forget(o->d, n);
}

static void
link_drop(struct desk *d, struct linkend *l)
{
	struct of_link o = { d, l };

	if (l->wait_fd >= 0)
		loop_unwatch(d->loop, l->wait_fd);
	linkend_down(l);
	conhash_each(&d->table, drop_one, &o);
}

static void
relink(void *ctx)
{
	struct desk *d = ctx;

	for (uint32_t i = 0; i < d->worker_count; i++)
		if (!d->link[i].asked && !d->link[i].up)
			link_request(d, &d->link[i]);
}

static void
link_request(struct desk *d, struct linkend *l)
{
	struct role_peer *supervisor = peers_find(&d->peers, ROLE_SUPERVISOR, 0);
	int r = supervisor != NULL ? linkend_request(l, supervisor->fd) : -ENOTCONN;

	if (r != 0 && loop_after(d->loop, DESK_RELINK_MS, relink, d) < 0)
		loop_stop(d->loop);
}

static void
link_broken(struct desk *d, struct linkend *l, int reason)
{
	log_error("worker %u: %s", l->worker, reason_text(-reason));
	link_drop(d, l);
	if (loop_after(d->loop, DESK_RELINK_MS, relink, d) < 0)
		loop_stop(d->loop);
}

static void
on_bell(void *ctx, int fd, unsigned events)
{
	struct desk *d = ctx;

	(void)events;
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->link[i].wait_fd == fd && linkend_hush(&d->link[i]) != 0)
			link_broken(d, &d->link[i], -R_PEER_GONE);
}

static int
on_link_up(struct desk *d, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t worker = cur_u32(&c);
	struct linkend *l = worker < d->worker_count ? &d->link[worker] : NULL;
	int r;

	if (c.bad || l == NULL)
		return -1;
	r = linkend_up(l, m);
	if (r == 0)
		r = loop_watch(d->loop, l->wait_fd, LOOP_IN, on_bell, d);
	if (r != 0)
		link_broken(d, l, -R_LINK_VERSION);
	return 0;
}

static int
on_link_down(struct desk *d, const struct msg *m)
{
	(void)m;
	for (uint32_t i = 0; i < d->worker_count; i++) {
		link_drop(d, &d->link[i]);
		link_request(d, &d->link[i]);
	}
	return 0;
}

/* ---- messages ---- */

static int
on_conf(struct desk *d, const struct msg *m)
{
	if (confmsg_read(&d->conf, m) == 0)
		d->ops->conf(d->ctx, &d->conf);
	return 0;
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
	if (hostkeys_decode(&d->exchange->keys, m->body) != 0)
		return -1;
	again_all(d, ASK_KEEPER);
	return 0;
}

static const struct {
	uint16_t type;
	enum role_id from;
	int (*fn)(struct desk *d, const struct msg *m);
} messages[] = {
	{ MSG_CONF, ROLE_SUPERVISOR, on_conf },
	{ MSG_LINK_UP, ROLE_SUPERVISOR, on_link_up },
	{ MSG_LINK_DOWN, ROLE_SUPERVISOR, on_link_down },
	{ MSG_CONN_GONE, ROLE_SUPERVISOR, on_conn_gone },
	{ MSG_KEYS_ARE, ROLE_KEEPER, on_keys },
};

static const struct {
	uint16_t type;
	enum role_id from;
	enum ask_to to;
} answers[] = {
	{ MSG_SIGNED, ROLE_KEEPER, ASK_KEEPER },
	{ MSG_AUTH_PK_OK, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_NO, ROLE_WARDEN, ASK_WARDEN },
	{ MSG_AUTH_NO, ROLE_SUPERVISOR, ASK_SUPERVISOR },
	{ MSG_GRANTED, ROLE_SUPERVISOR, ASK_SUPERVISOR },
	{ MSG_HOST_READY, ROLE_SUPERVISOR, ASK_SUPERVISOR },
};

static void
answer(struct desk *d, enum ask_to to, const struct msg *m)
{
	struct conhash_node *n = conhash_find(&d->table, m->conn, m->gen);

	if (n == NULL)
		return;
	d->ops->answer(d->ctx, n, to, m, &d->act);
	perform_all(d, n);
}

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	struct desk *d = ctx;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].type == m->type && messages[i].from == from->role)
			return messages[i].fn(d, m);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].type == m->type && answers[i].from == from->role) {
			answer(d, answers[i].to, m);
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
		again_all(d, ASK_WARDEN);
}

/* ---- the loop ---- */

static void
idle_one(void *ctx, struct conhash_node *n)
{
	struct again *a = ctx;

	if (!a->d->ops->idle(a->d->ctx, n))
		a->to = ASK_SUPERVISOR;
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
	struct again a = { d, ASK_NOBODY };
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
		conhash_each(&d->table, idle_one, &a);
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (!linkend_drained(&d->link[i]))
			a.to = ASK_SUPERVISOR;
	if (a.to != ASK_NOBODY)
		retry_soon(d);
	return a.to == ASK_NOBODY;
}

static bool
poll_links(struct desk *d)
{
	bool some = false;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct linkend *l = &d->link[i];
		int n;

		linkend_wake(l);
		n = linkend_poll(l, DESK_POLL, on_entry, d);
		if (n < 0)
			link_broken(d, l, n);
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
		conhash_each(&d->table, slots_one, d);
	}
	if (busy)
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
	for (uint32_t i = 0; i < d->worker_count; i++)
		link_request(d, &d->link[i]);
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
	exchange->slot = take_slot;
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
