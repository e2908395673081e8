/*
 * What there is: directories, attributes, file systems, limits, names of accounts.
 */
#include "ops.h"

#include <stdio.h>
#include <time.h>

#include "longname.h"

/* ---- directories ---- */

static void
account(const struct session *s, int (*name)(void *ctx, uint32_t id, char to[FILES_NAME_MAX]), uint32_t id,
    char to[FILES_NAME_MAX])
{
	if (name(s->files_ctx, id, to) != 0)
		snprintf(to, FILES_NAME_MAX, "%u", (unsigned)id);
}

static void
put_entry(const struct session *s, struct out *o, const char *name, const struct stat *st, int64_t now)
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
op_readdir(struct job *j)
{
	const struct session *s = j->s;
	struct handle *h = j->h[0];
	int64_t now = s->now();
	char name[FILES_NAME_MAX];
	uint32_t count = 0;
	struct stat st;
	int more = 1;

	reply_open(j, FXP_NAME);
	out_u32(&j->out, 0);
	while (!h->ended && count < SESSION_NAMES && j->out.len < SESSION_NAMES_BYTES) {
		more = s->files->readdir(s->files_ctx, h->dir, name, &st);
		h->ended = more == 0;
		if (more <= 0)
			break;
		put_entry(s, &j->out, name, &st, now);
		count++;
	}
	if (count > 0) {
		store_u32(j->out.buf + HANDLE_SIZE + 1, count);
		reply_close(j);
	} else if (more < 0) {
		reply_result(j, more);
	} else {
		reply_status(j, FX_EOF, NULL);
	}
}

/* ---- attributes ---- */

void
op_stat(struct job *j)
{
	struct stat st;
	int r = j->s->files->stat(j->s->files_ctx, j->path[0], j->op == OP_STAT, &st, j->wait);

	if (r < 0)
		job_result(j, r);
	else
		reply_attrs(j, &st);
}

void
op_fstat(struct job *j)
{
	struct stat st;
	int r = j->s->files->fstat(j->s->files_ctx, j->h[0]->fd, &st);

	if (r < 0)
		reply_result(j, r);
	else
		reply_attrs(j, &st);
}

void
op_setstat(struct job *j)
{
	/* A link has no size that could be set. */
	if (j->op == OP_LSETSTAT && (j->attrs.flags & ATTR_SIZE))
		reply_status(j, FX_BAD_MESSAGE, NULL);
	else
		reply_result(j,
		    j->s->files->setstat(j->s->files_ctx, j->path[0], j->op == OP_SETSTAT, &j->attrs));
}

void
op_fsetstat(struct job *j)
{
	reply_result(j, j->s->files->fsetstat(j->s->files_ctx, j->h[0]->fd, &j->attrs));
}

#define STATVFS_READ_ONLY 1u
#define STATVFS_NO_SETUID 2u

static void
reply_statvfs(struct job *j, int r, const struct statvfs *v)
{
	struct out *o = &j->out;

	if (r < 0) {
		reply_result(j, r);
		return;
	}
	reply_open(j, FXP_EXTENDED_REPLY);
	out_u64(o, v->f_bsize);
	out_u64(o, v->f_frsize);
	out_u64(o, v->f_blocks);
	out_u64(o, v->f_bfree);
	out_u64(o, v->f_bavail);
	out_u64(o, v->f_files);
	out_u64(o, v->f_ffree);
	out_u64(o, v->f_favail);
	out_u64(o, v->f_fsid);
	out_u64(o, (v->f_flag & ST_RDONLY ? STATVFS_READ_ONLY : 0) |
		       (v->f_flag & ST_NOSUID ? STATVFS_NO_SETUID : 0));
	out_u64(o, v->f_namemax);
	reply_close(j);
}

void
op_statvfs(struct job *j)
{
	struct statvfs v;

	reply_statvfs(j, j->s->files->statvfs(j->s->files_ctx, j->path[0], &v), &v);
}

void
op_fstatvfs(struct job *j)
{
	struct statvfs v;

	reply_statvfs(j, j->s->files->fstatvfs(j->s->files_ctx, j->h[0]->fd, &v), &v);
}

/* ---- what there is ---- */

void
op_limits(struct job *j)
{
	reply_open(j, FXP_EXTENDED_REPLY);
	out_u64(&j->out, SFTP_PACKET_MAX);
	out_u64(&j->out, SFTP_DATA_MAX);
	out_u64(&j->out, SFTP_DATA_MAX);
	out_u64(&j->out, j->s->options.handles);
	reply_close(j);
}

/* One name for each number, as a string of strings; unknown ones are empty. -1: the
 * list is no list, or its answer too long. */
static int
put_names(const struct session *s, struct out *o, struct text ids,
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
op_users_groups(struct job *j)
{
	const struct session *s = j->s;

	reply_open(j, FXP_EXTENDED_REPLY);
	if (put_names(s, &j->out, j->bytes[0], s->files->user) != 0 ||
	    put_names(s, &j->out, j->bytes[1], s->files->group) != 0)
		reply_status(j, FX_BAD_MESSAGE, NULL);
	else
		reply_close(j);
}
