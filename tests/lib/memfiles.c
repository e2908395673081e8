#include "tests/lib/memfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FD_FIRST 100

static struct memfiles *
of(void *ctx)
{
	struct memfiles *m = ctx;

	m->calls++;
	return m;
}

/* ---- paths ---- */

/* A path as the interface promises it: absolute, terminated. Empty names nothing. */
static void
check_path(const char *path)
{
	if ((path[0] != '/' && path[0] != '\0') || strnlen(path, PATH_MAX) == PATH_MAX)
		abort();
}

/* Without "." and "..", double and last slashes. */
static int
plain(const char *path, char to[MEMFILES_PATH])
{
	size_t have = 0;

	check_path(path);
	if (path[0] == '\0')
		return -ENOENT;
	while (*path != '\0') {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (have > 0 && to[--have] != '/')
				;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			if (have + len + 2 > MEMFILES_PATH)
				return -ENAMETOOLONG;
			to[have++] = '/';
			memcpy(to + have, path, len);
			have += len;
		}
		path += len;
	}
	if (have == 0)
		to[have++] = '/';
	to[have] = '\0';
	return 0;
}

static int
find(const struct memfiles *m, const char *path, int follow)
{
	char at[MEMFILES_PATH];
	unsigned i;
	int r = plain(path, at), links = 0;

	while (r == 0) {
		for (i = 0; i < MEMFILES_NODES && strcmp(m->node[i].path, at) != 0; i++)
			;
		if (i == MEMFILES_NODES)
			return -ENOENT;
		if (!follow || !S_ISLNK(m->node[i].mode))
			return (int)i;
		if (++links > 8)
			return -ELOOP;
		if (m->node[i].target[0] != '/')
			return -ENOENT;
		r = plain(m->node[i].target, at);
	}
	return r;
}

/* Is `path` right under `folder`? Its name there, else NULL. */
static const char *
child_name(const char *folder, const char *path)
{
	size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	if (strncmp(folder, path, len) != 0 || path[len] != '/' || path[len + 1] == '\0' ||
	    strchr(path + len + 1, '/') != NULL)
		return NULL;
	return path + len + 1;
}

static int
make(struct memfiles *m, const char *path, mode_t mode)
{
	char at[MEMFILES_PATH], folder[MEMFILES_PATH];
	unsigned i;
	int r = plain(path, at), parent;

	if (r != 0)
		return r;
	snprintf(folder, sizeof(folder), "%s", at);
	*strrchr(folder, '/') = '\0';
	parent = find(m, folder[0] != '\0' ? folder : "/", 1);
	if (parent < 0 || strcmp(at, "/") == 0)
		return parent < 0 ? parent : -EEXIST;
	if (!S_ISDIR(m->node[parent].mode))
		return -ENOTDIR;
	for (i = 0; i < MEMFILES_NODES && (m->node[i].path[0] != '\0' || m->node[i].nameless); i++)
		;
	if (i == MEMFILES_NODES)
		return -ENOSPC;
	m->node[i] = (struct memfile){ .mode = mode, .uid = 1000, .gid = 1000, .inode = ++m->inode };
	strcpy(m->node[i].path, at);
	return (int)i;
}

static int
is_open(const struct memfiles *m, int node)
{
	unsigned i;

	for (i = 0; i < MEMFILES_OPEN; i++)
		if (m->open[i].used && m->open[i].node == node)
			return 1;
	return 0;
}

/* Its name is gone; and it, when nobody has it open. */
static void
drop(struct memfiles *m, int node)
{
	m->node[node].path[0] = '\0';
	m->node[node].nameless = is_open(m, node);
	if (m->node[node].nameless)
		return;
	free(m->node[node].data);
	m->node[node] = (struct memfile){ 0 };
}

static struct memopen *
opened(struct memfiles *m, int fd, int kind)
{
	if (fd < FD_FIRST || fd >= FD_FIRST + (int)MEMFILES_OPEN || !m->open[fd - FD_FIRST].used)
		abort();
	if (kind != 0 && m->open[fd - FD_FIRST].used != kind)
		abort();
	return &m->open[fd - FD_FIRST];
}

static int
new_open(struct memfiles *m, int node, int kind)
{
	unsigned i;

	for (i = 0; i < MEMFILES_OPEN; i++)
		if (!m->open[i].used) {
			m->open[i] = (struct memopen){ kind, node, 0 };
			return FD_FIRST + (int)i;
		}
	return -EMFILE;
}

