/*
 * Warden's rules: a table of requests and what each needs. Pure.
 */
#ifndef POSTERN_CONTROL_JUDGE_H
#define POSTERN_CONTROL_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

enum judge_request {
	JUDGE_NONE,  /* which methods are there? */
	JUDGE_QUERY, /* would this key do? */
	JUDGE_PROOF, /* here is its signature */
	JUDGE_PASSWORD,
	JUDGE_KBDINT, /* keyboard-interactive: a dialogue of many messages */
	JUDGE_REQUEST_COUNT,
};

/* What is known of a request. An account that may not log in, whatever the
 * reason, is judged like one that does not exist. */
#define JUDGE_METHOD 0x01u   /* the method is on, the algorithm served */
#define JUDGE_ACCOUNT 0x02u  /* the account exists */
#define JUDGE_ALLOWED 0x04u  /* and may log in this way */
#define JUDGE_KEY 0x08u      /* the key is in one of its files */
#define JUDGE_SIGNED 0x10u   /* and has signed for this very session and request */
#define JUDGE_DIALOGUE 0x20u /* PAM's authentication and account stages said yes */
#define JUDGE_ALL 0x3fu

enum judge_verdict {
	JUDGE_NO,
	JUDGE_NO_UNCOUNTED, /* a no that is no failure (RFC 4252 section 5.2) */
	JUDGE_KEY_WOULD_DO,
	JUDGE_YES,
};

enum judge_verdict judge(enum judge_request request, unsigned flags);

/* judge_talks(request): is it PAM's dialogue that decides? */
static inline bool
judge_talks(enum judge_request request)
{
	return request == JUDGE_PASSWORD || request == JUDGE_KBDINT;
}

/* ---- may this account log in? ---- */

struct judge_policy {
	int permit_root; /* enum conf_root */
	bool password;   /* it is asked by what the user types */
	bool use_pam;    /* then locks, expiry and nologin are PAM's to judge */
};

struct judge_account {
	bool root;
	bool locked;
	bool expired;
	bool nologin;
	bool shell_there;
	bool shell_runs;
};

/* judge_account(p, a): NULL, or why not: what follows "User NAME not allowed
 * because ", as sshd words it. */
const char *judge_account(const struct judge_policy *p, const struct judge_account *a);

/* judge_name(user): may this be asked of the account database? */
bool judge_name(struct view user);

#endif
