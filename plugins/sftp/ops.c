/*
 * One function per request: draft-ietf-secsh-filexfer-02 section 6, and OpenSSH's
 * extensions (its PROTOCOL file, section 4).
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "longname.h"

#define CTX s->files_ctx

static const char bad_handle[] = "Invalid handle";

/* The path of a request as the files know it: relative ones begin at the start
 * directory. Empty stays empty, which names nothing. */
static const char *
full(const struct session *s, const char *path, char to[PATH_MAX])
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

/* The handle that the request names, or its refusal. */
static struct handle *
handle_of(struct session *s, const struct request *r, enum handle_kind kind)
{
	struct handle *h = handles_find(&s->handles, r->handle[0], kind);

	if (h == NULL)
		reply_status(s, r->id, FX_FAILURE, bad_handle);
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
	fd = s->files->open(CTX, path, open_flags(r->u32), mode);
	r2 = fd < 0 ? fd : s->files->fstat(CTX, fd, &st);
	if (r2 < 0) {
		if (fd >= 0)
			s->files->close(CTX, fd);
		handles_free(&s->handles, h);
		reply_result(s, r->id, r2);
		return;
	}
	h->kind = HANDLE_FILE;
	h->fd = fd;
	h->pflags = r->u32 & FXF_WRITE ? r->u32 : r->u32 | FXF_READ;
	h->device = st.st_dev;
	h->inode = st.st_ino;
	session_log(s, SFTP_LOG_INFO, "open \"%s\" flags 0x%x mode 0%o", path, (unsigned)r->u32, (unsigned)mode);
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
	r2 = s->files->opendir(CTX, path, &h->dir, &h->fd);
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
	struct handle *h = handle_of(s, r, HANDLE_FREE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	if (h->kind == HANDLE_FILE) {
		s->files->close(CTX, h->fd);
		session_log(s, SFTP_LOG_INFO, "close \"%s\" bytes read %ju written %ju",
		    h->path != NULL ? h->path : "", (uintmax_t)h->read, (uintmax_t)h->wrote);
	} else {
		s->files->closedir(CTX, h->dir);
		session_log(s, SFTP_LOG_INFO, "closedir \"%s\"", h->path != NULL ? h->path : "");
	}
	handles_free(&s->handles, h);
	reply_status(s, r->id, FX_OK, NULL);
}

/* ---- content ---- */

static void
op_read(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = handle_of(s, r, HANDLE_FILE);
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
	n = want > 0 ? s->files->read(CTX, h->fd, o.buf + o.len + 4, want, r->u64[0]) : 0;
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
	struct handle *h = handle_of(s, r, HANDLE_FILE);
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
		n = s->files->write(CTX, h->fd, at, left, off);
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
	struct handle *h = handle_of(s, r, HANDLE_FILE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	s->slice -= SESSION_SLOW_COST;
	reply_result(s, r->id, s->files->fsync(CTX, h->fd));
}

static void
op_copy(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	(void)p0;
	(void)p1;
	copy_start(s, r);
}

/* ---- directories ---- */

static void
account(struct session *s, int (*name)(void *ctx, uint32_t id, char to[FILES_NAME_MAX]), uint32_t id,
    char to[FILES_NAME_MAX])
{
	if (name(CTX, id, to) != 0)
		snprintf(to, FILES_NAME_MAX, "%u", (unsigned)id);
}

static void
put_entry(struct session *s, struct out *o, const char *name, const struct stat *st, int64_t now)
{
	char user[FILES_NAME_MAX], group[FILES_NAME_MAX], line[LONGNAME_MAX];
	time_t modified = st->st_mtime;
	struct attrs a;
	struct tm tm;

	account(s, s->files->user, st->st_uid, user);
	account(s, s->files->group, st->st_gid, group);
	longname(line, name, st, user, group, localtime_r(&modified, &tm), (time_t)now);
	attrs_of(&a, st);
	out_text(o, name);
	out_text(o, line);
	attrs_put(o, &a);
}

static void
op_readdir(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = handle_of(s, r, HANDLE_DIR);
	char name[FILES_NAME_MAX];
	uint32_t count = 0;
	int64_t now;
	struct stat st;
	struct out o;
	int more = 1;

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	now = s->now();
	reply_open(s, &o, FXP_NAME, r->id);
	out_u32(&o, 0);
	while (!h->ended && count < SESSION_NAMES && o.len < SESSION_NAMES_BYTES) {
		more = s->files->readdir(CTX, h->dir, name, &st);
		h->ended = more == 0;
		if (more <= 0)
			break;
		put_entry(s, &o, name, &st, now);
		count++;
	}
	s->slice -= SESSION_SLOW_COST;
	if (count > 0) {
		store_u32(o.buf + HANDLE_SIZE + 1, count);
		reply_close(s, &o);
	} else if (more < 0) {
		reply_result(s, r->id, more);
	} else {
		reply_status(s, r->id, FX_EOF, NULL);
	}
}

/* ---- attributes ---- */

static void
reply_stat(struct session *s, uint32_t id, int r, const struct stat *st)
{
	if (r < 0)
		reply_result(s, id, r);
	else
		reply_attrs(s, id, st);
}

static void
op_stat(struct session *s, const struct request *r, const char *path, const char *unused)
{
	struct stat st;

	(void)unused;
	reply_stat(s, r->id, s->files->stat(CTX, path, r->op == OP_STAT, &st), &st);
}

static void
op_fstat(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = handle_of(s, r, HANDLE_FREE);
	struct stat st;

	(void)p0;
	(void)p1;
	if (h != NULL)
		reply_stat(s, r->id, s->files->fstat(CTX, h->fd, &st), &st);
}

static void
log_attrs(struct session *s, const char *path, const struct attrs *a)
{
	if (a->flags & ATTR_SIZE)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" size %ju", path, (uintmax_t)a->size);
	if (a->flags & ATTR_UIDGID)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" owner %u group %u", path, (unsigned)a->uid, (unsigned)a->gid);
	if (a->flags & ATTR_PERMISSIONS)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" mode %04o", path, (unsigned)(a->permissions & 07777));
	if (a->flags & ATTR_ACMODTIME)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" modtime %u", path, (unsigned)a->mtime);
}

