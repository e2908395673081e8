/*
 * Which files and entries a host refuses, and that it does so before any code of
 * the file has run.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/postern/draft/subsystem.h"
#include "control/host/elf.h"
#include "control/host/host.h"
#include "control/log.h"
#include "tests/lib/suite.h"

static char bin[PATH_MAX / 2]; /* where this program and, beside it, plugins/ are */
static struct host h;
static struct loop *loop;
static char why[256];

static const char *
at(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", bin, name);
	return path;
}

static int
load(const char *name)
{
	int r;

	host_init(&h, loop);
	snprintf(h.name, sizeof(h.name), "test");
	why[0] = '\0';
	r = load_plugin(&h, at(name), geteuid(), why);
	host_fini(&h);
	return r;
}

static void
test_good(void)
{
	CU_ASSERT_EQUAL(load("../plugins/echo.so"), 0);
	CU_ASSERT_EQUAL(load("../plugins/skeleton.so"), 0);
	CU_ASSERT_STRING_EQUAL(why, "");
}

/* exec lives only where there is a leader. */
static void
test_needs_spawn(void)
{
	CU_ASSERT_EQUAL(load("../plugins/exec.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "create failed"));
}

/* Their constructors abort. */
static void
test_not_loaded(void)
{
	CU_ASSERT_EQUAL(load("guests/wrong_symbol.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "postern_plugin_v1"));
	CU_ASSERT_EQUAL(load("guests/small_symbol.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "postern_plugin_v1"));
	CU_ASSERT_EQUAL(load("guests/function_symbol.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "postern_plugin_v1"));
	CU_ASSERT_EQUAL(load("guests/none.so"), -1);
}

static void
test_loaded_and_refused(void)
{
	CU_ASSERT_EQUAL(load("guests/short_entry.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "too short"));
	CU_ASSERT_EQUAL(load("guests/no_methods.so"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no query"));
}

static void
copy_to(const char *to, mode_t mode)
{
	static char buf[1 << 20];
	int from = open(at("../plugins/echo.so"), O_RDONLY);
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		CU_ASSERT_EQUAL(write(fd, buf, (size_t)n), n);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
	close(from);
}

static int
load_path(const char *path, uint32_t owner)
{
	int r;

	host_init(&h, loop);
	r = load_plugin(&h, path, owner, why);
	host_fini(&h);
	return r;
}

static void
test_file_rights(void)
{
	char dir[] = "/tmp/host-load-XXXXXX";
	char file[64], link_to[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/p.so", dir);
	snprintf(link_to, sizeof(link_to), "%s/l.so", dir);
	copy_to(file, 0644);
	CU_ASSERT_EQUAL(load_path(file, geteuid()), 0);
	CU_ASSERT_EQUAL(chmod(file, 0664), 0);
	CU_ASSERT_EQUAL(load_path(file, geteuid()), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "writable by nobody else"));
	CU_ASSERT_EQUAL(chmod(file, 0644), 0);
	CU_ASSERT_EQUAL(chmod(dir, 0777), 0);
	CU_ASSERT_EQUAL(load_path(file, geteuid()), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "others may write there"));
	CU_ASSERT_EQUAL(chmod(dir, 0755), 0);
	CU_ASSERT_EQUAL(symlink(file, link_to), 0);
	CU_ASSERT_EQUAL(load_path(link_to, geteuid()), -1);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(file, 12345, 0), 0);
		CU_ASSERT_EQUAL(load_path(file, 0), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "belong to root"));
	}
	CU_ASSERT_EQUAL(load_path("p.so", geteuid()), -1);
	CU_ASSERT_EQUAL(load_path(dir, geteuid()), -1);
	unlink(link_to);
	unlink(file);
	rmdir(dir);
}

/* A file cut anywhere, or with any byte changed, is judged without a fault. */
static void
test_elf_damaged(void)
{
	static uint8_t good[1 << 20], bad[1 << 20];
	int fd = open(at("../plugins/echo.so"), O_RDONLY);
	ssize_t n = read(fd, good, sizeof(good));
	size_t size = n > 0 ? (size_t)n : 0;
	size_t i;

	close(fd);
	CU_ASSERT_TRUE_FATAL(size > 4096);
	CU_ASSERT_TRUE(elf_exports(good, size, "postern_plugin_v1", 40));
	CU_ASSERT_FALSE(elf_exports(good, size, "postern_plugin_v1", 4000));
	CU_ASSERT_FALSE(elf_exports(good, size, "postern_plugin_v", 40));
	/* The section headers are at the end: cut before them, nothing is found. */
	for (i = 0; i < size; i += i < 256 ? 1 : 97) {
		memcpy(bad, good, i);
		if (i + 4096 < size)
			CU_ASSERT_FALSE(elf_exports(bad, i, "postern_plugin_v1", 40));
		(void)elf_exports(bad, i, "postern_plugin_v1", 40);
	}
	for (i = 0; i < 64 * 8; i++) {
		memcpy(bad, good, size);
		bad[i / 8] ^= (uint8_t)(1u << (i % 8));
		(void)elf_exports(bad, size, "postern_plugin_v1", 40);
	}
	for (i = size - 2048; i < size; i++) {
		memcpy(bad, good, size);
		bad[i] = 0xff;
		(void)elf_exports(bad, size, "postern_plugin_v1", 40);
	}
}

/* ---- entries, row by row ---- */

static struct postern_if_subsystem subsystem;
static struct postern_plugin instance;
static struct postern_entry entry;
static int32_t create_result;
static struct postern_plugin *created;
static int destroyed;

static int32_t
any_create(const struct postern_host *host, struct postern_plugin **out)
{
	(void)host;
	*out = created;
	return create_result;
}

static int32_t
any_start(struct postern_plugin *p)
{
	(void)p;
	return POSTERN_OK;
}

static void
any_stop(struct postern_plugin *p)
{
	(void)p;
}

static void
any_destroy(struct postern_plugin *p)
{
	(void)p;
	destroyed++;
}

static const void *
any_query(struct postern_plugin *p, struct postern_view id)
{
	(void)p;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static const void *
no_query(struct postern_plugin *p, struct postern_view id)
{
	(void)p;
	(void)id;
	return NULL;
}

static int32_t
any_open(struct postern_plugin *p, struct postern_channel c, const struct postern_start *s, void **context)
{
	(void)p, (void)c, (void)s, (void)context;
	return POSTERN_OK;
}

static int32_t
any_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	(void)context, (void)stream;
	*took = bytes.len;
	return POSTERN_OK;
}

static void
any_closed(void *context, uint32_t reason)
{
	(void)context, (void)reason;
}

static const struct postern_serves serves[] = { { POSTERN_START_SHELL, 0, POSTERN_LITERAL("") } };

static void
fresh(void)
{
	subsystem = (struct postern_if_subsystem){ .serves = serves, .serves_count = 1, .open = any_open,
		.data = any_data, .closed = any_closed };
	instance = (struct postern_plugin){ sizeof(instance), 0, NULL, any_start, any_stop, any_destroy,
		any_query };
	entry = (struct postern_entry){ sizeof(entry), 0, POSTERN_LITERAL("org.test"), POSTERN_LITERAL("1"),
		any_create };
	created = &instance;
	create_result = POSTERN_OK;
	destroyed = 0;
}

static int
adopt(void)
{
	int r;

	host_init(&h, loop);
	r = load_adopt(&h, &entry, why);
	host_fini(&h);
	return r;
}

#define REFUSED(change, text) do { \
	fresh(); \
	change; \
	CU_ASSERT_EQUAL(adopt(), -1); \
	CU_ASSERT_PTR_NOT_NULL(strstr(why, text)); \
} while (0)

static void
test_entries(void)
{
	fresh();
	CU_ASSERT_EQUAL(adopt(), 0);
	CU_ASSERT_EQUAL(destroyed, 1);
	fresh();
	entry.size = 4096; /* built for a later minor version */
	entry.abi_minor = 99;
	instance.size = 4096;
	CU_ASSERT_EQUAL(adopt(), 0);
	REFUSED(entry.size = 0, "too short");
	REFUSED(entry.size = sizeof(entry) - 1, "too short");
	REFUSED(entry.id.len = 0, "no id");
	REFUSED(entry.id.data = NULL, "no id");
	REFUSED(entry.create = NULL, "no create");
	REFUSED(create_result = POSTERN_E_NOSUCH, "create failed");
	REFUSED(create_result = 12345, "create failed");
	REFUSED(created = NULL, "made nothing");
	REFUSED(instance.size = 8, "too short");
	REFUSED(instance.query = NULL, "no query");
	fresh();
	instance.start = NULL; /* optional, as stop and destroy */
	instance.stop = NULL;
	instance.destroy = NULL;
	CU_ASSERT_EQUAL(adopt(), 0);
	fresh();
	subsystem.data = NULL; /* it fetches what the peer sent */
	CU_ASSERT_EQUAL(adopt(), 0);
	REFUSED(instance.query = no_query, "does not offer");
	CU_ASSERT_EQUAL(destroyed, 1);
	REFUSED(subsystem.open = NULL, "not optional");
	REFUSED(subsystem.closed = NULL, "not optional");
	REFUSED(subsystem.serves = NULL, "serves nothing");
	REFUSED(subsystem.serves_count = 0, "serves nothing");
	REFUSED(subsystem.serves_count = 100000, "serves nothing");
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "good plugins", test_good },
		{ "exec needs a leader", test_needs_spawn },
		{ "refused before loading", test_not_loaded },
		{ "refused after loading", test_loaded_and_refused },
		{ "rights of the file", test_file_rights },
		{ "damaged files", test_elf_damaged },
		{ "entries", test_entries },
		CU_TEST_INFO_NULL,
	};
	ssize_t n = readlink("/proc/self/exe", bin, sizeof(bin) - 1);
	char *slash = n > 0 ? strrchr(bin, '/') : NULL;
	int status;

	if (slash == NULL)
		return 1;
	*slash = '\0';
	log_start("test", -1);
	loop = loop_new();
	status = suite_run("host load", tests);
	loop_free(loop);
	return status;
}
