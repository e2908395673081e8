/*
 * Gate: one connection before its login, as a pure state machine.
 *
 * gate_adopt, gate_up, gate_answer and gate_again take one event and fill
 * `actions`; the process (gate_main) carries events in and actions out. The state
 * machine is the table (phase x message) in gate_step.c; unlisted means refuse.
 *
 * Gate asks warden and reports; it grants nothing. Message 52 is built only after
 * the supervisor's GRANTED, and the worker refuses it without a stored grant.
 */
#ifndef POSTERN_GATE_H
#define POSTERN_GATE_H

#include "control/conf.h"
#include "control/exchange.h"
#include "control/msg.h"
#include "control/turn.h"

/* Limits, with what they default to. */
#define GATE_QUERIES_MAX 15u    /* public keys asked about, without a signature */
#define GATE_REQUESTS_MAX 64u   /* authentication messages in all */
#define GATE_TRIES_MAX 6u       /* MaxAuthTries */
#define GATE_FINISHED_MAX 1000u /* connections after which gate is started anew */
#define GATE_AGE_MIN_MS 1000u   /* and not before this age */
#define GATE_USER_MAX 255u
#define GATE_METHOD_MAX 64u
#define GATE_CONN_MAX 65536u

struct gate_limits {
	uint32_t tries;
	uint32_t queries;
	uint32_t requests;
};

struct gate_env {
	struct exchange_env exchange;
	struct gate_limits limits;
	char ident[SSH_IDENT_MAX + 1]; /* ours, when the worker does not tell it */
};

void gate_env_init(struct gate_env *env, struct rng *rng);
/* gate_env_conf(env, c): take limits and the identification line from it. */
void gate_env_conf(struct gate_env *env, const struct conf *c);

/* What warden was asked about the request that waits. */
enum gate_ask {
	GATE_ASK_NOTHING = 0,
	GATE_ASK_LIST,  /* none, or a method that gate does not serve */
	GATE_ASK_QUERY, /* publickey without a signature */
	GATE_ASK_PROOF, /* publickey with one */
	GATE_ASK_PASSWORD,
	GATE_ASK_KBDINT,   /* keyboard-interactive: a dialogue begins */
	GATE_ASK_RESPONSE, /* message 61: it goes on */
};

/* A request of the peer whose answer is warden's. */
struct gate_wait {
	enum gate_ask ask;
	bool none; /* method "none": its refusal is no failure */
	uint32_t serial;
	uint32_t body_len;
	uint32_t key_off; /* algorithm and blob inside the body, for message 60 */
	uint32_t key_len;
	uint8_t body[]; /* of the message to warden; wiped, a password may be in it */
};

struct gate_conn {
	struct conobj p;
	struct gate_wait *wait;
};

/* gate_adopt(env, conn, gen, image, c): a fresh object from an adopt image.
 * 0, -R_LINK_NOTE, -R_NOMEM, or -R_LINK_STATE: not for a gate (logged in). */
int gate_adopt(struct gate_env *env, uint32_t conn, uint32_t gen, struct view image, struct gate_conn **c);
void gate_free(struct gate_env *env, struct gate_conn *c);

/* gate_up(env, c, e, payload, act): an up entry other than ADOPT. */
void gate_up(struct gate_env *env, struct gate_conn *c, const struct link_entry *e, struct view payload,
    struct actions *act);

/* gate_answer(env, c, from, m, act): SIGNED from keeper, AUTH_* from warden,
 * GRANTED and AUTH_NO from the supervisor. What was not asked is ignored. */
void gate_answer(
    struct gate_env *env, struct gate_conn *c, enum ask_to from, const struct msg *m, struct actions *act);

/* gate_again(env, c, to, act): say again what waits for `to`: it is a new
 * process, or was not reached. For keeper: its keys are known now. */
void gate_again(struct gate_env *env, struct gate_conn *c, enum ask_to to, struct actions *act);

/* gate_slots(env, c, act): key slots may be free again. */
void gate_slots(struct gate_env *env, struct gate_conn *c, struct actions *act);

/* gate_idle(c): nothing is waited for. */
bool gate_idle(const struct gate_conn *c);

/* ---- inside gate ---- */

/* A USERAUTH_REQUEST, parsed; views borrow from it. */
struct gate_request {
	struct view user;
	struct view service;
	struct view method;
	enum gate_ask ask;
	struct view algorithm;
	struct view blob;
	struct view signature;
	struct view host_key; /* of a signature that names it (OpenSSH PROTOCOL, section 3.1) */
	uint8_t flags;        /* AUTH_F_*, of a password */
	struct view password; /* empty with a flag */
	struct view submethods;
};

/* gate_auth.c: phase AUTH. */
int gate_service_request(struct gate_env *env, struct gate_conn *c, struct turn *t);
int gate_auth_request(struct gate_env *env, struct gate_conn *c, struct turn *t);
int gate_auth_answer(
    struct gate_env *env, struct gate_conn *c, struct turn *t, enum ask_to from, const struct msg *m);
void gate_auth_ask(struct gate_conn *c, struct turn *t);
void gate_auth_drop(struct gate_conn *c);

/* gate_dialogue.c: what is peculiar to passwords and keyboard-interactive. The parsers
 * begin behind the method's name: 0 or -R_AUTH_FORM. */
int gate_password_parse(struct gate_request *q, struct cur *c);
int gate_kbdint_parse(struct gate_request *q, struct cur *c);
int gate_auth_response(struct gate_env *env, struct gate_conn *c, struct turn *t);
int gate_on_prompt(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body);
int gate_on_gone(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body);

/* gate_hostkeys.c: hostkeys-00@openssh.com into the step that has 52 and its phase. */
void gate_hostkeys(const struct gate_env *env, struct turn *t);

/* gate_log.c: what fail2ban and people read about a connection that ends here. */
void gate_log_refused(struct turn *t);
void gate_log_disconnect(struct turn *t);
void gate_log_closed(struct turn *t, int reason);

#endif
