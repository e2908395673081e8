/*
 * The filter, tried call by call: each try runs in a child of its own, confined
 * with a list of its own, without root.
 */
#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drivers/confine/confine.h"
#include "tests/lib/suite.h"

#define BASE                                                                                         \
	"exit_group", "exit", "rt_sigreturn", "mmap", "munmap", "mprotect", "brk", "futex", "fstat", \
	    "prctl", "raise", "rt_sigprocmask", "rt_sigaction", "getpid", "gettid", "write", "read", \
	    "close", "sigaltstack", "madvise", "sched_yield"

static const char *const kill_list[] = { "execve", "ptrace", "write", NULL };

#define ALLOWED 0
#define DENIED 1
#define KILLED 2
#define NO_FILTER 3

/* What came of `fn` behind the filter: it returns 0, or an errno. */
static int
try(const char *const *allow, int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine_filter(allow, kill_list, true) != 0)
			_exit(NO_FILTER);
		switch (fn()) {
		case 0:
			_exit(ALLOWED);
		case EPERM:
			_exit(DENIED);
		default:
			_exit(77);
		}
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int
result(long r)
{
	return r >= 0 ? 0 : errno;
}

static int
do_socket_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int
do_socket_inet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}
static int
do_socket_inet6(void)
{
	return result(socket(AF_INET6, SOCK_STREAM, 0));
}
static int
do_socket_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}
static int
do_open_read(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}
static int
do_open_write(void)
{
	return result(open("/dev/null", O_WRONLY));
}
static int
do_open_create(void)
{
	return result(open("/tmp", O_TMPFILE | O_RDWR, 0600));
}
static int
do_open_truncate(void)
{
	return result(open("/dev/null", O_RDONLY | O_TRUNC));
}
static int
do_fork(void)
{
	return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int
do_exec(void)
{
	char *argv[] = { NULL };
	return result(execve("/bin/true", argv, argv));
}
static int
do_ptrace(void)
{
	return result(syscall(SYS_ptrace, 0, 0, 0, 0));
}
static int
do_write(void)
{
	return result(write(-1, "", 0)) == EBADF ? 0 : errno;
}
static int
do_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
static int
do_undumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}
static int
do_kill_other(void)
{
	return result(kill(getppid(), 0));
}
static int
do_tiocsti(void)
{
	char c = 'x';
	return ioctl(0, TIOCSTI, &c) == 0 ? 0 : errno;
}

static int
do_stat(void)
{
	struct {
		char room[512];
	} st;

	return result(syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, 0));
}

static int
do_map(int prot, int flags)
{
	void *m = mmap(NULL, 4096, prot, flags, -1, 0);

	return m != MAP_FAILED ? 0 : errno;
}

static int
do_map_data(void)
{
	return do_map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}
static int
do_map_code(void)
{
	return do_map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int
do_make_code(void)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(m, 4096, PROT_READ | PROT_EXEC));
}

static int
do_load(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	void *m = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	return m != MAP_FAILED ? 0 : errno;
}

static void *
thread(void *done)
{
	*(int *)done = 1;
	return NULL;
}

static int
do_thread(void)
{
	pthread_t t;
	int done = 0;
	int r = pthread_create(&t, NULL, thread, &done);

	if (r != 0)
		return r == EPERM || r == EAGAIN ? EPERM : r;
	pthread_join(t, NULL);
	return done ? 0 : 77;
}

static void
test_families(void)
{
	static const char *const none[] = { BASE, NULL };
	static const char *const local[] = { BASE, "socket-unix", NULL };
	static const char *const inet[] = { BASE, "socket-inet", NULL };

	CU_ASSERT(try(none, do_socket_unix) == DENIED);
	CU_ASSERT(try(none, do_socket_inet) == DENIED);
	CU_ASSERT(try(local, do_socket_unix) == ALLOWED);
	CU_ASSERT(try(local, do_socket_inet) == DENIED);
	CU_ASSERT(try(inet, do_socket_unix) == DENIED);
	CU_ASSERT(try(inet, do_socket_inet) == ALLOWED);
	CU_ASSERT(try(inet, do_socket_inet6) == ALLOWED);
	CU_ASSERT(try(inet, do_socket_netlink) == DENIED);
}

