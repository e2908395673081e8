#include "dataplane/ssh/inner.h"

/* The channel's life: taken, closed by both sides, free again. */

void
chan_wake(struct ssh_conn *c, struct ssh_chan *ch)
{
	if (chanset_has(&c->ready, ch->ours))
		return;
	ch->turn_left = SSH_FRESH_BYTES;
	chanset_add(&c->ready, ch->ours);
	chanset_add(&c->fresh, ch->ours);
}

struct ssh_chan *
chan_find(struct ssh_conn *c, uint32_t ours)
{
	return ours < SSH_CHAN_MAX && chanset_has(&c->used, ours) ? ssh_chan_at(c, ours) : NULL;
}

struct ssh_chan *
chan_by_peers(struct ssh_conn *c, uint32_t peers)
{
	for (struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1))
		if (ch->peers == peers && !(ch->flags & (CHAN_OPENING | CHAN_CONFIRMING)))
			return ch;
	return NULL;
}

/* The block that a number has its place in. */
static bool
place_make(struct ssh_conn *c, uint32_t ours)
{
	struct block **b;

	if (ours == 0)
		return true;
	b = &c->more[(ours - 1) / SSH_CHAN_PER];
	if (*b == NULL)
		*b = pool_get(c->env->pool);
	return *b != NULL;
}

static void
place_free(struct ssh_conn *c, uint32_t ours)
{
	uint32_t leaf = (ours - 1) / SSH_CHAN_PER;
	uint32_t next = ours > 0 ? chanset_next(&c->used, leaf * SSH_CHAN_PER + 1) : 0;

	if (next <= (leaf + 1) * SSH_CHAN_PER && next < SSH_CHAN_MAX)
		return;
	pool_put(c->env->pool, c->more[leaf]);
	c->more[leaf] = NULL;
}

bool
chan_free(const struct ssh_conn *c, uint32_t ours)
{
	return ours < SSH_CHAN_MAX && !chanset_has(&c->used, ours);
}

struct ssh_chan *
chan_take(struct ssh_conn *c, uint32_t ours)
{
	struct ssh_chan *ch;

	if (!place_make(c, ours))
		return NULL;
	ch = ssh_chan_at(c, ours);
	memset(ch, 0, sizeof(*ch));
	ch->ours = ours;
	itemq_init(&ch->out, false);
	itemq_init(&ch->held, true);
	chanset_add(&c->used, ours);
	c->chan_count++;
	return ch;
}

bool
chan_window(struct ssh_conn *c, struct ssh_chan *ch, uint32_t window)
{
	if (window > SSH_WINDOWS_MAX - c->windows)
		return false;
	c->windows += window;
	ch->window_in = ch->window_in_max = window;
	return true;
}

void
chan_drop(struct ssh_conn *c, struct ssh_chan *ch)
{
	uint32_t ours = ch->ours;

	c->windows -= ch->window_in_max - ch->grown - ch->let;
	c->let -= ch->let;
	c->lent -= (uint64_t)ch->credit + ch->queued;

	itemq_clear(&ch->out, c->env->pool);
	itemq_clear(&ch->held, c->env->pool);
	chan_release_end(c, ch);
	window_end(c, ch);
	ch->flags = 0;
	chanset_del(&c->used, ours);
	chanset_del(&c->ready, ours);
	chanset_del(&c->fresh, ours);
	chanset_del(&c->holding, ours);
	c->chan_count--;
	place_free(c, ours);
}

/* RFC 4254 section 5.3: closed when both sides sent and received CLOSE; only
 * then may the number be used again, and only when the host knows. */
void
chan_settle(struct ssh_conn *c, struct ssh_chan *ch)
{
	const uint32_t both = CHAN_CLOSE_IN | CHAN_CLOSE_SENT;
	bool started = (ch->flags & CHAN_STARTED) != 0;
	uint32_t ours = ch->ours, use = ch->use;

	if ((ch->flags & both) != both)
		return;
	if (started && !(ch->flags & CHAN_HOST_TOLD)) {
		chan_pump(c, ch);
		if (ch->held.count > 0 || !chan_offer(c, ch, CHAN_UP_CLOSED, 0, NULL, 0))
			return;
		ch->flags |= CHAN_HOST_TOLD;
	}
	chan_drop(c, ch);
	c->env->ops->chan_free(c->env->owner, c, ours, use, started);
}

bool
ssh_terminal(const struct ssh_conn *c)
{
	for (struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1))
		if (ch->flags & CHAN_TERMINAL)
			return true;
	return false;
}

/* Drop queued data and EOF; requests and replies stay in their order. */
void
chan_forget_data(struct ssh_conn *c, struct ssh_chan *ch)
{
	for (uint32_t left = ch->out.count; left > 0; left--) {
		struct item it = *itemq_front(&ch->out, c->env->pool);

		if (it.kind == CHAN_ITEM_REQUEST || it.kind == CHAN_ITEM_REPLY)
			itemq_copy(&ch->out, scratch_out(c), it.len);
		itemq_take(&ch->out, c->env->pool, it.len);
		if (it.kind == CHAN_ITEM_REQUEST || it.kind == CHAN_ITEM_REPLY)
			itemq_put(&ch->out, c->env->pool, it.kind, it.arg, view_of(scratch_out(c), it.len), false);
	}
	c->lent -= ch->queued;
	ch->queued = 0;
}

void
chan_shut(struct ssh_conn *c, struct ssh_chan *ch)
{
	chan_wake(c, ch);
	chan_release_end(c, ch);
	ch->flags &= ~CHAN_STARTING;
	ch->flags |= CHAN_CLOSE_OUT;
	itemq_clear(&ch->held, c->env->pool);
	ch->asks_held = 0;
}
