#include "abi/link/grant.h"

#include <string.h>

#include "abi/wire/reason.h"

static int
text_field(char *dst, size_t size, struct view body)
{
	if (body.len >= size || (body.len > 0 && memchr(body.data, 0, body.len) != NULL))
		return -R_LINK_NOTE;
	if (body.len > 0)
		memcpy(dst, body.data, body.len);
	dst[body.len] = '\0';
	return 0;
}

static int
decode_groups(struct grant *g, struct view body)
{
	struct cur c = cur_view(body);

	if (body.len % 4 != 0 || body.len / 4 > GRANT_GROUPS_MAX)
		return -R_LINK_NOTE;
	g->group_count = (uint32_t)(body.len / 4);
	for (uint32_t i = 0; i < g->group_count; i++)
		g->groups[i] = cur_u32(&c);
	return cur_done(&c) ? 0 : -R_LINK_NOTE;
}

static int
decode_numbers(struct grant *g, uint8_t number, struct view body)
{
	struct cur c = cur_view(body);

	if (number == GRANT_RESTRICT) {
		g->restrictions = cur_u32(&c);
	} else {
		g->uid = cur_u32(&c);
		g->gid = cur_u32(&c);
	}
	return cur_done(&c) ? 0 : -R_LINK_NOTE;
}

static int
decode_peer(struct grant *g, struct view body)
{
	struct cur c = cur_view(body);
	int bad = text_field(g->peer, sizeof(g->peer), cur_string(&c));

	g->peer_port = cur_u16(&c);
	bad |= text_field(g->local, sizeof(g->local), cur_string(&c));
	g->local_port = cur_u16(&c);
	return bad != 0 || !cur_done(&c) ? -R_LINK_NOTE : 0;
}

static int
decode_cert(struct grant *g, struct view body)
{
	struct cur c = cur_view(body);
	int bad = text_field(g->cert_id, sizeof(g->cert_id), cur_string(&c));

	g->cert_serial = cur_u64(&c);
	bad |= text_field(g->cert_ca, sizeof(g->cert_ca), cur_string(&c));
	return bad != 0 || !cur_done(&c) ? -R_LINK_NOTE : 0;
}

static int
decode_field(struct grant *g, uint8_t number, struct view body)
{
	switch (number) {
	case GRANT_USER:
		return text_field(g->user, sizeof(g->user), body);
	case GRANT_HOME:
		return text_field(g->home, sizeof(g->home), body);
	case GRANT_SHELL:
		return text_field(g->shell, sizeof(g->shell), body);
	case GRANT_METHODS:
		return text_field(g->methods, sizeof(g->methods), body);
	case GRANT_KEY:
		return text_field(g->key, sizeof(g->key), body);
	case GRANT_COMMAND:
		return text_field(g->command, sizeof(g->command), body);
	case GRANT_UID:
	case GRANT_RESTRICT:
		return decode_numbers(g, number, body);
	case GRANT_GROUPS:
		return decode_groups(g, body);
	case GRANT_PEER:
		return decode_peer(g, body);
	case GRANT_CERT:
		return decode_cert(g, body);
	default:
		return 0; /* of a later version */
	}
}

/* A grant without a user or an identity is none: 0 is root. */
int
grant_decode(struct grant *g, struct view image)
{
	struct cur c;
	struct view body;
	uint16_t version;
	uint8_t number;
	unsigned seen = 0;
	int more;

	memset(g, 0, sizeof(*g));
	if (image.len > GRANT_MAX || note_open(&c, image, &version) != 0)
		return -R_LINK_NOTE;
	while ((more = note_next(&c, &number, &body)) > 0) {
		if (decode_field(g, number, body) != 0)
			return -R_LINK_NOTE;
		if (number == GRANT_USER || number == GRANT_UID)
			seen |= 1u << number;
	}
	if (seen != (1u << GRANT_USER | 1u << GRANT_UID) || g->user[0] == '\0')
		return -R_LINK_NOTE;
	return more;
}

int
grant_encode(const struct grant *g, struct put *w)
{
	size_t mark;

	note_begin(w);
	note_put(w, GRANT_USER, view_str(g->user));
	put_u8(w, GRANT_UID);
	put_u32(w, 8);
	put_u32(w, g->uid);
	put_u32(w, g->gid);
	put_u8(w, GRANT_GROUPS);
	mark = put_mark(w);
	for (uint32_t i = 0; i < g->group_count && i < GRANT_GROUPS_MAX; i++)
		put_u32(w, g->groups[i]);
	put_fill(w, mark);
	note_put(w, GRANT_HOME, view_str(g->home));
	note_put(w, GRANT_SHELL, view_str(g->shell));
	note_put(w, GRANT_METHODS, view_str(g->methods));
	note_put(w, GRANT_KEY, view_str(g->key));
	put_u8(w, GRANT_PEER);
	mark = put_mark(w);
	put_cstr(w, g->peer);
	put_u16(w, g->peer_port);
	put_cstr(w, g->local);
	put_u16(w, g->local_port);
	put_fill(w, mark);
	put_u8(w, GRANT_RESTRICT);
	put_u32(w, 4);
	put_u32(w, g->restrictions);
	if (g->command[0] != '\0')
		note_put(w, GRANT_COMMAND, view_str(g->command));
	if (g->cert_ca[0] != '\0') {
		put_u8(w, GRANT_CERT);
		mark = put_mark(w);
		put_cstr(w, g->cert_id);
		put_u64(w, g->cert_serial);
		put_cstr(w, g->cert_ca);
		put_fill(w, mark);
	}
	return w->bad ? -R_LINK_NOTE : 0;
}
