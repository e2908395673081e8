/*
 * The pam child's end of a dialogue: warden's socket on one side, PAM on the other.
 */
#ifndef POSTERN_CONTROL_PAM_DIALOGUE_H
#define POSTERN_CONTROL_PAM_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

/* Which one. Texts are the caller's. */
struct dialogue_ask {
	uint8_t kind;  /* PAM_KIND_*, pammsg.h */
	uint8_t flags; /* PAM_F_* */
	const char *service;
	const char *user;
	const char *peer;
};

/* dialogue_hold(ask, fd, buf): hold it, and send the verdict to warden. fd is
 * warden's socket, buf has MSG_MAX bytes and is wiped. 0, or -1 where warden is gone
 * or makes no sense: there is no verdict then. */
int dialogue_hold(const struct dialogue_ask *ask, int fd, uint8_t *buf);

#endif
