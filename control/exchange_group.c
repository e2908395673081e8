/* Group exchange in the server's role: the groups there are, and choosing one. */
#include <stdlib.h>
#include <string.h>

#include "control/exchange.h"
#include "control/kex/group.h"
#include "control/kex/moduli.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"

int
exchange_env_moduli(struct exchange_env *env, struct view table)
{
	uint8_t *copy = NULL;

	if (table.len > 0) {
		if (moduli_check(table) != 0)
			return -R_PROTOCOL;
		if ((copy = malloc(table.len)) == NULL)
			return -R_NOMEM;
		memcpy(copy, table.data, table.len);
	}
	free(env->moduli);
	env->moduli = copy;
	env->moduli_len = table.len;
	return 0;
}

void
exchange_kex_offer(char out[EXCHANGE_LIST_MAX], const struct exchange_env *env)
{
	struct view list = view_str(env->lists.kex), name;
	size_t len = 0;

	while (namelist_next(&list, &name)) {
		if (env->moduli == NULL && view_is(name, KEX_GROUP_EXCHANGE))
			continue;
		if (len > 0)
			out[len++] = ',';
		memcpy(out + len, name.data, name.len);
		len += name.len;
	}
	out[len] = '\0';
}

static uint32_t
random_number(struct exchange_env *env)
{
	uint32_t n;

	rng_fill(env->rng, &n, sizeof(n));
	return n;
}

/* The table may be replaced before the exchange is over. */
static int
keep(struct conobj *p, const struct kex_group *g)
{
	struct exchange_group *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return -R_NOMEM;
	memcpy(x->p, g->dh.p.data, g->dh.p.len);
	memcpy(x->g, g->dh.g.data, g->dh.g.len);
	x->group = *g;
	x->group.dh = (struct pk_dh){ view_of(x->p, g->dh.p.len), view_of(x->g, g->dh.g.len) };
	free(p->group);
	p->group = x;
	return 0;
}

int
exchange_group_begin(struct turn *t, struct exchange_env *env)
{
	struct put w = put_of(t->act->kexinit, sizeof(t->act->kexinit));
	struct kex_group g;
	int r;

	if ((r = group_request(&g, t->payload)) != 0)
		return r;
	if (env->moduli == NULL)
		return -R_KEX_GROUP;
	r = moduli_choose(view_of(env->moduli, env->moduli_len), &g, random_number(env));
	if (r != 0 || (r = keep(t->peer, &g)) != 0)
		return r;
	group_put(&w, &g);
	if (w.bad)
		return -R_INTERNAL;
	step_record(&t->act->step, put_view(&w));
	t->note.kex_state = EXCHANGE_GROUP;
	return turn_commit(t);
}
