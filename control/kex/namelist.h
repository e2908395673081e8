/*
 * Name-lists (RFC 4251 section 5): comma separated names. Each walk is linear.
 */
#ifndef POSTERN_KEX_NAMELIST_H
#define POSTERN_KEX_NAMELIST_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

#define NAME_MAX_LEN 64u /* RFC 4251 section 6 */

/* namelist_valid(list): names of at most 64 printable US-ASCII characters (RFC 4251
 * section 6). Empty ones, which section 5 forbids, are no fault: libssh 0.10 ends its
 * list of ciphers with a comma. No walk sees them. */
bool namelist_valid(struct view list);

/* namelist_next(list, name): cut the first name off. False at the end. */
bool namelist_next(struct view *list, struct view *name);

bool namelist_has(struct view list, const char *name);
bool namelist_has_view(struct view list, struct view name);

#endif
