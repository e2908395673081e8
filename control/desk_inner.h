/*
 * The parts of a desk: connections and actions (desk_conn.c), links (desk_link.c),
 * messages and the loop (desk.c).
 */
#ifndef POSTERN_CONTROL_DESK_INNER_H
#define POSTERN_CONTROL_DESK_INNER_H

#include "control/desk.h"

struct desk {
	const struct desk_ops *ops;
	void *ctx;
	struct exchange_env *exchange;
	struct loop *loop;
	struct peers peers;
	struct conf conf;
	uint32_t worker_count;
	uint32_t finished;
	uint64_t born_ms;
	uint32_t keeper_serial; /* of the keeper whose keys are known */
	int retry_timer, age_timer, cost_timer, report_timer;
	bool slots_short; /* an exchange waits for a key slot */
	struct linkend link[DESK_WORKERS_MAX];
	struct conhash table;
	struct actions act;
};

/* ---- desk_conn.c ---- */

/* The link to a connection's worker, or NULL. */
struct linkend *desk_link_of(struct desk *d, uint32_t conn);
void desk_forget(struct desk *d, struct conhash_node *n);
/* exchange_env.slot */
int desk_slot(void *ctx, const struct link_slot *keys);
/* One up entry: linkend_fn. */
void desk_entry(void *ctx, struct linkend *l, const struct link_entry *e, struct view payload);
/* A role's answer to what a connection asked. */
void desk_answer(struct desk *d, enum ask_to from, const struct msg *m);
/* All connections: say again what waits for `to`; look for slots again. */
void desk_again(struct desk *d, enum ask_to to);
void desk_slots(struct desk *d);
/* One connection: its exchange may go on. */
void desk_slot_one(void *d, struct conhash_node *n);

/* ---- desk_link.c ---- */

/* Ask for every link that is neither there nor asked for. What a first KEXINIT offers
 * depends on the host keys: who sends one waits for them. */
void desk_links(struct desk *d);
/* It broke, or its worker went: drop it with its connections, ask anew soon. */
void desk_link_broken(struct desk *d, struct linkend *l, int reason);
/* LINK_UP and LINK_DOWN. 0, or -1: malformed. */
int desk_link_up(struct desk *d, const struct msg *m);
int desk_link_down(struct desk *d, const struct msg *m);
/* WORKERS: so many links from now on. */
int desk_workers(struct desk *d, const struct msg *m);

#endif