static void
op_setstat(struct session *s, const struct request *r, const char *path, const char *unused)
{
	(void)unused;
	/* A link has no size that could be set. */
	if (r->op == OP_LSETSTAT && (r->attrs.flags & ATTR_SIZE)) {
		reply_status(s, r->id, FX_BAD_MESSAGE, NULL);
		return;
	}
	log_attrs(s, path, &r->attrs);
	reply_result(s, r->id, s->files->setstat(CTX, path, r->op == OP_SETSTAT, &r->attrs));
}

static void
op_fsetstat(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = handle_of(s, r, HANDLE_FREE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	log_attrs(s, h->path != NULL ? h->path : "", &r->attrs);
	reply_result(s, r->id, s->files->fsetstat(CTX, h->fd, &r->attrs));
}

#define STATVFS_READ_ONLY 1u
#define STATVFS_NO_SETUID 2u

static void
reply_statvfs(struct session *s, uint32_t id, int r, const struct statvfs *v)
{
	struct out o;

	if (r < 0) {
		reply_result(s, id, r);
		return;
	}
	reply_open(s, &o, FXP_EXTENDED_REPLY, id);
	out_u64(&o, v->f_bsize);
	out_u64(&o, v->f_frsize);
	out_u64(&o, v->f_blocks);
	out_u64(&o, v->f_bfree);
	out_u64(&o, v->f_bavail);
	out_u64(&o, v->f_files);
	out_u64(&o, v->f_ffree);
	out_u64(&o, v->f_favail);
	out_u64(&o, v->f_fsid);
	out_u64(&o, (v->f_flag & ST_RDONLY ? STATVFS_READ_ONLY : 0) | (v->f_flag & ST_NOSUID ? STATVFS_NO_SETUID : 0));
	out_u64(&o, v->f_namemax);
	reply_close(s, &o);
}

static void
op_statvfs(struct session *s, const struct request *r, const char *path, const char *unused)
{
	struct statvfs v;

	(void)unused;
	reply_statvfs(s, r->id, s->files->statvfs(CTX, path, &v), &v);
}

static void
op_fstatvfs(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = handle_of(s, r, HANDLE_FREE);
	struct statvfs v;

	(void)p0;
	(void)p1;
	if (h != NULL)
		reply_statvfs(s, r->id, s->files->fstatvfs(CTX, h->fd, &v), &v);
}

/* ---- names ---- */

static void
op_remove(struct session *s, const struct request *r, const char *path, const char *unused)
{
	(void)unused;
	session_log(s, SFTP_LOG_INFO, "%s name \"%s\"", request_rows[r->op].name, path);
	reply_result(s, r->id, r->op == OP_REMOVE ? s->files->remove(CTX, path) : s->files->rmdir(CTX, path));
}

static void
op_mkdir(struct session *s, const struct request *r, const char *path, const char *unused)
{
	uint32_t mode = r->attrs.flags & ATTR_PERMISSIONS ? r->attrs.permissions & 07777 : 0777;

	(void)unused;
	session_log(s, SFTP_LOG_INFO, "mkdir name \"%s\" mode 0%o", path, (unsigned)mode);
	reply_result(s, r->id, s->files->mkdir(CTX, path, mode));
}

/* Version 3 has no rename over an existing file; posix-rename is that. */
static void
op_rename(struct session *s, const struct request *r, const char *from, const char *to)
{
	session_log(s, SFTP_LOG_INFO, "%s old \"%s\" new \"%s\"", request_rows[r->op].name, from, to);
	reply_result(s, r->id, s->files->rename(CTX, from, to, r->op == OP_POSIX_RENAME));
}

static void
op_hardlink(struct session *s, const struct request *r, const char *from, const char *to)
{
	session_log(s, SFTP_LOG_INFO, "hardlink old \"%s\" new \"%s\"", from, to);
	reply_result(s, r->id, s->files->link(CTX, from, to));
}

static void
op_symlink(struct session *s, const struct request *r, const char *target, const char *name)
{
	session_log(s, SFTP_LOG_INFO, "symlink old \"%s\" new \"%s\"", target, name);
	reply_result(s, r->id, s->files->symlink(CTX, target, name));
}

static void
reply_path(struct session *s, uint32_t id, int r, const char *path)
{
	if (r < 0)
		reply_result(s, id, r);
	else
		reply_name(s, id, path);
}

static void
op_readlink(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char to[PATH_MAX];

	(void)unused;
	reply_path(s, r->id, s->files->readlink(CTX, path, to), to);
}

static void
op_realpath(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char to[PATH_MAX];

	(void)unused;
	reply_path(s, r->id, s->files->realpath(CTX, path[0] != '\0' ? path : s->start, to), to);
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
		r = s->files->home(CTX, user, to);
	else
		strcpy(to, s->home);
	if (r < 0)
		return r;
	if (strlen(to) + strlen(rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcat(to, rest);
	return 0;
}

static void
op_expand_path(struct session *s, const struct request *r, const char *path, const char *unused)
{
	char named[PATH_MAX], to[PATH_MAX];
	const char *at;
	int r2 = 0;

	(void)unused;
	at = path[0] != '\0' ? full(s, path, named) : s->start;
	if (path[0] == '~') {
		r2 = expand_home(s, path, named);
		at = named;
	}
	if (at == NULL)
		r2 = -ENAMETOOLONG;
	reply_path(s, r->id, r2 < 0 ? r2 : s->files->realpath(CTX, at, to), to);
}

static void
op_home(struct session *s, const struct request *r, const char *user, const char *unused)
{
	char home[PATH_MAX], to[PATH_MAX];
	int r2 = 0;

	(void)unused;
	if (user[0] == '\0' || strcmp(user, s->user) == 0)
		strcpy(home, s->home);
	else
		r2 = s->files->home(CTX, user, home);
	reply_path(s, r->id, r2 < 0 ? r2 : s->files->realpath(CTX, home, to), to);
}

/* ---- what there is ---- */

static void
op_limits(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct out o;

	(void)p0;
	(void)p1;
	reply_open(s, &o, FXP_EXTENDED_REPLY, r->id);
	out_u64(&o, SFTP_PACKET_MAX);
	out_u64(&o, SFTP_DATA_MAX);
	out_u64(&o, SFTP_DATA_MAX);
	out_u64(&o, s->handles.max);
	reply_close(s, &o);
}

/* One name for each number, as a string of strings; unknown ones are empty. -1: the
 * list is no list, or its answer too long. */
static int
put_names(struct session *s, struct out *o, struct text ids,
    int (*name)(void *ctx, uint32_t id, char to[FILES_NAME_MAX]))
{
	struct cur c = { ids.data, ids.data + ids.len, 0 };
	size_t at = o->len;
	char text[FILES_NAME_MAX];

	if (ids.len % 4 != 0)
		return -1;
	out_u32(o, 0);
	while (cur_left(&c) > 0 && !o->bad)
		out_text(o, name(CTX, cur_u32(&c), text) == 0 ? text : "");
	if (o->bad)
		return -1;
	store_u32(o->buf + at, (uint32_t)(o->len - at - 4));
	return 0;
}

static void
op_users_groups(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct out o;

	(void)p0;
	(void)p1;
	s->slice -= SESSION_SLOW_COST;
	reply_open(s, &o, FXP_EXTENDED_REPLY, r->id);
	if (put_names(s, &o, r->bytes[0], s->files->user) != 0 || put_names(s, &o, r->bytes[1], s->files->group) != 0)
		reply_status(s, r->id, FX_BAD_MESSAGE, NULL);
	else
		reply_close(s, &o);
}

/* ---- by number ---- */

static void (*const ops[OP_COUNT])(struct session *s, const struct request *r, const char *p0, const char *p1) = {
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
		text[n] = *body == 'p' ? full(s, r->text[n], named[n]) : r->text[n];
		if (text[n] == NULL) {
			reply_result(s, r->id, -ENAMETOOLONG);
			return;
		}
		n++;
	}
	ops[r->op](s, r, text[0], text[1]);
}
