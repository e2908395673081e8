/* Fields of messages: RFC 4251 section 5. A failure is remembered. */
#ifndef FORWARD_WIRE_H
#define FORWARD_WIRE_H

#include <stdint.h>
#include <string.h>

#include <postern/postern.h>

struct wire_in {
	const uint8_t *at;
	uint64_t left;
	int bad;
};

static inline struct wire_in
wire_in(struct postern_view v)
{
	struct wire_in w = { v.data, v.len, 0 };

	return w;
}

static inline uint32_t
wire_u32(struct wire_in *w)
{
	uint32_t v;

	if (w->bad || w->left < 4) {
		w->bad = 1;
		return 0;
	}
	v = (uint32_t)w->at[0] << 24 | (uint32_t)w->at[1] << 16 | (uint32_t)w->at[2] << 8 | w->at[3];
	w->at += 4;
	w->left -= 4;
	return v;
}

static inline struct postern_view
wire_string(struct wire_in *w)
{
	uint32_t len = wire_u32(w);
	struct postern_view v = postern_view_of(w->at, len);

	if (w->bad || w->left < len) {
		w->bad = 1;
		return postern_view_of("", 0);
	}
	w->at += len;
	w->left -= len;
	return v;
}

static inline int
wire_done(const struct wire_in *w)
{
	return !w->bad && w->left == 0;
}

/* wire_text(v, to, size): as a C string; 0: too long, or with a NUL in it. */
static inline int
wire_text(struct postern_view v, char *to, uint64_t size)
{
	if (v.len >= size || (v.len > 0 && memchr(v.data, 0, v.len) != NULL))
		return 0;
	if (v.len > 0)
		memcpy(to, v.data, v.len);
	to[v.len] = '\0';
	return 1;
}

struct wire_out {
	uint8_t bytes[1024];
	uint64_t len;
};

static inline void
wire_put_u32(struct wire_out *w, uint32_t v)
{
	uint8_t *at = w->bytes + w->len;

	if (sizeof(w->bytes) - w->len < 4)
		return;
	at[0] = (uint8_t)(v >> 24);
	at[1] = (uint8_t)(v >> 16);
	at[2] = (uint8_t)(v >> 8);
	at[3] = (uint8_t)v;
	w->len += 4;
}

/* Texts here are bounded far below the room. */
static inline void
wire_put_text(struct wire_out *w, const char *text)
{
	uint64_t len = strlen(text);

	if (sizeof(w->bytes) - w->len < len + 4)
		return;
	wire_put_u32(w, (uint32_t)len);
	memcpy(w->bytes + w->len, text, len);
	w->len += len;
}

#endif
