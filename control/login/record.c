#include "control/login/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <lastlog.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <utmpx.h>

#include "control/log.h"

#ifndef _PATH_LASTLOG
#define _PATH_LASTLOG "/var/log/lastlog"
#endif
#define WTMP_PATH "/var/log/wtmp"

static const char *
line_of(const char *tty)
{
	return strncmp(tty, "/dev/", 5) == 0 ? tty + 5 : tty;
}

/* The fields are not terminated when they are full. */
static void
field(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	memset(to, 0, size);
	memcpy(to, text, len < size ? len : size);
}

static void
entry(struct utmpx *u, short type, const char *tty, pid_t pid)
{
	const char *line = line_of(tty);
	size_t len = strlen(line);
	struct timeval now;

	memset(u, 0, sizeof(*u));
	gettimeofday(&now, NULL);
	u->ut_type = type;
	u->ut_pid = pid;
	u->ut_tv.tv_sec = (int32_t)now.tv_sec;
	u->ut_tv.tv_usec = (int32_t)now.tv_usec;
	field(u->ut_line, sizeof(u->ut_line), line);
	/* "ts/7": the end of the line, as other programs name it. */
	field(u->ut_id, sizeof(u->ut_id), len > sizeof(u->ut_id) ? line + len - sizeof(u->ut_id) : line);
}

static void
put(const struct utmpx *u)
{
	setutxent();
	pututxline(u);
	endutxent();
	updwtmpx(WTMP_PATH, u);
}

static void
put_last(const struct login *l, const char *tty)
{
	struct lastlog ll;
	int fd = open(_PATH_LASTLOG, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	memset(&ll, 0, sizeof(ll));
	ll.ll_time = (int32_t)time(NULL);
	field(ll.ll_line, sizeof(ll.ll_line), line_of(tty));
	field(ll.ll_host, sizeof(ll.ll_host), l->grant.peer);
	if (pwrite(fd, &ll, sizeof(ll), (off_t)l->grant.uid * (off_t)sizeof(ll)) < 0)
		log_debug("login: lastlog: %s", strerror(errno));
	close(fd);
}

void
record_login(const struct login *l, const char *tty, pid_t pid)
{
	struct utmpx u;

	entry(&u, USER_PROCESS, tty, pid);
	field(u.ut_user, sizeof(u.ut_user), l->grant.user);
	field(u.ut_host, sizeof(u.ut_host), l->grant.peer);
	if (inet_pton(AF_INET, l->grant.peer, u.ut_addr_v6) != 1)
		inet_pton(AF_INET6, l->grant.peer, u.ut_addr_v6);
	put(&u);
	put_last(l, tty);
}

void
record_logout(const char *tty, pid_t pid)
{
	struct utmpx u;

	entry(&u, DEAD_PROCESS, tty, pid);
	put(&u);
}

void
record_last(const struct login *l, char *text, size_t size)
{
	struct lastlog ll;
	char when[64];
	time_t at;
	struct tm tm;
	int fd = open(_PATH_LASTLOG, O_RDONLY | O_CLOEXEC);

	text[0] = '\0';
	if (fd < 0)
		return;
	if (pread(fd, &ll, sizeof(ll), (off_t)l->grant.uid * (off_t)sizeof(ll)) == (ssize_t)sizeof(ll) &&
	    ll.ll_time != 0) {
		at = (time_t)(uint32_t)ll.ll_time;
		if (localtime_r(&at, &tm) != NULL &&
		    strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm) > 0) {
			if (ll.ll_host[0] != '\0')
				snprintf(text, size, "Last login: %s from %.*s\n", when, (int)sizeof(ll.ll_host),
				    ll.ll_host);
			else
				snprintf(text, size, "Last login: %s on %.*s\n", when, (int)sizeof(ll.ll_line),
				    ll.ll_line);
		}
	}
	close(fd);
}
