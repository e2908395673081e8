/*
 * Names: made, moved, removed, linked, and resolved.
 */
#include "ops.h"

#include <errno.h>

void
op_remove(struct job *j)
{
	const struct session *s = j->s;

	reply_result(j, j->op == OP_REMOVE ? s->files->remove(s->files_ctx, j->path[0])
					   : s->files->rmdir(s->files_ctx, j->path[0]));
}

void
op_mkdir(struct job *j)
{
	uint32_t mode = j->attrs.flags & ATTR_PERMISSIONS ? j->attrs.permissions & 07777 : 0777;

	reply_result(j, j->s->files->mkdir(j->s->files_ctx, j->path[0], mode));
}

/* Version 3 has no rename over an existing file; posix-rename is that. */
void
op_rename(struct job *j)
{
	reply_result(j,
	    j->s->files->rename(j->s->files_ctx, j->path[0], j->path[1], j->op == OP_POSIX_RENAME));
}

void
op_hardlink(struct job *j)
{
	reply_result(j, j->s->files->link(j->s->files_ctx, j->path[0], j->path[1]));
}

void
op_symlink(struct job *j)
{
	reply_result(j, j->s->files->symlink(j->s->files_ctx, j->path[0], j->path[1]));
}

static void
reply_path(struct job *j, int r, const char *path)
{
	if (r < 0)
		reply_result(j, r);
	else
		reply_name(j, path);
}

void
op_readlink(struct job *j)
{
	char to[PATH_MAX];

	reply_path(j, j->s->files->readlink(j->s->files_ctx, j->path[0], to), to);
}

void
op_realpath(struct job *j)
{
	const char *path = j->path[0][0] != '\0' ? j->path[0] : j->s->start;
	char to[PATH_MAX];

	reply_path(j, j->s->files->realpath(j->s->files_ctx, path, to), to);
}

/* "~" and "~user" at the beginning; else as realpath. */
static int
expand_home(const struct session *s, const char *path, char to[PATH_MAX])
{
	char user[FILES_NAME_MAX];
	const char *rest = path + 1 + strcspn(path + 1, "/");
	size_t len = (size_t)(rest - path) - 1;
	int r = 0;

	if (len >= sizeof(user))
		return -ENOENT;
	memcpy(user, path + 1, len);
	user[len] = '\0';
	if (len > 0)
		r = s->files->home(s->files_ctx, user, to);
	else
		strcpy(to, s->home);
	if (r < 0)
		return r;
	if (strlen(to) + strlen(rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcat(to, rest);
	return 0;
}

void
op_expand_path(struct job *j)
{
	const struct session *s = j->s;
	const char *path = j->path[0], *at;
	char named[PATH_MAX], to[PATH_MAX];
	int r = 0;

	at = path[0] != '\0' ? ops_path(s, path, named) : s->start;
	if (path[0] == '~') {
		r = expand_home(s, path, named);
		at = named;
	}
	if (at == NULL)
		r = -ENAMETOOLONG;
	reply_path(j, r < 0 ? r : s->files->realpath(s->files_ctx, at, to), to);
}

void
op_home(struct job *j)
{
	const struct session *s = j->s;
	char home[PATH_MAX], to[PATH_MAX];
	int r = 0;

	if (j->path[0][0] == '\0' || strcmp(j->path[0], s->user) == 0)
		strcpy(home, s->home);
	else
		r = s->files->home(s->files_ctx, j->path[0], home);
	reply_path(j, r < 0 ? r : s->files->realpath(s->files_ctx, home, to), to);
}
