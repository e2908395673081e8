#include "control/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control/log.h"
#include "drivers/confine/confine.h"

/* ---- groups of system calls ---- */

/* What every role does: read and write what it holds, wait, manage memory. */
static const char *const calls_base[] = { "read", "write", "readv", "writev", "close", "lseek", "fcntl",
	"fstat", "dup", "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "epoll_create1", "poll",
	"ppoll", "select", "pselect6", "timerfd_create", "timerfd_settime", "timerfd_gettime", "eventfd2",
	"pipe2", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "sendto", "recvfrom", "getsockopt",
	"setsockopt", "shutdown", "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "mlock2",
	"munlock", "futex", "getrandom", "clock_gettime", "clock_getres", "gettimeofday", "time",
	"clock_nanosleep", "nanosleep", "sched_yield", "sched_getaffinity", "getcpu", "rt_sigreturn",
	"rt_sigprocmask", "rt_sigaction", "sigaltstack", "restart_syscall", "exit", "exit_group", "getpid",
	"gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid",
	"uname", "sysinfo", "getrusage", "membarrier", "rseq", "set_robust_list", "prctl", "raise", NULL };

/* A link's own side: its memory file and its bell, made anew whenever the
 * dataplane returns. */
static const char *const calls_region[] = { "memfd_create", "ftruncate", "socketpair", NULL };

/* A pair of sockets of a plugin's own. It makes no memory files: what is in them is
 * nobody's memory, and so under no limit. */
static const char *const calls_pair[] = { "socketpair", NULL };

/* Files for reading. Name services that are asked over a socket are not: accounts
 * come from files here. */
static const char *const calls_read[] = { "open-read", "newfstatat", "stat", "lstat", "statx", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "pread64", "getcwd", "fstatfs",
	"statfs", NULL };

/* Taking an account's view of the file system, and giving it back. */
static const char *const calls_identity[] = { "setfsuid", "setfsgid", "setgroups", "setresuid", "setresgid",
	"setreuid", "setregid", NULL };

/* Clients of a listening socket that was opened before. */
static const char *const calls_serve[] = { "accept4", "accept", "pread64", NULL };

/* A plugin's: reading files as the account it runs as, its own shared object,
 * threads for tasks, the master of a pseudo terminal that it was given. */
static const char *const calls_plugin[] = { "load", "threads", "tty", NULL };

/* Files as their owner has them: made, written, moved, removed, and their
 * attributes. No sockets, no programs, no device nodes. */
static const char *const calls_files[] = { "open", "openat", "pwrite64", "truncate", "ftruncate", "fsync",
	"fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
	"link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown",
	"fchown", "lchown", "fchownat", "utimensat", "umask", "preadv2", "fadvise64", "openat2", NULL };

/* Sockets of the account that it runs as: what users' forwarding is made of. A unix
 * socket has a name in a folder, both made and removed. */
static const char *const calls_net[] = { "socket-unix", "socket-inet", "bind", "listen", "accept4", "accept",
	"connect", "getsockname", "getpeername", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "chmod",
	"fchmod", "fchmodat", "fchmodat2", "umask", NULL };

/* A client of servers on this machine, by the rights of their sockets' files. */
static const char *const calls_local[] = { "socket-unix", "connect", NULL };

/* Nobody asks for these in good faith: the process ends. */
static const char *const calls_kill[] = { "execve", "execveat", "ptrace", "process_vm_readv",
	"process_vm_writev", "bpf", "kexec_load", "kexec_file_load", "init_module", "finit_module",
	"delete_module", "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "perf_event_open",
	"userfaultfd", "add_key", "request_key", "keyctl", "pidfd_getfd", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "open_by_handle_at", "iopl", "ioperm", "reboot", "swapon", "swapoff", "acct",
	"quotactl", "settimeofday", "clock_settime", "adjtimex", "personality", "modify_ldt", NULL };

/* ---- one row per role ---- */

#define GROUPS_MAX 4
#define CAPS_MAX 20

struct box {
	const char *const *calls[GROUPS_MAX]; /* beside calls_base */
	int caps[CAPS_MAX];
	size_t cap_count;
	bool secrets; /* memory stays out of swap */
};

/* What a PAM module, or a session opened by hand, may have to do. With SYS_ADMIN a
 * session's module makes private mounts. */
#define PAM_CAPS                                                                                              \
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID,       \
	    CAP_SETUID, CAP_SETPCAP, CAP_IPC_LOCK, CAP_SYS_CHROOT, CAP_SYS_RESOURCE, CAP_SYS_NICE,            \
	    CAP_SYS_TTY_CONFIG, CAP_AUDIT_WRITE, CAP_AUDIT_CONTROL
#define PAM_CAP_COUNT 16

