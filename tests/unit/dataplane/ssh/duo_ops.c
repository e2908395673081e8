/* What a connection of the pair asks of its surroundings. */
#include "tests/unit/dataplane/ssh/duo_inner.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>


static struct duo_side *
side_of(struct ssh_conn *c)
{
	return c->user;
}

static struct duo_side *
other_of(struct duo *d, struct ssh_conn *c)
{
	return side_of(c) == &d->s[SRV] ? &d->s[CLI] : &d->s[SRV];
}

static size_t
op_readable(void *owner, struct ssh_conn *c)
{
	struct duo_side *s = side_of(c);

	(void)owner;
	return s->rx_len < s->visible ? s->rx_len : s->visible;
}

static size_t
op_peek(void *owner, struct ssh_conn *c, void *dst, size_t len)
{
	size_t have = op_readable(owner, c);

	if (len > have)
		len = have;
	if (len > 0)
		memcpy(dst, side_of(c)->rx, len);
	return len;
}

static void
op_take(void *owner, struct ssh_conn *c, size_t len)
{
	struct duo_side *s = side_of(c);

	(void)owner;
	memmove(s->rx, s->rx + len, s->rx_len - len);
	s->rx_len -= len;
	s->visible -= len;
	s->rx_taken += len;
}

static size_t
op_room(void *owner, struct ssh_conn *c)
{
	(void)owner;
	return side_of(c)->room;
}

static void
op_room_short(void *owner, struct ssh_conn *c)
{
	(void)owner;
	side_of(c)->room_short++;
}

void
duo_pipe(struct duo_side *to, const uint8_t *data, size_t len)
{
	if (to->rx_len + len > to->rx_size) {
		to->rx_size = (to->rx_len + len) * 2;
		to->rx = realloc(to->rx, to->rx_size);
	}
	memcpy(to->rx + to->rx_len, data, len);
	to->rx_len += len;
}

static int
op_wire(void *owner, struct ssh_conn *c, const uint8_t *data, size_t len)
{
	struct duo_side *s = side_of(c);

	CU_ASSERT(len <= s->room);
	s->room -= len;
	s->wire_bytes += len;
	duo_pipe(other_of(owner, c), data, len);
	return 0;
}

static bool
op_control_ready(void *owner, struct ssh_conn *c)
{
	struct duo_side *s = side_of(c);
	unsigned waiting = s->up_count - s->up_done;

	(void)owner;
	if (s->control_deaf)
		return false;
	if (c->phase == SSH_PHASE_SERVICE || c->phase == SSH_PHASE_AUTH)
		return waiting == 0;
	return waiting < 16 && s->up_count < DUO_UPS;
}

static int
op_control(void *owner, struct ssh_conn *c, enum ssh_up kind, struct view payload, uint32_t seq,
    uint32_t chan, uint64_t arg)
{
	struct duo_side *s = side_of(c);
	struct duo_up *u = &s->up[s->up_count % DUO_UPS];

	(void)owner;
	if (s->up_count >= DUO_UPS)
		return -R_SSH_QUEUE;
	s->up_count++;
	u->kind = kind;
	u->data = malloc(payload.len + 1);
	u->len = payload.len;
	u->seq = seq;
	u->chan = chan;
	u->arg = arg;
	if (payload.len > 0)
		memcpy(u->data, payload.data, payload.len);
	return 0;
}

static void
log_add(struct duo_host *h, const char *text, size_t len)
{
	size_t at = strlen(h->log);

	if (at + len < sizeof(h->log) - 1) {
		memcpy(h->log + at, text, len);
		h->log[at + len] = '\0';
	}
}

static void
log_data(struct duo_host *h, char letter)
{
	size_t at = strlen(h->log);

	if (at == 0 || h->log[at - 1] != letter)
		log_add(h, &letter, 1);
}

