#include "control/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILD_FD_FIRST 3
#define CHILD_FD_COUNT 3
#define CHILD_FD_ABOVE 64 /* where descriptors wait while 3 to 5 are cleared */

static int program_fd = -1;
static struct rlimit files_before;
static bool files_raised;

int
spawn_init(void)
{
	int fd;

	if (program_fd >= 0)
		return 0;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	program_fd = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD_ABOVE);
	close(fd);
	return program_fd < 0 ? -errno : 0;
}

void
spawn_files(void)
{
	struct rlimit now;

	if (files_raised || getrlimit(RLIMIT_NOFILE, &now) != 0)
		return;
	files_before = now;
	now.rlim_cur = now.rlim_max;
	files_raised = setrlimit(RLIMIT_NOFILE, &now) == 0;
}

/* By the system call: glibc refuses to touch its two internal signals, which a
 * process made by posix_spawn hands on ignored. All zeros is SIG_DFL. */
void
spawn_clean_signals(void)
{
	static const unsigned long dfl[4];
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, dfl, NULL, sizeof(unsigned long));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors into their places; everything else goes, but the program itself,
 * which is close-on-exec. */
static int
child_files(const struct spawn *s, int program)
{
	int want[CHILD_FD_COUNT] = { s->supervisor_fd, s->log_fd, s->leader_fd };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int i;

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -1;
	if (!s->keep_stderr && dup2(null, 2) < 0)
		return -1;
	for (i = 0; i < CHILD_FD_COUNT; i++)
		if (want[i] >= 0 && (want[i] = fcntl(want[i], F_DUPFD_CLOEXEC, CHILD_FD_ABOVE)) < 0)
			return -1;
	if (close_range(CHILD_FD_FIRST, CHILD_FD_ABOVE - 1, 0) != 0)
		return -1;
	for (i = 0; i < CHILD_FD_COUNT; i++)
		if (want[i] >= 0 && dup2(want[i], CHILD_FD_FIRST + i) < 0)
			return -1;
	if (program > CHILD_FD_ABOVE && close_range(CHILD_FD_ABOVE, (unsigned)program - 1, 0) != 0)
		return -1;
	return close_range((unsigned)program + 1, ~0u, 0);
}

static void
child(const struct spawn *s, pid_t parent)
{
	char index[16];
	char name[32];
	char *argv[] = { (char *)"posternd", (char *)"role", name, index, NULL };
	char *envp[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LANG=C", NULL };

	snprintf(name, sizeof(name), "%s", roles[s->role].name);
	snprintf(index, sizeof(index), "%u", (unsigned)s->index);
	spawn_clean_signals();
	if (s->dies_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(126);
	}
	if (files_raised)
		setrlimit(RLIMIT_NOFILE, &files_before);
	if (!s->keep_umask)
		umask(022);
	if (chdir("/") != 0 || child_files(s, program_fd) != 0)
		_exit(126);
	if (s->before != NULL && s->before(s->ctx) != 0)
		_exit(126);
	syscall(SYS_execveat, program_fd, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

pid_t
spawn_role(const struct spawn *s, int *pidfd)
{
	pid_t parent = getpid();
	pid_t pid;
	int r = spawn_init();

	if (r != 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(s, parent);
	*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*pidfd < 0) {
		r = -errno;
		kill(pid, SIGKILL);
		return r;
	}
	return pid;
}
