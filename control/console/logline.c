#include "control/console/logline.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/log.h"
#include "control/role.h"

#define NAME_MAX_LEN 31u

void
logline_names_load(struct logline_names *n)
{
	struct passwd *pw;
	int i;

	memset(n, 0, sizeof(*n));
	for (i = 0; i < ROLE_COUNT; i++) {
		pw = roles[i].user != NULL ? getpwnam(roles[i].user) : NULL;
		if (pw == NULL)
			continue;
		n->owner[n->count].uid = pw->pw_uid;
		n->owner[n->count++].name = roles[i].name;
	}
	if (gethostname(n->machine, sizeof(n->machine) - 1) != 0 || n->machine[0] == '\0')
		strcpy(n->machine, "localhost");
}

/* The name that uid may use: of root's processes any role's, of a role's account
 * that role's, of everybody else "host". */
static const char *
name_of(const struct logline_names *n, const char *said, size_t len, uid_t uid)
{
	char name[NAME_MAX_LEN + 1];
	const struct role *r;
	size_t i;

	for (i = 0; i < n->count; i++)
		if (n->owner[i].uid == uid)
			return n->owner[i].name;
	if (uid != 0 || len > NAME_MAX_LEN)
		return "host";
	memcpy(name, said, len);
	name[len] = '\0';
	r = role_by_name(name);
	return r != NULL ? r->name : "supervisor";
}

/* The lines that sshd has too, and who may say them: only these are written under
 * its name, so that filters made for sshd (fail2ban) read them, and read nothing that
 * another process, a gate before all, has made up. */
static const struct {
	enum role_id role;
	const char *begins;
} as_sshd[] = {
	{ ROLE_SUPERVISOR, "Accepted " },
	{ ROLE_SUPERVISOR, "Access denied for user " },
	{ ROLE_WARDEN, "Invalid user " },
	{ ROLE_WARDEN, "Failed " },
	{ ROLE_WARDEN, "User " },
	{ ROLE_WARDEN, "ROOT LOGIN REFUSED " },
	{ ROLE_GATE, "Connection closed by " },
	{ ROLE_GATE, "Disconnecting " },
	{ ROLE_GATE, "Received disconnect from " },
	{ ROLE_GATE, "Timeout before authentication " },
	{ ROLE_GATE, "Unable to negotiate with " },
	{ ROLE_GATE, "maximum authentication attempts exceeded " },
	{ ROLE_CLERK, "Connection closed by " },
	{ ROLE_CLERK, "Disconnected from " },
};

static bool
sshd_says(const char *name, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(as_sshd) / sizeof(as_sshd[0]); i++) {
		size_t n = strlen(as_sshd[i].begins);

		if (strcmp(name, roles[as_sshd[i].role].name) == 0 && len >= n &&
		    memcmp(text, as_sshd[i].begins, n) == 0)
			return true;
	}
	return false;
}

/* "@conn-gen", and nothing else, behind the sender's name. */
static bool
whose(const char *tag, size_t len, uint64_t *conn)
{
	char copy[32];
	unsigned number, gen;
	int end = 0;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, tag, len);
	copy[len] = '\0';
	if (sscanf(copy, "@%10u-%10u%n", &number, &gen, &end) != 2 || (size_t)end != len)
		return false;
	*conn = (uint64_t)number * 1000000u + gen % 1000000u;
	return true;
}

static const char *
level_text(int level)
{
	switch (level) {
	case LOG_L_ERROR:
		return "error: ";
	case LOG_L_WARN:
		return "warning: ";
	case LOG_L_DEBUG:
		return "debug: ";
	default:
		return "";
	}
}

static size_t
stamp(char *out, size_t size, uint64_t unix_ms)
{
	time_t s = (time_t)(unix_ms / 1000);
	char day[32], zone[8];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	return (size_t)snprintf(out, size, "%s.%03u%s", day, (unsigned)(unix_ms % 1000), zone);
}

/* As sshd does: octal for what is not printable, the backslash doubled. */
static size_t
escape(char *out, size_t room, const char *text, size_t len)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < len && n + 5 < room; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\') {
			out[n++] = '\\';
			out[n++] = '\\';
		} else if (c >= 0x20 && c < 0x7f) {
			out[n++] = (char)c;
		} else {
			out[n++] = '\\';
			out[n++] = (char)('0' + (c >> 6));
			out[n++] = (char)('0' + (c >> 3 & 7));
			out[n++] = (char)('0' + (c & 7));
		}
	}
	return n;
}

size_t
logline_format(char *out, const struct logline_names *n, const char *datagram, size_t len, pid_t pid,
    uid_t uid, uint64_t unix_ms, int most)
{
	const char *text, *tag, *name;
	uint64_t conn;
	size_t at, text_len;
	int level;

	if (len < 5 || datagram[0] != '<' || datagram[1] < '0' || datagram[1] > '7' || datagram[2] != '>')
		return 0;
	level = datagram[1] - '0';
	if (level > most)
		return 0;
	text = memchr(datagram + 3, ' ', len - 3);
	if (text == NULL)
		return 0;
	tag = memchr(datagram + 3, '@', (size_t)(text - datagram) - 3);
	if (tag == NULL)
		tag = text;
	name = name_of(n, datagram + 3, (size_t)(tag - datagram) - 3, uid);
	at = stamp(out, LOGLINE_MAX, unix_ms);
	text_len = len - (size_t)(text + 1 - datagram);
	if (whose(tag, (size_t)(text - tag), &conn) && sshd_says(name, text + 1, text_len))
		at += (size_t)snprintf(
		    out + at, LOGLINE_MAX - at, " %s sshd[%llu]: ", n->machine, (unsigned long long)conn);
	else
		at += (size_t)snprintf(
		    out + at, LOGLINE_MAX - at, " %s postern-%s[%d]: ", n->machine, name, (int)pid);
	at += (size_t)snprintf(out + at, LOGLINE_MAX - at, "%s", level_text(level));
	if (strcmp(name, "host") == 0)
		at += (size_t)snprintf(out + at, LOGLINE_MAX - at, "uid %u: ", (unsigned)uid);
	at += escape(out + at, LOGLINE_MAX - 1 - at, text + 1, text_len);
	out[at++] = '\n';
	return at;
}
