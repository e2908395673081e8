/*
 * inject: makes a running process try things, to see what its sandbox allows.
 *
 *   inject PID TRY...   for each TRY prints "TRY allowed", "TRY denied ERRNO" or
 *                       "TRY killed" (the process did not survive it)
 *
 * TRY is one of the names in the table below, some with "=ARGUMENT". The process
 * is stopped with ptrace, made to run one system call with its own identity and
 * filter, and put back as it was. x86-64, root.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED INT64_MIN

struct target {
	pid_t pid;
	uint64_t text;     /* where the two instructions go */
	uint64_t scratch;  /* on its stack, below the red zone */
};

static int
write_memory(pid_t pid, uint64_t at, const void *data, size_t len)
{
	const uint8_t *src = data;

	while (len > 0) {
		uint64_t word;
		size_t n = len < 8 ? len : 8;

		errno = 0;
		word = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, at, 0);
		if (errno != 0)
			return -1;
		memcpy(&word, src, n);
		if (ptrace(PTRACE_POKEDATA, pid, at, word) != 0)
			return -1;
		at += n;
		src += n;
		len -= n;
	}
	return 0;
}

/* One system call in the target; its result, or KILLED. */
static int64_t
call(struct target *t, long nr, const uint64_t arg[6])
{
	static const uint8_t code[8] = { 0x0f, 0x05, 0xcc, 0x90, 0x90, 0x90, 0x90, 0x90 };
	struct user_regs_struct saved, r;
	uint64_t old;
	int status;
	int64_t result;

	if (ptrace(PTRACE_GETREGS, t->pid, 0, &saved) != 0)
		return KILLED;
	t->text = saved.rip;
	old = (uint64_t)ptrace(PTRACE_PEEKTEXT, t->pid, t->text, 0);
	if (write_memory(t->pid, t->text, code, sizeof(code)) != 0)
		return KILLED;
	r = saved;
	r.rax = (uint64_t)nr;
	r.orig_rax = (uint64_t)-1;
	r.rdi = arg[0];
	r.rsi = arg[1];
	r.rdx = arg[2];
	r.r10 = arg[3];
	r.r8 = arg[4];
	r.r9 = arg[5];
	ptrace(PTRACE_SETREGS, t->pid, 0, &r);
	ptrace(PTRACE_CONT, t->pid, 0, 0);
	for (;;) {
		pid_t who = waitpid(-1, &status, __WALL);

		/* A leader's end is told after those of its threads. */
		if (who >= 0 && who != t->pid)
			continue;
		if (who < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			return KILLED;
		if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP)
			break;
		ptrace(PTRACE_CONT, t->pid, 0, 0); /* another signal: not for now */
	}
	ptrace(PTRACE_GETREGS, t->pid, 0, &r);
	result = (int64_t)r.rax;
	ptrace(PTRACE_POKETEXT, t->pid, t->text, old);
	ptrace(PTRACE_SETREGS, t->pid, 0, &saved);
	return result;
}

static uint64_t
place(struct target *t, const void *data, size_t len)
{
	uint64_t at = t->scratch;

	write_memory(t->pid, at, data, len);
	t->scratch += (len + 15) & ~15ull;
	return at;
}

static uint64_t
text(struct target *t, const char *s)
{
	return place(t, s, strlen(s) + 1);
}

/* ---- the things to try: each returns the call's result ---- */

typedef int64_t try_fn(struct target *, const char *argument, uint64_t number);

static int64_t
try_open(struct target *t, const char *path, uint64_t flags)
{
	uint64_t a[6] = { (uint64_t)(int64_t)AT_FDCWD, text(t, path), flags, 0600, 0, 0 };
	int64_t fd = call(t, SYS_openat, a);
	uint64_t c[6] = { (uint64_t)fd };

	if (fd >= 0)
		call(t, SYS_close, c);
	return fd;
}

