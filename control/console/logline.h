/*
 * One log line: from a role's datagram to the text that is written.
 *
 * A datagram is "<L>name text", or "<L>name@conn-gen text". Who sent it is known from
 * the kernel: a name that does not belong to the sender's uid is not believed, and
 * everything outside printable ASCII is escaped, so that no peer and no plugin can
 * forge a line.
 *
 * A line is written as "stamp machine postern-ROLE[PID]: text". One about a connection
 * that sshd has too is "stamp machine sshd[N]: text", N being the connection's: its
 * number times a million, and its generation. Filters for sshd take the bracket for
 * what the lines of one connection have in common, which a role's pid is not.
 */
#ifndef POSTERN_CONTROL_CONSOLE_LOGLINE_H
#define POSTERN_CONTROL_CONSOLE_LOGLINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGLINE_MAX 9216u /* of the written line: every byte may need four */

/* Which uid may call itself what. */
struct logline_owner {
	uid_t uid;
	const char *name;
};

struct logline_names {
	struct logline_owner owner[16];
	size_t count;
	char machine[65];
};

/* logline_names_load(n): the roles' accounts and the machine's name. */
void logline_names_load(struct logline_names *n);

/*
 * logline_format(out, n, datagram, len, pid, uid, unix_ms, most): the line with
 * its newline into out (LOGLINE_MAX bytes). Its length; 0 when the level is above
 * `most` or the datagram is not a log line.
 */
size_t logline_format(char *out, const struct logline_names *n, const char *datagram, size_t len, pid_t pid,
    uid_t uid, uint64_t unix_ms, int most);

#endif
