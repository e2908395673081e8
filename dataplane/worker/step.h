/*
 * A step of gate or clerk: a list of items, of which all are checked before the
 * first takes effect (step.c). step_items.c has a row per item. Checks concern
 * form, role and phase; what depends on the connection's inner state (a second
 * KEXINIT, a channel number in use) shows when it is applied, and ends that
 * connection, not the link.
 */
#ifndef POSTERN_WORKER_STEP_H
#define POSTERN_WORKER_STEP_H

#include "dataplane/worker/worker.h"

struct step_plan {
	struct link *link;
	struct conn *conn;
	const struct link_entry *entry;
	struct view items;
	enum ssh_phase phase;  /* as the items so far leave it */
	uint8_t item;          /* the one before */
	uint8_t msg;           /* and its message, if a RECORD */
	bool no_grant;         /* message 52 without a grant: the connection ends */
	bool keyed;            /* `keys` is set */
	bool asked;            /* `ask` is set: the record is what a host asked for */
	bool answered;         /* and an item of the step says what becomes of it */
	struct up_asked ask;
	struct link_slot keys;
};

struct step_item {
	uint8_t item;
	/* 0, or -R_LINK_*: the link broke its rules. */
	int (*check)(struct worker *, struct step_plan *, struct view body);
	/* 0, or -R_*: the connection ends. */
	int (*apply)(struct worker *, struct step_plan *, struct view body);
};

/* NULL when there is no such item. */
const struct step_item *step_item_find(uint8_t item);

/* asks.c: the items of what a host asked for; and a refusal. */
int step_check_chan_asked(struct worker *w, struct step_plan *p, struct view body);
int step_apply_chan_asked(struct worker *w, struct step_plan *p, struct view body);
int step_check_global_asked(struct worker *w, struct step_plan *p, struct view body);
int step_apply_global_asked(struct worker *w, struct step_plan *p, struct view body);
int step_check_refuse(struct worker *w, struct step_plan *p, struct view body);
int step_apply_refuse(struct worker *w, struct step_plan *p, struct view body);
int ask_refuse(struct step_plan *p, uint32_t code, struct view text);

/* queries.c */
int step_check_query(struct worker *w, struct step_plan *p, struct view body);
int step_apply_query(struct worker *w, struct step_plan *p, struct view body);

/* Of an item: the message number of a RECORD, the phase of a PHASE. */
static inline uint8_t
step_first_byte(struct view body)
{
	return body.len > 0 ? body.data[0] : 0;
}

#endif
