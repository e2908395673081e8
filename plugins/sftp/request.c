#include "request.h"

#include <strings.h>

#define PLAIN(op, type, name, body, changes) [op] = { type, name, NULL, NULL, body, changes }
#define EXTENDED(op, name, id, version, body, changes) \
	[op] = { FXP_EXTENDED, name, id, version, body, changes }

const struct request_row request_rows[OP_COUNT] = {
	PLAIN(OP_OPEN, FXP_OPEN, "open", "pua", 0),
	PLAIN(OP_CLOSE, FXP_CLOSE, "close", "h", 0),
	PLAIN(OP_READ, FXP_READ, "read", "hqu", 0),
	PLAIN(OP_WRITE, FXP_WRITE, "write", "hqd", 1),
	PLAIN(OP_LSTAT, FXP_LSTAT, "lstat", "p", 0),
	PLAIN(OP_FSTAT, FXP_FSTAT, "fstat", "h", 0),
	PLAIN(OP_SETSTAT, FXP_SETSTAT, "setstat", "pa", 1),
	PLAIN(OP_FSETSTAT, FXP_FSETSTAT, "fsetstat", "ha", 1),
	PLAIN(OP_OPENDIR, FXP_OPENDIR, "opendir", "p", 0),
	PLAIN(OP_READDIR, FXP_READDIR, "readdir", "h", 0),
	PLAIN(OP_REMOVE, FXP_REMOVE, "remove", "p", 1),
	PLAIN(OP_MKDIR, FXP_MKDIR, "mkdir", "pa", 1),
	PLAIN(OP_RMDIR, FXP_RMDIR, "rmdir", "p", 1),
	PLAIN(OP_REALPATH, FXP_REALPATH, "realpath", "p", 0),
	PLAIN(OP_STAT, FXP_STAT, "stat", "p", 0),
	PLAIN(OP_RENAME, FXP_RENAME, "rename", "pp", 1),
	PLAIN(OP_READLINK, FXP_READLINK, "readlink", "p", 0),
	/* The draft has the link first; OpenSSH, and so everybody, the target. */
	PLAIN(OP_SYMLINK, FXP_SYMLINK, "symlink", "tp", 1),
	EXTENDED(OP_POSIX_RENAME, "posix-rename", "posix-rename@openssh.com", "1", "pp", 1),
	EXTENDED(OP_STATVFS, "statvfs", "statvfs@openssh.com", "2", "p", 0),
	EXTENDED(OP_FSTATVFS, "fstatvfs", "fstatvfs@openssh.com", "2", "h", 0),
	EXTENDED(OP_HARDLINK, "hardlink", "hardlink@openssh.com", "1", "pp", 1),
	EXTENDED(OP_FSYNC, "fsync", "fsync@openssh.com", "1", "h", 1),
	EXTENDED(OP_LSETSTAT, "lsetstat", "lsetstat@openssh.com", "1", "pa", 1),
	EXTENDED(OP_LIMITS, "limits", "limits@openssh.com", "1", "", 0),
	EXTENDED(OP_EXPAND_PATH, "expand-path", "expand-path@openssh.com", "1", "t", 0),
	EXTENDED(OP_COPY_DATA, "copy-data", "copy-data", "1", "hqqhq", 1),
	EXTENDED(OP_HOME_DIRECTORY, "home-directory", "home-directory", "1", "t", 0),
	EXTENDED(OP_USERS_GROUPS, "users-groups-by-id", "users-groups-by-id@openssh.com", "1", "dd", 0),
};

int
request_named(const char *name, size_t len)
{
	int op;

	for (op = 0; op < OP_COUNT; op++)
		if (strlen(request_rows[op].name) == len &&
		    strncasecmp(request_rows[op].name, name, len) == 0)
			return op;
	return -1;
}

static int
find(uint8_t type, struct cur *c)
{
	struct text extension = { NULL, 0 };
	int op;

	if (type == FXP_EXTENDED)
		extension = cur_string(c);
	for (op = 0; op < OP_COUNT; op++) {
		const struct request_row *row = &request_rows[op];

		if (row->type != type)
			continue;
		if (type != FXP_EXTENDED || (strlen(row->extension) == extension.len &&
		                                memcmp(row->extension, extension.data, extension.len) == 0))
			return op;
	}
	return -1;
}

static enum request_result
keep(char *to, struct text t)
{
	if (t.len > 0 && memchr(t.data, 0, t.len) != NULL)
		return REQUEST_BAD;
	if (t.len >= PATH_MAX)
		return REQUEST_LONG;
	if (t.len > 0)
		memcpy(to, t.data, t.len);
	to[t.len] = '\0';
	return REQUEST_OK;
}

static enum request_result
body(struct request *r, struct cur *c)
{
	const char *what = request_rows[r->op].body;
	enum request_result result = REQUEST_OK, kept;
	int texts = 0, handles = 0, longs = 0, blobs = 0;

	for (; *what != '\0'; what++) {
		switch (*what) {
		case 'p':
		case 't':
			kept = keep(r->text[texts++], cur_string(c));
			if (result == REQUEST_OK)
				result = kept;
			break;
		case 'h':
			r->handle[handles++] = cur_string(c);
			break;
		case 'u':
			r->u32 = cur_u32(c);
			break;
		case 'q':
			r->u64[longs++] = cur_u64(c);
			break;
		case 'd':
			r->bytes[blobs++] = cur_string(c);
			break;
		default:
			attrs_get(c, &r->attrs);
			break;
		}
	}
	return c->bad ? REQUEST_BAD : result;
}

enum request_result
request_parse(struct request *r, const uint8_t *packet, size_t len)
{
	struct cur c = { packet, packet + len, 0 };
	uint8_t type = cur_u8(&c);
	int op;

	r->id = cur_u32(&c);
	if (c.bad)
		return REQUEST_NO_ID;
	r->u32 = 0;
	memset(r->u64, 0, sizeof(r->u64));
	memset(r->handle, 0, sizeof(r->handle));
	memset(r->bytes, 0, sizeof(r->bytes));
	memset(&r->attrs, 0, sizeof(r->attrs));
	op = find(type, &c);
	if (op < 0)
		return c.bad ? REQUEST_BAD : REQUEST_UNKNOWN;
	r->op = (enum op)op;
	return body(r, &c);
}
