/*
 * Requests: what is refused at once, what can be answered at once, and what becomes a
 * job; what follows when it is done. draft-ietf-secsh-filexfer-02 section 6, and
 * OpenSSH's extensions (its PROTOCOL file, section 4).
 */
#include "ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define OPS_SMALL (64u * 1024u)

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

/* ---- by number ---- */

static const struct {
	sftp_op *run;
	uint8_t kind; /* of its handles: HANDLE_FREE: any */
} ops[OP_COUNT] = {
	[OP_OPEN] = { op_open, 0 },
	[OP_CLOSE] = { op_close, HANDLE_FREE },
	[OP_READ] = { op_read, HANDLE_FILE },
	[OP_WRITE] = { op_write, HANDLE_FILE },
	[OP_LSTAT] = { op_stat, 0 },
	[OP_FSTAT] = { op_fstat, HANDLE_FREE },
	[OP_SETSTAT] = { op_setstat, 0 },
	[OP_FSETSTAT] = { op_fsetstat, HANDLE_FREE },
	[OP_OPENDIR] = { op_opendir, 0 },
	[OP_READDIR] = { op_readdir, HANDLE_DIR },
	[OP_REMOVE] = { op_remove, 0 },
	[OP_MKDIR] = { op_mkdir, 0 },
	[OP_RMDIR] = { op_remove, 0 },
	[OP_REALPATH] = { op_realpath, 0 },
	[OP_STAT] = { op_stat, 0 },
	[OP_RENAME] = { op_rename, 0 },
	[OP_READLINK] = { op_readlink, 0 },
	[OP_SYMLINK] = { op_symlink, 0 },
	[OP_POSIX_RENAME] = { op_rename, 0 },
	[OP_STATVFS] = { op_statvfs, 0 },
	[OP_FSTATVFS] = { op_fstatvfs, HANDLE_FREE },
	[OP_HARDLINK] = { op_hardlink, 0 },
	[OP_FSYNC] = { op_fsync, HANDLE_FILE },
	[OP_LSETSTAT] = { op_setstat, 0 },
	[OP_LIMITS] = { op_limits, 0 },
	[OP_EXPAND_PATH] = { op_expand_path, 0 },
	[OP_COPY_DATA] = { op_copy, HANDLE_FILE },
	[OP_HOME_DIRECTORY] = { op_home, 0 },
	[OP_USERS_GROUPS] = { op_users_groups, 0 },
};

void
ops_do(struct job *j)
{
	ops[j->op].run(j);
}

/* ---- what is refused ---- */

/* Its texts, those that are paths made absolute, and its handles; -1: refused. */
static int
names(struct session *s, const struct request *r, char named[REQUEST_TEXTS][PATH_MAX])
{
	const char *body = request_rows[r->op].body;
	struct job *j = &s->here;
	int texts = 0, handles = 0;

	for (; *body != '\0'; body++) {
		if (*body == 'p' || *body == 't') {
			j->path[texts] =
			    *body == 'p' ? ops_path(s, r->text[texts], named[texts]) : r->text[texts];
			if (j->path[texts++] == NULL) {
				reply_result(j, -ENAMETOOLONG);
				return -1;
			}
		} else if (*body == 'h') {
			j->h[handles] =
			    handles_find(&s->handles, r->handle[handles], (enum handle_kind)ops[r->op].kind);
			if (j->h[handles++] == NULL) {
				reply_status(j, FX_FAILURE, "Invalid handle");
				return -1;
			}
		}
	}
	return 0;
}

/* Nothing but the session has to be asked for these; NULL: it may be done. */
static const char *
refusal(const struct session *s, const struct job *j, enum fx *code)
{
	uint32_t changing = FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC;

	*code = FX_PERMISSION_DENIED;
	if (j->op == OP_OPEN && s->options.read_only && (j->u32 & changing))
		return "Read only";
	if (j->op == OP_READ && !(j->h[0]->pflags & FXF_READ))
		return "The handle is not for reading";
	if (j->op == OP_WRITE && !(j->h[0]->pflags & FXF_WRITE))
		return "The handle is not for writing";
	*code = FX_FAILURE;
	/* Over itself a file could grow without end. */
	if (j->op == OP_COPY_DATA &&
	    (j->h[0] == j->h[1] ||
		(j->h[0]->device == j->h[1]->device && j->h[0]->inode == j->h[1]->inode)))
		return "A file cannot be copied to itself";
	return NULL;
}

/* ---- handles ---- */

