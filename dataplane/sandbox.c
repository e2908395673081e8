#include "dataplane/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "drivers/confine/confine.h"

/* By what needs it. */
static const char *const allowed[] = {
	/* both threads: waiting and waking */
	"epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll", "timerfd_settime", "read", "write",
	"futex", "clock_gettime", "clock_nanosleep", "nanosleep", "sched_yield", "restart_syscall",
	"rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "getpid", "gettid", "geteuid",
	/* links and the attach socket */
	"accept4", "getsockopt", "sendmsg", "recvmsg", "memfd_create", "ftruncate", "fstat", "fcntl", "mmap", "munmap",
	"mprotect", "madvise", "mlock", "mlock2", "munlock", "mremap", "brk", "dup", "close", "socketpair",
	/* randomness, and the end */
	"getrandom", "exit", "exit_group", "raise", NULL
};

static const char *const fatal[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "fork", "vfork",
	"open_by_handle_at", "init_module", "finit_module", "kexec_load", "bpf", "userfaultfd", NULL
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]) - 1)
#define DRIVER_CALLS_MAX 16u

int
sandbox_find(struct sandbox *s, const char *account)
{
	const struct passwd *pw = getpwnam(account);

	if (pw == NULL) {
		fprintf(stderr, "postern-dp: no account %s: create it or name another with --user\n",
		    account);
		return -1;
	}
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return 0;
}

int
sandbox_begin(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The C library makes all threads change. */
static int
become(const struct sandbox *s)
{
	if (setgroups(0, NULL) != 0 || setresgid(s->gid, s->gid, s->gid) != 0 ||
	    setresuid(s->uid, s->uid, s->uid) != 0)
		return -1;
	return confine_caps(NULL, 0);
}

/* Ours, and behind them those of the port's driver. */
static int
filter(const char *const *driver_calls)
{
	const char *all[ALLOWED + DRIVER_CALLS_MAX + 1];
	size_t at = ALLOWED;

	memcpy(all, allowed, sizeof(allowed));
	for (; *driver_calls != NULL; driver_calls++) {
		if (at == ALLOWED + DRIVER_CALLS_MAX) {
			errno = E2BIG;
			return -1;
		}
		all[at++] = *driver_calls;
	}
	all[at] = NULL;
	return confine_filter(all, fatal, true);
}

int
sandbox_enter(const struct sandbox *s, const char *const *driver_calls)
{
	const char *step = "identity";

	if (become(s) != 0)
		goto fail;
	step = "memory protection";
	if (confine_secrets() != 0)
		goto fail;
	step = "system call filter";
	if (filter(driver_calls) != 0)
		goto fail;
	return 0;
fail:
	fprintf(stderr, "postern-dp: %s: %s\n", step, strerror(errno));
	return -1;
}
