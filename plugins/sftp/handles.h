/*
 * Open files and directories of one session. A handle is the place in the table and
 * a count of its uses, so one that was closed names nothing.
 */
#ifndef SFTP_HANDLES_H
#define SFTP_HANDLES_H

#include <sys/types.h>

#include "wire.h"

#define HANDLE_SIZE 8u

enum handle_kind { HANDLE_FREE, HANDLE_FILE, HANDLE_DIR };

struct handle {
	enum handle_kind kind;
	uint32_t uses;
	uint32_t next_free;
	int fd;
	void *dir;       /* of a directory */
	int ended;       /* a directory: everything was told */
	uint32_t pflags; /* of a file: FXF_* */
	dev_t device;
	ino_t inode;
	uint64_t read;   /* bytes */
	uint64_t wrote;
	char *path;      /* for the log; NULL: not kept */
};

struct handles {
	struct handle *place;
	uint32_t size;
	uint32_t max;
	uint32_t count;
	uint32_t free; /* first free place; size: none */
};

/* A free handle, its kind still to be set; NULL: there are `max`, or memory is out. */
struct handle *handles_new(struct handles *t);
void handles_free(struct handles *t, struct handle *h);

/* NULL: no such handle of this kind. HANDLE_FREE as kind: of any. */
struct handle *handles_find(const struct handles *t, struct text name, enum handle_kind kind);
void handles_name(const struct handles *t, const struct handle *h, uint8_t to[HANDLE_SIZE]);

#endif
