/*
 * The last step of a role's start: identity, capabilities, system calls.
 *
 * sandbox_enter(role): from the table in sandbox.c: supplementary groups,
 * gid and uid of the role's account (roles that stay root keep theirs), empty
 * bounding and ambient sets, no capabilities but the row's, no_new_privs and
 * the row's seccomp filter, not dumpable, core size 0, memory locked where
 * secrets live. Roles without seccomp (supervisor, pam, login) only get what an
 * exec by root undoes: the row's capabilities, not dumpable. Returns 0, or -1 after logging what
 * failed: the role must exit. Nothing privileged works afterwards.
 *
 * sandbox_host(uid, gid, take_identity, row): the same for a host, whose identity
 * comes from HOST_CONF or is already the user's, and whose row depends on what its
 * plugin is for.
 */
#ifndef POSTERN_CONTROL_SANDBOX_H
#define POSTERN_CONTROL_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control/role.h"

/* What a plugin's host may do beside its channels. */
enum sandbox_row {
	SANDBOX_PLAIN, /* files for reading */
	SANDBOX_FILES, /* files: to be made, written, renamed, removed, and their attributes */
	SANDBOX_NET,   /* sockets, and the folder and name of one in the file system */
	SANDBOX_LOCAL, /* files for reading, and connections to servers of this machine */
	SANDBOX_ROW_COUNT
};

int sandbox_enter(enum role_id role);
int sandbox_host(uid_t uid, gid_t gid, bool take_identity, enum sandbox_row row);

/* sandbox_bound(): for who takes a host's identity before it executes: the
 * bounding set is emptied while that is still possible; the identity can be
 * changed afterwards. 0, or -1 after logging. */
int sandbox_bound(void);

/*
 * sandbox_hide(paths, count): before sandbox_enter, for a role that stays root:
 * these files (the host keys, for reader) cannot be opened in this process, whose
 * mount namespace becomes its own. A path that does not exist is no error.
 * 0, or -1 after logging.
 */
int sandbox_hide(const char *const *paths, size_t count);

#endif
