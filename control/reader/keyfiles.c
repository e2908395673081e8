#include "control/reader/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64u /* directories above a key file */

static bool
append(char out[READER_PATH_MAX], size_t *used, const char *text, size_t len)
{
	if (*used + len >= READER_PATH_MAX)
		return false;
	memcpy(out + *used, text, len);
	*used += len;
	out[*used] = '\0';
	return true;
}

int
reader_expand(char out[READER_PATH_MAX], const char *pattern, const struct reader_owner *owner)
{
	char uid[16];
	size_t used = 0;
	bool fits = true;

	snprintf(uid, sizeof uid, "%u", owner->uid);
	out[0] = '\0';
	if (pattern[0] != '/' && strncmp(pattern, "%h", 2) != 0)
		fits = append(out, &used, owner->home, strlen(owner->home)) && append(out, &used, "/", 1);
	for (; fits && *pattern != '\0'; pattern++) {
		const char *text;

		if (*pattern != '%') {
			fits = append(out, &used, pattern, 1);
			continue;
		}
		switch (*++pattern) {
		case '%':
			text = "%";
			break;
		case 'h':
			text = owner->home;
			break;
		case 'u':
			text = owner->name;
			break;
		case 'U':
			text = uid;
			break;
		default:
			return -1;
		}
		fits = append(out, &used, text, strlen(text));
	}
	return fits && out[0] == '/' ? 0 : -1;
}

struct walk {
	struct stat dir[DEPTH_MAX];
	size_t depth;
	int fd;           /* the directory that holds the file */
	const char *name; /* the file's, in the walked path */
};

/* Open the directories of a path without links, each on the one before it. */
static int
walk(struct walk *w, char *path)
{
	char *at = path + 1, *slash;

	w->depth = 0;
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (w->fd >= 0) {
		int next;

		if (w->depth == DEPTH_MAX || fstat(w->fd, &w->dir[w->depth]) != 0)
			break;
		w->depth++;
		slash = strchr(at, '/');
		if (slash == NULL) {
			w->name = at;
			return 0;
		}
		*slash = '\0';
		next = openat(w->fd, at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(w->fd);
		w->fd = next;
		at = slash + 1;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	return -1;
}

static bool
owned_well(const struct stat *st, const struct reader_owner *owner)
{
	return (st->st_uid == 0 || st->st_uid == owner->uid) && (st->st_mode & 022) == 0;
}

/* Upward from the file's directory; the home directory is the last to be judged. */
static int
judge_dirs(const struct walk *w, const struct reader_owner *owner)
{
	struct stat home;
	bool home_known = stat(owner->home, &home) == 0;

	for (size_t i = w->depth; i-- > 0;) {
		if (!owned_well(&w->dir[i], owner))
			return -1;
		if (home_known && w->dir[i].st_dev == home.st_dev && w->dir[i].st_ino == home.st_ino)
			return 0;
	}
	return 0;
}

static int
tell(char why[READER_LINE_MAX], const char *path, const char *text)
{
	snprintf(why, READER_LINE_MAX, "key file %.300s: %s", path, text);
	return -1;
}

static int
open_file(const struct walk *w, const char *path, const struct reader_owner *owner, bool strict,
    char why[READER_LINE_MAX])
{
	struct stat st;
	int fd;

	/* Asked before opening: a device's open may do something. */
	if (fstatat(w->fd, w->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? -1 : tell(why, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return tell(why, path, "not a regular file");
	fd = openat(w->fd, w->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return tell(why, path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		tell(why, path, "not a regular file");
	else if (strict && !owned_well(&st, owner))
		tell(why, path, "Authentication refused: bad ownership or modes for file");
	else if (strict && judge_dirs(w, owner) != 0)
		tell(why, path, "Authentication refused: bad ownership or modes for directory");
	else
		return fd;
	close(fd);
	return -1;
}

int
reader_open(const char *path, const struct reader_owner *owner, bool strict, char why[READER_LINE_MAX])
{
	char *real;
	struct walk w;
	int fd;

	why[0] = '\0';
	real = realpath(path, NULL);
	if (real == NULL) {
		if (errno != ENOENT && errno != ENOTDIR)
			tell(why, path, strerror(errno));
		return -1;
	}
	if (walk(&w, real) != 0) {
		free(real);
		return tell(why, path, "its directories cannot be opened");
	}
	fd = open_file(&w, path, owner, strict, why);
	close(w.fd);
	free(real);
	return fd;
}
