/*
 * Clerk's process.
 */
#include "control/clerk/clerk.h"

#include <stdlib.h>

#include "control/desk.h"

struct clerk {
	struct clerk_env env;
	struct rng rng;
};

static struct clerk_conn *
of(struct conhash_node *n)
{
	return (struct clerk_conn *)n;
}

static void
conf(void *ctx, const struct conf *c)
{
	struct clerk *k = ctx;

	clerk_env_conf(&k->env, c);
}

static void
serves(void *ctx, const struct serves *s)
{
	struct clerk *k = ctx;

	k->env.serves = *s;
}

static int
adopt(void *ctx, uint32_t conn, uint32_t gen, struct view image, struct conhash_node **n)
{
	struct clerk *k = ctx;
	struct clerk_conn *c = NULL;
	int r = clerk_adopt(&k->env, conn, gen, image, &c);

	if (r == 0)
		*n = &c->p.node;
	return r;
}

static void
release(void *ctx, struct conhash_node *n)
{
	struct clerk *k = ctx;

	clerk_free(&k->env, of(n));
}

static void
up(void *ctx, struct conhash_node *n, const struct link_entry *e, struct view payload, struct actions *act)
{
	struct clerk *k = ctx;

	clerk_up(&k->env, of(n), e, payload, act);
}

static void
answer(void *ctx, struct conhash_node *n, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct clerk *k = ctx;

	clerk_answer(&k->env, of(n), from, m, act);
}

static bool
again(void *ctx, struct conhash_node *n, enum ask_to to, uint32_t i, struct actions *act)
{
	struct clerk *k = ctx;

	return clerk_again(&k->env, of(n), to, i, act);
}

static void
slots(void *ctx, struct conhash_node *n, struct actions *act)
{
	struct clerk *k = ctx;

	clerk_slots(&k->env, of(n), act);
}

static bool
next(void *ctx, struct conhash_node *n, struct actions *act)
{
	struct clerk *k = ctx;

	return clerk_next(&k->env, of(n), act);
}

static const struct desk_ops ops = {
	.role = ROLE_CLERK,
	.link_role = LINK_CLERK,
	.conn_max = CLERK_CONN_MAX,
	.conf = conf,
	.serves = serves,
	.adopt = adopt,
	.free = release,
	.up = up,
	.answer = answer,
	.again = again,
	.slots = slots,
	.next = next,
};

int
clerk_main(uint32_t index)
{
	struct clerk *k = calloc(1, sizeof(*k));
	int status;

	(void)index;
	if (k == NULL)
		return 1;
	rng_system(&k->rng);
	clerk_env_init(&k->env, &k->rng);
	status = desk_run(&ops, &k->env.exchange, k);
	exchange_env_fini(&k->env.exchange);
	free(k);
	return status;
}
