#include "dataplane/ssh/inner.h"

/* The channel's next record toward the peer, in wire order: window adjust (it
 * has no place in the order), then what is queued, then CLOSE. */

#define DATA_HEAD 9u      /* message, channel, length */
#define EXTENDED_HEAD 13u /* and the type */
#define ADJUST_LEN 9u
#define PLAIN_LEN 5u      /* message and channel */
#define ORPHAN_LEN 17u    /* and a code and two empty strings */

/* RFC 4254 section 6.10: "exit-signal", no reply; ABRT, no core, no text. */
static const uint8_t abort_request[] = "\0\0\0\013exit-signal\0\0\0\0\004ABRT\0\0\0\0\0\0\0\0\0";
#define ABORT_LEN (PLAIN_LEN + sizeof(abort_request) - 1)

/*
 * Consumption is the only credit. OpenSSH's rule, three maximum packets or a
 * window below half, without its adjusts of a few bytes each: below half at
 * least a packet or a quarter, anything once the peer cannot send at all.
 */
static bool
adjust_due(const struct ssh_chan *ch)
{
	if (ch->took == 0 || (ch->flags & (CHAN_EOF_IN | CHAN_CLOSE_IN)))
		return false;
	if ((ch->flags & CHAN_CLOSE_OUT) && ch->out.count == 0)
		return false;
	if (ch->took / 3 >= ch->packet_in_max || ch->window_in == 0 || (ch->flags & CHAN_ADJUST_NOW))
		return true;
	return ch->window_in < ch->window_in_max / 2 &&
	    (ch->took >= ch->packet_in_max || ch->took >= ch->window_in_max / 4);
}

/* Data bytes of the next record: as the window and the peer's maximum allow. */
static uint32_t
data_now(const struct ssh_conn *c, const struct ssh_chan *ch, const struct item *it)
{
	uint64_t n = it->len;

	if (n > ch->packet_out_max)
		n = ch->packet_out_max;
	if (n > ch->window_out)
		n = ch->window_out;
	if (c->zip.out.on && n > ZIP_SLICE)
		n = ZIP_SLICE;
	return (uint32_t)n;
}

static size_t
item_len(const struct ssh_conn *c, const struct ssh_chan *ch, const struct item *it)
{
	uint32_t n;

	switch (it->kind) {
	case CHAN_ITEM_DATA:
		n = data_now(c, ch, it);
		if (n == 0)
			return 0;
		return n + (it->arg == 0 ? DATA_HEAD : EXTENDED_HEAD);
	case CHAN_ITEM_REQUEST:
		return PLAIN_LEN + it->len + 1;
	default:
		return PLAIN_LEN;
	}
}

size_t
chan_peek(struct ssh_conn *c, struct ssh_chan *ch)
{
	const struct item *it;

	if (ch->flags & (CHAN_OPENING | CHAN_CLOSE_SENT))
		return 0;
	if (ch->flags & CHAN_CONFIRMING)
		return ch->flags & CHAN_HOST_TOLD ? ORPHAN_LEN : 0;
	if (adjust_due(ch))
		return ADJUST_LEN;
	it = itemq_front(&ch->out, c->env->pool);
	if (it != NULL)
		return item_len(c, ch, it);
	if (!(ch->flags & CHAN_CLOSE_OUT))
		return 0;
	if (ch->replies_owed == 0 && (ch->flags & CHAN_ABORT))
		return ABORT_LEN;
	return PLAIN_LEN;
}

static void
plain(struct put *w, const struct ssh_chan *ch, uint8_t msg)
{
	put_u8(w, msg);
	put_u32(w, ch->peers);
}

static void
data_build(struct ssh_conn *c, struct ssh_chan *ch, const struct item *it, struct put *w)
{
	uint32_t n = data_now(c, ch, it);
	uint8_t *at;

	plain(w, ch, it->arg == 0 ? SSH_MSG_CHANNEL_DATA : SSH_MSG_CHANNEL_EXTENDED_DATA);
	if (it->arg != 0)
		put_u32(w, it->arg);
	put_u32(w, n);
	at = put_room(w, n);
	if (at != NULL)
		itemq_copy(&ch->out, at, n);
	itemq_take(&ch->out, c->env->pool, n);
	ch->window_out -= n;
	ch->queued -= n;
	c->lent -= n;
	ch->bytes_out += n;
}

