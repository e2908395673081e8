/*
 * A login's leader: one root process per login that starts programs as its user.
 *
 * It holds the PAM session; forks the login's hosts, and, on a host's request,
 * the user's programs. It has no sandbox, because a sandbox would pass on to the
 * programs. So it is small, and reads nothing that a peer sent: argv and
 * environment are bytes that it passes on, and a program runs as the grant's
 * user whatever is asked.
 *
 *   main.c      requests of the supervisor
 *   session.c   PAM session, groups, login uid
 *   hosts.c     the login's hosts
 *   program.c   the user's programs: rows, requests, how they end
 *   child.c     what happens between fork and exec
 *   rc.c        ~/.ssh/rc and /etc/ssh/sshrc
 *   environ.c   a program's environment
 *   terminal.c  pseudo terminals
 *   record.c    utmp, wtmp, lastlog
 *
 * It goes on without a supervisor. It ends with LOGIN_END, or when every holder
 * of its request socket is gone: supervisor and dataplane both.
 */
#ifndef POSTERN_CONTROL_LOGIN_LOGIN_H
#define POSTERN_CONTROL_LOGIN_LOGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/link/grant.h"
#include "control/conf.h"
#include "control/loop.h"
#include "control/msg.h"
#include "control/pamwrap.h"

#define LOGIN_HOSTS_MAX 16u
#define LOGIN_PROGRAMS_MAX 1024u
#define LOGIN_TERMINALS_MAX 256u
#define LOGIN_TTY_MAX 64
#define LOGIN_LINGER_MS 200u /* between the end of a host's socket and its own */
#define LOGIN_END_MS 1000u   /* hosts that do not end by themselves are killed */
#define LOGIN_AGAIN_MS 100u  /* a slow reader of an exit gets it later */

struct login;

struct login_host {
	struct login_host *next;
	struct login *login;
	pid_t pid;
	int pidfd;  /* -1 once it ended */
	int sock;   /* -1 once it closed it */
	int linger; /* timer: it closed it and has not ended */
	const char *why; /* it is killed; NULL: it is not */
};

struct terminal {
	struct terminal *next;
	const struct login_host *owner;
	uint32_t id;
	int slave; /* kept open until a program has it */
	char name[LOGIN_TTY_MAX];
};

struct program {
	struct program *next;
	struct login *login;
	struct login_host *owner; /* NULL: gone */
	uint32_t tag;             /* of its SPAWN; its EXITED carries it */
	pid_t pid;
	int pidfd;
	bool ended;
	bool recorded; /* utmp has it */
	int status;
	char tty[LOGIN_TTY_MAX];
};

struct login {
	struct loop *loop;
	struct conf conf;
	struct grant grant;
	bool started;
	bool ending;
	struct pamwrap_session *pam;
	char greeting[PAMWRAP_TEXT_MAX]; /* what PAM's modules say to the user */
	struct login_host *hosts;
	struct program *programs;
	struct terminal *terminals;
	uint32_t host_count;
	uint32_t program_count;
	uint32_t terminal_count;
	uint32_t terminal_id;
	uint8_t *buf; /* MSG_MAX bytes to receive into */
};

/* ---- session.c ---- */

/* 0; or a reason of reason.def and its text for the log. */
int session_open(struct login *l, char text[PAMWRAP_TEXT_MAX]);
void session_close(struct login *l);

/* ---- hosts.c ---- */
void hosts_start(struct login *l, struct msg *m);
void hosts_stop(struct login *l);

/* hosts_gone(l): has every host ended? */
bool hosts_gone(const struct login *l);

/* ---- program.c ---- */

/* A host's SPAWN and SIGNAL. 0, or -1 when the message is malformed. */
int program_spawn(struct login_host *host, struct msg *m);
int program_signal(struct login_host *host, struct msg *m);

/* The host is gone; its programs go on without an audience. */
void program_orphan(struct login_host *host);
void program_fini(struct login *l);

/* ---- child.c ---- */

/* Everything for a program, terminated strings, in memory of the parent's. */
struct child {
	const struct login *login;
	const char *program;
	char **argv;
	char **environment;
	const char *directory; /* "": home */
	const char *tty;       /* NULL: none */
	int fds[3];            /* -1: /dev/null */
	bool greet;            /* a shell on a terminal: motd, last login */
	bool rc;               /* an rc file runs first */
	bool user_rc;          /* the user's own, too */
};

/* In the child: does not return. */
void child_run(const struct child *c) __attribute__((noreturn));

/* ---- rc.c ---- */

/* In the child, in the program's place: run the rc file, if there is one, to its end. */
void rc_run(const struct child *c);

/* ---- environ.c ---- */

/* environ_make(l, given, tty): the program's environment: `given` first, then
 * what login knows, then what PAM set; a later one wins. NULL: out of memory.
 * The strings and the list are environ_free's. */
char **environ_make(const struct login *l, char *const *given, const char *tty);
void environ_free(char **environment);

/* ---- terminal.c ---- */
int terminal_open(struct login_host *host, struct msg *m);
struct terminal *terminal_find(const struct login_host *host, uint32_t id);
void terminal_free(struct login *l, struct terminal *t);
void terminal_orphan(const struct login_host *host);

/* ---- record.c ---- */

/* Best effort: a machine without these files is no error. */
void record_login(const struct login *l, const char *tty, pid_t pid);
void record_logout(const char *tty, pid_t pid);

/* record_last(l, text, size): "Last login: ..." of before this one; empty when
 * there was none. Called before record_login. */
void record_last(const struct login *l, char *text, size_t size);

#endif