static void
test_open(void)
{
	static const char *const none[] = { BASE, NULL };
	static const char *const reading[] = { BASE, "open-read", NULL };

	CU_ASSERT(try(none, do_open_read) == DENIED);
	CU_ASSERT(try(none, do_stat) == DENIED);
	CU_ASSERT(try(reading, do_open_read) == ALLOWED);
	CU_ASSERT(try(reading, do_open_write) == DENIED);
	CU_ASSERT(try(reading, do_open_create) == DENIED);
	CU_ASSERT(try(reading, do_open_truncate) == DENIED);
}

static void
test_code(void)
{
	static const char *const none[] = { BASE, "openat", NULL };
	static const char *const load[] = { BASE, "openat", "load", NULL };

	CU_ASSERT(try(none, do_map_data) == ALLOWED);
	CU_ASSERT(try(none, do_map_code) == DENIED);
	CU_ASSERT(try(none, do_make_code) == DENIED);
	CU_ASSERT(try(none, do_load) == DENIED);
	CU_ASSERT(try(load, do_load) == ALLOWED);
	CU_ASSERT(try(load, do_map_code) == DENIED);
	CU_ASSERT(try(load, do_make_code) == DENIED);
}

static void
test_processes(void)
{
	static const char *const none[] = { BASE, "getppid", NULL };
	static const char *const threads[] = { BASE, "threads", "set_robust_list", "rseq", "madvise",
		"sched_getaffinity", NULL };

	CU_ASSERT(try(none, do_fork) == DENIED);
	CU_ASSERT(try(none, do_thread) == DENIED);
	CU_ASSERT(try(threads, do_thread) == ALLOWED);
	CU_ASSERT(try(threads, do_fork) == DENIED);
	CU_ASSERT(try(none, do_kill_other) == DENIED);
	CU_ASSERT(try(none, do_exec) == KILLED);
	CU_ASSERT(try(none, do_ptrace) == KILLED);
	/* What is allowed is not killed for. */
	CU_ASSERT(try(none, do_write) == ALLOWED);
}

static void
test_prctl(void)
{
	static const char *const base[] = { BASE, NULL };

	CU_ASSERT(try(base, do_dumpable) == DENIED);
	CU_ASSERT(try(base, do_undumpable) == ALLOWED);
}

static void
test_tty(void)
{
	static const char *const tty[] = { BASE, "tty", NULL };

	CU_ASSERT(try(tty, do_tiocsti) == DENIED);
}

/* Threads that are there already are confined too. */
static int gate_pipe[2];
static int there_pipe[2];

static void *
late(void *out)
{
	char c = 0;

	if (write(there_pipe[1], &c, 1) == 1 && read(gate_pipe[0], &c, 1) == 1)
		*(int *)out = do_socket_inet();
	return NULL;
}

static void
test_all_threads(void)
{
	static const char *const base[] = { BASE, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;
		int r = -1;
		char c;

		if (pipe(gate_pipe) != 0 || pipe(there_pipe) != 0 ||
		    pthread_create(&t, NULL, late, &r) != 0 || read(there_pipe[0], &c, 1) != 1 ||
		    confine_filter(base, kill_list, true) != 0 || write(gate_pipe[1], "x", 1) != 1)
			_exit(9);
		pthread_join(t, NULL);
		_exit(r == EPERM ? 0 : 1);
	}
	CU_ASSERT(waitpid(pid, &status, 0) == pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
test_caps(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
		struct __user_cap_data_struct now[2];

		if (confine_caps(NULL, 0) != 0 || confine_secrets() != 0 ||
		    syscall(SYS_capget, &head, now) != 0)
			_exit(2);
		_exit(now[0].permitted != 0 || now[0].effective != 0 || now[1].permitted != 0 ||
		      prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0);
	}
	CU_ASSERT(waitpid(pid, &status, 0) == pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "socket families", test_families },
		{ "opening files", test_open },
		{ "memory that is code", test_code },
		{ "processes and threads", test_processes },
		{ "prctl", test_prctl },
		{ "terminals", test_tty },
		{ "threads that are there", test_all_threads },
		{ "capabilities", test_caps },
		CU_TEST_INFO_NULL,
	};

	return suite_run("confine", tests);
}
