#include "control/clerk/clerk.h"

#include <string.h>

/* State of a channel in its NOTE_CHAN: u32 peer's number, u8 flags, with CHAN_F_QUERY
 * u32 id, u8 wants a reply, str plugin; str pty, u32 count, (str name, str value)*. */
#define CHAN_F_STARTED 0x01u
#define CHAN_F_PTY 0x02u
#define CHAN_F_FOREIGN 0x04u
#define CHAN_F_QUERY 0x08u

static int
clerk_chan_decode(struct clerk_chan *ch, const struct note_chan *from)
{
	struct cur c = cur_view(from->state);
	uint8_t flags;

	memset(ch, 0, sizeof(*ch));
	ch->ours = from->ours;
	ch->peers = cur_u32(&c);
	flags = cur_u8(&c);
	ch->started = (flags & CHAN_F_STARTED) != 0;
	ch->has_pty = (flags & CHAN_F_PTY) != 0;
	ch->foreign = (flags & CHAN_F_FOREIGN) != 0;
	if (flags & CHAN_F_QUERY) {
		ch->query = cur_u32(&c);
		ch->query_want = cur_bool(&c);
		ch->query_plugin = cur_string(&c);
	}
	ch->pty = cur_string(&c);
	ch->env_count = cur_u32(&c);
	ch->env = cur_take(&c, cur_left(&c));
	return c.bad ? -R_LINK_NOTE : 0;
}

int
clerk_chan_find(const struct note *n, uint32_t ours, struct clerk_chan *ch, uint32_t *at)
{
	for (uint32_t i = 0; i < n->chan_count; i++) {
		if (n->chan[i].ours != ours)
			continue;
		*at = i;
		return clerk_chan_decode(ch, &n->chan[i]);
	}
	return -R_CHAN_UNKNOWN;
}

int
clerk_chan_store(struct note *n, uint32_t at, const struct clerk_chan *ch, struct put *w)
{
	uint8_t *from = w->p;

	put_u32(w, ch->peers);
	put_u8(w, (uint8_t)((ch->started ? CHAN_F_STARTED : 0) | (ch->has_pty ? CHAN_F_PTY : 0) |
	              (ch->foreign ? CHAN_F_FOREIGN : 0) | (ch->query != 0 ? CHAN_F_QUERY : 0)));
	if (ch->query != 0) {
		put_u32(w, ch->query);
		put_bool(w, ch->query_want);
		put_sview(w, ch->query_plugin);
	}
	put_sview(w, ch->pty);
	put_u32(w, ch->env_count);
	put_bytes(w, ch->env.data, ch->env.len);
	if (w->bad || (size_t)(w->p - from) > NOTE_CHAN_STATE_MAX)
		return -R_LIMIT;
	n->chan[at].ours = ch->ours;
	n->chan[at].state = view_of(from, (size_t)(w->p - from));
	return 0;
}

uint32_t
clerk_sessions(const struct note *n)
{
	struct clerk_chan ch;
	uint32_t count = 0;

	for (uint32_t i = 0; i < n->chan_count; i++)
		count += clerk_chan_decode(&ch, &n->chan[i]) != 0 || !ch.foreign;
	return count;
}

void
clerk_chan_remove(struct note *n, uint32_t at)
{
	n->chan_count--;
	for (uint32_t i = at; i < n->chan_count; i++)
		n->chan[i] = n->chan[i + 1];
}
