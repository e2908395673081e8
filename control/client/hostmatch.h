/*
 * Names in known_hosts: what a host is called there, and whether the names field of a
 * line means it. Letters count alike, whatever their case.
 */
#ifndef POSTERN_CLIENT_HOSTMATCH_H
#define POSTERN_CLIENT_HOSTMATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define HOSTMATCH_NAME_MAX 272u /* "[", 255, "]:65535" and NUL */

/* hostmatch_name(out, host, port): "host", or "[host]:port" with a port other than 22, in
 * small letters. A name that is too long becomes "", which nothing means. */
void hostmatch_name(char out[HOSTMATCH_NAME_MAX], const char *host, uint16_t port);

/* hostmatch(names, name): a list of patterns, or one hashed name. One that is negated and
 * fits decides against all others. */
bool hostmatch(struct view names, const char *name);

/* The same name, without patterns. */
bool hostmatch_same(struct view a, const char *name);

/* hostmatch_hash(w, name, salt): "|1|salt|hash", salt of 20 bytes. */
void hostmatch_hash(struct put *w, const char *name, const uint8_t salt[20]);

#endif
