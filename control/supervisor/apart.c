#include "control/supervisor/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/packet.h"
#include "control/log.h"
#include "control/loop.h"

static struct loop *loop;

static int
option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* Seals are of memory files alone; fstat would ask the file system. */
bool
apart_is_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

bool
apart_is_bell(int fd)
{
	return option(fd, SO_DOMAIN) == AF_UNIX && option(fd, SO_TYPE) == SOCK_STREAM;
}

static void
on_end(void *ctx, int pidfd, unsigned events)
{
	siginfo_t info;

	(void)ctx;
	(void)events;
	(void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
	loop_unwatch(loop, pidfd);
	close(pidfd);
}

/* The table of descriptors stays shared, so that this close is the parent's. */
static void __attribute__((noreturn)) closer(int fd, pid_t parent)
{
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (getppid() == parent)
		close(fd);
	_exit(0);
}

int
apart_close(int fd)
{
	int pidfd = -1;
	pid_t parent, pid;

	if (apart_is_memory(fd) || option(fd, SO_DOMAIN) == AF_UNIX)
		return close(fd);
	parent = getpid();
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
	if (pid == 0)
		closer(fd, parent);
	if (pid < 0) {
		/* It stays open: a limit that is reached is better than a wait. */
		log_error("a descriptor of a host cannot be closed: no process");
		return -1;
	}
	if (loop_watch(loop, pidfd, LOOP_IN, on_end, NULL) != 0)
		close(pidfd);
	return 0;
}

void
apart_start(struct loop *l)
{
	loop = l;
	packet_close = apart_close;
}