/* What closes or opens before it may still change how many there are. */
static int
may_become_free(const struct session *s)
{
	const struct job *e;

	for (e = s->first; e != NULL; e = e->next)
		if (e->op == OP_CLOSE || e->op == OP_OPEN || e->op == OP_OPENDIR)
			return 1;
	return 0;
}

/* For OPEN and OPENDIR; -1: there is none, and that is answered. */
static int
take_handle(struct session *s, struct job *j)
{
	j->h[0] = handles_new(&s->handles);
	if (j->h[0] != NULL)
		return 0;
	if (may_become_free(s)) {
		j->unhandled = 1;
		return 0;
	}
	reply_status(j, FX_FAILURE, s->full_text);
	if (!s->told_handles)
		session_log(s, SFTP_LOG_ERROR, "%s", s->full_text);
	s->told_handles = 1;
	return -1;
}

/* Reads in sequence: what comes next is asked for before it is wanted. A write, or a
 * read elsewhere, ends it. */
static void
look_ahead(struct job *j)
{
	struct handle *h = j->h[0];
	uint32_t want = j->u32 < SFTP_DATA_MAX ? j->u32 : SFTP_DATA_MAX;

	if (j->op != OP_READ) {
		h->run = 0;
		h->next = UINT64_MAX;
		return;
	}
	h->run = j->u64[0] == h->next ? h->run + 1 : 0;
	h->next = j->u64[0] + want;
	if (h->run == 0)
		h->ahead = h->next;
	if (h->run < 2 || h->next + SESSION_AHEAD / 2 < h->ahead)
		return;
	j->ahead_off = h->ahead > h->next ? h->ahead : h->next;
	h->ahead = h->next + SESSION_AHEAD;
	j->ahead_len = (uint32_t)(h->ahead - j->ahead_off);
}

/* ---- at once, or as a job ---- */

/* A disk of this machine is trusted with the little that a small file is: what a large
 * one waits for is worth a task. */
static int
is_small(const struct job *j)
{
	const struct handle *h = j->h[0];

	return h->wait == FILES_WAIT_NOTHING ||
	       (h->wait == FILES_WAIT_DISK && h->wrote + j->bytes[0].len <= OPS_SMALL);
}

/* May it be tried here? j->wait: and it will not have to wait for anybody else. */
static int
prompt(struct job *j)
{
	const struct handle *h = j->h[0];

	j->wait = 1;
	if (j->op == OP_LIMITS)
		return 1;
	if (j->op == OP_STAT || j->op == OP_LSTAT || (j->op == OP_OPEN && !j->unhandled)) {
		j->wait = 0;
		return 1;
	}
	if (h == NULL || h->kind != HANDLE_FILE)
		return 0;
	switch (j->op) {
	case OP_READ:
		j->wait = h->wait == FILES_WAIT_NOTHING;
		return j->wait || !h->uncached;
	case OP_FSTAT:
		return h->wait != FILES_WAIT_ANY;
	case OP_WRITE:
	case OP_FSETSTAT:
	case OP_CLOSE:
		return is_small(j);
	case OP_FSYNC:
		return h->wait == FILES_WAIT_NOTHING;
	default:
		return 0;
	}
}

/* 1: it is answered. */
static int
at_once(struct session *s)
{
	struct job *j = &s->here;

	if (!prompt(j) || !jobs_free_of(s, j))
		return 0;
	ops_do(j);
	if (j->again != JOB_NOT_AGAIN) {
		if (j->again == JOB_NEVER)
			j->h[0]->uncached = 1;
		j->again = JOB_NOT_AGAIN;
		return 0;
	}
	s->slice -= (int64_t)(j->moved + j->bytes[0].len);
	session_reply(s);
	ops_finish(j);
	return 1;
}

static void
as_job(struct session *s)
{
	struct job *j = &s->here;

	j->wait = 1;
	s->slice -= (int64_t)j->bytes[0].len;
	if (job_add(s, j) != 0) {
		session_fail(s, "out of memory");
		return;
	}
	/* From here on it names nothing, whenever it is closed. */
	if (j->op == OP_CLOSE)
		j->h[0]->closing = 1;
}

