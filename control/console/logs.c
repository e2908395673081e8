/*
 * Log lines from the roles' socket to the log file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "control/console/console.h"
#include "control/log.h"

#define DATAGRAM_MAX 2048
#define LINES_PER_TURN 256
#define LINES_AT_END 4096 /* who goes on writing does not keep console from ending */

static uint64_t
unix_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
put_line(const struct console *c, const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(c->log_out, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
}

static void
write_line(struct console *c, const char *datagram, size_t len, const struct ucred *who)
{
	char line[LOGLINE_MAX];

	len =
	    logline_format(line, &c->names, datagram, len, who->pid, who->uid, unix_ms(), c->conf.log_level);
	put_line(c, line, len);
	c->lines += len > 0;
}

/* Of a role, or of a host? */
static bool
is_host(const struct console *c, uid_t uid)
{
	size_t i;

	for (i = 0; i < c->names.count; i++)
		if (c->names.owner[i].uid == uid)
			return false;
	return uid != 0;
}

static bool
within_rate(struct console *c, const struct ucred *who)
{
	char text[64];
	uint32_t dropped;
	int len;

	if (!is_host(c, who->uid))
		return true;
	if (!lograte_take(&c->rate, who->uid, unix_ms(), &dropped))
		return false;
	if (dropped > 0) {
		len = snprintf(text, sizeof(text), "<%d>host %u log lines dropped", LOG_L_WARN, dropped);
		write_line(c, text, (size_t)len, who);
	}
	return true;
}

/* One datagram. False: none is there. */
static bool
read_one(struct console *c)
{
	char buf[DATAGRAM_MAX];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} ctl;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl)
	};
	struct ucred who = { .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct cmsghdr *a;
	ssize_t n = recvmsg(c->log_in, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	for (a = CMSG_FIRSTHDR(&h); a != NULL; a = CMSG_NXTHDR(&h, a))
		if (a->cmsg_level == SOL_SOCKET && a->cmsg_type == SCM_CREDENTIALS)
			memcpy(&who, CMSG_DATA(a), sizeof(who));
	if (within_rate(c, &who))
		write_line(c, buf, (size_t)n, &who);
	return true;
}

/* What is there, bounded by a turn. */
static void
logs_read(struct console *c)
{
	int left = LINES_PER_TURN;

	while (left-- > 0 && read_one(c))
		;
}

void
logs_drain(struct console *c)
{
	int left = LINES_AT_END;

	while (left-- > 0 && read_one(c))
		;
}

static void
on_log(void *ctx, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	logs_read(ctx);
}

int
logs_start(struct console *c)
{
	return loop_watch(c->loop, c->log_in, LOOP_IN, on_log, c);
}
