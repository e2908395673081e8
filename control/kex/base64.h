/*
 * Base64 text (RFC 4648 section 4) as key files have it. Pure.
 */
#ifndef POSTERN_KEX_BASE64_H
#define POSTERN_KEX_BASE64_H

#include "abi/wire/cursor.h"

/* base64_decode(w, text): line ends are skipped. False: something else than base64
 * was in it, or w is too small. */
bool base64_decode(struct put *w, struct view text);

/* With padding, without line ends. */
void base64_encode(struct put *w, struct view bytes);

#endif
