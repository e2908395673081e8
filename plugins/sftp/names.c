/*
 * Names: made, moved, removed, linked, and resolved.
 */
#include "ops.h"

#include <errno.h>

void
op_remove(struct session *s, const struct request *r, const char *path, const char *unused)
{
	(void)unused;
	session_log(s, SFTP_LOG_INFO, "%s name \"%s\"", request_rows[r->op].name, path);
	reply_result(s, r->id,
	    r->op == OP_REMOVE ? s->files->remove(s->files_ctx, path) : s->files->rmdir(s->files_ctx, path));
}

void
op_mkdir(struct session *s, const struct request *r, const char *path, const char *unused)
{
	uint32_t mode = r->attrs.flags & ATTR_PERMISSIONS ? r->attrs.permissions & 07777 : 0777;

	(void)unused;
	session_log(s, SFTP_LOG_INFO, "mkdir name \"%s\" mode 0%o", path, (unsigned)mode);
	reply_result(s, r->id, s->files->mkdir(s->files_ctx, path, mode));
}

/* Version 3 has no rename over an existing file; posix-rename is that. */
void
op_rename(struct session *s, const struct request *r, const char *from, const char *to)
{
	session_log(s, SFTP_LOG_INFO, "%s old \"%s\" new \"%s\"", request_rows[r->op].name, from, to);
	reply_result(s, r->id, s->files->rename(s->files_ctx, from, to, r->op == OP_POSIX_RENAME));
}

void
op_hardlink(struct session *s, const struct request *r, const char *from, const char *to)
{
	session_log(s, SFTP_LOG_INFO, "hardlink old \"%s\" new \"%s\"", from, to);
	reply_result(s, r->id, s->files->link(s->files_ctx, from, to));
}

void
op_symlink(struct session *s, const struct request *r, const char *target, const char *name)
{
	session_log(s, SFTP_LOG_INFO, "symlink old \"%s\" new \"%s\"", target, name);
	reply_result(s, r->id, s->files->symlink(s->files_ctx, target, name));
}

static void
reply_path(struct session *s, uint32_t id, int r, const char *path)
{
	if (r < 0)
		reply_result(s, id, r);
	else
		reply_name(s, id, path);
}

void
op_readlink(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char to[PATH_MAX];

	(void)unused;
	reply_path(s, r->id, s->files->readlink(s->files_ctx, path, to), to);
}

void
op_realpath(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char to[PATH_MAX];

	(void)unused;
	reply_path(s, r->id, s->files->realpath(s->files_ctx, path[0] != '\0' ? path : s->start, to), to);
}

/* "~" and "~user" at the beginning; else as realpath. */
static int
expand_home(struct session *s, const char *path, char to[PATH_MAX])
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
op_expand_path(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char named[PATH_MAX], to[PATH_MAX];
	const char *at;
	int r2 = 0;

	(void)unused;
	at = path[0] != '\0' ? ops_path(s, path, named) : s->start;
	if (path[0] == '~') {
		r2 = expand_home(s, path, named);
		at = named;
	}
	if (at == NULL)
		r2 = -ENAMETOOLONG;
	reply_path(s, r->id, r2 < 0 ? r2 : s->files->realpath(s->files_ctx, at, to), to);
}

void
op_home(struct session *s, const struct request *r, const char *user, const char *unused)
{
	char home[PATH_MAX], to[PATH_MAX];
	int r2 = 0;

	(void)unused;
	if (user[0] == '\0' || strcmp(user, s->user) == 0)
		strcpy(home, s->home);
	else
		r2 = s->files->home(s->files_ctx, user, home);
	reply_path(s, r->id, r2 < 0 ? r2 : s->files->realpath(s->files_ctx, home, to), to);
}
