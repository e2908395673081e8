/*
 * authorized_keys: finding one key in a file. Pure and linear; bounded in file,
 * line and count of lines. Format: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
 */
#ifndef POSTERN_CONTROL_AUTHKEYS_H
#define POSTERN_CONTROL_AUTHKEYS_H

#include <stdint.h>

#include "abi/link/grant.h"
#include "abi/wire/cursor.h"

#define AUTHKEYS_FILE_MAX (1024u * 1024u)
#define AUTHKEYS_LINE_MAX 16384u
#define AUTHKEYS_LINES_MAX 100000u
#define AUTHKEYS_KEY_TEXT_MAX 3200u /* base64 of a key that is looked for: RSA of 16384 bits */

struct authkeys_match {
	unsigned line;         /* from 1 */
	uint32_t restrictions; /* GRANT_NO_* of its options */
	char command[GRANT_COMMAND_MAX]; /* the one it forces, or "" */
};

/* Why a line, or the rest of the file (line 0), was not used. */
typedef void authkeys_told_fn(void *ctx, unsigned line, const char *why);

/*
 * authkeys_find(m, file, type, key, told, ctx): the first line that holds the
 * key (its base64 text) and may be used. 1 and *m, or 0. A line that holds it
 * with an option that is not enforced here, or with one that nobody knows, is
 * told and passed over. File larger than AUTHKEYS_FILE_MAX: nothing is found.
 */
int authkeys_find(struct authkeys_match *m, struct view file, struct view type, struct view key,
    authkeys_told_fn *told, void *ctx);

/* authkeys_text(out, blob): the base64 of a key blob, as such a file has it.
 * Its length, or 0: too long. */
size_t authkeys_text(char out[AUTHKEYS_KEY_TEXT_MAX], struct view blob);

#endif
