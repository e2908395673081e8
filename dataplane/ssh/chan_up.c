#include "dataplane/ssh/inner.h"

#define OUT_SHARE 64u            /* a channel's queue: one part in so many of what is free */
#define CREDIT_STEP (8u * 1024u) /* smaller grants wait, unless the host has less */

/*
 * Events toward a channel's host, in order. What the host has no room for, or
 * what comes before it exists, waits in `held`: data never beyond the window,
 * the rest never beyond SSH_CHAN_EXTRA_MAX.
 */

/* A request as the host sees it: without the want-reply byte behind its name. */
static uint8_t *
request_bytes(uint8_t *bytes, size_t *len, bool *want_reply)
{
	struct cur r = cur_of(bytes, *len);
	struct view name = cur_string(&r);

	*want_reply = cur_bool(&r);
	if (r.bad)
		return bytes;
	memmove(bytes + 1, bytes, 4 + name.len);
	*len -= 1;
	return bytes + 1;
}

/* What a channel may queue toward its peer: less while blocks are few, and when all
 * channels of the connection have much, so that peers which do not read cannot take
 * them all. */
static uint64_t
out_max(const struct ssh_conn *c)
{
	uint64_t bytes = (uint64_t)c->env->pool->free_count * POOL_DATA;
	uint64_t share = bytes / OUT_SHARE;

	if (c->lent > bytes / SSH_GRANT_SHARE) {
		c->env->stats->grants_short++;
		return SSH_CHAN_OUT_LEAST;
	}
	if (share >= SSH_CHAN_OUT_MAX)
		return SSH_CHAN_OUT_MAX;
	return share > SSH_CHAN_OUT_LEAST ? share : SSH_CHAN_OUT_LEAST;
}

/* What may be granted so that queue and window both hold it. */
static uint32_t
credit_gain(const struct ssh_conn *c, const struct ssh_chan *ch)
{
	uint64_t max = out_max(c);
	uint64_t window = ch->window_out < ch->queued ? 0 : ch->window_out - ch->queued;
	uint64_t room = ch->out.f.len < max ? max - ch->out.f.len : 0;
	uint64_t most = window < room ? window : room;

	return most > ch->credit ? (uint32_t)(most - ch->credit) : 0;
}

/* What the peer's window takes beyond that. */
static uint64_t
credit_beyond(const struct ssh_chan *ch, uint32_t gain)
{
	uint64_t granted = (uint64_t)ch->queued + ch->credit + gain;

	return ch->window_out > granted ? ch->window_out - granted : 0;
}

bool
chan_offer(struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint32_t arg, uint8_t *bytes,
    size_t len)
{
	uint64_t arg0 = arg, arg1 = 0;
	bool want_reply = false;
	uint8_t *at = bytes;

	if (kind == CHAN_UP_REQUEST) {
		at = request_bytes(bytes, &len, &want_reply);
		arg0 = want_reply ? 1 : 0;
	}
	if (kind == CHAN_UP_OPEN) {
		arg0 = ch->packet_in_max;
		arg1 = credit_gain(c, ch);
	}
	if (!c->env->ops->host(c->env->owner, c, ch, kind, arg0, arg1, view_of(at, len))) {
		if (at != bytes) { /* back to its own form: it is held as it came */
			struct cur r = cur_of(at, len);
			size_t name = 4 + cur_string(&r).len;

			memmove(bytes, at, name);
			bytes[name] = want_reply ? 1 : 0;
		}
		return false;
	}
	if (kind == CHAN_UP_OPEN) {
		ch->credit += (uint32_t)arg1;
		c->lent += arg1;
		ch->flags |= CHAN_OPEN_TOLD;
	}
	if (kind == CHAN_UP_DATA) {
		ch->unread += len;
		ch->bytes_in += len;
	}
	if (want_reply)
		ch->replies_owed++;
	return true;
}

int
chan_deliver(struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint32_t arg, uint8_t *bytes,
    size_t len)
{
	uint64_t max = (uint64_t)ch->window_in_max + SSH_CHAN_EXTRA_MAX;

	if ((ch->flags & CHAN_STARTED) && ch->held.count == 0 &&
	    chan_offer(c, ch, kind, arg, bytes, len))
		return 0;
	if (ch->held.f.len + ITEMQ_HEAD + len > max)
		return -R_SSH_QUEUE;
	/* Each that is handed on to clerk turns the queue once. */
	if (kind == CHAN_UP_REQUEST && !(ch->flags & CHAN_STARTED) && ch->asks_held >= SSH_CHAN_ASKS_MAX)
		return -R_SSH_QUEUE;
	if (!itemq_put(&ch->held, c->env->pool, (uint8_t)kind, arg, view_of(bytes, len),
	        kind == CHAN_UP_DATA))
		return -R_NOMEM;
	chanset_add(&c->holding, ch->ours);
	ch->asks_held += kind == CHAN_UP_REQUEST;
	return 0;
}

void
chan_pump(struct ssh_conn *c, struct ssh_chan *ch)
{
	const struct item *it;

	if (!(ch->flags & CHAN_STARTED) || (ch->flags & CHAN_HOST_TOLD))
		return;
	while ((it = itemq_front(&ch->held, c->env->pool)) != NULL) {
		uint32_t len = it->len;

		itemq_copy(&ch->held, scratch_out(c), len);
		if (!chan_offer(c, ch, (enum chan_up)it->kind, it->arg, scratch_out(c), len))
			break;
		ch->asks_held -= it->kind == CHAN_UP_REQUEST;
		itemq_take(&ch->held, c->env->pool, len);
	}
	chan_credit(c, ch);
}

void
chan_credit(struct ssh_conn *c, struct ssh_chan *ch)
{
	const uint32_t over = CHAN_HOST_TOLD | CHAN_CLOSE_IN | CHAN_CLOSE_OUT | CHAN_EOF_OUT;
	const struct view none = { NULL, 0 };
	uint32_t gain = credit_gain(c, ch);

	if (!(ch->flags & CHAN_OPEN_TOLD) || (ch->flags & over) || gain == 0)
		return;
	if (gain < CREDIT_STEP && ch->credit >= CREDIT_STEP)
		return;
	if (c->env->ops->host(c->env->owner, c, ch, CHAN_UP_CREDIT, gain, credit_beyond(ch, gain), none)) {
		ch->credit += gain;
		c->lent += gain;
	}
}
