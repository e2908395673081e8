/*
 * The machine's files, as the user that this process runs as.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "accounts.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

static int
result(int r)
{
	return r < 0 ? -errno : r;
}

/* ---- umask ---- */

/*
 * It is the process's, and channels of several subsystems, which may differ in it, make
 * files at the same time: those of one umask together, those of another wait. (To mask
 * the mode here instead would overrule default ACLs, which replace the umask.)
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t free;
	uint32_t now;
	unsigned users;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .free = PTHREAD_COND_INITIALIZER, .now = UINT32_MAX };

int
posix_umask_take(const struct posix_files *p, int wait)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.users > 0 && gate.now != p->umask) {
		if (!wait) {
			pthread_mutex_unlock(&gate.lock);
			return -1;
		}
		pthread_cond_wait(&gate.free, &gate.lock);
	}
	if (gate.now != p->umask)
		umask((mode_t)(gate.now = p->umask));
	gate.users++;
	pthread_mutex_unlock(&gate.lock);
	return 0;
}

void
posix_umask_give(void)
{
	pthread_mutex_lock(&gate.lock);
	if (--gate.users == 0)
		pthread_cond_broadcast(&gate.free);
	pthread_mutex_unlock(&gate.lock);
}

/* ---- content ---- */

/* What may make a reader or writer wait for somebody else is refused; O_NONBLOCK
 * keeps open itself from waiting, and reading a terminal. */
