/*
 * Name-lists (RFC 4251 section 5): comma separated names. Each walk is linear.
 */
#ifndef POSTERN_KEX_NAMELIST_H
#define POSTERN_KEX_NAMELIST_H

#include <stdbool.h>

#include "abi/wire/cursor.h"

#define NAME_MAX_LEN 64u /* RFC 4251 section 6 */

/* namelist_valid(list): empty, or names of 1 to 64 printable US-ASCII
 * characters, none of them empty (RFC 4251 sections 5 and 6). */
bool namelist_valid(struct view list);

/* namelist_next(list, name): cut the first name off. False at the end. */
bool namelist_next(struct view *list, struct view *name);

bool namelist_has(struct view list, const char *name);
bool namelist_has_view(struct view list, struct view name);

#endif
