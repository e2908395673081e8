/*
 * The client's messages of user authentication: RFC 4252, RFC 4256 (keyboard-
 * interactive), OpenSSH PROTOCOL section 3.1 (publickey-hostbound-v00). Written into
 * a struct put, whose `bad` says that it was too small; read from the payload.
 */
#ifndef POSTERN_CLIENT_USERAUTH_H
#define POSTERN_CLIENT_USERAUTH_H

#include <stdbool.h>

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"

enum userauth_method {
	USERAUTH_NOTHING,
	USERAUTH_NONE,
	USERAUTH_QUERY, /* publickey without a signature */
	USERAUTH_KEY,
	USERAUTH_PASSWORD,
	USERAUTH_KBDINT,
};

void userauth_put_none(struct put *w, const char *user);
/* fresh: NULL, or the new password in a change of it (RFC 4252 section 8). */
void userauth_put_password(struct put *w, const char *user, const char *password, const char *fresh);
void userauth_put_kbdint(struct put *w, const char *user, const char *submethods);
void userauth_put_responses(struct put *w, const struct view *responses, uint32_t count);

/* userauth_put_key(w, user, algorithm, blob, sign, host_key): without the signature,
 * which follows as one more string when `sign`. host_key: empty, or the server's key
 * in a request that is bound to it. */
void userauth_put_key(struct put *w, const char *user, const char *algorithm, struct view blob, bool sign,
    struct view host_key);

/* userauth_algorithm(names, blob): which algorithm a key of this blob signs with: the
 * first of ours that fits it and that the server (server-sig-algs; empty: it said
 * nothing) takes. NULL: none. */
const char *userauth_algorithm(const char *names, struct view blob);

/* What SSH_MSG_USERAUTH_INFO_REQUEST says, behind its number. 0 or -R_AUTH_FORM. */
#define USERAUTH_PROMPTS_MAX 32u
struct userauth_prompt {
	struct view name, instruction;
	uint32_t count;
	struct {
		struct view text;
		bool echo;
	} prompt[USERAUTH_PROMPTS_MAX];
};
int userauth_prompt(struct userauth_prompt *p, struct view body);

#endif
