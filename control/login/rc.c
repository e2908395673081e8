#include "control/login/login.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SH "/bin/sh"
#define USER_RC ".ssh/rc"
#define SYSTEM_RC "/etc/ssh/sshrc"

static void __attribute__((noreturn))
run(const struct child *c, const char *program, char *const argv[])
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* The program's input is not the rc file's. */
	if (null < 0 || dup2(null, 0) < 0)
		_exit(126);
	execve(program, argv, c->environment);
	_exit(127);
}

/* By the user's shell, as sshd does: one that lets nothing run keeps its user from
 * this, too. */
static void __attribute__((noreturn))
run_user(const struct child *c, const char *path)
{
	const char *shell = c->login->grant.shell[0] != '\0' ? c->login->grant.shell : SH;
	char line[2 * GRANT_NAME_MAX];

	snprintf(line, sizeof(line), SH " %s", path);
	run(c, shell, (char *[]){ (char *)(uintptr_t)shell, "-c", line, NULL });
}

void
rc_run(const struct child *c)
{
	const struct login *l = c->login;
	char path[GRANT_NAME_MAX + sizeof(USER_RC) + 1];
	bool user = c->user_rc && l->conf.permit_user_rc && (l->grant.restrictions & GRANT_NO_RC) == 0;
	struct stat st;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/" USER_RC, l->grant.home);
	if (!user || stat(path, &st) != 0)
		path[0] = '\0';
	if (path[0] == '\0' && stat(SYSTEM_RC, &st) != 0)
		return;
	pid = fork();
	if (pid == 0 && path[0] != '\0')
		run_user(c, path);
	if (pid == 0)
		run(c, SH, (char *[]){ SH, SYSTEM_RC, NULL });
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}
