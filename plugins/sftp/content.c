/*
 * Open files: draft-ietf-secsh-filexfer-02 sections 6.3, 6.4; fsync@openssh.com.
 */
#include "ops.h"

#include <errno.h>
#include <fcntl.h>

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

static void
reply_handle(struct job *j)
{
	uint8_t name[HANDLE_SIZE];

	handles_name(j->h[0], name);
	reply_open(j, FXP_HANDLE);
	out_string(&j->out, name, sizeof(name));
	reply_close(j);
}

void
op_open(struct job *j)
{
	const struct session *s = j->s;
	uint32_t mode = j->attrs.flags & ATTR_PERMISSIONS ? j->attrs.permissions & 07777 : 0666;
	int fd = s->files->open(s->files_ctx, j->path[0], open_flags(j->u32), mode, j->wait);
	int r = fd < 0 ? fd : s->files->fstat(s->files_ctx, fd, &j->st);

	if (r < 0) {
		if (fd >= 0)
			s->files->close(s->files_ctx, fd);
		job_result(j, r);
		return;
	}
	j->fd = fd;
	j->file_wait = s->files->wait(s->files_ctx, fd);
	reply_handle(j);
}

void
op_opendir(struct job *j)
{
	const struct session *s = j->s;
	void *dir;
	int fd, r;

	r = s->files->opendir(s->files_ctx, j->path[0], &dir, &fd);
	if (r < 0) {
		reply_result(j, r);
		return;
	}
	/* Without it the directory is taken for any. */
	if (s->files->fstat(s->files_ctx, fd, &j->st) < 0)
		memset(&j->st, 0, sizeof(j->st));
	j->fd = fd;
	j->dir = dir;
	reply_handle(j);
}

void
op_close(struct job *j)
{
	const struct session *s = j->s;
	struct handle *h = j->h[0];

	if (h->kind == HANDLE_FILE)
		s->files->close(s->files_ctx, h->fd);
	else
		s->files->closedir(s->files_ctx, h->dir);
	reply_status(j, FX_OK, NULL);
}

/* A short read is the end of the file (section 6.4); of what is in memory it may be
 * the end of that. */
static int64_t
read_cached(const struct job *j, uint8_t *to, uint32_t want)
{
	const struct session *s = j->s;
	uint32_t have = 0;
	int64_t n;

	do {
		n = s->files->read(s->files_ctx, j->h[0]->fd, to + have, want - have, j->u64[0] + have, 0);
		have += n > 0 ? (uint32_t)n : 0;
	} while (n > 0 && have < want);
	return n < 0 ? n : have;
}

void
op_read(struct job *j)
{
	const struct session *s = j->s;
	uint32_t want = j->u32 < SFTP_DATA_MAX ? j->u32 : SFTP_DATA_MAX;
	uint8_t *to;
	int64_t n = 0;

	if (j->ahead_len > 0 && j->wait)
		s->files->ahead(s->files_ctx, j->h[0]->fd, j->ahead_off, j->ahead_len);
	reply_open(j, FXP_DATA);
	to = j->out.buf + j->out.len + 4;
	if (want > 0)
		n = j->wait ? s->files->read(s->files_ctx, j->h[0]->fd, to, want, j->u64[0], 1)
			    : read_cached(j, to, want);
	if (!j->wait && (n == -EAGAIN || n == -EOPNOTSUPP)) {
		j->again = n == -EAGAIN ? JOB_AGAIN : JOB_NEVER;
	} else if (n < 0) {
		reply_result(j, (int)n);
	} else if (n == 0 && want > 0) {
		reply_status(j, FX_EOF, NULL);
	} else {
		out_u32(&j->out, (uint32_t)n);
		j->out.len += (size_t)n;
		j->moved = (uint64_t)n;
		reply_close(j);
	}
}

void
op_write(struct job *j)
{
	const struct session *s = j->s;
	uint64_t off = j->u64[0];
	const uint8_t *at = j->bytes[0].data;
	uint32_t left = j->bytes[0].len;
	int64_t n = 0;

	while (left > 0) {
		n = s->files->write(s->files_ctx, j->h[0]->fd, at, left, off);
		if (n <= 0)
			break;
		at += n;
		off += (uint64_t)n;
		left -= (uint32_t)n;
		j->moved += (uint64_t)n;
	}
	reply_result(j, left == 0 ? 0 : n < 0 ? (int)n : -EIO);
}

void
op_fsync(struct job *j)
{
	const struct session *s = j->s;

	reply_result(j, s->files->fsync(s->files_ctx, j->h[0]->fd));
}