static int64_t
try_socket(struct target *t, const char *unused, uint64_t family)
{
	uint64_t a[6] = { family, family == AF_INET || family == AF_INET6 || family == AF_UNIX ? SOCK_STREAM :
	                                                                                       SOCK_RAW, 0 };
	int64_t fd = call(t, SYS_socket, a);
	uint64_t c[6] = { (uint64_t)fd };

	(void)unused;
	if (fd >= 0)
		call(t, SYS_close, c);
	return fd;
}

static int64_t
try_exec(struct target *t, const char *path, uint64_t unused)
{
	uint64_t name = text(t, path), argv[2] = { name, 0 }, list = place(t, argv, sizeof(argv));
	uint64_t a[6] = { name, list, list + 8 };

	(void)unused;
	return call(t, SYS_execve, a);
}

static int64_t
try_ptrace(struct target *t, const char *pid, uint64_t unused)
{
	uint64_t a[6] = { PTRACE_ATTACH, strtoul(pid, NULL, 0) };

	(void)unused;
	return call(t, SYS_ptrace, a);
}

static int64_t
try_vmread(struct target *t, const char *pid, uint64_t unused)
{
	struct iovec local = { (void *)(uintptr_t)t->scratch, 8 }, remote = { (void *)0x400000, 8 };
	uint64_t l = place(t, &local, sizeof(local)), r = place(t, &remote, sizeof(remote));
	uint64_t a[6] = { strtoul(pid, NULL, 0), l, 1, r, 1, 0 };
	int64_t got = call(t, SYS_process_vm_readv, a);

	(void)unused;
	/* a bad address means that the right was there */
	return got == -EFAULT ? 0 : got;
}

static int64_t
try_call2(struct target *t, const char *argument, uint64_t nr)
{
	uint64_t a[6] = { argument != NULL ? strtoul(argument, NULL, 0) : 0 };

	return call(t, (long)nr, a);
}

static int64_t
try_chroot(struct target *t, const char *unused, uint64_t nr)
{
	uint64_t a[6] = { text(t, "/") };

	(void)unused;
	return call(t, (long)nr, a);
}

static int64_t
try_mount(struct target *t, const char *unused, uint64_t nr)
{
	uint64_t none = text(t, "none"), where = text(t, "/mnt"), type = text(t, "tmpfs");
	uint64_t a[6] = { none, where, type, 0, 0 };

	(void)unused;
	return call(t, (long)nr, a);
}

/* A kind of map that only the privileged make, on any setting. */
static int64_t
try_bpf(struct target *t, const char *unused, uint64_t nr)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_STACK_TRACE,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1 };
	uint64_t a[6] = { BPF_MAP_CREATE, place(t, &attr, sizeof(attr)), sizeof(attr), 0, 0, 0 };
	int64_t fd = call(t, (long)nr, a);
	uint64_t c[6] = { (uint64_t)fd };

	(void)unused;
	if (fd >= 0)
		call(t, SYS_close, c);
	return fd;
}

/* All of a processor: more than everybody's own. */
static int64_t
try_perf(struct target *t, const char *unused, uint64_t nr)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK };
	uint64_t a[6] = { place(t, &attr, sizeof(attr)), (uint64_t)-1, 0, (uint64_t)-1, 0, 0 };
	int64_t fd = call(t, (long)nr, a);
	uint64_t c[6] = { (uint64_t)fd };

	(void)unused;
	if (fd >= 0)
		call(t, SYS_close, c);
	return fd;
}

static int64_t
try_exec_memory(struct target *t, const char *unused, uint64_t nr)
{
	uint64_t a[6] = { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0 };
	int64_t r = call(t, (long)nr, a);

	(void)unused;
	return r < 0 && r > -4096 ? r : 0;
}

static int64_t
try_dumpable(struct target *t, const char *unused, uint64_t nr)
{
	uint64_t a[6] = { 4 /* PR_SET_DUMPABLE */, 1 };

	(void)unused;
	return call(t, (long)nr, a);
}

