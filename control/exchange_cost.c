/* What an exchange costs, and what is prepared before it is asked for. */
#include "control/exchange.h"
#include "control/kex/group.h"

static uint64_t
now_of(const struct exchange_env *env)
{
	return env->now_ms != NULL ? env->now_ms() : 0;
}

int
exchange_pay(struct turn *t, struct exchange_env *env, struct exchange *x)
{
	const struct kex_method *m = kex_method_find(x->choice.kex);
	const struct kex_group *agreed = t->peer->group != NULL ? &t->peer->group->group : NULL;

	if (x->paid || m == NULL || m->curve != NULL) {
		x->paid = true;
		return 0;
	}
	x->ticket = (struct cost_ticket){ .key = cost_key(t->peer->address), .of = t->peer };
	x->ticket.tokens = cost_tokens(agreed != NULL ? group_bits(&agreed->dh) : group_bits(pk_dh_group(m->group)));
	switch (cost_ask(&env->cost, &x->ticket, now_of(env))) {
	case COST_GO:
		x->paid = true;
		return 0;
	case COST_WAIT:
		x->wait = EX_COST;
		return 0;
	case COST_REFUSED:
		break;
	}
	return -R_KEX_COST;
}

struct conobj *
exchange_next(struct exchange_env *env)
{
	struct cost_ticket *ticket = cost_next(&env->cost, now_of(env));
	struct conobj *p;

	if (ticket == NULL)
		return NULL;
	p = ticket->of;
	p->exchange->paid = true;
	p->exchange->wait = EX_KEYS;
	return p;
}

bool
exchange_idle(struct exchange_env *env)
{
	if (env->pool == NULL)
		env->pool = locked_take(&env->pool_memory);
	return env->pool != NULL && pool_fill(env->pool);
}
