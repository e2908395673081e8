#include "dataplane/ssh/inner.h"

/*
 * What a host asked for and control allowed: channels toward the peer, and global
 * requests. Who gets the answer is known here, so that nobody else need be there when
 * it comes.
 */

#define TOLD_HEAD 8u /* the asking link and its number, in front of an answer that waits */

static bool
tell(struct ssh_conn *c, struct ssh_ask to, enum host_up what, uint32_t arg, struct view bytes)
{
	return c->env->ops->told(c->env->owner, c, to, what, arg, bytes);
}

/* An answer for a host that has no room waits; those of other hosts do not wait for it.
 * How many there can be is bounded by what a host may have asked for (LINK_ASKS_MAX). */
static int
answer(struct ssh_conn *c, struct ssh_ask to, enum host_up what, uint32_t arg, struct view bytes)
{
	uint8_t item[TOLD_HEAD + SSH_ANSWER_MAX];
	struct put w = put_of(item, sizeof(item));

	if (tell(c, to, what, arg, bytes))
		return 0;
	put_u32(&w, to.link);
	put_u32(&w, to.id);
	put_bytes(&w, bytes.data, bytes.len);
	if (w.bad)
		return -R_INTERNAL;
	return itemq_put(&c->told, c->env->pool, (uint8_t)what, arg, put_view(&w), false) ? 0 : -R_NOMEM;
}

/* Turn the queue once. */
void
told_pump(struct ssh_conn *c)
{
	uint8_t item[TOLD_HEAD + SSH_ANSWER_MAX];

	for (uint32_t turns = c->told.count; turns > 0; turns--) {
		struct item it = *itemq_front(&c->told, c->env->pool);
		struct cur r = cur_of(item, it.len);
		struct ssh_ask to;

		itemq_copy(&c->told, item, it.len);
		itemq_take(&c->told, c->env->pool, it.len);
		to.link = cur_u32(&r);
		to.id = cur_u32(&r);
		if (!tell(c, to, (enum host_up)it.kind, it.arg, view_of(r.p, cur_left(&r))))
			itemq_put(&c->told, c->env->pool, it.kind, it.arg, view_of(item, it.len), false);
	}
}

int
ssh_ask_refuse(struct ssh_conn *c, struct ssh_ask from, enum host_up what, uint32_t arg, struct view text)
{
	c->last_msg = 0;
	return answer(c, from, what, arg, view_of(text.data, text.len < SSH_REFUSED_MAX ? text.len : SSH_REFUSED_MAX));
}

/* ---- channels ---- */

static void
name_it(struct ssh_chan *ch, struct view type)
{
	ch->what_len = (uint8_t)(type.len < sizeof(ch->what) ? type.len : sizeof(ch->what));
	memcpy(ch->what, type.data, ch->what_len);
}

/* The channel exists from here on, so that what follows the peer's confirmation in
 * one burst meets it. */
int
ssh_ask_open(struct ssh_conn *c, struct ssh_ask from, const struct ssh_ask_chan *q)
{
	struct put w = put_of(scratch_out(c), SSH_PAYLOAD_MAX);
	struct ssh_chan *ch;
	int rc;

	c->last_msg = 0;
	if (c->phase != SSH_PHASE_OPEN || q->packet == 0 || q->packet > SSH_CHAN_PACKET_MAX || q->type.len == 0)
		return -R_LINK_STATE;
	/* RFC 4254 section 5.1. */
	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_sview(&w, q->type);
	put_u32(&w, q->ours);
	put_u32(&w, q->window);
	put_u32(&w, q->packet);
	put_bytes(&w, q->body.data, q->body.len);
	if (w.bad)
		return -R_LINK_ITEM;
	if (!chan_free(c, q->ours))
		return -R_LINK_STATE;
	ch = chan_take(c, q->ours);
	if (ch == NULL)
		return -R_NOMEM;
	rc = chan_window(c, ch, q->window) ? ctrl_put(c, put_view(&w)) : -R_LINK_ITEM;
	if (rc != 0) {
		chan_drop(c, ch);
		return rc;
	}
	ch->flags |= CHAN_OPENING | CHAN_ASKED;
	ch->packet_in_max = q->packet;
	ch->link = from.link;
	ch->ask = from.id;
	name_it(ch, q->type);
	return 0;
}

/* Message 91: from here on it is a channel as any other. Without its host it is
 * closed at once. */
int
ask_opened(struct ssh_conn *c, struct ssh_chan *ch)
{
	int rc;

	if (ch->flags & CHAN_HOST_TOLD) {
		drop(c, R_CHAN_HOST_GONE);
		chan_shut(c, ch);
		return 0;
	}
	rc = chan_hold_open(c, ch, view_of(NULL, 0));
	if (rc != 0)
		return rc;
	ch->flags |= CHAN_STARTED;
	chan_pump(c, ch);
	return 0;
}

/* Message 92: u32 reason code, str description, str language tag. */
int
ask_refused(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r)
{
	struct ssh_ask to = { ch->link, ch->ask };
	bool gone = (ch->flags & CHAN_HOST_TOLD) != 0;
	uint32_t ours = ch->ours, use = ch->use;
	uint32_t code = cur_u32(r);
	struct view text = cur_string(r);

	if (r->bad)
		return -R_SHORT;
	chan_drop(c, ch);
	c->env->ops->chan_free(c->env->owner, c, ours, use, false);
	if (gone)
		return 0;
	return answer(c, to, HOST_UP_REFUSED, code,
	    view_of(text.data, text.len < SSH_REFUSED_MAX ? text.len : SSH_REFUSED_MAX));
}

/* ---- global requests ---- */

int
ssh_ask_global(struct ssh_conn *c, struct ssh_ask from, bool want, struct view what, struct view body)
{
	struct put w = put_of(scratch_out(c), SSH_PAYLOAD_MAX);
	bool full = c->ctrl.len + c->delayed.len > SSH_CTRL_SOFT;
	const struct view none = { NULL, 0 };
	int rc;

	c->last_msg = 0;
	if (c->phase != SSH_PHASE_OPEN)
		return -R_LINK_STATE;
	if (full || (want && (c->global_count >= SSH_GLOBAL_MAX || c->asked_count >= SSH_ASKED_MAX))) {
		drop(c, R_CHAN_ASKED_MAX);
		return answer(c, from, HOST_UP_ANSWER, 0, none);
	}
	/* RFC 4254 section 4. */
	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_sview(&w, what);
	put_bool(&w, want);
	put_bytes(&w, body.data, body.len);
	if (w.bad)
		return -R_LINK_ITEM;
	rc = ctrl_put(c, put_view(&w));
	if (rc != 0)
		return rc;
	if (!want)
		return answer(c, from, HOST_UP_ANSWER, 1, none);
	c->global_asked |= 1ull << c->global_count++;
	c->asked[c->asked_count++] = from;
	return 0;
}

/* The answer to the oldest. One that is longer than a host takes is no answer. */
int
ask_answered(struct ssh_conn *c, bool ok, struct view body)
{
	struct ssh_ask to = c->asked[0];

	c->asked_count--;
	memmove(c->asked, c->asked + 1, c->asked_count * sizeof(c->asked[0]));
	if (body.len > SSH_ANSWER_MAX) {
		drop(c, R_LIMIT);
		return answer(c, to, HOST_UP_ANSWER, 0, view_of(NULL, 0));
	}
	return answer(c, to, HOST_UP_ANSWER, ok, ok ? body : view_of(NULL, 0));
}
