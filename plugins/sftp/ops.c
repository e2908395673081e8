/*
 * Which function a request has, and those of open files: draft-ietf-secsh-filexfer-02
 * section 6, and OpenSSH's extensions (its PROTOCOL file, section 4).
 */
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

const char *
ops_path(const struct session *s, const char *path, char to[PATH_MAX])
{
	size_t have = strlen(s->start), len = strlen(path);

	if (path[0] == '/' || path[0] == '\0')
		return path;
	if (have + 1 + len >= PATH_MAX)
		return NULL;
	memcpy(to, s->start, have);
	if (have == 0 || to[have - 1] != '/')
		to[have++] = '/';
	memcpy(to + have, path, len + 1);
	return to;
}

struct handle *
ops_handle(struct session *s, const struct request *r, enum handle_kind kind)
{
	struct handle *h = handles_find(&s->handles, r->handle[0], kind);

	if (h == NULL)
		reply_status(s, r->id, FX_FAILURE, "Invalid handle");
	return h;
}

/* ---- open, close ---- */

static int
open_flags(uint32_t pflags)
{
	int flags = pflags & FXF_WRITE ? (pflags & FXF_READ ? O_RDWR : O_WRONLY) : O_RDONLY;

	if (pflags & FXF_WRITE) {
		flags |= pflags & FXF_APPEND ? O_APPEND : 0;
		flags |= pflags & FXF_TRUNC ? O_TRUNC : 0;
	}
	if (pflags & FXF_CREAT)
		flags |= O_CREAT | (pflags & FXF_EXCL ? O_EXCL : 0);
	return flags;
}

static struct handle *
new_handle(struct session *s, uint32_t id)
{
	struct handle *h = handles_new(&s->handles);
	char text[64];

	if (h != NULL)
		return h;
	snprintf(text, sizeof(text), "Too many open handles (MaxHandles %u)", (unsigned)s->handles.max);
	reply_status(s, id, FX_FAILURE, text);
	if (!s->told_handles)
		session_log(s, SFTP_LOG_ERROR, "%s", text);
	s->told_handles = 1;
	return NULL;
}

static void
reply_handle(struct session *s, uint32_t id, struct handle *h, const char *path)
{
	uint8_t name[HANDLE_SIZE];
	struct out o;

	/* Only the log misses it. */
	h->path = s->options.log >= SFTP_LOG_INFO ? strdup(path) : NULL;
	handles_name(&s->handles, h, name);
	reply_open(s, &o, FXP_HANDLE, id);
	out_string(&o, name, sizeof(name));
	reply_close(s, &o);
}

static void
op_open(struct session *s, const struct request *r, const char *path, const char *unused)
{
	uint32_t mode = r->attrs.flags & ATTR_PERMISSIONS ? r->attrs.permissions & 07777 : 0666;
	uint32_t changing = FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC;
	struct handle *h;
	struct stat st;
	int fd, r2;

	(void)unused;
	if (s->options.read_only && (r->u32 & changing)) {
		reply_status(s, r->id, FX_PERMISSION_DENIED, "Read only");
		return;
	}
	h = new_handle(s, r->id);
	if (h == NULL)
		return;
	fd = s->files->open(s->files_ctx, path, open_flags(r->u32), mode);
	r2 = fd < 0 ? fd : s->files->fstat(s->files_ctx, fd, &st);
	if (r2 < 0) {
		if (fd >= 0)
			s->files->close(s->files_ctx, fd);
		handles_free(&s->handles, h);
		reply_result(s, r->id, r2);
		return;
	}
	h->kind = HANDLE_FILE;
	h->fd = fd;
	h->pflags = r->u32 & FXF_WRITE ? r->u32 : r->u32 | FXF_READ;
	h->device = st.st_dev;
	h->inode = st.st_ino;
	session_log(
	    s, SFTP_LOG_INFO, "open \"%s\" flags 0x%x mode 0%o", path, (unsigned)r->u32, (unsigned)mode);
	reply_handle(s, r->id, h, path);
}

static void
op_opendir(struct session *s, const struct request *r, const char *path, const char *unused)
{
	struct handle *h = new_handle(s, r->id);
	int r2;

	(void)unused;
	if (h == NULL)
		return;
	r2 = s->files->opendir(s->files_ctx, path, &h->dir, &h->fd);
	if (r2 < 0) {
		handles_free(&s->handles, h);
		reply_result(s, r->id, r2);
		return;
	}
	h->kind = HANDLE_DIR;
	session_log(s, SFTP_LOG_INFO, "opendir \"%s\"", path);
	reply_handle(s, r->id, h, path);
}

