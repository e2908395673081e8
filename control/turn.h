/*
 * One turn: one event of one connection becomes actions. Gate and clerk are pure
 * functions of this shape; their processes only carry events in and actions out.
 *
 * A handler reads and changes t->note, writes items into the step, and ends with
 * turn_commit, which writes the note and names the record done. A handler that
 * returns -R_<reason> closes the connection instead: what it had written into the
 * step is dropped.
 */
#ifndef POSTERN_CONTROL_TURN_H
#define POSTERN_CONTROL_TURN_H

#include <stdbool.h>

#include "abi/link/note.h"
#include "abi/wire/reason.h"
#include "control/conobj.h"
#include "control/step.h"

enum ask_to { ASK_NOBODY, ASK_KEEPER, ASK_WARDEN, ASK_SUPERVISOR };

#define ASK_MAX (SSH_PAYLOAD_MAX + 1024u)

/* A request to another role; its body is written through w. */
struct ask {
	enum ask_to to;
	uint16_t type; /* msg.def */
	uint32_t tag;
	struct put w;
	uint8_t buf[ASK_MAX];
};

#define ACTIONS_LOG_MAX 640u

/* What is to be done. Reused from turn to turn, wiped by turn_begin. */
struct actions {
	struct step step;
	struct ask ask;
	bool forget;               /* the object is finished: free it */
	bool refused;              /* the step closes the connection */
	int reason;                /* why, when refused */
	char log[ACTIONS_LOG_MAX]; /* a line for people, or "" */
	uint8_t note[NOTE_MAX];
	uint8_t kexinit[NOTE_KEXINIT_MAX];
	uint8_t names[1024];
};

void actions_init(struct actions *a);

struct turn {
	struct conobj *peer;
	struct actions *act;
	struct note note; /* borrows from the peer's image, the event, scratch */
	uint32_t serial;  /* the record this turn is about, 0: none */
	uint32_t seq;
	bool may_zip;     /* compression may be agreed on: LINK_MAY_ZIP */
	struct view payload;
};

/* turn_begin(t, p, a): 0, or -R_LINK_NOTE when the peer's own note is broken. */
int turn_begin(struct turn *t, struct conobj *p, struct actions *a);

/* turn_commit(t): note and done into the step. 0, -R_LIMIT (it does not fit),
 * -R_NOMEM. turn_done: done alone, the note has not changed. */
int turn_commit(struct turn *t);
int turn_done(struct turn *t);

/* turn_close(t, reason): append CLOSE to what the step holds, and done. The
 * connection is finished for this side. turn_refuse drops the step first. */
int turn_close(struct turn *t, int reason);
int turn_refuse(struct turn *t, int reason);

/* turn_ask(t, to, type, tag): the request of this turn; the body follows into
 * t->act->ask.w. */
struct put *turn_ask(struct turn *t, enum ask_to to, uint16_t type, uint32_t tag);

void turn_log(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
