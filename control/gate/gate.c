/*
 * Gate's process.
 */
#include "control/gate/gate.h"

#include <stdlib.h>

#include "control/desk.h"

struct gate {
	struct gate_env env;
	struct rng rng;
};

static struct gate_conn *
of(struct conhash_node *n)
{
	return (struct gate_conn *)n;
}

static void
conf(void *ctx, const struct conf *c)
{
	struct gate *g = ctx;

	gate_env_conf(&g->env, c);
}

static int
adopt(void *ctx, uint32_t conn, uint32_t gen, struct view image, struct conhash_node **n)
{
	struct gate *g = ctx;
	struct gate_conn *c = NULL;
	int r = gate_adopt(&g->env, conn, gen, image, &c);

	if (r == 0)
		*n = &c->p.node;
	return r;
}

static void
release(void *ctx, struct conhash_node *n)
{
	struct gate *g = ctx;

	gate_free(&g->env, of(n));
}

static void
up(void *ctx, struct conhash_node *n, const struct link_entry *e, struct view payload, struct actions *act)
{
	struct gate *g = ctx;

	gate_up(&g->env, of(n), e, payload, act);
}

static void
answer(void *ctx, struct conhash_node *n, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct gate *g = ctx;

	gate_answer(&g->env, of(n), from, m, act);
}

static bool
again(void *ctx, struct conhash_node *n, enum ask_to to, uint32_t i, struct actions *act)
{
	struct gate *g = ctx;

	if (i > 0)
		return false;
	gate_again(&g->env, of(n), to, act);
	return true;
}

static void
slots(void *ctx, struct conhash_node *n, struct actions *act)
{
	struct gate *g = ctx;

	gate_slots(&g->env, of(n), act);
}

static bool
idle(void *ctx, const struct conhash_node *n)
{
	(void)ctx;
	return gate_idle((const struct gate_conn *)n);
}

static const struct desk_ops ops = {
	.role = ROLE_GATE,
	.keys_first = true,
	.link_role = LINK_GATE,
	.conn_max = GATE_CONN_MAX,
	.finished_max = GATE_FINISHED_MAX,
	.age_min_ms = GATE_AGE_MIN_MS,
	.conf = conf,
	.adopt = adopt,
	.free = release,
	.up = up,
	.answer = answer,
	.again = again,
	.slots = slots,
	.idle = idle,
};

int
gate_main(uint32_t index)
{
	struct gate *g = calloc(1, sizeof(*g));
	int status;

	(void)index;
	if (g == NULL)
		return 1;
	rng_system(&g->rng);
	gate_env_init(&g->env, &g->rng);
	status = desk_run(&ops, &g->env.exchange, g);
	exchange_env_fini(&g->env.exchange);
	free(g);
	return status;
}