static void
let_go(struct memfiles *m, struct memopen *o)
{
	o->used = 0;
	if (m->node[o->node].nameless)
		drop(m, o->node);
}

/* Is a path to be looked up, or would that wait? */
static int
knows(const struct memfiles *m, int wait)
{
	return wait || (m->wait != FILES_WAIT_ANY && (!m->cold || m->calls % 3 != 0));
}

/* ---- content ---- */

static int
mem_open(void *ctx, const char *path, int flags, uint32_t mode, int wait)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 1);

	if (!knows(m, wait))
		return -EAGAIN;
	/* Not through a link that leads nowhere. */
	if (node == -ENOENT && (flags & O_CREAT) && find(m, path, 0) < 0)
		node = make(m, path, S_IFREG | (mode & 07777));
	else if (node >= 0 && (flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (node < 0)
		return node;
	if (S_ISDIR(m->node[node].mode) && (flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	if (flags & O_TRUNC)
		m->node[node].size = 0;
	return new_open(m, node, 1);
}

static void
mem_close(void *ctx, int fd)
{
	let_go(ctx, opened(of(ctx), fd, 1));
}

static int64_t
mem_read(void *ctx, int fd, void *to, size_t len, uint64_t off, int wait)
{
	struct memfiles *m = of(ctx);
	struct memopen *o = opened(m, fd, 1);
	struct memfile *f;

	if (!wait && m->wait == FILES_WAIT_ANY)
		return -EOPNOTSUPP;
	if (!wait && m->cold && m->calls % 3 == 0)
		return -EAGAIN;
	if (!wait && m->cold && len > 5)
		len = 5;
	memset(to, 0, len);
	f = &m->node[o->node];
	if (off >= f->size)
		return 0;
	if (len > f->size - off)
		len = f->size - off;
	memcpy(to, f->data + off, len);
	return (int64_t)len;
}

static int
resize(struct memfile *f, uint64_t size)
{
	uint8_t *data;

	if (size > MEMFILES_SIZE)
		return -ENOSPC;
	if (size > f->size) {
		data = realloc(f->data, size);
		if (data == NULL)
			return -ENOMEM;
		memset(data + f->size, 0, size - f->size);
		f->data = data;
	}
	f->size = (uint32_t)size;
	return 0;
}

static int64_t
mem_write(void *ctx, int fd, const void *from, size_t len, uint64_t off)
{
	struct memfiles *m = of(ctx);
	struct memopen *o = opened(m, fd, 1);
	struct memfile *f;
	int r;

	f = &m->node[o->node];
	if (m->write_max > 0 && len > m->write_max)
		len = m->write_max;
	if (off > MEMFILES_SIZE)
		return -EFBIG;
	if (len == 0)
		return 0;
	if (off + len > f->size && (r = resize(f, off + len)) != 0)
		return r;
	memcpy(f->data + off, from, len);
	return (int64_t)len;
}

static int
mem_fsync(void *ctx, int fd)
{
	opened(of(ctx), fd, 1);
	return 0;
}

static enum files_wait
mem_wait(void *ctx, int fd)
{
	struct memfiles *m = of(ctx);

	opened(m, fd, 1);
	return m->wait;
}

static void
mem_ahead(void *ctx, int fd, uint64_t off, size_t len)
{
	struct memfiles *m = of(ctx);

	opened(m, fd, 1);
	m->ahead_off = off;
	m->ahead_len = len;
}

/* ---- directories ---- */

static int
mem_opendir(void *ctx, const char *path, void **dir, int *fd)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 1);

	if (node < 0)
		return node;
	if (!S_ISDIR(m->node[node].mode))
		return -ENOTDIR;
	*fd = new_open(m, node, 2);
	if (*fd < 0)
		return *fd;
	*dir = opened(m, *fd, 2);
	return 0;
}

static struct memopen *
directory(struct memfiles *m, void *dir)
{
	struct memopen *o = dir;

	if (o < m->open || o >= m->open + MEMFILES_OPEN || o->used != 2)
		abort();
	return o;
}

static void
fill(const struct memfile *f, struct stat *st)
{
	*st = (struct stat){ .st_mode = f->mode, .st_size = f->size, .st_uid = f->uid, .st_gid = f->gid,
		.st_ino = f->inode, .st_dev = 1, .st_nlink = 1, .st_mtime = f->mtime, .st_atime = f->mtime };
}

static int
mem_readdir(void *ctx, void *dir, char name[FILES_NAME_MAX], struct stat *st)
{
	struct memfiles *m = of(ctx);
	struct memopen *o = directory(m, dir);
	const char *child;

	while (m->node[o->node].path[0] != '\0' && o->next < (int)MEMFILES_NODES) {
		const struct memfile *f = &m->node[o->next++];

		child = f->path[0] != '\0' ? child_name(m->node[o->node].path, f->path) : NULL;
		if (child == NULL)
			continue;
		snprintf(name, FILES_NAME_MAX, "%s", child);
		fill(f, st);
		return 1;
	}
	return 0;
}

static void
mem_closedir(void *ctx, void *dir)
{
	let_go(ctx, directory(of(ctx), dir));
}

/* ---- attributes ---- */

static int
mem_stat(void *ctx, const char *path, int follow, struct stat *st, int wait)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, follow);

	if (!knows(m, wait))
		return -EAGAIN;
	if (node < 0)
		return node;
	fill(&m->node[node], st);
	return 0;
}

