#include "abi/link/filter.h"

#include "abi/wire/reason.h"

void
filter_put(struct put *w, const struct link_filter *f)
{
	put_u8(w, f->prefix);
	put_bytes(w, f->peer, sizeof(f->peer));
	put_u16(w, f->port);
	put_u32(w, f->conn);
	put_u32(w, f->gen);
}

int
filter_get(struct cur *c, struct link_filter *f)
{
	f->prefix = cur_u8(c);
	cur_copy(c, f->peer, sizeof(f->peer));
	f->port = cur_u16(c);
	f->conn = cur_u32(c);
	f->gen = cur_u32(c);
	return c->bad || f->prefix > 128 ? -R_LINK_ITEM : 0;
}

bool
filter_peer(const struct link_filter *f, const uint8_t peer[16], uint16_t port)
{
	uint32_t bytes = f->prefix / 8, bits = f->prefix % 8;

	if (f->port != 0 && f->port != port)
		return false;
	if (memcmp(f->peer, peer, bytes) != 0)
		return false;
	return bits == 0 || ((f->peer[bytes] ^ peer[bytes]) & (0xff00u >> bits)) == 0;
}

bool
filter_conn(const struct link_filter *f, uint32_t conn, uint32_t gen)
{
	return f->conn == LINK_CONN_NONE || (f->conn == conn && f->gen == gen);
}
