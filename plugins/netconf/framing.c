#include "framing.h"

#include <stdio.h>
#include <string.h>

/* RFC 6242 section 4.3. */
static const uint8_t mark[] = "]]>]]>";
#define MARK_LEN 6u

/* Section 4.2: chunk = LF HASH chunk-size LF chunk-data, end-of-chunks = LF HASH HASH LF,
 * a message is one chunk or more and the end. */
enum state {
	CHUNK_LF,     /* the line feed in front of # */
	CHUNK_HASH,
	CHUNK_FIRST,  /* first digit, or # of the end */
	CHUNK_DIGITS,
	CHUNK_DATA,
	CHUNK_END,    /* the line feed behind ## */
};

#define CHUNK_SIZE_MAX 4294967295u
#define CHUNK_DIGITS_MAX 10u

void
framing_init(struct framing *f)
{
	memset(f, 0, sizeof(*f));
}

void
framing_chunks(struct framing *f)
{
	framing_init(f);
	f->chunked = 1;
	f->state = CHUNK_LF;
}

/* ---- until a mark ---- */

/*
 * How much of the mark is still matched when `c` follows `matched` bytes of it: the longest
 * beginning of the mark that these bytes end with. ']' after "]]" leaves "]]", after
 * "]]>]]" too.
 */
static uint8_t
match(uint8_t matched, uint8_t c)
{
	if (c == mark[matched])
		return (uint8_t)(matched + 1);
	if (c == ']')
		return matched == 2 || matched == 5 ? 2 : 1;
	return 0;
}

static int
hand(struct framing *f, const uint8_t *data, size_t len, struct framing_piece *piece)
{
	piece->data = data;
	piece->len = len;
	f->inside = 1;
	return FRAMING_PIECE;
}

/* What is kept back begins as the mark does, so it needs no memory. */
static int
take_marked(struct framing *f, const uint8_t *data, size_t len, size_t *used, struct framing_piece *piece)
{
	uint8_t now, was;

	*used = 0;
	while (*used < len) {
		if (f->matched == 0) {
			const uint8_t *at = memchr(data, mark[0], len);

			*used = at != NULL ? (size_t)(at - data) : len;
			if (*used > 0)
				return hand(f, data, *used, piece);
		}
		was = f->matched;
		now = match(was, data[*used]);
		if (now == 0) { /* not of the mark: looked at again, by itself */
			f->matched = 0;
			return hand(f, mark, was, piece);
		}
		++*used;
		f->matched = now;
		if (now == MARK_LEN) {
			framing_init(f);
			return FRAMING_END;
		}
		if (now <= was)
			return hand(f, mark, (size_t)was + 1 - now, piece);
	}
	return FRAMING_MORE;
}

/* ---- in chunks ---- */

static int
digit(struct framing *f, uint8_t c)
{
	if (c < '0' || c > '9' || f->digits == CHUNK_DIGITS_MAX)
		return -1;
	f->left = f->left * 10 + (uint64_t)(c - '0');
	f->digits++;
	return f->left <= CHUNK_SIZE_MAX ? 0 : -1;
}

/* One byte outside of data. 0, FRAMING_END or FRAMING_BAD. */
static int
header(struct framing *f, uint8_t c)
{
	switch (f->state) {
	case CHUNK_LF:
		f->state = CHUNK_HASH;
		return c == '\n' ? 0 : FRAMING_BAD;
	case CHUNK_HASH:
		f->state = CHUNK_FIRST;
		return c == '#' ? 0 : FRAMING_BAD;
	case CHUNK_FIRST:
		f->left = f->digits = 0;
		f->state = c == '#' ? CHUNK_END : CHUNK_DIGITS;
		if (c == '#')
			return f->inside ? 0 : FRAMING_BAD; /* one chunk or more */
		return c != '0' && digit(f, c) == 0 ? 0 : FRAMING_BAD;
	case CHUNK_DIGITS:
		if (c != '\n')
			return digit(f, c) == 0 ? 0 : FRAMING_BAD;
		f->state = CHUNK_DATA;
		return 0;
	default: /* CHUNK_END */
		f->state = CHUNK_LF;
		f->inside = 0;
		return c == '\n' ? FRAMING_END : FRAMING_BAD;
	}
}

static int
take_chunked(struct framing *f, const uint8_t *data, size_t len, size_t *used, struct framing_piece *piece)
{
	size_t n;
	int r;

	*used = 0;
	while (*used < len) {
		if (f->state == CHUNK_DATA) {
			n = len - *used < f->left ? len - *used : (size_t)f->left;
			f->left -= n;
			if (f->left == 0)
				f->state = CHUNK_LF;
			*used += n;
			return hand(f, data + *used - n, n, piece);
		}
		r = header(f, data[(*used)++]);
		if (r != 0)
			return r;
	}
	return FRAMING_MORE;
}

int
framing_take(struct framing *f, const uint8_t *data, size_t len, size_t *used, struct framing_piece *piece)
{
	return f->chunked ? take_chunked(f, data, len, used, piece) : take_marked(f, data, len, used, piece);
}

int
framing_between(const struct framing *f)
{
	return !f->inside && f->matched == 0 && f->state == CHUNK_LF;
}

/* ---- out ---- */

size_t
framing_head(int chunked, size_t len, uint8_t to[FRAMING_HEAD_MAX])
{
	return chunked ? (size_t)snprintf((char *)to, FRAMING_HEAD_MAX, "\n#%zu\n", len) : 0;
}

size_t
framing_tail(int chunked, uint8_t to[FRAMING_HEAD_MAX])
{
	const char *tail = chunked ? "\n##\n" : "]]>]]>";

	memcpy(to, tail, strlen(tail));
	return strlen(tail);
}