void
ops_start(struct session *s)
{
	const struct request *r = &s->request;
	char named[REQUEST_TEXTS][PATH_MAX];
	struct job *j = &s->here;
	const char *why;
	enum fx code;

	session_log(s, SFTP_LOG_DEBUG, "request %u: %s", (unsigned)r->id, request_rows[r->op].name);
	j->op = r->op;
	j->u32 = r->u32;
	memcpy(j->u64, r->u64, sizeof(j->u64));
	memcpy(j->bytes, r->bytes, sizeof(j->bytes));
	j->attrs = r->attrs;
	j->fd = -1;
	if (!session_allows(s, r->op)) {
		reply_status(j, FX_PERMISSION_DENIED, "Not allowed here");
	} else if (names(s, r, named) == 0) {
		why = refusal(s, j, &code);
		if (why != NULL) {
			reply_status(j, code, why);
		} else if ((j->op != OP_OPEN && j->op != OP_OPENDIR) || take_handle(s, j) == 0) {
			order_set(j);
			if (j->op == OP_READ || j->op == OP_WRITE || j->op == OP_FSETSTAT)
				look_ahead(j);
			if (!at_once(s))
				as_job(s);
			return;
		}
	}
	session_reply(s);
}

/* ---- afterwards ---- */

static void
opened(struct job *j)
{
	struct session *s = j->s;
	struct handle *h = j->h[0];

	if (h == NULL)
		return;
	if (j->fd < 0) {
		handles_free(&s->handles, h);
		return;
	}
	h->kind = j->op == OP_OPEN ? HANDLE_FILE : HANDLE_DIR;
	h->fd = j->fd;
	h->dir = j->dir;
	h->pflags = j->u32 & FXF_WRITE ? j->u32 : j->u32 | FXF_READ;
	h->wait = j->file_wait;
	h->device = j->st.st_dev;
	h->inode = j->st.st_ino;
	h->path = strdup(j->path[0]);
	if (j->op == OP_OPEN)
		session_log(s, SFTP_LOG_INFO, "open \"%s\" flags 0x%x mode 0%o", j->path[0], (unsigned)j->u32,
		    (unsigned)(j->attrs.flags & ATTR_PERMISSIONS ? j->attrs.permissions & 07777 : 0666));
	else
		session_log(s, SFTP_LOG_INFO, "opendir \"%s\"", j->path[0]);
	/* Nobody heard of it. */
	if (s->gone)
		session_end(s);
}

static void
closed(struct job *j)
{
	struct session *s = j->s;
	struct handle *h = j->h[0];
	const char *path = h->path != NULL ? h->path : "", *forced = j->silent ? "forced " : "";

	if (h->kind == HANDLE_FILE)
		session_log(s, SFTP_LOG_INFO, "%sclose \"%s\" bytes read %ju written %ju", forced, path,
		    (uintmax_t)h->read, (uintmax_t)h->wrote);
	else
		session_log(s, SFTP_LOG_INFO, "%sclosedir \"%s\"", forced, path);
	handles_free(&s->handles, h);
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

/* As OpenSSH's server, what was asked for, done or not. */
static void
log_change(const struct job *j)
{
	struct session *s = j->s;
	const char *name = request_rows[j->op].name;

	switch (j->op) {
	case OP_REMOVE:
	case OP_RMDIR:
		session_log(s, SFTP_LOG_INFO, "%s name \"%s\"", name, j->path[0]);
		break;
	case OP_MKDIR:
		session_log(s, SFTP_LOG_INFO, "mkdir name \"%s\" mode 0%o", j->path[0],
		    (unsigned)(j->attrs.flags & ATTR_PERMISSIONS ? j->attrs.permissions & 07777 : 0777));
		break;
	case OP_RENAME:
	case OP_POSIX_RENAME:
	case OP_HARDLINK:
	case OP_SYMLINK:
		session_log(s, SFTP_LOG_INFO, "%s old \"%s\" new \"%s\"", name, j->path[0], j->path[1]);
		break;
	case OP_SETSTAT:
	case OP_LSETSTAT:
		log_attrs(s, j->path[0], &j->attrs);
		break;
	case OP_FSETSTAT:
		log_attrs(s, j->h[0]->path != NULL ? j->h[0]->path : "", &j->attrs);
		break;
	default:
		break;
	}
}

void
ops_finish(struct job *j)
{
	struct session *s = j->s;

	if (s->options.log >= SFTP_LOG_INFO)
		log_change(j);
	switch (j->op) {
	case OP_OPEN:
	case OP_OPENDIR:
		opened(j);
		break;
	case OP_CLOSE:
		closed(j);
		break;
	case OP_READ:
		j->h[0]->read += j->moved;
		break;
	case OP_WRITE:
		j->h[0]->wrote += j->moved;
		break;
	case OP_COPY_DATA:
		j->h[0]->read += j->moved;
		j->h[1]->wrote += j->moved;
		break;
	default:
		break;
	}
}
