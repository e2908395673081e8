/*
 * The files behind a session: everything that touches a file system or the account
 * database is a method here, so that the protocol is tested and fuzzed on any other.
 *
 * Paths are absolute and terminated. Results: 0 (or what the method says), or
 * -errno. A method may wait as long as its file system does, and is called on many
 * threads at once; never twice at once for one open directory. It never waits for
 * another process at the end of a FIFO or terminal.
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

/* What the methods on an open file may wait for. */
enum files_wait {
	FILES_WAIT_ANY,    /* another machine or a process, perhaps for ever */
	FILES_WAIT_DISK,   /* a disk; what is in memory is told at once */
	FILES_WAIT_NOTHING /* it lives in memory */
};

struct files {
	/* open: flags and mode of open(2); a descriptor. Here and in stat: without `wait`
	 * -EAGAIN, unless it is sure that no more than a disk of this machine is asked. */
	int (*open)(void *ctx, const char *path, int flags, uint32_t mode, int wait);
	void (*close)(void *ctx, int fd);
	/* Without `wait` only what is in memory: as much as there is from `off` on, or
	 * -EAGAIN; -EOPNOTSUPP: this file cannot be read so. */
	int64_t (*read)(void *ctx, int fd, void *to, size_t len, uint64_t off, int wait);
	int64_t (*write)(void *ctx, int fd, const void *from, size_t len, uint64_t off);
	int (*fsync)(void *ctx, int fd);
	enum files_wait (*wait)(void *ctx, int fd);
	/* These bytes will be read soon. A hint: nothing is held for it here. */
	void (*ahead)(void *ctx, int fd, uint64_t off, size_t len);

	/* opendir: *fd names it for fstat, fsetstat and fstatvfs. */
	int (*opendir)(void *ctx, const char *path, void **dir, int *fd);
	/* 1: an entry, as lstat sees it; 0: the end. */
	int (*readdir)(void *ctx, void *dir, char name[FILES_NAME_MAX], struct stat *st);
	void (*closedir)(void *ctx, void *dir);

	int (*stat)(void *ctx, const char *path, int follow, struct stat *st, int wait);
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
	int root; /* files_rooted: the directory that is "/" */
};

/* posix.c and prompt.c: files of one umask are made together, those of another wait;
 * without `wait`: -1 instead of that. */
int posix_umask_take(const struct posix_files *p, int wait);
void posix_umask_give(void);

/* posix.c, for root.c. posix_admit: a descriptor that was opened, or -errno: closed, if
 * it is nothing to read or write here. posix_learn: that this was seen of its device. */
int posix_admit(int fd);
void posix_learn(int fd, const struct stat *st);
int posix_rename_at(int from_fd, const char *from, int to_fd, const char *to, int replace);

/* prompt.c: open and stat of what is in the kernel's memory, on file systems of this
 * machine; -EAGAIN: it is not, or not known to be. root: of files_rooted, or AT_FDCWD.
 * prompt_learn: what was just seen of a device; prompt_knows: that was a moment ago. */
int prompt_open(const struct posix_files *p, int root, const char *path, int flags, uint32_t mode);
int prompt_stat(int root, const char *path, int follow, struct stat *st);
void prompt_learn(dev_t device, enum files_wait wait);
int prompt_knows(dev_t device);

extern const struct files posix_files;

/* root.c: the same below a directory that nothing leads out of: not "..", no link, nobody
 * who renames meanwhile. files_root: a descriptor of it for posix_files.root, the
 * caller's; or -errno, when there is none, or the kernel cannot hold paths within it. */
int files_root(const char *path);
void files_rooted(struct files *to);

#endif
