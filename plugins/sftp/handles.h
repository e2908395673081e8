/*
 * Open files and directories of one session. A handle is the place in the table and
 * a count of its uses, so one that was closed names nothing. A handle stays where it is
 * as long as it is open: tasks (job.h) know it by its address.
 */
#ifndef SFTP_HANDLES_H
#define SFTP_HANDLES_H

#include "files.h"
#include "wire.h"

#define HANDLE_SIZE 8u

enum handle_kind { HANDLE_FREE, HANDLE_OPENING, HANDLE_FILE, HANDLE_DIR };

struct handle {
	enum handle_kind kind;
	uint32_t at;     /* place in the table */
	uint32_t uses;
	uint32_t next_free;
	int closing;     /* CLOSE was asked: it names nothing any more */
	int fd;
	void *dir;       /* of a directory */
	int ended;       /* a directory: everything was told */
	uint32_t pflags; /* of a file: FXF_* */
	enum files_wait wait;
	int uncached;    /* its reads cannot be asked not to wait */
	dev_t device;
	ino_t inode;
	uint64_t read;   /* bytes */
	uint64_t wrote;
	uint64_t next;   /* where the next READ begins, if they are in sequence */
	uint32_t run;    /* how many were */
	uint64_t ahead;  /* as far as read-ahead was asked for */
	char *path;      /* absolute; NULL: could not be kept */
};

struct handles {
	struct handle **place;
	uint32_t size;
	uint32_t max;
	uint32_t count;
	uint32_t free; /* first free place; size: none */
};

/* A handle that is being opened; NULL: there are `max`, or memory is out. */
struct handle *handles_new(struct handles *t);
void handles_free(struct handles *t, struct handle *h);
void handles_fini(struct handles *t);

/* NULL: no such handle of this kind. HANDLE_FREE as kind: of a file or a directory. */
struct handle *handles_find(const struct handles *t, struct text name, enum handle_kind kind);
void handles_name(const struct handle *h, uint8_t to[HANDLE_SIZE]);

#endif
