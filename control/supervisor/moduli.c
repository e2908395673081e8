/*
 * The groups of ModuliFile, read here for gates and clerks, which open nothing. It is the
 * administrator's file; a line that is none is told and left out, as sshd does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/json.h"
#include "control/kex/moduli.h"
#include "control/supervisor/supervisor.h"

static void __attribute__((format(printf, 2, 3)))
warn(struct js *said, const char *format, ...)
{
	char line[CONF_NAME_MAX + 160];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	log_warn("%s", line);
	if (said != NULL)
		js_add_str(js_get(said, "warnings"), line);
}

/* The whole file, or NULL with errno set. */
static uint8_t *
read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *text = NULL;
	struct stat st;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0) {
		errno = !S_ISREG(st.st_mode) ? EINVAL : EFBIG;
		if (S_ISREG(st.st_mode) && st.st_size <= (off_t)MODULI_TEXT_MAX)
			text = malloc((size_t)st.st_size + 1);
	}
	if (text != NULL)
		got = pread(fd, text, (size_t)st.st_size, 0);
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	*len = (size_t)got;
	return text;
}

static int
sealed_table(struct view table)
{
	int fd = memfd_create("postern-moduli", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write(fd, table.data, table.len) != (ssize_t)table.len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
table_of(const char *path, struct view text, struct js *said)
{
	uint8_t *buf = malloc(text.len + 4);
	struct put w = put_of(buf, text.len + 4);
	struct moduli_count n;
	int fd = -1;

	if (buf == NULL || moduli_parse(&w, text, &n) != 0) {
		warn(said, "ModuliFile %s: more than %u groups; group exchange is not offered", path,
		    MODULI_GROUPS_MAX);
		free(buf);
		return -1;
	}
	if (n.broken > 0)
		warn(said, "ModuliFile %s line %u: not of seven fields as moduli(5) has them; %u such left out", path,
		    n.broken_line, n.broken);
	if (n.taken == 0)
		warn(said, "ModuliFile %s: no tested safe prime of 2048 to 8192 bits; group exchange is not offered",
		    path);
	else if ((fd = sealed_table(put_view(&w))) < 0)
		warn(said, "ModuliFile %s: %s; group exchange is not offered", path, strerror(errno));
	else
		log_info("ModuliFile %s: %u groups, %u of no use here", path, n.taken, n.left_out);
	free(buf);
	return fd;
}

void
moduli_install(struct sup *s, const char *path, struct js *said)
{
	uint8_t *text;
	size_t len;

	if (s->moduli_fd >= 0)
		close(s->moduli_fd);
	s->moduli_fd = -1;
	if (path[0] == '\0')
		return;
	text = read_file(path, &len);
	if (text == NULL)
		warn(said, "ModuliFile %s: %s; group exchange is not offered", path, strerror(errno));
	else
		s->moduli_fd = table_of(path, view_of(text, len), said);
	s->moduli_there |= s->moduli_fd >= 0;
	free(text);
}
