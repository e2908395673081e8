/*
 * What there is: directories, attributes, file systems, limits, names of accounts.
 */
#include "ops.h"

#include <stdio.h>
#include <time.h>

#include "longname.h"

/* ---- directories ---- */

static void
account(struct session *s, int (*name)(void *ctx, uint32_t id, char to[FILES_NAME_MAX]), uint32_t id,
    char to[FILES_NAME_MAX])
{
	if (name(s->files_ctx, id, to) != 0)
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

void
op_readdir(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_DIR);
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
		more = s->files->readdir(s->files_ctx, h->dir, name, &st);
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

void
op_stat(struct session *s, const struct request *r, const char *path, const char *unused)
{
	struct stat st;

	(void)unused;
	reply_stat(s, r->id, s->files->stat(s->files_ctx, path, r->op == OP_STAT, &st), &st);
}

void
op_fstat(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FREE);
	struct stat st;

	(void)p0;
	(void)p1;
	if (h != NULL)
		reply_stat(s, r->id, s->files->fstat(s->files_ctx, h->fd, &st), &st);
}

static void
log_attrs(struct session *s, const char *path, const struct attrs *a)
{
	if (a->flags & ATTR_SIZE)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" size %ju", path, (uintmax_t)a->size);
	if (a->flags & ATTR_UIDGID)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" owner %u group %u", path, (unsigned)a->uid,
		    (unsigned)a->gid);
	if (a->flags & ATTR_PERMISSIONS)
		session_log(
		    s, SFTP_LOG_INFO, "set \"%s\" mode %04o", path, (unsigned)(a->permissions & 07777));
	if (a->flags & ATTR_ACMODTIME)
		session_log(s, SFTP_LOG_INFO, "set \"%s\" modtime %u", path, (unsigned)a->mtime);
}

void
op_setstat(struct session *s, const struct request *r, const char *path, const char *unused)
{
	(void)unused;
	/* A link has no size that could be set. */
	if (r->op == OP_LSETSTAT && (r->attrs.flags & ATTR_SIZE)) {
		reply_status(s, r->id, FX_BAD_MESSAGE, NULL);
		return;
	}
	log_attrs(s, path, &r->attrs);
	reply_result(s, r->id, s->files->setstat(s->files_ctx, path, r->op == OP_SETSTAT, &r->attrs));
}

void
op_fsetstat(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FREE);

	(void)p0;
	(void)p1;
	if (h == NULL)
		return;
	log_attrs(s, h->path != NULL ? h->path : "", &r->attrs);
	reply_result(s, r->id, s->files->fsetstat(s->files_ctx, h->fd, &r->attrs));
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
	out_u64(&o, (v->f_flag & ST_RDONLY ? STATVFS_READ_ONLY : 0) |
			(v->f_flag & ST_NOSUID ? STATVFS_NO_SETUID : 0));
	out_u64(&o, v->f_namemax);
	reply_close(s, &o);
}

void
op_statvfs(struct session *s, const struct request *r, const char *path, const char *unused)
{
	struct statvfs v;

	(void)unused;
	reply_statvfs(s, r->id, s->files->statvfs(s->files_ctx, path, &v), &v);
}

void
op_fstatvfs(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct handle *h = ops_handle(s, r, HANDLE_FREE);
	struct statvfs v;

	(void)p0;
	(void)p1;
	if (h != NULL)
		reply_statvfs(s, r->id, s->files->fstatvfs(s->files_ctx, h->fd, &v), &v);
}

/* ---- what there is ---- */

void
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
		out_text(o, name(s->files_ctx, cur_u32(&c), text) == 0 ? text : "");
	if (o->bad)
		return -1;
	store_u32(o->buf + at, (uint32_t)(o->len - at - 4));
	return 0;
}

void
op_users_groups(struct session *s, const struct request *r, const char *p0, const char *p1)
{
	struct out o;

	(void)p0;
	(void)p1;
	s->slice -= SESSION_SLOW_COST;
	reply_open(s, &o, FXP_EXTENDED_REPLY, r->id);
	if (put_names(s, &o, r->bytes[0], s->files->user) != 0 ||
	    put_names(s, &o, r->bytes[1], s->files->group) != 0)
		reply_status(s, r->id, FX_BAD_MESSAGE, NULL);
	else
		reply_close(s, &o);
}
