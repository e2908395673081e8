/*
 * The files behind a session: everything that touches a file system or the account
 * database is a method here, so that the protocol is tested and fuzzed on any other.
 *
 * Paths are absolute and terminated. Results: 0 (or what the method says), or
 * -errno. Regular files are read and written in place, as OpenSSH's server does; a
 * method never waits for another process (FIFO, terminal), only for the disk.
 */
#ifndef SFTP_FILES_H
#define SFTP_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "attrs.h"

#define FILES_NAME_MAX 256 /* of an account, a group, an entry of a directory */

struct files {
	/* open: flags and mode of open(2); a descriptor. */
	int (*open)(void *ctx, const char *path, int flags, uint32_t mode);
	void (*close)(void *ctx, int fd);
	int64_t (*read)(void *ctx, int fd, void *to, size_t len, uint64_t off);
	int64_t (*write)(void *ctx, int fd, const void *from, size_t len, uint64_t off);
	int (*fsync)(void *ctx, int fd);

	/* opendir: *fd names it for fstat, fsetstat and fstatvfs. */
	int (*opendir)(void *ctx, const char *path, void **dir, int *fd);
	/* 1: an entry, as lstat sees it; 0: the end. */
	int (*readdir)(void *ctx, void *dir, char name[FILES_NAME_MAX], struct stat *st);
	void (*closedir)(void *ctx, void *dir);

	int (*stat)(void *ctx, const char *path, int follow, struct stat *st);
	int (*fstat)(void *ctx, int fd, struct stat *st);
	int (*setstat)(void *ctx, const char *path, int follow, const struct attrs *a);
	int (*fsetstat)(void *ctx, int fd, const struct attrs *a);
	int (*statvfs)(void *ctx, const char *path, struct statvfs *v);
	int (*fstatvfs)(void *ctx, int fd, struct statvfs *v);

	int (*remove)(void *ctx, const char *path);
	int (*mkdir)(void *ctx, const char *path, uint32_t mode);
	int (*rmdir)(void *ctx, const char *path);
	/* Without `replace` an existing `to` is -EEXIST. */
	int (*rename)(void *ctx, const char *from, const char *to, int replace);
	int (*link)(void *ctx, const char *from, const char *to);
	int (*symlink)(void *ctx, const char *target, const char *link);
	int (*readlink)(void *ctx, const char *path, char to[PATH_MAX]);
	/* The last component need not exist. */
	int (*realpath)(void *ctx, const char *path, char to[PATH_MAX]);

	/* Names of accounts; -ENOENT: there is none. home: of a user by name. */
	int (*user)(void *ctx, uint32_t uid, char to[FILES_NAME_MAX]);
	int (*group)(void *ctx, uint32_t gid, char to[FILES_NAME_MAX]);
	int (*home)(void *ctx, const char *user, char to[PATH_MAX]);
};

/* The machine's. Its context: */
struct posix_files {
	uint32_t umask;
};

extern const struct files posix_files;

#endif
