#include "control/host/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/host/elf.h"

#define PLUGIN_SYMBOL "postern_plugin_v1"
#define PLUGIN_FILE_MAX (64u << 20)
#define PLUGIN_ID_MAX 255u
#define ROWS_MAX 256u
#define ENTRY_LEAST (offsetof(struct postern_entry, create) + sizeof(void *))
#define PLUGIN_LEAST (offsetof(struct postern_plugin, query) + sizeof(void *))

static int __attribute__((format(printf, 2, 3)))
refuse(char why[256], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, 256, format, args);
	va_end(args);
	return -1;
}

/* ---- before loading ---- */

static bool
owned(const struct stat *st, uint32_t owner)
{
	return st->st_uid == 0 || st->st_uid == owner;
}

/* Whoever may write a folder above can put another file there. */
static int
check_folders(const char *path, uint32_t owner, char why[256])
{
	char at[PATH_MAX];
	struct stat st;
	char *slash;

	if (path[0] != '/' || strlen(path) >= sizeof(at))
		return refuse(why, "not an absolute path");
	snprintf(at, sizeof(at), "%s", path);
	while ((slash = strrchr(at, '/')) != NULL) {
		slash[slash == at ? 1 : 0] = '\0';
		if (lstat(at, &st) != 0)
			return refuse(why, "%.100s: %s", at, strerror(errno));
		if (S_ISLNK(st.st_mode) && stat(at, &st) != 0)
			return refuse(why, "%.100s: %s", at, strerror(errno));
		if (!owned(&st, owner) || ((st.st_mode & 022) != 0 && !(st.st_mode & S_ISVTX)))
			return refuse(why, "%.100s: others may write there", at);
		if (slash == at)
			break;
	}
	return 0;
}

static int
check_symbol(int fd, size_t size, char why[256])
{
	uint8_t *copy = malloc(size);
	size_t have = 0;
	ssize_t n = 1;
	bool good;

	if (copy == NULL)
		return refuse(why, "out of memory");
	while (have < size && (n = pread(fd, copy + have, size - have, (off_t)have)) > 0)
		have += (size_t)n;
	good = have == size && elf_exports(copy, size, PLUGIN_SYMBOL, ENTRY_LEAST);
	free(copy);
	return good ? 0 : refuse(why, "not a plugin: no " PLUGIN_SYMBOL " for this machine in it");
}

int
load_check(const char *path, uint32_t owner, char why[256])
{
	struct stat st;
	int fd, r;

	if (check_folders(path, owner, why) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return refuse(why, "%s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = refuse(why, "not a regular file");
	else if (!owned(&st, owner) || (st.st_mode & 022) != 0)
		r = refuse(why, "it must belong to root and be writable by nobody else");
	else if (st.st_size <= 0 || st.st_size > (off_t)PLUGIN_FILE_MAX)
		r = refuse(why, "of %lld bytes", (long long)st.st_size);
	else
		r = check_symbol(fd, (size_t)st.st_size, why);
	close(fd);
	return r;
}

/* ---- after loading ---- */

static int
check_entry(const struct postern_entry *e, char why[256])
{
	if (e->size < ENTRY_LEAST)
		return refuse(why, "its entry is too short: %u bytes", (unsigned)e->size);
	if (e->id.data == NULL || e->id.len == 0 || e->id.len > PLUGIN_ID_MAX)
		return refuse(why, "its entry has no id");
	if (e->create == NULL)
		return refuse(why, "its entry has no create");
	return 0;
}

static int
check_instance(const struct postern_plugin *p, char why[256])
{
	if (p == NULL)
		return refuse(why, "create made nothing");
	if (p->size < PLUGIN_LEAST)
		return refuse(why, "its instance is too short: %u bytes", (unsigned)p->size);
	if (p->query == NULL)
		return refuse(why, "its instance has no query");
	return 0;
}

static int
check_requests(const struct postern_if_requests *q, char why[256])
{
	if (q == NULL)
		return 0;
	if (q->request == NULL)
		return refuse(why, POSTERN_IF_REQUESTS " lacks its method");
	if (q->answers == NULL || q->answers_count == 0 || q->answers_count > ROWS_MAX)
		return refuse(why, POSTERN_IF_REQUESTS " answers nothing");
	for (uint64_t i = 0; i < q->answers_count; i++)
		if (q->answers[i].name.data == NULL)
			return refuse(why, POSTERN_IF_REQUESTS " has a name without bytes");
	return 0;
}

/* Who answers requests may have channels that it opens itself, and no other. */
static int
check_subsystem(const struct postern_if_subsystem *s, bool answers, char why[256])
{
	uint64_t i;

	if (s == NULL)
		return refuse(why, "it does not offer " POSTERN_IF_SUBSYSTEM);
	if (s->open == NULL || s->closed == NULL)
		return refuse(why, POSTERN_IF_SUBSYSTEM " lacks a method that is not optional");
	if (((s->serves == NULL || s->serves_count == 0) && !answers) || s->serves_count > ROWS_MAX)
		return refuse(why, POSTERN_IF_SUBSYSTEM " serves nothing");
	for (i = 0; i < s->serves_count; i++)
		if (s->serves[i].name.data == NULL && s->serves[i].name.len > 0)
			return refuse(why, POSTERN_IF_SUBSYSTEM " has a name without bytes");
	return 0;
}

static void
destroy(struct postern_plugin *p)
{
	if (p->destroy != NULL)
		p->destroy(p);
}

int
load_adopt(struct host *h, const struct postern_entry *entry, char why[256])
{
	struct postern_plugin *p = NULL;
	int32_t r;

	if (check_entry(entry, why) != 0)
		return -1;
	r = entry->create(&h->face, &p);
	if (r != POSTERN_OK)
		return refuse(why, "create failed: %d", (int)r);
	/* Too short to be asked for anything, its destroy included. */
	if (check_instance(p, why) != 0)
		return -1;
	h->subsystem = p->query(p, postern_text(POSTERN_IF_SUBSYSTEM));
	h->requests = p->query(p, postern_text(POSTERN_IF_REQUESTS));
	if (check_requests(h->requests, why) != 0 ||
	    check_subsystem(h->subsystem, h->requests != NULL, why) != 0) {
		h->subsystem = NULL;
		h->requests = NULL;
		destroy(p);
		return -1;
	}
	h->plugin = p;
	return 0;
}

int32_t
load_start(struct host *h)
{
	return h->plugin->start != NULL ? h->plugin->start(h->plugin) : POSTERN_OK;
}

int
load_stop(struct host *h)
{
	if (face_task_stop(h) != 0)
		return -1;
	if (h->plugin->stop != NULL)
		h->plugin->stop(h->plugin);
	return 0;
}

void
load_drop(struct host *h)
{
	if (h->plugin == NULL)
		return;
	destroy(h->plugin);
	h->plugin = NULL;
	h->subsystem = NULL;
	h->requests = NULL;
}

int
load_file(struct host *h, const char *path, char why[256])
{
	const struct postern_entry *entry;

	h->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (h->object == NULL)
		return refuse(why, "%s", dlerror());
	entry = dlsym(h->object, PLUGIN_SYMBOL);
	if (entry == NULL)
		return refuse(why, "no " PLUGIN_SYMBOL);
	return load_adopt(h, entry, why);
}

int
load_plugin(struct host *h, const char *path, uint32_t owner, char why[256])
{
	return load_check(path, owner, why) != 0 ? -1 : load_file(h, path, why);
}
