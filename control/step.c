#include "control/step.h"

#include <string.h>

void
step_init(struct step *s)
{
	s->w = put_of(s->buf, sizeof(s->buf));
	step_begin(s, LINK_CONN_NONE, 0);
}

void
step_wipe(struct step *s)
{
	explicit_bzero(s->buf, put_len(&s->w));
	s->w = put_of(s->buf, sizeof(s->buf));
}

void
step_begin(struct step *s, uint32_t conn, uint32_t gen)
{
	step_wipe(s);
	s->conn = conn;
	s->gen = gen;
	s->serial = 0;
	s->done = false;
	s->used = false;
}

static size_t
item_open(struct step *s, uint8_t item)
{
	s->used = true;
	put_u8(&s->w, item);
	return put_mark(&s->w);
}

static void
item_close(struct step *s, size_t mark)
{
	put_fill(&s->w, mark);
}

static void
item_bytes(struct step *s, uint8_t item, struct view body)
{
	size_t mark = item_open(s, item);

	put_bytes(&s->w, body.data, body.len);
	item_close(s, mark);
}

static void
item_u32(struct step *s, uint8_t item, uint32_t v)
{
	size_t mark = item_open(s, item);

	put_u32(&s->w, v);
	item_close(s, mark);
}

void
step_record(struct step *s, struct view payload)
{
	item_bytes(s, LINK_ITEM_RECORD, payload);
}

size_t
step_record_begin(struct step *s)
{
	return item_open(s, LINK_ITEM_RECORD);
}

size_t
step_record_open(struct step *s, uint8_t msg)
{
	size_t mark = step_record_begin(s);

	put_u8(&s->w, msg);
	return mark;
}

void
step_record_close(struct step *s, size_t mark)
{
	item_close(s, mark);
}

void
step_hold(struct step *s)
{
	item_bytes(s, LINK_ITEM_HOLD, view_of(NULL, 0));
}

void
step_newkeys(struct step *s, uint32_t slot)
{
	item_u32(s, LINK_ITEM_NEWKEYS, slot);
}

void
step_note(struct step *s, struct view image)
{
	item_bytes(s, LINK_ITEM_NOTE, image);
}

void
step_phase(struct step *s, enum ssh_phase phase)
{
	size_t mark = item_open(s, LINK_ITEM_PHASE);

	put_u8(&s->w, (uint8_t)phase);
	item_close(s, mark);
}

void
step_close(struct step *s, int reason, const char *text)
{
	size_t mark = item_open(s, LINK_ITEM_CLOSE);

	put_u32(&s->w, (uint32_t)(reason < 0 ? -reason : reason));
	put_cstr(&s->w, text);
	item_close(s, mark);
}

void
step_chan_new(struct step *s, const struct step_chan *ch)
{
	size_t mark = item_open(s, LINK_ITEM_CHAN_NEW);

	put_u32(&s->w, ch->ours);
	put_u32(&s->w, ch->peers);
	put_u32(&s->w, ch->peer_window);
	put_u32(&s->w, ch->peer_packet);
	put_u32(&s->w, ch->window);
	put_u32(&s->w, ch->packet);
	item_close(s, mark);
}

size_t
step_chan_start_open(struct step *s, uint32_t ours, uint32_t link_id, bool want_reply)
{
	size_t mark = item_open(s, LINK_ITEM_CHAN_START);

	put_u32(&s->w, ours);
	put_u32(&s->w, link_id);
	put_bool(&s->w, want_reply);
	return mark;
}

void
step_chan_start_close(struct step *s, size_t mark)
{
	item_close(s, mark);
}

void
step_chan_close(struct step *s, uint32_t ours)
{
	item_u32(s, LINK_ITEM_CHAN_CLOSE, ours);
}

void
step_chan_asked(struct step *s, uint32_t ours, uint32_t window, uint32_t packet)
{
	size_t mark = item_open(s, LINK_ITEM_CHAN_ASKED);

	put_u32(&s->w, ours);
	put_u32(&s->w, window);
	put_u32(&s->w, packet);
	item_close(s, mark);
}

void
step_global_asked(struct step *s)
{
	item_bytes(s, LINK_ITEM_GLOBAL_ASKED, view_of(NULL, 0));
}

void
step_refuse(struct step *s, enum ssh_open_failure code, const char *text)
{
	size_t mark = item_open(s, LINK_ITEM_REFUSE);

	put_u32(&s->w, code);
	put_cstr(&s->w, text);
	item_close(s, mark);
}

void
step_query(struct step *s, uint32_t link_id, uint32_t id, uint32_t chan, bool want, struct view name,
    struct view body)
{
	size_t mark = item_open(s, LINK_ITEM_QUERY);

	put_u32(&s->w, link_id);
	put_u32(&s->w, id);
	put_u32(&s->w, chan);
	put_bool(&s->w, want);
	put_sview(&s->w, name);
	put_sview(&s->w, body);
	item_close(s, mark);
}

void
step_done(struct step *s, uint32_t serial)
{
	if (serial == 0)
		return;
	s->used = true;
	s->done = true;
	s->serial = serial;
}

bool
step_bad(const struct step *s)
{
	return s->w.bad;
}

void
step_entry(const struct step *s, struct link_entry *e)
{
	memset(e, 0, sizeof(*e));
	e->op = LINK_DOWN_STEP;
	e->flags = s->done ? LINK_F_DONE : 0;
	e->conn = s->conn;
	e->gen = s->gen;
	e->chan = LINK_CHAN_NONE;
	e->serial = s->done ? s->serial : 0;
}
