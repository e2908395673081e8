#include "dataplane/ssh/inner.h"

/* The channel's life: taken, closed by both sides, free again. */

struct ssh_chan *
chan_find(struct ssh_conn *c, uint32_t ours)
{
	if (ours >= SSH_CHAN_MAX || !(c->used & (1u << ours)))
		return NULL;
	return &c->chan[ours];
}

struct ssh_chan *
chan_by_peers(struct ssh_conn *c, uint32_t peers)
{
	uint32_t left = c->used;

	while (left != 0) {
		struct ssh_chan *ch = &c->chan[__builtin_ctz(left)];

		if (ch->peers == peers && !(ch->flags & (CHAN_OPENING | CHAN_CONFIRMING)))
			return ch;
		left &= left - 1;
	}
	return NULL;
}

struct ssh_chan *
chan_take(struct ssh_conn *c, uint32_t ours)
{
	struct ssh_chan *ch;

	if (ours >= SSH_CHAN_MAX || ours >= c->env->chan_max || (c->used & (1u << ours)))
		return NULL;
	ch = &c->chan[ours];
	memset(ch, 0, sizeof(*ch));
	ch->ours = ours;
	ch->flags = CHAN_USED;
	itemq_init(&ch->out, false);
	itemq_init(&ch->held, true);
	c->used |= 1u << ours;
	c->chan_count++;
	return ch;
}

void
chan_drop(struct ssh_conn *c, struct ssh_chan *ch)
{
	itemq_clear(&ch->out, c->env->pool);
	itemq_clear(&ch->held, c->env->pool);
	c->used &= ~(1u << ch->ours);
	c->chan_count--;
	ch->flags = 0;
}

/* RFC 4254 section 5.3: closed when both sides sent and received CLOSE; only
 * then may the number be used again, and only when the host knows. */
void
chan_settle(struct ssh_conn *c, struct ssh_chan *ch)
{
	const uint32_t both = CHAN_CLOSE_IN | CHAN_CLOSE_SENT;
	bool started = (ch->flags & CHAN_STARTED) != 0;
	uint32_t ours = ch->ours;

	if ((ch->flags & both) != both)
		return;
	if (started && !(ch->flags & CHAN_HOST_TOLD)) {
		chan_pump(c, ch);
		if (ch->held.count > 0 || !chan_offer(c, ch, CHAN_UP_CLOSED, 0, NULL, 0))
			return;
		ch->flags |= CHAN_HOST_TOLD;
	}
	chan_drop(c, ch);
	c->env->ops->chan_free(c->env->owner, c, ours, started);
}

bool
ssh_terminal(const struct ssh_conn *c)
{
	for (uint32_t i = 0; i < SSH_CHAN_MAX; i++)
		if ((c->used & (1u << i)) && (c->chan[i].flags & CHAN_TERMINAL))
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
	ch->queued = 0;
}

void
chan_shut(struct ssh_conn *c, struct ssh_chan *ch)
{
	ch->flags &= ~(CHAN_STARTING | CHAN_RELEASE);
	ch->flags |= CHAN_CLOSE_OUT;
	itemq_clear(&ch->held, c->env->pool);
	ch->asks_held = 0;
}
