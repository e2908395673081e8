/*
 * Keeper: holds the host keys and decides what they sign. Pure but for the two
 * functions that its owner gives it.
 *
 * A hash is signed only after the supervisor has spoken for it. So the first
 * hash of a connection, its session id, is stored outside before a signature
 * for it can be seen; and a hash that follows is signed only for a connection
 * whose first exchange is over, as the dataplane says, and whose session id is
 * known here.
 */
#ifndef POSTERN_CONTROL_KEEPER_H
#define POSTERN_CONTROL_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"
#include "control/connmap.h"

/* ---- the decision ---- */

enum keeper_event {
	KEEPER_REQUEST, /* somebody wants a hash signed */
	KEEPER_VERDICT, /* the supervisor has answered for it */
};

enum keeper_act {
	KEEPER_REFUSE,
	KEEPER_ASK,        /* let the supervisor store the hash first */
	KEEPER_SIGN_FIRST, /* sign; it is the session id from now on */
	KEEPER_SIGN_REKEY, /* sign; the session id stays */
};

struct keeper_facts {
	bool key;  /* a host key of that algorithm is there */
	bool conn; /* a connection is named */
	size_t hash_len;
	bool waiting;     /* the supervisor was asked for this very hash */
	bool first_known; /* the connection's session id is known */
	uint32_t reason;  /* the supervisor's answer */
};

/* keeper_judge(event, f): the act; *reason says why for REFUSE. */
enum keeper_act keeper_judge(enum keeper_event event, const struct keeper_facts *f, uint32_t *reason);

/* ---- the table of connections ---- */

struct keeper_conn {
	uint8_t first[SSH_HASH_MAX];
	uint8_t first_len; /* 0: not known */
	uint8_t asked[SSH_HASH_MAX];
	uint8_t asked_len; /* 0: nothing is waiting */
	uint32_t ask_tag;  /* ours, toward the supervisor */
	uint32_t asker;    /* whom to answer, with which tag */
	uint32_t asker_tag;
	int key; /* row of the host keys: which shall sign, by which algorithm */
};

struct keeper_ops {
	/* Row of a key for that algorithm that is shown as this, or -1. */
	int (*key_find)(void *ctx, struct view algorithm, struct view shown);
	/* Ask the supervisor to store. 0, or -1: it cannot be asked. */
	int (*store)(void *ctx, uint32_t conn, uint32_t gen, uint32_t tag, struct view hash);
	/* Sign with key and send; or tell why not (reason not 0, key and hash unset). */
	void (*answer)(void *ctx, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen, uint32_t reason,
	    int key, struct view hash);
};

struct keeper {
	struct connmap tab;
	struct keeper_conn *conn;
	uint32_t next_tag;
	const struct keeper_ops *ops;
	void *ctx;
};

int keeper_init(struct keeper *k, uint32_t conn_max, const struct keeper_ops *ops, void *ctx);
void keeper_fini(struct keeper *k);

/* SIGN. A request that waits for the same connection is replaced: its asker is
 * told nothing, because a connection has one owner and the newer one asks. */
void keeper_sign(struct keeper *k, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen,
    struct view algorithm, struct view shown, struct view hash);
/* FIRST_HASH_OK; tag is what store was given. */
void keeper_verdict(struct keeper *k, uint32_t conn, uint32_t gen, uint32_t tag, uint32_t reason);
/* CONN_HASH: what is stored already. */
void keeper_restore(struct keeper *k, uint32_t conn, uint32_t gen, struct view hash);
/* keeper_session(k, conn, gen): the session id, empty where none is known. */
struct view keeper_session(struct keeper *k, uint32_t conn, uint32_t gen);
/* CONN_GONE. */
void keeper_forget(struct keeper *k, uint32_t conn, uint32_t gen);

#endif
