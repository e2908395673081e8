/*
 * The framing of NETCONF messages on a byte stream: RFC 6242. Pure: no memory, no I/O.
 *
 * Until both hellos are exchanged, and for sessions of base 1.0, the text "]]>]]>" ends a
 * message (section 4.3). After that sessions of base 1.1 use chunks (section 4.2).
 */
#ifndef NETCONF_FRAMING_H
#define NETCONF_FRAMING_H

#include <stddef.h>
#include <stdint.h>

/* What framing_take found. */
#define FRAMING_MORE 0  /* all was used; more bytes are needed */
#define FRAMING_PIECE 1 /* *piece is part of a message */
#define FRAMING_END 2   /* a message is complete */
#define FRAMING_BAD (-1) /* no framing: the session must end */

struct framing {
	uint8_t chunked;
	uint8_t state;        /* of framing.c */
	uint8_t matched;      /* bytes of "]]>]]>" seen and kept back */
	uint8_t digits;
	uint8_t inside;       /* a message has begun */
	uint8_t reserved[3];
	uint64_t left;        /* of the chunk */
};

struct framing_piece {
	const uint8_t *data;
	size_t len;
};

void framing_init(struct framing *f);

/* framing_chunks(f): chunks from the next message on; between messages only. */
void framing_chunks(struct framing *f);

/*
 * framing_take(f, data, len, used, piece): look at the next bytes. *used says how many are
 * done with; call again with the rest. A piece points into data, or at constant bytes, and
 * has at least one byte.
 */
int framing_take(struct framing *f, const uint8_t *data, size_t len, size_t *used, struct framing_piece *piece);

/* framing_between(f): nothing of a message, or of what frames it, has come. */
int framing_between(const struct framing *f);

/* What goes in front of `len` bytes (> 0) of a message, and behind the last: the bytes
 * written to `to`. */
#define FRAMING_HEAD_MAX 16u
size_t framing_head(int chunked, size_t len, uint8_t to[FRAMING_HEAD_MAX]);
size_t framing_tail(int chunked, uint8_t to[FRAMING_HEAD_MAX]);

#endif