static int
mem_fstat(void *ctx, int fd, struct stat *st)
{
	struct memfiles *m = of(ctx);
	struct memopen *o = opened(m, fd, 0);

	fill(&m->node[o->node], st);
	return 0;
}

static int
change(struct memfile *f, const struct attrs *a)
{
	if (a->flags & ATTR_UIDGID) {
		f->uid = a->uid;
		f->gid = a->gid;
	}
	if (a->flags & ATTR_PERMISSIONS)
		f->mode = (f->mode & S_IFMT) | (a->permissions & 07777);
	if (a->flags & ATTR_ACMODTIME)
		f->mtime = a->mtime;
	return a->flags & ATTR_SIZE ? resize(f, a->size) : 0;
}

static int
mem_setstat(void *ctx, const char *path, int follow, const struct attrs *a)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, follow);

	return node < 0 ? node : change(&m->node[node], a);
}

static int
mem_fsetstat(void *ctx, int fd, const struct attrs *a)
{
	struct memfiles *m = of(ctx);
	struct memopen *o = opened(m, fd, 0);

	return change(&m->node[o->node], a);
}

static int
mem_statvfs(void *ctx, const char *path, struct statvfs *v)
{
	int node = find(of(ctx), path, 1);

	*v = (struct statvfs){ .f_bsize = 4096, .f_flag = ST_RDONLY | ST_NOSUID };
	return node < 0 ? node : 0;
}

static int
mem_fstatvfs(void *ctx, int fd, struct statvfs *v)
{
	opened(of(ctx), fd, 0);
	*v = (struct statvfs){ .f_bsize = 4096 };
	return 0;
}

/* ---- names ---- */

static int
mem_remove(void *ctx, const char *path)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 0);

	if (node < 0)
		return node;
	if (S_ISDIR(m->node[node].mode))
		return -EISDIR;
	drop(m, node);
	return 0;
}

static int
mem_mkdir(void *ctx, const char *path, uint32_t mode)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 0);

	if (node >= 0)
		return -EEXIST;
	node = make(m, path, S_IFDIR | (mode & 07777));
	return node < 0 ? node : 0;
}

static int
mem_rmdir(void *ctx, const char *path)
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 0);
	unsigned i;

	if (node < 0)
		return node;
	if (!S_ISDIR(m->node[node].mode))
		return -ENOTDIR;
	for (i = 0; i < MEMFILES_NODES; i++)
		if (m->node[i].path[0] != '\0' && child_name(m->node[node].path, m->node[i].path) != NULL)
			return -ENOTEMPTY;
	if (strcmp(m->node[node].path, "/") == 0)
		return -EBUSY;
	drop(m, node);
	return 0;
}