static const struct box boxes[ROLE_COUNT] = {
	[ROLE_KEEPER] = { .secrets = true },
	[ROLE_WARDEN] = { .calls = { calls_read }, .secrets = true }, /* passwords pass */
	[ROLE_READER] = { .calls = { calls_read, calls_identity },
	    .caps = { CAP_SETUID, CAP_SETGID },
	    .cap_count = 2 },
	[ROLE_GATE] = { .calls = { calls_region }, .secrets = true },
	[ROLE_CLERK] = { .calls = { calls_region }, .secrets = true },
	[ROLE_CONSOLE] = { .calls = { calls_serve, calls_region } }, /* a capture's */
	/* Root, without a filter: what these start must be free of all of ours, and an
	 * exec by root has every capability again. They themselves have only these,
	 * and so cannot trace, load code into the kernel or make a raw socket. */
	[ROLE_SUPERVISOR] = { .caps = { CAP_KILL, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_RESOURCE },
	    .cap_count = 4 },
	[ROLE_PAM] = { .caps = { PAM_CAPS }, .cap_count = PAM_CAP_COUNT, .secrets = true },
	[ROLE_LOGIN] = { .caps = { PAM_CAPS, CAP_SYS_ADMIN }, .cap_count = PAM_CAP_COUNT + 1 },
};

/* A host's row is its plugin's. */
static const struct box host_boxes[SANDBOX_ROW_COUNT] = {
	[SANDBOX_PLAIN] = { .calls = { calls_pair, calls_read, calls_plugin } },
	[SANDBOX_FILES] = { .calls = { calls_pair, calls_read, calls_plugin, calls_files } },
	[SANDBOX_NET] = { .calls = { calls_pair, calls_read, calls_plugin, calls_net } },
	[SANDBOX_LOCAL] = { .calls = { calls_pair, calls_read, calls_plugin, calls_local } },
};

#define CALLS_MAX 256

static int
filter(const struct box *b)
{
	const char *list[CALLS_MAX];
	const char *const *from = calls_base;
	size_t n = 0;
	int group = 0;

	while (from != NULL) {
		for (; *from != NULL && n + 1 < CALLS_MAX; from++)
			list[n++] = *from;
		from = group < GROUPS_MAX ? b->calls[group++] : NULL;
	}
	list[n] = NULL;
	return confine_filter(list, calls_kill, true);
}

static int
failed(const char *what)
{
	log_error("sandbox: %s: %s", what, strerror(errno));
	return -1;
}

int
sandbox_bound(void)
{
	static const int needed[] = { CAP_SETUID, CAP_SETGID };

	if (confine_caps(needed, sizeof(needed) / sizeof(needed[0])) != 0)
		return failed("bounding set");
	return 0;
}

static int
identity(uid_t uid, gid_t gid)
{
	/* The bounding set can be emptied only before the identity goes. */
	if (sandbox_bound() != 0)
		return -1;
	if (setgroups(0, NULL) != 0)
		return failed("supplementary groups");
	if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return failed("identity");
	if (uid != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
		errno = EPERM;
		return failed("identity can be taken back");
	}
	return 0;
}

/*
 * All memory out of swap, where the limit can be lifted. Where it cannot, nothing
 * is done: what must be locked is locked block by block (locked.h), and has the
 * limit for itself then.
 */
static bool
lift_memory_limit(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &all) == 0;
}

static void
lock_memory(void)
{
	/* Touched pages only: an untouched page holds nothing. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
		log_warn("sandbox: memory cannot be locked: %s", strerror(errno));
}

static int
close_box(const struct box *b, bool dies_with_parent)
{
	if (confine_caps(b->caps, b->cap_count) != 0)
		return failed("capabilities");
	if (confine_secrets() != 0)
		return failed("core dumps");
	/* A change of identity has cleared it. */
	if (dies_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return failed("parent death signal");
	if (filter(b) != 0)
		return failed("system call filter");
	return 0;
}

/* Nothing that passes through an exec by root. */
static int
half_box(const struct box *b)
{
	if (confine_reduce(b->caps, b->cap_count) != 0)
		return failed("capabilities");
	if (b->secrets)
		lock_memory();
	return confine_undumpable() != 0 ? failed("core dumps") : 0;
}

int
sandbox_enter(enum role_id role)
{
	const struct role *r = &roles[role];
	const struct box *b = &boxes[role];
	bool lock = r->seccomp && b->secrets && lift_memory_limit();
	struct passwd *pw;

	if (!r->seccomp)
		return half_box(b);
	if (r->user != NULL) {
		pw = getpwnam(r->user);
		if (pw == NULL) {
			log_error("sandbox: there is no account %s", r->user);
			return -1;
		}
		if (identity(pw->pw_uid, pw->pw_gid) != 0)
			return -1;
	}
	if (lock)
		lock_memory();
	return close_box(b, true);
}

int
sandbox_host(uid_t uid, gid_t gid, bool take_identity, enum sandbox_row row)
{
	if (take_identity && identity(uid, gid) != 0)
		return -1;
	return close_box(&host_boxes[row], false);
}

int
sandbox_hide(const char *const *paths, size_t count)
{
	size_t i;
	int r;

	if (unshare(CLONE_NEWNS) != 0)
		return failed("mount namespace");
	/* Slave, so that a home directory mounted later is seen here too. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		return failed("mount propagation");
	for (i = 0; i < count; i++) {
		/* A device on a mount without devices cannot be opened by anybody. */
		if (mount("/dev/null", paths[i], NULL, MS_BIND, NULL) == 0)
			r = mount(NULL, paths[i], NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL);
		else
			r = errno == ENOENT ? 0 : -1;
		if (r != 0)
			return failed(paths[i]);
	}
	return 0;
}
