/*
 * What peers are known to do wrong, by their identification string (RFC 4253 section
 * 4.2): one table. A quirk is here because something that we do depends on it.
 */
#ifndef POSTERN_KEX_QUIRKS_H
#define POSTERN_KEX_QUIRKS_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

/* Makes a wrong K of curve25519 when it begins with zeros. */
#define QUIRK_CURVE25519_PAD 0x1u
/* Asks for a group in the form of before RFC 4419. */
#define QUIRK_DHGEX_OLD 0x2u
/* Ends the connection, or its user's patience, at hostkeys-00@openssh.com. */
#define QUIRK_NO_HOSTKEYS 0x4u

/* quirks_of(ident): the whole line, without CR LF. */
unsigned quirks_of(struct view ident);

/* quirks_withhold(quirks, method): is a key exchange method not offered to such a peer? */
bool quirks_withhold(unsigned quirks, struct view method);

#endif
