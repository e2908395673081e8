/*
 * The arguments of internal-sftp: those of sftp-server(8). They are checked here, so
 * that a mistake is told by `posternd -t`, and understood by the plugin.
 */
#include "control/conf_row.h"

#include <string.h>
#include <strings.h>

/* The requests by the names that sftp-server -Q requests lists. */
static const char *const requests[] = { "open", "close", "read", "write", "lstat", "fstat", "setstat",
	"fsetstat", "opendir", "readdir", "remove", "mkdir", "rmdir", "realpath", "stat", "rename",
	"readlink", "symlink", "posix-rename", "statvfs", "fstatvfs", "hardlink", "fsync", "lsetstat",
	"limits", "expand-path", "copy-data", "home-directory", "users-groups-by-id", NULL };

static const char *const levels[] = { "QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1",
	"DEBUG2", "DEBUG3", NULL };

static bool
listed(const char *const *list, const char *text, size_t len)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == len && strncasecmp(*list, text, len) == 0)
			return true;
	return false;
}

static const char *
check_level(const char *value)
{
	return listed(levels, value, strlen(value)) ? NULL : "a log level is expected";
}

static const char *
check_umask(const char *value)
{
	size_t len = strspn(value, "01234567");

	return len > 0 && len <= 4 && value[len] == '\0' && (len < 4 || value[0] == '0')
		       ? NULL
		       : "an octal number up to 0777 is expected";
}

static const char *
check_requests(const char *value)
{
	size_t len;

	for (;; value += len + 1) {
		len = strcspn(value, ",");
		if (!listed(requests, value, len))
			return "a list of requests as of `sftp-server -Q requests' is expected";
		if (value[len] == '\0')
			return NULL;
	}
}

static const char *
check_directory(const char *value)
{
	const char *at = value;

	while ((at = strchr(at, '%')) != NULL) {
		if (strchr("%du", at[1]) == NULL || at[1] == '\0')
			return "only %d, %u and %% are known in it";
		at += 2;
	}
	return value[0] == '/' || strncmp(value, "%d", 2) == 0 ? NULL : "an absolute directory is expected";
}

static const struct {
	char letter;
	bool vain; /* accepted, and without effect */
	const char *(*check)(const char *value); /* NULL: takes no value */
} options[] = {
	{ 'R', false, NULL },
	{ 'e', true, NULL },
	{ 'd', false, check_directory },
	{ 'f', true, NULL }, /* its value is skipped */
	{ 'l', false, check_level },
	{ 'P', false, check_requests },
	{ 'p', false, check_requests },
	{ 'u', false, check_umask },
};

/* The letters of one word; *at goes on to the next when a value is taken from it. */
static int
one_word(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a, int *at)
{
	const char *letter = a->word[*at];

	if (letter[0] != '-' || letter[1] == '\0') {
		conf_say(p, true, "%s: internal-sftp has no argument \"%.64s\"", row->name, letter);
		return -1;
	}
	while (*++letter != '\0') {
		const char *wrong = NULL, *value = letter + 1;
		size_t i = 0;

		while (i < sizeof options / sizeof options[0] && options[i].letter != *letter)
			i++;
		if (i == sizeof options / sizeof options[0]) {
			conf_say(p, true,
			    "%s: internal-sftp has no option -%c; it has -R -d -e -f -l -P -p -u", row->name,
			    *letter);
			return -1;
		}
		if (options[i].vain)
			conf_say(
			    p, false, "%s: not in effect: -%c: the log is LogFile's", row->name, *letter);
		if (options[i].check == NULL && *letter != 'f')
			continue;
		if (*value == '\0' && ++*at < a->count)
			value = a->word[*at];
		if (*value == '\0')
			wrong = "a value is expected";
		else if (options[i].check != NULL)
			wrong = options[i].check(value);
		if (wrong == NULL)
			return 0;
		conf_say(p, true, "%s: internal-sftp -%c: \"%.64s\": %s", row->name, *letter, value, wrong);
		return -1;
	}
	return 0;
}

int
conf_sftp(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a, char *to, size_t size)
{
	size_t have = 0;

	for (int at = 2; at < a->count; at++) {
		size_t len = strlen(a->word[at]);

		if (len == 0 || strpbrk(a->word[at], " \t\"'\\#") != NULL || conf_has_control(a->word[at])) {
			conf_say(p, true,
			    "%s: internal-sftp: blanks and quotes in an argument are not served", row->name);
			return -1;
		}
		if (have + len + 2 > size) {
			conf_say(
			    p, true, "%s: internal-sftp: more than %zu bytes of arguments", row->name, size);
			return -1;
		}
		if (have > 0)
			to[have++] = ' ';
		memcpy(to + have, a->word[at], len);
		have += len;
	}
	to[have] = '\0';
	for (int at = 2; at < a->count; at++)
		if (one_word(p, row, a, &at) != 0)
			return -1;
	return 0;
}
