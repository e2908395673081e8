/*
 * What plugins serve beside sessions, and what they may do: rows of their NAME.conf,
 * which the supervisor reads and clerks get as one table.
 *
 *	Serves open TYPE        channels of this type that a peer opens
 *	Serves global NAME      global requests of a peer
 *	Serves request NAME     requests on a session channel before its program starts
 *	Opens TYPE              channels that it opens toward the peer
 *	Requests NAME           global requests toward the peer
 *	Variables NAME          variables that its answer puts into a session's environment
 *	Keyword NAME            lines of postern.conf that its configuration text gets too
 *
 * One name is served by one plugin: the first in the order of their names.
 */
#ifndef POSTERN_CONTROL_SERVES_H
#define POSTERN_CONTROL_SERVES_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define SERVES_MAX 128u     /* rows of all plugins */
#define SERVES_NAME_MAX 64u /* RFC 4250 section 4.6.1 */

enum serves_kind {
	SERVES_OPEN = 1,
	SERVES_GLOBAL,
	SERVES_REQUEST,
	SERVES_OPENS,
	SERVES_REQUESTS,
	SERVES_VARIABLE,
	SERVES_KEYWORD,
	SERVES_KIND_END
};

struct serves_row {
	uint8_t kind;
	char name[SERVES_NAME_MAX + 1];
	char plugin[64];
};

struct serves {
	uint32_t count;
	struct serves_row row[SERVES_MAX];
};

/* serves_add(s, kind, name, plugin): 0; -1: not a name, or no room. A row that is there
 * already counts once. */
int serves_add(struct serves *s, enum serves_kind kind, struct view name, const char *plugin);

/* serves_who(s, kind, name): the plugin that serves it, or NULL. */
const char *serves_who(const struct serves *s, enum serves_kind kind, struct view name);

/* serves_has(s, kind, name, plugin): may this plugin? */
bool serves_has(const struct serves *s, enum serves_kind kind, struct view name, struct view plugin);

/* serves_lines(s, plugin, text, len, why): the rows of a NAME.conf, added. 0; or -1 and
 * *why says what is wrong: then none of them is. */
int serves_lines(struct serves *s, const char *plugin, const char *text, size_t len, const char **why);

/* As SERVES carries it: u32 count, then u8 kind, str name, str plugin each. 0 or -1. */
void serves_encode(const struct serves *s, struct put *w);
int serves_decode(struct serves *s, struct view body);

#endif
