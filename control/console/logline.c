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
	const char *text;
	const char *name;
	size_t at;
	int level;

	if (len < 5 || datagram[0] != '<' || datagram[1] < '0' || datagram[1] > '7' || datagram[2] != '>')
		return 0;
	level = datagram[1] - '0';
	if (level > most)
		return 0;
	text = memchr(datagram + 3, ' ', len - 3);
	if (text == NULL)
		return 0;
	name = name_of(n, datagram + 3, (size_t)(text - datagram) - 3, uid);
	text++;
	at = stamp(out, LOGLINE_MAX, unix_ms);
	at += (size_t)snprintf(out + at, LOGLINE_MAX - at, " %s postern-%s[%d]: %s", n->machine, name,
	    (int)pid, level_text(level));
	if (strcmp(name, "host") == 0)
		at += (size_t)snprintf(out + at, LOGLINE_MAX - at, "uid %u: ", (unsigned)uid);
	at += escape(out + at, LOGLINE_MAX - 1 - at, text, len - (size_t)(text - datagram));
	out[at++] = '\n';
	return at;
}
