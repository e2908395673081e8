/*
 * PAM, as postern uses it: the account stage of a login, and the session of a
 * login that starts programs as its user. pamwrap.c is the only file that
 * includes PAM's headers.
 *
 * Modules block, leak, fork and exit as they like: call from a process that may
 * be killed for it (pam, login), never from a shared one. Not for more than one
 * thread. No dialogue is held: a module that prompts is answered with an error,
 * its messages are collected as text, bounded, one line each.
 */
#ifndef POSTERN_CONTROL_PAMWRAP_H
#define POSTERN_CONTROL_PAMWRAP_H

#include <stddef.h>

#define PAMWRAP_TEXT_MAX 2048u

/*
 * pamwrap_account(service, user, rhost, text): may the user log in now, without
 * PAM having authenticated him (public key)? 0 yes; -1 no. text gets the
 * modules' messages, or PAM's own error where they have none. A password that
 * must be changed first is a no: the change needs a dialogue.
 */
int pamwrap_account(const char *service, const char *user, const char *rhost, char text[PAMWRAP_TEXT_MAX]);

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
