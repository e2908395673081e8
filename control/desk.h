/*
 * The process around gate and clerk: supervisor, keeper, warden and one link per
 * worker on one loop; connection objects by (conn, gen); events in, actions out.
 *
 * It holds nothing that must survive: connections come with ADOPT, and come again
 * to whoever is next.
 */
#ifndef POSTERN_CONTROL_DESK_H
#define POSTERN_CONTROL_DESK_H

#include "control/conf.h"
#include "control/conhash.h"
#include "control/exchange.h"
#include "control/linkend.h"
#include "control/peers.h"
#include "control/serves.h"
#include "control/turn.h"

#define DESK_WORKERS_MAX 32u
#define DESK_POLL 64        /* up entries of one link in one round */
#define DESK_RETRY_MS 1u    /* no room or no slot: look again */
#define DESK_RELINK_MS 100u /* after a link that broke */
#define DESK_COST_MS 5u     /* between exchanges that waited for their turn */
#define DESK_REPORT_MS 500u /* what exchanges cost, to the supervisor */

struct desk;

/* What gate and clerk do differently. Objects begin with a struct conhash_node.
 * Every function that takes actions begins them anew. */
struct desk_ops {
	enum role_id role;
	uint32_t link_role;
	bool keys_first; /* take no connection before keeper's keys are known */
	uint32_t conn_max;
	uint32_t finished_max; /* leave after so many connections; 0: never */
	uint32_t age_min_ms;   /* but not earlier: that would look like a crash */
	void (*conf)(void *ctx, const struct conf *c);
	/* What plugins serve; NULL: not told. */
	void (*serves)(void *ctx, const struct serves *s);
	int (*adopt)(void *ctx, uint32_t conn, uint32_t gen, struct view image, struct conhash_node **n);
	void (*free)(void *ctx, struct conhash_node *n);
	void (*up)(void *ctx, struct conhash_node *n, const struct link_entry *e, struct view payload,
	    struct actions *act);
	void (*answer)(
	    void *ctx, struct conhash_node *n, enum ask_to from, const struct msg *m, struct actions *act);
	/* More to do without a new event? NULL: never. */
	bool (*next)(void *ctx, struct conhash_node *n, struct actions *act);
	/* The i-th request that waits for `to`, said again. False: there is none. */
	bool (*again)(void *ctx, struct conhash_node *n, enum ask_to to, uint32_t i, struct actions *act);
	void (*slots)(void *ctx, struct conhash_node *n, struct actions *act);
	bool (*idle)(void *ctx, const struct conhash_node *n);
};

/* desk_run(ops, exchange, ctx): a role's whole life. `exchange` is inside ctx; its
 * slot function is set here. Returns an exit status. */
int desk_run(const struct desk_ops *ops, struct exchange_env *exchange, void *ctx);

#endif
