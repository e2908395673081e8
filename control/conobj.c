#include "control/conobj.h"

#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"

static int
decode_chan(struct adopt *a, struct view body)
{
	struct cur c = cur_view(body);

	if (a->chan_count >= NOTE_CHAN_MAX)
		return -R_LINK_NOTE;
	a->chan[a->chan_count++] = cur_u32(&c);
	return c.bad ? -R_LINK_NOTE : 0;
}

static int
decode_peer(struct adopt *a, struct view body)
{
	struct cur c = cur_view(body);

	a->address = cur_string(&c);
	a->port = cur_u16(&c);
	a->local = cur_string(&c);
	a->local_port = cur_u16(&c);
	return c.bad || a->address.len >= CONOBJ_ADDRESS_MAX || a->local.len >= CONOBJ_ADDRESS_MAX
		   ? -R_LINK_NOTE
		   : 0;
}

static int
decode_field(struct adopt *a, uint8_t number, struct view body)
{
	uint8_t small = body.len > 0 ? body.data[0] : 0;

	switch (number) {
	case ADOPT_PHASE:
		a->phase = small;
		return body.len == 1 && small < SSH_PHASE_COUNT ? 0 : -R_LINK_NOTE;
	case ADOPT_PEER:
		return decode_peer(a, body);
	case ADOPT_NOTE:
		a->note = body;
		return body.len <= NOTE_MAX ? 0 : -R_LINK_NOTE;
	case ADOPT_GRANT:
		a->grant = body;
		return 0;
	case ADOPT_CHAN:
		return decode_chan(a, body);
	case ADOPT_IDENT:
		a->ident = body;
		return body.len <= SSH_IDENT_MAX ? 0 : -R_LINK_NOTE;
	default:
		return 0; /* not needed, or of a later version */
	}
}

int
adopt_decode(struct adopt *a, struct view image)
{
	struct cur c;
	struct view body;
	uint16_t version;
	uint8_t number;
	int more;

	memset(a, 0, sizeof(*a));
	if (note_open(&c, image, &version) != 0)
		return -R_LINK_NOTE;
	while ((more = note_next(&c, &number, &body)) > 0)
		if (decode_field(a, number, body) != 0)
			return -R_LINK_NOTE;
	return more;
}

static void
text(char dst[CONOBJ_ADDRESS_MAX], struct view from)
{
	if (from.len > 0)
		memcpy(dst, from.data, from.len);
	dst[from.len] = '\0';
}

int
conobj_store(struct conobj *p, struct view image)
{
	uint8_t *copy = realloc(p->note, image.len > 0 ? image.len : 1);

	if (copy == NULL)
		return -R_NOMEM;
	if (image.len > 0)
		memcpy(copy, image.data, image.len);
	p->note = copy;
	p->note_len = (uint32_t)image.len;
	return 0;
}

int
conobj_init(struct conobj *p, uint32_t conn, uint32_t gen, const struct adopt *a)
{
	struct note check;

	memset(p, 0, sizeof(*p));
	p->node.conn = conn;
	p->node.gen = gen;
	p->phase = a->phase;
	p->port = a->port;
	p->local_port = a->local_port;
	text(p->address, a->address);
	text(p->local, a->local);
	if (note_decode(&check, a->note) != 0)
		return -R_LINK_NOTE;
	return conobj_store(p, a->note);
}

void
conobj_fini(struct conobj *p)
{
	free(p->note);
	p->note = NULL;
	p->note_len = 0;
}
