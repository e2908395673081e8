#include "dataplane/ssh/inner.h"

#define ROUND_LEAST_US 10000u /* hosts tell in lumps what they took */

/*
 * A channel's receive window follows the path: it doubles when in a round trip the host
 * took more than half of it, so that it is the window which holds the peer back, unless
 * something always waited for the host meanwhile: then more of it would only wait longer.
 * Looked at with adjusts, over at least a round trip; what was given is not taken back.
 */

/* What the host has not taken. */
static uint64_t
waits(const struct ssh_chan *ch)
{
	return ch->unread + ch->held.f.len;
}

static bool
limits(const struct ssh_conn *c, const struct ssh_chan *ch, uint64_t past)
{
	return ch->round_took * c->rtt_us / past > ch->window_in_max / 2 &&
	    ch->round_waits <= ch->window_in_max / 8;
}

/* By how much it may grow: no further than what may be held of a connection that a host
 * lets wait. */
static uint32_t
growth(const struct ssh_conn *c, const struct ssh_chan *ch)
{
	uint64_t max = (uint64_t)c->env->pool->free_count * POOL_DATA / SSH_HELD_SHARE;
	uint32_t more = ch->window_in_max;

	if (max > SSH_CHAN_GROW_MAX)
		max = SSH_CHAN_GROW_MAX;
	if (ch->window_in_max >= max)
		return 0;
	if (more > max - ch->window_in_max)
		more = (uint32_t)max - ch->window_in_max;
	return more < SSH_CONN_GROW_MAX - c->grown ? more : SSH_CONN_GROW_MAX - c->grown;
}

/* The host knows of it before the peer does. */
static void
grow(struct ssh_conn *c, struct ssh_chan *ch)
{
	const struct view none = { NULL, 0 };
	uint32_t more = growth(c, ch);

	if (!(ch->flags & CHAN_OPEN_TOLD) || (ch->flags & (CHAN_HOST_TOLD | CHAN_CLOSE_OUT)) || more == 0 ||
	    !c->env->ops->host(c->env->owner, c, ch, CHAN_UP_WINDOW, more, 0, none))
		return;
	ch->window_in_max += more;
	ch->took += more;
	ch->grown += more;
	c->grown += more;
}

void
window_took(struct ssh_chan *ch, uint64_t bytes)
{
	uint64_t left = waits(ch);

	ch->round_took += bytes;
	if (left < ch->round_waits)
		ch->round_waits = left;
}

void
window_follow(struct ssh_conn *c, struct ssh_chan *ch, uint64_t now)
{
	uint64_t past = now - ch->round_us;

	if (c->rtt_us == 0 || past < c->rtt_us || past < ROUND_LEAST_US)
		return;
	if (ch->round_us != 0 && limits(c, ch, past))
		grow(c, ch);
	ch->round_us = now;
	ch->round_took = 0;
	ch->round_waits = waits(ch);
}

void
window_end(struct ssh_conn *c, const struct ssh_chan *ch)
{
	c->grown -= ch->grown;
}
