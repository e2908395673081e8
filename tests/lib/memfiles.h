/*
 * A file system of a few kilobytes for the sftp plugin's protocol: nothing of the
 * machine is touched. It ends the process when a descriptor, a directory or a path is
 * used in a way that the interface does not allow.
 */
#ifndef TESTS_MEMFILES_H
#define TESTS_MEMFILES_H

#include "plugins/sftp/files.h"

#define MEMFILES_NODES 48u
#define MEMFILES_OPEN 64u
#define MEMFILES_PATH 128u
#define MEMFILES_SIZE 65536u /* of one file; then ENOSPC */

struct memfile {
	char path[MEMFILES_PATH]; /* empty: none */
	mode_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t mtime;
	uint32_t size;
	uint8_t *data;
	char target[MEMFILES_PATH]; /* of a link */
	ino_t inode;
	int nameless; /* removed, and still open */
};

struct memopen {
	int used; /* 1: a file, 2: a directory */
	int node;
	int next; /* of a directory */
};

struct memfiles {
	struct memfile node[MEMFILES_NODES];
	struct memopen open[MEMFILES_OPEN];
	ino_t inode;
	unsigned write_max; /* bytes that one write takes; 0: all */
	enum files_wait wait; /* of every file */
	int cold;             /* some of what is asked for without waiting is not there */
	uint64_t ahead_off;   /* the last read-ahead */
	size_t ahead_len;
	uint64_t calls;
};

/* Files that wait for nothing: "/", "/home", a file "/home/file" of eleven bytes, a link "/home/link" to it. */
struct memfiles *memfiles_new(void);
void memfiles_free(struct memfiles *m);

/* How many descriptors are open. */
unsigned memfiles_opened(const struct memfiles *m);

extern const struct files memfiles;

#endif
