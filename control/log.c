#include "control/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

/* One datagram: '<', level digit, '>', name, ' ', text; where the line is about a
 * connection, '@' conn '-' gen behind the name. Console takes nothing in it for
 * granted. */
#define LINE_MAX_SIZE 2048

static char log_name[32] = "postern";
static int log_fd = -1;
static enum log_level log_most = LOG_L_INFO;
static atomic_ulong log_dropped;

void
log_start(const char *name, int fd)
{
	snprintf(log_name, sizeof(log_name), "%s", name);
	log_fd = fd;
}

void
log_set_fd(int fd)
{
	log_fd = fd;
}

void
log_set_level(enum log_level most)
{
	log_most = most;
}

static int
line_out(const char *line, size_t len)
{
	if (log_fd < 0) {
		/* "<6>" is for console; people get the rest */
		fprintf(stderr, "%.*s\n", (int)len - 3, line + 3);
		return 0;
	}
	return send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void
tell_dropped(void)
{
	char line[128];
	unsigned long n = atomic_exchange(&log_dropped, 0);
	int len;

	if (n == 0)
		return;
	len = snprintf(line, sizeof(line), "<%d>%s %lu log lines dropped", LOG_L_WARN, log_name, n);
	if (line_out(line, (size_t)len) != 0)
		atomic_fetch_add(&log_dropped, n);
}

static void
say(enum log_level level, const char *whose, const char *format, va_list ap)
{
	char line[LINE_MAX_SIZE];
	int saved = errno;
	int head, len;

	if (level > log_most)
		return;
	tell_dropped();
	head = snprintf(line, sizeof(line), "<%d>%s%s ", level, log_name, whose);
	len = vsnprintf(line + head, sizeof(line) - (size_t)head, format, ap);
	if (len < 0)
		len = 0;
	len += head;
	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	if (line_out(line, (size_t)len) != 0)
		atomic_fetch_add(&log_dropped, 1);
	errno = saved;
}

void
log_line(enum log_level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(level, "", format, ap);
	va_end(ap);
}

void
log_conn(enum log_level level, uint32_t conn, uint32_t gen, const char *format, ...)
{
	char whose[32];
	va_list ap;

	snprintf(whose, sizeof(whose), "@%u-%u", conn, gen);
	va_start(ap, format);
	say(level, whose, format, ap);
	va_end(ap);
}
