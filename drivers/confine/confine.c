#include "drivers/confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/*
 * What may stand in a list beside the names of system calls. Each makes rules
 * for one or more calls, narrowed by argument.
 */
struct special {
	const char *name;
	int (*add)(scmp_filter_ctx ctx);
};

static int
allow(scmp_filter_ctx ctx, int nr, const struct scmp_arg_cmp *args, unsigned count)
{
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, count, args);
}

/* The whole value of argument `at` must be `value`. */
static int
allow_value(scmp_filter_ctx ctx, int nr, unsigned at, uint64_t value)
{
	struct scmp_arg_cmp a = { .arg = at, .op = SCMP_CMP_EQ, .datum_a = value };

	return allow(ctx, nr, &a, 1);
}

/* Of argument `at`, the bits in `mask` must be those of `value`. */
static int
allow_bits(scmp_filter_ctx ctx, int nr, unsigned at, uint64_t mask, uint64_t value)
{
	struct scmp_arg_cmp a = { .arg = at, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value };

	return allow(ctx, nr, &a, 1);
}

/* Options of prctl that no role can harm with; PR_SET_DUMPABLE only to 0. */
static int
add_prctl(scmp_filter_ctx ctx)
{
	static const int options[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_PDEATHSIG,
		PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_VMA,
		PR_SET_TIMERSLACK };
	struct scmp_arg_cmp dump[2] = {
		{ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_DUMPABLE },
		{ .arg = 1, .op = SCMP_CMP_EQ, .datum_a = 0 },
	};
	int r = allow(ctx, SCMP_SYS(prctl), dump, 2);
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]) && r == 0; i++)
		r = allow_value(ctx, SCMP_SYS(prctl), 0, (uint64_t)options[i]);
	return r;
}

static int
add_mmap(scmp_filter_ctx ctx)
{
	return allow_bits(ctx, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
}

static int
add_mprotect(scmp_filter_ctx ctx)
{
	return allow_bits(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* Executable pages of a file, never writable: what loading a shared object maps.
 * Memory that was written cannot become code. */
static int
add_load(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp args[] = {
		{ .arg = 2,
		    .op = SCMP_CMP_MASKED_EQ,
		    .datum_a = PROT_EXEC | PROT_WRITE,
		    .datum_b = PROT_EXEC },
		{ .arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = MAP_ANONYMOUS, .datum_b = 0 },
	};

	return allow(ctx, SCMP_SYS(mmap), args, 2);
}

static int
add_socket_unix(scmp_filter_ctx ctx)
{
	int r = allow_value(ctx, SCMP_SYS(socket), 0, AF_UNIX);

	return r == 0 ? allow_value(ctx, SCMP_SYS(socketpair), 0, AF_UNIX) : r;
}

static int
add_socket_inet(scmp_filter_ctx ctx)
{
	int r = allow_value(ctx, SCMP_SYS(socket), 0, AF_INET);

	return r == 0 ? allow_value(ctx, SCMP_SYS(socket), 0, AF_INET6) : r;
}

/* Opening for reading, and creating nothing. */
static int
add_open_read(scmp_filter_ctx ctx)
{
	uint64_t mask = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int r = allow_bits(ctx, SCMP_SYS(openat), 2, mask, O_RDONLY);

	return r == 0 ? allow_bits(ctx, SCMP_SYS(open), 1, mask, O_RDONLY) : r;
}

/* fstat is made of newfstatat by the C library; a path is not to be asked. */
static int
add_fstat(scmp_filter_ctx ctx)
{
	int r = allow_value(ctx, SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH);

	return r == 0 ? allow(ctx, SCMP_SYS(fstat), NULL, 0) : r;
}

/* Signals to itself only, for raise and abort, and none that stops: who is stopped is
 * in somebody's hands, and waited for. */
static int
add_raise(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp below[] = {
		{ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (uint64_t)getpid() },
		{ .arg = 2, .op = SCMP_CMP_LT, .datum_a = SIGSTOP },
	};
	struct scmp_arg_cmp above[] = { below[0], { .arg = 2, .op = SCMP_CMP_GT, .datum_a = SIGTTOU } };
	int r = allow(ctx, SCMP_SYS(tgkill), below, 2);

	return r == 0 ? allow(ctx, SCMP_SYS(tgkill), above, 2) : r;
}

_Static_assert(SIGSTOP < SIGTSTP && SIGTSTP < SIGTTIN && SIGTTIN < SIGTTOU && SIGTTOU - SIGSTOP == 3,
    "what stops is in a row");

/* Threads, not processes. clone3 hides its flags from a filter: told that it
 * does not exist, the C library uses clone. */
static int
add_threads(scmp_filter_ctx ctx)
{
	uint64_t flags = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	int r = allow_bits(ctx, SCMP_SYS(clone), 0, flags, flags);

	return r == 0 ? seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) : r;
}

/* What a pseudo terminal's master needs. Not TIOCSTI, which types for others. */
static int
add_tty(scmp_filter_ctx ctx)
{
	static const unsigned long wanted[] = { TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCSWINSZ,
		TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER, TIOCPKT, TIOCGPGRP, TIOCSIG, TCSBRK, TCFLSH, TCXONC,
		FIONREAD, FIONBIO };
	int r = 0;
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && r == 0; i++)
		r = allow_value(ctx, SCMP_SYS(ioctl), 1, wanted[i]);
	return r;
}

static const struct special specials[] = {
	{ "prctl", add_prctl },
	{ "mmap", add_mmap },
	{ "mprotect", add_mprotect },
	{ "load", add_load },
	{ "socket-unix", add_socket_unix },
	{ "socket-inet", add_socket_inet },
	{ "open-read", add_open_read },
	{ "fstat", add_fstat },
	{ "raise", add_raise },
	{ "threads", add_threads },
	{ "tty", add_tty },
};

static int
add_named(scmp_filter_ctx ctx, const char *name)
{
	size_t i;
	int nr;

	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (strcmp(specials[i].name, name) == 0)
			return specials[i].add(ctx);
	nr = seccomp_syscall_resolve_name(name);
	return nr == __NR_SCMP_ERROR ? 0 : allow(ctx, nr, NULL, 0);
}

static bool
listed(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static int
add_lists(scmp_filter_ctx ctx, const char *const *allowed, const char *const *kill)
{
	const char *const *name;
	int nr;
	int r = 0;

	for (name = allowed; *name != NULL && r == 0; name++) {
		r = add_named(ctx, *name);
		if (r == -EEXIST)
			r = 0;
	}
	for (name = kill; kill != NULL && *name != NULL && r == 0; name++) {
		nr = seccomp_syscall_resolve_name(*name);
		if (nr != __NR_SCMP_ERROR && !listed(allowed, *name))
			r = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, nr, 0);
	}
	return r;
}

int
confine_filter(const char *const *allowed, const char *const *kill, bool all_threads)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (ctx == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* A binary tree instead of a list: the calls of the data path are made often. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, all_threads);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = add_lists(ctx, allowed, kill);
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		r = -errno;
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	if (r != 0) {
		errno = -r;
		return -1;
	}
	return 0;
}