/* The host's form (name, specifics) with "no reply wanted" between the two. */
static void
request_build(struct ssh_conn *c, struct ssh_chan *ch, const struct item *it, struct put *w)
{
	uint32_t len = it->len;
	struct cur r;
	size_t name;
	uint8_t *at;

	plain(w, ch, SSH_MSG_CHANNEL_REQUEST);
	ch->requests_queued -= len;
	at = put_room(w, len + 1);
	if (at == NULL)
		return;
	itemq_copy(&ch->out, at + 1, len);
	itemq_take(&ch->out, c->env->pool, len);
	r = cur_of(at + 1, len);
	name = 4 + cur_string(&r).len;
	memmove(at, at + 1, name);
	at[name] = 0;
}

static void
item_build(struct ssh_conn *c, struct ssh_chan *ch, const struct item *it, struct put *w)
{
	switch (it->kind) {
	case CHAN_ITEM_DATA:
		data_build(c, ch, it, w);
		return;
	case CHAN_ITEM_REQUEST:
		request_build(c, ch, it, w);
		return;
	case CHAN_ITEM_EOF:
		plain(w, ch, SSH_MSG_CHANNEL_EOF);
		break;
	default:
		plain(w, ch, it->arg != 0 ? SSH_MSG_CHANNEL_SUCCESS : SSH_MSG_CHANNEL_FAILURE);
		ch->replies_queued--;
		break;
	}
	itemq_take(&ch->out, c->env->pool, it->len);
}

/* The end: replies that the host left owing, its death, CLOSE. */
static void
close_build(struct ssh_chan *ch, struct put *w)
{
	if (ch->replies_owed > 0) {
		ch->replies_owed--;
		plain(w, ch, SSH_MSG_CHANNEL_FAILURE);
	} else if (ch->flags & CHAN_ABORT) {
		ch->flags &= ~CHAN_ABORT;
		plain(w, ch, SSH_MSG_CHANNEL_REQUEST);
		put_bytes(w, abort_request, sizeof(abort_request) - 1);
	} else {
		ch->flags |= CHAN_CLOSE_SENT;
		plain(w, ch, SSH_MSG_CHANNEL_CLOSE);
	}
}

/* The host died with the peer's open: RFC 4254 section 5.1. For the peer the channel
 * never was. */
static void
orphan_build(struct ssh_chan *ch, struct put *w)
{
	plain(w, ch, SSH_MSG_CHANNEL_OPEN_FAILURE);
	put_u32(w, SSH_OPEN_CONNECT_FAILED);
	put_cstr(w, ""); /* text, language tag */
	put_cstr(w, "");
	ch->flags &= ~CHAN_CONFIRMING;
	ch->flags |= CHAN_CLOSE_IN | CHAN_CLOSE_OUT | CHAN_CLOSE_SENT;
}

size_t
chan_build(struct ssh_conn *c, struct ssh_chan *ch, uint8_t *dst, size_t len, uint64_t now)
{
	struct put w = put_of(dst, len);
	const struct item *it;

	if (ch->flags & CHAN_CONFIRMING) {
		orphan_build(ch, &w);
		return put_len(&w);
	}
	if (adjust_due(ch)) {
		window_follow(c, ch, now);
		plain(&w, ch, SSH_MSG_CHANNEL_WINDOW_ADJUST);
		put_u32(&w, ch->took);
		ch->window_in += ch->took;
		ch->took = 0;
		ch->flags &= ~CHAN_ADJUST_NOW;
		return put_len(&w);
	}
	it = itemq_front(&ch->out, c->env->pool);
	if (it != NULL)
		item_build(c, ch, it, &w);
	else
		close_build(ch, &w);
	return put_len(&w);
}
