#include "abi/link/note.h"

#include <string.h>

#include "abi/wire/reason.h"

/* A version that is older or newer is read the same way: fields only grow. */
int
note_open(struct cur *c, struct view image, uint16_t *version)
{
	*c = cur_view(image);
	*version = cur_u16(c);
	return c->bad || *version == 0 ? -R_LINK_NOTE : 0;
}

int
note_next(struct cur *c, uint8_t *number, struct view *body)
{
	if (!c->bad && c->p == c->end)
		return 0;
	*number = cur_u8(c);
	*body = cur_string(c);
	return c->bad ? -R_LINK_NOTE : 1;
}

void
note_begin(struct put *w)
{
	put_u16(w, NOTE_VERSION);
}

void
note_put(struct put *w, uint8_t number, struct view body)
{
	put_u8(w, number);
	put_sview(w, body);
}

static int
decode_auth(struct note *n, struct view body)
{
	struct cur c = cur_view(body);

	n->auth_requests = cur_u32(&c);
	n->auth_failures = cur_u32(&c);
	n->auth_queries = cur_u32(&c);
	n->auth_user = cur_string(&c);
	n->auth_service = cur_string(&c);
	return cur_done(&c) ? 0 : -R_LINK_NOTE;
}

static int
decode_chan(struct note *n, struct view body)
{
	struct cur c = cur_view(body);
	struct note_chan *ch;

	if (n->chan_count >= NOTE_CHAN_MAX)
		return -R_LINK_NOTE;
	ch = &n->chan[n->chan_count++];
	ch->ours = cur_u32(&c);
	ch->state = cur_take(&c, cur_left(&c));
	return c.bad || ch->state.len > NOTE_CHAN_STATE_MAX ? -R_LINK_NOTE : 0;
}

static int
decode_small(struct note *n, uint8_t number, struct view body)
{
	struct cur c = cur_view(body);

	if (number == NOTE_FLAGS) {
		n->flags = cur_u32(&c);
	} else if (number == NOTE_GLOBAL) {
		n->global_query = cur_u32(&c);
		n->global_want = cur_bool(&c);
	} else {
		n->kex_state = cur_u8(&c);
		n->kex_skip_guess = cur_u8(&c);
	}
	return cur_done(&c) ? 0 : -R_LINK_NOTE;
}

/* Where a field that is plain bytes belongs, and how long it may be. */
static struct view *
plain_field(struct note *n, uint8_t number, size_t *max)
{
	*max = NOTE_KEXINIT_MAX;
	switch (number) {
	case NOTE_KEXINIT_PEER:
		return &n->kexinit_peer;
	case NOTE_KEXINIT_OURS:
		return &n->kexinit_ours;
	case NOTE_NAMES:
		*max = 1024;
		return &n->names;
	case NOTE_IDENT_PEER:
		*max = SSH_IDENT_MAX;
		return &n->ident_peer;
	case NOTE_IDENT_OURS:
		*max = SSH_IDENT_MAX;
		return &n->ident_ours;
	case NOTE_SESSION_ID:
		*max = SSH_HASH_MAX;
		return &n->session_id;
	case NOTE_HOST_KEY:
		*max = 32;
		return &n->host_key;
	default:
		return NULL;
	}
}

static int
decode_field(struct note *n, uint8_t number, struct view body)
{
	size_t max;
	struct view *plain = plain_field(n, number, &max);

	if (plain != NULL) {
		*plain = body;
		return body.len <= max ? 0 : -R_LINK_NOTE;
	}
	switch (number) {
	case NOTE_FLAGS:
	case NOTE_KEX_STATE:
	case NOTE_GLOBAL:
		return decode_small(n, number, body);
	case NOTE_AUTH:
		return decode_auth(n, body);
	case NOTE_CHAN:
		return decode_chan(n, body);
	default:
		return 0; /* of a later version */
	}
}

int
note_decode(struct note *n, struct view image)
{
	struct cur c;
	struct view body;
	uint16_t version;
	uint8_t number;
	int more;

	memset(n, 0, sizeof(*n));
	if (image.len == 0)
		return 0;
	if (note_open(&c, image, &version) != 0)
		return -R_LINK_NOTE;
	while ((more = note_next(&c, &number, &body)) > 0)
		if (decode_field(n, number, body) != 0)
			return -R_LINK_NOTE;
	return more;
}

static void
put_present(struct put *w, uint8_t number, struct view body)
{
	if (body.len > 0)
		note_put(w, number, body);
}

static void
encode_counts(const struct note *n, struct put *w)
{
	size_t mark;

	put_u8(w, NOTE_FLAGS);
	put_u32(w, 4);
	put_u32(w, n->flags);
	put_u8(w, NOTE_KEX_STATE);
	put_u32(w, 2);
	put_u8(w, n->kex_state);
	put_u8(w, n->kex_skip_guess);
	put_u8(w, NOTE_AUTH);
	mark = put_mark(w);
	put_u32(w, n->auth_requests);
	put_u32(w, n->auth_failures);
	put_u32(w, n->auth_queries);
	put_sview(w, n->auth_user);
	put_sview(w, n->auth_service);
	put_fill(w, mark);
}

int
note_encode(const struct note *n, struct put *w)
{
	note_begin(w);
	put_present(w, NOTE_IDENT_PEER, n->ident_peer);
	put_present(w, NOTE_IDENT_OURS, n->ident_ours);
	put_present(w, NOTE_SESSION_ID, n->session_id);
	put_present(w, NOTE_HOST_KEY, n->host_key);
	put_present(w, NOTE_NAMES, n->names);
	put_present(w, NOTE_KEXINIT_PEER, n->kexinit_peer);
	put_present(w, NOTE_KEXINIT_OURS, n->kexinit_ours);
	encode_counts(n, w);
	if (n->global_query != 0) {
		put_u8(w, NOTE_GLOBAL);
		put_u32(w, 5);
		put_u32(w, n->global_query);
		put_bool(w, n->global_want);
	}
	for (uint32_t i = 0; i < n->chan_count && i < NOTE_CHAN_MAX; i++) {
		size_t mark;

		put_u8(w, NOTE_CHAN);
		mark = put_mark(w);
		put_u32(w, n->chan[i].ours);
		put_bytes(w, n->chan[i].state.data, n->chan[i].state.len);
		put_fill(w, mark);
	}
#if POSTERN_NEXT
	note_put(w, NOTE_NEXT, view_str("next"));
#endif
	return w->bad ? -R_LINK_NOTE : 0;
}
