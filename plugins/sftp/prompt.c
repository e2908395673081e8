/*
 * Paths that can be looked up without waiting for anybody: every component is in the
 * kernel's memory (RESOLVE_CACHED of openat2(2)), and the end of it lies on a device
 * that was seen to be of this machine a moment ago. Most requests for small files are
 * of this kind, and a task for each would cost more than they do.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

#define DEVICES 16u
/* What is mounted next may get the same number. */
#define KNOWN_SECONDS 1

struct device {
	dev_t number;
	enum files_wait wait;
	int64_t until;
};

static struct device devices[DEVICES];
static unsigned next_device;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static const struct device *
find(dev_t number)
{
	int64_t now = seconds();
	unsigned i;

	for (i = 0; i < DEVICES; i++)
		if (devices[i].number == number && devices[i].until >= now)
			return &devices[i];
	return NULL;
}

/* FILES_WAIT_ANY: perhaps it is not known. */
static enum files_wait
wait_of(dev_t number)
{
	const struct device *d;
	enum files_wait wait;

	pthread_mutex_lock(&lock);
	d = find(number);
	wait = d != NULL ? d->wait : FILES_WAIT_ANY;
	pthread_mutex_unlock(&lock);
	return wait;
}

int
prompt_knows(dev_t number)
{
	int known;

	pthread_mutex_lock(&lock);
	known = find(number) != NULL;
	pthread_mutex_unlock(&lock);
	return known;
}

void
prompt_learn(dev_t number, enum files_wait wait)
{
	struct device *d;
	unsigned i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < DEVICES && devices[i].number != number; i++)
		;
	d = &devices[i < DEVICES ? i : next_device++ % DEVICES];
	*d = (struct device){ number, wait, seconds() + KNOWN_SECONDS };
	pthread_mutex_unlock(&lock);
}

static int
open_cached(int at, const char *path, int flags, uint32_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)flags, .mode = mode, .resolve = resolve };
	long fd = syscall(SYS_openat2, at, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* With a root, as root.c has it. */
static uint64_t
within(int root)
{
	return root == AT_FDCWD ? 0 : RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
}

/* A descriptor that only names the file; its attributes are what is known of it here. */
static int
look(int root, const char *path, int flags, struct statx *x)
{
	int fd = open_cached(root, path, O_PATH | O_CLOEXEC | flags, 0, RESOLVE_CACHED | within(root));

	if (fd < 0)
		return fd == -ENOENT ? -ENOENT : -EAGAIN;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, x) == 0 &&
	    wait_of(makedev(x->stx_dev_major, x->stx_dev_minor)) != FILES_WAIT_ANY)
		return fd;
	close(fd);
	return -EAGAIN;
}

int
prompt_stat(int root, const char *path, int follow, struct stat *st)
{
	struct statx x;
	int fd = look(root, path, follow ? 0 : O_NOFOLLOW, &x);

	if (fd < 0)
		return fd;
	close(fd);
	*st = (struct stat){ .st_dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.st_ino = x.stx_ino,
		.st_mode = x.stx_mode,
		.st_nlink = x.stx_nlink,
		.st_uid = x.stx_uid,
		.st_gid = x.stx_gid,
		.st_size = (off_t)x.stx_size };
	st->st_atim.tv_sec = x.stx_atime.tv_sec;
	st->st_mtim.tv_sec = x.stx_mtime.tv_sec;
	return 0;
}

/* Its folder and its last component; -1: it has none. */
static int
split(const char *path, char folder[PATH_MAX], const char **last)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash[1] == '\0' || (size_t)(slash - path) + 1 >= PATH_MAX)
		return -1;
	*last = slash + 1;
	memcpy(folder, path, (size_t)(slash - path) + 1);
	folder[slash - path + 1] = '\0';
	return 0;
}

/* In a folder of ours, not through a link or into another file system. */
static int
make(const struct posix_files *p, int root, const char *path, int flags, uint32_t mode)
{
	char folder[PATH_MAX];
	const char *last;
	struct statx x;
	int at, fd;

	if (split(path, folder, &last) != 0 || (at = look(root, folder, O_DIRECTORY, &x)) < 0)
		return -EAGAIN;
	fd = -EAGAIN;
	if (posix_umask_take(p, 0) == 0) {
		fd = open_cached(at, last, flags, flags & O_CREAT ? mode : 0,
		    RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
		posix_umask_give();
	}
	close(at);
	return fd == -ELOOP || fd == -EXDEV || fd == -ENOSYS || fd == -EPERM ? -EAGAIN : fd;
}

int
prompt_open(const struct posix_files *p, int root, const char *path, int flags, uint32_t mode)
{
	struct statx x;
	int fd;

	if (flags & (O_CREAT | O_TRUNC))
		return make(p, root, path, flags, mode);
	fd = look(root, path, 0, &x);
	if (fd < 0)
		return fd;
	close(fd);
	if (!S_ISREG(x.stx_mode))
		return -EAGAIN;
	fd = open_cached(root, path, flags, 0, RESOLVE_CACHED | within(root));
	return fd == -ENOSYS || fd == -EPERM ? -EAGAIN : fd;
}
