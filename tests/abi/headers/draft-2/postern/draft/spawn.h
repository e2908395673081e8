/*
 * postern.spawn/1, offered by hosts that run as a logged-in user: programs.
 *
 * The host never forks: the login's leader does, from its own clean state and
 * only as that user, inside the login's PAM session. What a program gets is what
 * login and PAM give, and nothing of this process.
 *
 * All methods and callbacks are [plugin-thread].
 */
#ifndef POSTERN_DRAFT_SPAWN_H
#define POSTERN_DRAFT_SPAWN_H

#include "../host.h"

#define POSTERN_IF_SPAWN "postern.spawn/1"

/* A record: the program. Views and arrays are borrowed until start returns. */
struct postern_spawn {
	uint32_t size;
	uint32_t kind;                   /* POSTERN_SPAWN_PROGRAM */
	uint32_t flags;                  /* POSTERN_SPAWN_F_* */
	int32_t fds[3];                  /* become 0, 1, 2; -1: /dev/null. Stay the caller's.
	                                    Ignored with a terminal. */
	uint64_t terminal;               /* from terminal(), becomes 0, 1, 2 and the
	                                    controlling terminal; 0: none */
	struct postern_view program;     /* absolute path */
	const struct postern_view *argv; /* argv[0] too */
	uint64_t argc;
	const struct postern_view *environment; /* "NAME=value"; the login's own
	                                    variables win over them */
	uint64_t environment_count;
	struct postern_view directory;   /* empty: the home directory, else "/" */
	void *context;

	/* It runs (result 0): pid, and a pidfd that is the callee's to close. Else
	 * why not; then `exited` does not follow. */
	void (*started)(void *context, int32_t result, uint32_t pid, int32_t pidfd,
	    struct postern_view text);

	/* It ended: exit status, or the signal that killed it (else 0). */
	void (*exited)(void *context, uint32_t status, uint32_t signal, uint32_t core_dumped);
};

#define POSTERN_SPAWN_PROGRAM 1u

/* A shell: on a terminal it is greeted as after a login (last login, message of
 * the day). */
#define POSTERN_SPAWN_F_LOGIN 0x1u

/* Where there is one, ~/.ssh/rc or else /etc/ssh/sshrc runs before it, with the same
 * environment and output. */
#define POSTERN_SPAWN_F_RC 0x2u

/* It serves a subsystem, whose protocol a user's rc would garble: not ~/.ssh/rc. */
#define POSTERN_SPAWN_F_SUBSYSTEM 0x4u

struct postern_if_spawn {
	/*
	 * Ask for a terminal. `ready` gets its number for start(), the master side
	 * (non-blocking, the callee's to close) and its name; or a negative result.
	 * A terminal that is never started ends when its master is closed.
	 */
	int32_t (*terminal)(const struct postern_host *host,
	    void (*ready)(void *context, int32_t result, uint64_t terminal, int32_t master,
	        struct postern_view name),
	    void *context, uint64_t *ask);

	/* Start a program. *child names it from here on. */
	int32_t (*start)(const struct postern_host *host, const struct postern_spawn *what,
	    uint64_t *child);

	/* Send a signal (a Linux number) to the program's process group. */
	int32_t (*signal)(const struct postern_host *host, uint64_t child, uint32_t number);

	/* No more callbacks for this ask or child; it goes on by itself. */
	int32_t (*forget)(const struct postern_host *host, uint64_t ask_or_child);
};

#endif
