/*
 * Numbers as RFC 4251 section 5 writes them (mpint), not negative ones only:
 * magnitudes in big-endian order here, two's complement on the wire.
 */
#ifndef POSTERN_WIRE_MPINT_H
#define POSTERN_WIRE_MPINT_H

#include "abi/wire/cursor.h"

/* mpint_trim(v): without leading zero bytes. Not in constant time. */
static inline struct view
mpint_trim(struct view v)
{
	while (v.len > 0 && v.data[0] == 0) {
		v.data++;
		v.len--;
	}
	return v;
}

/* cur_mpint(c): the magnitude without leading zeros, empty for 0. A negative number
 * and one with needless leading bytes fail the cursor. */
static inline struct view
cur_mpint(struct cur *c)
{
	struct view v = cur_string(c);

	if (v.len > 0 && v.data[0] == 0) {
		if (v.len == 1 || (v.data[1] & 0x80) == 0)
			c->bad = true;
		v = view_of(v.data + 1, v.len - 1);
	} else if (v.len > 0 && (v.data[0] & 0x80) != 0) {
		c->bad = true;
	}
	return c->bad ? view_of(NULL, 0) : v;
}

/* put_mpint(w, v): leading zeros of v are left out. */
static inline void
put_mpint(struct put *w, struct view v)
{
	bool pad;

	v = mpint_trim(v);
	pad = v.len > 0 && (v.data[0] & 0x80) != 0;
	put_u32(w, (uint32_t)(v.len + (pad ? 1 : 0)));
	if (pad)
		put_u8(w, 0);
	put_bytes(w, v.data, v.len);
}

#endif
