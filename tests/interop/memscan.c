/*
 * memscan: looks for secrets in memory.
 *
 *   memscan SECRETS PID...   search every readable page of these processes, every
 *                            memory file that they hold open, and every file of
 *                            hugetlbfs mounts. Prints what was found where; exit
 *                            status 0: nothing, 1: found, 2: could not look.
 *   memscan --hold HEX       keep a secret in the heap and in a memory file until
 *                            standard input ends: to see that the search finds it.
 *
 * SECRETS has lines "NAME HEX". Root.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS_MAX 64
#define CHUNK (1u << 20)
#define OVERLAP 256u
#define PAGE 4096u

struct secret {
	char name[64];
	uint8_t bytes[128];
	size_t len;
};

static struct secret secrets[SECRETS_MAX];
static size_t secret_count;
static uint64_t scanned;
static unsigned found;
static uint8_t buffer[CHUNK + OVERLAP];

static size_t
unhex(uint8_t *out, size_t max, const char *text)
{
	size_t len = 0;
	unsigned v;

	while (len < max && isxdigit((unsigned char)text[0]) && sscanf(text, "%2x", &v) == 1) {
		out[len++] = (uint8_t)v;
		text += 2;
	}
	return len;
}

static int
load(const char *path)
{
	FILE *f = fopen(path, "r");
	char name[64], hex[300];

	if (f == NULL)
		return -1;
	while (secret_count < SECRETS_MAX && fscanf(f, "%63s %299s", name, hex) == 2) {
		struct secret *s = &secrets[secret_count];

		s->len = unhex(s->bytes, sizeof(s->bytes), hex);
		if (s->len < 12)
			continue; /* too short to mean anything */
		strcpy(s->name, name);
		secret_count++;
	}
	fclose(f);
	return secret_count > 0 ? 0 : -1;
}

static void
search(const uint8_t *data, size_t len, const char *where, uint64_t at)
{
	scanned += len;
	for (size_t i = 0; i < secret_count; i++) {
		const uint8_t *hit = memmem(data, len, secrets[i].bytes, secrets[i].len);

		if (hit != NULL) {
			printf("FOUND %s in %s at %" PRIx64 "\n", secrets[i].name, where,
			    at + (uint64_t)(hit - data));
			found++;
		}
	}
}

/* Search [from, to) of a descriptor in chunks that overlap. */
static void
search_fd(int fd, uint64_t from, uint64_t to, const char *where)
{
	while (from < to) {
		size_t want = to - from < sizeof(buffer) ? to - from : sizeof(buffer);
		ssize_t n = pread(fd, buffer, want, (off_t)from);

		if (n <= 0)
			return;
		search(buffer, (size_t)n, where, from);
		if ((size_t)n <= OVERLAP || from + (uint64_t)n >= to)
			return;
		from += (uint64_t)n - OVERLAP;
	}
}

/* Only pages that exist: a reservation of gigabytes has nothing in it. */
static void
search_range(int mem, int pagemap, uint64_t from, uint64_t to, const char *where)
{
	uint64_t start = 0;
	bool in = false;

	for (uint64_t at = from; at < to; at += PAGE) {
		uint64_t entry = 0;
		bool there;

		if (pread(pagemap, &entry, 8, (off_t)(at / PAGE * 8)) != 8)
			entry = 0;
		there = (entry >> 62) != 0; /* present or swapped */
		if (there && !in)
			start = at;
		if (!there && in)
			search_fd(mem, start, at, where);
		in = there;
	}
	if (in)
		search_fd(mem, start, to, where);
}

static int
scan_memory(int pid)
{
	char path[64], line[512], where[128];
	FILE *maps;
	int mem, pagemap;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY);
	if (maps == NULL || mem < 0 || pagemap < 0)
		return -1;
	while (fgets(line, sizeof(line), maps) != NULL) {
		uint64_t from, to;
		char rights[8];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to, rights) != 3 || rights[0] != 'r')
			continue;
		/* A bare reservation may be huge; pagemap of it is read in one go below. */
		if (to - from > (uint64_t)1 << 34)
			continue;
		snprintf(where, sizeof(where), "pid %d", pid);
		search_range(mem, pagemap, from, to, where);
	}
	fclose(maps);
	close(mem);
	close(pagemap);
	return 0;
}

static void
scan_files(int pid)
{
	char path[300], target[300];
	DIR *d;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		ssize_t n;
		struct stat st;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", pid, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		if (strncmp(target, "/memfd:", 7) != 0)
			continue;
		fd = open(path, O_RDONLY);
		if (fd >= 0 && fstat(fd, &st) == 0) {
			char where[360];

			snprintf(where, sizeof(where), "pid %d %s", pid, target);
			search_fd(fd, 0, (uint64_t)st.st_size, where);
		}
		if (fd >= 0)
			close(fd);
	}
	if (d != NULL)
		closedir(d);
}

static void
scan_hugetlb(void)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	struct mntent *m;

	while (mounts != NULL && (m = getmntent(mounts)) != NULL) {
		DIR *d;
		struct dirent *e;

		if (strcmp(m->mnt_type, "hugetlbfs") != 0)
			continue;
		d = opendir(m->mnt_dir);
		while (d != NULL && (e = readdir(d)) != NULL) {
			char path[600];
			struct stat st;
			int fd;

			snprintf(path, sizeof(path), "%s/%s", m->mnt_dir, e->d_name);
			if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
				continue;
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			search_fd(fd, 0, (uint64_t)st.st_size, path);
			close(fd);
		}
		if (d != NULL)
			closedir(d);
	}
	if (mounts != NULL)
		endmntent(mounts);
}

static int
hold(const char *hex)
{
	uint8_t *heap = malloc(128);
	int fd = memfd_create("held", 0);
	size_t len = heap != NULL ? unhex(heap, 128, hex) : 0;

	if (len == 0 || fd < 0 || write(fd, heap, len) != (ssize_t)len)
		return 2;
	printf("%d\n", getpid());
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--hold") == 0)
		return hold(argv[2]);
	if (argc < 3 || load(argv[1]) != 0) {
		fprintf(stderr, "usage: memscan SECRETS PID...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		int pid = atoi(argv[i]);

		if (scan_memory(pid) != 0)
			fprintf(stderr, "memscan: pid %d cannot be read\n", pid);
		scan_files(pid);
	}
	scan_hugetlb();
	printf("%zu secrets, %" PRIu64 " bytes searched, %u found\n", secret_count, scanned, found);
	return scanned == 0 ? 2 : found > 0;
}
