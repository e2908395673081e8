/*
 * Warden: who may log in. It asks reader for what only root can read, judges,
 * and tells gate no, or the supervisor yes.
 *
 * A request lives as a struct warden_ask from its arrival to its answer. It may
 * wait for reader, for keeper's word on the session id, and, when the answer is
 * no, until its time is up: every no of a kind takes the same time, whoever was
 * asked for.
 */
#ifndef POSTERN_CONTROL_WARDEN_H
#define POSTERN_CONTROL_WARDEN_H

#include "abi/wire/ssh.h"
#include "control/conf.h"
#include "control/connmap.h"
#include "control/kex/sign.h"
#include "control/peers.h"
#include "control/warden/account.h"
#include "control/warden/authkeys.h"
#include "control/warden/judge.h"

#define WARDEN_ASKS_MAX 1024u
#define WARDEN_DEADLINE_MS 10000u /* of reader's and keeper's answers */
#define WARDEN_READER_MAX \
	64u                      /* questions to reader at one time: their answers
                                        carry descriptors and must fit into its socket */
#define WARDEN_REQUESTS_MAX 200u /* of one connection */
#define WARDEN_GRANTED_MS 1000u  /* a yes by PAM is remembered for the next gate */
/* A no after a dialogue takes once to twice as long at least: more than the hash of a
 * password, which PAM makes only for accounts that have one. */
#define WARDEN_DIALOGUE_NO_MS 200u
#define WARDEN_DIALOGUES_MAX 512u /* at one time, those that wait for a child too */

/* A connection whose session id is known. */
struct warden_conn {
	uint8_t session_id[SSH_HASH_MAX];
	uint8_t session_id_len;
	bool invalid_told;
	uint32_t requests;
	uint32_t failures;
};

/* What a dialogue of PAM waits for. */
enum dialogue_state {
	DIALOGUE_NONE = 0, /* there is none, or it is over */
	DIALOGUE_WANTED,   /* its child */
	DIALOGUE_WORKS,    /* the child's prompt or verdict */
	DIALOGUE_ASKS,     /* the peer's response */
};

/* Views are into `body`, the request's own copy. That of keyboard-interactive lives
 * until the dialogue ends; gate and gate_tag are those of its last message. */
struct warden_ask {
	struct warden *w;
	enum judge_request request;
	uint32_t conn, gen;
	uint32_t gate; /* serial of the peer that asked; 0: it is gone, the next one asks again */
	uint32_t gate_tag;
	uint32_t tag; /* ours, toward reader */
	uint64_t since_ms;
	int timer;
	unsigned flags; /* JUDGE_* */
	bool asked;     /* reader was */
	bool facts_known;
	bool refused; /* judged; the answer waits for its time */
	bool granted; /* judged; kept for a gate that asks again */
	struct account account;
	const char *why; /* why the account may not; NULL */
	struct authkeys_match match;
	char key_path[256];
	struct view user, service;
	struct view method; /* of JUDGE_NONE: whichever it is */
	struct view algorithm, blob, signature, host_key, peer, local;
	const struct sign_algorithm *sign; /* of algorithm, if JUDGE_METHOD */
	uint8_t auth_flags;                /* AUTH_F_* of a password */
	struct view password;
	enum dialogue_state dialogue;
	bool early; /* it begins when the session id of its connection is known */
	bool fake; /* the dialogue is held for its looks: it opens nothing */
	uint32_t rounds;
	uint32_t delay_ms; /* that PAM wants a no to take at least */
	uint32_t prompt_count;
	size_t prompt_len;
	uint8_t *prompt; /* the AUTH_PROMPT that waits for a response */
	uint16_t peer_port, local_port;
	size_t body_len;
	uint8_t body[];
};

struct warden {
	struct conf conf;
	struct loop *loop;
	struct peers peers;
	struct connmap tab;
	struct warden_conn *conn;
	struct warden_ask *ask[WARDEN_ASKS_MAX];
	uint32_t ask_count;
	uint32_t next_tag;
	uint32_t reader_busy;    /* questions that reader has not answered */
	uint8_t secret[32];      /* of the delays */
	uint32_t dialogue_no_ms; /* WARDEN_DIALOGUE_NO_MS, or a test's own */
	/* account_find, or a test's own */
	int (*find)(struct account *a, struct view name);
};

/* warden_start(w, loop, fd, conf): serve on the supervisor's socket. 0 or -1. */
int warden_start(struct warden *w, struct loop *loop, int supervisor_fd, const struct conf *conf);
void warden_end(struct warden *w);

/* ---- asks (asks.c) ---- */

/* A new ask from a message, an older one of that gate and connection dropped; *malformed
 * where the message is. NULL: then it is answered with no, or malformed. */
struct warden_ask *ask_new(struct warden *w, const struct role_peer *gate, const struct msg *m,
    enum judge_request request, bool *malformed);
void ask_free(struct warden_ask *a);
struct warden_ask *ask_by_tag(struct warden *w, uint32_t tag);

/* ---- the course of an ask (course.c) ---- */

void course_begin(struct warden_ask *a);
/* Ask reader for what it was not asked yet, oldest first, as much as it may have. */
void course_ask_reader(struct warden *w);
/* A new reader: it knows of nothing. */
void course_reader_new(struct warden *w);
/* ACCOUNT_IS. 0, or -1: malformed. */
int course_facts(struct warden_ask *a, struct msg *m);
/* What was waited for may be there now. */
void course_go_on(struct warden_ask *a);

/* No, when its time has come: the ask is answered and freed then. */
void course_refuse(struct warden_ask *a);
/* May its account log in? JUDGE_ALLOWED, or told why not. */
void course_account(struct warden_ask *a, bool locked, bool expired, bool nologin);

/* ---- dialogues with PAM's children (dialogue.c) ---- */

void dialogue_begin(struct warden_ask *a);
/* dialogue_resume(w, gate, m): the message was put before, by a gate that is gone:
 * go on, for this one. */
bool dialogue_resume(struct warden *w, const struct role_peer *gate, const struct msg *m);
/* Messages: 0, or -1: malformed. */
int dialogue_response(struct warden *w, const struct role_peer *gate, const struct msg *m);
int dialogue_prompt(struct warden *w, const struct role_peer *child, const struct msg *m);
int dialogue_verdict(struct warden *w, const struct role_peer *child, const struct msg *m);
void dialogue_child(struct warden *w, struct role_peer *child, bool there);
void dialogue_over(struct warden *w, uint32_t tag); /* the supervisor's word */
/* Its child, if there is one, is not wanted any more. */
void dialogue_drop(struct warden_ask *a);

/* ---- answers and log lines (answer.c) ---- */

void answer_no(struct warden *w, uint32_t gate, uint32_t tag, uint32_t conn, uint32_t gen, bool counts);
void answer_pk_ok(const struct warden_ask *a);
void answer_grant(const struct warden_ask *a);

void told_invalid(struct warden_ask *a);
void told_failed(const struct warden_ask *a);

/* How long a no takes, in ms since the request came: by user, in secret. `talks`: a
 * dialogue's. */
uint32_t answer_delay_ms(const struct warden *w, struct view user, uint64_t spent_ms, bool talks);

struct warden_conn *warden_conn(struct warden *w, uint32_t conn, uint32_t gen);

#endif
