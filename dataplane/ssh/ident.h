/*
 * The identification line (RFC 4253 section 4.2).
 */
#ifndef POSTERN_SSH_IDENT_H
#define POSTERN_SSH_IDENT_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

/* Lines that a server may send before its identification; a client skips them. */
#define IDENT_SKIP_LINE_MAX 1024u
#define IDENT_SKIP_COUNT_MAX 64u

enum ident_result {
	IDENT_MORE = 0, /* no whole line yet */
	IDENT_LINE = 1, /* *line is it, without CR LF; *used bytes belong to it */
	IDENT_SKIP = 2, /* client only: a line in front of it, *used bytes */
};

/*
 * ident_scan(buf, have, client, used, line): look at the first bytes of the
 * peer. A bare LF ends a line too. Versions 2.0 and 1.99 are served.
 * -R_SSH_IDENT_LONG, -R_SSH_IDENT_VERSION for a line of another version, or
 * -R_SSH_IDENT_BAD as soon as the bytes cannot become a line that we accept.
 */
int ident_scan(const uint8_t *buf, size_t have, bool client, size_t *used, struct view *line);

/* ident_build(w, comment): our line with CR LF; comment may be NULL. 0, or
 * -R_SSH_IDENT_BAD when the comment is not printable or too long. */
int ident_build(struct put *w, const char *comment);

#endif