/* Only what has nothing under it. */
static int
mem_rename(void *ctx, const char *from, const char *to, int replace)
{
	struct memfiles *m = of(ctx);
	int node = find(m, from, 0), old = find(m, to, 0), place;
	struct memfile moved;
	char path[MEMFILES_PATH];

	if (node < 0 || node == old)
		return node < 0 ? node : 0;
	if (S_ISDIR(m->node[node].mode))
		return -EXDEV;
	if (old >= 0 && (!replace || S_ISDIR(m->node[old].mode)))
		return -EEXIST;
	if (old >= 0)
		drop(m, old);
	place = make(m, to, 0);
	if (place < 0)
		return place;
	strcpy(path, m->node[place].path);
	m->node[place] = (struct memfile){ 0 };
	moved = m->node[node];
	strcpy(moved.path, path);
	m->node[node] = moved;
	return 0;
}

static int
mem_link(void *ctx, const char *from, const char *to)
{
	check_path(from);
	check_path(to);
	(void)of(ctx);
	return -EPERM;
}

static int
mem_symlink(void *ctx, const char *target, const char *name)
{
	struct memfiles *m = of(ctx);
	int node = find(m, name, 0);

	if (node >= 0)
		return -EEXIST;
	if (strlen(target) >= MEMFILES_PATH)
		return -ENAMETOOLONG;
	node = make(m, name, S_IFLNK | 0777);
	if (node < 0)
		return node;
	strcpy(m->node[node].target, target);
	return 0;
}

static int
mem_readlink(void *ctx, const char *path, char to[PATH_MAX])
{
	struct memfiles *m = of(ctx);
	int node = find(m, path, 0);

	if (node < 0)
		return node;
	if (!S_ISLNK(m->node[node].mode))
		return -EINVAL;
	strcpy(to, m->node[node].target);
	return 0;
}

static int
mem_realpath(void *ctx, const char *path, char to[PATH_MAX])
{
	char at[MEMFILES_PATH];
	int r = plain(path, at);

	(void)of(ctx);
	if (r == 0)
		strcpy(to, at);
	return r;
}

/* ---- accounts ---- */

static int
mem_name(void *ctx, uint32_t id, char to[FILES_NAME_MAX])
{
	(void)of(ctx);
	snprintf(to, FILES_NAME_MAX, "name");
	return id == 1000 ? 0 : -ENOENT;
}

static int
mem_home(void *ctx, const char *user, char to[PATH_MAX])
{
	(void)of(ctx);
	strcpy(to, "/home");
	return strcmp(user, "name") == 0 ? 0 : -ENOENT;
}

const struct files memfiles = {
	.open = mem_open,
	.close = mem_close,
	.read = mem_read,
	.write = mem_write,
	.fsync = mem_fsync,
	.wait = mem_wait,
	.ahead = mem_ahead,
	.opendir = mem_opendir,
	.readdir = mem_readdir,
	.closedir = mem_closedir,
	.stat = mem_stat,
	.fstat = mem_fstat,
	.setstat = mem_setstat,
	.fsetstat = mem_fsetstat,
	.statvfs = mem_statvfs,
	.fstatvfs = mem_fstatvfs,
	.remove = mem_remove,
	.mkdir = mem_mkdir,
	.rmdir = mem_rmdir,
	.rename = mem_rename,
	.link = mem_link,
	.symlink = mem_symlink,
	.readlink = mem_readlink,
	.realpath = mem_realpath,
	.user = mem_name,
	.group = mem_name,
	.home = mem_home,
};

/* ---- life ---- */

struct memfiles *
memfiles_new(void)
{
	struct memfiles *m = calloc(1, sizeof(*m));
	int node;

	if (m == NULL)
		abort();
	m->wait = FILES_WAIT_NOTHING;
	m->node[0] = (struct memfile){ .path = "/", .mode = S_IFDIR | 0755, .inode = ++m->inode };
	make(m, "/home", S_IFDIR | 0755);
	node = make(m, "/home/file", S_IFREG | 0644);
	resize(&m->node[node], 11);
	memcpy(m->node[node].data, "hello world", 11);
	node = make(m, "/home/link", S_IFLNK | 0777);
	strcpy(m->node[node].target, "/home/file");
	return m;
}

unsigned
memfiles_opened(const struct memfiles *m)
{
	unsigned i, n = 0;

	for (i = 0; i < MEMFILES_OPEN; i++)
		n += m->open[i].used != 0;
	return n;
}

void
memfiles_free(struct memfiles *m)
{
	unsigned i;

	for (i = 0; i < MEMFILES_NODES; i++)
		free(m->node[i].data);
	free(m);
}