static void
op_close(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FREE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	if (h->kind == HANDLE_FILE) {
		s->files->close(s->files_ctx, h->fd);
		session_log(s, SFTP_LOG_INFO, "close \"%s\" bytes read %ju written %ju",
		    h->path != NULL ? h->path : "", (uintmax_t)h->read, (uintmax_t)h->wrote);
	} else {
		s->files->closedir(s->files_ctx, h->dir);
		session_log(s, SFTP_LOG_INFO, "closedir \"%s\"", h->path != NULL ? h->path : "");
	}
	handles_free(&s->handles, h);
	reply_status(s, r->id, FX_OK, NULL);
}

/* ---- content ---- */

static void
op_read(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FILE);
	uint32_t want = r->u32 < SFTP_DATA_MAX ? r->u32 : SFTP_DATA_MAX;
	struct out o;
	int64_t n;

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	if (!(h->pflags & FXF_READ)) {
		reply_status(s, r->id, FX_PERMISSION_DENIED, "The handle is not for reading");
		return;
	}
	reply_open(s, &o, FXP_DATA, r->id);
	n = want > 0 ? s->files->read(s->files_ctx, h->fd, o.buf + o.len + 4, want, r->u64[0]) : 0;
	if (n < 0 || (n == 0 && want > 0)) {
		if (n < 0)
			reply_result(s, r->id, (int)n);
		else
			reply_status(s, r->id, FX_EOF, NULL);
		return;
	}
	out_u32(&o, (uint32_t)n);
	o.len += (size_t)n;
	reply_close(s, &o);
	h->read += (uint64_t)n;
	s->slice -= n;
}

static void
op_write(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FILE);
	uint64_t off = r->u64[0];
	const uint8_t *at = r->bytes[0].data;
	uint32_t left = r->bytes[0].len;
	int64_t n = 0;

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	if (!(h->pflags & FXF_WRITE)) {
		reply_status(s, r->id, FX_PERMISSION_DENIED, "The handle is not for writing");
		return;
	}
	s->slice -= left;
	while (left > 0) {
		n = s->files->write(s->files_ctx, h->fd, at, left, off);
		if (n <= 0)
			break;
		at += n;
		off += (uint64_t)n;
		left -= (uint32_t)n;
		h->wrote += (uint64_t)n;
	}
	reply_result(s, r->id, left == 0 ? 0 : n < 0 ? (int)n : -EIO);
}

static void
op_fsync(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FILE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	s->slice -= SESSION_SLOW_COST;
	reply_result(s, r->id, s->files->fsync(s->files_ctx, h->fd));
}

static void
op_copy(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	(void)p0;
	(void)p1;
	copy_start(s, r);
}

/* ---- by number ---- */

static sftp_op *const ops[OP_COUNT] = {
	[OP_OPEN] = op_open,
	[OP_CLOSE] = op_close,
	[OP_READ] = op_read,
	[OP_WRITE] = op_write,
	[OP_LSTAT] = op_stat,
	[OP_FSTAT] = op_fstat,
	[OP_SETSTAT] = op_setstat,
	[OP_FSETSTAT] = op_fsetstat,
	[OP_OPENDIR] = op_opendir,
	[OP_READDIR] = op_readdir,
	[OP_REMOVE] = op_remove,
	[OP_MKDIR] = op_mkdir,
	[OP_RMDIR] = op_remove,
	[OP_REALPATH] = op_realpath,
	[OP_STAT] = op_stat,
	[OP_RENAME] = op_rename,
	[OP_READLINK] = op_readlink,
	[OP_SYMLINK] = op_symlink,
	[OP_POSIX_RENAME] = op_rename,
	[OP_STATVFS] = op_statvfs,
	[OP_FSTATVFS] = op_fstatvfs,
	[OP_HARDLINK] = op_hardlink,
	[OP_FSYNC] = op_fsync,
	[OP_LSETSTAT] = op_setstat,
	[OP_LIMITS] = op_limits,
	[OP_EXPAND_PATH] = op_expand_path,
	[OP_COPY_DATA] = op_copy,
	[OP_HOME_DIRECTORY] = op_home,
	[OP_USERS_GROUPS] = op_users_groups,
};

void
ops_run(struct session *s, const struct request *r)
{
	const char *body = request_rows[r->op].body;
	const char *text[REQUEST_TEXTS] = { "", "" };
	char named[REQUEST_TEXTS][PATH_MAX];
	int n = 0;

	session_log(s, SFTP_LOG_DEBUG, "request %u: %s", (unsigned)r->id, request_rows[r->op].name);
	if (!session_allows(s, r->op)) {
		reply_status(s, r->id, FX_PERMISSION_DENIED, "Not allowed here");
		return;
	}
	for (; *body != '\0' && n < REQUEST_TEXTS; body++) {
		if (*body != 'p' && *body != 't')
			continue;
		text[n] = *body == 'p' ? ops_path(s, r->text[n], named[n]) : r->text[n];
		if (text[n] == NULL) {
			reply_result(s, r->id, -ENAMETOOLONG);
			return;
		}
		n++;
	}
	ops[r->op](s, r, text[0], text[1]);
}
