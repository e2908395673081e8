/*
 * Reader: opens a resolved account's key files as that account, checks them as
 * sshd's StrictModes does, and tells the facts that only root can read.
 */
#ifndef POSTERN_CONTROL_READER_H
#define POSTERN_CONTROL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control/conf.h"

#define READER_PATH_MAX 4096u
#define READER_LINE_MAX 512u
#define READER_TEXT_MAX 1024u

/* ---- paths and modes (keyfiles.c) ---- */

struct reader_owner {
	const char *name;
	uid_t uid;
	const char *home;
};

/* reader_expand(out, pattern, owner): %h, %u, %U and %% replaced; relative to
 * the home directory. 0, or -1: an unknown %, or too long. */
int reader_expand(char out[READER_PATH_MAX], const char *pattern, const struct reader_owner *owner);

/*
 * reader_open(path, owner, strict, why): the file, read-only, or -1. Symbolic
 * links are followed once, by name; then every directory from the top is opened
 * on the one before it, none through a link, and what is judged is what is open:
 * only a regular file; with strict, it and each directory above it up to the
 * home directory (or the root, where it lies elsewhere) belongs to the owner or
 * to root and is writable by nobody else. why: the log line where there is
 * something to tell, else "".
 * Run it under the owner's identity.
 */
int reader_open(const char *path, const struct reader_owner *owner, bool strict, char why[READER_LINE_MAX]);

/* ---- facts (account.c) ---- */

struct reader_facts {
	bool locked;                /* the password field begins with '!' */
	bool expired;               /* past the expiry day */
	bool nologin;               /* logins are closed, and this is not root */
	char text[READER_TEXT_MAX]; /* of the nologin file */
};

/* reader_facts(f, name, uid, password, nologin_path, today): from the shadow
 * entry of `name`, or where there is none from `password`. today in days. */
void reader_facts(struct reader_facts *f, const char *name, uid_t uid, const char *password,
    const char *nologin_path, long today);

/* ---- identity (identity.c) ---- */

/* reader_become(name, uid, gid): file access with the account's identity and
 * groups. Where this process is not root it can only be itself. 0 or -1. */
int reader_become(const char *name, uid_t uid, gid_t gid);
/* Back to root's; a failure ends the process. */
void reader_return(void);

#endif
