/*
 * PAM, as postern uses it: a dialogue that authenticates, the account stage of a
 * login, and the session of a login that starts programs as its user. pamwrap.c is
 * the only file that includes PAM's headers.
 *
 * Modules block, leak, fork and exit as they like: call from a process that may
 * be killed for it (pam, login), never from a shared one. Not for more than one
 * thread. Only pamwrap_login holds a dialogue: elsewhere a module that prompts is
 * answered with an error. Messages of modules are collected as text, bounded, one
 * line each.
 */
#ifndef POSTERN_CONTROL_PAMWRAP_H
#define POSTERN_CONTROL_PAMWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAMWRAP_TEXT_MAX 2048u

/*
 * pamwrap_account(service, user, rhost, text): may the user log in now, without
 * PAM having authenticated him (public key)? 0 yes; -1 no. text gets the
 * modules' messages, or PAM's own error where they have none. A password that
 * must be changed first is a no: the change needs a dialogue.
 */
int pamwrap_account(const char *service, const char *user, const char *rhost, char text[PAMWRAP_TEXT_MAX]);

struct pamwrap_prompt {
	const char *text;
	bool echo;
};

/* Who is asked, and how. */
struct pamwrap_talk {
	/* Show the text ("" where there is none) with `count` prompts, and take as many
	 * answers, each from malloc: libpam's from then on, which wipes and frees them.
	 * Without prompts the text is a last word to whoever was let in. 0, or -1: the
	 * dialogue is over, answers holds nothing. */
	int (*ask)(
	    void *ctx, const char *text, const struct pamwrap_prompt *prompts, int count, char **answers);
	void *ctx;
	bool no_empty; /* an empty password opens nothing */
	bool change;   /* a password that expired is changed in the dialogue, else it is a no */
};

struct pamwrap_verdict {
	bool yes;
	bool account;                /* it was the account stage that said no */
	uint32_t delay_ms;           /* that modules want to pass after a failure */
	char text[PAMWRAP_TEXT_MAX]; /* of a no: why, for the log */
};

/*
 * pamwrap_login(service, user, rhost, talk, v): authentication and account stages,
 * in one dialogue. A delay after failure is told, not waited for. A module that
 * lets another user in than was asked for is a no.
 */
void pamwrap_login(const char *service, const char *user, const char *rhost, const struct pamwrap_talk *talk,
    struct pamwrap_verdict *v);

/*
 * One session. Open it as root, with the user's groups already set by
 * initgroups, because setcred may add groups that initgroups would remove:
 * credentials are established, then the session is opened. Whatever modules
 * change in the process (limits, loginuid, keyring) stays with the caller and
 * its children.
 */
struct pamwrap_session;

/* NULL: refused or out of memory; text says why. On success text has the
 * modules' messages (motd, last login), to be shown to the user. tty may be
 * NULL: "ssh" is given, as sshd does before there is a pty. */
struct pamwrap_session *pamwrap_session_open(
    const char *service, const char *user, const char *rhost, const char *tty, char text[PAMWRAP_TEXT_MAX]);

/* What the modules put into the environment: "NAME=value" strings, NULL at the
 * end. The session's, until it is closed; never NULL. */
char *const *pamwrap_session_env(const struct pamwrap_session *s);

/* Close the session, delete credentials, free. From the process that opened it. */
void pamwrap_session_close(struct pamwrap_session *s);

#endif
