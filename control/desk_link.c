#include "control/desk_inner.h"

#include <errno.h>

#include "control/log.h"

struct of_link {
	struct desk *d;
	struct linkend *l;
};

static void
drop_one(void *ctx, struct conhash_node *n)
{
	struct of_link *o = ctx;

	if (desk_link_of(o->d, n->conn) == o->l)
		desk_forget(o->d, n);
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

static void request(struct desk *d, struct linkend *l);

void
desk_links(struct desk *d)
{
	if (d->ops->keys_first && d->exchange->keys.list.count == 0)
		return;
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (!d->link[i].asked && !d->link[i].up)
			request(d, &d->link[i]);
}

static void
relink(void *ctx)
{
	desk_links(ctx);
}

static void
request(struct desk *d, struct linkend *l)
{
	struct role_peer *supervisor = peers_find(&d->peers, ROLE_SUPERVISOR, 0);
	int r = supervisor != NULL ? linkend_request(l, supervisor->fd) : -ENOTCONN;

	if (r != 0 && loop_after(d->loop, DESK_RELINK_MS, relink, d) < 0)
		loop_stop(d->loop);
}

void
desk_link_broken(struct desk *d, struct linkend *l, int reason)
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
			desk_link_broken(d, &d->link[i], -R_PEER_GONE);
}

int
desk_link_up(struct desk *d, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t worker = cur_u32(&c);
	struct linkend *l = &d->link[worker % DESK_WORKERS_MAX];
	int r;

	if (c.bad || worker >= DESK_WORKERS_MAX)
		return -1;
	/* Asked for before WORKERS said that there are fewer. */
	if (worker >= d->worker_count)
		return 0;
	r = linkend_up(l, m);
	if (r == 0)
		r = loop_watch(d->loop, l->wait_fd, LOOP_IN, on_bell, d);
	if (r != 0)
		desk_link_broken(d, l, -R_LINK_VERSION);
	return 0;
}

int
desk_link_down(struct desk *d, const struct msg *m)
{
	(void)m;
	for (uint32_t i = 0; i < d->worker_count; i++)
		link_drop(d, &d->link[i]);
	desk_links(d);
	return 0;
}

int
desk_workers(struct desk *d, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t count = cur_u32(&c);

	if (!cur_done(&c) || count == 0 || count > DESK_WORKERS_MAX)
		return -1;
	while (d->worker_count > count) {
		link_drop(d, &d->link[d->worker_count - 1]);
		d->worker_count--;
	}
	for (; d->worker_count < count; d->worker_count++)
		linkend_init(&d->link[d->worker_count], d->ops->link_role, d->worker_count);
	desk_links(d);
	return 0;
}
