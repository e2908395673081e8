/*
 * Bytes to numbers and back: the only code that does it.
 *
 * A `struct cur` reads, a `struct put` writes; both work in network byte order
 * inside bounds given once. An access outside the bounds sets `bad`, reads as
 * zero or empty and writes nothing, and stays bad: a decoder takes all its
 * fields and asks once at the end. Nothing here allocates or copies more than
 * it is told to.
 *
 * SSH types are those of RFC 4251 section 5.
 */
#ifndef POSTERN_WIRE_CURSOR_H
#define POSTERN_WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes; valid as long as the buffer they were cut from. */
struct view {
	const uint8_t *data;
	size_t len;
};

struct cur {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

struct put {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	bool bad;
};

static inline struct view
view_of(const void *data, size_t len)
{
	struct view v = { .data = (const uint8_t *)data, .len = len };

	return v;
}

static inline struct view
view_str(const char *text)
{
	return view_of(text, strlen(text));
}

/* view_eq(a, b): same length and bytes. Not constant-time: never for secrets. */
static inline bool
view_eq(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
view_is(struct view a, const char *text)
{
	return view_eq(a, view_str(text));
}

/* ---- reading ---- */

static inline struct cur
cur_of(const void *data, size_t len)
{
	/* An empty view may have no address, and that is not to be added to. */
	const uint8_t *p = data != NULL ? (const uint8_t *)data : (const uint8_t *)"";
	struct cur c = { .p = p, .end = p + len, .bad = false };

	return c;
}

static inline struct cur
cur_view(struct view v)
{
	return cur_of(v.data, v.len);
}

static inline size_t
cur_left(const struct cur *c)
{
	return c->bad ? 0 : (size_t)(c->end - c->p);
}

/* cur_done(c): every field was there and nothing is left over. */
static inline bool
cur_done(const struct cur *c)
{
	return !c->bad && c->p == c->end;
}

/* cur_take(c, len): the next `len` bytes, or an empty view and bad. */
static inline struct view
cur_take(struct cur *c, size_t len)
{
	struct view v = { NULL, 0 };

	if (c->bad || (size_t)(c->end - c->p) < len) {
		c->bad = true;
		return v;
	}
	v.data = c->p;
	v.len = len;
	c->p += len;
	return v;
}

static inline uint8_t
cur_u8(struct cur *c)
{
	struct view v = cur_take(c, 1);

	return v.len == 1 ? v.data[0] : 0;
}

static inline uint16_t
cur_u16(struct cur *c)
{
	struct view v = cur_take(c, 2);

	return v.len == 2 ? (uint16_t)(v.data[0] << 8 | v.data[1]) : 0;
}

static inline uint32_t
cur_u32(struct cur *c)
{
	struct view v = cur_take(c, 4);

	return v.len == 4 ? (uint32_t)v.data[0] << 24 | (uint32_t)v.data[1] << 16 |
	        (uint32_t)v.data[2] << 8 | v.data[3] : 0;
}

static inline uint64_t
cur_u64(struct cur *c)
{
	uint64_t hi = cur_u32(c);

	return hi << 32 | cur_u32(c);
}

/* cur_bool(c): RFC 4251: any non-zero byte is true. */
static inline bool
cur_bool(struct cur *c)
{
	return cur_u8(c) != 0;
}

/* cur_string(c): a uint32 length and that many bytes, borrowed. */
static inline struct view
cur_string(struct cur *c)
{
	uint32_t len = cur_u32(c);

	return cur_take(c, len);
}

/* cur_copy(c, dst, len): the next `len` bytes into `dst`; zeros when bad. */
static inline void
cur_copy(struct cur *c, void *dst, size_t len)
{
	struct view v = cur_take(c, len);

	if (v.len == len && len > 0)
		memcpy(dst, v.data, len);
	else if (len > 0)
		memset(dst, 0, len);
}

/* ---- writing ---- */

static inline struct put
put_of(void *data, size_t size)
{
	struct put w = { .start = (uint8_t *)data, .p = (uint8_t *)data,
	    .end = (uint8_t *)data + size, .bad = false };

	return w;
}

/* put_len(w): bytes written so far. */
static inline size_t
put_len(const struct put *w)
{
	return (size_t)(w->p - w->start);
}

static inline struct view
put_view(const struct put *w)
{
	return view_of(w->start, put_len(w));
}

/* put_fits(w, len): there is room for `len` bytes; bad when there is not. */
static inline bool
put_fits(struct put *w, size_t len)
{
	if (w->bad || (size_t)(w->end - w->p) < len)
		w->bad = true;
	return !w->bad;
}

/* put_left(w): bytes that may still be written. */
static inline size_t
put_left(const struct put *w)
{
	return w->bad ? 0 : (size_t)(w->end - w->p);
}

/* put_room(w, len): a place for `len` bytes that the caller fills, or NULL. */
static inline uint8_t *
put_room(struct put *w, size_t len)
{
	uint8_t *at = w->p;

	if (!put_fits(w, len))
		return NULL;
	w->p += len;
	return at;
}

static inline void
put_bytes(struct put *w, const void *data, size_t len)
{
	if (!put_fits(w, len) || len == 0)
		return;
	memcpy(w->p, data, len);
	w->p += len;
}

static inline void
put_u8(struct put *w, uint8_t v)
{
	if (!put_fits(w, 1))
		return;
	*w->p++ = v;
}

static inline void
put_u16(struct put *w, uint16_t v)
{
	uint8_t *at = w->p;

	if (!put_fits(w, 2))
		return;
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	w->p = at + 2;
}

static inline void
put_u32(struct put *w, uint32_t v)
{
	uint8_t *at = w->p;

	if (!put_fits(w, 4))
		return;
	at[0] = (uint8_t)(v >> 24);
	at[1] = (uint8_t)(v >> 16);
	at[2] = (uint8_t)(v >> 8);
	at[3] = (uint8_t)v;
	w->p = at + 4;
}

static inline void
put_u64(struct put *w, uint64_t v)
{
	put_u32(w, (uint32_t)(v >> 32));
	put_u32(w, (uint32_t)v);
}

static inline void
put_bool(struct put *w, bool v)
{
	put_u8(w, v ? 1 : 0);
}

static inline void
put_string(struct put *w, const void *data, size_t len)
{
	put_u32(w, (uint32_t)len);
	put_bytes(w, data, len);
}

static inline void
put_sview(struct put *w, struct view v)
{
	put_string(w, v.data, v.len);
}

static inline void
put_cstr(struct put *w, const char *text)
{
	put_string(w, text, strlen(text));
}

/* put_mark / put_fill: a string whose length is known only once it is written. */
static inline size_t
put_mark(struct put *w)
{
	size_t at = put_len(w);

	put_u32(w, 0);
	return at;
}

static inline void
put_fill(struct put *w, size_t mark)
{
	struct put at = put_of(w->start + mark, 4);

	if (!w->bad)
		put_u32(&at, (uint32_t)(put_len(w) - mark - 4));
}

#endif