int
posix_admit(int fd)
{
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	r = result(fstat(fd, &st));
	if (r == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		r = -EOPNOTSUPP;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int
open_waiting(const struct posix_files *p, const char *path, int flags, uint32_t mode)
{
	int fd, r;

	if (flags & O_CREAT)
		posix_umask_take(p, 1);
	fd = open(path, flags, (mode_t)mode);
	r = -errno;
	if (flags & O_CREAT)
		posix_umask_give();
	return fd < 0 ? r : fd;
}

static int
posix_open(void *ctx, const char *path, int flags, uint32_t mode, int wait)
{
	flags |= O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	return posix_admit(wait ? open_waiting(ctx, path, flags, mode)
				: prompt_open(ctx, AT_FDCWD, path, flags, mode));
}

static void
posix_close(void *ctx, int fd)
{
	(void)ctx;
	close(fd);
}

static int64_t
posix_read(void *ctx, int fd, void *to, size_t len, uint64_t off, int wait)
{
	struct iovec piece = { to, len };
	ssize_t n;

	(void)ctx;
	/* -1 would be the descriptor's own position. */
	if (off > INT64_MAX)
		return -EINVAL;
	do
		n = wait ? pread(fd, to, len, (off_t)off) : preadv2(fd, &piece, 1, (off_t)off, RWF_NOWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int64_t
posix_write(void *ctx, int fd, const void *from, size_t len, uint64_t off)
{
	ssize_t n;

	(void)ctx;
	do
		n = pwrite(fd, from, len, (off_t)off);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int
posix_fsync(void *ctx, int fd)
{
	(void)ctx;
	return result(fsync(fd));
}

/* File systems of this machine alone, by the numbers of statfs(2). */
static enum files_wait
wait_of(uint32_t type)
{
	switch (type) {
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		return FILES_WAIT_NOTHING;
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return FILES_WAIT_DISK;
	default:
		return FILES_WAIT_ANY;
	}
}

static enum files_wait
posix_wait(void *ctx, int fd)
{
	enum files_wait wait;
	struct statfs v;
	struct stat st;

	(void)ctx;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fstatfs(fd, &v) != 0)
		return FILES_WAIT_ANY;
	wait = wait_of((uint32_t)v.f_type);
	prompt_learn(st.st_dev, wait);
	return wait;
}

void
posix_learn(int fd, const struct stat *st)
{
	struct statfs v;

	if (!prompt_knows(st->st_dev) && fstatfs(fd, &v) == 0)
		prompt_learn(st->st_dev, wait_of((uint32_t)v.f_type));
}

/* Into the kernel's memory: what another process changes meanwhile is not missed. */
static void
posix_ahead(void *ctx, int fd, uint64_t off, size_t len)
{
	(void)ctx;
	(void)posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_WILLNEED);
}

/* ---- directories ---- */

static int
posix_opendir(void *ctx, const char *path, void **dir, int *fd)
{
	DIR *d = opendir(path);

	(void)ctx;
	if (d == NULL)
		return -errno;
	*dir = d;
	*fd = dirfd(d);
	return 0;
}

static int
posix_readdir(void *ctx, void *dir, char name[FILES_NAME_MAX], struct stat *st)
{
	struct dirent *e;

	(void)ctx;
	do {
		errno = 0;
		e = readdir(dir);
		if (e == NULL)
			return -errno;
		/* What was removed meanwhile is no entry any more. */
	} while (fstatat(dirfd(dir), e->d_name, st, AT_SYMLINK_NOFOLLOW) != 0);
	snprintf(name, FILES_NAME_MAX, "%s", e->d_name);
	return 1;
}

static void
posix_closedir(void *ctx, void *dir)
{
	(void)ctx;
	closedir(dir);
}

/* ---- attributes ---- */

static int
posix_stat(void *ctx, const char *path, int follow, struct stat *st, int wait)
{
	struct statfs v;
	int r;

	(void)ctx;
	if (!wait)
		return prompt_stat(AT_FDCWD, path, follow, st);
	r = result(follow ? stat(path, st) : lstat(path, st));
	/* Of a link statfs would tell where it leads. */
	if (r == 0 && !S_ISLNK(st->st_mode) && !prompt_knows(st->st_dev) && statfs(path, &v) == 0)
		prompt_learn(st->st_dev, wait_of((uint32_t)v.f_type));
	return r;
}

static int
posix_fstat(void *ctx, int fd, struct stat *st)
{
	(void)ctx;
	return result(fstat(fd, st));
}

static void
times_of(struct timespec to[2], const struct attrs *a)
{
	to[0] = (struct timespec){ .tv_sec = a->atime };
	to[1] = (struct timespec){ .tv_sec = a->mtime };
}

/*
 * The owner before the mode, because a change of owner clears setuid and setgid; the
 * times last. The first failure is told, and what can be done is done.
 */
static int
posix_setstat(void *ctx, const char *path, int follow, const struct attrs *a)
{
	int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
	struct timespec t[2];
	int r = 0;

	(void)ctx;
	times_of(t, a);
	if ((a->flags & ATTR_SIZE) && truncate(path, (off_t)a->size) != 0)
		r = -errno;
	if ((a->flags & ATTR_UIDGID) && fchownat(AT_FDCWD, path, a->uid, a->gid, flags) != 0 && r == 0)
		r = -errno;
	if ((a->flags & ATTR_PERMISSIONS) && fchmodat(AT_FDCWD, path, a->permissions & 07777, flags) != 0 &&
	    r == 0)
		r = -errno;
	if ((a->flags & ATTR_ACMODTIME) && utimensat(AT_FDCWD, path, t, flags) != 0 && r == 0)
		r = -errno;
	return r;
}

static int
posix_fsetstat(void *ctx, int fd, const struct attrs *a)
{
	struct timespec t[2];
	int r = 0;

	(void)ctx;
	times_of(t, a);
	if ((a->flags & ATTR_SIZE) && ftruncate(fd, (off_t)a->size) != 0)
		r = -errno;
	if ((a->flags & ATTR_UIDGID) && fchown(fd, a->uid, a->gid) != 0 && r == 0)
		r = -errno;
	if ((a->flags & ATTR_PERMISSIONS) && fchmod(fd, a->permissions & 07777) != 0 && r == 0)
		r = -errno;
	if ((a->flags & ATTR_ACMODTIME) && futimens(fd, t) != 0 && r == 0)
		r = -errno;
	return r;
}

static int
posix_statvfs(void *ctx, const char *path, struct statvfs *v)
{
	(void)ctx;
	return result(statvfs(path, v));
}

static int
posix_fstatvfs(void *ctx, int fd, struct statvfs *v)
{
	(void)ctx;
	return result(fstatvfs(fd, v));
}

/* ---- names ---- */

static int
posix_remove(void *ctx, const char *path)
{
	(void)ctx;
	return result(unlink(path));
}

static int
posix_mkdir(void *ctx, const char *path, uint32_t mode)
{
	int r;

	posix_umask_take(ctx, 1);
	r = result(mkdir(path, (mode_t)mode));
	posix_umask_give();
	return r;
}

static int
posix_rmdir(void *ctx, const char *path)
{
	(void)ctx;
	return result(rmdir(path));
}

/* Where the file system cannot do it in one step, a link to the new name fails as it
 * should; only what cannot be linked is looked at first. */
static int
rename_keeping(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(from_fd, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	if (S_ISREG(st.st_mode) && linkat(from_fd, from, to_fd, to, 0) == 0)
		return result(unlinkat(from_fd, from, 0));
	if (S_ISREG(st.st_mode) && errno != EOPNOTSUPP && errno != EPERM && errno != ENOSYS)
		return -errno;
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return result(renameat(from_fd, from, to_fd, to));
}

int
posix_rename_at(int from_fd, const char *from, int to_fd, const char *to, int replace)
{
	return replace ? result(renameat(from_fd, from, to_fd, to))
		       : rename_keeping(from_fd, from, to_fd, to);
}

static int
posix_rename(void *ctx, const char *from, const char *to, int replace)
{
	(void)ctx;
	return posix_rename_at(AT_FDCWD, from, AT_FDCWD, to, replace);
}

static int
posix_link(void *ctx, const char *from, const char *to)
{
	(void)ctx;
	return result(link(from, to));
}

static int
posix_symlink(void *ctx, const char *target, const char *name)
{
	(void)ctx;
	return result(symlink(target, name));
}

static int
posix_readlink(void *ctx, const char *path, char to[PATH_MAX])
{
	ssize_t n = readlink(path, to, PATH_MAX - 1);

	(void)ctx;
	if (n < 0)
		return -errno;
	to[n] = '\0';
	return 0;
}

static int
posix_realpath(void *ctx, const char *path, char to[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *slash, *last;
	size_t len = strlen(path);

	(void)ctx;
	if (realpath(path, to) != NULL)
		return 0;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (errno != ENOENT || len == 0 || len >= sizeof(folder))
		return -errno;
	memcpy(folder, path, len);
	folder[len] = '\0';
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return -ENOENT;
	last = path + (slash - folder) + 1;
	len -= (size_t)(last - path);
	folder[slash == folder ? 1 : slash - folder] = '\0';
	if (len == 0 || (len == 1 && last[0] == '.') || (len == 2 && memcmp(last, "..", 2) == 0))
		return -ENOENT;
	if (realpath(folder, to) == NULL)
		return -errno;
	if (strlen(to) + 1 + len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (strcmp(to, "/") != 0)
		strcat(to, "/");
	strncat(to, last, len);
	return 0;
}

/* ---- accounts ---- */

static int
posix_user(void *ctx, uint32_t uid, char to[FILES_NAME_MAX])
{
	(void)ctx;
	return accounts_user(uid, to);
}

static int
posix_group(void *ctx, uint32_t gid, char to[FILES_NAME_MAX])
{
	(void)ctx;
	return accounts_group(gid, to);
}

static int
posix_home(void *ctx, const char *user, char to[PATH_MAX])
{
	(void)ctx;
	return accounts_home(user, to);
}

const struct files posix_files = {
	.open = posix_open,
	.close = posix_close,
	.read = posix_read,
	.write = posix_write,
	.fsync = posix_fsync,
	.wait = posix_wait,
	.ahead = posix_ahead,
	.opendir = posix_opendir,
	.readdir = posix_readdir,
	.closedir = posix_closedir,
	.stat = posix_stat,
	.fstat = posix_fstat,
	.setstat = posix_setstat,
	.fsetstat = posix_fsetstat,
	.statvfs = posix_statvfs,
	.fstatvfs = posix_fstatvfs,
	.remove = posix_remove,
	.mkdir = posix_mkdir,
	.rmdir = posix_rmdir,
	.rename = posix_rename,
	.link = posix_link,
	.symlink = posix_symlink,
	.readlink = posix_readlink,
	.realpath = posix_realpath,
	.user = posix_user,
	.group = posix_group,
	.home = posix_home,
};
