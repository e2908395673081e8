#include "longname.h"

#include <stdint.h>
#include <stdio.h>

#define HALF_YEAR (365 * 24 * 60 * 60 / 2)

static char
type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	default:
		return '-';
	}
}

/* One of the three: rwx, with the letter of setuid, setgid or sticky over the x. */
static void
triple(char *to, mode_t mode, int shift, mode_t special, char letter)
{
	int x = (mode >> shift & 1) != 0;

	to[0] = (mode >> shift & 4) != 0 ? 'r' : '-';
	to[1] = (mode >> shift & 2) != 0 ? 'w' : '-';
	if (mode & special)
		to[2] = x ? letter : (char)(letter - 'a' + 'A');
	else
		to[2] = x ? 'x' : '-';
}

void
longname(char to[LONGNAME_MAX], const char *name, const struct stat *st, const char *user, const char *group,
    const struct tm *when, time_t now)
{
	char mode[11] = { 0 };
	char date[32] = "";
	int recent = st->st_mtime <= now && now - st->st_mtime < HALF_YEAR;

	mode[0] = type_letter(st->st_mode);
	triple(mode + 1, st->st_mode, 6, S_ISUID, 's');
	triple(mode + 4, st->st_mode, 3, S_ISGID, 's');
	triple(mode + 7, st->st_mode, 0, S_ISVTX, 't');
	if (when != NULL)
		strftime(date, sizeof(date), recent ? "%b %e %H:%M" : "%b %e  %Y", when);
	snprintf(to, LONGNAME_MAX, "%s %3ju %-8s %-8s %8ju %s %s", mode, (uintmax_t)st->st_nlink, user, group,
	    (uintmax_t)st->st_size, date, name);
}
