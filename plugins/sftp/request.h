/*
 * Requests: one row each, and the packet taken apart by its row.
 */
#ifndef SFTP_REQUEST_H
#define SFTP_REQUEST_H

#include <limits.h>

#include "attrs.h"

enum op {
	OP_OPEN,
	OP_CLOSE,
	OP_READ,
	OP_WRITE,
	OP_LSTAT,
	OP_FSTAT,
	OP_SETSTAT,
	OP_FSETSTAT,
	OP_OPENDIR,
	OP_READDIR,
	OP_REMOVE,
	OP_MKDIR,
	OP_RMDIR,
	OP_REALPATH,
	OP_STAT,
	OP_RENAME,
	OP_READLINK,
	OP_SYMLINK,
	OP_POSIX_RENAME,
	OP_STATVFS,
	OP_FSTATVFS,
	OP_HARDLINK,
	OP_FSYNC,
	OP_LSETSTAT,
	OP_LIMITS,
	OP_EXPAND_PATH,
	OP_COPY_DATA,
	OP_HOME_DIRECTORY,
	OP_USERS_GROUPS,
	OP_COUNT
};

struct request_row {
	uint8_t type;          /* FXP_* */
	const char *name;      /* as in sftp-server's lists of requests */
	const char *extension; /* with FXP_EXTENDED */
	const char *version;   /* of the extension */
	/*
	 * The body: p a path, t other text, h a handle, u a uint32, q a uint64, d
	 * bytes, a attributes.
	 */
	const char *body;
	int changes;           /* something: refused when read-only (OPEN: by its flags) */
};

extern const struct request_row request_rows[OP_COUNT];

/* request_named(name, len): the op, or -1. */
int request_named(const char *name, size_t len);

#define REQUEST_TEXTS 2

struct request {
	uint32_t id;
	enum op op;
	char text[REQUEST_TEXTS][PATH_MAX]; /* p and t, in order, terminated */
	struct text handle[2];
	uint32_t u32;
	uint64_t u64[3];
	struct text bytes[2];
	struct attrs attrs;
};

enum request_result {
	REQUEST_OK,
	REQUEST_NO_ID,   /* too short to be answered */
	REQUEST_UNKNOWN, /* id is set */
	REQUEST_BAD,     /* id and op are set: cut short, a NUL in a name */
	REQUEST_LONG,    /* id and op are set: a name is too long */
};

/* A packet without its length field, not INIT. What the row does not name is 0, but for
 * the texts. Bytes behind what the row names are
 * left alone, as OpenSSH does. Handles and bytes point into the packet. */
enum request_result request_parse(struct request *r, const uint8_t *packet, size_t len);

#endif
