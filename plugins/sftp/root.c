/*
 * The same files, but "/" is a directory: no path, link or ".." leads out of it. The
 * kernel resolves each path below that directory (RESOLVE_IN_ROOT of openat2(2)), and
 * what is done is done to the descriptor that this gave, or to a last component that is
 * not followed, in a folder that this gave. So who renames meanwhile changes which file
 * within the root is meant, and nothing else.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define TRIES 128u   /* of a path with ".." while others rename */
#define LINKS_MAX 40 /* as the kernel's */

static int
result(int r)
{
	return r < 0 ? -errno : r;
}

static int
resolve(const struct posix_files *p, const char *path, int flags, uint32_t mode)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	unsigned tries = TRIES;
	long fd;

	do
		fd = syscall(SYS_openat2, p->root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
	return fd < 0 ? -errno : (int)fd;
}

/* ---- a name in a folder ---- */

struct place {
	int fd;
	char name[NAME_MAX + 1]; /* neither "." nor "..", without a slash */
};

static int
is_dots(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.');
}

static int
place(const struct posix_files *p, const char *path, struct place *at)
{
	size_t len = strlen(path), from;
	char folder[PATH_MAX];

	if (len == 0)
		return -ENOENT;
	while (len > 0 && path[len - 1] == '/')
		len--;
	for (from = len; from > 0 && path[from - 1] != '/'; from--)
		;
	if (len == from || is_dots(path + from, len - from))
		return -EBUSY;
	if (len - from > NAME_MAX || from >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(at->name, path + from, len - from);
	at->name[len - from] = '\0';
	memcpy(folder, path, from);
	folder[from] = '\0';
	at->fd = resolve(p, from > 0 ? folder : "/", O_PATH | O_DIRECTORY, 0);
	return at->fd < 0 ? at->fd : 0;
}

static int
leave(const struct place *at, int r)
{
	close(at->fd);
	return r;
}

/* ---- content and directories ---- */

static int
root_open(void *ctx, const char *path, int flags, uint32_t mode, int wait)
{
	const struct posix_files *p = ctx;
	int fd;

	flags |= O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	if (!wait)
		return posix_admit(prompt_open(p, p->root, path, flags, mode));
	if (flags & O_CREAT)
		posix_umask_take(p, 1);
	fd = resolve(p, path, flags, mode);
	if (flags & O_CREAT)
		posix_umask_give();
	return posix_admit(fd);
}

static int
root_opendir(void *ctx, const char *path, void **dir, int *fd)
{
	int at = resolve(ctx, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0), r;
	DIR *d;

	if (at < 0)
		return at;
	d = fdopendir(at);
	if (d == NULL) {
		r = -errno;
		close(at);
		return r;
	}
	*dir = d;
	*fd = at;
	return 0;
}

/* ---- attributes ---- */

static int
root_stat(void *ctx, const char *path, int follow, struct stat *st, int wait)
{
	const struct posix_files *p = ctx;
	int fd, r;

	if (!wait)
		return prompt_stat(p->root, path, follow, st);
	fd = resolve(p, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (fd < 0)
		return fd;
	r = result(fstat(fd, st));
	if (r == 0)
		posix_learn(fd, st);
	close(fd);
	return r;
}

static int
resize(const struct posix_files *p, const char *path, uint64_t size)
{
	int fd = resolve(p, path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0), r;

	if (fd < 0)
		return fd;
	r = result(ftruncate(fd, (off_t)size));
	close(fd);
	return r;
}

/* Of a descriptor that only names the file; kernels before 6.6 have no call for that. */
static int
set_mode(int fd, uint32_t mode)
{
	char name[32];

	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result(chmod(name, (mode_t)mode));
}

/* In the order of posix_setstat, and for its reasons. */
static int
root_setstat(void *ctx, const char *path, int follow, const struct attrs *a)
{
	struct timespec t[2] = { { .tv_sec = a->atime }, { .tv_sec = a->mtime } };
	int fd = resolve(ctx, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0), r = 0, one;

	if (fd < 0)
		return fd;
	if (a->flags & ATTR_SIZE)
		r = resize(ctx, path, a->size);
	if ((a->flags & ATTR_UIDGID) && fchownat(fd, "", a->uid, a->gid, AT_EMPTY_PATH) != 0 && r == 0)
		r = -errno;
	if (a->flags & ATTR_PERMISSIONS) {
		one = set_mode(fd, a->permissions & 07777);
		r = r == 0 ? one : r;
	}
	if ((a->flags & ATTR_ACMODTIME) && utimensat(fd, "", t, AT_EMPTY_PATH) != 0 && r == 0)
		r = -errno;
	close(fd);
	return r;
}

static int
root_statvfs(void *ctx, const char *path, struct statvfs *v)
{
	int fd = resolve(ctx, path, O_PATH, 0), r;

	if (fd < 0)
		return fd;
	r = result(fstatvfs(fd, v));
	close(fd);
	return r;
}

/* ---- names ---- */

static int
take_away(const struct posix_files *p, const char *path, int flags)
{
	struct place at;
	int r = place(p, path, &at);

	return r < 0 ? r : leave(&at, result(unlinkat(at.fd, at.name, flags)));
}

static int
root_remove(void *ctx, const char *path)
{
	return take_away(ctx, path, 0);
}

static int
root_rmdir(void *ctx, const char *path)
{
	return take_away(ctx, path, AT_REMOVEDIR);
}

static int
root_mkdir(void *ctx, const char *path, uint32_t mode)
{
	struct place at;
	int r = place(ctx, path, &at);

	if (r < 0)
		return r;
	posix_umask_take(ctx, 1);
	r = result(mkdirat(at.fd, at.name, (mode_t)mode));
	posix_umask_give();
	return leave(&at, r);
}

static int
link_at(int from_fd, const char *from, int to_fd, const char *to, int replace)
{
	(void)replace;
	return result(linkat(from_fd, from, to_fd, to, 0));
}

static int
two_names(const struct posix_files *p, const char *from, const char *to,
    int (*step)(int from_fd, const char *from, int to_fd, const char *to, int replace), int replace)
{
	struct place a, b;
	int r = place(p, from, &a);

	if (r < 0)
		return r;
	r = place(p, to, &b);
	if (r == 0)
		r = leave(&b, step(a.fd, a.name, b.fd, b.name, replace));
	return leave(&a, r);
}

static int
root_rename(void *ctx, const char *from, const char *to, int replace)
{
	return two_names(ctx, from, to, posix_rename_at, replace);
}

static int
root_link(void *ctx, const char *from, const char *to)
{
	return two_names(ctx, from, to, link_at, 0);
}

/* What it says is any text: who follows it here stays within. */
static int
root_symlink(void *ctx, const char *target, const char *name)
{
	struct place at;
	int r = place(ctx, name, &at);

	return r < 0 ? r : leave(&at, result(symlinkat(target, at.fd, at.name)));
}

static int
root_readlink(void *ctx, const char *path, char to[PATH_MAX])
{
	struct place at;
	int r = place(ctx, path, &at);
	ssize_t n;

	if (r < 0)
		return r;
	n = readlinkat(at.fd, at.name, to, PATH_MAX - 1);
	r = n < 0 ? -errno : 0;
	if (n >= 0)
		to[n] = '\0';
	return leave(&at, r);
}

/* ---- realpath ---- */

static void
up(char *to)
{
	char *slash = strrchr(to, '/');

	slash[slash == to] = '\0';
}

static int
down(char to[PATH_MAX], const char *name, size_t len)
{
	size_t have = strlen(to);

	have -= have == 1;
	if (have + 1 + len >= PATH_MAX)
		return -ENAMETOOLONG;
	to[have] = '/';
	memcpy(to + have + 1, name, len);
	to[have + 1 + len] = '\0';
	return 0;
}

/* What is at `to`: its mode, and where it leads, if it is a link. */
static int
look(const struct posix_files *p, const char *to, mode_t *mode, char target[PATH_MAX])
{
	int fd = resolve(p, to, O_PATH | O_NOFOLLOW, 0), r;
	struct stat st = { 0 };
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	r = result(fstat(fd, &st));
	*mode = st.st_mode;
	if (r == 0 && S_ISLNK(st.st_mode) && (n = readlinkat(fd, "", target, PATH_MAX - 1)) < 0)
		r = -errno;
	close(fd);
	target[n > 0 ? n : 0] = '\0';
	return r;
}

/* The link at `to` in its place: its target and what followed it are the rest. */
static int
follow(char to[PATH_MAX], const char *target, char rest[PATH_MAX], const char *after)
{
	char joined[PATH_MAX];

	if (target[0] == '\0')
		return -ENOENT;
	if (strlen(target) + strlen(after) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(joined, target);
	strcat(joined, after);
	strcpy(rest, joined);
	up(to);
	if (rest[0] == '/')
		strcpy(to, "/");
	return 0;
}

/* Component by component, each looked at below the root; the last need not exist. */
static int
root_realpath(void *ctx, const char *path, char to[PATH_MAX])
{
	char rest[PATH_MAX], target[PATH_MAX];
	const char *at = rest;
	size_t len;
	int links = 0, r = 0;
	mode_t mode = 0;

	if (strlen(path) >= sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(rest, path);
	strcpy(to, "/");
	for (; r == 0 && *(at += strspn(at, "/")) != '\0'; at += len) {
		len = strcspn(at, "/");
		if (is_dots(at, len)) {
			if (len == 2)
				up(to);
			continue;
		}
		r = down(to, at, len);
		if (r == 0)
			r = look(ctx, to, &mode, target);
		if (r == -ENOENT)
			return at[len + strspn(at + len, "/")] == '\0' ? 0 : r;
		if (r == 0 && S_ISLNK(mode)) {
			r = ++links > LINKS_MAX ? -ELOOP : follow(to, target, rest, at + len);
			at = rest;
			len = 0;
		} else if (r == 0 && !S_ISDIR(mode) && at[len] != '\0') {
			r = -ENOTDIR;
		}
	}
	return r;
}

/* Homes of others are not below the root. */
static int
root_home(void *ctx, const char *user, char to[PATH_MAX])
{
	(void)ctx;
	(void)user;
	(void)to;
	return -ENOENT;
}

int
files_root(const char *path)
{
	struct posix_files p = { .root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int fd;

	if (p.root < 0)
		return -errno;
	/* Kernels before 5.6 cannot do it. */
	fd = resolve(&p, "/", O_PATH | O_DIRECTORY, 0);
	if (fd >= 0) {
		close(fd);
		return p.root;
	}
	close(p.root);
	return fd;
}

void
files_rooted(struct files *to)
{
	*to = posix_files;
	to->open = root_open;
	to->opendir = root_opendir;
	to->stat = root_stat;
	to->setstat = root_setstat;
	to->statvfs = root_statvfs;
	to->remove = root_remove;
	to->mkdir = root_mkdir;
	to->rmdir = root_rmdir;
	to->rename = root_rename;
	to->link = root_link;
	to->symlink = root_symlink;
	to->readlink = root_readlink;
	to->realpath = root_realpath;
	to->home = root_home;
}