static int64_t
try_clone(struct target *t, const char *unused, uint64_t nr)
{
	uint64_t a[6] = { SIGCHLD };

	(void)unused;
	return call(t, (long)nr, a);
}

static const struct {
	const char *name;
	try_fn *run;
	uint64_t number;
} tries[] = {
	{ "read", try_open, O_RDONLY },
	{ "create", try_open, O_WRONLY | O_CREAT },
	{ "socket-inet", try_socket, AF_INET },
	{ "socket-inet6", try_socket, AF_INET6 },
	{ "socket-unix", try_socket, AF_UNIX },
	{ "socket-packet", try_socket, AF_PACKET },
	{ "socket-netlink", try_socket, AF_NETLINK },
	{ "exec", try_exec, 0 },
	{ "ptrace", try_ptrace, 0 },
	{ "vmread", try_vmread, 0 },
	{ "signal", try_call2, SYS_kill },
	{ "setuid-root", try_call2, SYS_setuid },
	{ "chroot", try_chroot, SYS_chroot },
	{ "mount", try_mount, SYS_mount },
	{ "userns", try_call2, SYS_unshare },
	{ "bpf", try_bpf, SYS_bpf },
	{ "fork", try_clone, SYS_clone },
	{ "exec-memory", try_exec_memory, SYS_mmap },
	{ "dumpable", try_dumpable, SYS_prctl },
	{ "keyctl", try_call2, SYS_keyctl },
	{ "perf", try_perf, SYS_perf_event_open },
	{ "io-uring", try_call2, SYS_io_uring_setup },
	{ "module", try_call2, SYS_init_module },
};

static int
stop(pid_t thread)
{
	int status;

	if (ptrace(PTRACE_ATTACH, thread, 0, 0) != 0)
		return -1;
	return waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status) ? 0 : -1;
}

static int
go_on(pid_t thread)
{
	return ptrace(PTRACE_DETACH, thread, 0, 0) == 0 ? 0 : -1;
}

/* The instructions go where a system call returns to, in a library that all threads
 * share: the others must not pass there meanwhile. */
static int
others(const struct target *t, int (*what)(pid_t thread))
{
	char path[64];
	struct dirent *entry;
	DIR *threads;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", t->pid);
	if ((threads = opendir(path)) == NULL)
		return -1;
	while (r == 0 && (entry = readdir(threads)) != NULL) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread > 0 && thread != t->pid)
			r = what(thread);
	}
	closedir(threads);
	return r;
}

static int
attach(struct target *t)
{
	struct user_regs_struct r;

	if (stop(t->pid) != 0 || others(t, stop) != 0)
		return -1;
	ptrace(PTRACE_GETREGS, t->pid, 0, &r);
	t->scratch = (r.rsp - 4096) & ~15ull;
	return 0;
}

static int64_t
one(pid_t pid, const char *what)
{
	struct target t = { .pid = pid };
	const char *eq = strchr(what, '=');
	size_t len = eq != NULL ? (size_t)(eq - what) : strlen(what);
	int64_t result;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		if (strlen(tries[i].name) != len || strncmp(tries[i].name, what, len) != 0)
			continue;
		if (attach(&t) != 0) {
			fprintf(stderr, "inject: cannot attach to %d\n", pid);
			exit(2);
		}
		result = tries[i].run(&t, eq != NULL ? eq + 1 : "", tries[i].number);
		if (result != KILLED) {
			(void)others(&t, go_on);
			(void)go_on(pid);
		}
		return result;
	}
	fprintf(stderr, "inject: %s: unknown\n", what);
	exit(2);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: inject PID TRY...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		int64_t r = one((pid_t)atoi(argv[1]), argv[i]);

		if (r == KILLED)
			printf("%s killed\n", argv[i]);
		else if (r < 0 && r > -4096)
			printf("%s denied %s\n", argv[i], strerrorname_np((int)-r));
		else
			printf("%s allowed\n", argv[i]);
		fflush(stdout);
		if (r == KILLED)
			return 3;
	}
	return 0;
}