static bool
op_host(void *owner, struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint64_t arg0,
    uint64_t arg1, struct view payload)
{
	struct duo_side *s = side_of(c);
	struct duo_host *h = &s->host[ch->ours];
	struct duo *d = owner;
	int from = s == &d->s[SRV] ? CLI : SRV;
	struct cur r = cur_view(payload);
	struct view name;

	if (s->host_full || (s->host_old && kind == CHAN_UP_WINDOW))
		return false;
	if (kind != CHAN_UP_OPEN)
		CU_ASSERT(h->open);
	CU_ASSERT(strchr(h->log, 'X') == NULL);
	switch (kind) {
	case CHAN_UP_OPEN:
		CU_ASSERT(!h->open);
		h->open = true;
		h->credit += arg1;
		h->window = ch->window_in_max;
		CU_ASSERT(arg0 == ch->packet_in_max);
		log_add(h, "O", 1);
		break;
	case CHAN_UP_DATA:
		CU_ASSERT(payload.len > 0 && payload.len <= SSH_CHAN_PACKET_MAX);
		for (size_t i = 0; i < payload.len; i++)
			if (arg0 == 0 && payload.data[i] != duo_byte(from, ch->ours, h->got + i))
				h->bad = true;
		h->got += arg0 == 0 ? payload.len : 0;
		h->unread += payload.len;
		CU_ASSERT(h->unread <= h->window);
		log_data(h, arg0 == 0 ? 'd' : 's');
		break;
	case CHAN_UP_EOF:
		log_add(h, "e", 1);
		break;
	case CHAN_UP_REQUEST:
		name = cur_string(&r);
		log_add(h, arg0 ? "R(" : "r(", 2);
		log_add(h, (const char *)name.data, name.len);
		log_add(h, ")", 1);
		break;
	case CHAN_UP_CREDIT:
		h->credit += arg0;
		CU_ASSERT(ch->credit + ch->queued + arg0 <= SSH_CHAN_OUT_MAX);
		CU_ASSERT(ch->credit + arg0 <= ch->window_out);
		break;
	case CHAN_UP_SHUT:
		h->shut = true;
		break;
	case CHAN_UP_WINDOW:
		h->window += arg0;
		break;
	case CHAN_UP_CLOSED:
		log_add(h, "X", 1);
		break;
	}
	return true;
}

static bool
op_told(void *owner, struct ssh_conn *c, struct ssh_ask to, enum host_up what, uint64_t arg,
    struct view payload)
{
	struct duo_side *s = side_of(c);
	size_t at = strlen(s->told);

	(void)owner;
	if (s->host_full)
		return false;
	snprintf(s->told + at, sizeof(s->told) - at, "%u.%u:%c%u(%.*s) ", to.link, to.id,
	    what == HOST_UP_REFUSED ? 'R' : 'A', (unsigned)arg, (int)payload.len,
	    payload.len > 0 ? (const char *)payload.data : "");
	return true;
}

static void
op_chan_free(void *owner, struct ssh_conn *c, uint32_t ours, uint32_t use, bool started)
{
	struct duo_side *s = side_of(c);

	(void)owner;
	(void)use;
	CU_ASSERT(!chanset_has(&s->freed, ours));
	CU_ASSERT(started || !s->host[ours].open);
	chanset_add(&s->freed, ours);
}

static void
op_drop(void *owner, int reason)
{
	struct duo *d = owner;

	d->s[SRV].drops[reason]++; /* both sides share the count */
}

static void
op_random(void *owner, void *dst, size_t len)
{
	uint8_t *p = dst;

	while (len-- > 0)
		*p++ = (uint8_t)duo_random(owner);
}

const struct ssh_ops duo_ops = {
	.peek = op_peek, .take = op_take, .readable = op_readable, .room = op_room, .room_short = op_room_short,
	.wire = op_wire, .control_ready = op_control_ready, .control = op_control, .host = op_host,
	.told = op_told, .chan_free = op_chan_free, .drop = op_drop, .random = op_random,
};
