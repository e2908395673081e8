#include "control/login/login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control/spawn.h"

#define MOTD_PATH "/etc/motd"
#define FD_ABOVE 64 /* where descriptors wait while 0 to 2 are put in place */

static void __attribute__((noreturn))
fail(const char *what)
{
	dprintf(2, "%s: %s\n", what, strerror(errno));
	_exit(1);
}

static void
files(const struct child *c)
{
	int at[3], i;

	for (i = 0; i < 3; i++) {
		int from = c->fds[i] >= 0 ? c->fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);

		at[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, FD_ABOVE);
		if (at[i] < 0)
			_exit(126);
	}
	for (i = 0; i < 3; i++)
		if (dup2(at[i], i) < 0)
			_exit(126);
	if (close_range(3, ~0u, 0) != 0)
		_exit(126);
}

/* The groups are the leader's: initgroups' and what PAM added. */
static void
identity(const struct grant *g)
{
	uid_t r, e, s;

	if (setresgid(g->gid, g->gid, g->gid) != 0 || setresuid(g->uid, g->uid, g->uid) != 0)
		fail("identity");
	if (getresuid(&r, &e, &s) != 0 || r != g->uid || e != g->uid || s != g->uid ||
	    (g->uid != 0 && setuid(0) == 0)) {
		errno = EPERM;
		fail("identity");
	}
}

static void
show_file(const char *path)
{
	char buf[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) != n)
			break;
	close(fd);
}

/* As sshd: nothing of it where ~/.hushlogin is there. */
static void
greet(const struct login *l, const char *last)
{
	char path[GRANT_NAME_MAX + 16];

	snprintf(path, sizeof(path), "%s/.hushlogin", l->grant.home);
	if (access(path, F_OK) == 0)
		return;
	dprintf(1, "%s%s", l->greeting, l->conf.print_last_log ? last : "");
	if (l->conf.print_motd)
		show_file(MOTD_PATH);
}

static void
directory(const struct child *c)
{
	const char *want = c->directory[0] != '\0' ? c->directory : c->login->grant.home;

	if (chdir(want) == 0)
		return;
	dprintf(2, "Could not chdir to %sdirectory %s: %s\n", c->directory[0] != '\0' ? "" : "home ", want,
	    strerror(errno));
	if (chdir("/") != 0)
		fail("/");
}

void
child_run(const struct child *c)
{
	char last[256] = "";

	spawn_clean_signals();
	if (setsid() < 0)
		_exit(126);
	files(c);
	if (c->tty != NULL && ioctl(0, TIOCSCTTY, 0) != 0)
		fail(c->tty);
	if (c->tty != NULL) {
		record_last(c->login, last, sizeof(last));
		record_login(c->login, c->tty, getpid());
	}
	identity(&c->login->grant);
	if (c->greet && c->tty != NULL)
		greet(c->login, last);
	directory(c);
	if (c->rc)
		rc_run(c);
	execve(c->program, c->argv, c->environment);
	fail(c->program);
}
